/* batch.h - one entry of a log: where its fields are, and how its header is read.
 * complab_segment_scan (complab.h) walks a source with these.
 *
 * Magic 2, a record batch (Kafka's DefaultRecordBatch):
 *
 *   offset  bytes
 *        0      8  baseOffset
 *        8      4  batchLength: the bytes after this field
 *       12      4  partitionLeaderEpoch: the broker's stamp, therefore not in the CRC
 *       16      1  magic
 *       17      4  crc: CRC-32C of everything from 21 on
 *       21      2  attributes
 *       23      4  lastOffsetDelta
 *       27      8  baseTimestamp
 *       35      8  maxTimestamp
 *       43      8  producerId
 *       51      2  producerEpoch
 *       53      4  baseSequence
 *       57      4  recordsCount
 *       61         the records, or one compressed stream of them
 *
 * Magic 0 and 1, a message (LegacyRecord), which may wrap a compressed set of them:
 *
 *        0      8  offset
 *        8      4  size: the bytes after this field
 *       12      4  crc: CRC-32 of everything from 16 on
 *       16      1  magic
 *       17      1  attributes
 *       18      8  timestamp: magic 1 alone
 *    18/26      4  the key's length, or -1; the key
 *              4  the value's length, or -1; the value
 *
 * The first 17 bytes tell what kind of entry begins. */
#ifndef COMPLAB_BATCH_H
#define COMPLAB_BATCH_H

#include "complab_records.h"

/* The offset and the length: what the length does not count. */
#define COMPLAB_LOG_OVERHEAD_BYTES 12

/* All that is the same in every magic. */
#define COMPLAB_ENTRY_START_BYTES 17

/* What has to be at hand to read a header; a message's fixed part is shorter. */
#define COMPLAB_ENTRY_PEEK_BYTES COMPLAB_BATCH_HEADER_BYTES

enum { COMPLAB_CODEC_MASK = 0x07, COMPLAB_APPEND_TIME_BIT = 0x08 };

/* A message's fields, and where its parts are, from its offset on. */
typedef struct complab_message {
  int64_t offset;
  int64_t timestamp; /* -1 in magic 0 */
  uint32_t crc_expected;
  int8_t magic;
  int8_t attributes;
  uint64_t key_at;
  int32_t key_bytes; /* -1: null */
  uint64_t value_at;
  int32_t value_bytes; /* -1: null */
} complab_message;

/* What a message of a magic needs at least, all of it; 0 if it is neither 0 nor 1. */
size_t complab_message_bytes_min(int magic);

/* Reads the fixed part of a message, which has the least length at least, up to where
 * the key begins. value_at is then where the value's length stands, or 0 if the key
 * does not leave room for one within entry_bytes. */
complab_message complab_message_read(const uint8_t *src, uint64_t entry_bytes);

/* Reads the value's length, which stands at src. 0 if the value does not fit. */
int complab_message_read_value(complab_message *message, const uint8_t *src,
                               uint64_t entry_bytes);

/* What stands at a place, before any of it is believed. */
typedef enum complab_look {
  COMPLAB_LOOK_WHOLE,  /* an entry could begin here, and fits */
  COMPLAB_LOOK_BEYOND, /* an entry could begin here, but the source ends before it */
  COMPLAB_LOOK_SHORT,  /* fewer bytes than tell */
  COMPLAB_LOOK_NONE    /* no magic of Kafka's, or a length too small for it */
} complab_look;

/* Looks at src, where src_bytes are at hand (all that are left, or at least
 * COMPLAB_ENTRY_START_BYTES) of left_bytes to the end. entry_bytes_out is set for WHOLE
 * and BEYOND. */
complab_look complab_entry_look(const uint8_t *src, size_t src_bytes,
                                uint64_t left_bytes, uint64_t *entry_bytes_out);

/* Whether the header of a WHOLE batch of magic 2 makes sense in every field, as each
 * does that a client or a broker wrote. Where a damaged file is searched, this stands
 * before the CRC: noise passes once in some 10^8 places. */
int complab_batch_is_sane(const uint8_t *src, uint64_t batch_bytes);

/* The same for a message, whose value's length is read. */
int complab_message_is_sane(const complab_message *message, uint64_t entry_bytes);

/* Rows without CRC and head. */
complab_batch complab_batch_read(const uint8_t *src, uint64_t batch_bytes,
                                 uint64_t position);
complab_batch complab_message_row(const complab_message *message, uint64_t entry_bytes,
                                  uint64_t position);

/* Writes the header of a batch of magic 2 before its payload, which stands behind it
 * already, and the CRC of both. */
void complab_batch_write_header(const complab_batch *fields, int32_t last_offset_delta,
                                uint64_t batch_bytes, uint8_t *dst);

/* Where the bytes begin that an entry's CRC protects. */
size_t complab_entry_protected_at(int magic);

#endif
