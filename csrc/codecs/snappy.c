/* snappy.c - Google's snappy, one block a call. It has no levels, keeps no context and
 * does not tell its version: that is read off the file's name. */
#include "codecs/codecs.h"
#include "codecs/snappy_api.h"

static const char *const parts[] = {"libsnappy.so.1"};

static const complab_symbol symbols[] = {
    COMPLAB_SYMBOL(complab_snappy_api, snappy_compress, 0),
    COMPLAB_SYMBOL(complab_snappy_api, snappy_uncompress, 0),
    COMPLAB_SYMBOL(complab_snappy_api, snappy_max_compressed_length, 0),
    COMPLAB_SYMBOL(complab_snappy_api, snappy_uncompressed_length, 0),
};

const complab_library_kind complab_snappy_library = {
    .name = "snappy",
    .parts = parts,
    .part_count = sizeof parts / sizeof *parts,
    .symbols = symbols,
    .symbol_count = sizeof symbols / sizeof *symbols,
    .api_bytes = sizeof(complab_snappy_api),
    .install_advice = "apt-get install libsnappy1v5",
};

/* A block's length is a 32-bit varint (format_description.txt). */
static const size_t max_bytes = UINT32_MAX;

static size_t bound(const void *api, size_t src_bytes) {
  const complab_snappy_api *snappy = api;
  return src_bytes <= max_bytes ? snappy->snappy_max_compressed_length(src_bytes) : 0;
}

static complab_status compress_run(complab_job *job, void *context,
                                   complab_block *block) {
  (void)context;
  const complab_snappy_api *snappy = job->api;
  if (block->src_bytes > max_bytes) {
    return complab_job_failed(job, COMPLAB_COMPRESS_FAILED, 0,
                              "more than a snappy block holds");
  }
  size_t dst_bytes = block->dst_capacity_bytes;
  const snappy_status code = snappy->snappy_compress(
      (const char *)block->src, block->src_bytes, (char *)block->dst, &dst_bytes);
  if (code != SNAPPY_OK) {
    return complab_job_failed(job,
                              code == SNAPPY_BUFFER_TOO_SMALL ? COMPLAB_DST_TOO_SMALL
                                                              : COMPLAB_COMPRESS_FAILED,
                              (int64_t)code, NULL);
  }
  block->dst_bytes = dst_bytes;
  return COMPLAB_OK;
}

static complab_status decompress_run(complab_job *job, void *context,
                                     complab_block *block) {
  (void)context;
  const complab_snappy_api *snappy = job->api;
  size_t dst_bytes = block->dst_capacity_bytes;
  const snappy_status code = snappy->snappy_uncompress(
      (const char *)block->src, block->src_bytes, (char *)block->dst, &dst_bytes);
  if (code != SNAPPY_OK) {
    return complab_job_failed(job,
                              code == SNAPPY_BUFFER_TOO_SMALL
                                  ? COMPLAB_DST_TOO_SMALL
                                  : COMPLAB_DECOMPRESS_FAILED,
                              (int64_t)code, "not a snappy block");
  }
  block->dst_bytes = dst_bytes;
  return COMPLAB_OK;
}

const complab_codec complab_snappy = {
    .name = "snappy",
    .framing = COMPLAB_RAW,
    .library = &complab_snappy_library,
    .kafka_id = 2,
    .levels = complab_levels_none,
    .bound = bound,
    .compress = {.run = compress_run},
    .decompress = {.run = decompress_run},
};
