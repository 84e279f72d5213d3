/* crc32c.c - CRC-32C (Castagnoli), the checksum of a Kafka v2 record batch.
 *
 * The polynomial is 0x1EDC6F41 (RFC 3720, section 12.1), here in its reflected form
 * 0x82F63B78: bit 0 of a byte is the highest power. The register starts as all ones and
 * is inverted at the end; inverting it on entry, too, lets a call continue where
 * another one ended.
 *
 * The portable way is slicing by eight (crc_table.h).
 *
 * In hardware one instruction takes eight bytes, with a latency of three cycles and a
 * throughput of one: three independent streams keep it busy. A stream's CRC has then to
 * be moved over the bytes of the streams behind it, which is a multiplication by a
 * power of x modulo the polynomial: a carry-less multiplication, whose 64-bit product
 * the CRC instruction itself reduces. That reduction multiplies by x^32, and a
 * reflected product of 32-bit factors stands one bit low, therefore the constant for n
 * bytes is x^(8n - 33).
 *
 * Measured (EPYC, 16 KiB in the L1 cache): 1.7 GB/s portable, 18
 * GB/s in hardware. */
#include "crc32c.h"

#include <string.h>

#include "crc_table.h"

/* ---- Portable ---------------------------------------------------------------- */

/* table[k][i]: the byte i, followed by k zero bytes. Row by row, the states of the
 * shift register that starts with the polynomial. */
static const uint32_t table[8][256] = {
    COMPLAB_CRC_TABLE(0x82f63b78u, 0x417b1dbcu, 0x20bd8edeu, 0x105ec76fu,  //
                      0x8ad958cfu, 0xc79a971fu, 0xe13b70f7u, 0xf26b8303u),
    COMPLAB_CRC_TABLE(0xfbc3faf9u, 0xff17c604u, 0x7f8be302u, 0x3fc5f181u,  //
                      0x9d14c3b8u, 0x4e8a61dcu, 0x274530eeu, 0x13a29877u),
    COMPLAB_CRC_TABLE(0x8b277743u, 0xc76580d9u, 0xe144fb14u, 0x70a27d8au,  //
                      0x38513ec5u, 0x9edea41au, 0x4f6f520du, 0xa541927eu),
    COMPLAB_CRC_TABLE(0x52a0c93fu, 0xaba65fe7u, 0xd725148bu, 0xe964b13du,  //
                      0xf64463e6u, 0x7b2231f3u, 0xbf672381u, 0xdd45aab8u),
    COMPLAB_CRC_TABLE(0x6ea2d55cu, 0x37516aaeu, 0x1ba8b557u, 0x8f2261d3u,  //
                      0xc5670b91u, 0xe045beb0u, 0x7022df58u, 0x38116facu),
    COMPLAB_CRC_TABLE(0x1c08b7d6u, 0x0e045bebu, 0x85f4168du, 0xc00c303eu,  //
                      0x6006181fu, 0xb2f53777u, 0xdb8ca0c3u, 0xef306b19u),
    COMPLAB_CRC_TABLE(0xf56e0ef4u, 0x7ab7077au, 0x3d5b83bdu, 0x9c5bfaa6u,  //
                      0x4e2dfd53u, 0xa5e0c5d1u, 0xd0065990u, 0x68032cc8u),
    COMPLAB_CRC_TABLE(0x34019664u, 0x1a00cb32u, 0x0d006599u, 0x847609b4u,  //
                      0x423b04dau, 0x211d826du, 0x9278fa4eu, 0x493c7d27u),
};

uint32_t complab_crc32c_portable(uint32_t crc, const uint8_t *src, size_t src_bytes) {
  return complab_crc_sliced(table, crc, src, src_bytes);
}

/* ---- x86-64 ------------------------------------------------------------------ */

#if defined(__x86_64__)
#include <immintrin.h>

#define HARDWARE_KIND "sse4.2"
#define HARDWARE_TARGET __attribute__((target("sse4.2,pclmul")))

/* PCLMULQDQ came a year after SSE4.2 (2010); a CPU with one of them alone takes the
 * portable way. */
static int has_hardware(void) {
  return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul");
}

/* Bytes a stream, with x^(8n - 33) and x^(16n - 33). The long one makes the two
 * multiplications vanish, the short one serves the ends and the small batches. */
enum { LONG_BYTES = 1024, SHORT_BYTES = 128 };
#define LONG_SHIFT_ONE 0x170076fau
#define LONG_SHIFT_TWO 0xa51b6135u
#define SHORT_SHIFT_ONE 0x0d3b6092u
#define SHORT_SHIFT_TWO 0xb9e02b86u

static inline uint64_t load_64(const uint8_t *src) {
  uint64_t word;
  memcpy(&word, src, sizeof word);
  return word;
}

