/* zstd_stream.c - Kafka's zstd: frames as a streaming client makes them.
 *
 * The Java client streams: at most 16 KiB of input at a time with ZSTD_e_continue, and
 * when the batch is closed ZSTD_e_flush, then ZSTD_e_end. zstd never learns how much
 * there will be, which is not the same as one call over the same bytes: the frame
 * carries no content size, its window is that of the level (2 MiB at level 3, 128 MiB
 * at 22) rather than that of the input, and the tables are sized for a large input. The
 * order of the calls matters, too: were the first one already ZSTD_e_end, zstd would
 * take its input for all of it and write the size. And the flush, which nobody asked
 * for (Java's BufferedOutputStream flushes what is behind it before it closes it), ends
 * the last block without marking it the last, so that an empty block of three bytes
 * follows. With it and with the client's own version, 1.5.7, the bytes of 627 batches
 * that Java clients and brokers stored at levels -5 to 22 come out one for one; without
 * it, those of librdkafka.
 *
 * With is_size_known the size is pledged and nothing is flushed, as a client does that
 * is no Java client: librdkafka with zstd built into it. With COMPLAB_ONE_CALL there is
 * no stream at all: kafka-python, aiokafka, sarama and franz-go hand over all of a
 * batch and take a whole frame.
 *
 * Read in the same manner: through a window, in pieces of 16 KiB, as the Java consumer
 * and the broker read. A one-shot decoder would need no window and be faster. Every
 * zstd frame is accepted that the library's streaming decoder accepts (windows up to
 * 128 MiB), several of them behind one another, and skippable frames (RFC 8878,
 * section 3.1.2).
 *
 * zstd-jni makes a context for each stream, which is for each batch; whether that is
 * measured is up to is_context_fresh. A context that is kept is reset at the begin of a
 * run, so that a block that failed half-way leaves nothing behind. */
#include "codecs/zstd_api.h"
#include "framings/framings.h"

static size_t smaller(size_t a, size_t b) {
  return a < b ? a : b;
}

/* ZSTD_compressBound is meant for one call. A stream adds an empty last block;
 * the room for headers is already in it, yet a few bytes are cheap. */
static size_t bound(const void *api, size_t src_bytes) {
  const complab_zstd_api *zstd = api;
  enum { STREAM_BYTES = 32 };
  if (src_bytes > SIZE_MAX / 2) {
    return 0;
  }
  const size_t bytes = zstd->ZSTD_compressBound(src_bytes);
  return zstd->ZSTD_isError(bytes) ? 0 : bytes + STREAM_BYTES;
}

static complab_status too_small(complab_job *job) {
  return complab_job_failed(job, COMPLAB_DST_TOO_SMALL, 0, COMPLAB_WORDS_TOO_SMALL);
}

/* ---- Writing ----------------------------------------------------------------- */

/* Flushes or ends the frame, without any more input. */
static complab_status drain(complab_job *job, ZSTD_CCtx *cctx, ZSTD_outBuffer *out,
                            ZSTD_EndDirective how) {
  const complab_zstd_api *zstd = job->api;
  ZSTD_inBuffer nothing = {NULL, 0, 0};
  for (;;) {
    const size_t left = zstd->ZSTD_compressStream2(cctx, out, &nothing, how);
    if (zstd->ZSTD_isError(left)) {
      return complab_zstd_failed(job, left, COMPLAB_COMPRESS_FAILED);
    }
    if (left == 0) {
      return COMPLAB_OK;
    }
    if (out->pos == out->size) {
      return too_small(job);
    }
  }
}

