/* test.h - as much of a test framework as the C tests need: a check that says where and
 * what, and buffers that end at a page nobody may touch, so that a byte read or written
 * too far is a crash and not luck. A test program that finds nothing to test returns
 * TEST_SKIPPED, which ctest shows as such. */
#ifndef COMPLAB_TEST_H
#define COMPLAB_TEST_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define TEST_SKIPPED 77

#define CHECK(condition)                                                      \
  do {                                                                        \
    if (!(condition)) {                                                       \
      fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__, #condition); \
      exit(1);                                                                \
    }                                                                         \
  } while (0)

#define CHECK_EQUAL(actual, expected) \
  test_check_equal((int64_t)(actual), (int64_t)(expected), #actual, __FILE__, __LINE__)

static inline void test_check_equal(int64_t actual, int64_t expected, const char *what,
                                    const char *file, int line) {
  if (actual != expected) {
    fprintf(stderr, "%s:%d: failed: %s is %lld, expected %lld\n", file, line, what,
            (long long)actual, (long long)expected);
    exit(1);
  }
}

/* A buffer whose last byte is the last before a page without any access. */
typedef struct guarded {
  uint8_t *bytes;
  void *mapping;
  size_t mapping_bytes;
} guarded;

static inline guarded guarded_new(size_t bytes) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  const size_t usable = (bytes + page - 1) / page * page;
  void *mapping = mmap(NULL, usable + page, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(mapping != MAP_FAILED);
  CHECK(mprotect((uint8_t *)mapping + usable, page, PROT_NONE) == 0);
  return (guarded){(uint8_t *)mapping + usable - bytes, mapping, usable + page};
}

static inline guarded guarded_copy(const void *src, size_t bytes) {
  const guarded copy = guarded_new(bytes);
  if (bytes > 0) {
    memcpy(copy.bytes, src, bytes);
  }
  return copy;
}

static inline void guarded_free(guarded buffer) {
  CHECK(munmap(buffer.mapping, buffer.mapping_bytes) == 0);
}

/* Reproducible noise (xorshift64); the state must not be 0. */
static inline uint8_t test_noise(uint64_t *state) {
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return (uint8_t)(*state >> 32);
}

#endif
