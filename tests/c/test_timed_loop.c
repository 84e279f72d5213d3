/* test_timed_loop.c - the timing loop under a clock that only moves when a test says
 * so: every sequence is exact and nothing sleeps. */
#include "complab.h"
#include "test.h"

enum { LOG_LENGTH = 64, BLOCKS = 3 };

/* The clock and the operation share this world. */
typedef struct world {
  uint64_t now_ns;
  uint64_t reading_ns;    /* what a reading of the clock takes */
  uint64_t operation_ns;  /* what a call of the operation takes */
  uint64_t first_call_ns; /* what the very first takes, if not 0 */
  uint64_t calls;
  uint64_t fail_at_call; /* counted from 1; 0: never */
  uint64_t stop_at_call;
  uint64_t back_at_reading;
  int32_t stop;
  size_t readings;
  uint64_t calls_at_reading[LOG_LENGTH];
} world;

static uint64_t read_clock(void *state) {
  world *w = state;
  if (w->readings < LOG_LENGTH) {
    w->calls_at_reading[w->readings] = w->calls;
  }
  w->readings++;
  w->now_ns += w->reading_ns;
  return w->readings == w->back_at_reading ? 0 : w->now_ns;
}

static complab_status operate(void *state, complab_block *block) {
  world *w = state;
  w->calls++;
  w->now_ns +=
      w->calls == 1 && w->first_call_ns > 0 ? w->first_call_ns : w->operation_ns;
  block->dst_bytes = (size_t)w->calls;
  if (w->calls == w->stop_at_call) {
    w->stop = 1;
  }
  return w->calls == w->fail_at_call ? COMPLAB_COMPRESS_FAILED : COMPLAB_OK;
}

static complab_work work_over(world *w, complab_block *blocks, size_t block_count) {
  return (complab_work){.operation = operate,
                        .state = w,
                        .blocks = blocks,
                        .block_count = block_count,
                        .stop = &w->stop};
}

static complab_timing timing_of(world *w) {
  return (complab_timing){.clock = {read_clock, w}};
}

/* The calls of the operation within each reading's pair of clock readings. */
static void check_readings(const world *w, const uint64_t *expected, size_t count) {
  CHECK_EQUAL(w->readings, 2 * count);
  for (size_t i = 0; i < count; i++) {
    CHECK_EQUAL(w->calls_at_reading[2 * i + 1] - w->calls_at_reading[2 * i],
                expected[i]);
  }
}

/* Calibration grows by ten up to a tenth of the target, scales with a tenth more, and
 * confirms. */
static void calibration_grows_scales_and_confirms(void) {
  world w = {.now_ns = 1000, .operation_ns = 100};
  complab_block block = {0};
  const complab_work work = work_over(&w, &block, 1);
  const complab_timing timing = timing_of(&w);
  complab_calibration got;
  CHECK_EQUAL(complab_calibrate(&work, &timing, 1000000, &got), COMPLAB_OK);
  static const uint64_t readings[] = {1, 10, 100, 1000, 11001};
  check_readings(&w, readings, 5);
  CHECK_EQUAL(got.iteration_count, 11001);
  CHECK_EQUAL(got.reading_count, 5);
  CHECK(got.iteration_ns == 100.0);
}

/* An iteration is one walk over all blocks. */
static void an_iteration_walks_all_blocks(void) {
  world w = {.operation_ns = 100};
  complab_block blocks[BLOCKS] = {{0}};
  const complab_work work = work_over(&w, blocks, BLOCKS);
  const complab_timing timing = timing_of(&w);
  complab_calibration got;
  CHECK_EQUAL(complab_calibrate(&work, &timing, 300000, &got), COMPLAB_OK);
  static const uint64_t readings[] = {3, 30, 300, 3303};
  check_readings(&w, readings, 4);
  CHECK_EQUAL(got.iteration_count, 1101);
  CHECK(got.iteration_ns == 300.0);
  CHECK_EQUAL(blocks[0].dst_bytes + 1, blocks[1].dst_bytes);
  CHECK_EQUAL(blocks[1].dst_bytes + 1, blocks[2].dst_bytes);
}

/* A slow first call (7.2 times, as measured) does not leave a count of one behind. */
static void a_slow_first_call_is_read_again(void) {
  world w = {.operation_ns = 100, .first_call_ns = 720};
  complab_block block = {0};
  const complab_work work = work_over(&w, &block, 1);
  const complab_timing timing = timing_of(&w);
  complab_calibration got;
  CHECK_EQUAL(complab_calibrate(&work, &timing, 500, &got), COMPLAB_OK);
  static const uint64_t readings[] = {1, 1, 6};
  check_readings(&w, readings, 3);
  CHECK_EQUAL(got.iteration_count, 6);
}

