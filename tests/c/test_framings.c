/* test_framings.c - what each kafka framing writes comes back, fits in what it promised
 * to fit in, begins as the Java client's bytes begin, and is refused when cut short.
 * Inputs and outputs end at guard pages. */
#include "coders.h"

enum { SIZE_MAX_TESTED = 300 * 1024 };

typedef enum content { ZEROS, TEXT, NOISE, CONTENTS } content;

/* Around the sizes at which a framing begins a new piece: 16, 32 and 64 KiB. */
static const size_t sizes[] = {
    0,     1,     2,     13,    100,   4096,  16383, 16384,  16385,          32767,
    32768, 32769, 65535, 65536, 65537, 98304, 98305, 131072, SIZE_MAX_TESTED};
enum { SIZES = sizeof sizes / sizeof *sizes };

static void fill(uint8_t *dst, size_t bytes, content kind) {
  uint64_t noise = 7;
  for (size_t i = 0; i < bytes; i++) {
    const uint8_t random = test_noise(&noise);
    switch (kind) {
      case TEXT: /* words of a small alphabet: it compresses, and not to nothing */
        dst[i] = (uint8_t)(i % 7 == 6 ? ' ' : 'a' + random % 5);
        break;
      case NOISE:
        dst[i] = random;
        break;
      case ZEROS:
      default:
        dst[i] = 0;
        break;
    }
  }
}

/* Compresses into exactly what bound promises and back into exactly the size; one byte
 * less is too small, both ways, and nothing is written behind. */
static void check_round_trip(complab_coder *encoder, complab_coder *decoder,
                             const uint8_t *src, size_t src_bytes) {
  const size_t bound = complab_coder_bound(encoder, src_bytes);
  CHECK(bound > 0);
  guarded packed;
  size_t packed_bytes = 0;
  CHECK_EQUAL(run_guarded(encoder, src, src_bytes, bound, &packed, &packed_bytes),
              COMPLAB_OK);
  check_decodes(decoder, packed.bytes, packed_bytes, src, src_bytes);
  guarded too_small;
  size_t too_small_bytes = 0;
  CHECK_EQUAL(run_guarded(encoder, src, src_bytes, packed_bytes - 1, &too_small,
                          &too_small_bytes),
              COMPLAB_DST_TOO_SMALL);
  CHECK_EQUAL(run_guarded(encoder, src, src_bytes, 0, &too_small, &too_small_bytes),
              COMPLAB_DST_TOO_SMALL);
  /* the failures before have left nothing behind: the same bytes come again */
  guarded again;
  size_t again_bytes = 0;
  CHECK_EQUAL(run_guarded(encoder, src, src_bytes, bound, &again, &again_bytes),
              COMPLAB_OK);
  CHECK_EQUAL(again_bytes, packed_bytes);
  CHECK(memcmp(again.bytes, packed.bytes, packed_bytes) == 0);
  guarded_free(again);
  guarded_free(packed);
}

static void round_trips_at(const opened *codec, complab_settings settings,
                           size_t size_step) {
  complab_coder *encoder = coder_of(codec, COMPLAB_COMPRESS, settings);
  complab_coder *decoder = coder_of(codec, COMPLAB_DECOMPRESS, settings);
  static uint8_t src[SIZE_MAX_TESTED];
  for (int kind = 0; kind < CONTENTS; kind++) {
    fill(src, sizeof src, (content)kind);
    for (size_t i = 0; i < SIZES; i += size_step) {
      check_round_trip(encoder, decoder, src, sizes[i]);
    }
  }
  complab_coder_free(decoder);
  complab_coder_free(encoder);
}

/* Every level, with all sizes at the default one; kept and fresh contexts; a size that
 * is known ahead. */
static void everything_comes_back(const opened *codec) {
  complab_settings settings = {.level = codec->levels.default_level};
  round_trips_at(codec, settings, 1);
  settings.is_context_fresh = 1;
  round_trips_at(codec, settings, 5);
  settings.is_size_known = 1;
  round_trips_at(codec, settings, 3);
  settings = (complab_settings){0};
  for (int32_t level = codec->levels.sweep_min;
       codec->levels.has_levels && level <= codec->levels.sweep_max; level++) {
    settings.level = level;
    round_trips_at(codec, settings, 9);
  }
}

/* Every style, each by itself and all together, in small and in large blocks; those
 * that a framing does not heed change nothing. */
