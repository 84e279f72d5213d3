/* timed_loop.c - times any operation over a set of blocks.
 *
 * One iteration walks all blocks. An epoch is a counted number of iterations between
 * two clock readings; the count comes from calibration and then stays, so that all
 * epochs of a configuration are the same work. Inside the two readings there is nothing
 * but the operation, the stop flag and the loop counters: no allocation, no statistics,
 * no choice of a best. The clock is a function pointer: under a fake one the whole
 * state machine runs exactly and in no time. */
#include <string.h>

#include "complab.h"

static int is_usable(const complab_work *work, const complab_timing *timing) {
  return work != NULL && work->operation != NULL && timing != NULL &&
         timing->clock.now != NULL && (work->blocks != NULL || work->block_count == 0);
}

static complab_status iterate(const complab_work *work, uint64_t iteration_count,
                              size_t *failed_block_out) {
  for (uint64_t i = 0; i < iteration_count; i++) {
    for (size_t b = 0; b < work->block_count; b++) {
      complab_status status = COMPLAB_STOPPED;
      if (work->stop == NULL || *work->stop == 0) {
        status = work->operation(work->state, &work->blocks[b]);
      }
      if (status != COMPLAB_OK) {
        *failed_block_out = b;
        return status;
      }
    }
  }
  return COMPLAB_OK;
}

/* Adds what was seen of one iteration to what was seen of others. */
static void add_log(complab_flight_log *sum, uint64_t *run_ns, double *canary_lengths,
                    const complab_flight_log *log, uint64_t elapsed_ns) {
  const uint64_t iteration_ns = elapsed_ns - log->stalled_ns;
  sum->own_ns += log->own_ns;
  sum->stalled_ns += log->stalled_ns;
  sum->tick_count += log->tick_count;
  *run_ns += iteration_ns;
  *canary_lengths += (double)iteration_ns / log->canary_ns;
  sum->canary_ns =
      *canary_lengths > 0 ? (double)*run_ns / *canary_lengths : log->canary_ns;
}

/* The timed region where blocks are to be cold: each iteration by itself, since what
 * comes between is not its time. Adds up. */
static complab_status time_cold_iterations(
    const complab_work *work, const complab_timing *timing, complab_flight *flight,
    uint64_t iteration_count, uint64_t *elapsed_ns_out, complab_flight_log *log_out,
    size_t *failed_block_out) {
  const complab_clock clock = timing->clock;
  uint64_t sum_ns = 0;
  uint64_t run_ns = 0;
  double canary_lengths = 0;
  complab_status status = COMPLAB_OK;
  for (uint64_t i = 0; i < iteration_count && status == COMPLAB_OK; i++) {
    complab_flight_log log = {0};
    complab_blocks_evict(work->blocks, work->block_count);
    const uint64_t start =
        flight != NULL ? complab_flight_begin(flight) : clock.now(clock.state);
    status = iterate(work, 1, failed_block_out);
    const uint64_t end =
        flight != NULL ? complab_flight_end(flight, &log) : clock.now(clock.state);
    if (end < start) {
      return COMPLAB_CLOCK_FAILED;
    }
    sum_ns += end - start - log.own_ns;
    if (flight != NULL) {
      add_log(log_out, &run_ns, &canary_lengths, &log, end - start - log.own_ns);
    }
  }
  const uint64_t cost_ns =
      (uint64_t)(timing->clock_cost_ns * (double)iteration_count + 0.5);
  *elapsed_ns_out = sum_ns > cost_ns ? sum_ns - cost_ns : 0;
  return status;
}

/* The timed region itself, with a canary in flight if there is one. */
static complab_status time_iterations(const complab_work *work,
                                      const complab_timing *timing,
                                      complab_flight *flight, uint64_t iteration_count,
                                      uint64_t *elapsed_ns_out,
                                      complab_flight_log *log_out,
                                      size_t *failed_block_out) {
  if (work->is_cold) {
    return time_cold_iterations(work, timing, flight, iteration_count, elapsed_ns_out,
                                log_out, failed_block_out);
  }
  const complab_clock clock = timing->clock;
  const uint64_t start =
      flight != NULL ? complab_flight_begin(flight) : clock.now(clock.state);
  const complab_status status = iterate(work, iteration_count, failed_block_out);
  const uint64_t end =
      flight != NULL ? complab_flight_end(flight, log_out) : clock.now(clock.state);
  if (end < start) {
    return COMPLAB_CLOCK_FAILED;
  }
  const uint64_t cost_ns = (uint64_t)(timing->clock_cost_ns + 0.5);
  const uint64_t elapsed_ns = end - start - log_out->own_ns;
  *elapsed_ns_out = elapsed_ns > cost_ns ? elapsed_ns - cost_ns : 0;
  return status;
}

