/* batch.c - the header of one entry, of any magic. Nothing here reads a byte beyond the
 * header, computes a CRC or knows where the bytes come from. Sources: Kafka's
 * DefaultRecordBatch and LegacyRecord, and for the attributes KIP-98 and KIP-534. */
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
_Static_assert(MAGIC_AT + 1 == COMPLAB_ENTRY_START_BYTES, "the start's end");

enum {
  MESSAGE_CRC_AT = 12,
  MESSAGE_ATTRIBUTES_AT = 17,
  MESSAGE_TIMESTAMP_AT = 18,
  KEY_LENGTH_AT_0 = 18,
  KEY_LENGTH_AT_1 = 26,
  LENGTH_FIELD_BYTES = 4
};

/* A batch without a record, as the cleaner leaves it, has this length. */
enum { LENGTH_AT_LEAST = COMPLAB_BATCH_HEADER_BYTES - COMPLAB_LOG_OVERHEAD_BYTES };

enum {
  TRANSACTIONAL_BIT = 0x10,
  CONTROL_BIT = 0x20,
  DELETE_HORIZON_BIT = 0x40,
  UNUSED_BITS = 0xff80, /* of a batch's attributes */
  CODEC_MAX = 4,
  MESSAGE_CODEC_MAX = 3, /* no zstd before magic 2 */
  MESSAGE_UNUSED_BITS_0 = 0xf8,
  MESSAGE_UNUSED_BITS_1 = 0xf0
};

/* ---- Looking ----------------------------------------------------------------- */

size_t complab_message_bytes_min(int magic) {
  if (magic == 0) {
    return KEY_LENGTH_AT_0 + 2 * LENGTH_FIELD_BYTES;
  }
  return magic == 1 ? KEY_LENGTH_AT_1 + 2 * LENGTH_FIELD_BYTES : 0;
}

size_t complab_entry_protected_at(int magic) {
  return magic == 2 ? ATTRIBUTES_AT : MAGIC_AT;
}

complab_look complab_entry_look(const uint8_t *src, size_t src_bytes,
                                uint64_t left_bytes, uint64_t *entry_bytes_out) {
  if (src_bytes < COMPLAB_ENTRY_START_BYTES) {
    return COMPLAB_LOOK_SHORT;
  }
  /* The magic comes first: only it says what the length would mean. */
  const int magic = src[MAGIC_AT];
  if (magic > 2) {
    return COMPLAB_LOOK_NONE;
  }
  const size_t bytes_min =
      magic == 2 ? COMPLAB_BATCH_HEADER_BYTES : complab_message_bytes_min(magic);
  const int32_t length = complab_be_i32(src + LENGTH_AT);
  if (length < (int32_t)bytes_min - COMPLAB_LOG_OVERHEAD_BYTES) {
    return COMPLAB_LOOK_NONE;
  }
  *entry_bytes_out = COMPLAB_LOG_OVERHEAD_BYTES + (uint64_t)length;
  return *entry_bytes_out <= left_bytes ? COMPLAB_LOOK_WHOLE : COMPLAB_LOOK_BEYOND;
}

int complab_batch_is_sane(const uint8_t *src, uint64_t batch_bytes) {
  const int attributes = complab_be_i16(src + ATTRIBUTES_AT);
  const int32_t last_offset_delta = complab_be_i32(src + LAST_OFFSET_DELTA_AT);
  const int32_t record_count = complab_be_i32(src + RECORD_COUNT_AT);
  return (attributes & UNUSED_BITS) == 0 &&
         (attributes & COMPLAB_CODEC_MASK) <= CODEC_MAX && complab_be_i64(src) >= 0 &&
         complab_be_i32(src + LEADER_EPOCH_AT) >= -1 && last_offset_delta >= 0 &&
         record_count >= 0 && record_count - 1 <= last_offset_delta &&
         complab_be_i64(src + BASE_TIMESTAMP_AT) >= -1 &&
         complab_be_i64(src + MAX_TIMESTAMP_AT) >= -1 &&
         complab_be_i64(src + PRODUCER_ID_AT) >= -1 &&
         complab_be_i16(src + PRODUCER_EPOCH_AT) >= -1 &&
         complab_be_i32(src + BASE_SEQUENCE_AT) >= -1 &&
         (record_count > 0) == (batch_bytes > COMPLAB_BATCH_HEADER_BYTES);
}

