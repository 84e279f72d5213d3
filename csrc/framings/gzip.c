/* gzip.c - Kafka's gzip: one member around a deflate stream (RFC 1952).
 *
 * Written as the Java client does: GZIPOutputStream's fixed header, whose OS byte is
 * 255 since JDK 16 and which never tells the level (XFL 0, unlike zlib's own writer),
 * then bare deflate with zlib's default window, memory and strategy. Therefore the
 * header is not left to deflateInit2 with 15 + 16: that would write OS 3 and XFL 2
 * or 4, as librdkafka does (COMPLAB_ZLIB_HEADER).
 *
 * Read as any client writes it: with every optional field of the header and with
 * several members behind one another, which RFC 1952 (section 2.2) makes one file. zlib
 * checks the header's CRC, the CRC-32 and the size itself. Anything behind the last
 * member that is no member is an error, also zeros.
 *
 * The output is taken in the pieces in which the Java client takes it. zlib then keeps
 * its window up to date with every piece; one call over the whole would save that
 * copying and show a speed that no consumer sees. */
#include <string.h>

#include "codecs/zlib_api.h"
#include "framings/framings.h"

enum { HEADER_BYTES = 10, TRAILER_BYTES = 8 };

static const uint8_t header[HEADER_BYTES] = {
    0x1f, 0x8b,       /* ID1, ID2 */
    8,                /* CM: deflate */
    0,                /* FLG: no optional field */
    0,    0,    0, 0, /* MTIME: none */
    0,                /* XFL */
    0xff,             /* OS: unknown */
};

enum { XFL_AT = 8, OS_AT = 9, OS_UNIX = 3, XFL_SMALLEST = 2, XFL_FASTEST = 4 };

/* As deflateInit2 with 15 + 16 would have it written: librdkafka's. */
static void write_zlib_header(uint8_t *dst, int32_t level) {
  memcpy(dst, header, HEADER_BYTES);
  dst[XFL_AT] = level == 9 ? XFL_SMALLEST : level == 1 ? XFL_FASTEST : 0;
  dst[OS_AT] = OS_UNIX;
}

static complab_levels levels(const void *api) {
  (void)api;
  /* Kafka's range (KIP-390); its default of -1 is zlib's 6. Level 0, which zlib has,
   * is not allowed. */
  return (complab_levels){.has_levels = 1,
                          .min = 1,
                          .max = 9,
                          .default_level = 6,
                          .sweep_min = 1,
                          .sweep_max = 9};
}

/* Larger than deflateBound for any implementation: the worst that a deflate writer can
 * do with some sense is nine bits a byte (fixed codes, as zlib-ng's level 1 writes them
 * without looking back) and a few bytes for each block. */
static size_t bound(const void *api, size_t src_bytes) {
  (void)api;
  if (src_bytes > SIZE_MAX / 2) {
    return 0;
  }
  return src_bytes + src_bytes / 8 + src_bytes / 64 + 64 + HEADER_BYTES + TRAILER_BYTES;
}

static size_t smaller(size_t a, size_t b) {
  return a < b ? a : b;
}

static void store_le32(uint8_t *dst, uint32_t value) {
  dst[0] = (uint8_t)value;
  dst[1] = (uint8_t)(value >> 8);
  dst[2] = (uint8_t)(value >> 16);
  dst[3] = (uint8_t)(value >> 24);
}

/* ---- Writing ----------------------------------------------------------------- */

static complab_status deflater_new(complab_job *job, void **context_out) {
  return complab_zlib_deflate_new(job, COMPLAB_ZLIB_BARE, context_out);
}

/* Calls deflate until it has taken the piece that next_in holds and, with Z_FINISH, has
 * ended the stream. */
static complab_status deflate_piece(complab_job *job, z_stream *stream, int flush,
                                    const uint8_t *dst_end) {
  const complab_zlib_api *zlib = job->api;
  for (;;) {
    const size_t room = (size_t)(dst_end - stream->next_out);
    stream->avail_out = (unsigned)smaller(room, COMPLAB_ZLIB_MAX_BYTES);
    const int code = zlib->deflate(stream, flush);
    if (code == Z_STREAM_END) {
      return COMPLAB_OK;
    }
    if (code != Z_OK && code != Z_BUF_ERROR) {
      return complab_job_failed(job, COMPLAB_COMPRESS_FAILED, code, stream->msg);
    }
    if (stream->avail_out > 0) {
      return flush == Z_NO_FLUSH && stream->avail_in == 0
                 ? COMPLAB_OK
                 : complab_job_failed(job, COMPLAB_COMPRESS_FAILED, code,
                                      "deflate stopped with room to write");
    }
    if (stream->next_out == dst_end) {
      return complab_job_failed(job, COMPLAB_DST_TOO_SMALL, code,
                                COMPLAB_WORDS_TOO_SMALL);
    }
  }
}

