/* fuzz_read.c - a libFuzzer target: any bytes as a file of record batches, and as the
 * payload of each kafka framing. Nothing may crash, read or write beyond its buffer or
 * go on forever; what a framing accepts must fit into its destination, and must come
 * out the same with a destination that is just large enough. LZ4 is excused from the
 * last: its decoder lets a block end in a match, which the format forbids, if the
 * destination has some bytes to spare.
 *
 * It wants -fsanitize=fuzzer,address,undefined: the buffers are allocated to the byte,
 * so that the sanitizer sees the first byte beyond. The first byte of the input chooses
 * the framing and how large the destination is. */
#include "coders.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes);

enum { FRAMINGS = 4, BATCHES = 4 };

/* The libraries stay open for as long as the fuzzer runs. */
static complab_coder *decoders[FRAMINGS];

static void open_all(void) {
  static const char *const names[FRAMINGS] = {"gzip", "snappy", "lz4", "zstd"};
  static opened codecs[FRAMINGS];
  static int is_open = 0;
  for (size_t i = 0; i < FRAMINGS && !is_open; i++) {
    if (open_codec(names[i], &codecs[i])) {
      decoders[i] = decoder_of(&codecs[i]);
    }
  }
  is_open = 1;
}

static void scan(const uint8_t *src, size_t src_bytes) {
  complab_batch batches[BATCHES];
  complab_scan scan_out = {.end = COMPLAB_SCAN_FULL};
  while (scan_out.end == COMPLAB_SCAN_FULL) {
    size_t batch_count = 0;
    CHECK_EQUAL(complab_batch_scan(src, src_bytes, scan_out.next_position, batches,
                                   BATCHES, &batch_count, &scan_out),
                COMPLAB_OK);
    CHECK(scan_out.next_position <= src_bytes);
    for (size_t i = 0; i < batch_count; i++) {
      CHECK(batches[i].position + batches[i].batch_bytes <= scan_out.next_position);
    }
  }
}

/* Decodes into exactly the capacity; the status, and a copy of the output. */
static complab_status decode(complab_coder *decoder, const uint8_t *src,
                             size_t src_bytes, size_t capacity, uint8_t **dst_out,
                             size_t *dst_bytes_out) {
  uint8_t *dst = malloc(capacity > 0 ? capacity : 1);
  CHECK(dst != NULL);
  complab_block block = {src, src_bytes, dst, capacity, 0};
  const complab_status status = complab_coder_run(decoder, &block);
  CHECK(status == COMPLAB_OK || status == COMPLAB_DST_TOO_SMALL ||
        status == COMPLAB_DECOMPRESS_FAILED || status == COMPLAB_NO_MEMORY);
  CHECK(status != COMPLAB_OK || block.dst_bytes <= capacity);
  *dst_out = dst;
  *dst_bytes_out = block.dst_bytes;
  return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes) {
  open_all();
  if (data_bytes == 0) {
    return 0;
  }
  static const size_t capacities[] = {0, 1, 1000, 70000};
  const unsigned choice = data[0];
  const size_t src_bytes = data_bytes - 1;
  uint8_t *src = malloc(src_bytes > 0 ? src_bytes : 1);
  CHECK(src != NULL);
  memcpy(src, data + 1, src_bytes);
  scan(src, src_bytes);
  complab_coder *decoder = decoders[choice % FRAMINGS];
  if (decoder != NULL) {
    uint8_t *first = NULL;
    size_t first_bytes = 0;
    if (decode(decoder, src, src_bytes, capacities[choice / FRAMINGS % 4], &first,
               &first_bytes) == COMPLAB_OK) {
      uint8_t *second = NULL;
      size_t second_bytes = 0;
      const complab_status status =
          decode(decoder, src, src_bytes, first_bytes, &second, &second_bytes);
      const int is_lz4 = choice % FRAMINGS == 2;
      CHECK(status == COMPLAB_OK || (is_lz4 && status == COMPLAB_DST_TOO_SMALL));
      CHECK(status != COMPLAB_OK ||
            (second_bytes == first_bytes && memcmp(first, second, first_bytes) == 0));
      free(second);
      if (first_bytes > 0) {
        CHECK_EQUAL(
            decode(decoder, src, src_bytes, first_bytes - 1, &second, &second_bytes),
            COMPLAB_DST_TOO_SMALL);
        free(second);
      }
    }
    free(first);
  }
  free(src);
  return 0;
}
