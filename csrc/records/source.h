/* source.h - what the scan needs of a source beyond complab.h: a look at its bytes
 * without a copy. */
#ifndef COMPLAB_SOURCE_H
#define COMPLAB_SOURCE_H

#include "complab_records.h"

/* What a view can be asked for and will give in one piece, wherever it begins. */
#define COMPLAB_VIEW_BYTES_MAX 4096

/* The bytes at position: *bytes_out of them, at least `wanted` (at most
 * COMPLAB_VIEW_BYTES_MAX) unless the source ends before. They stay until the next call
 * with this source. position may be the end. */
complab_status complab_source_view(complab_source *source, uint64_t position,
                                   size_t wanted, const uint8_t **view_out,
                                   size_t *bytes_out, complab_fault *fault_out);

/* Where `bytes` bytes from position on lie, if they are in memory or in the window;
 * else NULL, and they must be read. They stay until the next call with this source. */
const uint8_t *complab_source_borrow(const complab_source *source, uint64_t position,
                                     uint64_t bytes);

#endif