/* An iteration far beyond the target is one iteration, and is not paid for twice. */
static void a_long_iteration_counts_as_one(void) {
  world w = {.operation_ns = 10000000000};
  complab_block block = {0};
  const complab_work work = work_over(&w, &block, 1);
  const complab_timing timing = timing_of(&w);
  complab_calibration got;
  CHECK_EQUAL(complab_calibrate(&work, &timing, 1000000, &got), COMPLAB_OK);
  CHECK_EQUAL(got.iteration_count, 1);
  CHECK_EQUAL(got.reading_count, 1);
  CHECK_EQUAL(w.calls, 1);
}

/* The clock's own cost is taken off once for each epoch, and never below zero. */
static void the_clocks_cost_is_subtracted_once(void) {
  world w = {.operation_ns = 100, .reading_ns = 30};
  complab_block block = {0};
  const complab_work work = work_over(&w, &block, 1);
  complab_timing timing = timing_of(&w);
  timing.clock_cost_ns = 30;
  complab_epoch epoch;
  CHECK_EQUAL(complab_epoch_run(&work, &timing, 7, 100, &epoch), COMPLAB_OK);
  CHECK_EQUAL(epoch.elapsed_ns, 700);
  CHECK_EQUAL(epoch.iteration_count, 7);
  CHECK_EQUAL(w.readings, 2);
  timing.clock_cost_ns = 1000;
  CHECK_EQUAL(complab_epoch_run(&work, &timing, 7, 100, &epoch), COMPLAB_OK);
  CHECK_EQUAL(epoch.elapsed_ns, 0);
}

/* An untimed iteration goes ahead only if an iteration is shorter than the limit or
 * unknown, and stays out of the time. */
static void short_iterations_are_warmed_up(void) {
  static const struct {
    double iteration_ns;
    uint64_t untimed_calls;
  } cases[] = {{0, BLOCKS}, {99, BLOCKS}, {100, 0}, {101, 0}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    world w = {.operation_ns = 10};
    complab_block blocks[BLOCKS] = {{0}};
    const complab_work work = work_over(&w, blocks, BLOCKS);
    complab_timing timing = timing_of(&w);
    timing.warm_up_below_ns = 100;
    complab_epoch epoch;
    CHECK_EQUAL(complab_epoch_run(&work, &timing, 5, cases[i].iteration_ns, &epoch),
                COMPLAB_OK);
    CHECK_EQUAL(w.calls_at_reading[0], cases[i].untimed_calls);
    CHECK_EQUAL(w.calls, cases[i].untimed_calls + 5 * BLOCKS);
    CHECK_EQUAL(epoch.elapsed_ns, 5 * BLOCKS * 10);
  }
}

/* The canary sings before and after, outside of the time; without one its times are 0.
 */
static void the_canary_frames_the_epoch(void) {
  world w = {.operation_ns = 10, .reading_ns = 5};
  complab_block block = {0};
  const complab_work work = work_over(&w, &block, 1);
  complab_timing timing = timing_of(&w);
  timing.has_canary = 1;
  complab_epoch epoch;
  CHECK_EQUAL(complab_epoch_run(&work, &timing, 2, 1000, &epoch), COMPLAB_OK);
  CHECK_EQUAL(epoch.elapsed_ns, 25);
  CHECK_EQUAL(epoch.canary_before_ns, 5);
  CHECK_EQUAL(epoch.canary_after_ns, 5);
  static const uint64_t calls_at_reading[] = {0, 0, 0, 2, 2, 2};
  CHECK_EQUAL(w.readings, 6);
  CHECK(memcmp(w.calls_at_reading, calls_at_reading, sizeof calls_at_reading) == 0);
  timing.has_canary = 0;
  CHECK_EQUAL(complab_epoch_run(&work, &timing, 2, 1000, &epoch), COMPLAB_OK);
  CHECK_EQUAL(epoch.canary_before_ns, 0);
  CHECK_EQUAL(epoch.canary_after_ns, 0);
}

