/* xerial.c - Kafka's snappy: the container of xerial's snappy-java.
 *
 * Snappy has no stream format that Kafka knows. The Java client writes snappy-java's:
 * eight bytes of magic, two version words, then chunks of at most 32 KiB of input, each
 * a whole snappy block behind its length. A chunk starts from nothing, which is why
 * batches beyond 32 KiB gain no ratio. librdkafka, franz-go and kafkajs write one bare
 * snappy block instead (COMPLAB_BARE_BLOCK); the reader tells the two apart by the
 * magic, as all clients do.
 *
 * The version words are read by nobody: Redpanda once wrote them little-endian
 * (dpkp/kafka-python#2414). A chunk length that spells the magic's first half begins
 * another stream, as in snappy-java. The header alone is an empty stream; as a bare
 * snappy block it could be nothing, since a block never begins with a copy. */
#include <string.h>

#include "codecs/snappy_api.h"
#include "framings/framings.h"
#include "records/big_endian.h"

enum {
  MAGIC_BYTES = 8,
  HEADER_BYTES = 16,
  LENGTH_BYTES = 4,
  CHUNK_BYTES = 32 * 1024,
  RATIO_MAX = 22 /* the best element makes 64 bytes of 3 (format_description.txt) */
};

static const uint8_t header[HEADER_BYTES] = {
    0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0, /* magic */
    0,    0,   0,   1,                     /* version */
    0,    0,   0,   1,                     /* the lowest version that can read it */
};

static size_t smaller(size_t a, size_t b) {
  return a < b ? a : b;
}

static size_t bound(const void *api, size_t src_bytes) {
  const complab_snappy_api *snappy = api;
  const size_t chunks = src_bytes / CHUNK_BYTES;
  const size_t rest_bytes = src_bytes % CHUNK_BYTES;
  const size_t chunk_bound =
      LENGTH_BYTES + snappy->snappy_max_compressed_length(CHUNK_BYTES);
  const size_t rest_bound =
      rest_bytes > 0 ? LENGTH_BYTES + snappy->snappy_max_compressed_length(rest_bytes)
                     : 0;
  if (chunks > (SIZE_MAX - HEADER_BYTES - rest_bound) / chunk_bound) {
    return 0;
  }
  const size_t bytes = HEADER_BYTES + chunks * chunk_bound + rest_bound;
  const size_t bare_bytes = snappy->snappy_max_compressed_length(src_bytes);
  return bytes > bare_bytes ? bytes : bare_bytes;
}

static complab_status too_small(complab_job *job) {
  return complab_job_failed(job, COMPLAB_DST_TOO_SMALL, 0, COMPLAB_WORDS_TOO_SMALL);
}

/* ---- Writing ----------------------------------------------------------------- */

/* One snappy block; *room_inout is the room in dst, and then what was written. The
 * library does not try with less room than the worst case needs, and says so before it
 * writes. */
static complab_status write_block(complab_job *job, const uint8_t *src,
                                  size_t src_bytes, uint8_t *dst, size_t *room_inout) {
  const complab_snappy_api *snappy = job->api;
  const snappy_status code =
      snappy->snappy_compress((const char *)src, src_bytes, (char *)dst, room_inout);
  if (code == SNAPPY_BUFFER_TOO_SMALL) {
    return too_small(job);
  }
  return code == SNAPPY_OK ? COMPLAB_OK
                           : complab_job_failed(job, COMPLAB_COMPRESS_FAILED, code,
                                                "snappy refused a block");
}

