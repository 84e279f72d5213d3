/* test_batch_scan.c - the scan over batches built by hand: every field, every reason to
 * end, and no byte read beyond the buffer, which ends at a guard page. */
#include "complab.h"
#include "test.h"

enum { CAPACITY = 8, RECORDS_BYTES = 7, BATCH_BYTES = COMPLAB_BATCH_HEADER_BYTES + 7 };

static void put(uint8_t *dst, uint64_t value, size_t bytes) {
  for (size_t i = 0; i < bytes; i++) {
    dst[i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
  }
}

/* A batch of BATCH_BYTES with a different value in each field. */
static void put_batch(uint8_t *dst, uint64_t base_offset) {
  put(dst, base_offset, 8);
  put(dst + 8, BATCH_BYTES - 12, 4);
  put(dst + 12, 0x01020304, 4);
  put(dst + 16, 2, 1);
  put(dst + 21, 0xff34, 2); /* unused bits, control, transactional, zstd */
  put(dst + 23, 41, 4);
  put(dst + 27, 1700000000000, 8);
  put(dst + 35, 1700000000123, 8);
  put(dst + 43, 0x1122334455667788, 8);
  put(dst + 51, 0xfffe, 2);
  put(dst + 53, 77, 4);
  put(dst + 57, 42, 4);
  memset(dst + 61, 0xab, RECORDS_BYTES);
  put(dst + 17, complab_crc32c_portable(0, dst + 21, BATCH_BYTES - 21), 4);
}

typedef struct result {
  complab_batch batches[CAPACITY];
  size_t batch_count;
  complab_scan scan;
} result;

/* Scans a guarded copy of the bytes. */
static result scan_from(const uint8_t *src, size_t src_bytes, uint64_t position,
                        size_t capacity) {
  result out;
  memset(&out, 0, sizeof out);
  const guarded copy = guarded_copy(src, src_bytes);
  CHECK_EQUAL(complab_batch_scan(copy.bytes, src_bytes, position, out.batches, capacity,
                                 &out.batch_count, &out.scan),
              COMPLAB_OK);
  guarded_free(copy);
  return out;
}

static result scan(const uint8_t *src, size_t src_bytes) {
  return scan_from(src, src_bytes, 0, CAPACITY);
}

static void check_end(result got, complab_scan_end end, size_t batch_count,
                      uint64_t next_position, int64_t seen_length, int32_t seen_magic) {
  CHECK_EQUAL(got.scan.end, end);
  CHECK_EQUAL(got.batch_count, batch_count);
  CHECK_EQUAL(got.scan.next_position, next_position);
  CHECK_EQUAL(got.scan.seen_length, seen_length);
  CHECK_EQUAL(got.scan.seen_magic, seen_magic);
}

/* Every field of the header comes out. */
static void fields_are_read(void) {
  uint8_t bytes[BATCH_BYTES];
  put_batch(bytes, 1000);
  const result got = scan(bytes, sizeof bytes);
  check_end(got, COMPLAB_SCAN_COMPLETE, 1, BATCH_BYTES, 0, -1);
  const complab_batch *batch = &got.batches[0];
  CHECK_EQUAL(batch->position, 0);
  CHECK_EQUAL(batch->batch_bytes, BATCH_BYTES);
  CHECK_EQUAL(batch->base_offset, 1000);
  CHECK_EQUAL(batch->last_offset, 1041);
  CHECK_EQUAL(batch->base_timestamp, 1700000000000);
  CHECK_EQUAL(batch->max_timestamp, 1700000000123);
  CHECK_EQUAL(batch->producer_id, 0x1122334455667788);
  CHECK_EQUAL(batch->partition_leader_epoch, 0x01020304);
  CHECK_EQUAL(batch->base_sequence, 77);
  CHECK_EQUAL(batch->record_count, 42);
  CHECK_EQUAL(batch->crc_expected, batch->crc_actual);
  CHECK_EQUAL(batch->attributes, (int16_t)0xff34);
  CHECK_EQUAL(batch->producer_epoch, -2);
  CHECK_EQUAL(batch->magic, 2);
  CHECK_EQUAL(batch->codec_id, 4);
  CHECK_EQUAL(batch->is_control, 1);
  CHECK_EQUAL(batch->is_transactional, 1);
}

/* A damaged batch is read; its two CRCs differ. The leader epoch is not part of them.
 */
static void damage_shows_in_the_crc(void) {
  uint8_t bytes[BATCH_BYTES];
  put_batch(bytes, 0);
  put(bytes + 12, 0xffffffff, 4);
  result got = scan(bytes, sizeof bytes);
  CHECK_EQUAL(got.batches[0].crc_expected, got.batches[0].crc_actual);
  CHECK_EQUAL(got.batches[0].partition_leader_epoch, -1);
  bytes[BATCH_BYTES - 1] ^= 1;
  got = scan(bytes, sizeof bytes);
  check_end(got, COMPLAB_SCAN_COMPLETE, 1, BATCH_BYTES, 0, -1);
  CHECK(got.batches[0].crc_expected != got.batches[0].crc_actual);
}

/* Batches follow one another; a full array stops the scan, which goes on from there. */
static void a_scan_goes_on(void) {
  uint8_t bytes[3 * BATCH_BYTES];
  for (size_t i = 0; i < 3; i++) {
    put_batch(bytes + i * BATCH_BYTES, 100 * i);
  }
  result got = scan_from(bytes, sizeof bytes, 0, 2);
  check_end(got, COMPLAB_SCAN_FULL, 2, 2 * BATCH_BYTES, BATCH_BYTES - 12, 2);
  CHECK_EQUAL(got.batches[1].position, BATCH_BYTES);
  CHECK_EQUAL(got.batches[1].base_offset, 100);
  got = scan_from(bytes, sizeof bytes, got.scan.next_position, 1);
  /* an array that is just large enough: complete, not full */
  check_end(got, COMPLAB_SCAN_COMPLETE, 1, 3 * BATCH_BYTES, 0, -1);
  CHECK_EQUAL(got.batches[0].position, 2 * BATCH_BYTES);
  check_end(scan_from(bytes, sizeof bytes, 0, 0), COMPLAB_SCAN_FULL, 0, 0,
            BATCH_BYTES - 12, 2);
  check_end(scan_from(bytes, sizeof bytes, sizeof bytes, 0), COMPLAB_SCAN_COMPLETE, 0,
            sizeof bytes, 0, -1);
  check_end(scan(NULL, 0), COMPLAB_SCAN_COMPLETE, 0, 0, 0, -1);
}

/* Zeros to the end are a preallocated tail, however many, also as the whole file. */
static void zeros_are_a_tail(void) {
  for (size_t zeros = 1; zeros < 100; zeros++) {
    uint8_t bytes[BATCH_BYTES + 100] = {0};
    const int64_t magic = zeros >= 17 ? 0 : -1;
    check_end(scan(bytes, zeros), COMPLAB_SCAN_ZEROS, 0, 0, 0, (int32_t)magic);
    put_batch(bytes, 0);
    check_end(scan(bytes, BATCH_BYTES + zeros), COMPLAB_SCAN_ZEROS, 1, BATCH_BYTES, 0,
              (int32_t)magic);
  }
  /* a single byte at the end, and it is none */
  uint8_t bytes[40] = {0};
  bytes[39] = 1;
  check_end(scan(bytes, sizeof bytes), COMPLAB_SCAN_OLD_MAGIC, 0, 0, 0, 0);
}

/* A batch that is cut off anywhere is torn. */
static void a_cut_batch_is_torn(void) {
  uint8_t bytes[2 * BATCH_BYTES];
  put_batch(bytes, 5);
  put_batch(bytes + BATCH_BYTES, 6);
  for (size_t left = 1; left < BATCH_BYTES; left++) {
    /* the first seven bytes of an offset below 256 are zeros */
    const complab_scan_end end = left < 8 ? COMPLAB_SCAN_ZEROS : COMPLAB_SCAN_TORN;
    const int64_t length = left >= 12 ? BATCH_BYTES - 12 : 0;
    const int32_t magic = left >= 17 ? 2 : -1;
    check_end(scan(bytes, left), end, 0, 0, length, magic);
    check_end(scan(bytes, BATCH_BYTES + left), end, 1, BATCH_BYTES, length, magic);
  }
}

/* The largest length that the field can hold neither wraps nor is believed. */
static void an_enormous_length_is_torn(void) {
  uint8_t bytes[BATCH_BYTES];
  put_batch(bytes, 0);
  put(bytes + 8, INT32_MAX, 4);
  check_end(scan(bytes, sizeof bytes), COMPLAB_SCAN_TORN, 0, 0, INT32_MAX, 2);
  put(bytes + 8, BATCH_BYTES - 12 + 1, 4);
  check_end(scan(bytes, sizeof bytes), COMPLAB_SCAN_TORN, 0, 0, BATCH_BYTES - 11, 2);
}

/* 49 is the length of an empty batch and the smallest. */
static void a_small_length_is_bad(void) {
  uint8_t bytes[BATCH_BYTES];
  put_batch(bytes, 0);
  static const int32_t bad[] = {48, 1, 0, -1, INT32_MIN};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    put(bytes + 8, (uint32_t)bad[i], 4);
    check_end(scan(bytes, sizeof bytes), COMPLAB_SCAN_BAD_LENGTH, 0, 0, bad[i], 2);
    /* the length of what is left does not hide it */
    check_end(scan(bytes, 17), COMPLAB_SCAN_BAD_LENGTH, 0, 0, bad[i], 2);
  }
  put(bytes + 8, 49, 4);
  check_end(scan(bytes, COMPLAB_BATCH_HEADER_BYTES), COMPLAB_SCAN_COMPLETE, 1,
            COMPLAB_BATCH_HEADER_BYTES, 0, -1);
}

