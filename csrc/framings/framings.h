/* framings.h - the containers that Kafka clients put around a codec's blocks. Each is a
 * codec of its own: what it writes is, byte for byte, what the Java client (4.x)
 * writes; what it reads is what any client writes. */
#ifndef COMPLAB_FRAMINGS_H
#define COMPLAB_FRAMINGS_H

#include "codec.h"

extern const complab_codec complab_gzip_kafka;   /* gzip.c */
extern const complab_codec complab_snappy_kafka; /* xerial.c */
extern const complab_codec complab_lz4_kafka;    /* lz4frame.c */
extern const complab_codec complab_zstd_kafka;   /* zstd_stream.c */

/* The Java client puts a buffer of this size before its gzip and zstd writers, and one
 * behind its readers (GzipCompression, ZstdCompression). The pieces are no detail: they
 * decide what a stream knows of its end and how often it copies its window. */
#define COMPLAB_JAVA_PIECE_BYTES ((size_t)16 * 1024)

/* What does not fit, in words, the same for every framing. */
#define COMPLAB_WORDS_TOO_SMALL "the output is larger than the destination"

#endif
