/* complab.h - the contract of the C core.
 *
 * What the core is for: to run a codec over the blocks of a Kafka record batch
 * and say exactly how long it took. Four parts stand side by side and are joined
 * only here:
 *
 *   time      a clock, a contention canary, a loop that times any operation
 *   library   a codec's shared library, opened at run time, kept apart from others
 *   coder     one codec at one level in one framing and one direction
 *   records   what Kafka stores: finding batches, reading records, writing both
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
  COMPLAB_DST_TOO_SMALL = 11,     /* the output does not fit; a larger dst may do */
  COMPLAB_COMPRESS_FAILED = 12,   /* the codec refused, or its input was too large */
  COMPLAB_DECOMPRESS_FAILED = 13, /* the bytes are not what the codec or frame allows */
  COMPLAB_READ_FAILED = 14,       /* the system could not read a file; native: errno */
  COMPLAB_SHRUNK = 15,            /* a file ended before the size it had at opening */
  COMPLAB_BAD_RECORD = 16,  /* not what a record may be; native: the byte's offset */
  COMPLAB_NO_TIMER = 17,    /* the system has no timer or no free signal left */
  COMPLAB_TRAIN_FAILED = 18 /* no dictionary comes of the samples; native: zstd's */
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
 * BAD_ARGUMENT for a dictionary where the codec takes none (zstd does), SYMBOL_MISSING
 * if the library is too old for one. A context that is kept digests it once, a fresh
 * one for each block. */
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

/* ---- Records --------------------------------------------------------------- */

/* CRC-32C (Castagnoli) of the bytes, continuing from crc (0 to begin). In hardware
 * where the CPU has it; the portable twin gives the same and exists for tests. */
uint32_t complab_crc32c(uint32_t crc, const uint8_t *src, size_t src_bytes);
uint32_t complab_crc32c_portable(uint32_t crc, const uint8_t *src, size_t src_bytes);

/* CRC-32 (IEEE 802.3, as zlib's) of the bytes, for magic 0 and 1. */
uint32_t complab_crc32(uint32_t crc, const uint8_t *src, size_t src_bytes);

/* ---- Records: a source of bytes ---------------------------------------------- */

/* Bytes to read from: memory, or a file in a bounded window (source.c says why). */
typedef struct complab_source complab_source;

/* src is borrowed and must outlive the source. */
complab_status complab_source_from_memory(const uint8_t *src, size_t src_bytes,
                                          complab_source **source_out);

/* A seekable file of the size that it has now; bytes appended later are not seen. fd is
 * borrowed, stays open, and gets advice about access (no readahead); its own position
 * is neither used nor moved. READ_FAILED if the descriptor has no size or place. */
complab_status complab_source_from_file(int fd, complab_source **source_out,
                                        complab_fault *fault_out);

uint64_t complab_source_bytes(const complab_source *source);

/* Copies bytes from position on, all of which must be within the source's size.
 * READ_FAILED, SHRUNK: dst holds nothing of use. */
complab_status complab_source_read(complab_source *source, uint64_t position,
                                   uint8_t *dst, size_t bytes,
                                   complab_fault *fault_out);

void complab_source_free(complab_source *source);

/* ---- Records: batches of a source -------------------------------------------- */

/* The bytes before the records of a v2 batch. */
#define COMPLAB_BATCH_HEADER_BYTES 61
#define COMPLAB_HEAD_BYTES 32

/* One entry of a log: a record batch (magic 2), or a message (magic 0, 1), which may be
 * the wrapper of a compressed set. -1 stands for what a magic does not have. Read as a
 * structured array: the members are in the order of their sizes and leave no gap. */
