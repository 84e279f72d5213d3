/* codecs.h - the codecs that feed a library one block at a time, as lzbench does. */
#ifndef COMPLAB_CODECS_H
#define COMPLAB_CODECS_H

#include "codec.h"

extern const complab_codec complab_none_kafka; /* memcpy.c: Kafka's "none" */
extern const complab_codec complab_memcpy;
extern const complab_codec complab_zlib;
extern const complab_codec complab_gzip;
extern const complab_codec complab_snappy;
extern const complab_codec complab_lz4;
extern const complab_codec complab_lz4fast;
extern const complab_codec complab_lz4hc;
extern const complab_codec complab_zstd;
extern const complab_codec complab_brotli;

#endif
