/* test_crc32c.c - the checksum against published values, against the definition, and
 * the hardware against its portable twin. */
#include "records/crc32c.h"
#include "test.h"

/* The definition itself: one bit at a time. */
static uint32_t crc32c_of_bits(const uint8_t *src, size_t src_bytes) {
  uint32_t crc = 0xffffffffu;
  for (size_t i = 0; i < src_bytes; i++) {
    crc ^= src[i];
    for (int bit = 0; bit < 8; bit++) {
      crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82f63b78u : 0);
    }
  }
  return ~crc;
}

static void check_both(const uint8_t *src, size_t src_bytes, uint32_t expected) {
  CHECK_EQUAL(complab_crc32c(0, src, src_bytes), expected);
  CHECK_EQUAL(complab_crc32c_portable(0, src, src_bytes), expected);
}

/* The vectors of RFC 3720, appendix B.4, whose bytes there stand in wire order. */
static void published_vectors_come_out(void) {
  uint8_t bytes[32];
  memset(bytes, 0x00, sizeof bytes);
  check_both(bytes, sizeof bytes, 0x8a9136aau);
  memset(bytes, 0xff, sizeof bytes);
  check_both(bytes, sizeof bytes, 0x62a8ab43u);
  for (size_t i = 0; i < sizeof bytes; i++) {
    bytes[i] = (uint8_t)i;
  }
  check_both(bytes, sizeof bytes, 0x46dd794eu);
  for (size_t i = 0; i < sizeof bytes; i++) {
    bytes[i] = (uint8_t)(31 - i);
  }
  check_both(bytes, sizeof bytes, 0x113fdb5cu);
  static const uint8_t read_command[48] = {
      0x01, 0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
      0x00, 0x00, 0x00, 0x00, 0x14, 0x00, 0x00, 0x00, 0x00, 0x00, 0x04, 0x00,
      0x00, 0x00, 0x00, 0x14, 0x00, 0x00, 0x00, 0x18, 0x28, 0x00, 0x00, 0x00,
      0x00, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00};
  check_both(read_command, sizeof read_command, 0xd9963a56u);
  /* the check value of the CRC catalogue */
  check_both((const uint8_t *)"123456789", 9, 0xe3069283u);
  check_both(NULL, 0, 0);
}

/* At every alignment and every length, both are the definition. The buffer ends at a
 * guard page, so that neither reads beyond its input. */
static void every_alignment_and_length_agrees(void) {
  enum { LENGTHS = 300, ALIGNMENTS = 16 };
  uint64_t noise = 1;
  for (size_t alignment = 0; alignment < ALIGNMENTS; alignment++) {
    const guarded buffer = guarded_new(LENGTHS + alignment);
    for (size_t i = 0; i < LENGTHS + alignment; i++) {
      buffer.bytes[i] = test_noise(&noise);
    }
    for (size_t length = 0; length <= LENGTHS; length++) {
      check_both(buffer.bytes + alignment, length,
                 crc32c_of_bits(buffer.bytes + alignment, length));
      const uint8_t *from_the_end = buffer.bytes + alignment + LENGTHS - length;
      check_both(from_the_end, length, crc32c_of_bits(from_the_end, length));
    }
    guarded_free(buffer);
  }
}

/* Around the lengths at which the hardware changes its number of streams. */
static void long_inputs_agree(void) {
  static const size_t lengths[] = {383,  384,  385,   767,   768,   1151, 3071,
                                   3072, 3073, 3455,  3456,  3457,  6143, 6144,
                                   6145, 9999, 16384, 65536, 100003};
  const guarded buffer = guarded_new(100003);
  uint64_t noise = 2;
  for (size_t i = 0; i < 100003; i++) {
    buffer.bytes[i] = test_noise(&noise);
  }
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    const uint8_t *src = buffer.bytes + 100003 - lengths[i];
    check_both(src, lengths[i], crc32c_of_bits(src, lengths[i]));
  }
  guarded_free(buffer);
}

/* A checksum continues where another ended, also when both cross over the ways. */
static void it_continues(void) {
  enum { BYTES = 5000 };
  static uint8_t bytes[BYTES];
  uint64_t noise = 3;
  for (size_t i = 0; i < BYTES; i++) {
    bytes[i] = test_noise(&noise);
  }
  const uint32_t whole = crc32c_of_bits(bytes, BYTES);
  for (size_t cut = 0; cut <= BYTES; cut += 37) {
    const uint32_t first = complab_crc32c(0, bytes, cut);
    CHECK_EQUAL(complab_crc32c(first, bytes + cut, BYTES - cut), whole);
    CHECK_EQUAL(complab_crc32c_portable(first, bytes + cut, BYTES - cut), whole);
  }
}

int main(void) {
  printf("complab_crc32c is: %s\n", complab_crc32c_kind());
  published_vectors_come_out();
  every_alignment_and_length_agrees();
  long_inputs_agree();
  it_continues();
  return 0;
}
