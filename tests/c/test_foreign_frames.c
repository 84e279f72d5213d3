/* test_foreign_frames.c - what other clients than the Java one write, put together by
 * hand or by the library's own frame writer: header fields, checksums, linked blocks,
 * members and frames behind one another, the old header checksum, and damage to each.
 */
#include "coders.h"

#include <dlfcn.h>

#include "codecs/zlib_api.h"
#include "codecs/zstd_api.h"
#include "framings/xxhash32.h"

enum { CONTENT_BYTES = 200000, PACKED_BYTES = 300000 };

static const char hello[] = "hello hello hello hello, record batch";
enum { HELLO_BYTES = sizeof hello - 1 };

/* A frame under construction. */
typedef struct frame {
  uint8_t bytes[PACKED_BYTES];
  size_t count;
} frame;

static void add(frame *to, const void *bytes, size_t count) {
  CHECK(count <= sizeof to->bytes - to->count);
  memcpy(to->bytes + to->count, bytes, count);
  to->count += count;
}

static void add_byte(frame *to, unsigned value) {
  const uint8_t byte = (uint8_t)value;
  add(to, &byte, 1);
}

static void add_le32(frame *to, uint32_t value) {
  for (unsigned shift = 0; shift < 32; shift += 8) {
    add_byte(to, value >> shift & 0xff);
  }
}

static void add_be32(frame *to, uint32_t value) {
  for (unsigned shift = 32; shift > 0; shift -= 8) {
    add_byte(to, value >> (shift - 8) & 0xff);
  }
}

static void add_coded(frame *to, const opened *codec, complab_settings settings,
                      const void *src, size_t src_bytes) {
  complab_coder *encoder = coder_of(codec, COMPLAB_COMPRESS, settings);
  complab_block block = {src, src_bytes, to->bytes + to->count,
                         sizeof to->bytes - to->count, 0};
  CHECK_EQUAL(complab_coder_run(encoder, &block), COMPLAB_OK);
  to->count += block.dst_bytes;
  complab_coder_free(encoder);
}

static complab_settings default_settings(const opened *codec) {
  return (complab_settings){.level = codec->levels.default_level};
}

/* Text with repetitions near and far. */
static void fill_text(uint8_t *dst, size_t bytes) {
  uint64_t noise = 11;
  for (size_t i = 0; i < bytes; i++) {
    dst[i] = i >= 50000 && i % 1000 < 700 ? dst[i - 50000]
                                          : (uint8_t)('a' + test_noise(&noise) % 16);
  }
}

/* Every cut of the bytes is refused. */
static void check_cuts(complab_coder *decoder, const frame *whole, size_t room) {
  for (size_t cut = 0; cut < whole->count;
       cut += cut < 200 || whole->count - cut <= 200 ? 1 : 997) {
    check_refused(decoder, whole->bytes, cut, room);
  }
}

/* Each of the bytes named, if damaged, spoils the frame. */
static void check_damage(complab_coder *decoder, frame *whole, size_t at, size_t room) {
  whole->bytes[at] ^= 0x01;
  check_refused(decoder, whole->bytes, whole->count, room);
  whole->bytes[at] ^= 0x01;
}

/* ---- gzip -------------------------------------------------------------------- */

/* A member with all of RFC 1952's optional fields. */
static void add_full_member(frame *to, const opened *gzip, unsigned flags) {
  const complab_zlib_api *zlib = complab_library_api(gzip->library);
  const size_t start = to->count;
  static const uint8_t fixed[] = {0x1f, 0x8b, 8, 0, 0, 9, 0x6e, 0x88, 2, 3};
  add(to, fixed, sizeof fixed);
  to->bytes[start + 3] = (uint8_t)flags;
  if ((flags & 0x04) != 0) { /* FEXTRA */
    add(to,
        "\x05\x00"
        "AB\x01\x00!",
        7);
  }
  if ((flags & 0x08) != 0) { /* FNAME */
    add(to, "batch", 6);
  }
  if ((flags & 0x10) != 0) { /* FCOMMENT */
    add(to, "a comment", 10);
  }
  if ((flags & 0x02) != 0) { /* FHCRC */
    const unsigned long crc =
        zlib->crc32(0, to->bytes + start, (unsigned)(to->count - start));
    add_byte(to, crc & 0xff);
    add_byte(to, crc >> 8 & 0xff);
  }
  static frame plain;
  plain.count = 0;
  add_coded(&plain, gzip, default_settings(gzip), hello, HELLO_BYTES);
  add(to, plain.bytes + 10, plain.count - 10);
}

