/* fuzz_framing.c - any bytes as the payload of a kafka framing; FRAMING names it, and
 * each is a target of its own. What a framing accepts fits into its destination, and
 * comes out the same with a destination that is just large enough and not at all with
 * one byte less. LZ4 is excused from the former: its decoder lets a block end in a
 * match, which the format forbids, if the destination has some bytes to spare.
 *
 * The first byte of the input chooses how large the destination is. */
#include "coders.h"
#include "fuzz.h"

/* Decodes into exactly the capacity; the status, and the output, which the caller
 * frees.
 */
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

/* Decodes again into just the room that is needed, and into one byte less. */
static void check_bounds(complab_coder *decoder, const uint8_t *src, size_t src_bytes,
                         const uint8_t *first, size_t first_bytes) {
  uint8_t *second = NULL;
  size_t second_bytes = 0;
  const complab_status status =
      decode(decoder, src, src_bytes, first_bytes, &second, &second_bytes);
  const int is_lz4 = strcmp(FRAMING, "lz4") == 0;
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes) {
  /* The library stays open for as long as the fuzzer runs. */
  static opened codec;
  static complab_coder *decoder = NULL;
  if (decoder == NULL) {
    if (!open_codec(FRAMING, &codec)) {
      fflush(stdout);
      _exit(TEST_SKIPPED); /* exit would be a finding */
    }
    decoder = decoder_of(&codec);
  }
  static const size_t capacities[] = {0, 1, 1000, 70000};
  input from = {data, data_bytes};
  const size_t capacity = capacities[take_number(&from, 1) % 4];
  const size_t src_bytes = from.left;
  uint8_t *src = take_rest(&from);
  uint8_t *dst = NULL;
  size_t dst_bytes = 0;
  if (decode(decoder, src, src_bytes, capacity, &dst, &dst_bytes) == COMPLAB_OK) {
    check_bounds(decoder, src, src_bytes, dst, dst_bytes);
  }
  free(dst);
  free(src);
  return 0;
}