/* The stop flag ends an iteration between two blocks. */
static void a_stop_ends_it_mid_iteration(void) {
  world w = {.operation_ns = 10, .stop_at_call = 5};
  complab_block blocks[BLOCKS] = {{0}};
  const complab_work work = work_over(&w, blocks, BLOCKS);
  const complab_timing timing = timing_of(&w);
  complab_epoch epoch;
  CHECK_EQUAL(complab_epoch_run(&work, &timing, 100, 1, &epoch), COMPLAB_STOPPED);
  CHECK_EQUAL(w.calls, 5);
  CHECK_EQUAL(epoch.failed_block, 2); /* the one that was not begun */
  complab_calibration calibration;
  CHECK_EQUAL(complab_calibrate(&work, &timing, 1000, &calibration), COMPLAB_STOPPED);
  CHECK_EQUAL(w.calls, 5);
}

/* Without a stop flag it runs on. */
static void no_stop_flag_is_fine(void) {
  world w = {.operation_ns = 10, .stop_at_call = 2};
  complab_block blocks[BLOCKS] = {{0}};
  complab_work work = work_over(&w, blocks, BLOCKS);
  work.stop = NULL;
  const complab_timing timing = timing_of(&w);
  complab_epoch epoch;
  CHECK_EQUAL(complab_epoch_run(&work, &timing, 2, 1, &epoch), COMPLAB_OK);
  CHECK_EQUAL(w.calls, 2 * BLOCKS);
}

/* A failing operation's status comes out with the block it failed on, whether it
 * fails in the untimed iteration, in the time, or in calibration. */
static void a_failure_names_its_block(void) {
  for (uint64_t call = 1; call <= 3 * BLOCKS; call++) {
    world w = {.operation_ns = 10, .fail_at_call = call};
    complab_block blocks[BLOCKS] = {{0}};
    const complab_work work = work_over(&w, blocks, BLOCKS);
    complab_timing timing = timing_of(&w);
    timing.warm_up_below_ns = 100;
    complab_epoch epoch;
    memset(&epoch, 0xff, sizeof epoch);
    CHECK_EQUAL(complab_epoch_run(&work, &timing, 5, 0, &epoch),
                COMPLAB_COMPRESS_FAILED);
    CHECK_EQUAL(epoch.failed_block, (call - 1) % BLOCKS);
    CHECK_EQUAL(epoch.canary_before_ns, 0);
    CHECK_EQUAL(w.calls, call);
  }
  world w = {.operation_ns = 10, .fail_at_call = 5};
  complab_block blocks[BLOCKS] = {{0}};
  const complab_work work = work_over(&w, blocks, BLOCKS);
  const complab_timing timing = timing_of(&w);
  complab_calibration calibration;
  CHECK_EQUAL(complab_calibrate(&work, &timing, 1000, &calibration),
              COMPLAB_COMPRESS_FAILED);
  CHECK_EQUAL(calibration.failed_block, 1);
}

/* A clock that goes backwards is an error, not an enormous time. */
static void a_clock_going_backwards_is_an_error(void) {
  world w = {.now_ns = 1000, .operation_ns = 10, .back_at_reading = 2};
  complab_block block = {0};
  const complab_work work = work_over(&w, &block, 1);
  const complab_timing timing = timing_of(&w);
  complab_epoch epoch;
  CHECK_EQUAL(complab_epoch_run(&work, &timing, 5, 1, &epoch), COMPLAB_CLOCK_FAILED);
  CHECK_EQUAL(epoch.elapsed_ns, 0);
  w.back_at_reading = w.readings + 4;
  complab_calibration calibration;
  CHECK_EQUAL(complab_calibrate(&work, &timing, 1000, &calibration),
              COMPLAB_CLOCK_FAILED);
}

/* A clock that never advances ends calibration after a bearable number of calls. */
static void a_clock_that_stands_still_is_an_error(void) {
  enum { CALLS_AT_MOST = 20000000 };
  world w = {.now_ns = 1000, .stop_at_call = CALLS_AT_MOST};
  complab_block block = {0};
  const complab_work work = work_over(&w, &block, 1);
  const complab_timing timing = timing_of(&w);
  complab_calibration calibration;
  const complab_status status = complab_calibrate(&work, &timing, 1000, &calibration);
  CHECK(status == COMPLAB_CLOCK_FAILED || status == COMPLAB_NOT_CALIBRATED);
}