/* The magic is judged before the length, and a byte of 255 is no missing one. */
static void other_magics_end_the_scan(void) {
  uint8_t bytes[2 * BATCH_BYTES];
  put_batch(bytes, 0);
  put_batch(bytes + BATCH_BYTES, 0);
  for (int magic = 0; magic < 256; magic++) {
    if (magic == 2) {
      continue;
    }
    bytes[BATCH_BYTES + 16] = (uint8_t)magic;
    const complab_scan_end end =
        magic < 2 ? COMPLAB_SCAN_OLD_MAGIC : COMPLAB_SCAN_BAD_MAGIC;
    put(bytes + BATCH_BYTES + 8, BATCH_BYTES - 12, 4);
    check_end(scan(bytes, sizeof bytes), end, 1, BATCH_BYTES, BATCH_BYTES - 12, magic);
    put(bytes + BATCH_BYTES + 8, (uint32_t)-5, 4);
    check_end(scan(bytes, sizeof bytes), end, 1, BATCH_BYTES, -5, magic);
    put(bytes + BATCH_BYTES + 8, INT32_MAX, 4);
    check_end(scan(bytes, sizeof bytes), end, 1, BATCH_BYTES, INT32_MAX, magic);
  }
}

/* The last offset of a nonsensical header wraps, as in Java, and nothing else does. */
static void offsets_may_be_anything(void) {
  uint8_t bytes[BATCH_BYTES];
  put_batch(bytes, INT64_MAX);
  put(bytes + 23, INT32_MAX, 4);
  const result got = scan(bytes, sizeof bytes);
  CHECK_EQUAL(got.batches[0].base_offset, INT64_MAX);
  CHECK_EQUAL(got.batches[0].last_offset, INT64_MIN + (int64_t)INT32_MAX - 1);
}

