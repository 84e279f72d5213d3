/* batch.c - walks record batches of magic 2 that stand back to back, as in a broker's
 * segment or in a producer's request.
 *
 * A scan is told where to begin and stops at the first thing that is no whole batch; it
 * never guesses. What it stopped at is a fact for the caller: a preallocated tail of
 * zeros and a batch cut off by a crash are normal ends of a segment, an old message set
 * is somebody else's work, the rest is damage or another kind of file.
 *
 * The order of the checks is by what each can know. Zeros come first, since zeros are
 * also a length of 0 and a magic of 0. The magic comes before the length, since only it
 * says what the length would mean: in a file that is no log at all the magic is wrong
 * in 253 of 256 cases, and "no batch here" is then the answer, not "torn". A length
 * that is too small can never be right; one that is too large may be (the rest is
 * missing), and is therefore the last.
 *
 * The CRC is computed but not judged: whether a damaged batch is skipped, shown or an
 * error depends on the question. Sources: Kafka's DefaultRecordBatch, and for the
 * attributes KIP-98 and KIP-534. */
#include "batch.h"

#include "big_endian.h"

enum {
  LENGTH_AT = 8,
  LEADER_EPOCH_AT = 12,
  MAGIC_AT = 16,
  CRC_AT = 17,
  ATTRIBUTES_AT = 21,
  LAST_OFFSET_DELTA_AT = 23,
  BASE_TIMESTAMP_AT = 27,
  MAX_TIMESTAMP_AT = 35,
  PRODUCER_ID_AT = 43,
  PRODUCER_EPOCH_AT = 51,
  BASE_SEQUENCE_AT = 53,
  RECORD_COUNT_AT = 57
};
_Static_assert(RECORD_COUNT_AT + 4 == COMPLAB_BATCH_HEADER_BYTES, "the header's end");

/* A batch without a record, as the cleaner leaves it, has this length. */
enum { LENGTH_AT_LEAST = COMPLAB_BATCH_HEADER_BYTES - COMPLAB_LOG_OVERHEAD_BYTES };

enum { CODEC_MASK = 0x07, TRANSACTIONAL_BIT = 0x10, CONTROL_BIT = 0x20 };

static int is_zeros(const uint8_t *src, size_t src_bytes) {
  for (size_t i = 0; i < src_bytes; i++) {
    if (src[i] != 0) {
      return 0;
    }
  }
  return 1;
}

complab_entry complab_entry_peek(const uint8_t *src, size_t src_bytes) {
  complab_entry entry = {.magic = -1};
  if (src_bytes >= LENGTH_AT + 4) {
    entry.has_length = 1;
    entry.length = complab_be_i32(src + LENGTH_AT);
  }
  if (src_bytes >= COMPLAB_ENTRY_START_BYTES) {
    entry.magic = src[MAGIC_AT];
  }
  return entry;
}

complab_batch complab_batch_read(const uint8_t *src, size_t batch_bytes,
                                 uint64_t position) {
  const int16_t attributes = complab_be_i16(src + ATTRIBUTES_AT);
  complab_batch batch = {
      .position = position,
      .batch_bytes = batch_bytes,
      .base_offset = complab_be_i64(src),
      .base_timestamp = complab_be_i64(src + BASE_TIMESTAMP_AT),
      .max_timestamp = complab_be_i64(src + MAX_TIMESTAMP_AT),
      .producer_id = complab_be_i64(src + PRODUCER_ID_AT),
      .partition_leader_epoch = complab_be_i32(src + LEADER_EPOCH_AT),
      .base_sequence = complab_be_i32(src + BASE_SEQUENCE_AT),
      .record_count = complab_be_i32(src + RECORD_COUNT_AT),
      .crc_expected = complab_be_u32(src + CRC_AT),
      .crc_actual = complab_crc32c(0, src + ATTRIBUTES_AT, batch_bytes - ATTRIBUTES_AT),
      .attributes = attributes,
      .producer_epoch = complab_be_i16(src + PRODUCER_EPOCH_AT),
      .magic = (int8_t)src[MAGIC_AT],
      .codec_id = (int8_t)(attributes & CODEC_MASK),
      .is_control = (attributes & CONTROL_BIT) != 0,
      .is_transactional = (attributes & TRANSACTIONAL_BIT) != 0,
  };
  /* Both come from the file. A sum beyond int64 wraps as it does in Java, and the
   * builtin defines it; nothing is addressed with it. */
  const int64_t delta = complab_be_i32(src + LAST_OFFSET_DELTA_AT);
  (void)__builtin_add_overflow(batch.base_offset, delta, &batch.last_offset);
  return batch;
}

/* What ends the scan at src, of which at least one byte is left; COMPLETE if a whole
 * batch begins here. */
static complab_scan_end end_here(const uint8_t *src, size_t src_bytes) {
  const complab_entry entry = complab_entry_peek(src, src_bytes);
  if (is_zeros(src, src_bytes)) {
    return COMPLAB_SCAN_ZEROS;
  }
  if (entry.magic < 0) {
    return COMPLAB_SCAN_TORN;
  }
  if (entry.magic < 2) {
    return COMPLAB_SCAN_OLD_MAGIC;
  }
  if (entry.magic > 2) {
    return COMPLAB_SCAN_BAD_MAGIC;
  }
  if (entry.length < LENGTH_AT_LEAST) {
    return COMPLAB_SCAN_BAD_LENGTH;
  }
  /* The magic was there, hence src_bytes is beyond the overhead. */
  if ((size_t)entry.length > src_bytes - COMPLAB_LOG_OVERHEAD_BYTES) {
    return COMPLAB_SCAN_TORN;
  }
  return COMPLAB_SCAN_COMPLETE;
}

complab_status complab_batch_scan(const uint8_t *src, size_t src_bytes,
                                  uint64_t position, complab_batch *batches,
                                  size_t capacity, size_t *batch_count_out,
                                  complab_scan *scan_out) {
  if ((src == NULL && src_bytes > 0) || position > src_bytes ||
      (batches == NULL && capacity > 0) || batch_count_out == NULL ||
      scan_out == NULL) {
    return COMPLAB_BAD_ARGUMENT;
  }
  size_t at = (size_t)position;
  size_t batch_count = 0;
  complab_scan scan = {.end = COMPLAB_SCAN_COMPLETE, .seen_magic = -1};
  while (at < src_bytes) {
    const uint8_t *here = src + at;
    const complab_entry entry = complab_entry_peek(here, src_bytes - at);
    scan.end =
        batch_count == capacity ? COMPLAB_SCAN_FULL : end_here(here, src_bytes - at);
    if (scan.end != COMPLAB_SCAN_COMPLETE) {
      scan.seen_length = entry.has_length ? entry.length : 0;
      scan.seen_magic = entry.magic;
      break;
    }
    const size_t batch_bytes = COMPLAB_LOG_OVERHEAD_BYTES + (size_t)entry.length;
    batches[batch_count] = complab_batch_read(here, batch_bytes, at);
    batch_count++;
    at += batch_bytes;
  }
  scan.next_position = at;
  *batch_count_out = batch_count;
  *scan_out = scan;
  return COMPLAB_OK;
}
