/* test_segment.c - the scan over entries built by hand: every field, every kind of gap,
 * damage at every place, and no byte read beyond the source, which ends at a guard
 * page. */
#include "scanning.h"

/* ---- Rows -------------------------------------------------------------------- */

/* Every field of a batch's header comes out. */
static void fields_are_read(void) {
  uint8_t bytes[BATCH_BYTES];
  put_batch(bytes, sizeof bytes, 1000);
  put(bytes + 21, 0xff34, 2); /* and bits that mean nothing yet */
  seal_batch(bytes, sizeof bytes);
  const result got = scan(bytes, sizeof bytes);
  CHECK_EQUAL(got.batch_count, 1);
  CHECK_EQUAL(got.gap_count, 0);
  const complab_batch *batch = &got.batches[0];
  CHECK_EQUAL(batch->position, 0);
  CHECK_EQUAL(batch->batch_bytes, BATCH_BYTES);
  CHECK_EQUAL(batch->payload_position, COMPLAB_BATCH_HEADER_BYTES);
  CHECK_EQUAL(batch->compressed_bytes, 7);
  CHECK_EQUAL(batch->base_offset, 1000);
  CHECK_EQUAL(batch->last_offset, 1041);
  CHECK_EQUAL(batch->base_timestamp, 1700000000000);
  CHECK_EQUAL(batch->max_timestamp, 1700000000123);
  CHECK_EQUAL(batch->producer_id, 0x1122334455667788);
  CHECK_EQUAL(batch->delete_horizon_ms, -1);
  CHECK_EQUAL(batch->partition_leader_epoch, 0x01020304);
  CHECK_EQUAL(batch->base_sequence, 77);
  CHECK_EQUAL(batch->record_count, 42);
  CHECK_EQUAL(batch->crc_expected, batch->crc_actual);
  CHECK_EQUAL(batch->crc_valid, 1);
  CHECK_EQUAL(batch->attributes, (int16_t)0xff34);
  CHECK_EQUAL(batch->producer_epoch, 7);
  CHECK_EQUAL(batch->magic, 2);
  CHECK_EQUAL(batch->codec_id, 4);
  CHECK_EQUAL(batch->timestamp_type, 0);
  CHECK_EQUAL(batch->is_control, 1);
  CHECK_EQUAL(batch->is_transactional, 1);
  CHECK_EQUAL(batch->head_bytes, 7);
  CHECK(memcmp(batch->head, bytes + 61, 7) == 0);
  CHECK_EQUAL(batch->head[7], 0);
}

/* Bit 3 is LogAppendTime; bit 6 makes the first timestamp a delete horizon. */
static void attributes_are_read(void) {
  uint8_t bytes[BATCH_BYTES];
  put_batch(bytes, sizeof bytes, 1);
  put(bytes + 21, 0x0048, 2);
  seal_batch(bytes, sizeof bytes);
  const result got = scan(bytes, sizeof bytes);
  CHECK_EQUAL(got.batches[0].timestamp_type, 1);
  CHECK_EQUAL(got.batches[0].delete_horizon_ms, 1700000000000);
  CHECK_EQUAL(got.batches[0].codec_id, 0);
}

/* The last offset of a nonsensical header wraps, as in Java, and nothing else does. */
static void offsets_may_be_anything(void) {
  uint8_t bytes[BATCH_BYTES];
  put_batch(bytes, sizeof bytes, INT64_MAX);
  put(bytes + 23, INT32_MAX, 4);
  seal_batch(bytes, sizeof bytes);
  const result got = scan(bytes, sizeof bytes);
  CHECK_EQUAL(got.batches[0].base_offset, INT64_MAX);
  CHECK_EQUAL(got.batches[0].last_offset, INT64_MIN + (int64_t)INT32_MAX - 1);
}

