/* coder.c - joins a codec, a library and settings into something that runs blocks.
 *
 * Whether a context is kept over the blocks or made anew for each is decided here, once
 * for all codecs: a client that makes a fresh one for each batch pays for it in every
 * batch (zstd 1 on 16 KiB: 509 MB/s reused, 313 fresh). */
#include <stdlib.h>
#include <string.h>

#include "codec.h"

struct complab_coder {
  const complab_codec *codec;
  complab_library *library; /* held; NULL: built in */
  const complab_transform *transform;
  complab_job job;
  void *context; /* kept over blocks unless the settings ask for fresh ones */
  size_t memory_bytes;
};

complab_levels complab_levels_none(const void *api) {
  (void)api;
  return (complab_levels){0};
}

complab_status complab_job_failed(complab_job *job, complab_status status,
                                  int64_t native_code, const char *words) {
  job->native_code = native_code;
  job->fault[0] = '\0';
  if (words != NULL) {
    strncat(job->fault, words, sizeof job->fault - 1);
  }
  return status;
}

size_t complab_codec_count(void) {
  return complab_codecs_count;
}

complab_status complab_codec_info_get(size_t codec, complab_codec_info *info_out) {
  if (codec >= complab_codecs_count || info_out == NULL) {
    return COMPLAB_BAD_ARGUMENT;
  }
  const complab_codec *row = complab_codecs[codec];
  size_t kind = COMPLAB_NO_LIBRARY;
  for (size_t i = 0; i < complab_library_kinds_count; i++) {
    if (complab_library_kinds[i] == row->library) {
      kind = i;
    }
  }
  *info_out = (complab_codec_info){.name = row->name,
                                   .framing = row->framing,
                                   .library_kind = kind,
                                   .kafka_id = row->kafka_id,
                                   .has_context = row->compress.context_new != NULL ||
                                                  row->decompress.context_new != NULL,
                                   .heeds_size = row->heeds_size};
  return COMPLAB_OK;
}

/* The bound functions for a codec: NULL and OK for a built-in one. */
static complab_status api_for(const complab_codec *codec,
                              const complab_library *library, const void **api_out) {
  *api_out = NULL;
  if (codec->library == NULL) {
    return COMPLAB_OK;
  }
  if (library == NULL || complab_library_kind_of(library) != codec->library) {
    return COMPLAB_BAD_ARGUMENT;
  }
  *api_out = complab_library_api(library);
  return COMPLAB_OK;
}

complab_status complab_codec_levels(size_t codec, const complab_library *library,
                                    complab_levels *levels_out) {
  if (codec >= complab_codecs_count || levels_out == NULL) {
    return COMPLAB_BAD_ARGUMENT;
  }
  const void *api = NULL;
  const complab_status status = api_for(complab_codecs[codec], library, &api);
  if (status == COMPLAB_OK) {
    *levels_out = complab_codecs[codec]->levels(api);
  }
  return status;
}

static complab_status context_new(complab_coder *coder, void **context_out) {
  *context_out = NULL;
  if (coder->transform->context_new == NULL) {
    return COMPLAB_OK;
  }
  return coder->transform->context_new(&coder->job, context_out);
}

static void context_free(complab_coder *coder, void *context) {
  if (context != NULL) {
    coder->transform->context_free(&coder->job, context);
  }
}

static size_t context_memory_bytes(const complab_coder *coder, const void *context) {
  return coder->transform->memory_bytes != NULL
             ? coder->transform->memory_bytes(&coder->job, context)
             : 0;
}

/* What is none of these would pass silently for the Java client's way. */
static int is_known_writing(const complab_settings *settings) {
  static const uint32_t styles = COMPLAB_BARE_BLOCK | COMPLAB_CONTENT_SIZE |
                                 COMPLAB_CONTENT_CHECKSUM | COMPLAB_BLOCK_CHECKSUMS |
                                 COMPLAB_LZ4F_LEVELS | COMPLAB_NO_FLUSH |
                                 COMPLAB_ONE_CALL | COMPLAB_ZLIB_HEADER;
  static const uint32_t block_bytes[] = {0, 64 * 1024, 4 * 1024 * 1024};
  int is_block = 0;
  for (size_t i = 0; i < sizeof block_bytes / sizeof *block_bytes; i++) {
    is_block |= settings->block_bytes == block_bytes[i];
  }
  return is_block && (settings->style & ~styles) == 0;
}

