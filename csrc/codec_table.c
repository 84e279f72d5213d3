/* codec_table.c - every codec and every kind of library that complab knows: the one
 * place to add a line for a new one. The order is the order in which they are listed.
 */
#include "codec.h"
#include "codecs/brotli_api.h"
#include "codecs/codecs.h"
#include "codecs/lz4_api.h"
#include "codecs/snappy_api.h"
#include "codecs/zlib_api.h"
#include "codecs/zstd_api.h"
#include "framings/framings.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

const complab_codec *const complab_codecs[] = {
    /* Kafka's five, as a Kafka client writes them */
    &complab_none_kafka,
    &complab_gzip_kafka,
    &complab_snappy_kafka,
    &complab_lz4_kafka,
    &complab_zstd_kafka,
    /* one-shot blocks */
    &complab_memcpy,
    &complab_zlib,
    &complab_gzip,
    &complab_snappy,
    &complab_lz4,
    &complab_lz4fast,
    &complab_lz4hc,
    &complab_zstd,
    &complab_brotli,
};
const size_t complab_codecs_count = COUNT(complab_codecs);

const complab_library_kind *const complab_library_kinds[] = {
    &complab_zlib_library, &complab_snappy_library, &complab_lz4_library,
    &complab_zstd_library, &complab_brotli_library,
};
const size_t complab_library_kinds_count = COUNT(complab_library_kinds);