static void gzip_of_any_header_is_read(const opened *gzip) {
  static frame member;
  complab_coder *decoder = decoder_of(gzip);
  for (unsigned flags = 0; flags < 0x20; flags++) {
    if ((flags & 0x01) != 0) { /* FTEXT is only advice */
      continue;
    }
    member.count = 0;
    add_full_member(&member, gzip, flags);
    check_decodes(decoder, member.bytes, member.count, hello, HELLO_BYTES);
    check_cuts(decoder, &member, HELLO_BYTES);
    check_damage(decoder, &member, member.count - 1, HELLO_BYTES); /* ISIZE */
    check_damage(decoder, &member, member.count - 5, HELLO_BYTES); /* CRC-32 */
  }
  /* FHCRC covers the comment */
  check_damage(decoder, &member, 27, HELLO_BYTES);
  complab_coder_free(decoder);
}

static void gzip_members_are_joined(const opened *gzip) {
  static frame members;
  members.count = 0;
  add_full_member(&members, gzip, 0x1e);
  const size_t first_bytes = members.count;
  add_coded(&members, gzip, default_settings(gzip), "", 0);
  add_full_member(&members, gzip, 0);
  char twice[2 * HELLO_BYTES];
  memcpy(twice, hello, HELLO_BYTES);
  memcpy(twice + HELLO_BYTES, hello, HELLO_BYTES);
  complab_coder *decoder = decoder_of(gzip);
  check_decodes(decoder, members.bytes, members.count, twice, sizeof twice);
  check_damage(decoder, &members, first_bytes, sizeof twice);
  check_refused(decoder, members.bytes, first_bytes + 1, sizeof twice);
  complab_coder_free(decoder);
}

/* ---- snappy ------------------------------------------------------------------ */

/* A bare block: one literal (format_description.txt of snappy). */
static void add_literal_block(frame *to, const char *text, size_t bytes) {
  CHECK(bytes >= 1 && bytes <= 60);
  add_byte(to, (unsigned)bytes);
  add_byte(to, (unsigned)(bytes - 1) << 2);
  add(to, text, bytes);
}

static void snappy_is_read_bare(const opened *snappy) {
  static frame bare;
  bare.count = 0;
  add_literal_block(&bare, hello, HELLO_BYTES);
  complab_coder *decoder = decoder_of(snappy);
  check_decodes(decoder, bare.bytes, bare.count, hello, HELLO_BYTES);
  check_cuts(decoder, &bare, HELLO_BYTES);
  check_decodes(decoder, "\0", 1, "", 0);
  /* a length that no such block could have is malformed, not a wish for room */
  check_refused(decoder, "\xff\xff\xff\xff\x0f\x00x", 7, HELLO_BYTES);
  check_refused(decoder, "\x82SNAPPY\0", 8, HELLO_BYTES);
  complab_coder_free(decoder);
}

static void snappy_is_read_in_odd_chunks(const opened *snappy) {
  static frame chunks;
  chunks.count = 0;
  static const uint8_t little_endian[16] = {0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0,
                                            1,    0,   0,   0,   1,   0,   0,   0};
  add(&chunks, little_endian, sizeof little_endian);
  static const size_t cuts[] = {0, 1, 3, 20, HELLO_BYTES};
  for (size_t i = 1; i < 5; i++) {
    const size_t bytes = cuts[i] - cuts[i - 1];
    add_be32(&chunks, (uint32_t)bytes + 2);
    add_literal_block(&chunks, hello + cuts[i - 1], bytes);
    if (i == 2) { /* an empty chunk, and another stream's header */
      add_be32(&chunks, 1);
      add_byte(&chunks, 0);
      add(&chunks, little_endian, sizeof little_endian);
    }
  }
  complab_coder *decoder = decoder_of(snappy);
  check_decodes(decoder, chunks.bytes, chunks.count, hello, HELLO_BYTES);
  check_decodes(decoder, little_endian, sizeof little_endian, "", 0);
  check_refused(decoder, chunks.bytes, 19, HELLO_BYTES);
  check_refused(decoder, chunks.bytes, chunks.count - 1, HELLO_BYTES);
  chunks.bytes[16] = 0x80; /* a negative length */
  check_refused(decoder, chunks.bytes, chunks.count, HELLO_BYTES);
  chunks.bytes[16] = 0;
  memset(chunks.bytes + 16, 0, 4); /* a chunk of no bytes is no snappy block */
  check_refused(decoder, chunks.bytes, chunks.count, HELLO_BYTES);
  complab_coder_free(decoder);
}

