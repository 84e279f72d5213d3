/* test_payload.c - payloads of many batches in one call: from memory and from a file,
 * with as much room as they take, with less, and with one that is damaged. */
#include <unistd.h>

#include "coders.h"
#include "test.h"

enum { BATCHES = 4, PLAIN = 1, CONTENT_BYTES = 70000, ROOM_BYTES = 512 * 1024 };

/* Batches 0, 2 and 3 are zstd, 1 is not compressed; bytes that belong to none lie
 * between them, so that a wrong position shows. */
typedef struct stored {
  uint8_t bytes[ROOM_BYTES];
  size_t size;
  complab_batch batches[BATCHES];
  uint8_t contents[BATCHES][CONTENT_BYTES];
  size_t content_bytes[BATCHES];
  size_t total_bytes;
} stored;

static void store_all(stored *out, const opened *zstd) {
  static const size_t sizes[BATCHES] = {1, 1000, 40000, CONTENT_BYTES};
  uint64_t noise = 7;
  complab_coder *encoder =
      coder_of(zstd, COMPLAB_COMPRESS, (complab_settings){.level = 3});
  out->size = out->total_bytes = 0;
  for (size_t b = 0; b < BATCHES; b++) {
    out->content_bytes[b] = sizes[b];
    out->total_bytes += sizes[b];
    for (size_t i = 0; i < sizes[b]; i++) {
      out->contents[b][i] = (uint8_t)(test_noise(&noise) & 0x0f);
    }
    memset(out->bytes + out->size, 0xee, 5);
    out->size += 5;
    complab_block block = {.src = out->contents[b],
                           .src_bytes = sizes[b],
                           .dst = out->bytes + out->size,
                           .dst_capacity_bytes = ROOM_BYTES - out->size};
    if (b == PLAIN) {
      memcpy(block.dst, block.src, block.src_bytes);
      block.dst_bytes = block.src_bytes;
    } else {
      CHECK_EQUAL(complab_coder_run(encoder, &block), COMPLAB_OK);
    }
    out->batches[b] = (complab_batch){.payload_position = out->size,
                                      .compressed_bytes = block.dst_bytes,
                                      .codec_id = b == PLAIN ? 0 : 4,
                                      .magic = 2};
    out->size += block.dst_bytes;
  }
  complab_coder_free(encoder);
}

/* One call into a guarded dst; checks what was read against the contents. */
static complab_status read_from(complab_source *source, const stored *all, size_t first,
                                complab_coder *const *coders, size_t dst_bytes,
                                size_t *done_out, complab_fault *fault_out) {
  const guarded dst = guarded_new(dst_bytes);
  const guarded scratch = guarded_new(CONTENT_BYTES + 1000);
  const complab_payload_room room = {.dst = dst.bytes,
                                     .dst_capacity_bytes = dst_bytes,
                                     .scratch = scratch.bytes,
                                     .scratch_bytes = CONTENT_BYTES + 1000};
  uint64_t ends[BATCHES];
  const complab_status status =
      complab_payloads_read(source, coders, all->batches + first, BATCHES - first,
                            &room, ends, done_out, fault_out);
  size_t at = 0;
  for (size_t i = 0; i < *done_out; i++) {
    const size_t b = first + i;
    CHECK_EQUAL(ends[i], at + all->content_bytes[b]);
    CHECK(memcmp(dst.bytes + at, all->contents[b], all->content_bytes[b]) == 0);
    at = (size_t)ends[i];
  }
  guarded_free(dst);
  guarded_free(scratch);
  return status;
}

static void reads_all(complab_source *source, const stored *all,
                      complab_coder *const *coders) {
  complab_fault fault;
  size_t done = 99;
  CHECK_EQUAL(read_from(source, all, 0, coders, all->total_bytes, &done, &fault),
              COMPLAB_OK);
  CHECK_EQUAL(done, BATCHES);
  /* A byte less holds all but the last, which the next call begins with. */
  CHECK_EQUAL(read_from(source, all, 0, coders, all->total_bytes - 1, &done, &fault),
              COMPLAB_OK);
  CHECK_EQUAL(done, BATCHES - 1);
  CHECK_EQUAL(read_from(source, all, BATCHES - 1, coders, CONTENT_BYTES, &done, &fault),
              COMPLAB_OK);
  CHECK_EQUAL(done, 1);
  /* Where not even the first fits, that is said, of either kind. */
  CHECK_EQUAL(
      read_from(source, all, BATCHES - 1, coders, CONTENT_BYTES - 1, &done, &fault),
      COMPLAB_DST_TOO_SMALL);
  CHECK_EQUAL(done, 0);
  CHECK_EQUAL(read_from(source, all, PLAIN, coders, 999, &done, &fault),
              COMPLAB_DST_TOO_SMALL);
  CHECK_EQUAL(done, 0);
}

