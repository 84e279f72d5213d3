/* zlib.c - zlib and gzip in one call over a block, as lzbench calls them, and the parts
 * of zlib that the gzip framing shares.
 *
 * A context is a z_stream that is reset between blocks. Its memory is counted through
 * zlib's allocation hooks, since the inflate window comes only when it is first needed.
 */
#include <stdlib.h>
#include <string.h>

#include "codecs/codecs.h"
#include "codecs/zlib_api.h"

static void version(const void *api, char *text, size_t text_bytes) {
  const complab_zlib_api *zlib = api;
  text[0] = '\0';
  strncat(text, zlib->zlibVersion(), text_bytes - 1);
}

static const char *const parts[] = {"libz.so.1"};

static const complab_symbol symbols[] = {
    COMPLAB_SYMBOL(complab_zlib_api, zlibVersion, 0),
    COMPLAB_SYMBOL(complab_zlib_api, deflateInit2_, 0),
    COMPLAB_SYMBOL(complab_zlib_api, deflate, 0),
    COMPLAB_SYMBOL(complab_zlib_api, deflateReset, 0),
    COMPLAB_SYMBOL(complab_zlib_api, deflateEnd, 0),
    COMPLAB_SYMBOL(complab_zlib_api, inflateInit2_, 0),
    COMPLAB_SYMBOL(complab_zlib_api, inflate, 0),
    COMPLAB_SYMBOL(complab_zlib_api, inflateReset, 0),
    COMPLAB_SYMBOL(complab_zlib_api, inflateEnd, 0),
    COMPLAB_SYMBOL(complab_zlib_api, crc32, 0),
};

const complab_library_kind complab_zlib_library = {
    .name = "zlib",
    .parts = parts,
    .part_count = sizeof parts / sizeof *parts,
    .symbols = symbols,
    .symbol_count = sizeof symbols / sizeof *symbols,
    .api_bytes = sizeof(complab_zlib_api),
    .version = version,
    .install_advice = "apt-get install zlib1g",
};

/* ---- Contexts, shared with the gzip framing ------------------------------------ */

static void *count_alloc(void *opaque, unsigned items, unsigned item_bytes) {
  complab_zlib_context *context = opaque;
  context->allocated_bytes += (size_t)items * item_bytes;
  return calloc(items, item_bytes);
}

static void plain_free(void *opaque, void *address) {
  (void)opaque;
  free(address);
}

static complab_zlib_context *context_new(void) {
  complab_zlib_context *context = calloc(1, sizeof *context);
  if (context != NULL) {
    context->stream.zalloc = count_alloc;
    context->stream.zfree = plain_free;
    context->stream.opaque = context;
  }
  return context;
}

static complab_status made(complab_job *job, complab_zlib_context *context, int code,
                           void **context_out) {
  if (code == Z_OK) {
    *context_out = context;
    return COMPLAB_OK;
  }
  free(context);
  return complab_job_failed(
      job, code == Z_MEM_ERROR ? COMPLAB_NO_MEMORY : COMPLAB_BAD_ARGUMENT, code, NULL);
}

complab_status complab_zlib_deflate_new(complab_job *job, int window_bits,
                                        void **context_out) {
  const complab_zlib_api *zlib = job->api;
  complab_zlib_context *context = context_new();
  if (context == NULL) {
    return COMPLAB_NO_MEMORY;
  }
  const int code =
      zlib->deflateInit2_(&context->stream, job->settings.level, Z_DEFLATED,
                          window_bits, COMPLAB_ZLIB_MEM_LEVEL, Z_DEFAULT_STRATEGY,
                          zlib->zlibVersion(), sizeof(z_stream));
  return made(job, context, code, context_out);
}

void complab_zlib_deflate_free(complab_job *job, void *context) {
  const complab_zlib_api *zlib = job->api;
  (void)zlib->deflateEnd(&((complab_zlib_context *)context)->stream);
  free(context);
}

complab_status complab_zlib_inflate_new(complab_job *job, int window_bits,
                                        void **context_out) {
  const complab_zlib_api *zlib = job->api;
  complab_zlib_context *context = context_new();
  if (context == NULL) {
    return COMPLAB_NO_MEMORY;
  }
  const int code = zlib->inflateInit2_(&context->stream, window_bits,
                                       zlib->zlibVersion(), sizeof(z_stream));
  return made(job, context, code, context_out);
}

void complab_zlib_inflate_free(complab_job *job, void *context) {
  const complab_zlib_api *zlib = job->api;
  (void)zlib->inflateEnd(&((complab_zlib_context *)context)->stream);
  free(context);
}

size_t complab_zlib_memory_bytes(const complab_job *job, const void *context) {
  (void)job;
  return ((const complab_zlib_context *)context)->allocated_bytes;
}

