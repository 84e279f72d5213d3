/* crew.c - times several works at once, one on each thread.
 *
 * What is asked is how much a machine gets done when all its cores compress, so every
 * thread must be measured while all others work. They wait for one another before their
 * time begins, and who is done goes on, untimed, until the last is: otherwise the end
 * of each epoch would be measured on a machine that is half idle. The sum of the
 * threads' own rates is then the rate of the machine, and nobody's jitter counts for
 * all. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "complab.h"

typedef struct crew {
  const complab_timing *timing;
  uint64_t iteration_count;
  double iteration_ns;
  size_t member_count;
  atomic_size_t ready_count;
  atomic_size_t done_count;
} crew;

typedef struct member {
  crew *crew;
  const complab_work *work;
  int32_t cpu;
  complab_epoch epoch;
  complab_status status;
} member;

static void stay_on(int32_t cpu) {
  if (cpu >= 0) {
    cpu_set_t only;
    CPU_ZERO(&only);
    CPU_SET((size_t)cpu, &only);
    /* Where that is refused the scheduler spreads the threads as it does others. */
    (void)pthread_setaffinity_np(pthread_self(), sizeof only, &only);
  }
}

/* Waits without sleeping: to be woken takes longer than the threads may be apart. It
 * yields, so that more threads than cores get on as well. */
static void wait_for_all(const crew *all, atomic_size_t *count) {
  atomic_fetch_add(count, 1);
  while (atomic_load(count) < all->member_count) {
    (void)sched_yield();
  }
}

/* Keeps the core as busy as it was until every member is done. */
static void go_on(const member *self) {
  const complab_work *work = self->work;
  crew *all = self->crew;
  atomic_fetch_add(&all->done_count, 1);
  size_t b = 0;
  complab_status status = self->status;
  while (atomic_load(&all->done_count) < all->member_count) {
    if (status == COMPLAB_OK && work->block_count > 0) {
      status = work->operation(work->state, &work->blocks[b]);
      b = (b + 1) % work->block_count;
    } else {
      (void)sched_yield();
    }
  }
}

static void *work_along(void *state) {
  member *self = state;
  crew *all = self->crew;
  stay_on(self->cpu);
  complab_timing timing = *all->timing;
  timing.has_canary = 0; /* it would run beside the others' work */
  timing.flight = NULL;  /* it is another thread's */
  if (all->iteration_ns < (double)timing.warm_up_below_ns) {
    timing.warm_up_below_ns = 0;
    complab_epoch untimed;
    self->status = complab_epoch_run(self->work, &timing, 1, 0, &untimed);
    self->epoch.failed_block = untimed.failed_block;
  }
  timing.warm_up_below_ns = 0;
  wait_for_all(all, &all->ready_count);
  if (self->status == COMPLAB_OK) {
    self->status =
        complab_epoch_run(self->work, &timing, all->iteration_count, 0, &self->epoch);
  }
  go_on(self);
  return NULL;
}

complab_status complab_crew_run(const complab_work *works, size_t work_count,
                                const int32_t *cpus, const complab_timing *timing,
                                uint64_t iteration_count, double iteration_ns,
                                complab_epoch *epochs_out) {
  if (works == NULL || work_count == 0 || timing == NULL || iteration_count == 0 ||
      epochs_out == NULL) {
    return COMPLAB_BAD_ARGUMENT;
  }
  complab_status status = COMPLAB_OK;
  size_t started = 0;
  pthread_t *threads = calloc(work_count, sizeof *threads);
  member *members = calloc(work_count, sizeof *members);
  if (threads == NULL || members == NULL) {
    status = COMPLAB_NO_MEMORY;
    goto out;
  }
  crew all = {.timing = timing,
              .iteration_count = iteration_count,
              .iteration_ns = iteration_ns,
              .member_count = work_count};
  const uint64_t before_ns = timing->has_canary ? complab_canary_run(timing->clock) : 0;
  for (size_t i = 0; i < work_count; i++) {
    members[i] =
        (member){.crew = &all, .work = &works[i], .cpu = cpus != NULL ? cpus[i] : -1};
    if (pthread_create(&threads[i], NULL, work_along, &members[i]) != 0) {
      /* Those who wait already are let go: their number is all that there are. */
      status = COMPLAB_NO_MEMORY;
      atomic_fetch_add(&all.ready_count, work_count - started);
      atomic_fetch_add(&all.done_count, work_count - started);
      break;
    }
    started++;
  }
  for (size_t i = 0; i < started; i++) {
    (void)pthread_join(threads[i], NULL);
  }
  const uint64_t after_ns = timing->has_canary ? complab_canary_run(timing->clock) : 0;
  for (size_t i = 0; i < started; i++) {
    epochs_out[i] = members[i].epoch;
    epochs_out[i].canary_before_ns = before_ns;
    epochs_out[i].canary_after_ns = after_ns;
    if (status == COMPLAB_OK) {
      status = members[i].status;
    }
  }
out:
  free(members);
  free(threads);
  return status;
}