static void every_style_comes_back(const opened *codec) {
  complab_settings settings = {.level = codec->levels.default_level};
  for (uint32_t style = 1; style <= COMPLAB_ZLIB_HEADER; style <<= 1) {
    settings.style = style;
    round_trips_at(codec, settings, 9);
  }
  settings.style = COMPLAB_CONTENT_SIZE | COMPLAB_CONTENT_CHECKSUM |
                   COMPLAB_BLOCK_CHECKSUMS | COMPLAB_NO_FLUSH;
  settings.block_bytes = 4 << 20;
  settings.window_log = 16;
  round_trips_at(codec, settings, 3);
  settings.style = 2 * COMPLAB_ZLIB_HEADER - 1;
  round_trips_at(codec, settings, 3);
}

/* The framings that heed each style, as complab.h says. */
static const struct {
  complab_style style;
  const char *names[2];
} heeding[] = {{COMPLAB_BARE_BLOCK, {"snappy"}},
               {COMPLAB_CONTENT_SIZE, {"lz4"}},
               {COMPLAB_CONTENT_CHECKSUM, {"lz4", "zstd"}},
               {COMPLAB_BLOCK_CHECKSUMS, {"lz4"}},
               {COMPLAB_LZ4F_LEVELS, {"lz4"}},
               {COMPLAB_NO_FLUSH, {"zstd"}},
               {COMPLAB_ONE_CALL, {"zstd"}},
               {COMPLAB_ZLIB_HEADER, {"gzip"}}};
enum { STYLES = sizeof heeding / sizeof *heeding };

static int heeds(const char *codec, size_t i) {
  return strcmp(codec, heeding[i].names[0]) == 0 ||
         (heeding[i].names[1] != NULL && strcmp(codec, heeding[i].names[1]) == 0);
}

/* A style changes what the framings write that heed it, and nothing else. */
static void styles_change_their_own_framings(const opened *codec) {
  enum { BYTES = 60000, ROOM = 120000 };
  static uint8_t src[BYTES];
  static uint8_t javas[ROOM];
  static uint8_t other[ROOM];
  fill(src, BYTES, TEXT);
  complab_settings settings = {.level = codec->levels.default_level};
  complab_coder *encoder = coder_of(codec, COMPLAB_COMPRESS, settings);
  complab_block block = {src, BYTES, javas, ROOM, 0};
  CHECK_EQUAL(complab_coder_run(encoder, &block), COMPLAB_OK);
  complab_coder_free(encoder);
  for (size_t i = 0; i < STYLES; i++) {
    settings.style = heeding[i].style;
    encoder = coder_of(codec, COMPLAB_COMPRESS, settings);
    complab_block again = {src, BYTES, other, ROOM, 0};
    CHECK_EQUAL(complab_coder_run(encoder, &again), COMPLAB_OK);
    const int is_same = again.dst_bytes == block.dst_bytes &&
                        memcmp(other, javas, block.dst_bytes) == 0;
    CHECK_EQUAL(is_same, !heeds(codec->name, i));
    complab_coder_free(encoder);
  }
}

/* A style or a size of blocks that nobody has is no way to write. */
static void what_is_no_style_is_refused(const opened *codec) {
  static const complab_settings wrong[] = {
      {.style = COMPLAB_ZLIB_HEADER << 1},
      {.style = COMPLAB_CONTENT_CHECKSUM | 1u << 31},
      {.block_bytes = 1},
      {.block_bytes = (64 << 10) + 1},
      {.block_bytes = 8 << 20},
  };
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    for (int direction = COMPLAB_COMPRESS; direction <= COMPLAB_DECOMPRESS;
         direction++) {
      complab_settings settings = wrong[i];
      settings.level = codec->levels.default_level;
      complab_coder *coder = NULL;
      CHECK_EQUAL(complab_coder_new(codec->codec, codec->library,
                                    (complab_direction)direction, &settings, &coder),
                  COMPLAB_BAD_ARGUMENT);
      CHECK(coder == NULL);
    }
  }
}

/* Cut anywhere, an output is malformed; it is neither accepted nor a crash. The xerial
 * container alone has no end mark: cut between two chunks it is a shorter stream. */
