/* cold.c - takes blocks out of the caches.
 *
 * "Cold buffers" means: what a codec reads and where it writes is in memory and in no
 * cache, as for a batch that a network card or a disk has just delivered; its context,
 * its code and the branch predictor stay as warm as in any stream of batches. Line by
 * line is exact and takes as long as the blocks are large. To walk a buffer larger than
 * the last cache level instead would evict the context, too, and on a rented core that
 * sees 260 MiB of its host's cache take a hundred milliseconds for each iteration. */
#include "complab.h"

#if defined(__x86_64__)
#include <emmintrin.h>

enum { LINE_BYTES = 64 };

int complab_can_evict(void) {
  return 1;
}

static void evict(const uint8_t *bytes, size_t size) {
  for (size_t at = 0; at < size; at += LINE_BYTES) {
    _mm_clflush(bytes + at);
  }
  if (size > 0) {
    _mm_clflush(bytes + size - 1);
  }
}

static void wait_for_it(void) {
  _mm_mfence();
}

#elif defined(__aarch64__)

int complab_can_evict(void) {
  return 1;
}

/* Linux lets programs clean and invalidate lines by address (SCTLR_EL1.UCI). */
static void evict(const uint8_t *bytes, size_t size) {
  uint64_t type = 0;
  __asm__ volatile("mrs %0, ctr_el0" : "=r"(type));
  const size_t line_bytes = (size_t)4 << ((type >> 16) & 0xf);
  for (size_t at = 0; at < size; at += line_bytes) {
    __asm__ volatile("dc civac, %0" : : "r"(bytes + at) : "memory");
  }
  if (size > 0) {
    __asm__ volatile("dc civac, %0" : : "r"(bytes + size - 1) : "memory");
  }
}

static void wait_for_it(void) {
  __asm__ volatile("dsb sy" : : : "memory");
}

#else

int complab_can_evict(void) {
  return 0;
}

static void evict(const uint8_t *bytes, size_t size) {
  (void)bytes;
  (void)size;
}

static void wait_for_it(void) {}

#endif

void complab_blocks_evict(const complab_block *blocks, size_t block_count) {
  wait_for_it();
  for (size_t b = 0; b < block_count; b++) {
    evict(blocks[b].src, blocks[b].src_bytes);
    evict(blocks[b].dst, blocks[b].dst_capacity_bytes);
  }
  wait_for_it();
}
