/* test_records.c - records of payloads built by hand and by the project's own writer:
 * every field, every way to be wrong with the byte that is named, and no byte read
 * beyond the payload, which ends at a guard page. */
#include "reading.h"
#include "records/varint.h"

/* ---- Numbers ----------------------------------------------------------------- */

static void check_varlong(int64_t value, unsigned bytes) {
  uint8_t spelled[COMPLAB_VARLONG_BYTES_MAX];
  CHECK_EQUAL(complab_varint_write(spelled, value) - spelled, bytes);
  CHECK_EQUAL(complab_varint_bytes(value), bytes);
  for (size_t kept = 0; kept <= bytes; kept++) {
    const guarded copy = guarded_copy(spelled, kept);
    const uint8_t *at = copy.bytes;
    int64_t long_value = 0;
    CHECK_EQUAL(complab_varlong_read(&at, copy.bytes + kept, &long_value),
                kept == bytes);
    CHECK_EQUAL(at - copy.bytes, kept == bytes ? bytes : 0);
    CHECK_EQUAL(long_value, kept == bytes ? value : 0);
    at = copy.bytes;
    int32_t int_value = 0;
    if (value == (int32_t)value) {
      CHECK_EQUAL(complab_varint_read(&at, copy.bytes + kept, &int_value),
                  kept == bytes);
      CHECK_EQUAL(int_value, kept == bytes ? value : 0);
    }
    guarded_free(copy);
  }
}

/* The numbers of Kafka's ByteUtilsTest and the edges of every length. */
static void numbers_are_zigzag_varints(void) {
  check_varlong(0, 1);
  check_varlong(-1, 1);
  check_varlong(1, 1);
  check_varlong(63, 1);
  check_varlong(-64, 1);
  check_varlong(64, 2);
  check_varlong(-65, 2);
  check_varlong(8191, 2);
  check_varlong(-8192, 2);
  check_varlong(8192, 3);
  check_varlong(1048575, 3);
  check_varlong(1048576, 4);
  check_varlong(134217727, 4);
  check_varlong(134217728, 5);
  check_varlong(INT32_MAX, 5);
  check_varlong(INT32_MIN, 5);
  check_varlong((int64_t)1 << 34, 6);
  check_varlong(INT64_MAX, 10);
  check_varlong(INT64_MIN, 10);
}

/* Longer spellings than necessary are numbers, as for Kafka; too long ones are not. */
static void long_spellings_are_read(void) {
  static const uint8_t two[] = {0x84, 0x80, 0x80, 0x80, 0x00};
  const uint8_t *at = two;
  int32_t value = 0;
  CHECK(complab_varint_read(&at, two + sizeof two, &value));
  CHECK_EQUAL(value, 2);
  static const uint8_t six[] = {0x84, 0x80, 0x80, 0x80, 0x80, 0x00};
  at = six;
  CHECK(!complab_varint_read(&at, six + sizeof six, &value));
  CHECK(at == six);
  int64_t long_value = 0;
  CHECK(complab_varlong_read(&at, six + sizeof six, &long_value));
  CHECK_EQUAL(long_value, 2);
  static const uint8_t eleven[] = {0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
                                   0x80, 0x80, 0x80, 0x80, 0x00};
  at = eleven;
  CHECK(!complab_varlong_read(&at, eleven + sizeof eleven, &long_value));
}

/* ---- Magic 2 ----------------------------------------------------------------- */

/* Key "k", value null, header "h" = "vv", header "g" = null; then null key, value "v".
 */
static const uint8_t two_records[] = {
    0x1c, 0x00, 0x03, 0x00, 0x02, 'k',  0x01, 0x04, 0x02,
    'h',  0x04, 'v',  'v',  0x02, 'g',                    // 15 bytes
    0x10, 0x07, 0xc8, 0x01, 0x08, 0x01, 0x02, 'v',  0x00  // 9 bytes
};

static const uint8_t *patched(size_t at, uint8_t byte) {
  static uint8_t bytes[sizeof two_records + 1];
  memcpy(bytes, two_records, sizeof two_records);
  bytes[at] = byte;
  return bytes;
}

