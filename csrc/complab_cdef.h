/* complab_cdef.h - what cffi sees of complab.h: the same declarations without the
 * words. The compiler checks the two against each other when the wrapper is built. */

typedef enum complab_status {
  COMPLAB_OK = 0,
  COMPLAB_STOPPED = 1,
  COMPLAB_BAD_ARGUMENT = 2,
  COMPLAB_NO_MEMORY = 3,
  COMPLAB_CLOCK_FAILED = 4,
  COMPLAB_NOT_CALIBRATED = 5,
  COMPLAB_OPEN_FAILED = 6,
  COMPLAB_SYMBOL_MISSING = 7,
  COMPLAB_NOT_ISOLATED = 8,
  COMPLAB_PARTS_MIXED = 9,
  COMPLAB_LEVEL_OUT_OF_RANGE = 10,
  COMPLAB_DST_TOO_SMALL = 11,
  COMPLAB_COMPRESS_FAILED = 12,
  COMPLAB_DECOMPRESS_FAILED = 13
} complab_status;

const char *complab_status_text(complab_status status);

#define COMPLAB_FAULT_TEXT_BYTES 512
typedef struct complab_fault {
  int64_t native_code;
  char text[512];
} complab_fault;

const char *complab_build_flags(void);

typedef uint64_t (*complab_clock_fn)(void *state);

typedef struct complab_clock {
  complab_clock_fn now;
  void *state;
} complab_clock;

typedef struct complab_clock_facts {
  uint64_t resolution_ns;
  double cost_ns;
} complab_clock_facts;

complab_clock complab_clock_monotonic(void);

complab_status complab_clock_measure(complab_clock clock,
                                     complab_clock_facts *facts_out);

uint64_t complab_canary_run(complab_clock clock);

typedef struct complab_block {
  const uint8_t *src;
  size_t src_bytes;
  uint8_t *dst;
  size_t dst_capacity_bytes;
  size_t dst_bytes;
} complab_block;

typedef complab_status (*complab_operation_fn)(void *state, complab_block *block);

typedef struct complab_work {
  complab_operation_fn operation;
  void *state;
  complab_block *blocks;
  size_t block_count;
  const volatile int32_t *stop;
} complab_work;

typedef struct complab_timing {
  complab_clock clock;
  double clock_cost_ns;
  uint64_t warm_up_below_ns;
  int32_t has_canary;
} complab_timing;

typedef struct complab_epoch {
  uint64_t elapsed_ns;
  uint64_t iteration_count;
  uint64_t canary_before_ns;
  uint64_t canary_after_ns;
  size_t failed_block;
} complab_epoch;

typedef struct complab_calibration {
  uint64_t iteration_count;
  double iteration_ns;
  uint32_t reading_count;
  size_t failed_block;
} complab_calibration;

complab_status complab_calibrate(const complab_work *work, const complab_timing *timing,
                                 uint64_t target_ns,
                                 complab_calibration *calibration_out);

complab_status complab_epoch_run(const complab_work *work, const complab_timing *timing,
                                 uint64_t iteration_count, double iteration_ns,
                                 complab_epoch *epoch_out);

size_t complab_blocks_compare(const complab_block *blocks, size_t block_count,
                              const uint8_t *const *expected,
                              const size_t *expected_bytes,
                              size_t *first_difference_out);

typedef struct complab_library_info {
  const char *name;
  const char *const *parts;
  size_t part_count;
  const char *install_advice;
} complab_library_info;

size_t complab_library_kind_count(void);
complab_status complab_library_kind_info(size_t kind, complab_library_info *info_out);

typedef struct complab_library complab_library;

complab_status complab_library_open(size_t kind, const char *const *paths,
                                    size_t path_count, complab_library **library_out,
                                    complab_fault *fault_out);

const char *complab_library_version(const complab_library *library);

const char *complab_library_path(const complab_library *library, size_t part);
size_t complab_library_part_count(const complab_library *library);

void complab_library_close(complab_library *library);

#define COMPLAB_NO_LIBRARY ...

typedef struct complab_codec_info {
  const char *name;
  const char *framing;
  size_t library_kind;
  int32_t kafka_id;
} complab_codec_info;

size_t complab_codec_count(void);
complab_status complab_codec_info_get(size_t codec, complab_codec_info *info_out);

typedef struct complab_levels {
  int32_t has_levels;
  int32_t min;
  int32_t max;
  int32_t default_level;
  int32_t sweep_min;
  int32_t sweep_max;
} complab_levels;

complab_status complab_codec_levels(size_t codec, const complab_library *library,
                                    complab_levels *levels_out);

typedef enum complab_direction {
  COMPLAB_COMPRESS = 0,
  COMPLAB_DECOMPRESS = 1
} complab_direction;

typedef struct complab_settings {
  int32_t level;
  int32_t is_context_fresh;
  int32_t is_size_known;
} complab_settings;

typedef struct complab_coder complab_coder;

complab_status complab_coder_new(size_t codec, const complab_library *library,
                                 complab_direction direction,
                                 const complab_settings *settings,
                                 complab_coder **coder_out);

size_t complab_coder_bound(const complab_coder *coder, size_t src_bytes);

complab_status complab_coder_run(void *coder, complab_block *block);

complab_status complab_coder_fault(const complab_coder *coder,
                                   complab_fault *fault_out);

size_t complab_coder_memory_bytes(const complab_coder *coder);

void complab_coder_free(complab_coder *coder);

uint32_t complab_crc32c(uint32_t crc, const uint8_t *src, size_t src_bytes);
uint32_t complab_crc32c_portable(uint32_t crc, const uint8_t *src, size_t src_bytes);

#define COMPLAB_BATCH_HEADER_BYTES 61

typedef struct complab_batch {
  uint64_t position;
  uint64_t batch_bytes;
  int64_t base_offset;
  int64_t last_offset;
  int64_t base_timestamp;
  int64_t max_timestamp;
  int64_t producer_id;
  int32_t partition_leader_epoch;
  int32_t base_sequence;
  int32_t record_count;
  uint32_t crc_expected;
  uint32_t crc_actual;
  int16_t attributes;
  int16_t producer_epoch;
  int8_t magic;
  int8_t codec_id;
  int8_t is_control;
  int8_t is_transactional;
} complab_batch;

typedef enum complab_scan_end {
  COMPLAB_SCAN_COMPLETE = 0,
  COMPLAB_SCAN_FULL = 1,
  COMPLAB_SCAN_ZEROS = 2,
  COMPLAB_SCAN_TORN = 3,
  COMPLAB_SCAN_OLD_MAGIC = 4,
  COMPLAB_SCAN_BAD_MAGIC = 5,
  COMPLAB_SCAN_BAD_LENGTH = 6
} complab_scan_end;

typedef struct complab_scan {
  complab_scan_end end;
  uint64_t next_position;
  int64_t seen_length;
  int32_t seen_magic;
} complab_scan;

complab_status complab_batch_scan(const uint8_t *src, size_t src_bytes,
                                  uint64_t position, complab_batch *batches,
                                  size_t capacity, size_t *batch_count_out,
                                  complab_scan *scan_out);
