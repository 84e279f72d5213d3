/* crc_table.h - slicing by eight, for any reflected CRC of 32 bits: eight tables let
 * eight bytes be looked up side by side. A CRC is linear over XOR, so that an entry for
 * the byte i is the XOR of the entries for its single bits, and those of all eight
 * tables are 64 successive states of one shift register, which starts with the
 * polynomial. Only these 64 numbers are written down; the compiler makes the 2,048
 * entries of them. */
#ifndef COMPLAB_CRC_TABLE_H
#define COMPLAB_CRC_TABLE_H

#include <stddef.h>
#include <stdint.h>

#define COMPLAB_CRC_ENTRY(i, s0, s1, s2, s3, s4, s5, s6, s7)      \
  (((i) & 0x80u) ? (s0) : 0u) ^ (((i) & 0x40u) ? (s1) : 0u) ^     \
      (((i) & 0x20u) ? (s2) : 0u) ^ (((i) & 0x10u) ? (s3) : 0u) ^ \
      (((i) & 0x08u) ? (s4) : 0u) ^ (((i) & 0x04u) ? (s5) : 0u) ^ \
      (((i) & 0x02u) ? (s6) : 0u) ^ (((i) & 0x01u) ? (s7) : 0u)
#define COMPLAB_CRC_ENTRIES_4(i, ...)                                            \
  COMPLAB_CRC_ENTRY((i), __VA_ARGS__), COMPLAB_CRC_ENTRY((i) + 1u, __VA_ARGS__), \
      COMPLAB_CRC_ENTRY((i) + 2u, __VA_ARGS__),                                  \
      COMPLAB_CRC_ENTRY((i) + 3u, __VA_ARGS__)
#define COMPLAB_CRC_ENTRIES_16(i, ...)              \
  COMPLAB_CRC_ENTRIES_4((i), __VA_ARGS__),          \
      COMPLAB_CRC_ENTRIES_4((i) + 4u, __VA_ARGS__), \
      COMPLAB_CRC_ENTRIES_4((i) + 8u, __VA_ARGS__), \
      COMPLAB_CRC_ENTRIES_4((i) + 12u, __VA_ARGS__)
#define COMPLAB_CRC_ENTRIES_64(i, ...)                \
  COMPLAB_CRC_ENTRIES_16((i), __VA_ARGS__),           \
      COMPLAB_CRC_ENTRIES_16((i) + 16u, __VA_ARGS__), \
      COMPLAB_CRC_ENTRIES_16((i) + 32u, __VA_ARGS__), \
      COMPLAB_CRC_ENTRIES_16((i) + 48u, __VA_ARGS__)
#define COMPLAB_CRC_TABLE(...)                                                        \
  {COMPLAB_CRC_ENTRIES_64(0u, __VA_ARGS__), COMPLAB_CRC_ENTRIES_64(64u, __VA_ARGS__), \
   COMPLAB_CRC_ENTRIES_64(128u, __VA_ARGS__),                                         \
   COMPLAB_CRC_ENTRIES_64(192u, __VA_ARGS__)}

static inline uint32_t complab_crc_le32(const uint8_t *src) {
  return (uint32_t)src[0] | (uint32_t)src[1] << 8 | (uint32_t)src[2] << 16 |
         (uint32_t)src[3] << 24;
}

/* The register is inverted on entry and at the end, so that a call goes on from crc. */
static inline uint32_t complab_crc_sliced(const uint32_t table[8][256], uint32_t crc,
                                          const uint8_t *src, size_t src_bytes) {
  crc = ~crc;
  while (src_bytes >= 8) {
    const uint32_t low = complab_crc_le32(src) ^ crc;
    const uint32_t high = complab_crc_le32(src + 4);
    crc = table[7][low & 0xff] ^ table[6][(low >> 8) & 0xff] ^
          table[5][(low >> 16) & 0xff] ^ table[4][low >> 24] ^ table[3][high & 0xff] ^
          table[2][(high >> 8) & 0xff] ^ table[1][(high >> 16) & 0xff] ^
          table[0][high >> 24];
    src += 8;
    src_bytes -= 8;
  }
  while (src_bytes > 0) {
    crc = (crc >> 8) ^ table[0][(crc ^ *src) & 0xff];
    src++;
    src_bytes--;
  }
  return ~crc;
}

#endif
