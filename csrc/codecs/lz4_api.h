/* lz4_api.h - the part of LZ4 that complab calls (lz4.h and lz4hc.h, 1.9), declared by
 * hand; these functions take no types of LZ4's own. */
#ifndef COMPLAB_LZ4_API_H
#define COMPLAB_LZ4_API_H

#include "codec.h"

typedef struct complab_lz4_api {
  const char *(*LZ4_versionString)(void);
  int (*LZ4_compressBound)(int src_bytes);
  int (*LZ4_compress_default)(const char *src, char *dst, int src_bytes,
                              int dst_capacity);
  int (*LZ4_compress_fast)(const char *src, char *dst, int src_bytes, int dst_capacity,
                           int acceleration);
  int (*LZ4_compress_HC)(const char *src, char *dst, int src_bytes, int dst_capacity,
                         int level);
  int (*LZ4_decompress_safe)(const char *src, char *dst, int src_bytes,
                             int dst_capacity);
  int (*LZ4_decompress_safe_usingDict)(const char *src, char *dst, int src_bytes,
                                       int dst_capacity, const char *dictionary,
                                       int dictionary_bytes);
  int (*LZ4_sizeofState)(void);
  int (*LZ4_sizeofStateHC)(void);
} complab_lz4_api;

extern const complab_library_kind complab_lz4_library;

/* LZ4_MAX_INPUT_SIZE (lz4.h). */
#define COMPLAB_LZ4_MAX_BYTES ((size_t)0x7E000000)

#endif
