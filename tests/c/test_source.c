/* test_source.c - files read in a window: as the same bytes in memory, at every edge,
 * and when they become shorter meanwhile. */
#include <errno.h>
#include <fcntl.h>

#include "scanning.h"

static int file_of(const uint8_t *src, size_t src_bytes) {
  char path[] = "/tmp/complab-segment-XXXXXX";
  const int fd = mkstemp(path);
  CHECK(fd >= 0);
  CHECK(unlink(path) == 0);
  size_t done = 0;
  while (done < src_bytes) {
    const ssize_t written = write(fd, src + done, src_bytes - done);
    CHECK(written > 0);
    done += (size_t)written;
  }
  return fd;
}

static result scan_file(const uint8_t *src, size_t src_bytes) {
  const int fd = file_of(src, src_bytes);
  complab_source *source = NULL;
  complab_fault fault;
  CHECK_EQUAL(complab_source_from_file(fd, &source, &fault), COMPLAB_OK);
  CHECK_EQUAL(complab_source_bytes(source), src_bytes);
  const result out = scan_source(source, 0, CAPACITY, 0);
  complab_source_free(source);
  CHECK(close(fd) == 0);
  return out;
}

/* Over a file of many windows the same is found as in memory, with entries and damage
 * across the windows' edges. */
static void a_file_reads_as_memory(void) {
  enum { BIG = 300 * 1024, COUNT = 8, BYTES = COUNT * BIG };
  uint8_t *bytes = malloc(BYTES);
  CHECK(bytes != NULL);
  for (size_t i = 0; i < COUNT; i++) {
    put_batch(bytes + i * BIG, BIG, 100 * i);
  }
  /* a wrong length, a wrong CRC, and a message whose value's length is far away */
  put(bytes + BIG + 8, 1, 4);
  bytes[4 * BIG + 200000] ^= 4;
  uint8_t *message = bytes + 5 * BIG;
  put(message, 77, 8);
  put(message + 8, BIG - 12, 4);
  message[16] = 0;
  message[17] = 0;
  put(message + 18, 280000, 4);
  put(message + 22 + 280000, BIG - 280026, 4);
  seal_message(message, BIG);
  const result memory = scan(bytes, BYTES);
  const result file = scan_file(bytes, BYTES);
  CHECK(memcmp(&memory, &file, sizeof memory) == 0);
  CHECK_EQUAL(memory.batch_count, COUNT - 1);
  CHECK_EQUAL(memory.gap_count, 1);
  check_gap(&memory, 0, BIG, BIG, COMPLAB_GAP_DAMAGE);
  CHECK_EQUAL(memory.batches[3].crc_valid, 0);
  CHECK_EQUAL(memory.batches[4].magic, 0);
  CHECK_EQUAL(memory.batches[4].compressed_bytes, BIG - 280026);
  CHECK_EQUAL(memory.batches[4].payload_position, 5 * BIG + 280026);
  free(bytes);
}

/* Any range of a file is read as it stands there. */
static void ranges_are_read(void) {
  enum { BYTES = 700000 };
  uint8_t *bytes = malloc(BYTES);
  uint8_t *copy = malloc(BYTES);
  CHECK(bytes != NULL && copy != NULL);
  uint64_t state = 3;
  for (size_t i = 0; i < BYTES; i++) {
    bytes[i] = test_noise(&state);
  }
  const int fd = file_of(bytes, BYTES);
  complab_source *source = NULL;
  complab_fault fault;
  CHECK_EQUAL(complab_source_from_file(fd, &source, &fault), COMPLAB_OK);
  for (size_t i = 0; i < 300; i++) {
    const size_t begin = i % 3 == 0 ? i * 2000 : (BYTES / 300) * (299 - i);
    const size_t size = (i * 7919) % (BYTES - begin + 1);
    CHECK_EQUAL(complab_source_read(source, begin, copy, size, &fault), COMPLAB_OK);
    CHECK(memcmp(copy, bytes + begin, size) == 0);
  }
  CHECK_EQUAL(complab_source_read(source, BYTES, copy, 0, &fault), COMPLAB_OK);
  CHECK_EQUAL(complab_source_read(source, BYTES, copy, 1, &fault),
              COMPLAB_BAD_ARGUMENT);
  CHECK_EQUAL(complab_source_read(source, BYTES + 1, copy, 0, &fault),
              COMPLAB_BAD_ARGUMENT);
  complab_source_free(source);
  CHECK(close(fd) == 0);
  free(bytes);
  free(copy);
}

