/* coders.h - finds a codec and its library as a user of complab.h would: by name, and
 * by the file names that the system's loader knows. */
#ifndef COMPLAB_TEST_CODERS_H
#define COMPLAB_TEST_CODERS_H

#include "codec.h"
#include "test.h"

/* A codec whose library is open. */
typedef struct opened {
  const char *name;
  size_t codec;
  complab_library *library;
  complab_levels levels;
} opened;

/* Opens a codec in the kafka framing. 0, with a line that says so, if its library is
 * not on this machine. */
static inline int open_codec(const char *name, opened *out) {
  *out = (opened){.name = name};
  complab_codec_info info;
  while (complab_codec_info_get(out->codec, &info) == COMPLAB_OK &&
         (strcmp(info.name, name) != 0 || strcmp(info.framing, COMPLAB_KAFKA) != 0)) {
    out->codec++;
  }
  CHECK_EQUAL(complab_codec_info_get(out->codec, &info), COMPLAB_OK);
  complab_library_info library;
  CHECK_EQUAL(complab_library_kind_info(info.library_kind, &library), COMPLAB_OK);
  complab_fault fault;
  memset(&fault, 0, sizeof fault);
  if (complab_library_open(info.library_kind, library.parts, library.part_count,
                           &out->library, &fault) != COMPLAB_OK) {
    printf("skipped: %s: %s\n", name, fault.text);
    return 0;
  }
  CHECK_EQUAL(complab_codec_levels(out->codec, out->library, &out->levels), COMPLAB_OK);
  printf("%s %s\n", library.name, complab_library_version(out->library));
  return 1;
}

static inline void close_codec(opened *codec) {
  complab_library_close(codec->library);
  codec->library = NULL;
}

static inline complab_coder *coder_of(const opened *codec, complab_direction direction,
                                      complab_settings settings) {
  complab_coder *coder = NULL;
  CHECK_EQUAL(
      complab_coder_new(codec->codec, codec->library, direction, &settings, &coder),
      COMPLAB_OK);
  return coder;
}

static inline complab_coder *decoder_of(const opened *codec) {
  return coder_of(codec, COMPLAB_DECOMPRESS,
                  (complab_settings){.level = codec->levels.default_level});
}

/* Runs a coder over guarded copies of src into a guarded dst of exactly the capacity,
 * all of whose bytes may be touched and none behind. The output goes to *out, which the
 * caller frees with guarded_free, on success. */
static inline complab_status run_guarded(complab_coder *coder, const void *src,
                                         size_t src_bytes, size_t dst_capacity_bytes,
                                         guarded *out, size_t *out_bytes) {
  const guarded in = guarded_copy(src, src_bytes);
  *out = guarded_new(dst_capacity_bytes);
  complab_block block = {.src = in.bytes,
                         .src_bytes = src_bytes,
                         .dst = out->bytes,
                         .dst_capacity_bytes = dst_capacity_bytes};
  const complab_status status = complab_coder_run(coder, &block);
  guarded_free(in);
  if (status != COMPLAB_OK) {
    guarded_free(*out);
    return status;
  }
  CHECK(block.dst_bytes <= dst_capacity_bytes);
  *out_bytes = block.dst_bytes;
  return status;
}

/* The bytes decode to the content, and to nothing else with less room: one byte less is
 * DST_TOO_SMALL. */
static inline void check_decodes(complab_coder *decoder, const void *src,
                                 size_t src_bytes, const void *content,
                                 size_t content_bytes) {
  guarded out;
  size_t out_bytes = 0;
  CHECK_EQUAL(run_guarded(decoder, src, src_bytes, content_bytes, &out, &out_bytes),
              COMPLAB_OK);
  CHECK_EQUAL(out_bytes, content_bytes);
  CHECK(content_bytes == 0 || memcmp(out.bytes, content, content_bytes) == 0);
  guarded_free(out);
  if (content_bytes > 0) {
    CHECK_EQUAL(
        run_guarded(decoder, src, src_bytes, content_bytes - 1, &out, &out_bytes),
        COMPLAB_DST_TOO_SMALL);
    CHECK_EQUAL(run_guarded(decoder, src, src_bytes, 0, &out, &out_bytes),
                COMPLAB_DST_TOO_SMALL);
  }
}

/* The bytes are refused as malformed, in words, with any room. */
static inline void check_refused(complab_coder *decoder, const void *src,
                                 size_t src_bytes, size_t dst_capacity_bytes) {
  guarded out;
  size_t out_bytes = 0;
  CHECK_EQUAL(
      run_guarded(decoder, src, src_bytes, dst_capacity_bytes, &out, &out_bytes),
      COMPLAB_DECOMPRESS_FAILED);
  complab_fault fault;
  memset(&fault, 0, sizeof fault);
  CHECK_EQUAL(complab_coder_fault(decoder, &fault), COMPLAB_OK);
  CHECK(fault.text[0] != '\0');
}

#endif