typedef struct complab_batch {
  uint64_t position;         /* of its first byte in the source */
  uint64_t batch_bytes;      /* all of it, header included */
  uint64_t payload_position; /* where the records section (a message's value) begins */
  uint64_t compressed_bytes; /* what is stored there */
  int64_t base_offset;       /* of a wrapper: its own, the last of its set */
  int64_t last_offset;
  int64_t base_timestamp; /* ms since 1970 */
  int64_t max_timestamp;
  int64_t producer_id;
  int64_t delete_horizon_ms; /* base_timestamp where bit 6 says so */
  int32_t file;              /* the caller's; 0 here */
  int32_t record_count;      /* 1 for a message; -1 for a wrapper, until it is read */
  int32_t partition_leader_epoch;
  int32_t base_sequence;
  uint32_t crc_expected;
  uint32_t crc_actual; /* CRC-32C for magic 2, CRC-32 for 0 and 1 */
  int16_t attributes;
  int16_t producer_epoch;
  int8_t magic;
  int8_t codec_id;       /* attributes' low three bits: 0-4, 5-7 are invalid */
  int8_t timestamp_type; /* 0 CreateTime, 1 LogAppendTime, -1 none (magic 0) */
  uint8_t crc_valid;
  uint8_t is_control;
  uint8_t is_transactional;
  uint8_t head_bytes;               /* how much of head is filled */
  uint8_t head[COMPLAB_HEAD_BYTES]; /* the payload's first bytes */
  uint8_t reserved[5];              /* 0, so that equal rows are equal bytes */
} complab_batch;

/* Why bytes are no entry. */
typedef enum complab_gap_reason {
  COMPLAB_GAP_DAMAGE = 0, /* up to the next entry whose CRC holds, or to the end */
  COMPLAB_GAP_TORN = 1,   /* to the end: the beginning of an entry, cut short */
  COMPLAB_GAP_ZEROS = 2,  /* to the end: nothing but zeros, preallocated */
  COMPLAB_GAP_SHRUNK = 3  /* to the end: gone, the file was truncated meanwhile */
} complab_gap_reason;

typedef struct complab_gap {
  uint64_t position;
  uint64_t bytes;
  int32_t file; /* the caller's; 0 here */
  int32_t reason;
} complab_gap;

#define COMPLAB_SIZE_CLASSES 32

/* Where a scan stands. The caller begins with all zeros, may set position, and hands it
 * back unchanged; the members below position are the scan's own. */
typedef struct complab_scan {
  uint64_t position; /* what lies before it is in rows and gaps, or in an open gap */
  uint64_t gap_position;
  uint64_t nonzero_position;
  uint64_t walked_bytes;
  uint64_t spent_bytes[COMPLAB_SIZE_CLASSES];
  uint8_t is_in_gap;
  uint8_t is_gap_torn;
  uint8_t is_done; /* 1: the end was reached, nothing more will come */
} complab_scan;

/* What a call may take: rows and gaps, and how far it walks (0: no bound), so that a
 * caller can show progress and be interrupted. */
typedef struct complab_scan_room {
  complab_batch *batches;
  size_t batch_capacity;
  complab_gap *gaps;
  size_t gap_capacity; /* 2 at least: the end may need so many */
  uint64_t step_bytes;
} complab_scan_room;

/* Reads entries from scan->position on, computing each CRC, and says of all bytes that
 * are none what they are; segment.c says how, and what damage can cost. Call it until
 * scan->is_done. On READ_FAILED and SHRUNK, too, the counts tell what was found before;
 * SHRUNK ends the scan with a gap. */
complab_status complab_segment_scan(complab_source *source, complab_scan *scan,
                                    const complab_scan_room *room,
                                    size_t *batch_count_out, size_t *gap_count_out,
                                    complab_fault *fault_out);

/* ---- Records: records of a payload ------------------------------------------- */

/* One record, by its places in the payload, which has to be below 4 GiB (Kafka's end at
 * 2 GiB). position and record_bytes cover all of it: of magic 2 the length before it,
 * of 0 and 1 the offset, too. */
typedef struct complab_record {
  int64_t offset;
  int64_t timestamp; /* ms since 1970; -1 in magic 0 */
  uint32_t position;
  uint32_t record_bytes;
  uint32_t key_position;
  int32_t key_bytes; /* -1: null */
  uint32_t value_position;
  int32_t value_bytes; /* -1: null */
  uint32_t headers_position;
  uint32_t headers_bytes;
  int32_t header_count;
  int8_t attributes;
  uint8_t crc_valid; /* of magic 0 and 1, whose records have a CRC each; else 1 */
  uint8_t reserved[2];
} complab_record;

typedef struct complab_header {
  uint32_t key_position;
  int32_t key_bytes;
  uint32_t value_position;
  int32_t value_bytes; /* -1: null */
} complab_header;

