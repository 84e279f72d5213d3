/* test_xxhash32.c - XXH32 with seed 0 against values of the reference implementation.
 */
#include "framings/xxhash32.h"
#include "test.h"

static void check(const char *text, uint32_t expected) {
  const guarded copy = guarded_copy(text, strlen(text));
  CHECK_EQUAL(complab_xxhash32(copy.bytes, strlen(text)), expected);
  guarded_free(copy);
}

int main(void) {
  check("", 0x02cc5d05u);
  check("a", 0x550d7456u);
  check("abc", 0x32d153ffu);
  check("Nobody inspects the spammish repetition", 0xe2293b2fu);
  CHECK_EQUAL(complab_xxhash32(NULL, 0), 0x02cc5d05u);
  /* the header checksum of every frame that the Java client writes */
  const uint8_t descriptor[2] = {0x60, 0x40};
  CHECK_EQUAL(complab_xxhash32(descriptor, 2) >> 8 & 0xff, 0x82);
  return 0;
}