/* The facts of a fine clock, of a coarse one, and of those that are none. */
static void clocks_are_measured(void) {
  world fine = {.now_ns = 1, .reading_ns = 30};
  complab_clock_facts facts = {0};
  CHECK_EQUAL(complab_clock_measure((complab_clock){read_clock, &fine}, &facts),
              COMPLAB_OK);
  CHECK_EQUAL(facts.resolution_ns, 30);
  CHECK(facts.cost_ns == 30.0);
  world still = {.now_ns = 1};
  CHECK_EQUAL(complab_clock_measure((complab_clock){read_clock, &still}, &facts),
              COMPLAB_CLOCK_FAILED);
  CHECK_EQUAL(facts.resolution_ns, 30); /* untouched */
  world back = {.now_ns = 1, .reading_ns = 30, .back_at_reading = 100};
  CHECK_EQUAL(complab_clock_measure((complab_clock){read_clock, &back}, &facts),
              COMPLAB_CLOCK_FAILED);
  const complab_clock real = complab_clock_monotonic();
  CHECK_EQUAL(complab_clock_measure(real, &facts), COMPLAB_OK);
  CHECK(facts.resolution_ns > 0 && facts.cost_ns > 0);
  CHECK(complab_canary_run(real) > 0);
}

/* The first block that differs is found, with the offset of its first difference. */
static void blocks_are_compared(void) {
  uint8_t same[] = "abcdef";
  uint8_t other[] = "abcxef";
  complab_block blocks[2] = {{.dst = same, .dst_bytes = 6},
                             {.dst = other, .dst_bytes = 6}};
  const uint8_t *expected[2] = {same, other};
  size_t expected_bytes[2] = {6, 6};
  size_t offset = 99;
  CHECK_EQUAL(complab_blocks_compare(blocks, 2, expected, expected_bytes, &offset), 2);
  expected[1] = same;
  CHECK_EQUAL(complab_blocks_compare(blocks, 2, expected, expected_bytes, &offset), 1);
  CHECK_EQUAL(offset, 3);
  expected_bytes[0] = 4;
  CHECK_EQUAL(complab_blocks_compare(blocks, 2, expected, expected_bytes, &offset), 0);
  CHECK_EQUAL(offset, 4);
  CHECK_EQUAL(complab_blocks_compare(blocks, 0, expected, expected_bytes, &offset), 0);
}

/* Cold iterations are timed one by one, and the clock's cost is taken off each. */
static void cold_iterations_are_timed_apart(void) {
  world w = {.operation_ns = 100, .reading_ns = 7};
  complab_block blocks[BLOCKS] = {{0}};
  complab_work work = work_over(&w, blocks, BLOCKS);
  work.is_cold = 1;
  complab_timing timing = timing_of(&w);
  timing.clock_cost_ns = 7;
  complab_epoch epoch;
  CHECK_EQUAL(complab_epoch_run(&work, &timing, 4, 1, &epoch), COMPLAB_OK);
  check_readings(&w, (const uint64_t[]){BLOCKS, BLOCKS, BLOCKS, BLOCKS}, 4);
  CHECK_EQUAL(epoch.elapsed_ns, 4 * BLOCKS * 100);
  CHECK_EQUAL(epoch.iteration_count, 4);
}

/* A failure or a stop ends cold iterations as it ends others. */
static void cold_iterations_end_with_a_failure(void) {
  world w = {.operation_ns = 100, .fail_at_call = BLOCKS + 2};
  complab_block blocks[BLOCKS] = {{0}};
  complab_work work = work_over(&w, blocks, BLOCKS);
  work.is_cold = 1;
  const complab_timing timing = timing_of(&w);
  complab_epoch epoch;
  CHECK_EQUAL(complab_epoch_run(&work, &timing, 4, 1, &epoch), COMPLAB_COMPRESS_FAILED);
  CHECK_EQUAL(epoch.failed_block, 1);
  CHECK_EQUAL(w.calls, BLOCKS + 2);
  w = (world){.operation_ns = 100, .reading_ns = 1, .back_at_reading = 4};
  CHECK_EQUAL(complab_epoch_run(&work, &timing, 4, 1, &epoch), COMPLAB_CLOCK_FAILED);
}

/* What is taken out of the caches is still there, whatever its size and place. */
static void evicted_blocks_keep_their_bytes(void) {
  uint8_t src[1000];
  uint8_t dst[1000];
  for (size_t i = 0; i < sizeof src; i++) {
    src[i] = (uint8_t)i;
    dst[i] = (uint8_t)(i * 3);
  }
  const complab_block blocks[] = {{src, sizeof src, dst, sizeof dst, 0},
                                  {src + 1, 1, dst + 999, 1, 0},
                                  {NULL, 0, NULL, 0, 0}};
  complab_blocks_evict(blocks, sizeof blocks / sizeof *blocks);
  complab_blocks_evict(NULL, 0);
  for (size_t i = 0; i < sizeof src; i++) {
    CHECK_EQUAL(src[i], (uint8_t)i);
    CHECK_EQUAL(dst[i], (uint8_t)(i * 3));
  }
}

