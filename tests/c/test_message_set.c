/* test_message_set.c - messages of magic 0 and 1 in wrappers and plain, their CRC-32,
 * and many batches of every magic in one call. */
#include "reading.h"

/* A record with a null key and the value "v". */
static const uint8_t record[] = {0x10, 0x07, 0xc8, 0x01, 0x08, 0x01, 0x02, 'v', 0x00};

static size_t put_set(uint8_t *dst, int magic, uint64_t first_offset) {
  size_t at = put_message(dst, magic, first_offset, 0, "a", "one");
  at += put_message(dst + at, magic, first_offset + 1, 0, NULL, "two");
  return at + put_message(dst + at, magic, first_offset + 4, 0, "c", NULL);
}

/* The messages of a set: absolute offsets in magic 0, in magic 1 counted back from the
 * wrapper's, unless that is 0. */
static void sets_have_their_offsets(void) {
  uint8_t bytes[300];
  complab_batch batch = {
      .magic = 0, .codec_id = 1, .last_offset = 1004, .timestamp_type = -1};
  size_t size = put_set(bytes, 0, 1000);
  result got = read_records(bytes, size, &batch);
  CHECK_EQUAL(got.status, COMPLAB_OK);
  CHECK_EQUAL(got.record_count, 3);
  CHECK_EQUAL(got.rows[0].offset, 1000);
  CHECK_EQUAL(got.rows[2].offset, 1004);
  CHECK_EQUAL(got.rows[0].timestamp, -1);
  CHECK_EQUAL(got.rows[0].key_bytes, 1);
  CHECK(memcmp(bytes + got.rows[0].value_position, "one", 3) == 0);
  CHECK_EQUAL(got.rows[1].key_bytes, -1);
  CHECK_EQUAL(got.rows[2].value_bytes, -1);
  CHECK_EQUAL(got.rows[2].header_count, 0);
  CHECK_EQUAL(got.rows[2].headers_position, size);
  CHECK_EQUAL(got.rows[1].crc_valid, 1);
  batch.magic = 1;
  batch.timestamp_type = 0;
  size = put_set(bytes, 1, 0);
  got = read_records(bytes, size, &batch);
  CHECK_EQUAL(got.rows[0].offset, 1000);
  CHECK_EQUAL(got.rows[1].offset, 1001);
  CHECK_EQUAL(got.rows[2].offset, 1004);
  CHECK_EQUAL(got.rows[1].timestamp, 1700000000001);
  batch.last_offset = 0;
  got = read_records(bytes, size, &batch);
  CHECK_EQUAL(got.rows[2].offset, 4);
  batch.last_offset = 4;
  got = read_records(bytes, size, &batch);
  CHECK_EQUAL(got.rows[2].offset, 4);
  batch.last_offset = 3;
  check_bad(bytes, size, &batch, 0, 0, "the wrapper's offset 3 is less");
}

/* LogAppendTime on the wrapper is the time of all. */
static void the_wrapper_has_the_time(void) {
  uint8_t bytes[300];
  const complab_batch batch = {.magic = 1,
                               .codec_id = 1,
                               .last_offset = 9,
                               .timestamp_type = 1,
                               .max_timestamp = 42};
  const size_t size = put_set(bytes, 1, 0);
  const result got = read_records(bytes, size, &batch);
  CHECK_EQUAL(got.rows[0].timestamp, 42);
  CHECK_EQUAL(got.rows[2].timestamp, 42);
}

/* Wherever a set is cut, the whole messages are read; without one it is wrong. */
static void sets_may_be_partial(void) {
  uint8_t bytes[300];
  const size_t size = put_set(bytes, 0, 1000);
  const size_t first = message_bytes(0, 1, 3);
  const size_t second = first + message_bytes(0, 0, 3);
  const complab_batch batch = {.magic = 0, .codec_id = 2, .timestamp_type = -1};
  for (size_t kept = 0; kept < size; kept++) {
    if (kept < first) {
      check_bad(bytes, kept, &batch, 0, 0, "without a whole message");
    } else {
      const result got = read_records(bytes, kept, &batch);
      CHECK_EQUAL(got.status, COMPLAB_OK);
      CHECK_EQUAL(got.count, kept < second ? 1 : 2);
    }
  }
}

/* What Kafka refuses in a set is refused, with its byte; a wrong CRC is a fact. */
static void wrong_messages_are_named(void) {
  uint8_t bytes[300];
  const size_t size = put_set(bytes, 1, 0);
  const size_t second = message_bytes(1, 1, 3);
  const complab_batch batch = {.magic = 1, .codec_id = 3, .last_offset = 4};
  uint8_t *message = bytes + second;
  const int64_t at = (int64_t)second;
  put(message + 8, 13, 4);
  check_bad(bytes, size, &batch, 0, at + 8, "record 1: a length of 13");
  put(message + 8, 21, 4);
  check_bad(bytes, size, &batch, 0, at + 8, "a length of 21, where magic 1 needs 22");
  put_set(bytes, 1, 0);
  message[16] = 0;
  check_bad(bytes, size, &batch, 0, at + 16, "magic 0 in a set of magic 1");
  message[16] = 1;
  message[17] = 2;
  check_bad(bytes, size, &batch, 1, at + 17, "a compressed message inside");
  put_set(bytes, 1, 0);
  put(message + 26, 4, 4);
  check_bad(bytes, size, &batch, 1, at + 26, "its key of 4 bytes");
  put_set(bytes, 1, 0);
  put(message + 30, 4, 4);
  check_bad(bytes, size, &batch, 1, at + 30, "its value of 4 bytes");
  put_set(bytes, 1, 0);
  message[34] ^= 1;
  const result got = read_records(bytes, size, &batch);
  CHECK_EQUAL(got.status, COMPLAB_OK);
  CHECK_EQUAL(got.rows[0].crc_valid, 1);
  CHECK_EQUAL(got.rows[1].crc_valid, 0);
}