int complab_message_is_sane(const complab_message *message, uint64_t entry_bytes) {
  const int unused =
      message->magic == 0 ? MESSAGE_UNUSED_BITS_0 : MESSAGE_UNUSED_BITS_1;
  const uint64_t value_bytes =
      message->value_bytes > 0 ? (uint64_t)message->value_bytes : 0;
  return message->offset >= 0 && message->timestamp >= -1 &&
         (message->attributes & unused) == 0 &&
         (message->attributes & COMPLAB_CODEC_MASK) <= MESSAGE_CODEC_MAX &&
         message->key_bytes >= -1 && message->value_bytes >= -1 &&
         message->value_at + value_bytes == entry_bytes;
}

/* ---- Magic 2 ----------------------------------------------------------------- */

complab_batch complab_batch_read(const uint8_t *src, uint64_t batch_bytes,
                                 uint64_t position) {
  const int16_t attributes = complab_be_i16(src + ATTRIBUTES_AT);
  complab_batch batch = {
      .position = position,
      .batch_bytes = batch_bytes,
      .payload_position = position + COMPLAB_BATCH_HEADER_BYTES,
      .compressed_bytes = batch_bytes - COMPLAB_BATCH_HEADER_BYTES,
      .base_offset = complab_be_i64(src),
      .base_timestamp = complab_be_i64(src + BASE_TIMESTAMP_AT),
      .max_timestamp = complab_be_i64(src + MAX_TIMESTAMP_AT),
      .producer_id = complab_be_i64(src + PRODUCER_ID_AT),
      .delete_horizon_ms = -1,
      .record_count = complab_be_i32(src + RECORD_COUNT_AT),
      .partition_leader_epoch = complab_be_i32(src + LEADER_EPOCH_AT),
      .base_sequence = complab_be_i32(src + BASE_SEQUENCE_AT),
      .crc_expected = complab_be_u32(src + CRC_AT),
      .attributes = attributes,
      .producer_epoch = complab_be_i16(src + PRODUCER_EPOCH_AT),
      .magic = 2,
      .codec_id = (int8_t)(attributes & COMPLAB_CODEC_MASK),
      .timestamp_type = (attributes & COMPLAB_APPEND_TIME_BIT) != 0,
      .is_control = (attributes & CONTROL_BIT) != 0,
      .is_transactional = (attributes & TRANSACTIONAL_BIT) != 0,
  };
  if ((attributes & DELETE_HORIZON_BIT) != 0) {
    batch.delete_horizon_ms = batch.base_timestamp;
  }
  /* Both come from the file. A sum beyond int64 wraps as it does in Java, and the
   * builtin defines it; nothing is addressed with it. */
  const int64_t delta = complab_be_i32(src + LAST_OFFSET_DELTA_AT);
  (void)__builtin_add_overflow(batch.base_offset, delta, &batch.last_offset);
  return batch;
}

