/* fuzz.h - what the fuzz targets share: an input that is taken apart, and copies that
 * end where their allocation ends, so that AddressSanitizer sees the first byte beyond.
 */
#ifndef COMPLAB_FUZZ_H
#define COMPLAB_FUZZ_H

#include "complab.h"
#include "test.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes);

typedef struct input {
  const uint8_t *at;
  size_t left;
} input;

/* A number from the input's next bytes; zeros where it ends. */
static inline uint64_t take_number(input *from, size_t bytes) {
  uint64_t number = 0;
  for (size_t i = 0; i < bytes; i++) {
    number = number << 8 | (from->left > 0 ? *from->at : 0);
    from->at += from->left > 0;
    from->left -= from->left > 0;
  }
  return number;
}

/* The rest of the input; the caller frees it. */
static inline uint8_t *take_rest(input *from) {
  uint8_t *copy = malloc(from->left > 0 ? from->left : 1);
  CHECK(copy != NULL);
  memcpy(copy, from->at, from->left);
  return copy;
}

static inline void check_within(uint64_t position, int64_t bytes, size_t end) {
  CHECK(position <= end);
  CHECK(bytes <= 0 || (uint64_t)bytes <= end - position);
}

/* Every place of a row is in the payload. */
static inline void check_record(const complab_record *row, size_t payload_bytes) {
  check_within(row->position, row->record_bytes, payload_bytes);
  const size_t end = (size_t)row->position + row->record_bytes;
  CHECK(row->key_bytes >= -1 && row->value_bytes >= -1 && row->header_count >= 0);
  CHECK(row->record_bytes > 0 && row->key_position >= row->position);
  check_within(row->key_position, row->key_bytes, end);
  check_within(row->value_position, row->value_bytes, end);
  check_within(row->headers_position, row->headers_bytes, end);
}

#endif
