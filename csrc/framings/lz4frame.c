/* lz4frame.c - Kafka's LZ4: the LZ4 frame format (lz4_Frame_format.md, 1.6.2) around
 * LZ4 blocks.
 *
 *   magic 04 22 4d 18 | FLG | BD | [content size, 8] | [dictionary id, 4] | HC
 *   { length, 4 | block | [block checksum, 4] } ... | 00 00 00 00 | [content checksum,
 * 4]
 *
 * all little-endian; the length's high bit marks a block that is stored as it is; HC is
 * the second byte of the descriptor's XXH32.
 *
 * Written as the Java client does, with a frame writer of its own
 * (Lz4BlockOutputStream) over lz4-java's block functions: blocks of 64 KiB that are
 * independent of one another, no checksum beside HC, no size, and a block is stored
 * when compression does not make it smaller. Level 9, Kafka's default, is the fast
 * compressor; every other level is lz4-java's high compressor, which ends at 12. It
 * allocates its state for each block, as LZ4_compress_HC does by itself, therefore
 * there is no context to keep. Other clients add a size or checksums, take blocks of
 * 4 MiB, or mean LZ4F's levels; the settings say so.
 *
 * Read: what any client writes, which is blocks of up to 4 MiB (pierrec/lz4), content
 * checksums (sarama, franz-go, kafka-go, kafkajs), block checksums (aiokafka), the
 * content size (kafka-python), linked blocks (none of them, but LZ4F's own default),
 * and skippable frames before the one that counts. The payload ends with the first
 * frame: what stands behind it Kafka's reader never looks at. Checksums are verified,
 * which the Java client does not do with those of blocks' contents. HC is accepted in
 * two forms: producers of message format v0 computed it over the magic, too, and such
 * frames are still on disks (KAFKA-3160). */
#include <stdlib.h>
#include <string.h>

#include "codecs/lz4_api.h"
#include "framings/framings.h"
#include "framings/xxhash32.h"

#define FRAME_MAGIC 0x184D2204u
#define SKIPPABLE_MAGIC 0x184D2A50u /* the low four bits are free */
#define STORED_BIT 0x80000000u

enum {
  WORD_BYTES = 4,
  HEADER_BYTES = 7, /* as the Java client writes it */
  CONTENT_SIZE_BYTES = 8,
  BLOCK_BYTES = 64 * 1024,
  LARGE_BLOCK_BYTES = 4 * 1024 * 1024,
  LINKED_BYTES = 64 * 1024, /* how far a linked block may look back */
  FAST_LEVEL = 9,
  LZ4F_HC_LEVEL_MIN = 3, /* LZ4HC_CLEVEL_MIN up to 1.9; 1.10 has 2 */
  HC_LEVEL_MAX = 12      /* LZ4HC_CLEVEL_MAX */
};

enum {
  FLG_VERSION_MASK = 0xc0,
  FLG_VERSION = 0x40,
  FLG_INDEPENDENT = 0x20,
  FLG_BLOCK_CHECKSUM = 0x10,
  FLG_CONTENT_SIZE = 0x08,
  FLG_CONTENT_CHECKSUM = 0x04,
  FLG_RESERVED = 0x02,
  FLG_DICTIONARY_ID = 0x01,
  BD_RESERVED_MASK = 0x8f,
  BD_64_KIB = 0x40,
  BD_4_MIB = 0x70
};

static size_t smaller(size_t a, size_t b) {
  return a < b ? a : b;
}

static uint32_t load_le32(const uint8_t *src) {
  return (uint32_t)src[0] | (uint32_t)src[1] << 8 | (uint32_t)src[2] << 16 |
         (uint32_t)src[3] << 24;
}

static uint64_t load_le64(const uint8_t *src) {
  return (uint64_t)load_le32(src) | (uint64_t)load_le32(src + WORD_BYTES) << 32;
}

static void store_le32(uint8_t *dst, uint32_t value) {
  dst[0] = (uint8_t)value;
  dst[1] = (uint8_t)(value >> 8);
  dst[2] = (uint8_t)(value >> 16);
  dst[3] = (uint8_t)(value >> 24);
}

static uint8_t header_checksum(const uint8_t *src, size_t src_bytes) {
  return (uint8_t)(complab_xxhash32(src, src_bytes) >> 8);
}

