/* bad_snappy.c - a libsnappy that copies, until its compressor has been called
 * GOOD_CALLS times; then it does what BAD is defined as. */
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EATEN_BYTES = 16 << 20 };

static void crash(void) {
  fputs("libsnappy: the table is damaged\n", stderr);
  fflush(stderr);
  raise(SIGSEGV);
}

static void hang(void) {
  for (;;) {
    (void)pause();
  }
}

/* Takes memory until there is none; nobody gets it back. */
static void eat(void) {
  for (void *piece = malloc(EATEN_BYTES); piece != NULL; piece = malloc(EATEN_BYTES)) {
    memset(piece, 1, EATEN_BYTES);
  }
}

static void leave(void) {
  _exit(7);
}

/* Goes on as if nothing had happened, with other bytes. */
static void spoil(void) {}

int snappy_compress(const char *src, size_t n, char *dst, size_t *m) {
  static int calls;
  *m = n;
  memcpy(dst, src, n);
  if (++calls > GOOD_CALLS) {
    BAD();
    dst[n / 2] = (char)(dst[n / 2] + 1);
    return IS_SILENT ? 0 : 1;
  }
  return 0;
}

int snappy_uncompress(const char *src, size_t n, char *dst, size_t *m) {
  (void)crash, (void)hang, (void)eat, (void)leave, (void)spoil;
  memcpy(dst, src, n);
  *m = n;
  return 0;
}

size_t snappy_max_compressed_length(size_t n) {
  return n + 100;
}

int snappy_uncompressed_length(const char *src, size_t n, size_t *m) {
  (void)src;
  *m = n;
  return 0;
}

int snappy_validate_compressed_buffer(const char *src, size_t n) {
  (void)src, (void)n;
  return 0;
}