complab_levels complab_zlib_levels(const void *api) {
  (void)api;
  /* Fixed by zlib.h (Z_BEST_SPEED, Z_BEST_COMPRESSION); the library does not tell. */
  return (complab_levels){.has_levels = 1,
                          .min = 1,
                          .max = 9,
                          .default_level = 6,
                          .sweep_min = 1,
                          .sweep_max = 9};
}

/* ---- One call over a block ------------------------------------------------------ */

/* compressBound of zlib.h and a gzip header's worth more. */
static size_t bound(const void *api, size_t src_bytes) {
  (void)api;
  if (src_bytes > COMPLAB_ZLIB_MAX_BYTES) {
    return 0;
  }
  return src_bytes + (src_bytes >> 12) + (src_bytes >> 14) + (src_bytes >> 25) + 13 +
         18;
}

static complab_status deflater_new(complab_job *job, void **context_out) {
  return complab_zlib_deflate_new(job, COMPLAB_ZLIB_WRAP, context_out);
}

static complab_status gzip_deflater_new(complab_job *job, void **context_out) {
  return complab_zlib_deflate_new(job, COMPLAB_ZLIB_GZIP, context_out);
}

static complab_status inflater_new(complab_job *job, void **context_out) {
  return complab_zlib_inflate_new(job, COMPLAB_ZLIB_WRAP, context_out);
}

static complab_status gzip_inflater_new(complab_job *job, void **context_out) {
  return complab_zlib_inflate_new(job, COMPLAB_ZLIB_GZIP, context_out);
}

static complab_status point_at(complab_job *job, z_stream *stream,
                               const complab_block *block, complab_status otherwise) {
  if (block->src_bytes > COMPLAB_ZLIB_MAX_BYTES) {
    return complab_job_failed(job, otherwise, 0, "more than zlib takes in one call");
  }
  const size_t room = block->dst_capacity_bytes;
  stream->next_in = (unsigned char *)block->src; /* const but in name, see zlib.h */
  stream->avail_in = (unsigned)block->src_bytes;
  stream->next_out = block->dst;
  stream->avail_out =
      (unsigned)(room < COMPLAB_ZLIB_MAX_BYTES ? room : COMPLAB_ZLIB_MAX_BYTES);
  return COMPLAB_OK;
}

static complab_status finish(complab_job *job, const z_stream *stream, int code,
                             complab_block *block, complab_status otherwise) {
  if (code == Z_STREAM_END) {
    block->dst_bytes = (size_t)(stream->next_out - block->dst);
    return COMPLAB_OK;
  }
  if ((code == Z_OK || code == Z_BUF_ERROR) && stream->avail_out == 0) {
    return complab_job_failed(job, COMPLAB_DST_TOO_SMALL, code, NULL);
  }
  return complab_job_failed(job, otherwise, code, stream->msg);
}

static complab_status deflate_run(complab_job *job, void *context,
                                  complab_block *block) {
  const complab_zlib_api *zlib = job->api;
  z_stream *stream = &((complab_zlib_context *)context)->stream;
  complab_status status = point_at(job, stream, block, COMPLAB_COMPRESS_FAILED);
  if (status != COMPLAB_OK) {
    return status;
  }
  int code = zlib->deflateReset(stream);
  if (code == Z_OK) {
    code = zlib->deflate(stream, Z_FINISH);
  }
  return finish(job, stream, code, block, COMPLAB_COMPRESS_FAILED);
}

static complab_status inflate_run(complab_job *job, void *context,
                                  complab_block *block) {
  const complab_zlib_api *zlib = job->api;
  z_stream *stream = &((complab_zlib_context *)context)->stream;
  complab_status status = point_at(job, stream, block, COMPLAB_DECOMPRESS_FAILED);
  if (status != COMPLAB_OK) {
    return status;
  }
  int code = zlib->inflateReset(stream);
  if (code == Z_OK) {
    code = zlib->inflate(stream, Z_FINISH);
  }
  return finish(job, stream, code, block, COMPLAB_DECOMPRESS_FAILED);
}

const complab_codec complab_zlib = {
    .name = "zlib",
    .framing = COMPLAB_RAW,
    .library = &complab_zlib_library,
    .kafka_id = -1,
    .levels = complab_zlib_levels,
    .bound = bound,
    .compress = {deflater_new, complab_zlib_deflate_free, deflate_run,
                 complab_zlib_memory_bytes},
    .decompress = {inflater_new, complab_zlib_inflate_free, inflate_run,
                   complab_zlib_memory_bytes},
};

const complab_codec complab_gzip = {
    .name = "gzip",
    .framing = COMPLAB_RAW,
    .library = &complab_zlib_library,
    .kafka_id = 1,
    .levels = complab_zlib_levels,
    .bound = bound,
    .compress = {gzip_deflater_new, complab_zlib_deflate_free, deflate_run,
                 complab_zlib_memory_bytes},
    .decompress = {gzip_inflater_new, complab_zlib_inflate_free, inflate_run,
                   complab_zlib_memory_bytes},
};
