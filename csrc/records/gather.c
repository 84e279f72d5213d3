/* gather.c - the records of many batches in one call. A batch of 16 KiB holds some 80
 * records of 200 bytes, which take C about 2 us; a call from Python for each would take
 * ten times that. */
#include "complab_records.h"

/* A span as a buffer of its own. The rows' places are then moved to where it stands. */
static complab_status next_rows(const uint8_t *src, complab_span span,
                                complab_gathering *gathering, complab_record *rows,
                                size_t capacity, size_t *count_out,
                                complab_fault *fault_out) {
  complab_records *records = &gathering->records;
  const complab_status status =
      complab_records_next(src + span.position, (size_t)span.bytes, records, rows,
                           capacity, count_out, fault_out);
  const uint32_t moved = (uint32_t)span.position;
  for (size_t i = 0; i < *count_out; i++) {
    rows[i].position += moved;
    rows[i].key_position += moved;
    rows[i].value_position += moved;
    rows[i].headers_position += moved;
  }
  return status;
}

complab_status complab_records_gather(const uint8_t *src, size_t src_bytes,
                                      const complab_batch *batches,
                                      const complab_span *payloads, size_t batch_count,
                                      complab_gathering *gathering,
                                      complab_record *rows, size_t capacity,
                                      size_t *record_count_out, int64_t *record_counts,
                                      complab_fault *fault_out) {
  if ((src == NULL && src_bytes > 0) || src_bytes > UINT32_MAX ||
      ((batches == NULL || payloads == NULL) && batch_count > 0) || gathering == NULL ||
      gathering->batch_index > batch_count || (rows == NULL && capacity > 0) ||
      record_count_out == NULL) {
    return COMPLAB_BAD_ARGUMENT;
  }
  static const uint8_t nothing = 0;
  const uint8_t *bytes = src != NULL ? src : &nothing;
  *record_count_out = 0;
  for (; gathering->batch_index < batch_count; gathering->batch_index++) {
    const size_t batch = gathering->batch_index;
    const complab_span span = payloads[batch];
    if (span.position > src_bytes || span.bytes > src_bytes - span.position) {
      return COMPLAB_BAD_ARGUMENT;
    }
    complab_status status = COMPLAB_OK;
    size_t count = 0;
    if (!gathering->is_begun) {
      status = complab_records_begin(bytes + span.position, (size_t)span.bytes,
                                     &batches[batch], &gathering->records, fault_out);
      gathering->is_begun = status == COMPLAB_OK;
      if (record_counts != NULL) {
        record_counts[batch] =
            status == COMPLAB_OK ? gathering->records.record_count : -1;
      }
    }
    if (status == COMPLAB_OK) {
      status = next_rows(bytes, span, gathering, rows + *record_count_out,
                         capacity - *record_count_out, &count, fault_out);
      *record_count_out += count;
    }
    if (status != COMPLAB_OK) {
      if (status == COMPLAB_BAD_RECORD && fault_out != NULL) {
        fault_out->native_code += (int64_t)span.position;
      }
      return status;
    }
    if (gathering->records.next_index < gathering->records.record_count) {
      return COMPLAB_OK; /* the rows are full */
    }
    gathering->is_begun = 0;
  }
  return COMPLAB_OK;
}
