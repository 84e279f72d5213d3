/* entries.h - entries of a log, built by hand for the tests of the reader. */
#ifndef COMPLAB_TEST_ENTRIES_H
#define COMPLAB_TEST_ENTRIES_H

#include "complab.h"
#include "test.h"

static inline void put(uint8_t *dst, uint64_t value, size_t bytes) {
  for (size_t i = 0; i < bytes; i++) {
    dst[i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
  }
}

/* Puts the right CRC into a batch of magic 2. */
static inline void seal_batch(uint8_t *dst, size_t batch_bytes) {
  put(dst + 17, complab_crc32c_portable(0, dst + 21, batch_bytes - 21), 4);
}

/* A batch of magic 2 with a different value in each field. Its payload repeats a byte
 * that is no magic. */
static inline void put_batch(uint8_t *dst, size_t batch_bytes, uint64_t base_offset) {
  put(dst, base_offset, 8);
  put(dst + 8, batch_bytes - 12, 4);
  put(dst + 12, 0x01020304, 4);
  put(dst + 16, 2, 1);
  put(dst + 21, 0x0034, 2); /* control, transactional, zstd */
  put(dst + 23, 41, 4);
  put(dst + 27, 1700000000000, 8);
  put(dst + 35, 1700000000123, 8);
  put(dst + 43, 0x1122334455667788, 8);
  put(dst + 51, 7, 2);
  put(dst + 53, 77, 4);
  put(dst + 57, 42, 4);
  memset(dst + 61, 0xab, batch_bytes - 61);
  seal_batch(dst, batch_bytes);
}

/* What a message takes; a NULL key or value takes its length alone. */
static inline size_t message_bytes(int magic, size_t key_bytes, size_t value_bytes) {
  return (size_t)(magic == 0 ? 18 : 26) + 4 + key_bytes + 4 + value_bytes;
}

/* Puts the right CRC into a message. */
static inline void seal_message(uint8_t *dst, size_t bytes) {
  put(dst + 12, complab_crc32(0, dst + 16, bytes - 16), 4);
}

/* A message of magic 0 or 1; returns its size. */
static inline size_t put_message(uint8_t *dst, int magic, uint64_t offset,
                                 int attributes, const char *key, const char *value) {
  const size_t key_bytes = key != NULL ? strlen(key) : 0;
  const size_t value_bytes = value != NULL ? strlen(value) : 0;
  const size_t bytes = message_bytes(magic, key_bytes, value_bytes);
  put(dst, offset, 8);
  put(dst + 8, bytes - 12, 4);
  dst[16] = (uint8_t)magic;
  dst[17] = (uint8_t)attributes;
  uint8_t *at = dst + 18;
  if (magic == 1) {
    put(at, 1700000000000 + offset, 8);
    at += 8;
  }
  put(at, key != NULL ? key_bytes : UINT32_MAX, 4);
  at += 4;
  for (size_t i = 0; i < key_bytes; i++) {
    *at++ = (uint8_t)key[i];
  }
  put(at, value != NULL ? value_bytes : UINT32_MAX, 4);
  at += 4;
  for (size_t i = 0; i < value_bytes; i++) {
    *at++ = (uint8_t)value[i];
  }
  seal_message(dst, bytes);
  return bytes;
}

#endif