complab_status complab_epoch_run(const complab_work *work, const complab_timing *timing,
                                 uint64_t iteration_count, double iteration_ns,
                                 complab_epoch *epoch_out) {
  if (!is_usable(work, timing) || iteration_count == 0 || epoch_out == NULL) {
    return COMPLAB_BAD_ARGUMENT;
  }
  *epoch_out = (complab_epoch){.iteration_count = iteration_count};
  if (iteration_ns < (double)timing->warm_up_below_ns) {
    const complab_status status = iterate(work, 1, &epoch_out->failed_block);
    if (status != COMPLAB_OK) {
      return status;
    }
  }
  if (timing->has_canary) {
    epoch_out->canary_before_ns = complab_canary_run(timing->clock);
  }
  const complab_status status = time_iterations(
      work, timing, timing->flight, iteration_count, &epoch_out->elapsed_ns,
      &epoch_out->flight, &epoch_out->failed_block);
  if (status == COMPLAB_OK && timing->has_canary) {
    epoch_out->canary_after_ns = complab_canary_run(timing->clock);
  }
  return status;
}

complab_status complab_pass_run(const complab_work *work, const complab_timing *timing,
                                double *elapsed_ns_out, size_t *failed_block_out) {
  if (!is_usable(work, timing) || elapsed_ns_out == NULL || failed_block_out == NULL) {
    return COMPLAB_BAD_ARGUMENT;
  }
  const complab_clock clock = timing->clock;
  for (size_t b = 0; b < work->block_count; b++) {
    if (work->stop != NULL && *work->stop != 0) {
      *failed_block_out = b;
      return COMPLAB_STOPPED;
    }
    const uint64_t start = clock.now(clock.state);
    const complab_status status = work->operation(work->state, &work->blocks[b]);
    const uint64_t end = clock.now(clock.state);
    if (status != COMPLAB_OK || end < start) {
      *failed_block_out = b;
      return status != COMPLAB_OK ? status : COMPLAB_CLOCK_FAILED;
    }
    const double elapsed_ns = (double)(end - start) - timing->clock_cost_ns;
    elapsed_ns_out[b] = elapsed_ns > 0 ? elapsed_ns : 0;
  }
  return COMPLAB_OK;
}

/* Enough to grow from one iteration to 10^9 and to scale a few times. */
enum { CALIBRATION_READINGS_AT_MOST = 24 };

/* A million iterations in no time at all: the clock stands still. */
enum { ITERATIONS_TO_GIVE_UP = 1000000 };

complab_status complab_calibrate(const complab_work *work, const complab_timing *timing,
                                 uint64_t target_ns,
                                 complab_calibration *calibration_out) {
  if (!is_usable(work, timing) || calibration_out == NULL) {
    return COMPLAB_BAD_ARGUMENT;
  }
  *calibration_out = (complab_calibration){0};
  uint64_t iteration_count = 1;
  int is_confirming = 0;
  for (uint32_t reading = 1; reading <= CALIBRATION_READINGS_AT_MOST; reading++) {
    uint64_t elapsed_ns = 0;
    complab_flight_log no_flight = {0};
    const complab_status status =
        time_iterations(work, timing, NULL, iteration_count, &elapsed_ns, &no_flight,
                        &calibration_out->failed_block);
    if (status != COMPLAB_OK) {
      return status;
    }
    if (elapsed_ns == 0 && iteration_count >= ITERATIONS_TO_GIVE_UP) {
      return COMPLAB_CLOCK_FAILED;
    }
    calibration_out->iteration_count = iteration_count;
    calibration_out->iteration_ns = (double)elapsed_ns / (double)iteration_count;
    calibration_out->reading_count = reading;
    const int is_reached = elapsed_ns >= target_ns;
    /* The first call of a codec takes up to 7.2 times its usual time, so that a count
     * which reaches the target by less than ten is read again. */
    if (is_reached && (is_confirming || elapsed_ns / 10 >= target_ns)) {
      return COMPLAB_OK;
    }
    if (is_reached) {
      is_confirming = 1;
    } else if (elapsed_ns < target_ns / 10) {
      iteration_count *= 10;
      is_confirming = 0;
    } else {
      /* A tenth more than the reading asks for, so that the confirmation stands. */
      const double wanted = (double)target_ns / (double)elapsed_ns;
      iteration_count = (uint64_t)((double)iteration_count * wanted * 1.1) + 1;
      is_confirming = 1;
    }
  }
  return COMPLAB_NOT_CALIBRATED;
}

size_t complab_blocks_compare(const complab_block *blocks, size_t block_count,
                              const uint8_t *const *expected,
                              const size_t *expected_bytes,
                              size_t *first_difference_out) {
  for (size_t b = 0; b < block_count; b++) {
    const size_t have_bytes = blocks[b].dst_bytes;
    const size_t common_bytes =
        have_bytes < expected_bytes[b] ? have_bytes : expected_bytes[b];
    const int is_same_size = have_bytes == expected_bytes[b];
    if (is_same_size && memcmp(blocks[b].dst, expected[b], common_bytes) == 0) {
      continue;
    }
    size_t offset = 0;
    while (offset < common_bytes && blocks[b].dst[offset] == expected[b][offset]) {
      offset++;
    }
    *first_difference_out = offset;
    return b;
  }
  return block_count;
}
