/* plain_loop.c - the peer that complab is checked against: a small program that is
 * linked with the distribution's libraries in the ordinary way and calls them in a
 * plain loop. It shares no code with complab, so that a mistake in one of the two shows
 * as a difference.
 *
 *   plain_loop sizes FILE
 *       one line "codec <tab> level <tab> compressed_bytes" for every codec and level;
 *       the level of a codec without levels is "-"
 *   plain_loop time FILE CODEC LEVEL EPOCH_COUNT COMPRESS_ITERATIONS
 * DECOMPRESS_ITERATIONS JSON lines: {"library":...,"version":...}, then for each
 * direction
 *       {"direction":"compress","compressed_bytes":...,"epoch_ns":[...]}
 *
 * FILE is opaque: all its bytes are one block. Everything is decompressed and compared
 * with FILE outside the timer. To build (plain_loop.py does the same):
 *
 *   cc -std=c11 -O2 -Wall -Wextra -Wconversion plain_loop.c -o plain_loop \
 *      -lz -llz4 -lzstd -lsnappy -lbrotlienc -lbrotlidec -ldl
 */
#define _GNU_SOURCE /* dladdr */
#include <brotli/decode.h>
#include <brotli/encode.h>
#include <dlfcn.h>
#include <inttypes.h>
#include <limits.h>
#include <lz4.h>
#include <lz4hc.h>
#include <snappy-c.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>
#include <zstd.h>

/* LZ4 and zlib count in int and unsigned int: every size below this fits both. */
enum { FILE_BYTES_AT_MOST = LZ4_MAX_INPUT_SIZE };

/* windowBits 15 and 16 more for the gzip wrapper; memLevel 8 is zlib's default. */
enum { GZIP_WINDOW_BITS = 15 + 16, ZLIB_MEM_LEVEL = 8 };

static void die(const char *what) {
  fprintf(stderr, "plain_loop: %s\n", what);
  exit(1);
}

/* ---- Codecs ------------------------------------------------------------------
 * compress and decompress return the bytes written, 0 on failure (also for an empty
 * result: decompress of an empty file is never asked for). */

typedef struct contexts {
  ZSTD_CCtx *zstd_compressor; /* reused over all calls, as complab's raw zstd does */
  ZSTD_DCtx *zstd_decompressor;
} contexts;

typedef size_t (*code_fn)(const contexts *with, int level, const uint8_t *src,
                          size_t src_bytes, uint8_t *dst, size_t dst_capacity_bytes);

static size_t copy(const contexts *with, int level, const uint8_t *src,
                   size_t src_bytes, uint8_t *dst, size_t dst_capacity_bytes) {
  (void)with, (void)level;
  if (src_bytes > dst_capacity_bytes) {
    return 0;
  }
  memcpy(dst, src, src_bytes);
  return src_bytes;
}

static size_t zlib_compress(const contexts *with, int level, const uint8_t *src,
                            size_t src_bytes, uint8_t *dst, size_t dst_capacity_bytes) {
  (void)with;
  uLongf dst_bytes = dst_capacity_bytes;
  return compress2(dst, &dst_bytes, src, src_bytes, level) == Z_OK ? dst_bytes : 0;
}

static size_t zlib_decompress(const contexts *with, int level, const uint8_t *src,
                              size_t src_bytes, uint8_t *dst,
                              size_t dst_capacity_bytes) {
  (void)with, (void)level;
  uLongf dst_bytes = dst_capacity_bytes;
  return uncompress(dst, &dst_bytes, src, src_bytes) == Z_OK ? dst_bytes : 0;
}

/* zlib's next_in is not const, though zlib does not write through it. */
static z_stream stream_over(const uint8_t *src, size_t src_bytes, uint8_t *dst,
                            size_t dst_capacity_bytes) {
  z_stream stream;
  memset(&stream, 0, sizeof stream);
  stream.next_in = (Bytef *)(uintptr_t)src;
  stream.avail_in = (uInt)src_bytes;
  stream.next_out = dst;
  stream.avail_out =
      dst_capacity_bytes > UINT_MAX ? UINT_MAX : (uInt)dst_capacity_bytes;
  return stream;
}

