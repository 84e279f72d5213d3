/* fuzz_records.c - any bytes as a payload of magic 2, whose first bytes are the
 * batch's facts. What is read lies in the payload; written again and read once more it
 * is the same. */
#include "fuzz.h"

enum { ROWS = 64 };

static void read_headers(const uint8_t *payload, size_t payload_bytes,
                         const complab_record *row) {
  complab_header headers[ROWS];
  if (row->header_count > ROWS) {
    return;
  }
  CHECK_EQUAL(complab_headers_read(payload, payload_bytes, row, headers, ROWS, NULL),
              COMPLAB_OK);
  for (int32_t i = 0; i < row->header_count; i++) {
    CHECK(headers[i].key_bytes >= 0);
    check_within(headers[i].key_position, headers[i].key_bytes, payload_bytes);
    check_within(headers[i].value_position, headers[i].value_bytes, payload_bytes);
  }
}

/* A record without headers is written and read back. */
static void write_back(const uint8_t *payload, size_t payload_bytes,
                       const complab_batch *batch, const complab_record *row) {
  const size_t capacity = (size_t)row->record_bytes + 32;
  uint8_t *dst = malloc(capacity);
  CHECK(dst != NULL);
  complab_record bare = *row;
  bare.header_count = 0;
  const complab_record_list list = {payload, payload_bytes, &bare, 1, NULL, 0};
  size_t count = 0;
  size_t written = 0;
  const complab_status status =
      complab_records_write(&list, batch->base_offset, batch->base_timestamp, dst,
                            capacity, &count, &written);
  CHECK(status == COMPLAB_OK || status == COMPLAB_BAD_ARGUMENT);
  if (status == COMPLAB_OK) {
    complab_batch one = *batch;
    one.record_count = 1;
    one.timestamp_type = 0;
    complab_records records;
    complab_record again;
    CHECK_EQUAL(complab_records_begin(dst, written, &one, &records, NULL), COMPLAB_OK);
    CHECK_EQUAL(complab_records_next(dst, written, &records, &again, 1, &count, NULL),
                COMPLAB_OK);
    CHECK_EQUAL(count, 1);
    CHECK_EQUAL(again.offset, row->offset);
    CHECK_EQUAL(again.timestamp, row->timestamp);
    CHECK_EQUAL(again.key_bytes, row->key_bytes);
    CHECK_EQUAL(again.value_bytes, row->value_bytes);
    CHECK(row->value_bytes <= 0 ||
          memcmp(dst + again.value_position, payload + row->value_position,
                 (size_t)row->value_bytes) == 0);
  }
  free(dst);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes) {
  input from = {data, data_bytes};
  complab_batch batch = {.magic = 2};
  batch.timestamp_type = (int8_t)(take_number(&from, 1) & 1);
  batch.record_count = (int32_t)take_number(&from, 4);
  batch.base_offset = (int64_t)take_number(&from, 8);
  batch.base_timestamp = (int64_t)take_number(&from, 8);
  batch.max_timestamp = batch.base_timestamp;
  const size_t payload_bytes = from.left;
  uint8_t *payload = take_rest(&from);
  complab_records records;
  complab_fault fault = {0};
  complab_status status =
      complab_records_begin(payload, payload_bytes, &batch, &records, &fault);
  while (status == COMPLAB_OK && records.next_index < records.record_count) {
    complab_record rows[ROWS];
    size_t count = 0;
    status = complab_records_next(payload, payload_bytes, &records, rows, ROWS, &count,
                                  &fault);
    CHECK(count <= ROWS && (count > 0 || status != COMPLAB_OK));
    for (size_t i = 0; i < count; i++) {
      check_record(&rows[i], payload_bytes);
      read_headers(payload, payload_bytes, &rows[i]);
      write_back(payload, payload_bytes, &batch, &rows[i]);
    }
  }
  CHECK(status == COMPLAB_OK || status == COMPLAB_BAD_RECORD);
  if (status == COMPLAB_BAD_RECORD) {
    CHECK(fault.native_code >= 0 && (uint64_t)fault.native_code <= payload_bytes);
    CHECK(fault.text[0] != '\0');
  } else {
    CHECK(records.position == payload_bytes);
  }
  free(payload);
  return 0;
}
