/* message_set.c - the messages of magic 0 and 1: inside a wrapper, or a plain message
 * by itself.
 *
 * Offsets. In magic 0 each message has its own. In magic 1 those of a wrapper's
 * messages count from 0, and the wrapper's is that of the last: what is added to each
 * is the wrapper's offset less the last message's. A wrapper at offset 0 adds nothing,
 * since certain versions of librdkafka wrote all their wrappers so. Timestamps. A
 * wrapper of magic 1 with LogAppendTime gives its own to all.
 *
 * As strict as Kafka (AbstractLegacyRecordBatch.DeepRecordsIterator): a wrapper holds
 * one message at least, all of its own magic and none compressed. A set may end in the
 * beginning of a message, as a fetch response did, which is not one of them. */
#include "batch.h"
#include "big_endian.h"
#include "record.h"

/* Kafka's least size of a message, which it asks before it looks at the magic. */
enum { LENGTH_AT_LEAST = 14 };

/* Looks for a whole message at a place. *bytes_out is 0 if only its beginning is there.
 */
static complab_status find_message(const uint8_t *payload, size_t payload_bytes,
                                   const complab_records *records, int64_t index,
                                   uint64_t position, uint64_t *bytes_out,
                                   complab_fault *fault_out) {
  const uint64_t left = payload_bytes - position;
  *bytes_out = 0;
  if (left < COMPLAB_LOG_OVERHEAD_BYTES) {
    return COMPLAB_OK;
  }
  const uint8_t *src = payload + position;
  const int32_t length = complab_be_i32(src + COMPLAB_LOG_OVERHEAD_BYTES - 4);
  if (length < LENGTH_AT_LEAST) {
    return complab_record_fault(fault_out, index,
                                position + COMPLAB_LOG_OVERHEAD_BYTES - 4,
                                "a length of %d, where 14 is the least", length);
  }
  const uint64_t bytes = COMPLAB_LOG_OVERHEAD_BYTES + (uint64_t)length;
  if (bytes > left) {
    return COMPLAB_OK;
  }
  const int magic = src[COMPLAB_ENTRY_START_BYTES - 1];
  if (magic != records->magic) {
    return complab_record_fault(fault_out, index,
                                position + COMPLAB_ENTRY_START_BYTES - 1,
                                "magic %d in a set of magic %d", magic, records->magic);
  }
  if (bytes < complab_message_bytes_min(magic)) {
    return complab_record_fault(
        fault_out, index, position + COMPLAB_LOG_OVERHEAD_BYTES - 4,
        "a length of %d, where magic %d needs %zu", length, magic,
        complab_message_bytes_min(magic) - COMPLAB_LOG_OVERHEAD_BYTES);
  }
  *bytes_out = bytes;
  return COMPLAB_OK;
}

complab_status complab_message_set_begin(const uint8_t *payload, size_t payload_bytes,
                                         const complab_batch *batch,
                                         complab_records *records_out,
                                         complab_fault *fault_out) {
  complab_records records = {
      .append_time = batch->max_timestamp,
      .has_append_time = batch->timestamp_type == 1,
      .magic = batch->magic,
      .is_inner = batch->codec_id != 0,
  };
  int64_t last_offset = 0;
  for (uint64_t at = 0; at < payload_bytes;) {
    uint64_t bytes = 0;
    const complab_status status = find_message(
        payload, payload_bytes, &records, records.record_count, at, &bytes, fault_out);
    if (status != COMPLAB_OK) {
      return status;
    }
    if (bytes == 0) {
      break;
    }
    last_offset = complab_be_i64(payload + at);
    records.record_count++;
    at += bytes;
  }
  if (records.record_count == 0) {
    return complab_record_fault(fault_out, -1, 0, "a set without a whole message");
  }
  if (records.is_inner && records.magic == 1 && batch->last_offset != 0) {
    if (batch->last_offset < last_offset) {
      return complab_record_fault(
          fault_out, -1, 0,
          "the wrapper's offset %lld is less than the last message's, %lld",
          (long long)batch->last_offset, (long long)last_offset);
    }
    /* The last one's may be anything, and so may the difference. */
    records.base_offset =
        (int64_t)((uint64_t)batch->last_offset - (uint64_t)last_offset);
  }
  *records_out = records;
  return COMPLAB_OK;
}

/* Reads the message that fills exactly `bytes`. */
static complab_status read_message(const uint8_t *payload, uint64_t bytes,
                                   const complab_records *records, int64_t index,
                                   uint64_t position, complab_record *row,
                                   complab_fault *fault_out) {
  const uint8_t *src = payload + position;
  complab_message message = complab_message_read(src, bytes);
  if (message.value_at == 0) {
    return complab_record_fault(fault_out, index, position + message.key_at - 4,
                                "its key of %d bytes is longer than the message",
                                message.key_bytes);
  }
  const uint64_t value_length_at = message.value_at;
  if (!complab_message_read_value(&message, src + value_length_at, bytes)) {
    return complab_record_fault(fault_out, index, position + value_length_at,
                                "its value of %d bytes is longer than the message",
                                message.value_bytes);
  }
  if (records->is_inner && (message.attributes & COMPLAB_CODEC_MASK) != 0) {
    return complab_record_fault(fault_out, index, position + COMPLAB_ENTRY_START_BYTES,
                                "a compressed message inside a compressed one");
  }
  const uint64_t protected_at = complab_entry_protected_at(message.magic);
  const uint32_t crc =
      complab_crc32(0, src + protected_at, (size_t)(bytes - protected_at));
  *row = (complab_record){
      .offset = (int64_t)((uint64_t)records->base_offset + (uint64_t)message.offset),
      .timestamp = records->has_append_time ? records->append_time : message.timestamp,
      .position = (uint32_t)position,
      .record_bytes = (uint32_t)bytes,
      .key_position = (uint32_t)(position + message.key_at),
      .key_bytes = message.key_bytes,
      .value_position = (uint32_t)(position + message.value_at),
      .value_bytes = message.value_bytes,
      .headers_position = (uint32_t)(position + bytes),
      .attributes = message.attributes,
      .crc_valid = crc == message.crc_expected,
  };
  return COMPLAB_OK;
}

complab_status complab_message_set_next(const uint8_t *payload, size_t payload_bytes,
                                        complab_records *records, complab_record *rows,
                                        size_t capacity, size_t *record_count_out,
                                        complab_fault *fault_out) {
  complab_status status = COMPLAB_OK;
  size_t count = 0;
  while (count < capacity && records->next_index < records->record_count) {
    uint64_t bytes = 0;
    status = find_message(payload, payload_bytes, records, records->next_index,
                          records->position, &bytes, fault_out);
    if (status == COMPLAB_OK && bytes == 0) {
      status = COMPLAB_BAD_ARGUMENT; /* not the payload that begin saw */
    }
    if (status == COMPLAB_OK) {
      status = read_message(payload, bytes, records, records->next_index,
                            records->position, &rows[count], fault_out);
    }
    if (status != COMPLAB_OK) {
      break;
    }
    records->position += bytes;
    records->next_index++;
    count++;
  }
  *record_count_out = count;
  return status;
}
