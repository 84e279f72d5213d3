/* wasteful_zstd.c - a libzstd that wastes a known share of its own time.
 *
 * It hands every call to the real library (REAL_ZSTD, a path) and, around the calls in
 * which the work is done, waits for WASTE_PER_MILLE thousandths of what the real call
 * took. Its output is the real library's, byte for byte. Studies of power measure with
 * it whether a comparison finds a slowdown whose size is known. */
#define _GNU_SOURCE /* RTLD_DEEPBIND */
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include "codecs/zstd_api.h"

#ifndef REAL_ZSTD
#error "REAL_ZSTD is the path of the library that does the work"
#endif
#ifndef WASTE_PER_MILLE
#error "WASTE_PER_MILLE is the share of its time that is wasted"
#endif

#define EXPORTED __attribute__((visibility("default")))

static complab_zstd_api real;

static void *found(void *library, const char *name) {
  void *address = dlsym(library, name);
  if (address == NULL) {
    abort();
  }
  return address;
}

/* An object pointer becomes a function pointer through its place, as in library.c. */
#define FIND(name) *(void **)&real.name = found(library, #name)

__attribute__((constructor)) static void open_real(void) {
  void *library = dlopen(REAL_ZSTD, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
  if (library == NULL) {
    abort();
  }
  FIND(ZSTD_versionString);
  FIND(ZSTD_minCLevel);
  FIND(ZSTD_maxCLevel);
  FIND(ZSTD_defaultCLevel);
  FIND(ZSTD_compressBound);
  FIND(ZSTD_isError);
  FIND(ZSTD_getErrorName);
  FIND(ZSTD_createCCtx);
  FIND(ZSTD_freeCCtx);
  FIND(ZSTD_CCtx_setParameter);
  FIND(ZSTD_CCtx_setPledgedSrcSize);
  FIND(ZSTD_CCtx_reset);
  FIND(ZSTD_compress2);
  FIND(ZSTD_compressStream2);
  FIND(ZSTD_sizeof_CCtx);
  FIND(ZSTD_createDCtx);
  FIND(ZSTD_freeDCtx);
  FIND(ZSTD_DCtx_reset);
  FIND(ZSTD_decompressDCtx);
  FIND(ZSTD_decompressStream);
  FIND(ZSTD_sizeof_DCtx);
}

static uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

static void waste(uint64_t begin_ns) {
  const uint64_t end_ns = now_ns();
  const uint64_t until_ns = end_ns + (end_ns - begin_ns) * WASTE_PER_MILLE / 1000U;
  while (now_ns() < until_ns) {
  }
}

#define PASS_ON(type, name, parameters, arguments) \
  EXPORTED type name parameters;                   \
  type name parameters {                           \
    return real.name arguments;                    \
  }

#define WASTE(type, name, parameters, arguments) \
  EXPORTED type name parameters;                 \
  type name parameters {                         \
    const uint64_t begin_ns = now_ns();          \
    type result = real.name arguments;           \
    waste(begin_ns);                             \
    return result;                               \
  }

PASS_ON(const char *, ZSTD_versionString, (void), ())
PASS_ON(int, ZSTD_minCLevel, (void), ())
PASS_ON(int, ZSTD_maxCLevel, (void), ())
PASS_ON(int, ZSTD_defaultCLevel, (void), ())
PASS_ON(size_t, ZSTD_compressBound, (size_t src_bytes), (src_bytes))
PASS_ON(unsigned, ZSTD_isError, (size_t code), (code))
PASS_ON(const char *, ZSTD_getErrorName, (size_t code), (code))
PASS_ON(size_t, ZSTD_CCtx_setParameter,
        (ZSTD_CCtx * context, ZSTD_cParameter parameter, int value),
        (context, parameter, value))
PASS_ON(size_t, ZSTD_CCtx_setPledgedSrcSize,
        (ZSTD_CCtx * context, unsigned long long src_bytes), (context, src_bytes))
PASS_ON(size_t, ZSTD_CCtx_reset, (ZSTD_CCtx * context, ZSTD_ResetDirective what),
        (context, what))
PASS_ON(size_t, ZSTD_sizeof_CCtx, (const ZSTD_CCtx *context), (context))
PASS_ON(size_t, ZSTD_DCtx_reset, (ZSTD_DCtx * context, ZSTD_ResetDirective what),
        (context, what))
PASS_ON(size_t, ZSTD_sizeof_DCtx, (const ZSTD_DCtx *context), (context))

WASTE(ZSTD_CCtx *, ZSTD_createCCtx, (void), ())
WASTE(size_t, ZSTD_freeCCtx, (ZSTD_CCtx * context), (context))
WASTE(size_t, ZSTD_compress2,
      (ZSTD_CCtx * context, void *dst, size_t dst_capacity, const void *src,
       size_t src_bytes),
      (context, dst, dst_capacity, src, src_bytes))
WASTE(size_t, ZSTD_compressStream2,
      (ZSTD_CCtx * context, ZSTD_outBuffer *output, ZSTD_inBuffer *input,
       ZSTD_EndDirective directive),
      (context, output, input, directive))
WASTE(ZSTD_DCtx *, ZSTD_createDCtx, (void), ())
WASTE(size_t, ZSTD_freeDCtx, (ZSTD_DCtx * context), (context))
WASTE(size_t, ZSTD_decompressDCtx,
      (ZSTD_DCtx * context, void *dst, size_t dst_capacity, const void *src,
       size_t src_bytes),
      (context, dst, dst_capacity, src, src_bytes))
WASTE(size_t, ZSTD_decompressStream,
      (ZSTD_DCtx * context, ZSTD_outBuffer *output, ZSTD_inBuffer *input),
      (context, output, input))