static complab_status too_small(complab_job *job) {
  return complab_job_failed(job, COMPLAB_DST_TOO_SMALL, 0, COMPLAB_WORDS_TOO_SMALL);
}

static complab_levels levels(const void *api) {
  (void)api;
  /* Kafka's range (KIP-390). 13 to 17 are the bytes of 12. */
  return (complab_levels){.has_levels = 1,
                          .min = 1,
                          .max = 17,
                          .default_level = FAST_LEVEL,
                          .sweep_min = 1,
                          .sweep_max = HC_LEVEL_MAX};
}

/* A stored block is the worst case, with all checksums. The last block's room also
 * holds what compressing may try before it is stored, so that no block has to be
 * compressed twice: of large blocks a 255th of their bytes. */
static size_t bound(const void *api, size_t src_bytes) {
  const complab_lz4_api *lz4 = api;
  const size_t blocks = src_bytes / BLOCK_BYTES + (src_bytes % BLOCK_BYTES != 0);
  const size_t last_bytes =
      smaller(src_bytes > BLOCK_BYTES ? src_bytes : BLOCK_BYTES, LARGE_BLOCK_BYTES);
  const size_t fixed_bytes = HEADER_BYTES + CONTENT_SIZE_BYTES + 2 * WORD_BYTES +
                             (size_t)lz4->LZ4_compressBound((int)last_bytes) -
                             last_bytes;
  if (blocks > (SIZE_MAX - fixed_bytes) / (BLOCK_BYTES + 2 * WORD_BYTES)) {
    return 0;
  }
  return src_bytes + blocks * 2 * WORD_BYTES + fixed_bytes;
}

/* ---- Writing ----------------------------------------------------------------- */

/* Whether the settings mean the fast compressor, and which level of the high one
 * otherwise. */
static int is_fast(const complab_settings *settings) {
  return settings->style & COMPLAB_LZ4F_LEVELS ? settings->level < LZ4F_HC_LEVEL_MIN
                                               : settings->level == FAST_LEVEL;
}

static void store_le64(uint8_t *dst, uint64_t value) {
  store_le32(dst, (uint32_t)value);
  store_le32(dst + WORD_BYTES, (uint32_t)(value >> 32));
}

/* Writes the frame's header and returns its size. */
static size_t write_header(const complab_settings *settings, uint64_t content_bytes,
                           uint8_t *dst) {
  int flags = FLG_VERSION | FLG_INDEPENDENT;
  flags |= settings->style & COMPLAB_CONTENT_SIZE ? FLG_CONTENT_SIZE : 0;
  flags |= settings->style & COMPLAB_CONTENT_CHECKSUM ? FLG_CONTENT_CHECKSUM : 0;
  flags |= settings->style & COMPLAB_BLOCK_CHECKSUMS ? FLG_BLOCK_CHECKSUM : 0;
  store_le32(dst, FRAME_MAGIC);
  dst[4] = (uint8_t)flags;
  dst[5] = settings->block_bytes == LARGE_BLOCK_BYTES ? BD_4_MIB : BD_64_KIB;
  size_t at = HEADER_BYTES - 1;
  if (flags & FLG_CONTENT_SIZE) {
    store_le64(dst + at, content_bytes);
    at += CONTENT_SIZE_BYTES;
  }
  dst[at] = header_checksum(dst + WORD_BYTES, at - WORD_BYTES);
  return at + 1;
}

/* Appends a word. */
static complab_status write_word(complab_job *job, const complab_block *block,
                                 uint32_t word, size_t *at_inout) {
  if (block->dst_capacity_bytes - *at_inout < WORD_BYTES) {
    return too_small(job);
  }
  store_le32(block->dst + *at_inout, word);
  *at_inout += WORD_BYTES;
  return COMPLAB_OK;
}

