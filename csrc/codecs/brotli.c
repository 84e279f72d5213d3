/* brotli.c - brotli in one call over a block, generic mode and its default window of 4
 * MiB, as lzbench calls it. Not one of Kafka's codecs: it shows what Kafka leaves out.
 *
 * The library is three files. Encoder and decoder take their dictionary from the common
 * one, so all must come from one place (library.c checks it). */
#include <stdio.h>

#include "codecs/brotli_api.h"
#include "codecs/codecs.h"

enum { COMMON, DECODER, ENCODER };

static const char *const parts[] = {
    [COMMON] = "libbrotlicommon.so.1",
    [DECODER] = "libbrotlidec.so.1",
    [ENCODER] = "libbrotlienc.so.1",
};

static const complab_symbol symbols[] = {
    COMPLAB_SYMBOL(complab_brotli_api, BrotliEncoderVersion, ENCODER),
    COMPLAB_SYMBOL(complab_brotli_api, BrotliEncoderMaxCompressedSize, ENCODER),
    COMPLAB_SYMBOL(complab_brotli_api, BrotliEncoderCompress, ENCODER),
    COMPLAB_SYMBOL(complab_brotli_api, BrotliDecoderVersion, DECODER),
    COMPLAB_SYMBOL(complab_brotli_api, BrotliDecoderDecompress, DECODER),
};

/* Eight bits of major, twelve of minor, twelve of patch (brotli/encode.h). */
static void version(const void *api, char *text, size_t text_bytes) {
  const complab_brotli_api *brotli = api;
  const uint32_t number = brotli->BrotliEncoderVersion();
  snprintf(text, text_bytes, "%u.%u.%u", number >> 24, (number >> 12) & 0xfff,
           number & 0xfff);
}

const complab_library_kind complab_brotli_library = {
    .name = "brotli",
    .parts = parts,
    .part_count = sizeof parts / sizeof *parts,
    .symbols = symbols,
    .symbol_count = sizeof symbols / sizeof *symbols,
    .api_bytes = sizeof(complab_brotli_api),
    .shared_symbol = "BrotliGetDictionary",
    .version = version,
    .install_advice = "apt-get install libbrotli1",
};

enum { WINDOW_LOG = 22, QUALITY_MAX = 11 }; /* BROTLI_DEFAULT_WINDOW, _MAX_QUALITY */

static complab_levels levels(const void *api) {
  (void)api;
  return (complab_levels){.has_levels = 1,
                          .min = 0,
                          .max = QUALITY_MAX,
                          .default_level = QUALITY_MAX,
                          .sweep_min = 0,
                          .sweep_max = QUALITY_MAX};
}

static size_t bound(const void *api, size_t src_bytes) {
  return ((const complab_brotli_api *)api)->BrotliEncoderMaxCompressedSize(src_bytes);
}

static complab_status compress_run(complab_job *job, void *context,
                                   complab_block *block) {
  (void)context;
  const complab_brotli_api *brotli = job->api;
  size_t dst_bytes = block->dst_capacity_bytes;
  if (!brotli->BrotliEncoderCompress(job->settings.level, WINDOW_LOG,
                                     BROTLI_MODE_GENERIC, block->src_bytes, block->src,
                                     &dst_bytes, block->dst)) {
    /* It says no more than "no": only the room can be checked. */
    const size_t enough = bound(brotli, block->src_bytes);
    return complab_job_failed(job,
                              enough > block->dst_capacity_bytes
                                  ? COMPLAB_DST_TOO_SMALL
                                  : COMPLAB_COMPRESS_FAILED,
                              0, NULL);
  }
  block->dst_bytes = dst_bytes;
  return COMPLAB_OK;
}

static complab_status decompress_run(complab_job *job, void *context,
                                     complab_block *block) {
  (void)context;
  const complab_brotli_api *brotli = job->api;
  size_t dst_bytes = block->dst_capacity_bytes;
  const BrotliDecoderResult result = brotli->BrotliDecoderDecompress(
      block->src_bytes, block->src, &dst_bytes, block->dst);
  if (result != BROTLI_DECODER_RESULT_SUCCESS) {
    return complab_job_failed(job, COMPLAB_DECOMPRESS_FAILED, (int64_t)result,
                              "not a brotli stream, or larger than the destination");
  }
  block->dst_bytes = dst_bytes;
  return COMPLAB_OK;
}

const complab_codec complab_brotli = {
    .name = "brotli",
    .framing = COMPLAB_RAW,
    .library = &complab_brotli_library,
    .kafka_id = -1,
    .levels = levels,
    .bound = bound,
    .compress = {.run = compress_run},
    .decompress = {.run = decompress_run},
};
