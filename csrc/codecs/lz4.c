/* lz4.c - LZ4 blocks under lzbench's three names: lz4 (the default acceleration),
 * lz4fast (its accelerations) and lz4hc (the high compressor). All three call the
 * functions that need no state of the caller's, as lzbench does; LZ4_compress_HC
 * allocates its own at each call. */
#include <string.h>

#include "codecs/codecs.h"
#include "codecs/lz4_api.h"

static void version(const void *api, char *text, size_t text_bytes) {
  const complab_lz4_api *lz4 = api;
  text[0] = '\0';
  strncat(text, lz4->LZ4_versionString(), text_bytes - 1);
}

static const char *const parts[] = {"liblz4.so.1"};

static const complab_symbol symbols[] = {
    COMPLAB_SYMBOL(complab_lz4_api, LZ4_versionString, 0),
    COMPLAB_SYMBOL(complab_lz4_api, LZ4_compressBound, 0),
    COMPLAB_SYMBOL(complab_lz4_api, LZ4_compress_default, 0),
    COMPLAB_SYMBOL(complab_lz4_api, LZ4_compress_fast, 0),
    COMPLAB_SYMBOL(complab_lz4_api, LZ4_compress_HC, 0),
    COMPLAB_SYMBOL(complab_lz4_api, LZ4_decompress_safe, 0),
    COMPLAB_SYMBOL(complab_lz4_api, LZ4_decompress_safe_usingDict, 0),
    COMPLAB_SYMBOL(complab_lz4_api, LZ4_sizeofState, 0),
    COMPLAB_SYMBOL(complab_lz4_api, LZ4_sizeofStateHC, 0),
};

const complab_library_kind complab_lz4_library = {
    .name = "lz4",
    .parts = parts,
    .part_count = sizeof parts / sizeof *parts,
    .symbols = symbols,
    .symbol_count = sizeof symbols / sizeof *symbols,
    .api_bytes = sizeof(complab_lz4_api),
    .version = version,
    .install_advice = "apt-get install liblz4-1",
};

static size_t bound(const void *api, size_t src_bytes) {
  const complab_lz4_api *lz4 = api;
  return src_bytes <= COMPLAB_LZ4_MAX_BYTES
             ? (size_t)lz4->LZ4_compressBound((int)src_bytes)
             : 0;
}

static int room(const complab_block *block) {
  return block->dst_capacity_bytes < INT32_MAX ? (int)block->dst_capacity_bytes
                                               : INT32_MAX;
}

/* LZ4 says 0 for "does not fit" and for "too large" alike. */
static complab_status compressed(complab_job *job, int dst_bytes,
                                 complab_block *block) {
  if (dst_bytes <= 0) {
    return complab_job_failed(job, COMPLAB_DST_TOO_SMALL, dst_bytes, NULL);
  }
  block->dst_bytes = (size_t)dst_bytes;
  return COMPLAB_OK;
}

static complab_status check_size(complab_job *job, const complab_block *block) {
  if (block->src_bytes > COMPLAB_LZ4_MAX_BYTES) {
    return complab_job_failed(job, COMPLAB_COMPRESS_FAILED, 0,
                              "more than an LZ4 block holds");
  }
  return COMPLAB_OK;
}

static complab_status default_run(complab_job *job, void *context,
                                  complab_block *block) {
  (void)context;
  const complab_lz4_api *lz4 = job->api;
  const complab_status status = check_size(job, block);
  if (status != COMPLAB_OK) {
    return status;
  }
  return compressed(
      job,
      lz4->LZ4_compress_default((const char *)block->src, (char *)block->dst,
                                (int)block->src_bytes, room(block)),
      block);
}

static complab_status fast_run(complab_job *job, void *context, complab_block *block) {
  (void)context;
  const complab_lz4_api *lz4 = job->api;
  const complab_status status = check_size(job, block);
  if (status != COMPLAB_OK) {
    return status;
  }
  return compressed(
      job,
      lz4->LZ4_compress_fast((const char *)block->src, (char *)block->dst,
                             (int)block->src_bytes, room(block), job->settings.level),
      block);
}

static complab_status hc_run(complab_job *job, void *context, complab_block *block) {
  (void)context;
  const complab_lz4_api *lz4 = job->api;
  const complab_status status = check_size(job, block);
  if (status != COMPLAB_OK) {
    return status;
  }
  return compressed(
      job,
      lz4->LZ4_compress_HC((const char *)block->src, (char *)block->dst,
                           (int)block->src_bytes, room(block), job->settings.level),
      block);
}

static complab_status decompress_run(complab_job *job, void *context,
                                     complab_block *block) {
  (void)context;
  const complab_lz4_api *lz4 = job->api;
  if (block->src_bytes > INT32_MAX) {
    return complab_job_failed(job, COMPLAB_DECOMPRESS_FAILED, 0,
                              "more than an LZ4 block can be");
  }
  const int dst_bytes = lz4->LZ4_decompress_safe(
      (const char *)block->src, (char *)block->dst, (int)block->src_bytes, room(block));
  if (dst_bytes < 0) {
    return complab_job_failed(job, COMPLAB_DECOMPRESS_FAILED, dst_bytes,
                              "not an LZ4 block, or larger than the destination");
  }
  block->dst_bytes = (size_t)dst_bytes;
  return COMPLAB_OK;
}

static size_t state_bytes(const complab_job *job, const void *context) {
  (void)context;
  return (size_t)((const complab_lz4_api *)job->api)->LZ4_sizeofState();
}

static size_t hc_state_bytes(const complab_job *job, const void *context) {
  (void)context;
  return (size_t)((const complab_lz4_api *)job->api)->LZ4_sizeofStateHC();
}

/* Accelerations have no upper end worth the name (LZ4_ACCELERATION_MAX is 65537); a
 * sweep walks the range in which lzbench's users know them. */
static complab_levels fast_levels(const void *api) {
  (void)api;
  return (complab_levels){.has_levels = 1,
                          .min = 1,
                          .max = 65537,
                          .default_level = 1,
                          .sweep_min = 1,
                          .sweep_max = 17};
}

/* LZ4HC_CLEVEL_MAX is 12 and LZ4HC_CLEVEL_DEFAULT 9 (lz4hc.h); the library itself does
 * not tell. */
static complab_levels hc_levels(const void *api) {
  (void)api;
  return (complab_levels){.has_levels = 1,
                          .min = 1,
                          .max = 12,
                          .default_level = 9,
                          .sweep_min = 1,
                          .sweep_max = 12};
}

const complab_codec complab_lz4 = {
    .name = "lz4",
    .framing = COMPLAB_RAW,
    .library = &complab_lz4_library,
    .kafka_id = 3,
    .levels = complab_levels_none,
    .bound = bound,
    .compress = {.run = default_run, .memory_bytes = state_bytes},
    .decompress = {.run = decompress_run},
};

const complab_codec complab_lz4fast = {
    .name = "lz4fast",
    .framing = COMPLAB_RAW,
    .library = &complab_lz4_library,
    .kafka_id = -1,
    .levels = fast_levels,
    .bound = bound,
    .compress = {.run = fast_run, .memory_bytes = state_bytes},
    .decompress = {.run = decompress_run},
};

const complab_codec complab_lz4hc = {
    .name = "lz4hc",
    .framing = COMPLAB_RAW,
    .library = &complab_lz4_library,
    .kafka_id = -1,
    .levels = hc_levels,
    .bound = bound,
    .compress = {.run = hc_run, .memory_bytes = hc_state_bytes},
    .decompress = {.run = decompress_run},
};
