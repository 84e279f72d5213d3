/* xxhash32.h - XXH32, the checksum of LZ4 frames. */
#ifndef COMPLAB_XXHASH32_H
#define COMPLAB_XXHASH32_H

#include <stddef.h>
#include <stdint.h>

/* XXH32 of the bytes with seed 0, the only seed that LZ4 frames use. src may be NULL if
 * src_bytes is 0. */
uint32_t complab_xxhash32(const uint8_t *src, size_t src_bytes);

#endif