/* ---- LZ4 --------------------------------------------------------------------- */

/* LZ4F_preferences_t of lz4frame.h 1.8.3 and later. */
typedef struct preferences {
  int block_size_id; /* 4: 64 KiB to 7: 4 MiB */
  int is_independent;
  int has_content_checksum;
  int frame_type;
  unsigned long long content_bytes;
  unsigned dictionary_id;
  int has_block_checksum;
  int level;
  unsigned auto_flush;
  unsigned favor_decompression;
  unsigned reserved[3];
} preferences;

typedef size_t (*compress_frame_fn)(void *dst, size_t dst_capacity, const void *src,
                                    size_t src_bytes, const preferences *preferences);

static compress_frame_fn lz4f_of(void *handle) {
  compress_frame_fn function = NULL;
  void *address = handle != NULL ? dlsym(handle, "LZ4F_compressFrame") : NULL;
  memcpy(&function, &address, sizeof function);
  return function;
}

/* Whatever LZ4's own frame writer can write is read, but for what needs a dictionary.
 */
static void lz4_of_any_flags_is_read(const opened *lz4) {
  void *handle = dlopen("liblz4.so.1", RTLD_NOW | RTLD_LOCAL);
  const compress_frame_fn compress_frame = lz4f_of(handle);
  if (compress_frame == NULL) {
    printf("skipped: frames of LZ4F: no liblz4.so.1 with LZ4F_compressFrame\n");
    return;
  }
  static uint8_t content[CONTENT_BYTES];
  static frame whole;
  fill_text(content, sizeof content);
  complab_coder *decoder = decoder_of(lz4);
  for (int bits = 0; bits < 32; bits++) {
    for (int size_id = 4; size_id <= 7; size_id++) {
      const preferences wanted = {.block_size_id = size_id,
                                  .is_independent = bits & 1,
                                  .has_content_checksum = bits >> 1 & 1,
                                  .content_bytes = (bits & 4) != 0 ? CONTENT_BYTES : 0,
                                  .has_block_checksum = bits >> 3 & 1,
                                  .dictionary_id = (bits & 16) != 0 ? 77 : 0};
      whole.count = compress_frame(whole.bytes, sizeof whole.bytes, content,
                                   sizeof content, &wanted);
      CHECK(whole.count <= sizeof whole.bytes); /* beyond: an error code */
      if (wanted.dictionary_id != 0) {
        check_refused(decoder, whole.bytes, whole.count, sizeof content);
        continue;
      }
      check_decodes(decoder, whole.bytes, whole.count, content, sizeof content);
      if (size_id == 4 && bits % 5 == 0) {
        check_cuts(decoder, &whole, sizeof content);
      }
      check_damage(decoder, &whole, 4, sizeof content); /* the flags, held by HC */
      if (wanted.has_content_checksum) {
        check_damage(decoder, &whole, whole.count - 1, sizeof content);
      }
      if (wanted.has_block_checksum) { /* of the last block */
        const size_t behind = wanted.has_content_checksum ? 8 : 4;
        check_damage(decoder, &whole, whole.count - behind - 1, sizeof content);
      }
    }
  }
  complab_coder_free(decoder);
  dlclose(handle);
}

static uint8_t checksum_of(const uint8_t *src, size_t src_bytes) {
  return (uint8_t)(complab_xxhash32(src, src_bytes) >> 8);
}