static size_t gzip_compress(const contexts *with, int level, const uint8_t *src,
                            size_t src_bytes, uint8_t *dst, size_t dst_capacity_bytes) {
  (void)with;
  z_stream stream = stream_over(src, src_bytes, dst, dst_capacity_bytes);
  if (deflateInit2(&stream, level, Z_DEFLATED, GZIP_WINDOW_BITS, ZLIB_MEM_LEVEL,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    return 0;
  }
  const int status = deflate(&stream, Z_FINISH);
  const size_t dst_bytes = stream.total_out;
  deflateEnd(&stream);
  return status == Z_STREAM_END ? dst_bytes : 0;
}

static size_t gzip_decompress(const contexts *with, int level, const uint8_t *src,
                              size_t src_bytes, uint8_t *dst,
                              size_t dst_capacity_bytes) {
  (void)with, (void)level;
  z_stream stream = stream_over(src, src_bytes, dst, dst_capacity_bytes);
  if (inflateInit2(&stream, GZIP_WINDOW_BITS) != Z_OK) {
    return 0;
  }
  const int status = inflate(&stream, Z_FINISH);
  const size_t dst_bytes = stream.total_out;
  inflateEnd(&stream);
  return status == Z_STREAM_END ? dst_bytes : 0;
}

static size_t snappy_code(const contexts *with, int level, const uint8_t *src,
                          size_t src_bytes, uint8_t *dst, size_t dst_capacity_bytes) {
  (void)with, (void)level;
  size_t dst_bytes = dst_capacity_bytes;
  return snappy_compress((const char *)src, src_bytes, (char *)dst, &dst_bytes) ==
                 SNAPPY_OK
             ? dst_bytes
             : 0;
}

static size_t snappy_decode(const contexts *with, int level, const uint8_t *src,
                            size_t src_bytes, uint8_t *dst, size_t dst_capacity_bytes) {
  (void)with, (void)level;
  size_t dst_bytes = dst_capacity_bytes;
  return snappy_uncompress((const char *)src, src_bytes, (char *)dst, &dst_bytes) ==
                 SNAPPY_OK
             ? dst_bytes
             : 0;
}

static size_t positive(int bytes) {
  return bytes > 0 ? (size_t)bytes : 0;
}

static size_t lz4_compress(const contexts *with, int level, const uint8_t *src,
                           size_t src_bytes, uint8_t *dst, size_t dst_capacity_bytes) {
  (void)with, (void)level;
  return positive(LZ4_compress_default((const char *)src, (char *)dst, (int)src_bytes,
                                       (int)dst_capacity_bytes));
}

static size_t lz4fast_compress(const contexts *with, int level, const uint8_t *src,
                               size_t src_bytes, uint8_t *dst,
                               size_t dst_capacity_bytes) {
  (void)with;
  return positive(LZ4_compress_fast((const char *)src, (char *)dst, (int)src_bytes,
                                    (int)dst_capacity_bytes, level));
}

static size_t lz4hc_compress(const contexts *with, int level, const uint8_t *src,
                             size_t src_bytes, uint8_t *dst,
                             size_t dst_capacity_bytes) {
  (void)with;
  return positive(LZ4_compress_HC((const char *)src, (char *)dst, (int)src_bytes,
                                  (int)dst_capacity_bytes, level));
}

static size_t lz4_decompress(const contexts *with, int level, const uint8_t *src,
                             size_t src_bytes, uint8_t *dst,
                             size_t dst_capacity_bytes) {
  (void)with, (void)level;
  return positive(LZ4_decompress_safe((const char *)src, (char *)dst, (int)src_bytes,
                                      (int)dst_capacity_bytes));
}

/* The level is set when the codec is chosen, see contexts_prepare. */
static size_t zstd_compress(const contexts *with, int level, const uint8_t *src,
                            size_t src_bytes, uint8_t *dst, size_t dst_capacity_bytes) {
  (void)level;
  const size_t dst_bytes =
      ZSTD_compress2(with->zstd_compressor, dst, dst_capacity_bytes, src, src_bytes);
  return ZSTD_isError(dst_bytes) ? 0 : dst_bytes;
}

static size_t zstd_decompress(const contexts *with, int level, const uint8_t *src,
                              size_t src_bytes, uint8_t *dst,
                              size_t dst_capacity_bytes) {
  (void)level;
  const size_t dst_bytes = ZSTD_decompressDCtx(with->zstd_decompressor, dst,
                                               dst_capacity_bytes, src, src_bytes);
  return ZSTD_isError(dst_bytes) ? 0 : dst_bytes;
}

static size_t brotli_compress(const contexts *with, int level, const uint8_t *src,
                              size_t src_bytes, uint8_t *dst,
                              size_t dst_capacity_bytes) {
  (void)with;
  size_t dst_bytes = dst_capacity_bytes;
  return BrotliEncoderCompress(level, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_GENERIC,
                               src_bytes, src, &dst_bytes, dst)
             ? dst_bytes
             : 0;
}

static size_t brotli_decompress(const contexts *with, int level, const uint8_t *src,
                                size_t src_bytes, uint8_t *dst,
                                size_t dst_capacity_bytes) {
  (void)with, (void)level;
  size_t dst_bytes = dst_capacity_bytes;
  return BrotliDecoderDecompress(src_bytes, src, &dst_bytes, dst) ==
                 BROTLI_DECODER_RESULT_SUCCESS
             ? dst_bytes
             : 0;
}

typedef struct codec {
  const char *name;
  int has_levels;
  int level_min;
  int level_max;
  code_fn compress;
  code_fn decompress;
  const char *symbol; /* tells which file the codec's library was loaded from */
} codec;

static const codec codecs[] = {
    {"memcpy", 0, 0, 0, copy, copy, "memcpy"},
    {"zlib", 1, 1, 9, zlib_compress, zlib_decompress, "compress2"},
    {"gzip", 1, 1, 9, gzip_compress, gzip_decompress, "deflate"},
    {"snappy", 0, 0, 0, snappy_code, snappy_decode, "snappy_compress"},
    {"lz4", 0, 0, 0, lz4_compress, lz4_decompress, "LZ4_compress_default"},
    {"lz4fast", 1, 1, 17, lz4fast_compress, lz4_decompress, "LZ4_compress_fast"},
    {"lz4hc", 1, 1, 12, lz4hc_compress, lz4_decompress, "LZ4_compress_HC"},
    {"zstd", 1, -5, 22, zstd_compress, zstd_decompress, "ZSTD_compress2"},
    {"brotli", 1, 0, 11, brotli_compress, brotli_decompress, "BrotliEncoderCompress"},
};
enum { CODEC_COUNT = sizeof codecs / sizeof *codecs };

/* What the library says of itself; snappy's C interface says nothing. */
static const char *version_of(const codec *which) {
  if (which->compress == zstd_compress) {
    return ZSTD_versionString();
  }
  if (strncmp(which->name, "lz4", 3) == 0) {
    return LZ4_versionString();
  }
  if (which->compress == zlib_compress || which->compress == gzip_compress) {
    return zlibVersion();
  }
  return "";
}

/* Level 0 is zstd's word for "default", and no codec here asks for it. */
static void contexts_prepare(const contexts *with, const codec *which, int level) {
  if (which->compress == zstd_compress &&
      ZSTD_isError(ZSTD_CCtx_setParameter(with->zstd_compressor,
                                          ZSTD_c_compressionLevel, level))) {
    die("zstd refuses the level");
  }
}

/* ---- Buffers ----------------------------------------------------------------- */

typedef struct buffers {
  uint8_t *original;
  size_t original_bytes;
  uint8_t *compressed;
  size_t compressed_capacity_bytes;
  uint8_t *restored;
} buffers;

static uint8_t *touched(size_t bytes) {
  uint8_t *buffer = malloc(bytes + 1); /* never NULL for want of bytes */
  if (buffer == NULL) {
    die("out of memory");
  }
  memset(buffer, 0x5a, bytes + 1);
  return buffer;
}

/* The largest of the codecs' bounds, so that one buffer serves all. */
static size_t largest_bound(size_t bytes) {
  const size_t bounds[] = {
      compressBound(bytes) + 12, /* gzip's wrapper is 12 bytes longer than zlib's */
      (size_t)LZ4_compressBound((int)bytes),
      ZSTD_compressBound(bytes),
      snappy_max_compressed_length(bytes),
      BrotliEncoderMaxCompressedSize(bytes),
  };
  size_t largest = bytes;
  for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
    largest = bounds[i] > largest ? bounds[i] : largest;
  }
  return largest;
}

