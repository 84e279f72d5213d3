/* zstd.c - zstd in one call over a block whose size is known, as lzbench calls it, and
 * the parts of zstd that the streaming framing shares. */
#include <string.h>

#include "codecs/codecs.h"
#include "codecs/zstd_api.h"

static void version(const void *api, char *text, size_t text_bytes) {
  const complab_zstd_api *zstd = api;
  text[0] = '\0';
  strncat(text, zstd->ZSTD_versionString(), text_bytes - 1);
}

static const char *const parts[] = {"libzstd.so.1"};

static const complab_symbol symbols[] = {
    COMPLAB_SYMBOL(complab_zstd_api, ZSTD_versionString, 0),
    COMPLAB_SYMBOL(complab_zstd_api, ZSTD_minCLevel, 0),
    COMPLAB_SYMBOL(complab_zstd_api, ZSTD_maxCLevel, 0),
    COMPLAB_OPTIONAL_SYMBOL(complab_zstd_api, ZSTD_defaultCLevel, 0),
    COMPLAB_SYMBOL(complab_zstd_api, ZSTD_compressBound, 0),
    COMPLAB_SYMBOL(complab_zstd_api, ZSTD_isError, 0),
    COMPLAB_SYMBOL(complab_zstd_api, ZSTD_getErrorName, 0),
    COMPLAB_SYMBOL(complab_zstd_api, ZSTD_createCCtx, 0),
    COMPLAB_SYMBOL(complab_zstd_api, ZSTD_freeCCtx, 0),
    COMPLAB_SYMBOL(complab_zstd_api, ZSTD_CCtx_setParameter, 0),
    COMPLAB_SYMBOL(complab_zstd_api, ZSTD_CCtx_setPledgedSrcSize, 0),
    COMPLAB_SYMBOL(complab_zstd_api, ZSTD_CCtx_reset, 0),
    COMPLAB_SYMBOL(complab_zstd_api, ZSTD_compress2, 0),
    COMPLAB_SYMBOL(complab_zstd_api, ZSTD_compressStream2, 0),
    COMPLAB_SYMBOL(complab_zstd_api, ZSTD_sizeof_CCtx, 0),
    COMPLAB_SYMBOL(complab_zstd_api, ZSTD_createDCtx, 0),
    COMPLAB_SYMBOL(complab_zstd_api, ZSTD_freeDCtx, 0),
    COMPLAB_SYMBOL(complab_zstd_api, ZSTD_DCtx_reset, 0),
    COMPLAB_SYMBOL(complab_zstd_api, ZSTD_decompressDCtx, 0),
    COMPLAB_SYMBOL(complab_zstd_api, ZSTD_decompressStream, 0),
    COMPLAB_SYMBOL(complab_zstd_api, ZSTD_sizeof_DCtx, 0),
    COMPLAB_OPTIONAL_SYMBOL(complab_zstd_api, ZSTD_versionNumber, 0),
    COMPLAB_OPTIONAL_SYMBOL(complab_zstd_api, ZSTD_CCtx_loadDictionary, 0),
    COMPLAB_OPTIONAL_SYMBOL(complab_zstd_api, ZSTD_DCtx_loadDictionary, 0),
    COMPLAB_OPTIONAL_SYMBOL(complab_zstd_api, ZDICT_isError, 0),
    COMPLAB_OPTIONAL_SYMBOL(complab_zstd_api, ZDICT_getErrorName, 0),
    COMPLAB_OPTIONAL_SYMBOL(complab_zstd_api, ZDICT_trainFromBuffer, 0),
    COMPLAB_OPTIONAL_SYMBOL(complab_zstd_api, ZDICT_optimizeTrainFromBuffer_cover, 0),
    COMPLAB_OPTIONAL_SYMBOL(complab_zstd_api, ZDICT_optimizeTrainFromBuffer_fastCover,
                            0),
};

const complab_library_kind complab_zstd_library = {
    .name = "zstd",
    .parts = parts,
    .part_count = sizeof parts / sizeof *parts,
    .symbols = symbols,
    .symbol_count = sizeof symbols / sizeof *symbols,
    .api_bytes = sizeof(complab_zstd_api),
    .version = version,
    .install_advice = "apt-get install libzstd1",
};

/* ---- Shared with the streaming framing ------------------------------------------ */

/* ZSTD_ErrorCode (zstd_errors.h): stable numbers, returned as their negation. */
enum { ERROR_MEMORY = 64, ERROR_DST_TOO_SMALL = 70 };

complab_status complab_zstd_failed(complab_job *job, size_t code,
                                   complab_status otherwise) {
  const complab_zstd_api *zstd = job->api;
  const size_t number = (size_t)0 - code;
  complab_status status = otherwise;
  if (number == ERROR_MEMORY) {
    status = COMPLAB_NO_MEMORY;
  } else if (number == ERROR_DST_TOO_SMALL) {
    status = COMPLAB_DST_TOO_SMALL;
  }
  return complab_job_failed(job, status, -(int64_t)number,
                            zstd->ZSTD_getErrorName(code));
}

complab_levels complab_zstd_levels(const void *api) {
  const complab_zstd_api *zstd = api;
  return (complab_levels){
      .has_levels = 1,
      .min = zstd->ZSTD_minCLevel(),
      .max = zstd->ZSTD_maxCLevel(),
      /* ZSTD_CLEVEL_DEFAULT is 3 in every version that cannot be asked. */
      .default_level =
          zstd->ZSTD_defaultCLevel != NULL ? zstd->ZSTD_defaultCLevel() : 3,
      .sweep_min = 1,
      .sweep_max = zstd->ZSTD_maxCLevel()};
}

