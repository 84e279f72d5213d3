/* xxhash32.c - XXH32 as its specification tells it (xxhash_spec.md of Cyan4973/xxHash,
 * version 0.2.0), for the three checksums of an LZ4 frame.
 *
 * Four lanes take a word each of every 16 bytes; a lane is multiplied, rotated and
 * multiplied again. The lanes are then joined, the length added, the up to 15 bytes
 * left over mixed in word by word and byte by byte, and the bits spread. All words are
 * little-endian. Input of less than 16 bytes skips the lanes and starts from the fifth
 * prime. It need not be fast: it is run over at most a content checksum, and by the
 * Java client over two bytes. */
#include "xxhash32.h"

#define PRIME_1 0x9E3779B1u
#define PRIME_2 0x85EBCA77u
#define PRIME_3 0xC2B2AE3Du
#define PRIME_4 0x27D4EB2Fu
#define PRIME_5 0x165667B1u

static inline uint32_t rotated(uint32_t x, unsigned bits) {
  return x << bits | x >> (32 - bits);
}

static inline uint32_t load_le32(const uint8_t *src) {
  return (uint32_t)src[0] | (uint32_t)src[1] << 8 | (uint32_t)src[2] << 16 |
         (uint32_t)src[3] << 24;
}

static inline uint32_t lane_round(uint32_t lane, const uint8_t *src) {
  return rotated(lane + load_le32(src) * PRIME_2, 13) * PRIME_1;
}

uint32_t complab_xxhash32(const uint8_t *src, size_t src_bytes) {
  uint32_t hash = PRIME_5;
  size_t left = src_bytes;
  if (left >= 16) {
    uint32_t a = PRIME_1 + PRIME_2;
    uint32_t b = PRIME_2;
    uint32_t c = 0;
    uint32_t d = 0u - PRIME_1;
    do {
      a = lane_round(a, src);
      b = lane_round(b, src + 4);
      c = lane_round(c, src + 8);
      d = lane_round(d, src + 12);
      src += 16;
      left -= 16;
    } while (left >= 16);
    hash = rotated(a, 1) + rotated(b, 7) + rotated(c, 12) + rotated(d, 18);
  }
  hash += (uint32_t)src_bytes; /* the low 32 bits, says the specification */
  while (left >= 4) {
    hash = rotated(hash + load_le32(src) * PRIME_3, 17) * PRIME_4;
    src += 4;
    left -= 4;
  }
  while (left > 0) {
    hash = rotated(hash + *src * PRIME_5, 11) * PRIME_1;
    src++;
    left--;
  }
  hash = (hash ^ hash >> 15) * PRIME_2;
  hash = (hash ^ hash >> 13) * PRIME_3;
  return hash ^ hash >> 16;
}