/* A frame of one stored block. */
static void add_stored_frame(frame *to, uint8_t flags, uint8_t bd,
                             int is_checksum_old) {
  const size_t start = to->count;
  add_le32(to, 0x184D2204u);
  add_byte(to, flags);
  add_byte(to, bd);
  add_byte(to, is_checksum_old ? checksum_of(to->bytes + start, 6)
                               : checksum_of(to->bytes + start + 4, 2));
  add_le32(to, HELLO_BYTES | 0x80000000u);
  add(to, hello, HELLO_BYTES);
  add_le32(to, 0);
}

static void lz4_header_checksums_of_v0_are_read(const opened *lz4) {
  static frame whole;
  complab_coder *decoder = decoder_of(lz4);
  for (int is_old = 0; is_old <= 1; is_old++) {
    whole.count = 0;
    add_stored_frame(&whole, 0x60, 0x40, is_old);
    check_decodes(decoder, whole.bytes, whole.count, hello, HELLO_BYTES);
    check_cuts(decoder, &whole, HELLO_BYTES);
    check_damage(decoder, &whole, 6, HELLO_BYTES);
  }
  complab_coder_free(decoder);
}

static void lz4_headers_beyond_the_format_are_refused(const opened *lz4) {
  static const uint8_t headers[][2] = {{0x20, 0x40}, {0xa0, 0x40}, {0x62, 0x40},
                                       {0x60, 0xc0}, {0x60, 0x41}, {0x60, 0x48},
                                       {0x60, 0x30}, {0x60, 0x00}};
  static frame whole;
  complab_coder *decoder = decoder_of(lz4);
  for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
    whole.count = 0;
    add_stored_frame(&whole, headers[i][0], headers[i][1], 0);
    check_refused(decoder, whole.bytes, whole.count, HELLO_BYTES);
  }
  /* a block longer than the frame's 64 KiB */
  whole.count = 0;
  add_stored_frame(&whole, 0x60, 0x40, 0);
  memcpy(whole.bytes + 7, "\x01\x00\x01\x80", 4);
  memset(whole.bytes + 11, 0, 70000);
  check_refused(decoder, whole.bytes, 70011, 100000);
  complab_coder_free(decoder);
}

static void lz4_content_sizes_are_verified(const opened *lz4) {
  static frame whole;
  complab_coder *decoder = decoder_of(lz4);
  for (uint32_t more = 0; more <= 1; more++) {
    whole.count = 0;
    add_le32(&whole, 0x184D2204u);
    add_byte(&whole, 0x68);
    add_byte(&whole, 0x40);
    add_le32(&whole, HELLO_BYTES + more);
    add_le32(&whole, 0);
    add_byte(&whole, checksum_of(whole.bytes + 4, 10));
    add_le32(&whole, HELLO_BYTES | 0x80000000u);
    add(&whole, hello, HELLO_BYTES);
    add_le32(&whole, 0);
    if (more == 0) {
      check_decodes(decoder, whole.bytes, whole.count, hello, HELLO_BYTES);
    } else {
      check_refused(decoder, whole.bytes, whole.count, HELLO_BYTES + 1);
    }
  }
  complab_coder_free(decoder);
}

/* The payload ends with the first frame, as for Kafka's reader, whatever follows;
 * skippable frames may come before it. */
static void lz4_ends_with_the_first_frame(const opened *lz4) {
  static frame whole;
  whole.count = 0;
  add_le32(&whole, 0x184D2A5Fu);
  add_le32(&whole, 3);
  add(&whole, "xyz", 3);
  const size_t before = whole.count;
  add_stored_frame(&whole, 0x60, 0x40, 0);
  const size_t behind = whole.count;
  add_stored_frame(&whole, 0x40, 0x70, 0);
  complab_coder *decoder = decoder_of(lz4);
  for (size_t kept = behind; kept <= whole.count; kept++) {
    check_decodes(decoder, whole.bytes, kept, hello, HELLO_BYTES);
  }
  for (size_t kept = 0; kept < behind; kept++) {
    check_refused(decoder, whole.bytes, kept, HELLO_BYTES);
  }
  check_decodes(decoder, whole.bytes + before, behind - before, hello, HELLO_BYTES);
  check_decodes(decoder, "\x04\x22\x4d\x18\x60\x40\x82\0\0\0\0rubbish", 18, "", 0);
  complab_coder_free(decoder);
}