/* Messages of magic 0 and 1, with and without key and value, are rows of their own. */
static void messages_are_read(void) {
  for (int magic = 0; magic < 2; magic++) {
    uint8_t bytes[400];
    size_t at = put_message(bytes, magic, 5, 0, "key", "the value");
    const size_t second = at;
    at += put_message(bytes + at, magic, 6, 0, NULL, NULL);
    const size_t third = at;
    at += put_message(bytes + at, magic, 9, magic == 1 ? 0x0a : 2, NULL,
                      "0123456789012345678901234567890123456789");
    const result got = scan(bytes, at);
    CHECK_EQUAL(got.batch_count, 3);
    CHECK_EQUAL(got.gap_count, 0);
    const complab_batch *row = &got.batches[0];
    CHECK_EQUAL(row->magic, magic);
    CHECK_EQUAL(row->base_offset, 5);
    CHECK_EQUAL(row->last_offset, 5);
    CHECK_EQUAL(row->record_count, 1);
    CHECK_EQUAL(row->codec_id, 0);
    CHECK_EQUAL(row->crc_valid, 1);
    CHECK_EQUAL(row->payload_position, second - 9);
    CHECK_EQUAL(row->compressed_bytes, 9);
    CHECK_EQUAL(row->head_bytes, 9);
    CHECK(memcmp(row->head, "the value", 9) == 0);
    CHECK_EQUAL(row->max_timestamp, magic == 0 ? -1 : 1700000000005);
    CHECK_EQUAL(row->timestamp_type, magic == 0 ? -1 : 0);
    CHECK_EQUAL(row->producer_id, -1);
    CHECK_EQUAL(row->producer_epoch, -1);
    CHECK_EQUAL(row->base_sequence, -1);
    CHECK_EQUAL(row->partition_leader_epoch, -1);
    CHECK_EQUAL(row->delete_horizon_ms, -1);
    row = &got.batches[1];
    CHECK_EQUAL(row->position, second);
    CHECK_EQUAL(row->compressed_bytes, 0);
    CHECK_EQUAL(row->head_bytes, 0);
    row = &got.batches[2];
    CHECK_EQUAL(row->position, third);
    CHECK_EQUAL(row->codec_id, 2);
    CHECK_EQUAL(row->record_count, -1);
    CHECK_EQUAL(row->timestamp_type, magic == 0 ? -1 : 1);
    CHECK_EQUAL(row->compressed_bytes, 40);
    CHECK_EQUAL(row->head_bytes, 32);
    CHECK(memcmp(row->head, "01234567890123456789012345678901", 32) == 0);
  }
}

/* A right CRC around lengths that do not fit is a row without a value. */
static void impossible_parts_are_no_value(void) {
  uint8_t bytes[100];
  const size_t size = put_message(bytes, 0, 5, 0, "key", "value");
  put(bytes + 18, INT32_MAX, 4); /* the key's length */
  seal_message(bytes, size);
  result got = scan(bytes, size);
  CHECK_EQUAL(got.batch_count, 1);
  CHECK_EQUAL(got.batches[0].compressed_bytes, 0);
  CHECK_EQUAL(got.batches[0].payload_position, size);
  CHECK_EQUAL(got.batches[0].crc_valid, 1);
  put_message(bytes, 0, 5, 0, "key", "value");
  put(bytes + 25, 6, 4); /* the value's */
  seal_message(bytes, size);
  got = scan(bytes, size);
  CHECK_EQUAL(got.batches[0].compressed_bytes, 0);
  CHECK_EQUAL(got.batches[0].payload_position, size);
}

/* ---- Ends -------------------------------------------------------------------- */

/* Entries follow one another; a scan may begin at any of them, also behind the last. */
static void a_scan_goes_on(void) {
  uint8_t bytes[3 * BATCH_BYTES];
  for (size_t i = 0; i < 3; i++) {
    put_batch(bytes + i * BATCH_BYTES, BATCH_BYTES, 100 * i);
  }
  CHECK_EQUAL(scan(bytes, sizeof bytes).batch_count, 3);
  const result got = scan_from(bytes, sizeof bytes, BATCH_BYTES);
  CHECK_EQUAL(got.batch_count, 2);
  CHECK_EQUAL(got.batches[0].base_offset, 100);
  CHECK_EQUAL(scan_from(bytes, sizeof bytes, sizeof bytes).batch_count, 0);
  CHECK_EQUAL(scan(NULL, 0).batch_count, 0);
}