static buffers buffers_for(const char *path) {
  FILE *file = fopen(path, "rb");
  if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
    die("the file cannot be read");
  }
  const long file_bytes = ftell(file);
  if (file_bytes < 0 || file_bytes > FILE_BYTES_AT_MOST) {
    die("the file is too large for one block");
  }
  rewind(file);
  buffers with = {0};
  with.original_bytes = (size_t)file_bytes;
  with.original = touched(with.original_bytes);
  if (fread(with.original, 1, with.original_bytes, file) != with.original_bytes) {
    die("the file cannot be read");
  }
  fclose(file);
  with.compressed_capacity_bytes = largest_bound(with.original_bytes);
  with.compressed = touched(with.compressed_capacity_bytes);
  with.restored = touched(with.original_bytes);
  return with;
}

static void buffers_free(const buffers *with) {
  free(with->original);
  free(with->compressed);
  free(with->restored);
}

/* ---- One codec at one level --------------------------------------------------- */

typedef struct run {
  const codec *codec;
  const contexts *contexts;
  const buffers *buffers;
  int level;
  size_t compressed_bytes; /* 0 until the first compression */
} run;

static void compress_once(run *this) {
  const buffers *with = this->buffers;
  this->compressed_bytes = this->codec->compress(
      this->contexts, this->level, with->original, with->original_bytes,
      with->compressed, with->compressed_capacity_bytes);
}

