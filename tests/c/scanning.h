/* scanning.h - scans a source whole and in steps, which must agree, and checks that all
 * its bytes are told of. */
#ifndef COMPLAB_TEST_SCANNING_H
#define COMPLAB_TEST_SCANNING_H

#include "entries.h"

enum { CAPACITY = 64, BATCH_BYTES = COMPLAB_BATCH_HEADER_BYTES + 7 };

typedef struct result {
  complab_batch batches[CAPACITY];
  size_t batch_count;
  complab_gap gaps[CAPACITY];
  size_t gap_count;
} result;

/* Scans with as little room a call as is allowed. */
static inline result scan_source(complab_source *source, uint64_t position,
                                 size_t batch_capacity, uint64_t step_bytes) {
  result out;
  memset(&out, 0, sizeof out);
  complab_scan scan = {.position = position};
  while (!scan.is_done) {
    CHECK(out.batch_count < CAPACITY && out.gap_count + 2 <= CAPACITY);
    const size_t left = CAPACITY - out.batch_count;
    const complab_scan_room room = {
        .batches = out.batches + out.batch_count,
        .batch_capacity = batch_capacity < left ? batch_capacity : left,
        .gaps = out.gaps + out.gap_count,
        .gap_capacity = batch_capacity == 1 ? 2 : CAPACITY - out.gap_count,
        .step_bytes = step_bytes};
    size_t batch_count = 99;
    size_t gap_count = 99;
    complab_fault fault;
    CHECK_EQUAL(
        complab_segment_scan(source, &scan, &room, &batch_count, &gap_count, &fault),
        COMPLAB_OK);
    CHECK(batch_count <= room.batch_capacity && gap_count <= room.gap_capacity);
    out.batch_count += batch_count;
    out.gap_count += gap_count;
  }
  CHECK_EQUAL(scan.position, complab_source_bytes(source));
  return out;
}

/* All bytes are in rows and gaps, each once, in their order. */
static inline void check_complete(const result *got, uint64_t position, uint64_t end) {
  size_t batch = 0;
  size_t gap = 0;
  while (position < end) {
    if (batch < got->batch_count && got->batches[batch].position == position) {
      position += got->batches[batch++].batch_bytes;
    } else {
      CHECK(gap < got->gap_count);
      CHECK_EQUAL(got->gaps[gap].position, position);
      CHECK(got->gaps[gap].bytes > 0);
      position += got->gaps[gap++].bytes;
    }
  }
  CHECK_EQUAL(position, end);
  CHECK_EQUAL(batch, got->batch_count);
  CHECK_EQUAL(gap, got->gap_count);
}

static inline result scan_from(const uint8_t *src, size_t src_bytes,
                               uint64_t position) {
  const guarded copy = guarded_copy(src, src_bytes);
  complab_source *source = NULL;
  CHECK_EQUAL(complab_source_from_memory(copy.bytes, src_bytes, &source), COMPLAB_OK);
  const result whole = scan_source(source, position, CAPACITY, 0);
  check_complete(&whole, position, src_bytes);
  for (uint64_t step = src_bytes < 1000 ? 1 : 4097; step < 4100; step += 1 + step / 4) {
    const result pieces = scan_source(source, position, 1, step);
    CHECK(memcmp(&whole, &pieces, sizeof whole) == 0);
  }
  complab_source_free(source);
  guarded_free(copy);
  return whole;
}

static inline result scan(const uint8_t *src, size_t src_bytes) {
  return scan_from(src, src_bytes, 0);
}

static inline void check_gap(const result *got, size_t gap, uint64_t position,
                             uint64_t bytes, complab_gap_reason reason) {
  CHECK(gap < got->gap_count);
  CHECK_EQUAL(got->gaps[gap].position, position);
  CHECK_EQUAL(got->gaps[gap].bytes, bytes);
  CHECK_EQUAL(got->gaps[gap].reason, reason);
}

#endif
