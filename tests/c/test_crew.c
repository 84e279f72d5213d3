/* test_crew.c - several works timed at the same time, with real threads. */
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>

#include "complab.h"
#include "test.h"

enum { CREW = 3, BLOCKS = 2, ITERATIONS = 5 };

/* What the threads of a crew have in common in these tests. */
typedef struct meeting {
  atomic_size_t inside_count;
  size_t expected_count;
} meeting;

typedef struct worker {
  meeting *meeting;
  size_t calls;
  size_t fail_at_call; /* counted from 1; 0: never */
} worker;

/* The first call waits until every thread is in its own. */
static complab_status meet(void *state, complab_block *block) {
  worker *w = state;
  if (w->calls++ == 0) {
    atomic_fetch_add(&w->meeting->inside_count, 1);
    while (atomic_load(&w->meeting->inside_count) < w->meeting->expected_count) {
      (void)sched_yield();
    }
  }
  block->dst_bytes = w->calls;
  return w->calls == w->fail_at_call ? COMPLAB_COMPRESS_FAILED : COMPLAB_OK;
}

typedef struct crew {
  meeting meeting;
  worker workers[CREW];
  complab_block blocks[CREW][BLOCKS];
  complab_work works[CREW];
  int32_t stop;
} crew;

static void make_crew(crew *c) {
  memset(c, 0, sizeof *c);
  c->meeting.expected_count = CREW;
  for (size_t i = 0; i < CREW; i++) {
    c->workers[i].meeting = &c->meeting;
    c->works[i] = (complab_work){.operation = meet,
                                 .state = &c->workers[i],
                                 .blocks = c->blocks[i],
                                 .block_count = BLOCKS,
                                 .stop = &c->stop};
  }
}

static complab_timing timing(void) {
  return (complab_timing){.clock = complab_clock_monotonic(), .has_canary = 1};
}

/* All threads are in their work at the same time: none begins when another is done. */
static void all_work_at_once(void) {
  crew c;
  make_crew(&c);
  complab_epoch epochs[CREW];
  const complab_timing how = timing();
  CHECK_EQUAL(complab_crew_run(c.works, CREW, NULL, &how, ITERATIONS, 1e9, epochs),
              COMPLAB_OK);
  CHECK_EQUAL(c.meeting.inside_count, CREW);
  for (size_t i = 0; i < CREW; i++) {
    CHECK_EQUAL(epochs[i].iteration_count, ITERATIONS);
    CHECK(epochs[i].elapsed_ns > 0);
    CHECK(epochs[i].canary_before_ns > 0);
    CHECK(epochs[i].canary_after_ns > 0);
    CHECK(c.workers[i].calls >= ITERATIONS * BLOCKS);
  }
}

/* A short iteration is preceded by an untimed one, on every thread. */
static void short_iterations_are_warmed_up(void) {
  crew c;
  make_crew(&c);
  complab_epoch epochs[CREW];
  complab_timing how = timing();
  how.warm_up_below_ns = 1000;
  CHECK_EQUAL(complab_crew_run(c.works, CREW, NULL, &how, ITERATIONS, 10, epochs),
              COMPLAB_OK);
  for (size_t i = 0; i < CREW; i++) {
    CHECK(c.workers[i].calls >= (ITERATIONS + 1) * BLOCKS);
    CHECK_EQUAL(epochs[i].iteration_count, ITERATIONS);
  }
}

/* Threads stay on the CPUs that they are given; one that is not there is no error. */
static void cpus_are_taken_as_advice(void) {
  crew c;
  make_crew(&c);
  complab_epoch epochs[CREW];
  const complab_timing how = timing();
  const int32_t cpus[CREW] = {0, -1, 1000};
  CHECK_EQUAL(complab_crew_run(c.works, CREW, cpus, &how, ITERATIONS, 1e9, epochs),
              COMPLAB_OK);
}

/* One member's failure is the status, wherever it comes, and nobody waits for ever. */
static void a_failure_ends_it(void) {
  for (size_t call = 1; call <= 6; call++) {
    crew c;
    make_crew(&c);
    c.workers[1].fail_at_call = call;
    complab_epoch epochs[CREW];
    complab_timing how = timing();
    how.warm_up_below_ns = 1000;
    CHECK_EQUAL(complab_crew_run(c.works, CREW, NULL, &how, ITERATIONS, 10, epochs),
                COMPLAB_COMPRESS_FAILED);
    CHECK_EQUAL(epochs[1].failed_block, (call - 1) % BLOCKS);
    CHECK_EQUAL(c.workers[1].calls, call);
  }
}

/* The stop flag ends all of them. */
static void a_stop_ends_all(void) {
  crew c;
  make_crew(&c);
  c.stop = 1;
  complab_epoch epochs[CREW];
  const complab_timing how = timing();
  CHECK_EQUAL(complab_crew_run(c.works, CREW, NULL, &how, ITERATIONS, 1e9, epochs),
              COMPLAB_STOPPED);
}

/* A crew of one, and one that has nothing to do. */
static void small_crews_are_fine(void) {
  crew c;
  make_crew(&c);
  c.meeting.expected_count = 1;
  complab_epoch epochs[CREW];
  const complab_timing how = timing();
  CHECK_EQUAL(complab_crew_run(c.works, 1, NULL, &how, ITERATIONS, 1e9, epochs),
              COMPLAB_OK);
  CHECK_EQUAL(c.workers[0].calls, ITERATIONS * BLOCKS);
  for (size_t i = 0; i < CREW; i++) {
    c.works[i].block_count = 0;
  }
  CHECK_EQUAL(complab_crew_run(c.works, CREW, NULL, &how, ITERATIONS, 1e9, epochs),
              COMPLAB_OK);
}

/* A broken contract is said. */
static void bad_arguments_are_refused(void) {
  crew c;
  make_crew(&c);
  complab_epoch epochs[CREW];
  const complab_timing how = timing();
  CHECK_EQUAL(complab_crew_run(c.works, 0, NULL, &how, 1, 1, epochs),
              COMPLAB_BAD_ARGUMENT);
  CHECK_EQUAL(complab_crew_run(c.works, CREW, NULL, &how, 0, 1, epochs),
              COMPLAB_BAD_ARGUMENT);
  CHECK_EQUAL(complab_crew_run(NULL, CREW, NULL, &how, 1, 1, epochs),
              COMPLAB_BAD_ARGUMENT);
  CHECK_EQUAL(complab_crew_run(c.works, CREW, NULL, NULL, 1, 1, epochs),
              COMPLAB_BAD_ARGUMENT);
}

int main(void) {
  all_work_at_once();
  short_iterations_are_warmed_up();
  cpus_are_taken_as_advice();
  a_failure_ends_it();
  a_stop_ends_all();
  small_crews_are_fine();
  bad_arguments_are_refused();
  return 0;
}
