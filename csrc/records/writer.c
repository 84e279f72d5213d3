/* writer.c - records and batches of magic 2 as Kafka's clients write them: every number
 * in its shortest spelling, attributes of records 0, and the CRC over all from the
 * batch's attributes on. What stands in the formats is told in batch.h and record.c. */
#include <string.h>

#include "batch.h"
#include "big_endian.h"
#include "varint.h"

/* Java's and every other client's sizes are ints. */
#define RECORD_BYTES_MAX ((uint64_t)INT32_MAX)

static int is_part(const complab_record_list *list, uint32_t position, int32_t bytes) {
  return bytes <= 0 ||
         (position <= list->src_bytes && (size_t)bytes <= list->src_bytes - position);
}

static uint64_t part_bytes(int32_t bytes) {
  return complab_varint_bytes(bytes < 0 ? -1 : bytes) +
         (uint64_t)(bytes < 0 ? 0 : bytes);
}

static uint8_t *write_part(uint8_t *dst, const complab_record_list *list,
                           uint32_t position, int32_t bytes) {
  dst = complab_varint_write(dst, bytes < 0 ? -1 : bytes);
  if (bytes > 0) {
    memcpy(dst, list->src + position, (size_t)bytes);
    dst += bytes;
  }
  return dst;
}

/* What a record takes behind its length; 0 if the contract is broken. */
static uint64_t body_bytes(const complab_record_list *list,
                           const complab_record *record, const complab_header *headers,
                           int64_t offset_delta, int64_t timestamp_delta) {
  uint64_t bytes = 1 + (uint64_t)complab_varint_bytes(timestamp_delta) +
                   complab_varint_bytes(offset_delta) + part_bytes(record->key_bytes) +
                   part_bytes(record->value_bytes) +
                   complab_varint_bytes(record->header_count);
  int is_right = is_part(list, record->key_position, record->key_bytes) &&
                 is_part(list, record->value_position, record->value_bytes);
  if (list->headers == NULL) {
    const uint64_t end = (uint64_t)record->headers_position + record->headers_bytes;
    const uint64_t least_bytes = 2 * (uint64_t)record->header_count;
    is_right = is_right && end <= list->src_bytes &&
               record->headers_bytes >= least_bytes &&
               (record->header_count > 0 || record->headers_bytes == 0);
    bytes += record->headers_bytes;
    return is_right && bytes <= RECORD_BYTES_MAX ? bytes : 0;
  }
  for (int32_t i = 0; i < record->header_count && is_right; i++) {
    is_right = headers[i].key_bytes >= 0 &&
               is_part(list, headers[i].key_position, headers[i].key_bytes) &&
               is_part(list, headers[i].value_position, headers[i].value_bytes);
    bytes += part_bytes(headers[i].key_bytes) + part_bytes(headers[i].value_bytes);
  }
  return is_right && bytes <= RECORD_BYTES_MAX ? bytes : 0;
}

static uint8_t *write_record(uint8_t *dst, const complab_record_list *list,
                             const complab_record *record,
                             const complab_header *headers, uint64_t bytes,
                             int64_t offset_delta, int64_t timestamp_delta) {
  dst = complab_varint_write(dst, (int64_t)bytes);
  *dst++ = 0; /* attributes */
  dst = complab_varint_write(dst, timestamp_delta);
  dst = complab_varint_write(dst, offset_delta);
  dst = write_part(dst, list, record->key_position, record->key_bytes);
  dst = write_part(dst, list, record->value_position, record->value_bytes);
  dst = complab_varint_write(dst, record->header_count);
  if (list->headers == NULL) {
    if (record->headers_bytes > 0) {
      memcpy(dst, list->src + record->headers_position, record->headers_bytes);
      dst += record->headers_bytes;
    }
    return dst;
  }
  for (int32_t i = 0; i < record->header_count; i++) {
    dst = write_part(dst, list, headers[i].key_position, headers[i].key_bytes);
    dst = write_part(dst, list, headers[i].value_position, headers[i].value_bytes);
  }
  return dst;
}

