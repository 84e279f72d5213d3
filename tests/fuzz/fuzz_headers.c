/* fuzz_headers.c - any bytes as the headers of a record, at any place that a row could
 * claim. */
#include "fuzz.h"

enum { ROWS = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes) {
  input from = {data, data_bytes};
  complab_record record = {0};
  record.header_count = (int32_t)take_number(&from, 1) - 1;
  record.headers_position = (uint32_t)take_number(&from, 1);
  /* A row that was read ends its headers in the payload; any other is refused. */
  const uint32_t cut = (uint32_t)take_number(&from, 1);
  record.headers_bytes = (uint32_t)from.left - record.headers_position - cut;
  const size_t payload_bytes = from.left;
  uint8_t *payload = take_rest(&from);
  complab_header rows[ROWS];
  complab_fault fault = {0};
  const complab_status status =
      complab_headers_read(payload, payload_bytes, &record, rows, ROWS, &fault);
  const size_t end = (size_t)record.headers_position + record.headers_bytes;
  if (status == COMPLAB_OK) {
    for (int32_t i = 0; i < record.header_count; i++) {
      CHECK(rows[i].key_bytes >= 0 && rows[i].value_bytes >= -1);
      check_within(rows[i].key_position, rows[i].key_bytes, end);
      check_within(rows[i].value_position, rows[i].value_bytes, end);
    }
  } else if (status == COMPLAB_BAD_RECORD) {
    CHECK(fault.native_code >= 0 && (uint64_t)fault.native_code <= end);
  } else {
    CHECK_EQUAL(status, COMPLAB_BAD_ARGUMENT);
  }
  free(payload);
  return 0;
}