static void cuts_are_refused(const opened *codec) {
  enum { BYTES = 70 * 1024 };
  static uint8_t src[BYTES];
  fill(src, BYTES, TEXT);
  complab_coder *encoder =
      coder_of(codec, COMPLAB_COMPRESS,
               (complab_settings){.level = codec->levels.default_level});
  complab_coder *decoder = decoder_of(codec);
  const int has_end = strcmp(codec->name, "snappy") != 0;
  static const size_t cut_sizes[] = {1, 40, BYTES};
  for (size_t i = 0; i < 3; i++) {
    guarded packed;
    size_t packed_bytes = 0;
    CHECK_EQUAL(
        run_guarded(encoder, src, cut_sizes[i],
                    complab_coder_bound(encoder, cut_sizes[i]), &packed, &packed_bytes),
        COMPLAB_OK);
    /* all cuts near both ends, some between */
    for (size_t cut = 0; cut < packed_bytes;
         cut += cut < 100 || packed_bytes - cut <= 100 ? 1 : 97) {
      guarded out;
      size_t out_bytes = 0;
      const complab_status status =
          run_guarded(decoder, packed.bytes, cut, cut_sizes[i], &out, &out_bytes);
      if (status == COMPLAB_OK) {
        CHECK(!has_end && out_bytes < cut_sizes[i] && out_bytes % 32768 == 0);
        guarded_free(out);
      } else {
        CHECK_EQUAL(status, COMPLAB_DECOMPRESS_FAILED);
      }
    }
    check_decodes(decoder, packed.bytes, packed_bytes, src, cut_sizes[i]);
    guarded_free(packed);
  }
  complab_coder_free(decoder);
  complab_coder_free(encoder);
}

/* A byte behind the end is refused, but for LZ4, whose readers do not look there. */
static void garbage_behind_is_refused(const opened *codec) {
  static uint8_t src[1000];
  fill(src, sizeof src, TEXT);
  complab_coder *encoder =
      coder_of(codec, COMPLAB_COMPRESS,
               (complab_settings){.level = codec->levels.default_level});
  complab_coder *decoder = decoder_of(codec);
  uint8_t packed[40000];
  complab_block block = {src, sizeof src, packed, sizeof packed - 10, 0};
  CHECK_EQUAL(complab_coder_run(encoder, &block), COMPLAB_OK);
  const int is_lz4 = strcmp(codec->name, "lz4") == 0;
  for (size_t behind = 1; behind <= 10; behind++) {
    for (int byte = 0; byte <= 0xff; byte += 0xff) {
      memset(packed + block.dst_bytes, byte, behind);
      const size_t bytes = block.dst_bytes + behind;
      if (is_lz4) {
        check_decodes(decoder, packed, bytes, src, sizeof src);
      } else {
        check_refused(decoder, packed, bytes, sizeof src);
      }
    }
  }
  complab_coder_free(decoder);
  complab_coder_free(encoder);
}

/* The first bytes are those that the Java client's fixtures have. */
static void it_begins_as_java_does(const opened *codec) {
  static const struct {
    const char *name;
    uint8_t bytes[17];
    size_t count;
  } starts[] = {
      {"gzip", {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff}, 10},
      {"snappy",
       {0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0, 0, 0, 0, 1, 0, 0, 0, 1, 0},
       17},
      {"lz4", {0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82}, 7},
      {"zstd", {0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58}, 6}, /* no size; 2 MiB at level 3 */
  };
  static uint8_t src[1000];
  fill(src, sizeof src, TEXT);
  complab_coder *encoder =
      coder_of(codec, COMPLAB_COMPRESS,
               (complab_settings){.level = codec->levels.default_level});
  for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
    if (strcmp(starts[i].name, codec->name) == 0) {
      uint8_t packed[40000];
      complab_block block = {src, sizeof src, packed, sizeof packed, 0};
      CHECK_EQUAL(complab_coder_run(encoder, &block), COMPLAB_OK);
      CHECK(memcmp(packed, starts[i].bytes, starts[i].count) == 0);
    }
  }
  complab_coder_free(encoder);
}

/* The Java client flushes a zstd stream before it ends it, which leaves an empty last
 * block (01 00 00); a client that pledges the size does not. */
