/* zstd_dictionary.c - trains dictionaries with the library's own trainers.
 *
 * The stable call, ZDICT_trainFromBuffer, tries fast cover at four segment lengths. The
 * two calls that search farther are exported by every common build of the library, yet
 * their parameters are a struct that zdict.h does not promise: a library older than the
 * layout that is known here is not called so. */
#include <limits.h>
#include <string.h>

#include "codecs/zstd_api.h"

/* zdict.h's own default is 40 segment lengths for each of two dmer sizes: minutes for a
 * few megabytes. */
enum { TRIALS = 8, LAYOUT_SINCE = 10405, FAST_COVER_FREQUENCIES_LOG = 20 };

static complab_status told(const complab_zstd_api *zstd, complab_status status,
                           size_t code, complab_fault *fault_out) {
  if (fault_out != NULL) {
    *fault_out = (complab_fault){0};
    if (status == COMPLAB_TRAIN_FAILED) {
      fault_out->native_code = -(int64_t)((size_t)0 - code);
      strncat(fault_out->text, zstd->ZDICT_getErrorName(code),
              sizeof fault_out->text - 1);
    }
  }
  return status;
}

static int is_layout_known(const complab_zstd_api *zstd) {
  return zstd->ZSTD_versionNumber != NULL && zstd->ZSTD_versionNumber() >= LAYOUT_SINCE;
}

static int has_trainer(const complab_zstd_api *zstd, complab_trainer trainer) {
  if (zstd->ZDICT_isError == NULL || zstd->ZDICT_getErrorName == NULL) {
    return 0;
  }
  switch (trainer) {
    case COMPLAB_TRAINER_DEFAULT:
      return zstd->ZDICT_trainFromBuffer != NULL;
    case COMPLAB_TRAINER_FAST_COVER:
      return zstd->ZDICT_optimizeTrainFromBuffer_fastCover != NULL &&
             is_layout_known(zstd);
    case COMPLAB_TRAINER_COVER:
      return zstd->ZDICT_optimizeTrainFromBuffer_cover != NULL && is_layout_known(zstd);
  }
  return 0;
}

complab_status complab_dictionary_train(const complab_library *library,
                                        complab_trainer trainer, int32_t level,
                                        const uint8_t *samples,
                                        const size_t *sample_bytes, size_t sample_count,
                                        uint8_t *dst, size_t dst_capacity_bytes,
                                        size_t *dst_bytes_out,
                                        complab_fault *fault_out) {
  if (library == NULL || complab_library_kind_of(library) != &complab_zstd_library ||
      samples == NULL || sample_bytes == NULL || sample_count > UINT_MAX ||
      dst == NULL || dst_bytes_out == NULL) {
    return COMPLAB_BAD_ARGUMENT;
  }
  const complab_zstd_api *zstd = complab_library_api(library);
  if (!has_trainer(zstd, trainer)) {
    return told(zstd, COMPLAB_SYMBOL_MISSING, 0, fault_out);
  }
  const unsigned count = (unsigned)sample_count;
  size_t code = 0;
  if (trainer == COMPLAB_TRAINER_DEFAULT) {
    code = zstd->ZDICT_trainFromBuffer(dst, dst_capacity_bytes, samples, sample_bytes,
                                       count);
  } else if (trainer == COMPLAB_TRAINER_FAST_COVER) {
    ZDICT_fastCover_params_t parameters = {.steps = TRIALS,
                                           .f = FAST_COVER_FREQUENCIES_LOG,
                                           .accel = 1,
                                           .nbThreads = 1,
                                           .zParams = {.compressionLevel = level}};
    code = zstd->ZDICT_optimizeTrainFromBuffer_fastCover(
        dst, dst_capacity_bytes, samples, sample_bytes, count, &parameters);
  } else {
    ZDICT_cover_params_t parameters = {
        .steps = TRIALS, .nbThreads = 1, .zParams = {.compressionLevel = level}};
    code = zstd->ZDICT_optimizeTrainFromBuffer_cover(dst, dst_capacity_bytes, samples,
                                                     sample_bytes, count, &parameters);
  }
  if (zstd->ZDICT_isError(code)) {
    return told(zstd, COMPLAB_TRAIN_FAILED, code, fault_out);
  }
  *dst_bytes_out = code;
  return told(zstd, COMPLAB_OK, 0, fault_out);
}
