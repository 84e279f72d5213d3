/* record.h - the two ways in which a payload holds records: the section of a batch
 * (magic 2, record.c) and a set of messages (magic 0 and 1, message_set.c). */
#ifndef COMPLAB_RECORD_H
#define COMPLAB_RECORD_H

#include "complab_records.h"

/* Says in fault_out (which may be NULL) what is wrong with which record at which byte
 * of the payload, and returns BAD_RECORD. */
complab_status complab_record_fault(complab_fault *fault_out, int64_t record_index,
                                    uint64_t position, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

complab_status complab_message_set_begin(const uint8_t *payload, size_t payload_bytes,
                                         const complab_batch *batch,
                                         complab_records *records_out,
                                         complab_fault *fault_out);

complab_status complab_message_set_next(const uint8_t *payload, size_t payload_bytes,
                                        complab_records *records, complab_record *rows,
                                        size_t capacity, size_t *record_count_out,
                                        complab_fault *fault_out);

#endif