static complab_status compress_run(complab_job *job, void *context,
                                   complab_block *block) {
  if (job->settings.style & COMPLAB_ONE_CALL) {
    return complab_zstd_compress_run(job, context, block);
  }
  const complab_zstd_api *zstd = job->api;
  ZSTD_CCtx *cctx = context;
  size_t code = zstd->ZSTD_CCtx_reset(cctx, ZSTD_reset_session_only);
  if (!zstd->ZSTD_isError(code) && job->settings.is_size_known) {
    code = zstd->ZSTD_CCtx_setPledgedSrcSize(cctx, block->src_bytes);
  }
  if (zstd->ZSTD_isError(code)) {
    return complab_zstd_failed(job, code, COMPLAB_COMPRESS_FAILED);
  }
  ZSTD_inBuffer in = {block->src, 0, 0};
  ZSTD_outBuffer out = {block->dst, block->dst_capacity_bytes, 0};
  while (in.pos < block->src_bytes) {
    in.size = in.pos + smaller(block->src_bytes - in.pos, COMPLAB_JAVA_PIECE_BYTES);
    while (in.pos < in.size) {
      code = zstd->ZSTD_compressStream2(cctx, &out, &in, ZSTD_e_continue);
      if (zstd->ZSTD_isError(code)) {
        return complab_zstd_failed(job, code, COMPLAB_COMPRESS_FAILED);
      }
      if (in.pos < in.size && out.pos == out.size) {
        return too_small(job);
      }
    }
  }
  complab_status status = COMPLAB_OK;
  if (!job->settings.is_size_known && !(job->settings.style & COMPLAB_NO_FLUSH)) {
    status = drain(job, cctx, &out, ZSTD_e_flush);
  }
  if (status == COMPLAB_OK) {
    status = drain(job, cctx, &out, ZSTD_e_end);
  }
  if (status != COMPLAB_OK) {
    return status;
  }
  block->dst_bytes = out.pos;
  return COMPLAB_OK;
}

/* ---- Reading ----------------------------------------------------------------- */

/* One call of the decoder into what is left of dst. When nothing is left, a byte beside
 * it tells a frame that has more to say from one that merely ends here. hint_out: 0 at
 * the end of a frame. */
static complab_status decompress_piece(complab_job *job, ZSTD_DCtx *dctx,
                                       ZSTD_inBuffer *in, complab_block *block,
                                       size_t *hint_out) {
  const complab_zstd_api *zstd = job->api;
  const size_t room = block->dst_capacity_bytes - block->dst_bytes;
  const size_t in_before = in->pos;
  uint8_t beyond = 0;
  ZSTD_outBuffer out = {&beyond, 1, 0};
  if (room > 0) {
    out.dst = block->dst + block->dst_bytes;
    out.size = smaller(room, COMPLAB_JAVA_PIECE_BYTES);
  }
  const size_t hint = zstd->ZSTD_decompressStream(dctx, &out, in);
  if (room == 0 && out.pos > 0) {
    return too_small(job);
  }
  block->dst_bytes += out.pos;
  if (zstd->ZSTD_isError(hint)) {
    return complab_zstd_failed(job, hint, COMPLAB_DECOMPRESS_FAILED);
  }
  /* All input taken and room left over: there is no more to come, unless a call brought
   * something. The decoder itself gives up only after many idle calls. */
  if (hint > 0 && out.pos == 0 && in->pos == in_before) {
    return complab_job_failed(job, COMPLAB_DECOMPRESS_FAILED, 0,
                              "the zstd frame ends in the middle");
  }
  *hint_out = hint;
  return COMPLAB_OK;
}

static complab_status decompress_run(complab_job *job, void *context,
                                     complab_block *block) {
  const complab_zstd_api *zstd = job->api;
  block->dst_bytes = 0;
  if (block->src_bytes == 0) {
    return complab_job_failed(job, COMPLAB_DECOMPRESS_FAILED, 0,
                              "no zstd frame in no bytes");
  }
  const size_t code = zstd->ZSTD_DCtx_reset(context, ZSTD_reset_session_only);
  if (zstd->ZSTD_isError(code)) {
    return complab_zstd_failed(job, code, COMPLAB_DECOMPRESS_FAILED);
  }
  ZSTD_inBuffer in = {block->src, block->src_bytes, 0};
  size_t hint = 0;
  do {
    const complab_status status = decompress_piece(job, context, &in, block, &hint);
    if (status != COMPLAB_OK) {
      return status;
    }
  } while (hint > 0 || in.pos < in.size);
  return COMPLAB_OK;
}

const complab_codec complab_zstd_kafka = {
    .name = "zstd",
    .framing = COMPLAB_KAFKA,
    .library = &complab_zstd_library,
    .kafka_id = 4,
    .heeds_size = 1,
    .takes_dictionary = 1,
    .levels = complab_zstd_levels,
    .bound = bound,
    .compress = {complab_zstd_compressor_new, complab_zstd_compressor_free,
                 compress_run, complab_zstd_compressor_bytes},
    .decompress = {complab_zstd_decompressor_new, complab_zstd_decompressor_free,
                   decompress_run, complab_zstd_decompressor_bytes},
};
