/* prototypes.c - what complab declares by hand of the codec libraries, against their
 * own headers. It is compiled, never run: a difference is a compiler's error that names
 * the function.
 *
 * For each library three things are compared. The functions: with the header's types in
 * place of ours (the guard COMPLAB_..._TYPES), every pointer in the api struct must
 * have the type of the function that it will hold. The types: our header is then read a
 * second time with all names changed, so that both declarations stand side by side, and
 * layouts and sizes must agree. The constants: by value. A library whose header is not
 * installed is left out; CMake says so. */
#include <stddef.h>

#define SAME_FUNCTION(api, name)                                                     \
  _Static_assert(                                                                    \
      __builtin_types_compatible_p(__typeof__(((api *)0)->name), __typeof__(&name)), \
      #name)
#define SAME_SIZE(ours, theirs) \
  _Static_assert(sizeof(ours) == sizeof(theirs), "size of " #theirs)
#define SAME_MEMBER(ours, theirs, member)                                          \
  _Static_assert(offsetof(ours, member) == offsetof(theirs, member) &&             \
                     sizeof(((ours *)0)->member) == sizeof(((theirs *)0)->member), \
                 #theirs "." #member)
#define SAME_VALUE(ours, theirs) \
  _Static_assert((long long)(ours) == (long long)(theirs), #theirs)

/* ---- zlib -------------------------------------------------------------------- */

#ifdef COMPLAB_HAS_ZLIB_H
#include <zlib.h>
#define COMPLAB_ZLIB_TYPES
#include "codecs/zlib_api.h"

SAME_FUNCTION(complab_zlib_api, zlibVersion);
SAME_FUNCTION(complab_zlib_api, deflateInit2_);
SAME_FUNCTION(complab_zlib_api, deflate);
SAME_FUNCTION(complab_zlib_api, deflateReset);
SAME_FUNCTION(complab_zlib_api, deflateEnd);
SAME_FUNCTION(complab_zlib_api, inflateInit2_);
SAME_FUNCTION(complab_zlib_api, inflate);
SAME_FUNCTION(complab_zlib_api, inflateReset);
SAME_FUNCTION(complab_zlib_api, inflateEnd);
SAME_FUNCTION(complab_zlib_api, crc32);

enum {
  THEIR_NO_FLUSH = Z_NO_FLUSH,
  THEIR_FINISH = Z_FINISH,
  THEIR_OK = Z_OK,
  THEIR_STREAM_END = Z_STREAM_END,
  THEIR_MEM_ERROR = Z_MEM_ERROR,
  THEIR_BUF_ERROR = Z_BUF_ERROR,
  THEIR_DEFAULT_STRATEGY = Z_DEFAULT_STRATEGY,
  THEIR_DEFLATED = Z_DEFLATED
};
#undef Z_NO_FLUSH
#undef Z_FINISH
#undef Z_OK
#undef Z_STREAM_END
#undef Z_MEM_ERROR
#undef Z_BUF_ERROR
#undef Z_DEFAULT_STRATEGY
#undef Z_DEFLATED
#undef COMPLAB_ZLIB_TYPES
#undef COMPLAB_ZLIB_API_H
#define alloc_func our_alloc_func
#define free_func our_free_func
#define internal_state our_internal_state
#define z_stream_s our_z_stream_s
#define z_stream our_z_stream
#define z_streamp our_z_streamp
#define complab_zlib_api our_zlib_api
#define complab_zlib_context our_zlib_context
#define COMPLAB_ZLIB_MEM_LEVEL OUR_ZLIB_MEM_LEVEL
#define COMPLAB_ZLIB_WRAP OUR_ZLIB_WRAP
#define COMPLAB_ZLIB_GZIP OUR_ZLIB_GZIP
#define COMPLAB_ZLIB_BARE OUR_ZLIB_BARE
#undef COMPLAB_ZLIB_MAX_BYTES
#include "codecs/zlib_api.h"
#undef alloc_func
#undef free_func
#undef z_stream

SAME_SIZE(our_z_stream, z_stream);
SAME_MEMBER(our_z_stream, z_stream, next_in);
SAME_MEMBER(our_z_stream, z_stream, avail_in);
SAME_MEMBER(our_z_stream, z_stream, total_in);
SAME_MEMBER(our_z_stream, z_stream, next_out);
SAME_MEMBER(our_z_stream, z_stream, avail_out);
SAME_MEMBER(our_z_stream, z_stream, total_out);
SAME_MEMBER(our_z_stream, z_stream, msg);
SAME_MEMBER(our_z_stream, z_stream, state);
SAME_MEMBER(our_z_stream, z_stream, zalloc);
SAME_MEMBER(our_z_stream, z_stream, zfree);
SAME_MEMBER(our_z_stream, z_stream, opaque);
SAME_MEMBER(our_z_stream, z_stream, data_type);
SAME_MEMBER(our_z_stream, z_stream, adler);
SAME_MEMBER(our_z_stream, z_stream, reserved);
_Static_assert(__builtin_types_compatible_p(our_alloc_func, alloc_func), "alloc_func");
_Static_assert(__builtin_types_compatible_p(our_free_func, free_func), "free_func");
SAME_VALUE(Z_NO_FLUSH, THEIR_NO_FLUSH);
SAME_VALUE(Z_FINISH, THEIR_FINISH);
SAME_VALUE(Z_OK, THEIR_OK);
SAME_VALUE(Z_STREAM_END, THEIR_STREAM_END);
SAME_VALUE(Z_MEM_ERROR, THEIR_MEM_ERROR);
SAME_VALUE(Z_BUF_ERROR, THEIR_BUF_ERROR);
SAME_VALUE(Z_DEFAULT_STRATEGY, THEIR_DEFAULT_STRATEGY);
SAME_VALUE(Z_DEFLATED, THEIR_DEFLATED);
#endif

/* ---- LZ4 --------------------------------------------------------------------- */

#if defined(COMPLAB_HAS_LZ4_H) && defined(COMPLAB_HAS_LZ4HC_H)
#include <lz4.h>
#include <lz4hc.h>

#include "codecs/lz4_api.h"

SAME_FUNCTION(complab_lz4_api, LZ4_versionString);
SAME_FUNCTION(complab_lz4_api, LZ4_compressBound);
SAME_FUNCTION(complab_lz4_api, LZ4_compress_default);
SAME_FUNCTION(complab_lz4_api, LZ4_compress_fast);
SAME_FUNCTION(complab_lz4_api, LZ4_compress_HC);
SAME_FUNCTION(complab_lz4_api, LZ4_decompress_safe);
SAME_FUNCTION(complab_lz4_api, LZ4_decompress_safe_usingDict);
SAME_FUNCTION(complab_lz4_api, LZ4_sizeofState);
SAME_FUNCTION(complab_lz4_api, LZ4_sizeofStateHC);
SAME_VALUE(COMPLAB_LZ4_MAX_BYTES, LZ4_MAX_INPUT_SIZE);
SAME_VALUE(12, LZ4HC_CLEVEL_MAX); /* the framing's highest level */
#endif

/* ---- zstd -------------------------------------------------------------------- */

#ifdef COMPLAB_HAS_ZSTD_H
#include <zstd.h>
#define ZDICT_STATIC_LINKING_ONLY
#include <zdict.h>
#define COMPLAB_ZSTD_TYPES
#define COMPLAB_ZDICT_TYPES
#include "codecs/zstd_api.h"

SAME_FUNCTION(complab_zstd_api, ZSTD_versionString);
SAME_FUNCTION(complab_zstd_api, ZSTD_minCLevel);
SAME_FUNCTION(complab_zstd_api, ZSTD_maxCLevel);
#if ZSTD_VERSION_NUMBER >= 10500
SAME_FUNCTION(complab_zstd_api, ZSTD_defaultCLevel);
#endif
SAME_FUNCTION(complab_zstd_api, ZSTD_compressBound);
SAME_FUNCTION(complab_zstd_api, ZSTD_isError);
SAME_FUNCTION(complab_zstd_api, ZSTD_getErrorName);
SAME_FUNCTION(complab_zstd_api, ZSTD_createCCtx);
SAME_FUNCTION(complab_zstd_api, ZSTD_freeCCtx);
SAME_FUNCTION(complab_zstd_api, ZSTD_CCtx_setParameter);
SAME_FUNCTION(complab_zstd_api, ZSTD_CCtx_setPledgedSrcSize);
SAME_FUNCTION(complab_zstd_api, ZSTD_CCtx_reset);
SAME_FUNCTION(complab_zstd_api, ZSTD_compress2);
SAME_FUNCTION(complab_zstd_api, ZSTD_compressStream2);
SAME_FUNCTION(complab_zstd_api, ZSTD_sizeof_CCtx);
SAME_FUNCTION(complab_zstd_api, ZSTD_createDCtx);
SAME_FUNCTION(complab_zstd_api, ZSTD_freeDCtx);
SAME_FUNCTION(complab_zstd_api, ZSTD_DCtx_reset);
SAME_FUNCTION(complab_zstd_api, ZSTD_decompressDCtx);
SAME_FUNCTION(complab_zstd_api, ZSTD_decompressStream);
SAME_FUNCTION(complab_zstd_api, ZSTD_sizeof_DCtx);

SAME_FUNCTION(complab_zstd_api, ZSTD_versionNumber);
SAME_FUNCTION(complab_zstd_api, ZSTD_CCtx_loadDictionary);
SAME_FUNCTION(complab_zstd_api, ZSTD_DCtx_loadDictionary);
SAME_FUNCTION(complab_zstd_api, ZDICT_isError);
SAME_FUNCTION(complab_zstd_api, ZDICT_getErrorName);
SAME_FUNCTION(complab_zstd_api, ZDICT_trainFromBuffer);
SAME_FUNCTION(complab_zstd_api, ZDICT_optimizeTrainFromBuffer_cover);
SAME_FUNCTION(complab_zstd_api, ZDICT_optimizeTrainFromBuffer_fastCover);

#undef COMPLAB_ZSTD_TYPES
#undef COMPLAB_ZDICT_TYPES
#undef COMPLAB_ZSTD_API_H
#define ZSTD_cParameter our_ZSTD_cParameter
#define ZSTD_ResetDirective our_ZSTD_ResetDirective
#define ZSTD_EndDirective our_ZSTD_EndDirective
#define ZSTD_c_compressionLevel our_ZSTD_c_compressionLevel
#define ZSTD_c_windowLog our_ZSTD_c_windowLog
#define ZSTD_c_checksumFlag our_ZSTD_c_checksumFlag
#define ZSTD_reset_session_only our_ZSTD_reset_session_only
#define ZSTD_e_continue our_ZSTD_e_continue
#define ZSTD_e_flush our_ZSTD_e_flush
#define ZSTD_e_end our_ZSTD_e_end
#define ZSTD_inBuffer_s our_ZSTD_inBuffer_s
#define ZSTD_inBuffer our_ZSTD_inBuffer
#define ZSTD_outBuffer_s our_ZSTD_outBuffer_s
#define ZSTD_outBuffer our_ZSTD_outBuffer
#define ZDICT_params_t our_ZDICT_params_t
#define ZDICT_cover_params_t our_ZDICT_cover_params_t
#define ZDICT_fastCover_params_t our_ZDICT_fastCover_params_t
#define complab_zstd_api our_zstd_api
#include "codecs/zstd_api.h"
#undef ZSTD_cParameter
#undef ZSTD_ResetDirective
#undef ZSTD_EndDirective
#undef ZSTD_c_compressionLevel
#undef ZSTD_c_windowLog
#undef ZSTD_c_checksumFlag
#undef ZSTD_reset_session_only
#undef ZSTD_e_continue
#undef ZSTD_e_flush
#undef ZSTD_e_end
#undef ZSTD_inBuffer
#undef ZSTD_outBuffer
#undef ZDICT_params_t
#undef ZDICT_cover_params_t
#undef ZDICT_fastCover_params_t

SAME_SIZE(our_ZSTD_inBuffer, ZSTD_inBuffer);
SAME_MEMBER(our_ZSTD_inBuffer, ZSTD_inBuffer, src);
SAME_MEMBER(our_ZSTD_inBuffer, ZSTD_inBuffer, size);
SAME_MEMBER(our_ZSTD_inBuffer, ZSTD_inBuffer, pos);
SAME_SIZE(our_ZSTD_outBuffer, ZSTD_outBuffer);
SAME_MEMBER(our_ZSTD_outBuffer, ZSTD_outBuffer, dst);
SAME_MEMBER(our_ZSTD_outBuffer, ZSTD_outBuffer, size);
SAME_MEMBER(our_ZSTD_outBuffer, ZSTD_outBuffer, pos);
SAME_SIZE(our_ZDICT_params_t, ZDICT_params_t);
SAME_SIZE(our_ZDICT_cover_params_t, ZDICT_cover_params_t);
SAME_MEMBER(our_ZDICT_cover_params_t, ZDICT_cover_params_t, steps);
SAME_MEMBER(our_ZDICT_cover_params_t, ZDICT_cover_params_t, splitPoint);
SAME_MEMBER(our_ZDICT_cover_params_t, ZDICT_cover_params_t, zParams);
SAME_SIZE(our_ZDICT_fastCover_params_t, ZDICT_fastCover_params_t);
SAME_MEMBER(our_ZDICT_fastCover_params_t, ZDICT_fastCover_params_t, f);
SAME_MEMBER(our_ZDICT_fastCover_params_t, ZDICT_fastCover_params_t, splitPoint);
SAME_MEMBER(our_ZDICT_fastCover_params_t, ZDICT_fastCover_params_t, accel);
SAME_MEMBER(our_ZDICT_fastCover_params_t, ZDICT_fastCover_params_t, zParams);
SAME_SIZE(our_ZSTD_cParameter, ZSTD_cParameter);
SAME_SIZE(our_ZSTD_ResetDirective, ZSTD_ResetDirective);
SAME_SIZE(our_ZSTD_EndDirective, ZSTD_EndDirective);
SAME_VALUE(our_ZSTD_c_compressionLevel, ZSTD_c_compressionLevel);
SAME_VALUE(our_ZSTD_c_windowLog, ZSTD_c_windowLog);
SAME_VALUE(our_ZSTD_c_checksumFlag, ZSTD_c_checksumFlag);
SAME_VALUE(our_ZSTD_reset_session_only, ZSTD_reset_session_only);
SAME_VALUE(our_ZSTD_e_continue, ZSTD_e_continue);
SAME_VALUE(our_ZSTD_e_flush, ZSTD_e_flush);
SAME_VALUE(our_ZSTD_e_end, ZSTD_e_end);
#endif

/* ---- snappy ------------------------------------------------------------------ */

#ifdef COMPLAB_HAS_SNAPPY_C_H
#include <snappy-c.h>
#define COMPLAB_SNAPPY_TYPES
#include "codecs/snappy_api.h"

SAME_FUNCTION(complab_snappy_api, snappy_compress);
SAME_FUNCTION(complab_snappy_api, snappy_uncompress);
SAME_FUNCTION(complab_snappy_api, snappy_max_compressed_length);
SAME_FUNCTION(complab_snappy_api, snappy_uncompressed_length);

#undef COMPLAB_SNAPPY_TYPES
#undef COMPLAB_SNAPPY_API_H
#define SNAPPY_OK our_SNAPPY_OK
#define SNAPPY_INVALID_INPUT our_SNAPPY_INVALID_INPUT
#define SNAPPY_BUFFER_TOO_SMALL our_SNAPPY_BUFFER_TOO_SMALL
#define snappy_status our_snappy_status
#define complab_snappy_api our_snappy_api
#include "codecs/snappy_api.h"
#undef SNAPPY_OK
#undef SNAPPY_INVALID_INPUT
#undef SNAPPY_BUFFER_TOO_SMALL
#undef snappy_status

SAME_SIZE(our_snappy_status, snappy_status);
SAME_VALUE(our_SNAPPY_OK, SNAPPY_OK);
SAME_VALUE(our_SNAPPY_INVALID_INPUT, SNAPPY_INVALID_INPUT);
SAME_VALUE(our_SNAPPY_BUFFER_TOO_SMALL, SNAPPY_BUFFER_TOO_SMALL);
#endif

/* ---- brotli ------------------------------------------------------------------ */

#if defined(COMPLAB_HAS_BROTLI_ENCODE_H) && defined(COMPLAB_HAS_BROTLI_DECODE_H)
#include <brotli/decode.h>
#include <brotli/encode.h>
#define COMPLAB_BROTLI_TYPES
#include "codecs/brotli_api.h"

SAME_FUNCTION(complab_brotli_api, BrotliEncoderVersion);
SAME_FUNCTION(complab_brotli_api, BrotliDecoderVersion);
SAME_FUNCTION(complab_brotli_api, BrotliEncoderMaxCompressedSize);
SAME_FUNCTION(complab_brotli_api, BrotliEncoderCompress);
SAME_FUNCTION(complab_brotli_api, BrotliDecoderDecompress);

_Static_assert(__builtin_types_compatible_p(BROTLI_BOOL, int), "BROTLI_BOOL");
#undef BROTLI_BOOL
#undef COMPLAB_BROTLI_TYPES
#undef COMPLAB_BROTLI_API_H
#define BrotliEncoderMode our_BrotliEncoderMode
#define BrotliDecoderResult our_BrotliDecoderResult
#define BROTLI_MODE_GENERIC our_BROTLI_MODE_GENERIC
#define BROTLI_DECODER_RESULT_ERROR our_BROTLI_DECODER_RESULT_ERROR
#define BROTLI_DECODER_RESULT_SUCCESS our_BROTLI_DECODER_RESULT_SUCCESS
#define complab_brotli_api our_brotli_api
#include "codecs/brotli_api.h"
#undef BrotliEncoderMode
#undef BrotliDecoderResult
#undef BROTLI_MODE_GENERIC
#undef BROTLI_DECODER_RESULT_ERROR
#undef BROTLI_DECODER_RESULT_SUCCESS

SAME_SIZE(our_BrotliEncoderMode, BrotliEncoderMode);
SAME_SIZE(our_BrotliDecoderResult, BrotliDecoderResult);
SAME_VALUE(our_BROTLI_MODE_GENERIC, BROTLI_MODE_GENERIC);
SAME_VALUE(our_BROTLI_DECODER_RESULT_ERROR, BROTLI_DECODER_RESULT_ERROR);
SAME_VALUE(our_BROTLI_DECODER_RESULT_SUCCESS, BROTLI_DECODER_RESULT_SUCCESS);
#endif

/* ISO C wants a declaration even where no header is found. */
typedef int complab_prototypes_are_compared;