/* Writes one block with its length word; *at_inout is where in dst. */
static complab_status write_block(complab_job *job, const uint8_t *src, int src_bytes,
                                  const complab_block *block, size_t *at_inout) {
  const complab_lz4_api *lz4 = job->api;
  const size_t left = block->dst_capacity_bytes - *at_inout;
  if (left < WORD_BYTES) {
    return too_small(job);
  }
  uint8_t *dst = block->dst + *at_inout + WORD_BYTES;
  /* With room for the worst case LZ4 leaves out its checks of the room, as it does for
   * lz4-java; with less it returns 0 when the room is too small. */
  const int room =
      (int)smaller(left - WORD_BYTES, (size_t)lz4->LZ4_compressBound(src_bytes));
  const int level = job->settings.level;
  const int written =
      is_fast(&job->settings)
          ? lz4->LZ4_compress_default((const char *)src, (char *)dst, src_bytes, room)
          : lz4->LZ4_compress_HC((const char *)src, (char *)dst, src_bytes, room,
                                 level < HC_LEVEL_MAX ? level : HC_LEVEL_MAX);
  if (written > 0 && written < src_bytes) {
    store_le32(dst - WORD_BYTES, (uint32_t)written);
    *at_inout += WORD_BYTES + (size_t)written;
    return COMPLAB_OK;
  }
  if (room < src_bytes) {
    return too_small(job);
  }
  memcpy(dst, src, (size_t)src_bytes);
  store_le32(dst - WORD_BYTES, (uint32_t)src_bytes | STORED_BIT);
  *at_inout += WORD_BYTES + (size_t)src_bytes;
  return COMPLAB_OK;
}

static complab_status compress_run(complab_job *job, void *context,
                                   complab_block *block) {
  (void)context;
  const complab_settings *settings = &job->settings;
  const size_t size_bytes =
      settings->style & COMPLAB_CONTENT_SIZE ? CONTENT_SIZE_BYTES : 0;
  if (block->dst_capacity_bytes < HEADER_BYTES + size_bytes + WORD_BYTES) {
    return too_small(job);
  }
  size_t at = write_header(settings, block->src_bytes, block->dst);
  const size_t block_bytes =
      settings->block_bytes == LARGE_BLOCK_BYTES ? LARGE_BLOCK_BYTES : BLOCK_BYTES;
  complab_status status = COMPLAB_OK;
  for (size_t done = 0; done < block->src_bytes && status == COMPLAB_OK;) {
    const size_t piece = smaller(block->src_bytes - done, block_bytes);
    const size_t from = at + WORD_BYTES;
    status = write_block(job, block->src + done, (int)piece, block, &at);
    if (status == COMPLAB_OK && (settings->style & COMPLAB_BLOCK_CHECKSUMS)) {
      const uint32_t checksum = complab_xxhash32(block->dst + from, at - from);
      status = write_word(job, block, checksum, &at);
    }
    done += piece;
  }
  if (status == COMPLAB_OK) {
    status = write_word(job, block, 0, &at);
  }
  if (status == COMPLAB_OK && (settings->style & COMPLAB_CONTENT_CHECKSUM)) {
    const uint32_t checksum = complab_xxhash32(block->src, block->src_bytes);
    status = write_word(job, block, checksum, &at);
  }
  if (status == COMPLAB_OK) {
    block->dst_bytes = at;
  }
  return status;
}

static size_t compress_memory_bytes(const complab_job *job, const void *context) {
  (void)context;
  const complab_lz4_api *lz4 = job->api;
  return (size_t)(is_fast(&job->settings) ? lz4->LZ4_sizeofState()
                                          : lz4->LZ4_sizeofStateHC());
}

/* ---- Reading ----------------------------------------------------------------- */

/* What is left to read. */
typedef struct reader {
  const uint8_t *src;
  size_t left;
} reader;

typedef struct frame {
  int flags; /* FLG */
  size_t block_bytes_max;
  uint64_t content_bytes; /* with FLG_CONTENT_SIZE */
  size_t dst_start;       /* where in dst this frame's content begins */
} frame;

static complab_status malformed(complab_job *job, const char *words) {
  return complab_job_failed(job, COMPLAB_DECOMPRESS_FAILED, 0, words);
}

static void advance(reader *in, size_t bytes) {
  in->src += bytes;
  in->left -= bytes;
}

/* Takes a word; 0 if none is left. */
static int take_word(reader *in, uint32_t *word_out) {
  if (in->left < WORD_BYTES) {
    return 0;
  }
  *word_out = load_le32(in->src);
  advance(in, WORD_BYTES);
  return 1;
}

