/* complab.h - the contract of the C core.
 *
 * What the core is for: to run a codec over the blocks of a Kafka record batch
 * and say exactly how long it took. Four parts stand side by side and are joined
 * only here:
 *
 *   time      a clock, a contention canary, a loop that times any operation
 *   library   a codec's shared library, opened at run time, kept apart from others
 *   coder     one codec at one level in one framing and one direction
 *   records   Kafka record batches: scanning, CRC-32C
 *
 * What is not promised: the core links no codec, prints nothing, keeps no global
 * state and starts no thread. An object may be used by one thread at a time;
 * different objects by different threads at once. Only the stop flag of a work
 * may be written by another thread while it runs.
 *
 * Sizes are in bytes and times in nanoseconds wherever a name does not say more.
 */
#ifndef COMPLAB_H
#define COMPLAB_H

#include <stddef.h>
#include <stdint.h>

/* ---- Status ----------------------------------------------------------------
 * Every function that can fail returns one of these. Nothing else is an error
 * channel: out-parameters are untouched on failure unless their comment says so. */
typedef enum complab_status {
  COMPLAB_OK = 0,
  COMPLAB_STOPPED = 1,        /* the stop flag was raised; what is out is partial */
  COMPLAB_BAD_ARGUMENT = 2,   /* the caller broke this contract */
  COMPLAB_NO_MEMORY = 3,      /* an allocation failed, here or in the codec */
  COMPLAB_CLOCK_FAILED = 4,   /* the clock went backwards or never advanced */
  COMPLAB_NOT_CALIBRATED = 5, /* no iteration count reached the target time */
  COMPLAB_OPEN_FAILED = 6,    /* the dynamic loader refused a file */
  COMPLAB_SYMBOL_MISSING = 7, /* the library lacks a function that is needed */
  COMPLAB_NOT_ISOLATED = 8,   /* another copy's code would run under this name */
  COMPLAB_PARTS_MIXED = 9,    /* a part of the library came from another place */
  COMPLAB_LEVEL_OUT_OF_RANGE = 10,
  COMPLAB_DST_TOO_SMALL = 11,    /* the output does not fit; a larger dst may do */
  COMPLAB_COMPRESS_FAILED = 12,  /* the codec refused, or its input was too large */
  COMPLAB_DECOMPRESS_FAILED = 13 /* the bytes are not what the codec or frame allows */
} complab_status;

/* A constant sentence for a status; never NULL, also for an unknown value. */
const char *complab_status_text(complab_status status);

/* What a failure has to say beyond its status. The text is empty if nothing. */
#define COMPLAB_FAULT_TEXT_BYTES 512
typedef struct complab_fault {
  int64_t native_code; /* the library's own error code, 0 if it has none */
  char text[512];      /* NUL-terminated: a path, a symbol, the library's words */
} complab_fault;

/* The flags that the core was built with (for a result's provenance). */
const char *complab_build_flags(void);

/* ---- Time ------------------------------------------------------------------ */

/* Nanoseconds since any fixed point. A function pointer, so that tests drive the
 * loop with a clock of their own and never sleep. */
typedef uint64_t (*complab_clock_fn)(void *state);

typedef struct complab_clock {
  complab_clock_fn now;
  void *state;
} complab_clock;

typedef struct complab_clock_facts {
  uint64_t resolution_ns; /* the smallest step between two differing readings */
  double cost_ns;         /* what one reading takes, the lowest of several series */
} complab_clock_facts;

/* CLOCK_MONOTONIC. */
complab_clock complab_clock_monotonic(void);

/* Measures the clock's resolution and cost. CLOCK_FAILED if it never advances. */
complab_status complab_clock_measure(complab_clock clock,
                                     complab_clock_facts *facts_out);

/* Runs the contention canary (canary.c says what it feels) and returns how long it
 * took; about 5 us on a free core. */
uint64_t complab_canary_run(complab_clock clock);

/* One buffer to work on. src is borrowed and never written; dst is the caller's,
 * of dst_capacity_bytes; dst_bytes is set by the operation. */
typedef struct complab_block {
  const uint8_t *src;
  size_t src_bytes;
  uint8_t *dst;
  size_t dst_capacity_bytes;
  size_t dst_bytes;
} complab_block;

