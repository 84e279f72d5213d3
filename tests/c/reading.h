/* reading.h - reads the records of a payload at once and one by one, which must agree,
 * also on what is wrong. */
#ifndef COMPLAB_TEST_READING_H
#define COMPLAB_TEST_READING_H

#include "entries.h"

enum { CAPACITY = 16 };

static inline complab_batch batch_of(int32_t record_count) {
  return (complab_batch){.magic = 2,
                         .record_count = record_count,
                         .base_offset = 1000,
                         .last_offset = 1000 + (int64_t)record_count,
                         .base_timestamp = 1700000000000,
                         .max_timestamp = 1700000009999};
}

typedef struct result {
  complab_status status;
  complab_record rows[CAPACITY];
  size_t count;
  complab_fault fault;
  int64_t record_count;
} result;

/* Reads a guarded copy, `capacity` rows a call. */
static inline result read_by(const uint8_t *payload, size_t bytes,
                             const complab_batch *batch, size_t capacity) {
  result out;
  memset(&out, 0, sizeof out);
  const guarded copy = guarded_copy(payload, bytes);
  complab_records records;
  out.status = complab_records_begin(copy.bytes, bytes, batch, &records, &out.fault);
  if (out.status == COMPLAB_OK) {
    out.record_count = records.record_count;
    do {
      CHECK(out.count < CAPACITY || capacity > CAPACITY - out.count);
      const size_t left = CAPACITY - out.count;
      size_t count = 99;
      out.status =
          complab_records_next(copy.bytes, bytes, &records, out.rows + out.count,
                               capacity < left ? capacity : left, &count, &out.fault);
      out.count += count;
    } while (out.status == COMPLAB_OK && records.next_index < records.record_count);
  }
  guarded_free(copy);
  return out;
}

/* All at once and one by one, which must agree, on the error as well. */
static inline result read_records(const uint8_t *payload, size_t bytes,
                                  const complab_batch *batch) {
  const result whole = read_by(payload, bytes, batch, CAPACITY);
  const result single = read_by(payload, bytes, batch, 1);
  CHECK(memcmp(&whole, &single, sizeof whole) == 0);
  return whole;
}

static inline void check_bad(const uint8_t *payload, size_t bytes,
                             const complab_batch *batch, size_t good_count,
                             int64_t position, const char *words) {
  const result got = read_records(payload, bytes, batch);
  CHECK_EQUAL(got.status, COMPLAB_BAD_RECORD);
  CHECK_EQUAL(got.count, good_count);
  if (strstr(got.fault.text, words) == NULL) {
    fprintf(stderr, "not \"%s\" but \"%s\"\n", words, got.fault.text);
    exit(1);
  }
  CHECK_EQUAL(got.fault.native_code, position);
}

#endif