/* A broken contract is said and writes nothing. */
static void bad_arguments_are_refused(void) {
  uint8_t bytes[BATCH_BYTES];
  put_batch(bytes, 0);
  complab_batch batch;
  size_t batch_count = 99;
  complab_scan scanned = {.next_position = 99};
  CHECK_EQUAL(complab_batch_scan(bytes, sizeof bytes, sizeof bytes + 1, &batch, 1,
                                 &batch_count, &scanned),
              COMPLAB_BAD_ARGUMENT);
  CHECK_EQUAL(complab_batch_scan(NULL, 1, 0, &batch, 1, &batch_count, &scanned),
              COMPLAB_BAD_ARGUMENT);
  CHECK_EQUAL(
      complab_batch_scan(bytes, sizeof bytes, 0, NULL, 1, &batch_count, &scanned),
      COMPLAB_BAD_ARGUMENT);
  CHECK_EQUAL(complab_batch_scan(bytes, sizeof bytes, 0, &batch, 1, NULL, &scanned),
              COMPLAB_BAD_ARGUMENT);
  CHECK_EQUAL(complab_batch_scan(bytes, sizeof bytes, 0, &batch, 1, &batch_count, NULL),
              COMPLAB_BAD_ARGUMENT);
  CHECK_EQUAL(batch_count, 99);
  CHECK_EQUAL(scanned.next_position, 99);
}

int main(void) {
  fields_are_read();
  damage_shows_in_the_crc();
  a_scan_goes_on();
  zeros_are_a_tail();
  a_cut_batch_is_torn();
  an_enormous_length_is_torn();
  a_small_length_is_bad();
  other_magics_end_the_scan();
  offsets_may_be_anything();
  bad_arguments_are_refused();
  return 0;
}