complab_status complab_records_write(const complab_record_list *list,
                                     int64_t base_offset, int64_t base_timestamp,
                                     uint8_t *dst, size_t dst_capacity_bytes,
                                     size_t *record_count_out, size_t *dst_bytes_out) {
  if (list == NULL || (list->src == NULL && list->src_bytes > 0) ||
      (list->records == NULL && list->record_count > 0) ||
      (list->headers == NULL && list->header_count > 0) ||
      (dst == NULL && dst_capacity_bytes > 0) || record_count_out == NULL ||
      dst_bytes_out == NULL) {
    return COMPLAB_BAD_ARGUMENT;
  }
  size_t at = 0;
  size_t header = 0;
  size_t count = 0;
  for (; count < list->record_count; count++) {
    const complab_record *record = &list->records[count];
    int64_t offset_delta = 0;
    if (record->header_count < 0 ||
        (list->headers != NULL &&
         (size_t)record->header_count > list->header_count - header) ||
        __builtin_sub_overflow(record->offset, base_offset, &offset_delta) ||
        offset_delta < INT32_MIN || offset_delta > INT32_MAX) {
      return COMPLAB_BAD_ARGUMENT;
    }
    /* A difference beyond 64 bits wraps, and a reader's sum wraps back. */
    const int64_t timestamp_delta =
        (int64_t)((uint64_t)record->timestamp - (uint64_t)base_timestamp);
    const complab_header *headers = list->headers != NULL && record->header_count > 0
                                        ? list->headers + header
                                        : NULL;
    const uint64_t bytes =
        body_bytes(list, record, headers, offset_delta, timestamp_delta);
    if (bytes == 0) {
      return COMPLAB_BAD_ARGUMENT;
    }
    const uint64_t whole_bytes = complab_varint_bytes((int64_t)bytes) + bytes;
    if (whole_bytes > dst_capacity_bytes - at) {
      if (count == 0) {
        *dst_bytes_out = (size_t)whole_bytes;
        *record_count_out = 0;
        return COMPLAB_DST_TOO_SMALL;
      }
      break;
    }
    (void)write_record(dst + at, list, record, headers, bytes, offset_delta,
                       timestamp_delta);
    at += (size_t)whole_bytes;
    header += (size_t)record->header_count;
  }
  *record_count_out = count;
  *dst_bytes_out = at;
  return COMPLAB_OK;
}

complab_status complab_batch_write(const complab_batch *fields, const uint8_t *payload,
                                   size_t payload_bytes, uint8_t *dst,
                                   size_t dst_capacity_bytes, size_t *dst_bytes_out) {
  int64_t last_offset_delta = 0;
  if (fields == NULL || (payload == NULL && payload_bytes > 0) ||
      dst_bytes_out == NULL || (dst == NULL && dst_capacity_bytes > 0) ||
      payload_bytes > (size_t)INT32_MAX - COMPLAB_BATCH_HEADER_BYTES ||
      __builtin_sub_overflow(fields->last_offset, fields->base_offset,
                             &last_offset_delta) ||
      last_offset_delta < INT32_MIN || last_offset_delta > INT32_MAX) {
    return COMPLAB_BAD_ARGUMENT;
  }
  const size_t batch_bytes = COMPLAB_BATCH_HEADER_BYTES + payload_bytes;
  if (batch_bytes > dst_capacity_bytes) {
    *dst_bytes_out = batch_bytes;
    return COMPLAB_DST_TOO_SMALL;
  }
  uint8_t *at = dst + COMPLAB_BATCH_HEADER_BYTES;
  if (payload_bytes > 0 && payload != at) {
    memcpy(at, payload, payload_bytes);
  }
  complab_batch_write_header(fields, (int32_t)last_offset_delta, batch_bytes, dst);
  *dst_bytes_out = batch_bytes;
  return COMPLAB_OK;
}
