/* canary.c - a fixed piece of work that slows down when the core is shared.
 *
 * Four independent chains of additions and rotations keep the core's integer units
 * busy. When a neighbour (a hyper-thread of another virtual machine, say) uses the same
 * units, the canary slows by 1.28-1.49x; a single chain of dependent multiplies does
 * not move, since it leaves most of the core idle. It touches no memory. */
#include "complab.h"

enum { CANARY_STEPS = 4000 }; /* about 5 us at 3 GHz: short beside an epoch of 1 ms */

static inline uint64_t step(uint64_t x, uint64_t y) {
  return ((x << 7) | (x >> 57)) + y;
}

uint64_t complab_canary_run(complab_clock clock) {
  uint64_t a = 1, b = 2, c = 3, d = 4;
  const uint64_t start = clock.now(clock.state);
  for (uint64_t i = 0; i < CANARY_STEPS; i++) {
    a = step(a, i);
    b = step(b, i);
    c = step(c, i);
    d = step(d, i);
  }
  const volatile uint64_t sink =
      a ^ b ^ c ^ d; /* so that the work is not optimised away */
  (void)sink;
  return clock.now(clock.state) - start;
}