/* Reads magic and descriptor of a frame whose magic is FRAME_MAGIC. */
static complab_status read_header(complab_job *job, reader *in, frame *frame_out) {
  enum { FLG_AT = 4, BD_AT = 5, FIELDS_AT = 6 };
  if (in->left < HEADER_BYTES) {
    return malformed(job, "an LZ4 frame header is cut off");
  }
  const uint8_t *src = in->src;
  const int flags = src[FLG_AT];
  const int size_code = src[BD_AT] >> 4;
  if ((flags & FLG_VERSION_MASK) != FLG_VERSION || (flags & FLG_RESERVED) != 0 ||
      (src[BD_AT] & BD_RESERVED_MASK) != 0 || size_code < 4) {
    return malformed(job, "an LZ4 frame of an unknown version, flag or block size");
  }
  if ((flags & FLG_DICTIONARY_ID) != 0) {
    return malformed(job, "an LZ4 frame that needs a dictionary, which Kafka has not");
  }
  const size_t size_bytes = (flags & FLG_CONTENT_SIZE) != 0 ? 8 : 0;
  const size_t checksum_at = FIELDS_AT + size_bytes;
  if (in->left <= checksum_at) {
    return malformed(job, "an LZ4 frame header is cut off");
  }
  const uint8_t checksum = src[checksum_at];
  if (checksum != header_checksum(src + FLG_AT, checksum_at - FLG_AT) &&
      checksum != header_checksum(src, checksum_at)) {
    return malformed(job, "an LZ4 frame header's checksum is wrong");
  }
  frame_out->flags = flags;
  frame_out->block_bytes_max = (size_t)1 << (8 + 2 * size_code); /* 4: 64 KiB */
  frame_out->content_bytes = size_bytes > 0 ? load_le64(src + FIELDS_AT) : 0;
  advance(in, checksum_at + 1);
  return COMPLAB_OK;
}

/* LZ4's decoder does not say whether a block is malformed or does not fit. Where dst
 * is shorter than a block may be, a failed block is decoded once more beside it. */
static complab_status why_it_failed(complab_job *job, const frame *now,
                                    const uint8_t *src, size_t src_bytes, size_t room,
                                    const uint8_t *known, size_t known_bytes) {
  const complab_lz4_api *lz4 = job->api;
  if (room >= now->block_bytes_max) {
    return malformed(job, "a malformed LZ4 block");
  }
  char *beside = malloc(now->block_bytes_max);
  if (beside == NULL) {
    return complab_job_failed(job, COMPLAB_NO_MEMORY, 0, NULL);
  }
  const int bytes = lz4->LZ4_decompress_safe_usingDict(
      (const char *)src, beside, (int)src_bytes, (int)now->block_bytes_max,
      (const char *)known, (int)known_bytes);
  free(beside);
  return bytes < 0 ? malformed(job, "a malformed LZ4 block") : too_small(job);
}

/* Appends the content of one compressed block to dst. */
static complab_status read_compressed(complab_job *job, const frame *now,
                                      const uint8_t *src, size_t src_bytes,
                                      complab_block *block) {
  const complab_lz4_api *lz4 = job->api;
  uint8_t nothing = 0; /* dst may be NULL if its capacity is 0 */
  uint8_t *dst = block->dst != NULL ? block->dst + block->dst_bytes : &nothing;
  const size_t room = block->dst_capacity_bytes - block->dst_bytes;
  const int dst_room = (int)smaller(room, now->block_bytes_max);
  size_t known_bytes = 0;
  if ((now->flags & FLG_INDEPENDENT) == 0) {
    known_bytes = smaller(block->dst_bytes - now->dst_start, LINKED_BYTES);
  }
  const int bytes = known_bytes > 0
                        ? lz4->LZ4_decompress_safe_usingDict(
                              (const char *)src, (char *)dst, (int)src_bytes, dst_room,
                              (const char *)dst - known_bytes, (int)known_bytes)
                        : lz4->LZ4_decompress_safe((const char *)src, (char *)dst,
                                                   (int)src_bytes, dst_room);
  if (bytes < 0) {
    return why_it_failed(job, now, src, src_bytes, room, dst - known_bytes,
                         known_bytes);
  }
  block->dst_bytes += (size_t)bytes;
  return COMPLAB_OK;
}