/* ---- zstd -------------------------------------------------------------------- */

static void zstd_frames_are_joined(const opened *zstd) {
  static uint8_t content[CONTENT_BYTES];
  static uint8_t twice[2 * CONTENT_BYTES];
  static frame whole;
  fill_text(content, sizeof content);
  memcpy(twice, content, sizeof content);
  memcpy(twice + sizeof content, content, sizeof content);
  complab_settings settings = default_settings(zstd);
  whole.count = 0;
  add_coded(&whole, zstd, settings, content, sizeof content);
  complab_coder *decoder = decoder_of(zstd);
  check_decodes(decoder, whole.bytes, whole.count, content, sizeof content);
  add_le32(&whole, 0x184D2A53u);
  add_le32(&whole, 5);
  add(&whole, "skip!", 5);
  add_coded(&whole, zstd, settings, "", 0);
  settings.is_size_known = 1;
  const size_t second = whole.count;
  add_coded(&whole, zstd, settings, content, sizeof content);
  CHECK((whole.bytes[second + 4] & 0xe0) != 0); /* it has its content size */
  check_decodes(decoder, whole.bytes, whole.count, twice, sizeof twice);
  check_refused(decoder, whole.bytes, second + 3, sizeof twice);
  check_refused(decoder, whole.bytes, second - 1, sizeof twice);
  /* a window of 256 MiB is beyond what streaming decoders accept */
  check_refused(decoder, "\x28\xb5\x2f\xfd\x00\x90\x01\x00\x00", 9, 100);
  complab_coder_free(decoder);
}

static void zstd_checksums_are_verified(const opened *zstd) {
  enum { CHECKSUM_FLAG = 201 }; /* ZSTD_c_checksumFlag */
  const complab_zstd_api *api = complab_library_api(zstd->library);
  static uint8_t content[CONTENT_BYTES];
  static frame whole;
  fill_text(content, sizeof content);
  ZSTD_CCtx *cctx = api->ZSTD_createCCtx();
  CHECK(cctx != NULL);
  CHECK(!api->ZSTD_isError(
      api->ZSTD_CCtx_setParameter(cctx, (ZSTD_cParameter)CHECKSUM_FLAG, 1)));
  whole.count = api->ZSTD_compress2(cctx, whole.bytes, sizeof whole.bytes, content,
                                    sizeof content);
  CHECK(!api->ZSTD_isError(whole.count));
  api->ZSTD_freeCCtx(cctx);
  complab_coder *decoder = decoder_of(zstd);
  check_decodes(decoder, whole.bytes, whole.count, content, sizeof content);
  check_cuts(decoder, &whole, sizeof content);
  check_damage(decoder, &whole, whole.count - 1, sizeof content);
  complab_coder_free(decoder);
}

int main(void) {
  int tested = 0;
  opened codec;
  if (open_codec("gzip", &codec)) {
    gzip_of_any_header_is_read(&codec);
    gzip_members_are_joined(&codec);
    close_codec(&codec);
    tested++;
  }
  if (open_codec("snappy", &codec)) {
    snappy_is_read_bare(&codec);
    snappy_is_read_in_odd_chunks(&codec);
    close_codec(&codec);
    tested++;
  }
  if (open_codec("lz4", &codec)) {
    lz4_of_any_flags_is_read(&codec);
    lz4_header_checksums_of_v0_are_read(&codec);
    lz4_headers_beyond_the_format_are_refused(&codec);
    lz4_content_sizes_are_verified(&codec);
    lz4_ends_with_the_first_frame(&codec);
    close_codec(&codec);
    tested++;
  }
  if (open_codec("zstd", &codec)) {
    zstd_frames_are_joined(&codec);
    zstd_checksums_are_verified(&codec);
    close_codec(&codec);
    tested++;
  }
  return tested > 0 ? 0 : TEST_SKIPPED;
}
