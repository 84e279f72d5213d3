/* test_path.c - a batch on its way: records are encoded, sealed, checked and read, each
 * as an operation over a block, and every byte stands at a guard page. */
#include "complab.h"
#include "test.h"

static const char source[] = "key-valuenamecontent";

enum { KEY = 0, KEY_BYTES = 3, VALUE = 4, VALUE_BYTES = 5, RECORDS = 3 };

static complab_record record_at(int64_t offset) {
  return (complab_record){.offset = offset,
                          .timestamp = 1000 + offset,
                          .key_position = KEY,
                          .key_bytes = KEY_BYTES,
                          .value_position = VALUE,
                          .value_bytes = VALUE_BYTES};
}

static complab_encoding encoding_of(const complab_record *records, size_t count) {
  return (complab_encoding){.list = {.src = (const uint8_t *)source,
                                     .src_bytes = sizeof source - 1,
                                     .records = records,
                                     .record_count = count},
                            .base_offset = records[0].offset,
                            .base_timestamp = records[0].timestamp};
}

static complab_batch fields_of(size_t count) {
  return (complab_batch){.magic = 2,
                         .record_count = (int32_t)count,
                         .last_offset = (int64_t)count - 1,
                         .base_timestamp = 1000,
                         .producer_id = -1};
}

static complab_block block_of(const void *src, size_t src_bytes, guarded dst,
                              size_t dst_bytes) {
  return (complab_block){.src = src,
                         .src_bytes = src_bytes,
                         .dst = dst.bytes,
                         .dst_capacity_bytes = dst_bytes};
}

/* What is encoded is sealed, checked and read again; a flipped bit is seen. */
static void a_batch_goes_all_the_way(void) {
  complab_record records[RECORDS];
  for (int i = 0; i < RECORDS; i++) {
    records[i] = record_at(i);
  }
  const complab_encoding encoding = encoding_of(records, RECORDS);
  enum { ROOM = 200 };
  const guarded payload = guarded_new(ROOM);
  complab_block encode = block_of(&encoding, sizeof encoding, payload, ROOM);
  CHECK_EQUAL(complab_encode_run(NULL, &encode), COMPLAB_OK);

  const complab_sealing sealing = {fields_of(RECORDS), payload.bytes, encode.dst_bytes};
  const size_t batch_bytes = COMPLAB_BATCH_HEADER_BYTES + encode.dst_bytes;
  const guarded batch = guarded_new(batch_bytes);
  complab_block seal = block_of(&sealing, sizeof sealing, batch, batch_bytes);
  CHECK_EQUAL(complab_seal_run(NULL, &seal), COMPLAB_OK);
  CHECK_EQUAL(seal.dst_bytes, batch_bytes);

  complab_block check = {.src = batch.bytes, .src_bytes = batch_bytes};
  CHECK_EQUAL(complab_check_run(NULL, &check), COMPLAB_OK);
  batch.bytes[batch_bytes - 1] ^= 1;
  CHECK_EQUAL(complab_check_run(NULL, &check), COMPLAB_BAD_RECORD);
  check.src_bytes = COMPLAB_BATCH_HEADER_BYTES - 1;
  CHECK_EQUAL(complab_check_run(NULL, &check), COMPLAB_BAD_RECORD);

  const guarded exact = guarded_copy(payload.bytes, encode.dst_bytes);
  complab_reading reading = {fields_of(RECORDS), exact.bytes, encode.dst_bytes};
  complab_block read = {.src = (const void *)&reading, .src_bytes = sizeof reading};
  CHECK_EQUAL(complab_read_run(NULL, &read), COMPLAB_OK);
  CHECK_EQUAL(read.dst_bytes, RECORDS);
  reading.payload_bytes--;
  CHECK_EQUAL(complab_read_run(NULL, &read), COMPLAB_BAD_RECORD);
  guarded_free(exact);
  guarded_free(batch);
  guarded_free(payload);
}

/* A record more than dst has room for is not left out silently. */
static void what_does_not_fit_is_told(void) {
  const complab_record records[2] = {record_at(0), record_at(1)};
  const complab_encoding encoding = encoding_of(records, 2);
  enum { ROOM = 200 };
  const guarded dst = guarded_new(ROOM);
  complab_block whole = block_of(&encoding, sizeof encoding, dst, ROOM);
  CHECK_EQUAL(complab_encode_run(NULL, &whole), COMPLAB_OK);
  complab_block tight = block_of(&encoding, sizeof encoding, dst, whole.dst_bytes - 1);
  CHECK_EQUAL(complab_encode_run(NULL, &tight), COMPLAB_DST_TOO_SMALL);
  guarded_free(dst);
}

