/* crc32c.h - CRC-32C of bytes. The two functions that compute it are in complab.h; this
 * adds what only a test or a report of the environment asks. */
#ifndef COMPLAB_CRC32C_H
#define COMPLAB_CRC32C_H

#include "complab_records.h"

/* What complab_crc32c runs on this CPU: "sse4.2", "armv8" or "portable". */
const char *complab_crc32c_kind(void);

#endif