/* Reads one block, whose length word is taken already. */
static complab_status read_block(complab_job *job, reader *in, const frame *now,
                                 uint32_t length_word, complab_block *block) {
  const size_t src_bytes = length_word & ~STORED_BIT;
  const int is_stored = (length_word & STORED_BIT) != 0;
  if (src_bytes > now->block_bytes_max || src_bytes > in->left) {
    return malformed(job,
                     "an LZ4 block is longer than its frame allows or than is left");
  }
  const uint8_t *src = in->src;
  advance(in, src_bytes);
  uint32_t checksum = 0;
  if ((now->flags & FLG_BLOCK_CHECKSUM) != 0) {
    if (!take_word(in, &checksum)) {
      return malformed(job, "an LZ4 block's checksum is cut off");
    }
    if (checksum != complab_xxhash32(src, src_bytes)) {
      return malformed(job, "an LZ4 block's checksum is wrong");
    }
  }
  if (!is_stored) {
    return read_compressed(job, now, src, src_bytes, block);
  }
  if (src_bytes > block->dst_capacity_bytes - block->dst_bytes) {
    return too_small(job);
  }
  if (src_bytes > 0) {
    memcpy(block->dst + block->dst_bytes, src, src_bytes);
  }
  block->dst_bytes += src_bytes;
  return COMPLAB_OK;
}

/* What stands behind the end mark, and the promises of the header. */
static complab_status read_end(complab_job *job, reader *in, const frame *now,
                               const complab_block *block) {
  const size_t content_bytes = block->dst_bytes - now->dst_start;
  if ((now->flags & FLG_CONTENT_SIZE) != 0 && now->content_bytes != content_bytes) {
    return malformed(job, "an LZ4 frame holds more or less than its header says");
  }
  if ((now->flags & FLG_CONTENT_CHECKSUM) == 0) {
    return COMPLAB_OK;
  }
  uint32_t checksum = 0;
  if (!take_word(in, &checksum)) {
    return malformed(job, "an LZ4 frame's checksum is cut off");
  }
  const uint8_t *content = content_bytes > 0 ? block->dst + now->dst_start : NULL;
  return checksum == complab_xxhash32(content, content_bytes)
             ? COMPLAB_OK
             : malformed(job, "an LZ4 frame's checksum is wrong");
}

static complab_status read_frame(complab_job *job, reader *in, complab_block *block) {
  frame now = {.dst_start = block->dst_bytes};
  complab_status status = read_header(job, in, &now);
  while (status == COMPLAB_OK) {
    uint32_t length_word = 0;
    if (!take_word(in, &length_word)) {
      return malformed(job, "an LZ4 frame ends in the middle");
    }
    if (length_word == 0) {
      return read_end(job, in, &now, block);
    }
    status = read_block(job, in, &now, length_word, block);
  }
  return status;
}

static complab_status skip_frame(complab_job *job, reader *in) {
  uint32_t skipped_bytes = 0;
  advance(in, WORD_BYTES);
  if (!take_word(in, &skipped_bytes) || skipped_bytes > in->left) {
    return malformed(job, "a skippable frame is cut off");
  }
  advance(in, skipped_bytes);
  return COMPLAB_OK;
}

static complab_status decompress_run(complab_job *job, void *context,
                                     complab_block *block) {
  (void)context;
  reader in = {block->src, block->src_bytes};
  block->dst_bytes = 0;
  for (;;) {
    if (in.left < WORD_BYTES) {
      return malformed(job, "no LZ4 frame in less than four bytes");
    }
    const uint32_t magic = load_le32(in.src);
    if (magic == FRAME_MAGIC) {
      return read_frame(job, &in, block);
    }
    if ((magic & ~0x0fu) != SKIPPABLE_MAGIC) {
      return malformed(job, "neither an LZ4 frame nor a skippable one");
    }
    const complab_status status = skip_frame(job, &in);
    if (status != COMPLAB_OK) {
      return status;
    }
  }
}

const complab_codec complab_lz4_kafka = {
    .name = "lz4",
    .framing = COMPLAB_KAFKA,
    .library = &complab_lz4_library,
    .kafka_id = 3,
    .levels = levels,
    .bound = bound,
    .compress = {NULL, NULL, compress_run, compress_memory_bytes},
    .decompress = {NULL, NULL, decompress_run, NULL},
};
