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
  COMPLAB_DECOMPRESS_FAILED = 13,
  COMPLAB_READ_FAILED = 14,
  COMPLAB_SHRUNK = 15,
  COMPLAB_BAD_RECORD = 16,
  COMPLAB_NO_TIMER = 17,
  COMPLAB_TRAIN_FAILED = 18
} complab_status;

const char *complab_status_text(complab_status status);

#define COMPLAB_FAULT_TEXT_BYTES 512
typedef struct complab_fault {
  int64_t native_code;
  char text[512];
} complab_fault;

const char *complab_build_flags(void);

complab_status complab_process_end_with_parent(int64_t parent);

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

complab_clock complab_clock_thread_cpu(void);

complab_status complab_clock_measure(complab_clock clock,
                                     complab_clock_facts *facts_out);

uint64_t complab_canary_run(complab_clock clock);

typedef struct complab_flight_log {
  uint64_t stalled_ns;
  uint64_t own_ns;
  double canary_ns;
  uint64_t tick_count;
} complab_flight_log;

typedef struct complab_flight complab_flight;

complab_status complab_flight_new(complab_clock wall, complab_clock cpu,
                                  uint64_t period_ns, complab_flight **flight_out);

void complab_flight_free(complab_flight *flight);

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
  int32_t is_cold;
} complab_work;

int complab_can_evict(void);

typedef struct complab_timing {
  complab_clock clock;
  double clock_cost_ns;
  uint64_t warm_up_below_ns;
  int32_t has_canary;
  complab_flight *flight;
} complab_timing;

