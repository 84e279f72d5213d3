/* fuzz_message_set.c - any bytes as a set of messages of magic 0 or 1, in a wrapper or
 * plain; the first bytes are the wrapper's facts. */
#include "fuzz.h"

enum { ROWS = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes) {
  input from = {data, data_bytes};
  const uint64_t facts = take_number(&from, 1);
  complab_batch batch = {.magic = (int8_t)(facts & 1),
                         .codec_id = (int8_t)(facts >> 1 & 3),
                         .timestamp_type = (int8_t)(facts >> 3 & 1),
                         .max_timestamp = 42};
  batch.last_offset = (int64_t)take_number(&from, 8);
  const size_t payload_bytes = from.left;
  uint8_t *payload = take_rest(&from);
  complab_records records;
  complab_fault fault = {0};
  complab_status status =
      complab_records_begin(payload, payload_bytes, &batch, &records, &fault);
  CHECK(status != COMPLAB_OK || records.record_count > 0);
  uint64_t end = 0;
  while (status == COMPLAB_OK && records.next_index < records.record_count) {
    complab_record rows[ROWS];
    size_t count = 0;
    status = complab_records_next(payload, payload_bytes, &records, rows, ROWS, &count,
                                  &fault);
    CHECK(count > 0 || status != COMPLAB_OK);
    for (size_t i = 0; i < count; i++) {
      check_record(&rows[i], payload_bytes);
      CHECK_EQUAL(rows[i].position, end);
      end += rows[i].record_bytes;
      CHECK_EQUAL(rows[i].header_count, 0);
      CHECK(batch.timestamp_type != 1 || rows[i].timestamp == 42);
    }
  }
  CHECK(status == COMPLAB_OK || status == COMPLAB_BAD_RECORD);
  CHECK(status == COMPLAB_OK ||
        (fault.native_code >= 0 && (uint64_t)fault.native_code <= payload_bytes));
  free(payload);
  return 0;
}