/* Where a reader of records stands; made by complab_records_begin. */
typedef struct complab_records {
  uint64_t position;       /* of the next record in the payload */
  int64_t next_index;      /* how many were read */
  int64_t record_count;    /* how many there are */
  int64_t base_offset;     /* what is added to a record's own */
  int64_t base_timestamp;  /* the same, magic 2 */
  int64_t append_time;     /* the batch's one time, with has_append_time */
  uint8_t has_append_time; /* LogAppendTime: each record's timestamp is that */
  int8_t magic;
  uint8_t is_inner; /* inside a wrapper: not compressed again */
} complab_records;

/* Prepares reading the records of a batch from its payload, uncompressed. The payload
 * of a message that is no wrapper is the message itself, from its offset on; several
 * that stand back to back, of one magic, may be read as one. BAD_RECORD if there cannot
 * be as many records as the batch says or, in a wrapper, if the set is not what Kafka's
 * reader takes; fault_out then says what is wrong and native_code at which byte. */
complab_status complab_records_begin(const uint8_t *payload, size_t payload_bytes,
                                     const complab_batch *batch,
                                     complab_records *records_out,
                                     complab_fault *fault_out);

/* Reads up to capacity records more; with next_index at record_count, all were read and
 * nothing stands behind them. On BAD_RECORD record_count_out says how many are good. */
complab_status complab_records_next(const uint8_t *payload, size_t payload_bytes,
                                    complab_records *records, complab_record *rows,
                                    size_t capacity, size_t *record_count_out,
                                    complab_fault *fault_out);

/* A payload's place among others in one buffer. */
typedef struct complab_span {
  uint64_t position;
  uint64_t bytes;
} complab_span;

/* Where a reader of many batches stands. The caller begins with all zeros; after
 * BAD_RECORD it may go on with the next batch by adding 1 to batch_index and clearing
 * is_begun. */
typedef struct complab_gathering {
  size_t batch_index;
  complab_records records; /* of that batch, once is_begun */
  uint8_t is_begun;
} complab_gathering;

/* Many batches, as complab_records_begin and _next read one: their payloads stand in
 * src, of which each has its span, and the rows' places are in src, below 4 GiB. Up to
 * capacity rows a call; all were read when batch_index is batch_count. record_counts
 * may be NULL; it gets the count of each batch that is begun. The byte in fault_out is
 * one of src. */
complab_status complab_records_gather(const uint8_t *src, size_t src_bytes,
                                      const complab_batch *batches,
                                      const complab_span *payloads, size_t batch_count,
                                      complab_gathering *gathering,
                                      complab_record *rows, size_t capacity,
                                      size_t *record_count_out, int64_t *record_counts,
                                      complab_fault *fault_out);

/* The headers of one record, as many as its header_count. */
complab_status complab_headers_read(const uint8_t *payload, size_t payload_bytes,
                                    const complab_record *record, complab_header *rows,
                                    size_t capacity, complab_fault *fault_out);

/* ---- Records: writing -------------------------------------------------------- */

/* Records of magic 2 by their places in src: of each row offset, timestamp, key, value
 * and header_count are taken. The headers of all records follow one another; where
 * headers is NULL, a record's headers are copied as they stand in src
 * (headers_position). */
typedef struct complab_record_list {
  const uint8_t *src;
  size_t src_bytes;
  const complab_record *records;
  size_t record_count;
  const complab_header *headers;
  size_t header_count;
} complab_record_list;

/* Writes as many records as dst holds, as Kafka's clients do: offsets and timestamps
 * are relative to the bases. If not even one fits, DST_TOO_SMALL, and dst_bytes_out
 * says what it needs. BAD_ARGUMENT for a place outside src, for an offset that is more
 * than 31 bits from its base, and for a record beyond 2 GiB. */
complab_status complab_records_write(const complab_record_list *list,
                                     int64_t base_offset, int64_t base_timestamp,
                                     uint8_t *dst, size_t dst_capacity_bytes,
                                     size_t *record_count_out, size_t *dst_bytes_out);

/* Writes the batch of magic 2 around a payload, compressed or not, CRC included. From
 * fields are taken: base_offset, last_offset, both timestamps, the producer's three,
 * record_count, partition_leader_epoch and attributes. The payload may stand at its
 * place in dst already, otherwise it may not overlap dst. */
complab_status complab_batch_write(const complab_batch *fields, const uint8_t *payload,
                                   size_t payload_bytes, uint8_t *dst,
                                   size_t dst_capacity_bytes, size_t *dst_bytes_out);

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