static void zstd_ends_as_java_does(const opened *codec) {
  if (strcmp(codec->name, "zstd") != 0) {
    return;
  }
  static uint8_t src[1000];
  static uint8_t packed[2][40000];
  size_t packed_bytes[2] = {0};
  fill(src, sizeof src, TEXT);
  for (int32_t is_known = 0; is_known <= 1; is_known++) {
    complab_coder *encoder =
        coder_of(codec, COMPLAB_COMPRESS,
                 (complab_settings){.level = codec->levels.default_level,
                                    .is_size_known = is_known});
    complab_block block = {src, sizeof src, packed[is_known], sizeof packed[is_known],
                           0};
    CHECK_EQUAL(complab_coder_run(encoder, &block), COMPLAB_OK);
    packed_bytes[is_known] = block.dst_bytes;
    complab_coder_free(encoder);
  }
  CHECK(memcmp(packed[0] + packed_bytes[0] - 3, "\x01\x00\x00", 3) == 0);
  CHECK(memcmp(packed[1] + packed_bytes[1] - 3, "\x01\x00\x00", 3) != 0);
  CHECK((packed[0][4] & 0xe0) == 0); /* no content size, no single segment */
  CHECK((packed[1][4] & 0xe0) != 0);
}

/* A size too large for the arithmetic has no bound. */
static void an_impossible_size_has_no_bound(const opened *codec) {
  complab_coder *encoder =
      coder_of(codec, COMPLAB_COMPRESS,
               (complab_settings){.level = codec->levels.default_level});
  CHECK_EQUAL(complab_coder_bound(encoder, SIZE_MAX), 0);
  CHECK_EQUAL(complab_coder_bound(encoder, SIZE_MAX - 100), 0);
  complab_coder_free(encoder);
}

/* gzip, zstd and lz4 tell what their compressor takes; so it is with both kinds of
 * context. */
static void memory_is_told(const opened *codec) {
  static uint8_t src[1000];
  uint8_t packed[40000];
  for (int32_t is_fresh = 0; is_fresh <= 1; is_fresh++) {
    complab_coder *encoder =
        coder_of(codec, COMPLAB_COMPRESS,
                 (complab_settings){.level = codec->levels.default_level,
                                    .is_context_fresh = is_fresh});
    complab_block block = {src, sizeof src, packed, sizeof packed, 0};
    CHECK_EQUAL(complab_coder_run(encoder, &block), COMPLAB_OK);
    const size_t memory_bytes = complab_coder_memory_bytes(encoder);
    CHECK((memory_bytes > 4096) == (strcmp(codec->name, "snappy") != 0));
    complab_coder_free(encoder);
  }
}

/* lz4's level 9 is the fast compressor; 13 to 17 are the bytes of 12. */
static void lz4_levels_are_kafkas(const opened *codec) {
  if (strcmp(codec->name, "lz4") != 0) {
    return;
  }
  static uint8_t src[100000];
  static uint8_t packed[18][110000];
  size_t packed_bytes[18] = {0};
  fill(src, sizeof src, TEXT);
  for (int32_t level = 1; level <= 17; level++) {
    complab_coder *encoder =
        coder_of(codec, COMPLAB_COMPRESS, (complab_settings){.level = level});
    complab_block block = {src, sizeof src, packed[level], sizeof packed[level], 0};
    CHECK_EQUAL(complab_coder_run(encoder, &block), COMPLAB_OK);
    packed_bytes[level] = block.dst_bytes;
    complab_coder_free(encoder);
  }
  for (int32_t level = 1; level <= 17; level++) {
    CHECK(level == 9 || packed_bytes[level] < packed_bytes[9]);
  }
  for (int32_t level = 13; level <= 17; level++) {
    CHECK_EQUAL(packed_bytes[level], packed_bytes[12]);
    CHECK(memcmp(packed[level], packed[12], packed_bytes[12]) == 0);
  }
}

int main(void) {
  static const char *const names[] = {"gzip", "snappy", "lz4", "zstd"};
  int tested = 0;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    opened codec;
    if (!open_codec(names[i], &codec)) {
      continue;
    }
    tested++;
    everything_comes_back(&codec);
    every_style_comes_back(&codec);
    styles_change_their_own_framings(&codec);
    what_is_no_style_is_refused(&codec);
    cuts_are_refused(&codec);
    garbage_behind_is_refused(&codec);
    it_begins_as_java_does(&codec);
    zstd_ends_as_java_does(&codec);
    an_impossible_size_has_no_bound(&codec);
    memory_is_told(&codec);
    lz4_levels_are_kafkas(&codec);
    close_codec(&codec);
  }
  return tested > 0 ? 0 : TEST_SKIPPED;
}