complab_status complab_coder_new(size_t codec, complab_library *library,
                                 complab_direction direction,
                                 const complab_settings *settings,
                                 complab_coder **coder_out) {
  if (codec >= complab_codecs_count || settings == NULL || coder_out == NULL ||
      !is_known_writing(settings)) {
    return COMPLAB_BAD_ARGUMENT;
  }
  const complab_codec *row = complab_codecs[codec];
  const void *api = NULL;
  complab_status status = api_for(row, library, &api);
  if (status == COMPLAB_OK && settings->dictionary != NULL && !row->takes_dictionary) {
    status = COMPLAB_BAD_ARGUMENT;
  }
  if (status != COMPLAB_OK) {
    return status;
  }
  const complab_levels levels = row->levels(api);
  if (levels.has_levels &&
      (settings->level < levels.min || settings->level > levels.max)) {
    return COMPLAB_LEVEL_OUT_OF_RANGE;
  }
  complab_coder *coder = calloc(1, sizeof *coder);
  if (coder == NULL) {
    return COMPLAB_NO_MEMORY;
  }
  coder->codec = row;
  coder->transform = direction == COMPLAB_COMPRESS ? &row->compress : &row->decompress;
  coder->job.api = api;
  coder->job.settings = *settings;
  if (!settings->is_context_fresh) {
    status = context_new(coder, &coder->context);
  }
  if (status != COMPLAB_OK) {
    free(coder);
    return status;
  }
  if (row->library != NULL) {
    complab_library_hold(library);
    coder->library = library;
  }
  *coder_out = coder;
  return COMPLAB_OK;
}

size_t complab_coder_bound(const complab_coder *coder, size_t src_bytes) {
  return coder->codec->bound(coder->job.api, src_bytes);
}

complab_status complab_coder_run(void *state, complab_block *block) {
  complab_coder *coder = state;
  complab_status status = COMPLAB_OK;
  if (!coder->job.settings.is_context_fresh) {
    if (coder->context == NULL) { /* released, or the codec has none */
      status = context_new(coder, &coder->context);
    }
    return status == COMPLAB_OK
               ? coder->transform->run(&coder->job, coder->context, block)
               : status;
  }
  void *context = NULL;
  status = context_new(coder, &context);
  if (status != COMPLAB_OK) {
    return status;
  }
  status = coder->transform->run(&coder->job, context, block);
  if (coder->memory_bytes == 0) { /* the first run, which nobody times */
    coder->memory_bytes = context_memory_bytes(coder, context);
  }
  context_free(coder, context);
  return status;
}

complab_status complab_coder_fault(const complab_coder *coder,
                                   complab_fault *fault_out) {
  if (coder == NULL || fault_out == NULL) {
    return COMPLAB_BAD_ARGUMENT;
  }
  fault_out->native_code = coder->job.native_code;
  memcpy(fault_out->text, coder->job.fault, sizeof coder->job.fault);
  return COMPLAB_OK;
}

size_t complab_coder_memory_bytes(const complab_coder *coder) {
  const int is_kept = coder->context != NULL || coder->transform->context_new == NULL;
  return !coder->job.settings.is_context_fresh && is_kept
             ? context_memory_bytes(coder, coder->context)
             : coder->memory_bytes;
}

void complab_coder_release(complab_coder *coder) {
  if (coder->context != NULL) {
    coder->memory_bytes = context_memory_bytes(coder, coder->context);
    context_free(coder, coder->context);
    coder->context = NULL;
  }
}

void complab_coder_free(complab_coder *coder) {
  if (coder == NULL) {
    return;
  }
  context_free(coder, coder->context);
  complab_library_close(coder->library);
  free(coder);
}