/* With less room left than the last one took, the next is not tried. */
static void a_small_rest_is_left(complab_source *source, stored *all,
                                 complab_coder *const *coders) {
  complab_fault fault;
  size_t done = 99;
  const complab_batch small = all->batches[0];
  all->batches[0] = all->batches[3];
  all->content_bytes[0] = CONTENT_BYTES;
  memcpy(all->contents[0], all->contents[3], CONTENT_BYTES);
  CHECK_EQUAL(read_from(source, all, 0, coders, CONTENT_BYTES + 2000, &done, &fault),
              COMPLAB_OK);
  CHECK_EQUAL(done, 1);
  all->batches[0] = small;
}

static void a_damaged_batch_costs_those_behind_it(complab_source *source, stored *all,
                                                  complab_coder *const *coders) {
  complab_fault fault;
  size_t done = 99;
  const uint64_t right = all->batches[2].payload_position;
  all->batches[2].payload_position = right - 1;
  CHECK_EQUAL(read_from(source, all, 0, coders, all->total_bytes, &done, &fault),
              COMPLAB_DECOMPRESS_FAILED);
  CHECK_EQUAL(done, 2);
  CHECK(fault.text[0] != '\0');
  all->batches[2].payload_position = right;
}

static void a_codec_without_a_coder_is_refused(complab_source *source, stored *all) {
  complab_fault fault;
  size_t done = 99;
  complab_coder *const none[COMPLAB_KAFKA_CODECS] = {NULL};
  CHECK_EQUAL(read_from(source, all, 0, none, all->total_bytes, &done, &fault),
              COMPLAB_BAD_ARGUMENT);
  CHECK_EQUAL(done, 0);
  all->batches[0].codec_id = 7;
  CHECK_EQUAL(read_from(source, all, 0, none, all->total_bytes, &done, &fault),
              COMPLAB_BAD_ARGUMENT);
  all->batches[0].codec_id = 4;
}

/* A library that is closed stays open for the coders that were made from it. */
static void library_is_held(void) {
  opened zstd;
  CHECK(open_codec("zstd", &zstd));
  complab_coder *encoder =
      coder_of(&zstd, COMPLAB_COMPRESS, (complab_settings){.level = 3});
  complab_coder *decoder = decoder_of(&zstd);
  close_codec(&zstd);
  static const char content[] = "what is compressed after the library was closed";
  guarded out;
  size_t out_bytes = 0;
  CHECK_EQUAL(run_guarded(encoder, content, sizeof content, 200, &out, &out_bytes),
              COMPLAB_OK);
  check_decodes(decoder, out.bytes, out_bytes, content, sizeof content);
  guarded_free(out);
  complab_coder_free(encoder);
  complab_coder_free(decoder);
}

int main(void) {
  opened zstd;
  if (!open_codec("zstd", &zstd)) {
    return TEST_SKIPPED;
  }
  library_is_held();
  complab_coder *coders[COMPLAB_KAFKA_CODECS] = {NULL};
  coders[4] = decoder_of(&zstd);
  static stored all;
  store_all(&all, &zstd);

  FILE *file = tmpfile();
  CHECK(file != NULL);
  CHECK_EQUAL(fwrite(all.bytes, 1, all.size, file), all.size);
  CHECK(fflush(file) == 0);
  complab_source *sources[2] = {NULL, NULL};
  CHECK_EQUAL(complab_source_from_memory(all.bytes, all.size, &sources[0]), COMPLAB_OK);
  CHECK_EQUAL(complab_source_from_file(fileno(file), &sources[1], NULL), COMPLAB_OK);
  for (size_t i = 0; i < 2; i++) {
    reads_all(sources[i], &all, coders);
    a_damaged_batch_costs_those_behind_it(sources[i], &all, coders);
    a_codec_without_a_coder_is_refused(sources[i], &all);
    a_small_rest_is_left(sources[i], &all, coders);
    store_all(&all, &zstd);
    complab_source_free(sources[i]);
  }
  /* A file that ends before it said. */
  complab_fault fault;
  size_t done = 99;
  CHECK_EQUAL(complab_source_from_file(fileno(file), &sources[0], NULL), COMPLAB_OK);
  CHECK(ftruncate(fileno(file), (off_t)all.batches[3].payload_position + 1) == 0);
  CHECK_EQUAL(
      read_from(sources[0], &all, BATCHES - 1, coders, all.total_bytes, &done, &fault),
      COMPLAB_SHRUNK);
  CHECK_EQUAL(done, 0);
  complab_source_free(sources[0]);
  CHECK(fclose(file) == 0);
  complab_coder_free(coders[4]);
  close_codec(&zstd);
  return 0;
}
