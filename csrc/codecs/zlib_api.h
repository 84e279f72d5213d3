/* zlib_api.h - the part of zlib that complab calls, declared by hand, so that no zlib
 * header is needed to build. The types stand behind COMPLAB_ZLIB_TYPES: the check of
 * the prototypes puts the real header in their place. Source: zlib.h 1.2.11 to 1.3.1,
 * whose z_stream has been the same since 1.2.0. */
#ifndef COMPLAB_ZLIB_API_H
#define COMPLAB_ZLIB_API_H

#include "codec.h"

#ifndef COMPLAB_ZLIB_TYPES
#define COMPLAB_ZLIB_TYPES
typedef void *(*alloc_func)(void *opaque, unsigned items, unsigned item_bytes);
typedef void (*free_func)(void *opaque, void *address);
struct internal_state;
typedef struct z_stream_s {
  unsigned char *next_in;
  unsigned avail_in;
  unsigned long total_in;
  unsigned char *next_out;
  unsigned avail_out;
  unsigned long total_out;
  char *msg;
  struct internal_state *state;
  alloc_func zalloc;
  free_func zfree;
  void *opaque;
  int data_type;
  unsigned long adler;
  unsigned long reserved;
} z_stream;
typedef z_stream *z_streamp;
enum {
  Z_NO_FLUSH = 0,
  Z_FINISH = 4,
  Z_OK = 0,
  Z_STREAM_END = 1,
  Z_MEM_ERROR = -4,
  Z_BUF_ERROR = -5,
  Z_DEFAULT_STRATEGY = 0,
  Z_DEFLATED = 8
};
#endif

typedef struct complab_zlib_api {
  const char *(*zlibVersion)(void);
  int (*deflateInit2_)(z_streamp, int level, int method, int window_bits, int mem_level,
                       int strategy, const char *version, int stream_bytes);
  int (*deflate)(z_streamp, int flush);
  int (*deflateReset)(z_streamp);
  int (*deflateEnd)(z_streamp);
  int (*inflateInit2_)(z_streamp, int window_bits, const char *version,
                       int stream_bytes);
  int (*inflate)(z_streamp, int flush);
  int (*inflateReset)(z_streamp);
  int (*inflateEnd)(z_streamp);
  unsigned long (*crc32)(unsigned long crc, const unsigned char *src, unsigned bytes);
} complab_zlib_api;

extern const complab_library_kind complab_zlib_library;

/* ---- Shared by raw zlib and by the gzip framing (zlib.c) ---- */

/* memLevel 8 is zlib's own default, and what the JDK's Deflater passes. */
enum { COMPLAB_ZLIB_MEM_LEVEL = 8 };

/* windowBits: 15 a zlib stream, 15 + 16 gzip, -15 bare deflate. */
enum { COMPLAB_ZLIB_WRAP = 15, COMPLAB_ZLIB_GZIP = 15 + 16, COMPLAB_ZLIB_BARE = -15 };

/* A stream, and the bytes that zlib asked for while it was made. */
typedef struct complab_zlib_context {
  z_stream stream;
  size_t allocated_bytes;
} complab_zlib_context;

complab_status complab_zlib_deflate_new(complab_job *job, int window_bits,
                                        void **context_out);
void complab_zlib_deflate_free(complab_job *job, void *context);
complab_status complab_zlib_inflate_new(complab_job *job, int window_bits,
                                        void **context_out);
void complab_zlib_inflate_free(complab_job *job, void *context);
size_t complab_zlib_memory_bytes(const complab_job *job, const void *context);
complab_levels complab_zlib_levels(const void *api);

/* Largest input in one piece: avail_in is an unsigned int. */
#define COMPLAB_ZLIB_MAX_BYTES ((size_t)0x7fffffff)

#endif