/* Every field of a record and of its headers comes out. */
static void fields_are_read(void) {
  uint8_t bytes[sizeof two_records + 1];
  memcpy(bytes, two_records, 15);
  bytes[0] = 0x1e;
  bytes[15] = 0x01;
  memcpy(bytes + 16, two_records + 15, 9);
  const complab_batch batch = batch_of(2);
  const result got = read_records(bytes, sizeof bytes, &batch);
  CHECK_EQUAL(got.status, COMPLAB_OK);
  CHECK_EQUAL(got.count, 2);
  const complab_record *row = &got.rows[0];
  CHECK_EQUAL(row->offset, 1000);
  CHECK_EQUAL(row->timestamp, 1700000000000 - 2);
  CHECK_EQUAL(row->position, 0);
  CHECK_EQUAL(row->record_bytes, 16);
  CHECK_EQUAL(row->key_position, 5);
  CHECK_EQUAL(row->key_bytes, 1);
  CHECK_EQUAL(row->value_bytes, -1);
  CHECK_EQUAL(row->header_count, 2);
  CHECK_EQUAL(row->headers_position, 8);
  CHECK_EQUAL(row->headers_bytes, 8);
  CHECK_EQUAL(row->attributes, 0);
  CHECK_EQUAL(row->crc_valid, 1);
  complab_header headers[2];
  complab_fault fault;
  CHECK_EQUAL(complab_headers_read(bytes, sizeof bytes, row, headers, 2, &fault),
              COMPLAB_OK);
  CHECK_EQUAL(headers[0].key_position, 9);
  CHECK_EQUAL(headers[0].key_bytes, 1);
  CHECK_EQUAL(headers[0].value_position, 11);
  CHECK_EQUAL(headers[0].value_bytes, 2);
  CHECK_EQUAL(headers[1].key_position, 14);
  CHECK_EQUAL(headers[1].value_bytes, -1);
  row = &got.rows[1];
  CHECK_EQUAL(row->offset, 1004);
  CHECK_EQUAL(row->timestamp, 1700000000100);
  CHECK_EQUAL(row->position, 16);
  CHECK_EQUAL(row->record_bytes, 9);
  CHECK_EQUAL(row->key_bytes, -1);
  CHECK_EQUAL(row->value_position, 23);
  CHECK_EQUAL(row->value_bytes, 1);
  CHECK_EQUAL(row->header_count, 0);
  CHECK_EQUAL(row->attributes, 7);
}

/* With LogAppendTime every record has the batch's time. */
static void append_time_overrides(void) {
  complab_batch batch = batch_of(1);
  batch.timestamp_type = 1;
  const result got = read_records(two_records + 15, 9, &batch);
  CHECK_EQUAL(got.status, COMPLAB_OK);
  CHECK_EQUAL(got.rows[0].timestamp, 1700000009999);
}

/* Each part that is wrong is named, with its byte. */
static void wrong_records_are_named(void) {
  const complab_batch one = batch_of(1);
  const uint8_t *record = two_records + 15;
  enum { BYTES = 9 };
  check_bad(record, BYTES - 1, &one, 0, 0, "record 0: a length of 8, where");
  check_bad(record, 7, &one, 0, 0, "a length of 8");
  const uint8_t *bytes = patched(15, 0x01); /* length -1 */
  check_bad(bytes + 15, BYTES, &one, 0, 0, "a length of -1");
  bytes = patched(15, 0x12); /* 9 of 8 */
  check_bad(bytes + 15, BYTES, &one, 0, 0, "a length of 9, where");
  bytes = patched(15, 0x0e); /* 7 of 8 */
  check_bad(bytes + 15, BYTES, &one, 0, 8, "its header count is cut off");
  bytes = patched(15, 0x0c); /* 6 of 8 */
  check_bad(bytes + 15, BYTES, &one, 0, 6, "its value is cut off");
  bytes = patched(21, 0x00); /* an empty value */
  check_bad(bytes + 15, BYTES, &one, 0, 7, "headers");
  bytes = patched(23, 0x01);
  check_bad(bytes + 15, BYTES, &one, 0, 8, "a count of -1 headers");
  bytes = patched(23, 0x02);
  check_bad(bytes + 15, BYTES, &one, 0, 8, "a count of 1 headers");
  bytes = patched(20, 0x06); /* a key of 3 */
  check_bad(bytes + 15, BYTES, &one, 0, 9, "its value is cut off");
  bytes = patched(20, 0x08); /* a key of 4 */
  check_bad(bytes + 15, BYTES, &one, 0, 5, "its key is cut off");
  static const uint8_t left[] = {0x10, 0x00, 0x00, 0x00, 0x01, 0x01, 0x00, 0x00, 0x00};
  check_bad(left, sizeof left, &one, 0, 7, "2 bytes are left behind its headers");
  static const uint8_t empty[] = {0x00, 0, 0, 0, 0, 0, 0};
  check_bad(empty, sizeof empty, &one, 0, 1, "timestamp");
  static const uint8_t endless[] = {0x80, 0x80, 0x80, 0x80, 0x80, 0, 0, 0};
  check_bad(endless, sizeof endless, &one, 0, 0, "its length is cut off");
  static const uint8_t no_key[] = {0x12, 0x00, 0x00, 0x00, 0x01,
                                   0x01, 0x02, 0x01, 0x00, 0x00};
  check_bad(no_key, sizeof no_key, &one, 0, 7, "header 0 is cut off or has no key");
}