/* Zeros to the end are a preallocated tail, however many, also as the whole file. */
static void zeros_are_a_tail(void) {
  for (size_t zeros = 1; zeros < 100; zeros++) {
    uint8_t bytes[BATCH_BYTES + 100] = {0};
    result got = scan(bytes, zeros);
    CHECK_EQUAL(got.batch_count, 0);
    CHECK_EQUAL(got.gap_count, 1);
    check_gap(&got, 0, 0, zeros, COMPLAB_GAP_ZEROS);
    put_batch(bytes, BATCH_BYTES, 1);
    got = scan(bytes, BATCH_BYTES + zeros);
    CHECK_EQUAL(got.batch_count, 1);
    CHECK_EQUAL(got.gap_count, 1);
    check_gap(&got, 0, BATCH_BYTES, zeros, COMPLAB_GAP_ZEROS);
  }
  /* a single byte at the end, and it is none */
  uint8_t bytes[40] = {0};
  bytes[39] = 1;
  const result got = scan(bytes, sizeof bytes);
  check_gap(&got, 0, 0, sizeof bytes, COMPLAB_GAP_DAMAGE);
}

/* Wherever a log is cut, the entries before are read, and one gap says where the torn
 * one begins. */
static void every_truncation_is_torn(void) {
  uint8_t bytes[3 * BATCH_BYTES + 200];
  put_batch(bytes, BATCH_BYTES, 5);
  put_batch(bytes + BATCH_BYTES, BATCH_BYTES, 6);
  size_t end = 2 * BATCH_BYTES;
  size_t starts[6] = {0, BATCH_BYTES, 2 * BATCH_BYTES};
  end += put_message(bytes + end, 0, 0x0708090a0b0c0d0e, 0, "a", "value");
  starts[3] = end;
  end += put_message(bytes + end, 1, 0x0708090a0b0c0d0f, 0, "a", "value");
  starts[4] = end;
  put_batch(bytes + end, BATCH_BYTES, 0x0708090a0b0c0d10);
  end += BATCH_BYTES;
  starts[5] = end;
  for (size_t kept = 1; kept < end; kept++) {
    size_t whole = 0;
    while (starts[whole + 1] <= kept) {
      whole++;
    }
    const result got = scan(bytes, kept);
    CHECK_EQUAL(got.batch_count, whole);
    const size_t left = kept - starts[whole];
    if (left == 0) {
      CHECK_EQUAL(got.gap_count, 0);
      continue;
    }
    CHECK_EQUAL(got.gap_count, 1);
    /* the first seven bytes of an offset below 256 are zeros */
    const int is_zeros = whole < 2 && left < 8;
    check_gap(&got, 0, starts[whole], left,
              is_zeros ? COMPLAB_GAP_ZEROS : COMPLAB_GAP_TORN);
  }
}

/* ---- Damage ------------------------------------------------------------------ */

/* Every bit that is turned in the protected bytes of a batch is reported. The leader
 * epoch is not protected, and the CRC itself is. */
static void every_turned_bit_is_seen(void) {
  enum { BEHIND = 2 * BATCH_BYTES, END = 3 * BATCH_BYTES };
  uint8_t bytes[END];
  for (size_t i = 0; i < 3; i++) {
    put_batch(bytes + i * BATCH_BYTES, BATCH_BYTES, 100 * (i + 1));
  }
  for (size_t bit = 8 * 16; bit < 8 * BATCH_BYTES; bit++) {
    uint8_t *byte = bytes + BATCH_BYTES + bit / 8;
    *byte ^= (uint8_t)(1 << bit % 8);
    const result got = scan(bytes, END);
    if (bit / 8 == 16) { /* another magic: of another kind, or of none */
      CHECK(got.gap_count + got.batch_count == 3);
      CHECK(got.gap_count == 1 || !got.batches[1].crc_valid);
    } else {
      CHECK_EQUAL(got.batch_count, 3);
      CHECK_EQUAL(got.gap_count, 0);
      CHECK_EQUAL(got.batches[1].crc_valid, 0);
      CHECK(got.batches[1].crc_actual != got.batches[1].crc_expected);
    }
    CHECK_EQUAL(got.batches[0].crc_valid, 1);
    CHECK_EQUAL(got.batches[got.batch_count - 1].crc_valid, 1);
    CHECK_EQUAL(got.batches[got.batch_count - 1].position, BEHIND);
    *byte ^= (uint8_t)(1 << bit % 8);
  }
}

