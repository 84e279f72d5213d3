/* memcpy.c - the copy: the speed limit that every codec is measured against, and what
 * Kafka's "none" does to a payload on its way into a batch. */
#include <string.h>

#include "codecs/codecs.h"

static size_t bound(const void *api, size_t src_bytes) {
  (void)api;
  return src_bytes;
}

static complab_status run(complab_job *job, void *context, complab_block *block) {
  (void)context;
  if (block->dst_capacity_bytes < block->src_bytes) {
    return complab_job_failed(job, COMPLAB_DST_TOO_SMALL, 0, NULL);
  }
  if (block->src_bytes > 0) {
    memcpy(block->dst, block->src, block->src_bytes);
  }
  block->dst_bytes = block->src_bytes;
  return COMPLAB_OK;
}

const complab_codec complab_memcpy = {
    .name = "memcpy",
    .framing = COMPLAB_RAW,
    .kafka_id = -1,
    .levels = complab_levels_none,
    .bound = bound,
    .compress = {.run = run},
    .decompress = {.run = run},
};

const complab_codec complab_none_kafka = {
    .name = "none",
    .framing = COMPLAB_KAFKA,
    .kafka_id = 0,
    .levels = complab_levels_none,
    .bound = bound,
    .compress = {.run = run},
    .decompress = {.run = run},
};