static complab_status compress_run(complab_job *job, void *context,
                                   complab_block *block) {
  const complab_zlib_api *zlib = job->api;
  z_stream *stream = &((complab_zlib_context *)context)->stream;
  if (block->dst_capacity_bytes < HEADER_BYTES + TRAILER_BYTES) {
    return complab_job_failed(job, COMPLAB_DST_TOO_SMALL, 0, COMPLAB_WORDS_TOO_SMALL);
  }
  const int code = zlib->deflateReset(stream);
  if (code != Z_OK) {
    return complab_job_failed(job, COMPLAB_COMPRESS_FAILED, code, stream->msg);
  }
  if (job->settings.style & COMPLAB_ZLIB_HEADER) {
    write_zlib_header(block->dst, job->settings.level);
  } else {
    memcpy(block->dst, header, HEADER_BYTES);
  }
  /* The trailer's place is kept free all along. */
  const uint8_t *dst_end = block->dst + block->dst_capacity_bytes - TRAILER_BYTES;
  stream->next_out = block->dst + HEADER_BYTES;
  unsigned long crc = zlib->crc32(0, NULL, 0);
  for (size_t done = 0; done < block->src_bytes;) {
    const unsigned piece =
        (unsigned)smaller(block->src_bytes - done, COMPLAB_JAVA_PIECE_BYTES);
    const uint8_t *src = block->src + done;
    crc = zlib->crc32(crc, src, piece);
    stream->next_in =
        (unsigned char *)src; /* zlib.h means const, but does not say so */
    stream->avail_in = piece;
    const complab_status status = deflate_piece(job, stream, Z_NO_FLUSH, dst_end);
    if (status != COMPLAB_OK) {
      return status;
    }
    done += piece;
  }
  stream->avail_in = 0;
  const complab_status status = deflate_piece(job, stream, Z_FINISH, dst_end);
  if (status != COMPLAB_OK) {
    return status;
  }
  uint8_t *trailer = stream->next_out;
  store_le32(trailer, (uint32_t)crc);
  store_le32(trailer + 4, (uint32_t)block->src_bytes); /* ISIZE is modulo 2^32 */
  block->dst_bytes = (size_t)(trailer - block->dst) + TRAILER_BYTES;
  return COMPLAB_OK;
}

/* ---- Reading ----------------------------------------------------------------- */

static complab_status inflater_new(complab_job *job, void **context_out) {
  return complab_zlib_inflate_new(job, COMPLAB_ZLIB_GZIP, context_out);
}

/* One call of inflate into what is left of dst. When nothing is left, a byte beside it
 * tells a stream that has more to say from one that merely ends here. */
static complab_status inflate_piece(complab_job *job, z_stream *stream,
                                    complab_block *block, size_t *src_left,
                                    int *is_member_end_out) {
  const complab_zlib_api *zlib = job->api;
  const size_t room = block->dst_capacity_bytes - block->dst_bytes;
  uint8_t beyond = 0;
  const unsigned src_piece = (unsigned)smaller(*src_left, COMPLAB_ZLIB_MAX_BYTES);
  const unsigned dst_piece =
      room > 0 ? (unsigned)smaller(room, COMPLAB_JAVA_PIECE_BYTES) : 1;
  stream->avail_in = src_piece;
  stream->next_out = room > 0 ? block->dst + block->dst_bytes : &beyond;
  stream->avail_out = dst_piece;
  const int code = zlib->inflate(stream, Z_NO_FLUSH);
  *src_left -= src_piece - stream->avail_in;
  const unsigned written = dst_piece - stream->avail_out;
  if (room == 0 && written > 0) {
    return complab_job_failed(job, COMPLAB_DST_TOO_SMALL, code,
                              COMPLAB_WORDS_TOO_SMALL);
  }
  block->dst_bytes += written;
  *is_member_end_out = code == Z_STREAM_END;
  if (code == Z_OK || code == Z_STREAM_END) {
    return COMPLAB_OK;
  }
  if (code == Z_MEM_ERROR) {
    return complab_job_failed(job, COMPLAB_NO_MEMORY, code, stream->msg);
  }
  return complab_job_failed(
      job, COMPLAB_DECOMPRESS_FAILED, code,
      code == Z_BUF_ERROR ? "the gzip stream ends in the middle" : stream->msg);
}

static complab_status decompress_run(complab_job *job, void *context,
                                     complab_block *block) {
  const complab_zlib_api *zlib = job->api;
  z_stream *stream = &((complab_zlib_context *)context)->stream;
  static const uint8_t nothing = 0; /* zlib refuses a NULL next_in, even of no bytes */
  size_t src_left = block->src_bytes;
  block->dst_bytes = 0;
  stream->next_in = (unsigned char *)(src_left > 0 ? block->src : &nothing);
  do {
    const int code = zlib->inflateReset(stream);
    if (code != Z_OK) {
      return complab_job_failed(job, COMPLAB_DECOMPRESS_FAILED, code, stream->msg);
    }
    int is_member_end = 0;
    while (!is_member_end) {
      const complab_status status =
          inflate_piece(job, stream, block, &src_left, &is_member_end);
      if (status != COMPLAB_OK) {
        return status;
      }
    }
  } while (src_left > 0);
  return COMPLAB_OK;
}

const complab_codec complab_gzip_kafka = {
    .name = "gzip",
    .framing = COMPLAB_KAFKA,
    .library = &complab_zlib_library,
    .kafka_id = 1,
    .levels = levels,
    .bound = bound,
    .compress = {deflater_new, complab_zlib_deflate_free, compress_run,
                 complab_zlib_memory_bytes},
    .decompress = {inflater_new, complab_zlib_inflate_free, decompress_run,
                   complab_zlib_memory_bytes},
};
