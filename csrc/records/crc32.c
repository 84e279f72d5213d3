/* crc32.c - CRC-32 (IEEE 802.3, as zlib's), the checksum of Kafka's messages of magic 0
 * and 1. The polynomial is 0x04C11DB7, here in its reflected form 0xEDB88320.
 *
 * Brokers have not written these formats since 4.0, so that the portable way is enough:
 * 1.7 GB/s, as that of crc32c.c. */
#include "complab_records.h"
#include "crc_table.h"

/* table[k][i]: the byte i, followed by k zero bytes. */
static const uint32_t table[8][256] = {
    COMPLAB_CRC_TABLE(0xedb88320u, 0x76dc4190u, 0x3b6e20c8u, 0x1db71064u,  //
                      0x0edb8832u, 0x076dc419u, 0xee0e612cu, 0x77073096u),
    COMPLAB_CRC_TABLE(0x3b83984bu, 0xf0794f05u, 0x958424a2u, 0x4ac21251u,  //
                      0xc8d98a08u, 0x646cc504u, 0x32366282u, 0x191b3141u),
    COMPLAB_CRC_TABLE(0xe1351b80u, 0x709a8dc0u, 0x384d46e0u, 0x1c26a370u,  //
                      0x0e1351b8u, 0x0709a8dcu, 0x0384d46eu, 0x01c26a37u),
    COMPLAB_CRC_TABLE(0xed59b63bu, 0x9b14583du, 0xa032af3eu, 0x5019579fu,  //
                      0xc5b428efu, 0x8f629757u, 0xaa09c88bu, 0xb8bc6765u),
    COMPLAB_CRC_TABLE(0xb1e6b092u, 0x58f35849u, 0xc1c12f04u, 0x60e09782u,  //
                      0x30704bc1u, 0xf580a6c0u, 0x7ac05360u, 0x3d6029b0u),
    COMPLAB_CRC_TABLE(0x1eb014d8u, 0x0f580a6cu, 0x07ac0536u, 0x03d6029bu,  //
                      0xec53826du, 0x9b914216u, 0x4dc8a10bu, 0xcb5cd3a5u),
    COMPLAB_CRC_TABLE(0x8816eaf2u, 0x440b7579u, 0xcfbd399cu, 0x67de9cceu,  //
                      0x33ef4e67u, 0xf44f2413u, 0x979f1129u, 0xa6770bb4u),
    COMPLAB_CRC_TABLE(0x533b85dau, 0x299dc2edu, 0xf9766256u, 0x7cbb312bu,  //
                      0xd3e51bb5u, 0x844a0efau, 0x4225077du, 0xccaa009eu),
};

uint32_t complab_crc32(uint32_t crc, const uint8_t *src, size_t src_bytes) {
  return complab_crc_sliced(table, crc, src, src_bytes);
}
