/* varint.h - the variable-length integers of records (Kafka's ByteUtils): base 128,
 * lowest group first, zigzag, so that small negative numbers are short.
 *
 * Read as Kafka reads: at most five bytes for 32 bits and ten for 64, where bits beyond
 * the width are dropped, and longer spellings than necessary are taken. */
#ifndef COMPLAB_VARINT_H
#define COMPLAB_VARINT_H

#include <stdint.h>

enum { COMPLAB_VARINT_BYTES_MAX = 5, COMPLAB_VARLONG_BYTES_MAX = 10 };

/* Both readers advance *at, which stands before end. 0: no end within the bytes left or
 * within the bytes allowed; *at is then where it began. */
static inline int complab_varlong_slow(const uint8_t **at, const uint8_t *end,
                                       int bytes_max, uint64_t *bits_out) {
  const uint8_t *src = *at;
  uint64_t bits = 0;
  for (int i = 0; i < bytes_max && src < end; i++) {
    const uint8_t byte = *src++;
    bits |= (uint64_t)(byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      *at = src;
      *bits_out = bits;
      return 1;
    }
  }
  return 0;
}

static inline int complab_varint_read(const uint8_t **at, const uint8_t *end,
                                      int32_t *value_out) {
  uint64_t bits = 0;
  if (*at < end && **at < 0x80) {
    bits = *(*at)++;
  } else if (end - *at >= 2 && (*at)[1] < 0x80) {
    bits = (uint64_t)((*at)[0] & 0x7f) | (uint64_t)(*at)[1] << 7;
    *at += 2;
  } else if (!complab_varlong_slow(at, end, COMPLAB_VARINT_BYTES_MAX, &bits)) {
    return 0;
  }
  const uint32_t low = (uint32_t)bits;
  *value_out = (int32_t)(low >> 1 ^ (0 - (low & 1)));
  return 1;
}

static inline int complab_varlong_read(const uint8_t **at, const uint8_t *end,
                                       int64_t *value_out) {
  uint64_t bits = 0;
  if (*at < end && **at < 0x80) {
    bits = *(*at)++;
  } else if (end - *at >= 2 && (*at)[1] < 0x80) {
    bits = (uint64_t)((*at)[0] & 0x7f) | (uint64_t)(*at)[1] << 7;
    *at += 2;
  } else if (!complab_varlong_slow(at, end, COMPLAB_VARLONG_BYTES_MAX, &bits)) {
    return 0;
  }
  *value_out = (int64_t)(bits >> 1 ^ (0 - (bits & 1)));
  return 1;
}

static inline uint64_t complab_zigzag(int64_t value) {
  return (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);
}

/* What the shortest spelling takes. */
static inline unsigned complab_varint_bytes(int64_t value) {
  unsigned bytes = 1;
  for (uint64_t bits = complab_zigzag(value) >> 7; bits > 0; bits >>= 7) {
    bytes++;
  }
  return bytes;
}

/* Writes the shortest spelling and returns what follows it. */
static inline uint8_t *complab_varint_write(uint8_t *dst, int64_t value) {
  uint64_t bits = complab_zigzag(value);
  for (; bits >= 0x80; bits >>= 7) {
    *dst++ = (uint8_t)(bits | 0x80);
  }
  *dst++ = (uint8_t)bits;
  return dst;
}

#endif
