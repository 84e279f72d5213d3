/* path.c - what a batch goes through on its way beside its codec: records are encoded,
 * the batch is sealed with its header and CRC, the CRC is checked, records are read.
 *
 * Each is an operation over a block, so that the loop times it like a codec. A block
 * has one source, and these need more than bytes: where an operation says so, src is
 * the address of a struct that says the rest. */
#include "complab.h"
#include "records/big_endian.h"

/* Kafka's clients and brokers look at a record's fields once; so many rows stay in the
 * first cache. */
enum { ROWS_A_CALL = 128 };

/* Where a v2 batch has its CRC, and where that begins to count. */
enum { CRC_AT = 17, CRC_FROM = 21 };

complab_status complab_encode_run(void *state, complab_block *block) {
  (void)state;
  const complab_encoding *encoding = (const void *)block->src;
  size_t record_count = 0;
  const complab_status status = complab_records_write(
      &encoding->list, encoding->base_offset, encoding->base_timestamp, block->dst,
      block->dst_capacity_bytes, &record_count, &block->dst_bytes);
  return status == COMPLAB_OK && record_count < encoding->list.record_count
             ? COMPLAB_DST_TOO_SMALL
             : status;
}

complab_status complab_seal_run(void *state, complab_block *block) {
  (void)state;
  const complab_sealing *sealing = (const void *)block->src;
  return complab_batch_write(&sealing->fields, sealing->payload, sealing->payload_bytes,
                             block->dst, block->dst_capacity_bytes, &block->dst_bytes);
}

complab_status complab_check_run(void *state, complab_block *block) {
  (void)state;
  if (block->src_bytes < COMPLAB_BATCH_HEADER_BYTES) {
    return COMPLAB_BAD_RECORD;
  }
  const uint32_t crc =
      complab_crc32c(0, block->src + CRC_FROM, block->src_bytes - CRC_FROM);
  return crc == complab_be_u32(block->src + CRC_AT) ? COMPLAB_OK : COMPLAB_BAD_RECORD;
}

complab_status complab_read_run(void *state, complab_block *block) {
  (void)state;
  const complab_reading *reading = (const void *)block->src;
  complab_records records = {0};
  complab_status status = complab_records_begin(
      reading->payload, reading->payload_bytes, &reading->batch, &records, NULL);
  size_t in_sequence = 0;
  while (status == COMPLAB_OK && records.next_index < records.record_count) {
    complab_record rows[ROWS_A_CALL];
    /* Offsets wrap, as the records' own do. */
    const uint64_t first =
        (uint64_t)reading->batch.base_offset + (uint64_t)records.next_index;
    size_t count = 0;
    status = complab_records_next(reading->payload, reading->payload_bytes, &records,
                                  rows, ROWS_A_CALL, &count, NULL);
    for (size_t i = 0; i < count; i++) {
      in_sequence += (uint64_t)rows[i].offset == first + i;
    }
  }
  block->dst_bytes = in_sequence;
  return status;
}