/* Offsets that are not 0, 1, 2: what makes a broker rebuild a batch is counted. */
static void offsets_out_of_sequence_are_counted(void) {
  complab_record records[RECORDS];
  for (int i = 0; i < RECORDS; i++) {
    records[i] = record_at(0);
  }
  const complab_encoding encoding = encoding_of(records, RECORDS);
  enum { ROOM = 200 };
  const guarded payload = guarded_new(ROOM);
  complab_block encode = block_of(&encoding, sizeof encoding, payload, ROOM);
  CHECK_EQUAL(complab_encode_run(NULL, &encode), COMPLAB_OK);
  const complab_reading reading = {fields_of(RECORDS), payload.bytes, encode.dst_bytes};
  complab_block read = {.src = (const void *)&reading, .src_bytes = sizeof reading};
  CHECK_EQUAL(complab_read_run(NULL, &read), COMPLAB_OK);
  CHECK_EQUAL(read.dst_bytes, 1);
  guarded_free(payload);
}

/* The sequence goes over the last offset there is: it wraps there as the records' own
 * offsets do. */
static void offsets_wrap_at_their_end(void) {
  enum { MANY = 200 }; /* more than are read at a time */
  complab_record records[MANY];
  for (int i = 0; i < MANY; i++) {
    records[i] = record_at(i);
  }
  const complab_encoding encoding = encoding_of(records, MANY);
  enum { ROOM = 20 * MANY };
  const guarded payload = guarded_new(ROOM);
  complab_block encode = block_of(&encoding, sizeof encoding, payload, ROOM);
  CHECK_EQUAL(complab_encode_run(NULL, &encode), COMPLAB_OK);
  complab_reading reading = {fields_of(MANY), payload.bytes, encode.dst_bytes};
  static const int64_t left[] = {0, 100, 127, 128, 150}; /* behind the first */
  for (size_t i = 0; i < sizeof left / sizeof *left; i++) {
    reading.batch.base_offset = INT64_MAX - left[i];
    complab_block read = {.src = (const void *)&reading, .src_bytes = sizeof reading};
    CHECK_EQUAL(complab_read_run(NULL, &read), COMPLAB_OK);
    CHECK_EQUAL(read.dst_bytes, MANY);
  }
  guarded_free(payload);
}

/* Headers are copied as they stand in the source, if nobody lists them; a place
 * outside of it is refused. */
static void headers_are_copied_as_they_stand(void) {
  static const uint8_t with_header[] = {'v', 2, 'h', 4, 'x', 'y'};
  complab_record record = {.key_bytes = -1,
                           .value_position = 0,
                           .value_bytes = 1,
                           .headers_position = 1,
                           .headers_bytes = 5,
                           .header_count = 1};
  const complab_encoding encoding = {.list = {.src = with_header,
                                              .src_bytes = sizeof with_header,
                                              .records = &record,
                                              .record_count = 1}};
  static const uint8_t expected[] = {24, 0, 0, 0, 1, 2, 'v', 2, 2, 'h', 4, 'x', 'y'};
  const guarded dst = guarded_new(sizeof expected);
  complab_block encode = block_of(&encoding, sizeof encoding, dst, sizeof expected);
  CHECK_EQUAL(complab_encode_run(NULL, &encode), COMPLAB_OK);
  CHECK_EQUAL(encode.dst_bytes, sizeof expected);
  CHECK(memcmp(dst.bytes, expected, sizeof expected) == 0);
  record.headers_bytes = 1; /* a header takes two bytes at the least */
  CHECK_EQUAL(complab_encode_run(NULL, &encode), COMPLAB_BAD_ARGUMENT);
  record.headers_bytes = 6;
  CHECK_EQUAL(complab_encode_run(NULL, &encode), COMPLAB_BAD_ARGUMENT);
  record.headers_position = UINT32_MAX;
  record.headers_bytes = UINT32_MAX;
  CHECK_EQUAL(complab_encode_run(NULL, &encode), COMPLAB_BAD_ARGUMENT);
  guarded_free(dst);
}

int main(void) {
  a_batch_goes_all_the_way();
  what_does_not_fit_is_told();
  offsets_out_of_sequence_are_counted();
  offsets_wrap_at_their_end();
  headers_are_copied_as_they_stand();
  return 0;
}