/* A file that becomes shorter is a status of its own and a gap, and the rows before
 * are kept. */
static void a_file_may_shrink(void) {
  enum { BIG = 300 * 1024, BYTES = 4 * BIG };
  uint8_t *bytes = malloc(BYTES);
  CHECK(bytes != NULL);
  for (size_t i = 0; i < 4; i++) {
    put_batch(bytes + i * BIG, BIG, 100 * i);
  }
  const int fd = file_of(bytes, BYTES);
  complab_source *source = NULL;
  complab_fault fault;
  CHECK_EQUAL(complab_source_from_file(fd, &source, &fault), COMPLAB_OK);
  complab_batch batches[CAPACITY];
  complab_gap gaps[2];
  const complab_scan_room room = {batches, CAPACITY, gaps, 2, 1};
  complab_scan scan = {0};
  size_t batch_count = 0;
  size_t gap_count = 0;
  CHECK_EQUAL(
      complab_segment_scan(source, &scan, &room, &batch_count, &gap_count, &fault),
      COMPLAB_OK);
  CHECK_EQUAL(batch_count, 1);
  CHECK(ftruncate(fd, 3 * BIG - 1) == 0);
  const complab_scan_room rest = {batches, CAPACITY, gaps, 2, 0};
  CHECK_EQUAL(
      complab_segment_scan(source, &scan, &rest, &batch_count, &gap_count, &fault),
      COMPLAB_SHRUNK);
  CHECK_EQUAL(batch_count, 1);
  CHECK_EQUAL(gap_count, 1);
  CHECK_EQUAL(gaps[0].position, 2 * BIG);
  CHECK_EQUAL(gaps[0].bytes, 2 * BIG);
  CHECK_EQUAL(gaps[0].reason, COMPLAB_GAP_SHRUNK);
  CHECK_EQUAL(scan.is_done, 1);
  CHECK_EQUAL(fault.native_code, 3 * BIG - 1);
  CHECK(strstr(fault.text, "1228800") != NULL);
  CHECK_EQUAL(complab_source_read(source, 3 * BIG, bytes, 10, &fault), COMPLAB_SHRUNK);
  complab_source_free(source);
  CHECK(close(fd) == 0);
  free(bytes);
}

/* What cannot be read in pieces is refused with the reason. */
static void only_files_are_sources(void) {
  int ends[2];
  CHECK(pipe(ends) == 0);
  complab_source *source = NULL;
  complab_fault fault;
  CHECK_EQUAL(complab_source_from_file(ends[0], &source, &fault), COMPLAB_READ_FAILED);
  CHECK(fault.text[0] != '\0');
  CHECK(close(ends[0]) == 0 && close(ends[1]) == 0);
  CHECK_EQUAL(complab_source_from_file(ends[0], &source, &fault), COMPLAB_READ_FAILED);
  CHECK(fault.native_code != 0);
  CHECK(source == NULL);
}

/* What the system says of a read that fails comes out, with its number. */
static void a_failed_read_is_told(void) {
  const uint8_t byte = 1;
  const int fd = file_of(&byte, 1);
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  const int write_only = open(path, O_WRONLY);
  CHECK(write_only >= 0);
  complab_source *source = NULL;
  complab_fault fault;
  CHECK_EQUAL(complab_source_from_file(write_only, &source, &fault), COMPLAB_OK);
  complab_batch batch;
  complab_gap gaps[2];
  complab_scan scan = {0};
  const complab_scan_room room = {&batch, 1, gaps, 2, 0};
  size_t batch_count = 9;
  size_t gap_count = 9;
  CHECK_EQUAL(
      complab_segment_scan(source, &scan, &room, &batch_count, &gap_count, &fault),
      COMPLAB_READ_FAILED);
  CHECK_EQUAL(fault.native_code, EBADF);
  CHECK(strcmp(fault.text, strerror(EBADF)) == 0);
  CHECK_EQUAL(batch_count, 0);
  CHECK_EQUAL(gap_count, 0);
  CHECK_EQUAL(scan.is_done, 0);
  complab_source_free(source);
  CHECK(close(fd) == 0 && close(write_only) == 0);
}

int main(void) {
  a_file_reads_as_memory();
  ranges_are_read();
  a_file_may_shrink();
  only_files_are_sources();
  a_failed_read_is_told();
  return 0;
}
