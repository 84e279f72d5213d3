/* batch.h - one record batch of magic 2: where its fields are, and how its header is
 * read. complab_batch_scan (complab.h) walks a file with these; a reader of message
 * sets, of segments in pieces or one that looks for the next batch after a damaged one
 * stands beside it on the same two functions.
 *
 *   offset  bytes
 *        0      8  baseOffset
 *        8      4  batchLength: the bytes after this field
 *       12      4  partitionLeaderEpoch: stamped by the broker, therefore not in the
 * CRC 16      1  magic 17      4  crc: CRC-32C of everything from 21 on 21      2
 * attributes 23      4  lastOffsetDelta 27      8  baseTimestamp 35      8 maxTimestamp
 *       43      8  producerId
 *       51      2  producerEpoch
 *       53      4  baseSequence
 *       57      4  recordsCount
 *       61         the records, or one compressed stream of them
 *
 * Magic 0 and 1 have the offset, a length and the magic byte at the same places, so
 * that the first 17 bytes tell what kind of entry begins. */
#ifndef COMPLAB_BATCH_H
#define COMPLAB_BATCH_H

#include "complab.h"

/* baseOffset and batchLength: what batchLength does not count. */
#define COMPLAB_LOG_OVERHEAD_BYTES 12

/* All that is the same in every magic. */
#define COMPLAB_ENTRY_START_BYTES 17

/* What begins at a place, before anything of it is believed. */
typedef struct complab_entry {
  int32_t has_length; /* 0: too few bytes are left to hold the field */
  int32_t length;
  int32_t magic; /* 0-255, or -1 if too few bytes are left; a byte of -1 is 255 */
} complab_entry;

complab_entry complab_entry_peek(const uint8_t *src, size_t src_bytes);

/* Reads the batch that fills exactly batch_bytes (at least the header) at src,
 * computing its CRC. position goes into the result and is not used otherwise. */
complab_batch complab_batch_read(const uint8_t *src, size_t batch_bytes,
                                 uint64_t position);

#endif