/* A turned bit of a length costs its batch and no other. */
static void a_wrong_length_costs_its_batch(void) {
  uint8_t bytes[3 * BATCH_BYTES];
  for (size_t i = 0; i < 3; i++) {
    put_batch(bytes + i * BATCH_BYTES, BATCH_BYTES, 100 * (i + 1));
  }
  for (size_t bit = 0; bit < 32; bit++) {
    uint8_t *byte = bytes + BATCH_BYTES + 8 + bit / 8;
    *byte ^= (uint8_t)(1 << bit % 8);
    const result got = scan(bytes, sizeof bytes);
    CHECK_EQUAL(got.batch_count, 2);
    CHECK_EQUAL(got.gap_count, 1);
    CHECK_EQUAL(got.batches[1].position, 2 * BATCH_BYTES);
    check_gap(&got, 0, BATCH_BYTES, BATCH_BYTES, COMPLAB_GAP_DAMAGE);
    *byte ^= (uint8_t)(1 << bit % 8);
  }
}

/* Noise of any size between entries, before the first and behind the last is one gap
 * each, and every entry is found. */
static void noise_is_a_gap(void) {
  uint64_t state = 7;
  for (size_t noise = 1; noise < 300; noise++) {
    uint8_t bytes[2 * BATCH_BYTES + 60 + 3 * 300];
    size_t at = 0;
    for (size_t i = 0; i < noise; i++) {
      bytes[at++] = test_noise(&state) | 4; /* no magic, no zeros */
    }
    put_batch(bytes + at, BATCH_BYTES, 1);
    at += BATCH_BYTES;
    memcpy(bytes + at, bytes, noise);
    at += noise;
    const size_t message = put_message(bytes + at, 1, 1, 0, "key", "value");
    at += message;
    memcpy(bytes + at, bytes, noise);
    at += noise;
    const result got = scan(bytes, at);
    CHECK_EQUAL(got.batch_count, 2);
    CHECK_EQUAL(got.gap_count, 3);
    check_gap(&got, 0, 0, noise, COMPLAB_GAP_DAMAGE);
    check_gap(&got, 1, noise + BATCH_BYTES, noise, COMPLAB_GAP_DAMAGE);
    check_gap(&got, 2, 2 * noise + BATCH_BYTES + message, noise,
              noise < 17 ? COMPLAB_GAP_TORN : COMPLAB_GAP_DAMAGE);
  }
}

/* Zeros in the middle, as a file system leaves them, are damage; behind damage at the
 * end they are a tail. */
static void zeros_in_the_middle_are_damage(void) {
  enum { HOLE = 5000 };
  static uint8_t bytes[2 * BATCH_BYTES + 2 * HOLE];
  put_batch(bytes, BATCH_BYTES, 1);
  put_batch(bytes + BATCH_BYTES + HOLE, BATCH_BYTES, 2);
  result got = scan(bytes, sizeof bytes);
  CHECK_EQUAL(got.batch_count, 2);
  CHECK_EQUAL(got.gap_count, 2);
  check_gap(&got, 0, BATCH_BYTES, HOLE, COMPLAB_GAP_DAMAGE);
  check_gap(&got, 1, 2 * BATCH_BYTES + HOLE, HOLE, COMPLAB_GAP_ZEROS);
  memset(bytes + 2 * BATCH_BYTES + HOLE, 0xee, 100);
  got = scan(bytes, sizeof bytes);
  CHECK_EQUAL(got.gap_count, 3);
  check_gap(&got, 1, 2 * BATCH_BYTES + HOLE, 100, COMPLAB_GAP_DAMAGE);
  check_gap(&got, 2, 2 * BATCH_BYTES + HOLE + 100, HOLE - 100, COMPLAB_GAP_ZEROS);
}

/* In whatever steps a scan goes, it finds the same. Zeros of fewer bytes than tell of
 * an entry were once a tail or not, depending on where a step ended. */
static void steps_change_nothing(void) {
  static const uint8_t values[] = {0, 0, 0, 0, 0, 1, 2, 0x30, 0xee};
  uint64_t state = 11;
  for (size_t i = 0; i < 3000; i++) {
    uint8_t bytes[120] = {0};
    const size_t size = 18 + test_noise(&state) % 100;
    for (size_t at = 0; at < size && at < 20 + i % 90; at++) {
      bytes[at] = values[test_noise(&state) % sizeof values];
    }
    (void)scan(bytes, size);
  }
}

/* A batch inside a batch's records is no row, damaged or not, while the outer length
 * can be believed. */