/* A broken contract is said. */
static void bad_arguments_are_refused(void) {
  world w = {.operation_ns = 10};
  complab_block block = {0};
  complab_work work = work_over(&w, &block, 1);
  complab_timing timing = timing_of(&w);
  complab_epoch epoch;
  complab_calibration calibration;
  CHECK_EQUAL(complab_epoch_run(&work, &timing, 0, 1, &epoch), COMPLAB_BAD_ARGUMENT);
  CHECK_EQUAL(complab_epoch_run(&work, &timing, 1, 1, NULL), COMPLAB_BAD_ARGUMENT);
  CHECK_EQUAL(complab_calibrate(&work, NULL, 1, &calibration), COMPLAB_BAD_ARGUMENT);
  work.operation = NULL;
  CHECK_EQUAL(complab_calibrate(&work, &timing, 1, &calibration), COMPLAB_BAD_ARGUMENT);
  timing.clock.now = NULL;
  complab_clock_facts facts;
  CHECK_EQUAL(complab_clock_measure(timing.clock, &facts), COMPLAB_BAD_ARGUMENT);
  CHECK_EQUAL(w.calls, 0);
}

/* Each block has its own two readings, and the clock's cost is taken off each. */
static void a_pass_times_each_block(void) {
  world w = {.reading_ns = 1, .operation_ns = 100};
  complab_block blocks[BLOCKS] = {0};
  const complab_work work = work_over(&w, blocks, BLOCKS);
  complab_timing timing = timing_of(&w);
  timing.clock_cost_ns = 1;
  double elapsed_ns[BLOCKS] = {0};
  size_t failed = 99;
  CHECK_EQUAL(complab_pass_run(&work, &timing, elapsed_ns, &failed), COMPLAB_OK);
  static const uint64_t readings[] = {1, 1, 1};
  check_readings(&w, readings, BLOCKS);
  for (size_t i = 0; i < BLOCKS; i++) {
    CHECK_EQUAL(elapsed_ns[i], 100);
  }
  timing.clock_cost_ns = 1000; /* never below nothing */
  CHECK_EQUAL(complab_pass_run(&work, &timing, elapsed_ns, &failed), COMPLAB_OK);
  CHECK_EQUAL(elapsed_ns[0], 0);
}

/* A failure, a stop and a clock that runs backwards name their block. */
static void a_pass_that_fails_names_its_block(void) {
  complab_block blocks[BLOCKS] = {0};
  double elapsed_ns[BLOCKS] = {0};
  size_t failed = 99;
  world w = {.reading_ns = 1, .operation_ns = 100, .fail_at_call = 2};
  complab_work work = work_over(&w, blocks, BLOCKS);
  complab_timing timing = timing_of(&w);
  CHECK_EQUAL(complab_pass_run(&work, &timing, elapsed_ns, &failed),
              COMPLAB_COMPRESS_FAILED);
  CHECK_EQUAL(failed, 1);
  w = (world){.reading_ns = 1, .operation_ns = 100, .stop_at_call = 2};
  CHECK_EQUAL(complab_pass_run(&work, &timing, elapsed_ns, &failed), COMPLAB_STOPPED);
  CHECK_EQUAL(failed, 2);
  w = (world){.reading_ns = 1, .operation_ns = 100, .back_at_reading = 2};
  CHECK_EQUAL(complab_pass_run(&work, &timing, elapsed_ns, &failed),
              COMPLAB_CLOCK_FAILED);
  CHECK_EQUAL(failed, 0);
  CHECK_EQUAL(complab_pass_run(&work, &timing, NULL, &failed), COMPLAB_BAD_ARGUMENT);
}

int main(void) {
  a_pass_times_each_block();
  a_pass_that_fails_names_its_block();
  calibration_grows_scales_and_confirms();
  an_iteration_walks_all_blocks();
  a_slow_first_call_is_read_again();
  a_long_iteration_counts_as_one();
  the_clocks_cost_is_subtracted_once();
  short_iterations_are_warmed_up();
  the_canary_frames_the_epoch();
  a_stop_ends_it_mid_iteration();
  no_stop_flag_is_fine();
  a_failure_names_its_block();
  a_clock_going_backwards_is_an_error();
  clocks_are_measured();
  blocks_are_compared();
  cold_iterations_are_timed_apart();
  cold_iterations_end_with_a_failure();
  evicted_blocks_keep_their_bytes();
  bad_arguments_are_refused();
  a_clock_that_stands_still_is_an_error();
  return 0;
}