/* The good records before a wrong one are read. */
static void records_before_are_kept(void) {
  uint8_t bytes[3 * 9];
  for (size_t i = 0; i < 3; i++) {
    memcpy(bytes + 9 * i, two_records + 15, 9);
  }
  const complab_batch batch = batch_of(3);
  CHECK_EQUAL(read_records(bytes, sizeof bytes, &batch).status, COMPLAB_OK);
  bytes[18] = 0x80;
  check_bad(bytes, sizeof bytes, &batch, 2, 18, "record 2: ");
}

/* There are as many records as the batch says: no more, no less, no byte behind. */
static void counts_must_match(void) {
  uint8_t bytes[3 * 9];
  for (size_t i = 0; i < 3; i++) {
    memcpy(bytes + 9 * i, two_records + 15, 9);
  }
  complab_batch batch = batch_of(2);
  check_bad(bytes, sizeof bytes, &batch, 2, 18, "9 bytes are left behind the last");
  batch = batch_of(4); /* more than seven bytes each would need */
  check_bad(bytes, sizeof bytes, &batch, 0, 0, "4 records, where 27 bytes");
  batch = batch_of(-1);
  check_bad(bytes, sizeof bytes, &batch, 0, 0, "a record count of -1");
  batch = batch_of(0);
  check_bad(bytes, sizeof bytes, &batch, 0, 0, "no records, but");
  batch = batch_of(INT32_MAX);
  check_bad(bytes, sizeof bytes, &batch, 0, 0, "2147483647 records");
  batch = batch_of(0);
  CHECK_EQUAL(read_records(NULL, 0, &batch).status, COMPLAB_OK);
  batch = batch_of(3);
  uint8_t less[2 * 9 + 3];
  memcpy(less, bytes, sizeof less);
  batch.record_count = 3;
  check_bad(less, sizeof less, &batch, 2, 18, "record 2: ");
}

/* Headers whose places are not in the payload, or are more than there is room for, are
 * a broken contract; bytes that are none are named. */
static void headers_are_bounded(void) {
  complab_header rows[2];
  complab_fault fault;
  complab_record record = {
      .headers_position = 8, .headers_bytes = 8, .header_count = 2};
  CHECK_EQUAL(complab_headers_read(two_records, 15, &record, rows, 2, &fault),
              COMPLAB_BAD_ARGUMENT);
  record.headers_bytes = 7;
  CHECK_EQUAL(complab_headers_read(two_records, 15, &record, rows, 1, &fault),
              COMPLAB_BAD_ARGUMENT);
  CHECK_EQUAL(complab_headers_read(two_records, 15, &record, rows, 2, &fault),
              COMPLAB_BAD_RECORD);
  CHECK_EQUAL(fault.native_code, 15);
  CHECK(strstr(fault.text, "header 1") != NULL);
}

/* ---- Writing ----------------------------------------------------------------- */

static const uint8_t text[] = "keyvalueheader";

/* What is written is read back, with every kind of part. */
static void records_come_back(void) {
  const complab_header headers[] = {{8, 6, 3, 5}, {8, 0, 0, -1}};
  const complab_record records[] = {
      {.offset = 70,
       .timestamp = 5000,
       .key_position = 0,
       .key_bytes = 3,
       .value_position = 3,
       .value_bytes = 5},
      {.offset = 71,
       .timestamp = 4000,
       .key_bytes = -1,
       .value_bytes = -1,
       .header_count = 2},
      {.offset = 75, .timestamp = INT64_MIN, .key_bytes = 0, .value_bytes = 0},
  };
  const complab_record_list list = {text, 14, records, 3, headers, 2};
  uint8_t bytes[200];
  size_t count = 0;
  size_t written = 0;
  CHECK_EQUAL(
      complab_records_write(&list, 70, 5000, bytes, sizeof bytes, &count, &written),
      COMPLAB_OK);
  CHECK_EQUAL(count, 3);
  complab_batch batch = {
      .magic = 2, .record_count = 3, .base_offset = 70, .base_timestamp = 5000};
  const result got = read_records(bytes, written, &batch);
  CHECK_EQUAL(got.status, COMPLAB_OK);
  for (size_t i = 0; i < 3; i++) {
    CHECK_EQUAL(got.rows[i].offset, records[i].offset);
    CHECK_EQUAL(got.rows[i].timestamp, records[i].timestamp);
    CHECK_EQUAL(got.rows[i].key_bytes, records[i].key_bytes);
    CHECK_EQUAL(got.rows[i].value_bytes, records[i].value_bytes);
    CHECK_EQUAL(got.rows[i].header_count, records[i].header_count);
  }
  CHECK(memcmp(bytes + got.rows[0].value_position, "value", 5) == 0);
  complab_header found[2];
  CHECK_EQUAL(complab_headers_read(bytes, written, &got.rows[1], found, 2, NULL),
              COMPLAB_OK);
  CHECK(memcmp(bytes + found[0].key_position, "header", 6) == 0);
  CHECK(memcmp(bytes + found[0].value_position, "value", 5) == 0);
  CHECK_EQUAL(found[1].key_bytes, 0);
  CHECK_EQUAL(found[1].value_bytes, -1);
}