static void decompress_once(run *this) {
  const buffers *with = this->buffers;
  const size_t restored_bytes = this->codec->decompress(
      this->contexts, this->level, with->compressed, this->compressed_bytes,
      with->restored, with->original_bytes);
  if (restored_bytes != with->original_bytes) {
    die("decompression failed");
  }
}

static void check_round_trip(run *this) {
  const buffers *with = this->buffers;
  if (with->original_bytes == 0) {
    return; /* no library promises what it does with an empty destination */
  }
  if (this->compressed_bytes == 0) {
    die("compression failed");
  }
  memset(with->restored, 0x5a, with->original_bytes);
  decompress_once(this);
  if (memcmp(with->restored, with->original, with->original_bytes) != 0) {
    die("the round trip changed the bytes");
  }
}

static void print_sizes(run *this) {
  for (size_t i = 0; i < CODEC_COUNT; i++) {
    this->codec = &codecs[i];
    for (int level = codecs[i].level_min; level <= codecs[i].level_max; level++) {
      if (codecs[i].compress == zstd_compress && level == 0) {
        continue; /* another name for level 3 */
      }
      this->level = level;
      contexts_prepare(this->contexts, this->codec, level);
      compress_once(this);
      check_round_trip(this);
      if (codecs[i].has_levels) {
        printf("%s\t%d\t%zu\n", codecs[i].name, level, this->compressed_bytes);
      } else {
        printf("%s\t-\t%zu\n", codecs[i].name, this->compressed_bytes);
      }
    }
  }
}

/* ---- Time --------------------------------------------------------------------- */

/* An iteration shorter than this is preceded by an untimed one, as complab does it. */
#define WARM_UP_BELOW_NS UINT64_C(10000000)

static uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

static void print_epochs(run *this, const char *direction, void (*once)(run *),
                         uint64_t epoch_count, uint64_t iteration_count) {
  uint64_t *epoch_ns = calloc(epoch_count, sizeof *epoch_ns);
  if (epoch_ns == NULL) {
    die("out of memory");
  }
  uint64_t iteration_ns = 0;
  for (uint64_t epoch = 0; epoch < epoch_count; epoch++) {
    if (iteration_ns < WARM_UP_BELOW_NS) {
      once(this);
    }
    const uint64_t start_ns = now_ns();
    for (uint64_t i = 0; i < iteration_count; i++) {
      once(this);
    }
    epoch_ns[epoch] = now_ns() - start_ns;
    iteration_ns = epoch_ns[epoch] / iteration_count;
  }
  check_round_trip(this);
  printf("{\"direction\":\"%s\",\"compressed_bytes\":%zu,\"epoch_ns\":[", direction,
         this->compressed_bytes);
  for (uint64_t epoch = 0; epoch < epoch_count; epoch++) {
    printf("%s%" PRIu64, epoch == 0 ? "" : ",", epoch_ns[epoch]);
  }
  printf("]}\n");
  free(epoch_ns);
}

static void print_library(const codec *which) {
  Dl_info info = {0};
  const void *address = dlsym(RTLD_DEFAULT, which->symbol);
  if (address == NULL || dladdr(address, &info) == 0) {
    die("the library's file is unknown");
  }
  printf("{\"library\":\"%s\",\"version\":\"%s\"}\n", info.dli_fname,
         version_of(which));
}

static const codec *codec_named(const char *name) {
  for (size_t i = 0; i < CODEC_COUNT; i++) {
    if (strcmp(codecs[i].name, name) == 0) {
      return &codecs[i];
    }
  }
  die("no such codec");
  return NULL;
}

static long number(const char *text, long min, long max) {
  char *end = NULL;
  const long value = strtol(text, &end, 10);
  if (end == text || *end != '\0' || value < min || value > max) {
    die("a number is malformed or out of range");
  }
  return value;
}

static int level_of(const codec *which, const char *text) {
  return which->has_levels ? (int)number(text, which->level_min, which->level_max) : 0;
}

enum { COUNT_AT_MOST = 1000000000 };

int main(int argc, char **argv) {
  const int is_sizes = argc == 3 && strcmp(argv[1], "sizes") == 0;
  const int is_time = argc == 9 && strcmp(argv[1], "time") == 0;
  if (!is_sizes && !is_time) {
    fprintf(
        stderr,
        "usage: plain_loop sizes FILE\n"
        "       plain_loop time FILE CODEC LEVEL COMPRESS_EPOCHS COMPRESS_ITERATIONS"
        " DECOMPRESS_EPOCHS DECOMPRESS_ITERATIONS\n");
    return 2;
  }
  const buffers with = buffers_for(argv[2]);
  const contexts made = {ZSTD_createCCtx(), ZSTD_createDCtx()};
  if (made.zstd_compressor == NULL || made.zstd_decompressor == NULL) {
    die("out of memory");
  }
  run this = {.contexts = &made, .buffers = &with};
  if (is_sizes) {
    print_sizes(&this);
  } else {
    this.codec = codec_named(argv[3]);
    this.level = level_of(this.codec, argv[4]);
    uint64_t counts[4];
    for (int i = 0; i < 4; i++) {
      counts[i] = (uint64_t)number(argv[5 + i], 1, COUNT_AT_MOST);
    }
    contexts_prepare(&made, this.codec, this.level);
    print_library(this.codec);
    print_epochs(&this, "compress", compress_once, counts[0], counts[1]);
    print_epochs(&this, "decompress", decompress_once, counts[2], counts[3]);
  }
  ZSTD_freeCCtx(made.zstd_compressor);
  ZSTD_freeDCtx(made.zstd_decompressor);
  buffers_free(&with);
  return 0;
}