void complab_batch_write_header(const complab_batch *fields, int32_t last_offset_delta,
                                uint64_t batch_bytes, uint8_t *dst) {
  complab_be_store_i64(dst, fields->base_offset);
  complab_be_store_u32(dst + LENGTH_AT,
                       (uint32_t)(batch_bytes - COMPLAB_LOG_OVERHEAD_BYTES));
  complab_be_store_u32(dst + LEADER_EPOCH_AT, (uint32_t)fields->partition_leader_epoch);
  dst[MAGIC_AT] = 2;
  complab_be_store_i16(dst + ATTRIBUTES_AT, fields->attributes);
  complab_be_store_u32(dst + LAST_OFFSET_DELTA_AT, (uint32_t)last_offset_delta);
  complab_be_store_i64(dst + BASE_TIMESTAMP_AT, fields->base_timestamp);
  complab_be_store_i64(dst + MAX_TIMESTAMP_AT, fields->max_timestamp);
  complab_be_store_i64(dst + PRODUCER_ID_AT, fields->producer_id);
  complab_be_store_i16(dst + PRODUCER_EPOCH_AT, fields->producer_epoch);
  complab_be_store_u32(dst + BASE_SEQUENCE_AT, (uint32_t)fields->base_sequence);
  complab_be_store_u32(dst + RECORD_COUNT_AT, (uint32_t)fields->record_count);
  complab_be_store_u32(
      dst + CRC_AT,
      complab_crc32c(0, dst + ATTRIBUTES_AT, (size_t)(batch_bytes - ATTRIBUTES_AT)));
}

/* ---- Magic 0 and 1 ----------------------------------------------------------- */

/* A negative length is null, whatever it is: so Kafka reads it. */
static int32_t length_read(const uint8_t *src) {
  const int32_t length = complab_be_i32(src);
  return length < 0 ? -1 : length;
}

complab_message complab_message_read(const uint8_t *src, uint64_t entry_bytes) {
  complab_message message = {
      .offset = complab_be_i64(src),
      .timestamp = -1,
      .crc_expected = complab_be_u32(src + MESSAGE_CRC_AT),
      .magic = (int8_t)src[MAGIC_AT],
      .attributes = (int8_t)src[MESSAGE_ATTRIBUTES_AT],
      .key_at = KEY_LENGTH_AT_0 + LENGTH_FIELD_BYTES,
      .value_bytes = -1,
  };
  if (message.magic == 1) {
    message.timestamp = complab_be_i64(src + MESSAGE_TIMESTAMP_AT);
    message.key_at = KEY_LENGTH_AT_1 + LENGTH_FIELD_BYTES;
  }
  message.key_bytes = length_read(src + message.key_at - LENGTH_FIELD_BYTES);
  const uint64_t key_bytes = message.key_bytes > 0 ? (uint64_t)message.key_bytes : 0;
  if (key_bytes <= entry_bytes - message.key_at - LENGTH_FIELD_BYTES) {
    message.value_at = message.key_at + key_bytes;
  }
  return message;
}

int complab_message_read_value(complab_message *message, const uint8_t *src,
                               uint64_t entry_bytes) {
  message->value_bytes = length_read(src);
  message->value_at += LENGTH_FIELD_BYTES;
  return message->value_bytes <= 0 ||
         (uint64_t)message->value_bytes <= entry_bytes - message->value_at;
}

complab_batch complab_message_row(const complab_message *message, uint64_t entry_bytes,
                                  uint64_t position) {
  const int codec_id = message->attributes & COMPLAB_CODEC_MASK;
  complab_batch batch = {
      .position = position,
      .batch_bytes = entry_bytes,
      .payload_position = position + message->value_at,
      .compressed_bytes = message->value_bytes > 0 ? (uint64_t)message->value_bytes : 0,
      .base_offset = message->offset,
      .last_offset = message->offset,
      .base_timestamp = message->timestamp,
      .max_timestamp = message->timestamp,
      .producer_id = -1,
      .delete_horizon_ms = -1,
      .record_count = codec_id == 0 ? 1 : -1,
      .partition_leader_epoch = -1,
      .base_sequence = -1,
      .crc_expected = message->crc_expected,
      .attributes = (uint8_t)message->attributes,
      .producer_epoch = -1,
      .magic = message->magic,
      .codec_id = (int8_t)codec_id,
      .timestamp_type = -1,
  };
  if (message->magic == 1) {
    batch.timestamp_type = (message->attributes & COMPLAB_APPEND_TIME_BIT) != 0;
  }
  return batch;
}