/* As many records are written as fit, whole ones; the size of one that does not is
 * told. */
static void what_fits_is_written(void) {
  complab_record records[3];
  memset(records, 0, sizeof records);
  for (size_t i = 0; i < 3; i++) {
    records[i].offset = (int64_t)i;
    records[i].value_position = 3;
    records[i].value_bytes = 5;
    records[i].key_bytes = -1;
  }
  const complab_record_list list = {text, 14, records, 3, NULL, 0};
  enum { RECORD_BYTES = 12 };
  for (size_t capacity = 0; capacity < 40; capacity++) {
    const guarded dst = guarded_new(capacity);
    size_t count = 99;
    size_t written = 0;
    const complab_status status =
        complab_records_write(&list, 0, 0, dst.bytes, capacity, &count, &written);
    if (capacity < RECORD_BYTES) {
      CHECK_EQUAL(status, COMPLAB_DST_TOO_SMALL);
      CHECK_EQUAL(written, RECORD_BYTES);
      CHECK_EQUAL(count, 0);
    } else {
      CHECK_EQUAL(status, COMPLAB_OK);
      CHECK_EQUAL(count, capacity < 36 ? capacity / RECORD_BYTES : 3);
      CHECK_EQUAL(written, count * RECORD_BYTES);
    }
    guarded_free(dst);
  }
}

/* Places outside the source, offsets too far away and headers that are not there are a
 * broken contract. */
static void impossible_records_are_refused(void) {
  const complab_record good = {.key_bytes = -1, .value_bytes = 5};
  complab_record bad[6] = {good, good, good, good, good, good};
  bad[0].value_position = 10;
  bad[1].value_position = 15;
  bad[2].offset = (int64_t)INT32_MAX + 1;
  bad[3].offset = INT64_MIN;
  bad[4].header_count = 1;
  bad[5].header_count = -1;
  for (size_t i = 0; i < 6; i++) {
    const complab_record_list list = {text, 14, &bad[i], 1, NULL, 0};
    uint8_t bytes[100];
    size_t count = 0;
    size_t written = 0;
    const int64_t base = i == 3 ? 1 : 0;
    CHECK_EQUAL(
        complab_records_write(&list, base, 0, bytes, sizeof bytes, &count, &written),
        COMPLAB_BAD_ARGUMENT);
  }
}

/* A batch around a payload is what the scan reads, field by field. */
static void batches_come_back(void) {
  uint8_t original[61 + 9];
  put_batch(original, sizeof original, 1234);
  complab_source *source = NULL;
  CHECK_EQUAL(complab_source_from_memory(original, sizeof original, &source),
              COMPLAB_OK);
  complab_batch batch;
  complab_gap gaps[2];
  complab_scan scan = {0};
  const complab_scan_room room = {&batch, 1, gaps, 2, 0};
  size_t count = 0;
  size_t gap_count = 0;
  CHECK_EQUAL(complab_segment_scan(source, &scan, &room, &count, &gap_count, NULL),
              COMPLAB_OK);
  complab_source_free(source);
  uint8_t bytes[sizeof original];
  size_t written = 0;
  CHECK_EQUAL(
      complab_batch_write(&batch, original + 61, 9, bytes, sizeof bytes - 1, &written),
      COMPLAB_DST_TOO_SMALL);
  CHECK_EQUAL(written, sizeof bytes);
  CHECK_EQUAL(
      complab_batch_write(&batch, original + 61, 9, bytes, sizeof bytes, &written),
      COMPLAB_OK);
  CHECK(memcmp(bytes, original, sizeof original) == 0);
  /* the payload in its place already */
  memset(bytes, 0, 61);
  CHECK_EQUAL(complab_batch_write(&batch, bytes + 61, 9, bytes, sizeof bytes, &written),
              COMPLAB_OK);
  CHECK(memcmp(bytes, original, sizeof original) == 0);
  batch.last_offset = batch.base_offset + INT32_MAX + 1;
  CHECK_EQUAL(complab_batch_write(&batch, bytes + 61, 9, bytes, sizeof bytes, &written),
              COMPLAB_BAD_ARGUMENT);
}

int main(void) {
  numbers_are_zigzag_varints();
  long_spellings_are_read();
  fields_are_read();
  append_time_overrides();
  wrong_records_are_named();
  records_before_are_kept();
  counts_must_match();
  headers_are_bounded();
  records_come_back();
  what_fits_is_written();
  impossible_records_are_refused();
  batches_come_back();
  return 0;
}
