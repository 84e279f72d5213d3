/* fuzz_scan.c - any bytes as a log. Rows and gaps cover all bytes, each once and in
 * their order; a scan in small steps finds what one in a single step finds. */
#include "fuzz.h"

enum { ROWS = 64, ENTRY_BYTES_MIN = 26 };

typedef struct found {
  complab_batch batches[ROWS];
  complab_gap gaps[ROWS];
  size_t batch_count;
  size_t gap_count;
} found;

static void scan(complab_source *source, size_t rows_a_call, uint64_t step_bytes,
                 found *out) {
  memset(out, 0, sizeof *out);
  complab_scan scan_state = {0};
  while (!scan_state.is_done) {
    if (out->batch_count == ROWS || out->gap_count + 2 > ROWS) {
      return;
    }
    const size_t left = ROWS - out->batch_count;
    const complab_scan_room room = {
        out->batches + out->batch_count, rows_a_call < left ? rows_a_call : left,
        out->gaps + out->gap_count, ROWS - out->gap_count, step_bytes};
    size_t batch_count = 0;
    size_t gap_count = 0;
    CHECK_EQUAL(complab_segment_scan(source, &scan_state, &room, &batch_count,
                                     &gap_count, NULL),
                COMPLAB_OK);
    out->batch_count += batch_count;
    out->gap_count += gap_count;
  }
  CHECK_EQUAL(scan_state.position, complab_source_bytes(source));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes) {
  static found whole;
  static found pieces;
  if (data_bytes >= (size_t)ROWS * ENTRY_BYTES_MIN) {
    return 0;
  }
  input from = {data, data_bytes};
  uint8_t *src = take_rest(&from);
  complab_source *source = NULL;
  CHECK_EQUAL(complab_source_from_memory(src, data_bytes, &source), COMPLAB_OK);
  scan(source, ROWS, 0, &whole);
  scan(source, 1, 3, &pieces);
  CHECK(memcmp(&whole, &pieces, sizeof whole) == 0);
  uint64_t position = 0;
  for (size_t batch = 0, gap = 0; position < data_bytes;) {
    if (batch < whole.batch_count && whole.batches[batch].position == position) {
      const complab_batch *row = &whole.batches[batch++];
      position += row->batch_bytes;
      CHECK(row->payload_position + row->compressed_bytes <= position);
      CHECK(row->head_bytes <= COMPLAB_HEAD_BYTES);
      CHECK_EQUAL(row->crc_valid, row->crc_actual == row->crc_expected);
    } else {
      CHECK(gap < whole.gap_count);
      CHECK_EQUAL(whole.gaps[gap].position, position);
      CHECK(whole.gaps[gap].bytes > 0);
      position += whole.gaps[gap++].bytes;
    }
  }
  CHECK_EQUAL(position, data_bytes);
  complab_source_free(source);
  free(src);
  return 0;
}
