/* test_dictionary.c - dictionaries: what is trained makes blocks smaller and brings
 * them back; one without the other is refused; so is a codec that takes none. */
#include "coders.h"
#include "test.h"

enum { SAMPLES = 2000, SAMPLE_BYTES = 120, DICTIONARY_BYTES = 8192 };

/* Records that have a form and a few words in common, and each its own numbers. */
static void write_sample(char *dst, uint64_t *noise) {
  static const char *const names[] = {"alpha", "bravo", "charlie", "delta"};
  snprintf(dst, SAMPLE_BYTES,
           "{\"timestamp\":%u,\"service\":\"%s\",\"status\":\"delivered\","
           "\"region\":\"%s\",\"latency\":%u}",
           1700000000U + test_noise(noise) * 1000U, names[test_noise(noise) % 4],
           names[test_noise(noise) % 4], (unsigned)test_noise(noise));
}

typedef struct trained {
  uint8_t bytes[DICTIONARY_BYTES];
  size_t size;
} trained;

static complab_status train(const opened *zstd, complab_trainer trainer,
                            size_t sample_count, trained *out, complab_fault *fault) {
  static char samples[SAMPLES * SAMPLE_BYTES];
  static size_t sizes[SAMPLES];
  uint64_t noise = 11;
  size_t at = 0;
  for (size_t i = 0; i < sample_count; i++) {
    write_sample(samples + at, &noise);
    sizes[i] = strlen(samples + at);
    at += sizes[i];
  }
  return complab_dictionary_train(zstd->library, trainer, 3, (const uint8_t *)samples,
                                  sizes, sample_count, out->bytes, sizeof out->bytes,
                                  &out->size, fault);
}

static complab_settings with(const trained *dictionary, int is_fresh) {
  return (complab_settings){.level = 3,
                            .is_context_fresh = is_fresh,
                            .dictionary = dictionary->bytes,
                            .dictionary_bytes = dictionary->size};
}

static void round_trips(const opened *zstd, const trained *dictionary, int is_fresh) {
  complab_coder *plain =
      coder_of(zstd, COMPLAB_COMPRESS, (complab_settings){.level = 3});
  complab_coder *encoder = coder_of(zstd, COMPLAB_COMPRESS, with(dictionary, is_fresh));
  complab_coder *decoder =
      coder_of(zstd, COMPLAB_DECOMPRESS, with(dictionary, is_fresh));
  complab_coder *without = decoder_of(zstd);
  uint64_t noise = 999; /* not the samples' own */
  size_t plain_bytes = 0;
  size_t small_bytes = 0;
  for (int i = 0; i < 50; i++) {
    char record[SAMPLE_BYTES];
    write_sample(record, &noise);
    const size_t bytes = strlen(record);
    const size_t bound = complab_coder_bound(encoder, bytes);
    guarded out;
    size_t out_bytes = 0;
    CHECK_EQUAL(run_guarded(plain, record, bytes, bound, &out, &out_bytes), COMPLAB_OK);
    plain_bytes += out_bytes;
    guarded_free(out);
    CHECK_EQUAL(run_guarded(encoder, record, bytes, bound, &out, &out_bytes),
                COMPLAB_OK);
    small_bytes += out_bytes;
    check_decodes(decoder, out.bytes, out_bytes, record, bytes);
    check_refused(without, out.bytes, out_bytes, bytes);
    guarded_free(out);
  }
  printf("50 records: %zu bytes, with a dictionary of %zu: %zu\n", plain_bytes,
         dictionary->size, small_bytes);
  CHECK(2 * small_bytes < plain_bytes);
  complab_coder_free(plain);
  complab_coder_free(encoder);
  complab_coder_free(decoder);
  complab_coder_free(without);
}

static void others_take_none(const trained *dictionary) {
  opened lz4;
  if (!open_codec("lz4", &lz4)) {
    return;
  }
  complab_coder *coder = NULL;
  const complab_settings settings = with(dictionary, 0);
  CHECK_EQUAL(
      complab_coder_new(lz4.codec, lz4.library, COMPLAB_COMPRESS, &settings, &coder),
      COMPLAB_BAD_ARGUMENT);
  trained none;
  complab_fault fault;
  CHECK_EQUAL(train(&lz4, COMPLAB_TRAINER_DEFAULT, SAMPLES, &none, &fault),
              COMPLAB_BAD_ARGUMENT);
  close_codec(&lz4);
}

int main(void) {
  opened zstd;
  if (!open_codec("zstd", &zstd)) {
    return TEST_SKIPPED;
  }
  static trained dictionary;
  complab_fault fault;
  for (int trainer = COMPLAB_TRAINER_DEFAULT; trainer <= COMPLAB_TRAINER_COVER;
       trainer++) {
    const complab_status status =
        train(&zstd, (complab_trainer)trainer, SAMPLES, &dictionary, &fault);
    if (status == COMPLAB_SYMBOL_MISSING) {
      printf("skipped: trainer %d: the library has none\n", trainer);
      continue;
    }
    CHECK_EQUAL(status, COMPLAB_OK);
    CHECK(dictionary.size > 0 && dictionary.size <= DICTIONARY_BYTES);
    round_trips(&zstd, &dictionary, 0);
    round_trips(&zstd, &dictionary, 1);
  }
  trained none;
  CHECK_EQUAL(train(&zstd, COMPLAB_TRAINER_DEFAULT, 2, &none, &fault),
              COMPLAB_TRAIN_FAILED);
  CHECK(fault.text[0] != '\0');
  others_take_none(&dictionary);
  close_codec(&zstd);
  return 0;
}