/* Any function over one block. It must not keep the pointers. */
typedef complab_status (*complab_operation_fn)(void *state, complab_block *block);

/* What is timed: an iteration calls the operation once for each block, in order.
 * stop may be NULL; otherwise it is read before each call of the operation, and
 * anything but 0 ends the loop with STOPPED. */
typedef struct complab_work {
  complab_operation_fn operation;
  void *state;
  complab_block *blocks;
  size_t block_count;
  const volatile int32_t *stop;
} complab_work;

/* How it is timed. */
typedef struct complab_timing {
  complab_clock clock;
  double clock_cost_ns;      /* subtracted from each epoch once */
  uint64_t warm_up_below_ns; /* an iteration shorter than this is preceded by an
                                untimed one: the codec before left its own data in
                                the caches, and "warm" has to mean something */
  int32_t has_canary;        /* 0: the canary times stay 0 */
} complab_timing;

/* A timed block of iterations. */
typedef struct complab_epoch {
  uint64_t elapsed_ns;
  uint64_t iteration_count;
  uint64_t canary_before_ns;
  uint64_t canary_after_ns;
  size_t failed_block; /* on failure: the block it failed on */
} complab_epoch;

typedef struct complab_calibration {
  uint64_t iteration_count; /* per epoch, fixed from now on */
  double iteration_ns;      /* from the confirming reading */
  uint32_t reading_count;   /* epochs that calibration took */
  size_t failed_block;      /* on failure: the block it failed on */
} complab_calibration;

/* Finds how many iterations last target_ns: grows by ten, then scales, and confirms
 * with a second reading. An iteration that is itself longer counts as one. */
complab_status complab_calibrate(const complab_work *work, const complab_timing *timing,
                                 uint64_t target_ns,
                                 complab_calibration *calibration_out);

/* Times iteration_count iterations with two clock readings, the canary before and
 * after. iteration_ns is what one iteration is known to take (0: unknown) and decides
 * about the untimed one. epoch_out is written on failure, too. */
complab_status complab_epoch_run(const complab_work *work, const complab_timing *timing,
                                 uint64_t iteration_count, double iteration_ns,
                                 complab_epoch *epoch_out);

/* The first block whose dst differs from what is expected of it, or block_count if
 * none does. first_difference_out: the offset of the first differing byte; if the
 * sizes differ, at most the smaller size. */
size_t complab_blocks_compare(const complab_block *blocks, size_t block_count,
                              const uint8_t *const *expected,
                              const size_t *expected_bytes,
                              size_t *first_difference_out);

/* ---- Library --------------------------------------------------------------- */

/* What a codec's library is called and made of. Strings live as long as the core. */
typedef struct complab_library_info {
  const char *name;           /* "zstd" */
  const char *const *parts;   /* the file names that the system's loader knows */
  size_t part_count;          /* 1, or more where one codec is several libraries */
  const char *install_advice; /* one line: how to get it */
} complab_library_info;

size_t complab_library_kind_count(void);
complab_status complab_library_kind_info(size_t kind, complab_library_info *info_out);

typedef struct complab_library complab_library;

/* Opens the files that make up one copy of a library, parts first that others need,
 * and binds its functions. One file may hold all parts. Copies of other versions stay
 * apart; NOT_ISOLATED, PARTS_MIXED say when that cannot be. fault_out says which file
 * or symbol. */
complab_status complab_library_open(size_t kind, const char *const *paths,
                                    size_t path_count, complab_library **library_out,
                                    complab_fault *fault_out);

/* The version that the library tells of itself, "" where it tells none. */
const char *complab_library_version(const complab_library *library);

/* The file that the part's first function really came from. */
const char *complab_library_path(const complab_library *library, size_t part);
size_t complab_library_part_count(const complab_library *library);

/* Closes it. No coder made from it may be used any more. NULL is allowed. */
void complab_library_close(complab_library *library);

/* ---- Codec and coder ------------------------------------------------------- */

#define COMPLAB_NO_LIBRARY ((size_t)-1)

typedef struct complab_codec_info {
  const char *name;    /* "zstd" */
  const char *framing; /* "raw" or "kafka" */
  size_t library_kind; /* COMPLAB_NO_LIBRARY: built in */
  int32_t kafka_id;    /* the codec bits of a record batch's attributes, or -1 */
} complab_codec_info;

