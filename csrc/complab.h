/* complab.h - the contract of the C core.
 *
 * What the core is for: to run a codec over the blocks of a Kafka record batch
 * and say exactly how long it took. Four parts stand side by side and are joined
 * only here:
 *
 *   time      a clock, a contention canary, a loop that times any operation
 *   library   a codec's shared library, opened at run time, kept apart from others
 *   coder     one codec at one level in one framing and one direction
 *   records   what Kafka stores (complab_records.h)
 *
 * What is not promised: the core links no codec, prints nothing, keeps no global
 * state and leaves no thread behind. An object may be used by one thread at a time;
 * different objects by different threads at once. Only the stop flag of a work
 * may be written by another thread while it runs.
 *
 * Sizes are in bytes and times in nanoseconds wherever a name does not say more.
 */
#ifndef COMPLAB_H
#define COMPLAB_H

#include "complab_records.h"
#include "complab_status.h"

/* ---- Process ---------------------------------------------------------------- */

/* The flags that the core was built with (for a result's provenance). */
const char *complab_build_flags(void);

/* Has the kernel end this process with SIGKILL as soon as the thread that started it
 * ends, also while a codec runs (Linux). parent is that process's id: if another one is
 * the parent by now, it has ended already, and the status is STOPPED. */
complab_status complab_process_end_with_parent(int64_t parent);

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

/* The CPU time of the calling thread (CLOCK_THREAD_CPUTIME_ID). */
complab_clock complab_clock_thread_cpu(void);

/* Measures the clock's resolution and cost. CLOCK_FAILED if it never advances. */
complab_status complab_clock_measure(complab_clock clock,
                                     complab_clock_facts *facts_out);

/* Runs the contention canary (canary.c says what it feels) and returns how long it
 * took; about 5 us on a free core. */
uint64_t complab_canary_run(complab_clock clock);

/* What a canary in flight saw of an epoch (flight.c says how). */
typedef struct complab_flight_log {
  uint64_t stalled_ns; /* of the epoch's time, when the thread was not running */
  uint64_t own_ns;     /* what the readings took, no part of the epoch's time */
  double canary_ns;    /* the canary's harmonic mean over the time that was run */
  uint64_t tick_count; /* readings between begin and end */
} complab_flight_log;

/* It belongs to the thread that makes it: that thread gets the signals, and it alone
 * may use it. */
typedef struct complab_flight complab_flight;

/* cpu is the thread's CPU clock. period_ns is the time between two readings; with 0
 * there is no timer and no signal, and the caller ticks. NO_TIMER if there is none. */
complab_status complab_flight_new(complab_clock wall, complab_clock cpu,
                                  uint64_t period_ns, complab_flight **flight_out);

/* Starts the readings and returns the time at which the flight began. */
uint64_t complab_flight_begin(complab_flight *flight);

/* Takes a reading: what the signal does. Nothing outside of a flight. */
void complab_flight_tick(complab_flight *flight);

/* Stops the readings and returns the time at which the flight ended. */
uint64_t complab_flight_end(complab_flight *flight, complab_flight_log *log_out);

/* NULL is allowed. */
void complab_flight_free(complab_flight *flight);

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
  int32_t is_cold; /* 1: the blocks are evicted before each iteration, untimed; see
                      complab_blocks_evict */
} complab_work;

/* Whether this machine lets a program take its blocks out of the caches. */
int complab_can_evict(void);

/* Takes the sources and the destinations out of all caches; nothing where that cannot
 * be. cold.c says what "cold" means, and what stays warm. */
void complab_blocks_evict(const complab_block *blocks, size_t block_count);

/* How it is timed. */
typedef struct complab_timing {
  complab_clock clock;
  double clock_cost_ns;      /* subtracted from each epoch once; of cold work, from
                                each iteration, since each is timed by itself */
  uint64_t warm_up_below_ns; /* an iteration shorter than this is preceded by an
                                untimed one: the codec before left its own data in
                                the caches, and "warm" has to mean something */
  int32_t has_canary;        /* 0: the canary times stay 0 */
  complab_flight *flight;    /* NULL: none, and the epoch's log stays 0 */
} complab_timing;

