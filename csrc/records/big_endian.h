/* big_endian.h - the integers of Kafka's formats: two's complement, big-endian, at any
 * address. They are put together byte by byte, which is neither an unaligned access nor
 * a strict-aliasing violation, and which compilers turn into one load and one swap. The
 * caller has checked that the bytes are there. */
#ifndef COMPLAB_BIG_ENDIAN_H
#define COMPLAB_BIG_ENDIAN_H

#include <stdint.h>

static inline uint32_t complab_be_u32(const uint8_t *src) {
  return (uint32_t)src[0] << 24 | (uint32_t)src[1] << 16 | (uint32_t)src[2] << 8 |
         (uint32_t)src[3];
}

static inline int16_t complab_be_i16(const uint8_t *src) {
  return (int16_t)(uint16_t)((uint32_t)src[0] << 8 | (uint32_t)src[1]);
}

static inline int32_t complab_be_i32(const uint8_t *src) {
  return (int32_t)complab_be_u32(src);
}

static inline int64_t complab_be_i64(const uint8_t *src) {
  return (int64_t)((uint64_t)complab_be_u32(src) << 32 | complab_be_u32(src + 4));
}

static inline void complab_be_store_u32(uint8_t *dst, uint32_t value) {
  dst[0] = (uint8_t)(value >> 24);
  dst[1] = (uint8_t)(value >> 16);
  dst[2] = (uint8_t)(value >> 8);
  dst[3] = (uint8_t)value;
}

static inline void complab_be_store_i64(uint8_t *dst, int64_t value) {
  complab_be_store_u32(dst, (uint32_t)((uint64_t)value >> 32));
  complab_be_store_u32(dst + 4, (uint32_t)(uint64_t)value);
}

static inline void complab_be_store_i16(uint8_t *dst, int16_t value) {
  dst[0] = (uint8_t)((uint16_t)value >> 8);
  dst[1] = (uint8_t)value;
}

#endif