HARDWARE_TARGET static inline uint32_t moved(uint64_t crc, uint32_t power) {
  const __m128i product = _mm_clmulepi64_si128(_mm_cvtsi64_si128((long long)crc),
                                               _mm_cvtsi64_si128((long long)power), 0);
  return (uint32_t)_mm_crc32_u64(0, (uint64_t)_mm_cvtsi128_si64(product));
}

HARDWARE_TARGET static inline uint64_t three_streams(uint64_t crc, const uint8_t *src,
                                                     size_t stream_bytes,
                                                     uint32_t shift_one,
                                                     uint32_t shift_two) {
  uint64_t second = 0;
  uint64_t third = 0;
  for (size_t i = 0; i < stream_bytes; i += 8) {
    crc = _mm_crc32_u64(crc, load_64(src + i));
    second = _mm_crc32_u64(second, load_64(src + stream_bytes + i));
    third = _mm_crc32_u64(third, load_64(src + 2 * stream_bytes + i));
  }
  return moved(crc, shift_two) ^ moved(second, shift_one) ^ (uint32_t)third;
}

HARDWARE_TARGET static uint32_t crc32c_hardware(uint32_t crc, const uint8_t *src,
                                                size_t src_bytes) {
  uint64_t state = ~crc;
  while (src_bytes >= 3 * LONG_BYTES) {
    state = three_streams(state, src, LONG_BYTES, LONG_SHIFT_ONE, LONG_SHIFT_TWO);
    src += 3 * LONG_BYTES;
    src_bytes -= 3 * LONG_BYTES;
  }
  while (src_bytes >= 3 * SHORT_BYTES) {
    state = three_streams(state, src, SHORT_BYTES, SHORT_SHIFT_ONE, SHORT_SHIFT_TWO);
    src += 3 * SHORT_BYTES;
    src_bytes -= 3 * SHORT_BYTES;
  }
  while (src_bytes >= 8) {
    state = _mm_crc32_u64(state, load_64(src));
    src += 8;
    src_bytes -= 8;
  }
  while (src_bytes > 0) {
    state = _mm_crc32_u8((uint32_t)state, *src);
    src++;
    src_bytes--;
  }
  return ~(uint32_t)state;
}

/* ---- ARMv8 ------------------------------------------------------------------- */

#elif defined(__aarch64__) && defined(__BYTE_ORDER__) && \
    __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#if defined(__linux__)
#include <sys/auxv.h>
#endif

#define HARDWARE_KIND "armv8"

/* Optional in ARMv8.0, required from 8.1 on; every Mac has it. */
static int has_hardware(void) {
#if defined(__linux__)
  enum { HWCAP_CRC32_BIT = 1 << 7 }; /* HWCAP_CRC32 of asm/hwcap.h */
  return (getauxval(AT_HWCAP) & HWCAP_CRC32_BIT) != 0;
#elif defined(__APPLE__)
  return 1;
#else
  return 0;
#endif
}

/* As assembly, since arm_acle.h offers these only to a file that is wholly compiled
 * for a CPU that has them. */
static inline uint32_t crc32c_of_8(uint32_t crc, uint64_t word) {
  __asm__(".arch_extension crc\n\tcrc32cx %w0, %w0, %x1" : "+r"(crc) : "r"(word));
  return crc;
}

static inline uint32_t crc32c_of_1(uint32_t crc, uint8_t byte) {
  __asm__(".arch_extension crc\n\tcrc32cb %w0, %w0, %w1"
          : "+r"(crc)
          : "r"((uint32_t)byte));
  return crc;
}

static uint32_t crc32c_hardware(uint32_t crc, const uint8_t *src, size_t src_bytes) {
  crc = ~crc;
  while (src_bytes >= 8) {
    uint64_t word;
    memcpy(&word, src, sizeof word);
    crc = crc32c_of_8(crc, word);
    src += 8;
    src_bytes -= 8;
  }
  while (src_bytes > 0) {
    crc = crc32c_of_1(crc, *src);
    src++;
    src_bytes--;
  }
  return ~crc;
}

/* ---- Neither ----------------------------------------------------------------- */

#else

#define HARDWARE_KIND "portable"

static int has_hardware(void) {
  return 0;
}

static uint32_t crc32c_hardware(uint32_t crc, const uint8_t *src, size_t src_bytes) {
  return complab_crc32c_portable(crc, src, src_bytes);
}

#endif

/* The CPU is asked at each call: the answer is a load from memory that libgcc filled
 * at start (on ARM, that the loader did), and no state of our own is needed. */
uint32_t complab_crc32c(uint32_t crc, const uint8_t *src, size_t src_bytes) {
  return has_hardware() ? crc32c_hardware(crc, src, src_bytes)
                        : complab_crc32c_portable(crc, src, src_bytes);
}

const char *complab_crc32c_kind(void) {
  return has_hardware() ? HARDWARE_KIND : "portable";
}