/* A timed block of iterations. */
typedef struct complab_epoch {
  uint64_t elapsed_ns;
  uint64_t iteration_count;
  uint64_t canary_before_ns;
  uint64_t canary_after_ns;
  complab_flight_log flight; /* its own time is already off elapsed_ns */
  size_t failed_block;       /* on failure: the block it failed on */
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

/* Times one iteration block by block, without canaries: elapsed_ns_out takes a time for
 * each block, the clock's cost taken off. A caller who wants a batch's own time, and
 * not a mean, makes many passes and takes each block's median. failed_block_out is
 * written on failure. */
complab_status complab_pass_run(const complab_work *work, const complab_timing *timing,
                                double *elapsed_ns_out, size_t *failed_block_out);

/* Times iteration_count iterations of each work, each on a thread of its own, all at
 * the same time; crew.c says how. Works share nothing but what they only read. cpus, if
 * not NULL, says on which CPU each thread stays (-1: anywhere). The canary runs before
 * and after all of it; none flies. epochs_out takes one epoch a work. The first failure
 * of a work is the status; NO_MEMORY also if a thread cannot be made. The threads end
 * before the call does. */
complab_status complab_crew_run(const complab_work *works, size_t work_count,
                                const int32_t *cpus, const complab_timing *timing,
                                uint64_t iteration_count, double iteration_ns,
                                complab_epoch *epochs_out);

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

/* Closes it, or has it closed with the last coder that was made from it: in another
 * language's finalizers the library may come first. NULL is allowed. */
void complab_library_close(complab_library *library);

/* ---- Codec and coder ------------------------------------------------------- */

#define COMPLAB_NO_LIBRARY ((size_t)-1)

typedef struct complab_codec_info {
  const char *name;    /* "zstd" */
  const char *framing; /* "raw" or "kafka" */
  size_t library_kind; /* COMPLAB_NO_LIBRARY: built in */
  int32_t kafka_id;    /* the codec bits of a record batch's attributes, or -1 */
  int32_t has_context; /* 0: is_context_fresh makes no difference */
  int32_t heeds_size;  /* 0: is_size_known makes no difference */
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

/* In what a client's writer differs from the Java client's; each is heeded by the
 * framings that its comment names, and by those alone. */
typedef enum complab_style {
  COMPLAB_BARE_BLOCK = 1,       /* snappy: one block without a container */
  COMPLAB_CONTENT_SIZE = 2,     /* lz4: the size stands in the frame's header */
  COMPLAB_CONTENT_CHECKSUM = 4, /* lz4, zstd: one behind the content */
  COMPLAB_BLOCK_CHECKSUMS = 8,  /* lz4: one behind each block */
  COMPLAB_LZ4F_LEVELS = 16,     /* lz4: below 3 the fast compressor, 9 is HC's 9 */
  COMPLAB_NO_FLUSH = 32,        /* zstd: nothing is flushed before the end */
  COMPLAB_ONE_CALL = 64,        /* zstd: all of the input at once, its size known */
  COMPLAB_ZLIB_HEADER = 128     /* gzip: the header that zlib itself writes */
} complab_style;

typedef struct complab_settings {
  int32_t level;
  int32_t is_context_fresh;  /* 1: each block makes and frees its own context */
  int32_t is_size_known;     /* 0: a streaming codec is not told the size ahead */
  uint32_t style;            /* of complab_style, 0: the Java client's */
  uint32_t block_bytes;      /* lz4 frames: of each block, 65536 or 4194304; 0: 65536 */
  int32_t window_log;        /* zstd; 0: the level's */
  const uint8_t *dictionary; /* NULL: none. Borrowed, and must outlive the coder */
  size_t dictionary_bytes;
} complab_settings;

typedef struct complab_coder complab_coder;

/* A codec at a level in one direction. It holds the library, which stays open as long.
 * BAD_ARGUMENT for a style or a size of blocks that is none of those above, and for a
 * dictionary where the codec takes none (zstd does); SYMBOL_MISSING if the library is
 * too old for one. A context that is kept digests it once, a fresh one for each block.
 */
complab_status complab_coder_new(size_t codec, complab_library *library,
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

/* Frees the context that is kept over blocks; the next run makes another. Contexts of
 * hundreds of megabytes are so not all held at once. */
void complab_coder_release(complab_coder *coder);

void complab_coder_free(complab_coder *coder);

/* ---- Dictionary ------------------------------------------------------------ */

/* How zstd trains a dictionary: as its own default does (fast cover, few trials), or
 * with the best of more trials over the parameters of either algorithm. */
typedef enum complab_trainer {
  COMPLAB_TRAINER_DEFAULT = 0,
  COMPLAB_TRAINER_FAST_COVER = 1,
  COMPLAB_TRAINER_COVER = 2
} complab_trainer;

/* Trains a dictionary of up to dst_capacity_bytes for blocks like the samples, which
 * stand back to back. level is the one that it is to be used at. It may take minutes
 * and cannot be stopped. SYMBOL_MISSING if the library has no such trainer,
 * TRAIN_FAILED in its own words if too little or nothing in common is in the samples.
 */
complab_status complab_dictionary_train(const complab_library *library,
                                        complab_trainer trainer, int32_t level,
                                        const uint8_t *samples,
                                        const size_t *sample_bytes, size_t sample_count,
                                        uint8_t *dst, size_t dst_capacity_bytes,
                                        size_t *dst_bytes_out,
                                        complab_fault *fault_out);

/* ---- The path of a batch ------------------------------------------------------ */

/* Operations over blocks (complab_operation_fn) that take no state. A block's src is
 * the address of the struct that is named for each, but for complab_check_run. */

/* The records of a batch, to be encoded. */
typedef struct complab_encoding {
  complab_record_list list;
  int64_t base_offset;
  int64_t base_timestamp;
} complab_encoding;

/* complab_records_write of all of a complab_encoding's records into dst; DST_TOO_SMALL
 * if they do not fit. */
complab_status complab_encode_run(void *state, complab_block *block);

/* A payload, framed or not, with the fields of its batch. */
typedef struct complab_sealing {
  complab_batch fields;
  const uint8_t *payload;
  size_t payload_bytes;
} complab_sealing;

/* complab_batch_write of a complab_sealing into dst. */
complab_status complab_seal_run(void *state, complab_block *block);

/* Checks the CRC of the batch of magic 2 that src is; BAD_RECORD if it is wrong. */
complab_status complab_check_run(void *state, complab_block *block);

/* The uncompressed payload of a batch. */
typedef struct complab_reading {
  complab_batch batch;
  const uint8_t *payload;
  size_t payload_bytes;
} complab_reading;

/* Finds the places of all records of a complab_reading, as a broker that validates and
 * as a consumer do; BAD_RECORD if they are malformed. dst_bytes counts the records
 * whose offset follows from their place in the batch; nothing is written to dst. */
complab_status complab_read_run(void *state, complab_block *block);

/* ---- Payloads ---------------------------------------------------------------- */

/* Kafka's codec ids are 0 (none) to 4 (zstd). */
#define COMPLAB_KAFKA_CODECS 5

/* Memory for complab_payloads_read; scratch holds the stored bytes of any one batch. */
typedef struct complab_payload_room {
  uint8_t *dst;
  size_t dst_capacity_bytes;
  uint8_t *scratch;
  size_t scratch_bytes;
} complab_payload_room;

/* Reads the payloads of batches into dst, back to back, decompressing by the coder of
 * each batch's codec (coders[codec_id]; entry 0 is not used, others may be NULL if no
 * batch needs them). It ends early when dst has not the room for another one, of which
 * it judges by the size of the last; done_out says how many were read,
 * and ends_out[i] where the payload of batch i ends in dst. If not even the first fits,
 * DST_TOO_SMALL; on any other failure the batch done_out failed, and those before it
 * are good. */
complab_status complab_payloads_read(complab_source *source,
                                     complab_coder *const *coders,
                                     const complab_batch *batches, size_t batch_count,
                                     const complab_payload_room *room,
                                     uint64_t *ends_out, size_t *done_out,
                                     complab_fault *fault_out);

#endif