/* Plain messages keep their own offsets, also in magic 1. */
static void plain_messages_are_themselves(void) {
  uint8_t bytes[300];
  const size_t size = put_set(bytes, 1, 500);
  const complab_batch batch = {.magic = 1, .last_offset = 500, .base_offset = 500};
  const result got = read_records(bytes, size, &batch);
  CHECK_EQUAL(got.status, COMPLAB_OK);
  CHECK_EQUAL(got.rows[0].offset, 500);
  CHECK_EQUAL(got.rows[2].offset, 504);
}

/* ---- Many batches ------------------------------------------------------------ */

/* Many batches give the rows that each gives alone, with places in the whole, in calls
 * of any size, and reading goes on behind a wrong one. */
static void batches_are_gathered(void) {
  uint8_t bytes[400];
  memset(bytes, 0xee, sizeof bytes);
  complab_batch batches[4] = {
      batch_of(1), {.magic = 0, .codec_id = 1}, batch_of(0), batch_of(2)};
  complab_span spans[4] = {{3, 9}, {20, 0}, {7, 0}, {300, 18}};
  memcpy(bytes + 3, record, 9);
  spans[1].bytes = put_set(bytes + 20, 0, 7);
  memcpy(bytes + 300, record, 9);
  memcpy(bytes + 309, record, 9);
  static const int64_t offsets[] = {1004, 7, 8, 11, 1004, 1004};
  for (size_t capacity = 1; capacity < 8; capacity++) {
    complab_gathering gathering = {0};
    complab_record rows[CAPACITY];
    int64_t counts[4] = {-9, -9, -9, -9};
    size_t total = 0;
    while (gathering.batch_index < 4) {
      size_t count = 0;
      CHECK_EQUAL(
          complab_records_gather(bytes, sizeof bytes, batches, spans, 4, &gathering,
                                 rows + total, capacity, &count, counts, NULL),
          COMPLAB_OK);
      total += count;
    }
    CHECK_EQUAL(total, 6);
    for (size_t i = 0; i < 6; i++) {
      CHECK_EQUAL(rows[i].offset, offsets[i]);
    }
    CHECK_EQUAL(rows[0].position, 3);
    CHECK(memcmp(bytes + rows[1].value_position, "one", 3) == 0);
    CHECK(bytes[rows[1].key_position] == 'a');
    CHECK(bytes[rows[5].value_position] == 'v');
    CHECK_EQUAL(rows[5].position, 309);
    CHECK_EQUAL(counts[1], 3);
    CHECK_EQUAL(counts[2], 0);
    CHECK_EQUAL(counts[3], 2);
  }
  bytes[20 + 8] = 0xff;
  complab_gathering gathering = {0};
  complab_record rows[CAPACITY];
  complab_fault fault;
  size_t count = 0;
  CHECK_EQUAL(complab_records_gather(bytes, sizeof bytes, batches, spans, 4, &gathering,
                                     rows, CAPACITY, &count, NULL, &fault),
              COMPLAB_BAD_RECORD);
  CHECK_EQUAL(count, 1);
  CHECK_EQUAL(gathering.batch_index, 1);
  CHECK_EQUAL(fault.native_code, 28);
  gathering.batch_index++;
  gathering.is_begun = 0;
  CHECK_EQUAL(complab_records_gather(bytes, sizeof bytes, batches, spans, 4, &gathering,
                                     rows, CAPACITY, &count, NULL, &fault),
              COMPLAB_OK);
  CHECK_EQUAL(count, 2);
  CHECK_EQUAL(gathering.batch_index, 4);
  gathering = (complab_gathering){0};
  spans[0].bytes = sizeof bytes - 2;
  CHECK_EQUAL(complab_records_gather(bytes, sizeof bytes, batches, spans, 4, &gathering,
                                     rows, CAPACITY, &count, NULL, &fault),
              COMPLAB_BAD_ARGUMENT);
}

/* ---- CRC-32 ------------------------------------------------------------------ */

/* The check value of the CRC catalogue, in one call and in two at any place. */
static void crc32_is_the_usual_one(void) {
  static const uint8_t digits[] = "123456789";
  for (size_t i = 0; i <= 9; i++) {
    CHECK_EQUAL(complab_crc32(complab_crc32(0, digits, i), digits + i, 9 - i),
                0xcbf43926);
  }
  uint8_t noise[1000];
  uint64_t state = 5;
  for (size_t i = 0; i < sizeof noise; i++) {
    noise[i] = test_noise(&state);
  }
  uint32_t crc = UINT32_MAX;
  for (size_t i = 0; i < sizeof noise; i++) {
    crc ^= noise[i];
    for (int bit = 0; bit < 8; bit++) {
      crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
  }
  CHECK_EQUAL(complab_crc32(0, noise, sizeof noise), ~crc);
}

int main(void) {
  sets_have_their_offsets();
  the_wrapper_has_the_time();
  sets_may_be_partial();
  wrong_messages_are_named();
  plain_messages_are_themselves();
  batches_are_gathered();
  crc32_is_the_usual_one();
  return 0;
}
