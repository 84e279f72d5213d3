/* snappy_api.h - the part of Google's snappy that complab calls (its C interface,
 * snappy-c.h 1.1), declared by hand; see zlib_api.h for the guard. */
#ifndef COMPLAB_SNAPPY_API_H
#define COMPLAB_SNAPPY_API_H

#include "codec.h"

#ifndef COMPLAB_SNAPPY_TYPES
#define COMPLAB_SNAPPY_TYPES
typedef enum {
  SNAPPY_OK = 0,
  SNAPPY_INVALID_INPUT = 1,
  SNAPPY_BUFFER_TOO_SMALL = 2
} snappy_status;
#endif

typedef struct complab_snappy_api {
  snappy_status (*snappy_compress)(const char *src, size_t src_bytes, char *dst,
                                   size_t *dst_bytes);
  snappy_status (*snappy_uncompress)(const char *src, size_t src_bytes, char *dst,
                                     size_t *dst_bytes);
  size_t (*snappy_max_compressed_length)(size_t src_bytes);
  snappy_status (*snappy_uncompressed_length)(const char *src, size_t src_bytes,
                                              size_t *result);
} complab_snappy_api;

extern const complab_library_kind complab_snappy_library;

#endif
