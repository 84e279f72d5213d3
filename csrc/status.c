/* status.c - the words for a status, and how the core was built. */
#include "complab.h"

#ifndef COMPLAB_BUILD_FLAGS
#define COMPLAB_BUILD_FLAGS ""
#endif

const char *complab_build_flags(void) {
  return COMPLAB_BUILD_FLAGS;
}

const char *complab_status_text(complab_status status) {
  switch (status) {
    case COMPLAB_OK:
      return "done";
    case COMPLAB_STOPPED:
      return "stopped";
    case COMPLAB_BAD_ARGUMENT:
      return "an argument breaks the contract of the C core";
    case COMPLAB_NO_MEMORY:
      return "out of memory";
    case COMPLAB_CLOCK_FAILED:
      return "the clock does not advance";
    case COMPLAB_NOT_CALIBRATED:
      return "no iteration count reaches the target time";
    case COMPLAB_OPEN_FAILED:
      return "the library cannot be loaded";
    case COMPLAB_SYMBOL_MISSING:
      return "the library lacks a function";
    case COMPLAB_NOT_ISOLATED:
      return "another copy of the library is loaded and would run in its place";
    case COMPLAB_PARTS_MIXED:
      return "the parts of the library come from different places";
    case COMPLAB_LEVEL_OUT_OF_RANGE:
      return "the level is out of range";
    case COMPLAB_DST_TOO_SMALL:
      return "the output does not fit";
    case COMPLAB_COMPRESS_FAILED:
      return "the codec failed to compress";
    case COMPLAB_DECOMPRESS_FAILED:
      return "the codec failed to decompress";
    case COMPLAB_READ_FAILED:
      return "the file cannot be read";
    case COMPLAB_SHRUNK:
      return "the file became shorter while it was read";
    case COMPLAB_BAD_RECORD:
      return "the records are not what Kafka allows";
    case COMPLAB_NO_TIMER:
      return "the system has no timer or no signal left for the canary in flight";
    case COMPLAB_TRAIN_FAILED:
      return "no dictionary can be trained from these samples";
  }
  return "an unknown status";
}