size_t complab_codec_count(void);
complab_status complab_codec_info_get(size_t codec, complab_codec_info *info_out);

/* The levels of a codec, as its library tells them where it does. A codec without
 * levels has has_levels 0 and ignores the level. */
typedef struct complab_levels {
  int32_t has_levels;
  int32_t min;
  int32_t max;
  int32_t default_level;
  int32_t sweep_min; /* what a sweep walks when no level is named */
  int32_t sweep_max;
} complab_levels;

/* library may be NULL for a built-in codec only. */
complab_status complab_codec_levels(size_t codec, const complab_library *library,
                                    complab_levels *levels_out);

typedef enum complab_direction {
  COMPLAB_COMPRESS = 0,
  COMPLAB_DECOMPRESS = 1
} complab_direction;

typedef struct complab_settings {
  int32_t level;
  int32_t is_context_fresh; /* 1: each block makes and frees its own context */
  int32_t is_size_known;    /* 0: a streaming codec is not told the size ahead */
} complab_settings;

typedef struct complab_coder complab_coder;

/* A codec at a level in one direction. It borrows the library, which must outlive it.
 */
complab_status complab_coder_new(size_t codec, const complab_library *library,
                                 complab_direction direction,
                                 const complab_settings *settings,
                                 complab_coder **coder_out);

/* The largest output of compressing src_bytes; 0 if that is too much for the codec. */
size_t complab_coder_bound(const complab_coder *coder, size_t src_bytes);

/* Codes one block: a complab_operation_fn whose state is the coder. */
complab_status complab_coder_run(void *coder, complab_block *block);

/* What the last failure had to say. */
complab_status complab_coder_fault(const complab_coder *coder,
                                   complab_fault *fault_out);

/* The memory of the coder's context after a run; 0 if the library does not tell. */
size_t complab_coder_memory_bytes(const complab_coder *coder);

void complab_coder_free(complab_coder *coder);

/* ---- Records --------------------------------------------------------------- */

/* CRC-32C (Castagnoli) of the bytes, continuing from crc (0 to begin). In hardware
 * where the CPU has it; the portable twin gives the same and exists for tests. */
uint32_t complab_crc32c(uint32_t crc, const uint8_t *src, size_t src_bytes);
uint32_t complab_crc32c_portable(uint32_t crc, const uint8_t *src, size_t src_bytes);

/* The bytes before the records of a v2 batch. */
#define COMPLAB_BATCH_HEADER_BYTES 61

/* The header of one record batch (KafkaDefaultRecordBatch, magic 2). position is its
 * offset in what was scanned; batch_bytes is all of it, header included. */
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
  int8_t codec_id; /* attributes' low three bits: 0-4, 5-7 are invalid */
  int8_t is_control;
  int8_t is_transactional;
} complab_batch;

/* Why a scan ended. */
typedef enum complab_scan_end {
  COMPLAB_SCAN_COMPLETE = 0,  /* at the last byte, after a whole batch */
  COMPLAB_SCAN_FULL = 1,      /* the caller's array is full: go on from next_position */
  COMPLAB_SCAN_ZEROS = 2,     /* only zeros from here to the end (preallocated) */
  COMPLAB_SCAN_TORN = 3,      /* a batch begins here that is longer than what is left */
  COMPLAB_SCAN_OLD_MAGIC = 4, /* a message set of magic 0 or 1 */
  COMPLAB_SCAN_BAD_MAGIC = 5, /* a magic that is none of Kafka's */
  COMPLAB_SCAN_BAD_LENGTH = 6 /* a length too small for a batch */
} complab_scan_end;

typedef struct complab_scan {
  complab_scan_end end;
  uint64_t next_position; /* where it ended, and where the next scan goes on */
  int64_t seen_length;    /* the length field at next_position, if it could be read */
  int32_t seen_magic;     /* the magic byte at next_position, or -1 */
} complab_scan;

/* Reads batch headers from position on, computing each CRC. The caller's array takes
 * up to capacity of them; batch_count_out says how many. Nothing is copied. */
complab_status complab_batch_scan(const uint8_t *src, size_t src_bytes,
                                  uint64_t position, complab_batch *batches,
                                  size_t capacity, size_t *batch_count_out,
                                  complab_scan *scan_out);

#endif