static void batches_in_batches_are_records(void) {
  enum { OUTER = COMPLAB_BATCH_HEADER_BYTES + BATCH_BYTES };
  uint8_t bytes[OUTER + BATCH_BYTES];
  put_batch(bytes, OUTER, 1);
  put_batch(bytes + COMPLAB_BATCH_HEADER_BYTES, BATCH_BYTES, 3);
  seal_batch(bytes, OUTER);
  put_batch(bytes + OUTER, BATCH_BYTES, 2);
  for (int is_damaged = 0; is_damaged < 2; is_damaged++) {
    const result got = scan(bytes, sizeof bytes);
    CHECK_EQUAL(got.batch_count, 2);
    CHECK_EQUAL(got.batches[0].crc_valid, !is_damaged);
    CHECK_EQUAL(got.batches[1].position, OUTER);
    bytes[30] ^= 1;
  }
}

/* ---- Hostile bytes ----------------------------------------------------------- */

/* A file in which an entry begins at every place, each as long as the rest and sane in
 * every field, is scanned in time that grows with its size. The proof is that the
 * test ends: unbounded, it would be 10^13 bytes of CRC. The one entry behind all that
 * is right is found none the less. */
static void entries_everywhere_cost_no_square(void) {
  enum { STEP = 64, NOISE = 48 * 1024 * 1024, BYTES = NOISE + BATCH_BYTES };
  uint8_t *bytes = malloc(BYTES);
  CHECK(bytes != NULL);
  for (size_t at = 0; at < NOISE; at += STEP) {
    put_batch(bytes + at, STEP, 1);
    put(bytes + at + 8, BYTES - at - 12 - 1, 4); /* what follows is no entry */
  }
  put_batch(bytes + NOISE, BATCH_BYTES, 7);
  complab_source *source = NULL;
  CHECK_EQUAL(complab_source_from_memory(bytes, BYTES, &source), COMPLAB_OK);
  const result got = scan_source(source, 0, CAPACITY, 0);
  CHECK_EQUAL(got.batch_count, 1);
  CHECK_EQUAL(got.batches[0].position, NOISE);
  check_gap(&got, 0, 0, NOISE, COMPLAB_GAP_DAMAGE);
  complab_source_free(source);
  free(bytes);
}

/* A broken contract is said. */
static void bad_arguments_are_refused(void) {
  uint8_t bytes[BATCH_BYTES];
  put_batch(bytes, sizeof bytes, 0);
  complab_source *source = NULL;
  CHECK_EQUAL(complab_source_from_memory(NULL, 1, &source), COMPLAB_BAD_ARGUMENT);
  CHECK_EQUAL(complab_source_from_memory(bytes, 1, NULL), COMPLAB_BAD_ARGUMENT);
  CHECK_EQUAL(complab_source_from_memory(bytes, sizeof bytes, &source), COMPLAB_OK);
  complab_batch batch;
  complab_gap gaps[2];
  size_t count = 0;
  complab_scan scan = {.position = sizeof bytes + 1};
  complab_scan_room room = {&batch, 1, gaps, 2, 0};
  CHECK_EQUAL(complab_segment_scan(source, &scan, &room, &count, &count, NULL),
              COMPLAB_BAD_ARGUMENT);
  scan.position = 0;
  room.gap_capacity = 1;
  CHECK_EQUAL(complab_segment_scan(source, &scan, &room, &count, &count, NULL),
              COMPLAB_BAD_ARGUMENT);
  room = (complab_scan_room){&batch, 0, gaps, 2, 0};
  CHECK_EQUAL(complab_segment_scan(source, &scan, &room, &count, &count, NULL),
              COMPLAB_BAD_ARGUMENT);
  complab_source_free(source);
  complab_source_free(NULL);
}

int main(void) {
  fields_are_read();
  attributes_are_read();
  offsets_may_be_anything();
  messages_are_read();
  impossible_parts_are_no_value();
  a_scan_goes_on();
  zeros_are_a_tail();
  every_truncation_is_torn();
  every_turned_bit_is_seen();
  a_wrong_length_costs_its_batch();
  noise_is_a_gap();
  zeros_in_the_middle_are_damage();
  steps_change_nothing();
  batches_in_batches_are_records();
  entries_everywhere_cost_no_square();
  bad_arguments_are_refused();
  return 0;
}
