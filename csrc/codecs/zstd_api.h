/* zstd_api.h - the part of zstd that complab calls (the stable part of zstd.h, 1.4.0
 * and later), declared by hand; see zlib_api.h for the guard. */
#ifndef COMPLAB_ZSTD_API_H
#define COMPLAB_ZSTD_API_H

#include "codec.h"

#ifndef COMPLAB_ZSTD_TYPES
#define COMPLAB_ZSTD_TYPES
typedef struct ZSTD_CCtx_s ZSTD_CCtx;
typedef struct ZSTD_DCtx_s ZSTD_DCtx;
typedef enum {
  ZSTD_c_compressionLevel = 100,
  ZSTD_c_windowLog = 101,
  ZSTD_c_checksumFlag = 201
} ZSTD_cParameter;
typedef enum { ZSTD_reset_session_only = 1 } ZSTD_ResetDirective;
typedef enum {
  ZSTD_e_continue = 0,
  ZSTD_e_flush = 1,
  ZSTD_e_end = 2
} ZSTD_EndDirective;
typedef struct ZSTD_inBuffer_s {
  const void *src;
  size_t size;
  size_t pos;
} ZSTD_inBuffer;
typedef struct ZSTD_outBuffer_s {
  void *dst;
  size_t size;
  size_t pos;
} ZSTD_outBuffer;
#endif

/* From zdict.h, of which the trainers with parameters are not in the stable part: these
 * layouts are those since 1.4.5. */
#ifndef COMPLAB_ZDICT_TYPES
#define COMPLAB_ZDICT_TYPES
typedef struct {
  int compressionLevel;
  unsigned notificationLevel;
  unsigned dictID;
} ZDICT_params_t;
typedef struct {
  unsigned k;
  unsigned d;
  unsigned steps;
  unsigned nbThreads;
  double splitPoint;
  unsigned shrinkDict;
  unsigned shrinkDictMaxRegression;
  ZDICT_params_t zParams;
} ZDICT_cover_params_t;
typedef struct {
  unsigned k;
  unsigned d;
  unsigned f;
  unsigned steps;
  unsigned nbThreads;
  double splitPoint;
  unsigned accel;
  unsigned shrinkDict;
  unsigned shrinkDictMaxRegression;
  ZDICT_params_t zParams;
} ZDICT_fastCover_params_t;
#endif

typedef struct complab_zstd_api {
  const char *(*ZSTD_versionString)(void);
  int (*ZSTD_minCLevel)(void);
  int (*ZSTD_maxCLevel)(void);
  int (*ZSTD_defaultCLevel)(void); /* since 1.5.0; NULL before */
  size_t (*ZSTD_compressBound)(size_t src_bytes);
  unsigned (*ZSTD_isError)(size_t code);
  const char *(*ZSTD_getErrorName)(size_t code);
  ZSTD_CCtx *(*ZSTD_createCCtx)(void);
  size_t (*ZSTD_freeCCtx)(ZSTD_CCtx *);
  size_t (*ZSTD_CCtx_setParameter)(ZSTD_CCtx *, ZSTD_cParameter, int value);
  size_t (*ZSTD_CCtx_setPledgedSrcSize)(ZSTD_CCtx *, unsigned long long src_bytes);
  size_t (*ZSTD_CCtx_reset)(ZSTD_CCtx *, ZSTD_ResetDirective);
  size_t (*ZSTD_compress2)(ZSTD_CCtx *, void *dst, size_t dst_capacity, const void *src,
                           size_t src_bytes);
  size_t (*ZSTD_compressStream2)(ZSTD_CCtx *, ZSTD_outBuffer *, ZSTD_inBuffer *,
                                 ZSTD_EndDirective);
  size_t (*ZSTD_sizeof_CCtx)(const ZSTD_CCtx *);
  ZSTD_DCtx *(*ZSTD_createDCtx)(void);
  size_t (*ZSTD_freeDCtx)(ZSTD_DCtx *);
  size_t (*ZSTD_DCtx_reset)(ZSTD_DCtx *, ZSTD_ResetDirective);
  size_t (*ZSTD_decompressDCtx)(ZSTD_DCtx *, void *dst, size_t dst_capacity,
                                const void *src, size_t src_bytes);
  size_t (*ZSTD_decompressStream)(ZSTD_DCtx *, ZSTD_outBuffer *, ZSTD_inBuffer *);
  size_t (*ZSTD_sizeof_DCtx)(const ZSTD_DCtx *);

  /* For dictionaries; NULL where a library leaves them out. */
  unsigned (*ZSTD_versionNumber)(void);
  size_t (*ZSTD_CCtx_loadDictionary)(ZSTD_CCtx *, const void *dictionary, size_t bytes);
  size_t (*ZSTD_DCtx_loadDictionary)(ZSTD_DCtx *, const void *dictionary, size_t bytes);
  unsigned (*ZDICT_isError)(size_t code);
  const char *(*ZDICT_getErrorName)(size_t code);
  size_t (*ZDICT_trainFromBuffer)(void *dst, size_t dst_capacity, const void *samples,
                                  const size_t *sample_bytes, unsigned sample_count);
  size_t (*ZDICT_optimizeTrainFromBuffer_cover)(void *dst, size_t dst_capacity,
                                                const void *samples,
                                                const size_t *sample_bytes,
                                                unsigned sample_count,
                                                ZDICT_cover_params_t *);
  size_t (*ZDICT_optimizeTrainFromBuffer_fastCover)(void *dst, size_t dst_capacity,
                                                    const void *samples,
                                                    const size_t *sample_bytes,
                                                    unsigned sample_count,
                                                    ZDICT_fastCover_params_t *);
} complab_zstd_api;

extern const complab_library_kind complab_zstd_library;

/* ---- Shared by raw zstd and by the streaming framing (zstd.c) ---- */

complab_levels complab_zstd_levels(const void *api);
complab_status complab_zstd_compressor_new(complab_job *job, void **context_out);
void complab_zstd_compressor_free(complab_job *job, void *context);
size_t complab_zstd_compressor_bytes(const complab_job *job, const void *context);
complab_status complab_zstd_compress_run(complab_job *job, void *context,
                                         complab_block *block);
complab_status complab_zstd_decompressor_new(complab_job *job, void **context_out);
void complab_zstd_decompressor_free(complab_job *job, void *context);
size_t complab_zstd_decompressor_bytes(const complab_job *job, const void *context);

/* Keeps the code and its words in the job and returns the status that fits. */
complab_status complab_zstd_failed(complab_job *job, size_t code,
                                   complab_status otherwise);

#endif