static complab_status compress_run(complab_job *job, void *context,
                                   complab_block *block) {
  (void)context;
  if (job->settings.style & COMPLAB_BARE_BLOCK) {
    block->dst_bytes = block->dst_capacity_bytes;
    return write_block(job, block->src, block->src_bytes, block->dst,
                       &block->dst_bytes);
  }
  if (block->dst_capacity_bytes < HEADER_BYTES) {
    return too_small(job);
  }
  memcpy(block->dst, header, HEADER_BYTES);
  size_t at = HEADER_BYTES;
  for (size_t done = 0; done < block->src_bytes;) {
    const size_t piece = smaller(block->src_bytes - done, CHUNK_BYTES);
    const size_t room = block->dst_capacity_bytes - at;
    if (room < LENGTH_BYTES) {
      return too_small(job);
    }
    size_t chunk_bytes = room - LENGTH_BYTES;
    const complab_status status = write_block(
        job, block->src + done, piece, block->dst + at + LENGTH_BYTES, &chunk_bytes);
    if (status != COMPLAB_OK) {
      return status;
    }
    complab_be_store_u32(block->dst + at, (uint32_t)chunk_bytes);
    at += LENGTH_BYTES + chunk_bytes;
    done += piece;
  }
  block->dst_bytes = at;
  return COMPLAB_OK;
}

/* ---- Reading ----------------------------------------------------------------- */

static int is_header(const uint8_t *src, size_t src_bytes) {
  return src_bytes >= HEADER_BYTES && memcmp(src, header, MAGIC_BYTES) == 0;
}

static complab_status malformed(complab_job *job, int64_t code, const char *words) {
  return complab_job_failed(job, COMPLAB_DECOMPRESS_FAILED, code, words);
}

/* Appends one snappy block to dst. */
static complab_status uncompress_chunk(complab_job *job, const uint8_t *src,
                                       size_t src_bytes, complab_block *block) {
  const complab_snappy_api *snappy = job->api;
  size_t chunk_bytes = 0;
  snappy_status code =
      snappy->snappy_uncompressed_length((const char *)src, src_bytes, &chunk_bytes);
  if (code != SNAPPY_OK) {
    return malformed(job, code, "a snappy block without a length");
  }
  /* So that nobody makes room for a length that cannot be meant. */
  if (chunk_bytes / RATIO_MAX > src_bytes) {
    return malformed(job, 0, "a snappy block that is too short for its length");
  }
  if (chunk_bytes > block->dst_capacity_bytes - block->dst_bytes) {
    return too_small(job);
  }
  uint8_t nothing = 0; /* dst may be NULL if its capacity is 0 */
  uint8_t *dst = block->dst != NULL ? block->dst + block->dst_bytes : &nothing;
  code = snappy->snappy_uncompress((const char *)src, src_bytes, (char *)dst,
                                   &chunk_bytes);
  if (code != SNAPPY_OK) {
    return malformed(job, code, "a malformed snappy block");
  }
  block->dst_bytes += chunk_bytes;
  return COMPLAB_OK;
}

static complab_status decompress_run(complab_job *job, void *context,
                                     complab_block *block) {
  (void)context;
  block->dst_bytes = 0;
  if (block->src_bytes == 0) {
    return malformed(job, 0, "no snappy block in no bytes");
  }
  if (!is_header(block->src, block->src_bytes)) {
    return uncompress_chunk(job, block->src, block->src_bytes, block);
  }
  const uint8_t *src = block->src + HEADER_BYTES;
  size_t left = block->src_bytes - HEADER_BYTES;
  while (left > 0) {
    if (is_header(src, left)) {
      src += HEADER_BYTES;
      left -= HEADER_BYTES;
      continue;
    }
    if (left < LENGTH_BYTES) {
      return malformed(job, 0, "a xerial chunk length is cut off");
    }
    const uint32_t chunk_bytes = complab_be_u32(src);
    src += LENGTH_BYTES;
    left -= LENGTH_BYTES;
    if (chunk_bytes > INT32_MAX || chunk_bytes > left) {
      return malformed(job, 0, "a xerial chunk is longer than what is left");
    }
    const complab_status status = uncompress_chunk(job, src, chunk_bytes, block);
    if (status != COMPLAB_OK) {
      return status;
    }
    src += chunk_bytes;
    left -= chunk_bytes;
  }
  return COMPLAB_OK;
}

const complab_codec complab_snappy_kafka = {
    .name = "snappy",
    .framing = COMPLAB_KAFKA,
    .library = &complab_snappy_library,
    .kafka_id = 2,
    .levels = complab_levels_none,
    .bound = bound,
    .compress = {NULL, NULL, compress_run, NULL},
    .decompress = {NULL, NULL, decompress_run, NULL},
};
