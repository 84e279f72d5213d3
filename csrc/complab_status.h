/* complab_status.h - how every part of the core says that something failed. */
#ifndef COMPLAB_STATUS_H
#define COMPLAB_STATUS_H

#include <stddef.h>
#include <stdint.h>

/* ---- Status ----------------------------------------------------------------
 * Every function that can fail returns one of these. Nothing else is an error
 * channel: out-parameters are untouched on failure unless their comment says so. */
typedef enum complab_status {
  COMPLAB_OK = 0,
  COMPLAB_STOPPED = 1,        /* the stop flag was raised; what is out is partial */
  COMPLAB_BAD_ARGUMENT = 2,   /* the caller broke this contract */
  COMPLAB_NO_MEMORY = 3,      /* an allocation failed, here or in the codec */
  COMPLAB_CLOCK_FAILED = 4,   /* the clock went backwards or never advanced */
  COMPLAB_NOT_CALIBRATED = 5, /* no iteration count reached the target time */
  COMPLAB_OPEN_FAILED = 6,    /* the dynamic loader refused a file */
  COMPLAB_SYMBOL_MISSING = 7, /* the library lacks a function that is needed */
  COMPLAB_NOT_ISOLATED = 8,   /* another copy's code would run under this name */
  COMPLAB_PARTS_MIXED = 9,    /* a part of the library came from another place */
  COMPLAB_LEVEL_OUT_OF_RANGE = 10,
  COMPLAB_DST_TOO_SMALL = 11,     /* the output does not fit; a larger dst may do */
  COMPLAB_COMPRESS_FAILED = 12,   /* the codec refused, or its input was too large */
  COMPLAB_DECOMPRESS_FAILED = 13, /* the bytes are not what the codec or frame allows */
  COMPLAB_READ_FAILED = 14,       /* the system could not read a file; native: errno */
  COMPLAB_SHRUNK = 15,            /* a file ended before the size it had at opening */
  COMPLAB_BAD_RECORD = 16,  /* not what a record may be; native: the byte's offset */
  COMPLAB_NO_TIMER = 17,    /* the system has no timer or no free signal left */
  COMPLAB_TRAIN_FAILED = 18 /* no dictionary comes of the samples; native: zstd's */
} complab_status;

/* A constant sentence for a status; never NULL, also for an unknown value. */
const char *complab_status_text(complab_status status);

/* What a failure has to say beyond its status. The text is empty if nothing. */
#define COMPLAB_FAULT_TEXT_BYTES 512
typedef struct complab_fault {
  int64_t native_code; /* the library's own error code, 0 if it has none */
  char text[512];      /* NUL-terminated: a path, a symbol, the library's words */
} complab_fault;

#endif
