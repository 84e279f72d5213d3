/* payload.c - the payloads of many batches in one call: read, and decompressed where
 * they are compressed.
 *
 * It stands beside the coder and not among the records, since it joins both. One call
 * takes as many batches as fit into dst, so that what a caller in another language pays
 * for a call is spread over them: a batch of 16 KiB decompresses in 7 us with lz4, and
 * a call from Python alone costs some. */
#include <string.h>

#include "complab.h"
#include "records/source.h"

static complab_status fail(complab_fault *fault_out, complab_status status,
                           const char *text) {
  if (fault_out != NULL) {
    *fault_out = (complab_fault){0};
    strncat(fault_out->text, text, sizeof fault_out->text - 1);
  }
  return status;
}

/* The stored bytes: where they lie, if the source has them at hand, else a copy in
 * scratch. What is copied goes through the source's window, where those of the batches
 * behind it are then found. */
static complab_status stored_bytes(complab_source *source, const complab_batch *batch,
                                   const complab_payload_room *room,
                                   const uint8_t **src_out, complab_fault *fault_out) {
  *src_out =
      complab_source_borrow(source, batch->payload_position, batch->compressed_bytes);
  if (*src_out != NULL) {
    return COMPLAB_OK;
  }
  if (batch->compressed_bytes > room->scratch_bytes) {
    return fail(fault_out, COMPLAB_BAD_ARGUMENT, "scratch is too small");
  }
  *src_out = room->scratch;
  return complab_source_read(source, batch->payload_position, room->scratch,
                             (size_t)batch->compressed_bytes, fault_out);
}

static complab_status read_one(complab_source *source, complab_coder *const *coders,
                               const complab_batch *batch,
                               const complab_payload_room *room, size_t at,
                               size_t *bytes_out, complab_fault *fault_out) {
  const size_t left = room->dst_capacity_bytes - at;
  if (batch->codec_id == 0) {
    if (batch->compressed_bytes > left) {
      *bytes_out = (size_t)batch->compressed_bytes;
      return fail(fault_out, COMPLAB_DST_TOO_SMALL, "the payload is larger");
    }
    *bytes_out = (size_t)batch->compressed_bytes;
    return complab_source_read(source, batch->payload_position, room->dst + at,
                               *bytes_out, fault_out);
  }
  complab_coder *coder = coders[batch->codec_id];
  complab_block block = {.src_bytes = (size_t)batch->compressed_bytes,
                         .dst = room->dst + at,
                         .dst_capacity_bytes = left};
  complab_status status = stored_bytes(source, batch, room, &block.src, fault_out);
  if (status != COMPLAB_OK) {
    return status;
  }
  status = complab_coder_run(coder, &block);
  if (status != COMPLAB_OK && fault_out != NULL) {
    (void)complab_coder_fault(coder, fault_out);
  }
  *bytes_out = block.dst_bytes;
  return status;
}

complab_status complab_payloads_read(complab_source *source,
                                     complab_coder *const *coders,
                                     const complab_batch *batches, size_t batch_count,
                                     const complab_payload_room *room,
                                     uint64_t *ends_out, size_t *done_out,
                                     complab_fault *fault_out) {
  *done_out = 0;
  size_t at = 0;
  size_t last_bytes = 0;
  for (size_t i = 0; i < batch_count; i++) {
    /* What has no room for another of the size of the last hardly has for this one, and
     * to find out takes as long as to decompress so far. */
    if (i > 0 && room->dst_capacity_bytes - at < last_bytes) {
      return COMPLAB_OK;
    }
    const int8_t codec = batches[i].codec_id;
    if (codec < 0 || codec >= COMPLAB_KAFKA_CODECS ||
        (codec > 0 && coders[codec] == NULL)) {
      return fail(fault_out, COMPLAB_BAD_ARGUMENT, "no coder for this codec");
    }
    size_t bytes = 0;
    const complab_status status =
        read_one(source, coders, &batches[i], room, at, &bytes, fault_out);
    /* Full is no failure as long as something was read: the next call begins with an
     * empty dst. */
    if (status == COMPLAB_DST_TOO_SMALL && i > 0) {
      return COMPLAB_OK;
    }
    if (status != COMPLAB_OK) {
      return status;
    }
    at += bytes;
    last_bytes = bytes;
    ends_out[i] = at;
    *done_out = i + 1;
  }
  return COMPLAB_OK;
}