complab_status complab_zstd_compressor_new(complab_job *job, void **context_out) {
  const complab_zstd_api *zstd = job->api;
  ZSTD_CCtx *context = zstd->ZSTD_createCCtx();
  if (context == NULL) {
    return COMPLAB_NO_MEMORY;
  }
  const complab_settings *settings = &job->settings;
  size_t code =
      zstd->ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, settings->level);
  if (!zstd->ZSTD_isError(code) && settings->window_log != 0) {
    code =
        zstd->ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, settings->window_log);
  }
  if (!zstd->ZSTD_isError(code) && (settings->style & COMPLAB_CONTENT_CHECKSUM)) {
    code = zstd->ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  }
  complab_status status = COMPLAB_OK;
  if (zstd->ZSTD_isError(code)) {
    status = complab_zstd_failed(job, code, COMPLAB_LEVEL_OUT_OF_RANGE);
  } else if (settings->dictionary != NULL) {
    /* A copy is kept, and what is made of it for the level, over all frames. */
    if (zstd->ZSTD_CCtx_loadDictionary == NULL) {
      status = COMPLAB_SYMBOL_MISSING;
    } else {
      code = zstd->ZSTD_CCtx_loadDictionary(context, settings->dictionary,
                                            settings->dictionary_bytes);
      if (zstd->ZSTD_isError(code)) {
        status = complab_zstd_failed(job, code, COMPLAB_COMPRESS_FAILED);
      }
    }
  }
  if (status != COMPLAB_OK) {
    (void)zstd->ZSTD_freeCCtx(context);
    return status;
  }
  *context_out = context;
  return COMPLAB_OK;
}

void complab_zstd_compressor_free(complab_job *job, void *context) {
  (void)((const complab_zstd_api *)job->api)->ZSTD_freeCCtx(context);
}

size_t complab_zstd_compressor_bytes(const complab_job *job, const void *context) {
  return ((const complab_zstd_api *)job->api)->ZSTD_sizeof_CCtx(context);
}

complab_status complab_zstd_decompressor_new(complab_job *job, void **context_out) {
  const complab_zstd_api *zstd = job->api;
  ZSTD_DCtx *context = zstd->ZSTD_createDCtx();
  if (context == NULL) {
    return COMPLAB_NO_MEMORY;
  }
  complab_status status = COMPLAB_OK;
  const complab_settings *settings = &job->settings;
  if (settings->dictionary != NULL) {
    if (zstd->ZSTD_DCtx_loadDictionary == NULL) {
      status = COMPLAB_SYMBOL_MISSING;
    } else {
      const size_t code = zstd->ZSTD_DCtx_loadDictionary(context, settings->dictionary,
                                                         settings->dictionary_bytes);
      if (zstd->ZSTD_isError(code)) {
        status = complab_zstd_failed(job, code, COMPLAB_DECOMPRESS_FAILED);
      }
    }
  }
  if (status != COMPLAB_OK) {
    (void)zstd->ZSTD_freeDCtx(context);
    return status;
  }
  *context_out = context;
  return COMPLAB_OK;
}

void complab_zstd_decompressor_free(complab_job *job, void *context) {
  (void)((const complab_zstd_api *)job->api)->ZSTD_freeDCtx(context);
}

size_t complab_zstd_decompressor_bytes(const complab_job *job, const void *context) {
  return ((const complab_zstd_api *)job->api)->ZSTD_sizeof_DCtx(context);
}

/* ---- One call over a block ------------------------------------------------------ */

static size_t bound(const void *api, size_t src_bytes) {
  const complab_zstd_api *zstd = api;
  const size_t bytes = zstd->ZSTD_compressBound(src_bytes);
  return zstd->ZSTD_isError(bytes) ? 0 : bytes;
}

complab_status complab_zstd_compress_run(complab_job *job, void *context,
                                         complab_block *block) {
  const complab_zstd_api *zstd = job->api;
  const size_t code = zstd->ZSTD_compress2(
      context, block->dst, block->dst_capacity_bytes, block->src, block->src_bytes);
  if (zstd->ZSTD_isError(code)) {
    return complab_zstd_failed(job, code, COMPLAB_COMPRESS_FAILED);
  }
  block->dst_bytes = code;
  return COMPLAB_OK;
}

static complab_status decompress_run(complab_job *job, void *context,
                                     complab_block *block) {
  const complab_zstd_api *zstd = job->api;
  const size_t code = zstd->ZSTD_decompressDCtx(
      context, block->dst, block->dst_capacity_bytes, block->src, block->src_bytes);
  if (zstd->ZSTD_isError(code)) {
    return complab_zstd_failed(job, code, COMPLAB_DECOMPRESS_FAILED);
  }
  block->dst_bytes = code;
  return COMPLAB_OK;
}

const complab_codec complab_zstd = {
    .name = "zstd",
    .framing = COMPLAB_RAW,
    .library = &complab_zstd_library,
    .kafka_id = 4,
    .takes_dictionary = 1,
    .levels = complab_zstd_levels,
    .bound = bound,
    .compress = {complab_zstd_compressor_new, complab_zstd_compressor_free,
                 complab_zstd_compress_run, complab_zstd_compressor_bytes},
    .decompress = {complab_zstd_decompressor_new, complab_zstd_decompressor_free,
                   decompress_run, complab_zstd_decompressor_bytes},
};
