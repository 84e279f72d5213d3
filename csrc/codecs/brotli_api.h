/* brotli_api.h - the part of brotli that complab calls (brotli/encode.h and decode.h,
 * 1.0 and later), declared by hand; see zlib_api.h for the guard. */
#ifndef COMPLAB_BROTLI_API_H
#define COMPLAB_BROTLI_API_H

#include "codec.h"

#ifndef COMPLAB_BROTLI_TYPES
#define COMPLAB_BROTLI_TYPES
typedef enum BrotliEncoderMode { BROTLI_MODE_GENERIC = 0 } BrotliEncoderMode;
typedef enum {
  BROTLI_DECODER_RESULT_ERROR = 0,
  BROTLI_DECODER_RESULT_SUCCESS = 1
} BrotliDecoderResult;
#define BROTLI_BOOL int
#endif

typedef struct complab_brotli_api {
  uint32_t (*BrotliEncoderVersion)(void);
  uint32_t (*BrotliDecoderVersion)(void);
  size_t (*BrotliEncoderMaxCompressedSize)(size_t src_bytes);
  BROTLI_BOOL (*BrotliEncoderCompress)(int quality, int window_log,
                                       BrotliEncoderMode mode, size_t src_bytes,
                                       const uint8_t *src, size_t *dst_bytes,
                                       uint8_t *dst);
  BrotliDecoderResult (*BrotliDecoderDecompress)(size_t src_bytes, const uint8_t *src,
                                                 size_t *dst_bytes, uint8_t *dst);
} complab_brotli_api;

extern const complab_library_kind complab_brotli_library;

#endif
