/* complab_records.h - the half of the contract that is about what Kafka stores: finding
 * batches in a source of bytes, reading their records, writing both. It knows neither
 * codecs nor the loop; complab.h has those, and what joins them. */
#ifndef COMPLAB_RECORDS_H
#define COMPLAB_RECORDS_H

#include "complab_status.h"

/* ---- CRCs ------------------------------------------------------------------- */

/* CRC-32C (Castagnoli) of the bytes, continuing from crc (0 to begin). In hardware
 * where the CPU has it; the portable twin gives the same and exists for tests. */
uint32_t complab_crc32c(uint32_t crc, const uint8_t *src, size_t src_bytes);
uint32_t complab_crc32c_portable(uint32_t crc, const uint8_t *src, size_t src_bytes);

/* CRC-32 (IEEE 802.3, as zlib's) of the bytes, for magic 0 and 1. */
uint32_t complab_crc32(uint32_t crc, const uint8_t *src, size_t src_bytes);

/* ---- A source of bytes ---------------------------------------------- */

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

/* ---- Batches of a source -------------------------------------------- */

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

/* ---- Records of a payload ------------------------------------------- */

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

/* ---- Writing -------------------------------------------------------- */

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

#endif