typedef struct complab_epoch {
  uint64_t elapsed_ns;
  uint64_t iteration_count;
  uint64_t canary_before_ns;
  uint64_t canary_after_ns;
  complab_flight_log flight;
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

complab_status complab_pass_run(const complab_work *work, const complab_timing *timing,
                                double *elapsed_ns_out, size_t *failed_block_out);

complab_status complab_crew_run(const complab_work *works, size_t work_count,
                                const int32_t *cpus, const complab_timing *timing,
                                uint64_t iteration_count, double iteration_ns,
                                complab_epoch *epochs_out);

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
  int32_t has_context;
  int32_t heeds_size;
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

typedef enum complab_style {
  COMPLAB_BARE_BLOCK = 1,
  COMPLAB_CONTENT_SIZE = 2,
  COMPLAB_CONTENT_CHECKSUM = 4,
  COMPLAB_BLOCK_CHECKSUMS = 8,
  COMPLAB_LZ4F_LEVELS = 16,
  COMPLAB_NO_FLUSH = 32,
  COMPLAB_ONE_CALL = 64,
  COMPLAB_ZLIB_HEADER = 128
} complab_style;

typedef struct complab_settings {
  int32_t level;
  int32_t is_context_fresh;
  int32_t is_size_known;
  uint32_t style;
  uint32_t block_bytes;
  int32_t window_log;
  const uint8_t *dictionary;
  size_t dictionary_bytes;
} complab_settings;

typedef struct complab_coder complab_coder;

complab_status complab_coder_new(size_t codec, complab_library *library,
                                 complab_direction direction,
                                 const complab_settings *settings,
                                 complab_coder **coder_out);

size_t complab_coder_bound(const complab_coder *coder, size_t src_bytes);

complab_status complab_coder_run(void *coder, complab_block *block);

complab_status complab_coder_fault(const complab_coder *coder,
                                   complab_fault *fault_out);

size_t complab_coder_memory_bytes(const complab_coder *coder);

void complab_coder_release(complab_coder *coder);

void complab_coder_free(complab_coder *coder);

typedef enum complab_trainer {
  COMPLAB_TRAINER_DEFAULT = 0,
  COMPLAB_TRAINER_FAST_COVER = 1,
  COMPLAB_TRAINER_COVER = 2
} complab_trainer;

complab_status complab_dictionary_train(const complab_library *library,
                                        complab_trainer trainer, int32_t level,
                                        const uint8_t *samples,
                                        const size_t *sample_bytes, size_t sample_count,
                                        uint8_t *dst, size_t dst_capacity_bytes,
                                        size_t *dst_bytes_out,
                                        complab_fault *fault_out);

uint32_t complab_crc32c(uint32_t crc, const uint8_t *src, size_t src_bytes);
uint32_t complab_crc32c_portable(uint32_t crc, const uint8_t *src, size_t src_bytes);

uint32_t complab_crc32(uint32_t crc, const uint8_t *src, size_t src_bytes);

typedef struct complab_source complab_source;

complab_status complab_source_from_memory(const uint8_t *src, size_t src_bytes,
                                          complab_source **source_out);

complab_status complab_source_from_file(int fd, complab_source **source_out,
                                        complab_fault *fault_out);

uint64_t complab_source_bytes(const complab_source *source);

complab_status complab_source_read(complab_source *source, uint64_t position,
                                   uint8_t *dst, size_t bytes,
                                   complab_fault *fault_out);

void complab_source_free(complab_source *source);

#define COMPLAB_BATCH_HEADER_BYTES 61
#define COMPLAB_HEAD_BYTES 32

typedef struct complab_batch {
  uint64_t position;
  uint64_t batch_bytes;
  uint64_t payload_position;
  uint64_t compressed_bytes;
  int64_t base_offset;
  int64_t last_offset;
  int64_t base_timestamp;
  int64_t max_timestamp;
  int64_t producer_id;
  int64_t delete_horizon_ms;
  int32_t file;
  int32_t record_count;
  int32_t partition_leader_epoch;
  int32_t base_sequence;
  uint32_t crc_expected;
  uint32_t crc_actual;
  int16_t attributes;
  int16_t producer_epoch;
  int8_t magic;
  int8_t codec_id;
  int8_t timestamp_type;
  uint8_t crc_valid;
  uint8_t is_control;
  uint8_t is_transactional;
  uint8_t head_bytes;
  uint8_t head[32];
  uint8_t reserved[5];
} complab_batch;

typedef enum complab_gap_reason {
  COMPLAB_GAP_DAMAGE = 0,
  COMPLAB_GAP_TORN = 1,
  COMPLAB_GAP_ZEROS = 2,
  COMPLAB_GAP_SHRUNK = 3
} complab_gap_reason;

typedef struct complab_gap {
  uint64_t position;
  uint64_t bytes;
  int32_t file;
  int32_t reason;
} complab_gap;

#define COMPLAB_SIZE_CLASSES 32

typedef struct complab_scan {
  uint64_t position;
  uint64_t gap_position;
  uint64_t nonzero_position;
  uint64_t walked_bytes;
  uint64_t spent_bytes[32];
  uint8_t is_in_gap;
  uint8_t is_gap_torn;
  uint8_t is_done;
} complab_scan;

typedef struct complab_scan_room {
  complab_batch *batches;
  size_t batch_capacity;
  complab_gap *gaps;
  size_t gap_capacity;
  uint64_t step_bytes;
} complab_scan_room;

complab_status complab_segment_scan(complab_source *source, complab_scan *scan,
                                    const complab_scan_room *room,
                                    size_t *batch_count_out, size_t *gap_count_out,
                                    complab_fault *fault_out);

typedef struct complab_record {
  int64_t offset;
  int64_t timestamp;
  uint32_t position;
  uint32_t record_bytes;
  uint32_t key_position;
  int32_t key_bytes;
  uint32_t value_position;
  int32_t value_bytes;
  uint32_t headers_position;
  uint32_t headers_bytes;
  int32_t header_count;
  int8_t attributes;
  uint8_t crc_valid;
  uint8_t reserved[2];
} complab_record;

typedef struct complab_header {
  uint32_t key_position;
  int32_t key_bytes;
  uint32_t value_position;
  int32_t value_bytes;
} complab_header;

typedef struct complab_records {
  uint64_t position;
  int64_t next_index;
  int64_t record_count;
  int64_t base_offset;
  int64_t base_timestamp;
  int64_t append_time;
  uint8_t has_append_time;
  int8_t magic;
  uint8_t is_inner;
} complab_records;

complab_status complab_records_begin(const uint8_t *payload, size_t payload_bytes,
                                     const complab_batch *batch,
                                     complab_records *records_out,
                                     complab_fault *fault_out);

complab_status complab_records_next(const uint8_t *payload, size_t payload_bytes,
                                    complab_records *records, complab_record *rows,
                                    size_t capacity, size_t *record_count_out,
                                    complab_fault *fault_out);

typedef struct complab_span {
  uint64_t position;
  uint64_t bytes;
} complab_span;

typedef struct complab_gathering {
  size_t batch_index;
  complab_records records;
  uint8_t is_begun;
} complab_gathering;

complab_status complab_records_gather(const uint8_t *src, size_t src_bytes,
                                      const complab_batch *batches,
                                      const complab_span *payloads, size_t batch_count,
                                      complab_gathering *gathering,
                                      complab_record *rows, size_t capacity,
                                      size_t *record_count_out, int64_t *record_counts,
                                      complab_fault *fault_out);

complab_status complab_headers_read(const uint8_t *payload, size_t payload_bytes,
                                    const complab_record *record, complab_header *rows,
                                    size_t capacity, complab_fault *fault_out);

typedef struct complab_record_list {
  const uint8_t *src;
  size_t src_bytes;
  const complab_record *records;
  size_t record_count;
  const complab_header *headers;
  size_t header_count;
} complab_record_list;

complab_status complab_records_write(const complab_record_list *list,
                                     int64_t base_offset, int64_t base_timestamp,
                                     uint8_t *dst, size_t dst_capacity_bytes,
                                     size_t *record_count_out, size_t *dst_bytes_out);

complab_status complab_batch_write(const complab_batch *fields, const uint8_t *payload,
                                   size_t payload_bytes, uint8_t *dst,
                                   size_t dst_capacity_bytes, size_t *dst_bytes_out);

typedef struct complab_encoding {
  complab_record_list list;
  int64_t base_offset;
  int64_t base_timestamp;
} complab_encoding;

complab_status complab_encode_run(void *state, complab_block *block);

typedef struct complab_sealing {
  complab_batch fields;
  const uint8_t *payload;
  size_t payload_bytes;
} complab_sealing;

complab_status complab_seal_run(void *state, complab_block *block);

complab_status complab_check_run(void *state, complab_block *block);

typedef struct complab_reading {
  complab_batch batch;
  const uint8_t *payload;
  size_t payload_bytes;
} complab_reading;

complab_status complab_read_run(void *state, complab_block *block);

#define COMPLAB_KAFKA_CODECS 5

typedef struct complab_payload_room {
  uint8_t *dst;
  size_t dst_capacity_bytes;
  uint8_t *scratch;
  size_t scratch_bytes;
} complab_payload_room;

complab_status complab_payloads_read(complab_source *source,
                                     complab_coder *const *coders,
                                     const complab_batch *batches, size_t batch_count,
                                     const complab_payload_room *room,
                                     uint64_t *ends_out, size_t *done_out,
                                     complab_fault *fault_out);
