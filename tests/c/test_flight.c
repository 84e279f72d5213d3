/* test_flight.c - the canary in flight, under clocks that only move when a test says so
 * and with ticks by hand; then once with the real timer. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>

#include "complab.h"
#include "test.h"

enum { PERIOD_NS = 500000 };

/* Both clocks and the operation share this world. The canary reads the wall clock
 * twice, so that one reading's step is the canary's time. */
typedef struct world {
  uint64_t wall_ns;
  uint64_t cpu_ns;
  uint64_t reading_ns;
  uint64_t wall_readings;
  uint64_t cpu_readings;
  uint64_t operation_ns;
  uint64_t tick_after_ns; /* in the middle of an operation, if not 0 */
  complab_flight *flight;
} world;

static uint64_t read_wall(void *state) {
  world *w = state;
  w->wall_readings++;
  w->wall_ns += w->reading_ns;
  w->cpu_ns += w->reading_ns;
  return w->wall_ns;
}

static uint64_t read_cpu(void *state) {
  world *w = state;
  w->cpu_readings++;
  return w->cpu_ns;
}

static void run(world *w, uint64_t ns) {
  w->wall_ns += ns;
  w->cpu_ns += ns;
}

static void stall(world *w, uint64_t ns) {
  w->wall_ns += ns;
}

static complab_status operate(void *state, complab_block *block) {
  world *w = state;
  (void)block;
  run(w, w->tick_after_ns);
  if (w->tick_after_ns > 0) {
    complab_flight_tick(w->flight);
  }
  run(w, w->operation_ns - w->tick_after_ns);
  return COMPLAB_OK;
}

/* A flight that the test ticks, but which knows a period to be late for. */
static complab_flight *flight_in(world *w, uint64_t period_ns) {
  complab_flight *flight = NULL;
  CHECK_EQUAL(complab_flight_new((complab_clock){read_wall, w},
                                 (complab_clock){read_cpu, w}, period_ns, &flight),
              COMPLAB_OK);
  w->flight = flight;
  return flight;
}

static int is_near(double actual, double expected) {
  const double difference = actual - expected;
  return difference < 1e-6 * expected && difference > -1e-6 * expected;
}

/* What the readings take is their own, and what is left is the operation's. */
static void own_time_is_no_part_of_the_epoch(void) {
  world w = {.operation_ns = 1000, .tick_after_ns = 400, .reading_ns = 10};
  complab_flight *flight = flight_in(&w, 0);
  complab_block block = {0};
  const complab_work work = {
      .operation = operate, .state = &w, .blocks = &block, .block_count = 1};
  const complab_timing timing = {.clock = {read_wall, &w}, .flight = flight};
  complab_epoch epoch;
  CHECK_EQUAL(complab_epoch_run(&work, &timing, 3, 1000, &epoch), COMPLAB_OK);
  CHECK_EQUAL(epoch.flight.tick_count, 3);
  /* a tick: two canaries of two readings, and the one that ends it */
  CHECK_EQUAL(epoch.flight.own_ns, 3 * 50);
  CHECK_EQUAL(epoch.elapsed_ns, 3 * (1000 + 10) + 10);
  CHECK_EQUAL(epoch.flight.stalled_ns, 0);
  CHECK(is_near(epoch.flight.canary_ns, 10));
  complab_flight_free(flight);
}

/* Cold iterations fly one by one, and what was seen of them adds up. */
static void cold_iterations_fly_one_by_one(void) {
  world w = {.operation_ns = 1000, .tick_after_ns = 400, .reading_ns = 10};
  complab_flight *flight = flight_in(&w, 0);
  complab_block block = {0};
  const complab_work work = {.operation = operate,
                             .state = &w,
                             .blocks = &block,
                             .block_count = 1,
                             .is_cold = 1};
  const complab_timing timing = {.clock = {read_wall, &w}, .flight = flight};
  complab_epoch epoch;
  CHECK_EQUAL(complab_epoch_run(&work, &timing, 3, 1000, &epoch), COMPLAB_OK);
  CHECK_EQUAL(epoch.flight.tick_count, 3);
  CHECK_EQUAL(epoch.flight.own_ns, 3 * 50);
  CHECK_EQUAL(epoch.elapsed_ns, 3 * (1000 + 10 + 10));
  CHECK_EQUAL(epoch.flight.stalled_ns, 0);
  CHECK(is_near(epoch.flight.canary_ns, 10));
  complab_flight_free(flight);
}

/* Pieces weigh as much as was run in them: 300 ns with a canary of 10 to 30, 100 with
 * 30 to 30. */
static void the_canary_is_weighted_by_run_time(void) {
  world w = {.reading_ns = 10};
  complab_flight *flight = flight_in(&w, 0);
  complab_flight_log log;
  const uint64_t start = complab_flight_begin(flight);
  w.reading_ns = 30;
  run(&w, 270); /* the tick's own reading makes it 300 */
  complab_flight_tick(flight);
  run(&w, 70);
  const uint64_t end = complab_flight_end(flight, &log);
  CHECK_EQUAL(end - start - log.own_ns, 400);
  const double lengths = 150.0 / 10 + 150.0 / 30 + 100.0 / 30;
  CHECK(is_near(log.canary_ns, 400 / lengths));
  complab_flight_free(flight);
}

/* An interrupt within one of the two canaries of a reading is not seen. */
static uint64_t read_wall_interrupted(void *state) {
  world *w = state;
  const uint64_t now = read_wall(w);
  w->wall_ns += w->wall_readings % 5 == 2 ? 7000 : 0;
  return now;
}

static void an_interrupted_canary_counts_for_nothing(void) {
  world w = {.reading_ns = 10};
  complab_flight *flight = NULL;
  CHECK_EQUAL(complab_flight_new((complab_clock){read_wall_interrupted, &w},
                                 (complab_clock){read_cpu, &w}, 0, &flight),
              COMPLAB_OK);
  complab_flight_log log;
  complab_flight_begin(flight);
  for (int i = 0; i < 20; i++) {
    run(&w, 100);
    complab_flight_tick(flight);
  }
  complab_flight_end(flight, &log);
  CHECK(is_near(log.canary_ns, 10));
  complab_flight_free(flight);
}

/* With a period there is a real timer, too: one that does not get round to a signal
 * while the test moves the fake clocks. */
static const uint64_t NEVER_NS = 1000000000000;

/* A late reading counts what the thread's CPU clock says and calls the rest a stall; a
 * reading in time is not asked about. */
static void a_late_reading_was_a_stall(void) {
  world w = {.reading_ns = 0};
  complab_flight *flight = flight_in(&w, NEVER_NS);
  complab_flight_log log;
  uint64_t start = complab_flight_begin(flight);
  const uint64_t cpu_readings = w.cpu_readings;
  run(&w, NEVER_NS / 2);
  stall(&w, NEVER_NS / 2); /* not late: it is within its period */
  complab_flight_tick(flight);
  CHECK_EQUAL(w.cpu_readings, cpu_readings + 1); /* the next piece's beginning */
  run(&w, 300);
  stall(&w, 7 * NEVER_NS);
  complab_flight_tick(flight);
  run(&w, 200);
  const uint64_t end = complab_flight_end(flight, &log);
  CHECK_EQUAL(end - start, 8 * NEVER_NS + 500);
  CHECK_EQUAL(log.stalled_ns, 7 * NEVER_NS);
  complab_flight_free(flight);
}

/* Nor is the CPU clock believed beyond one period. */
static void no_piece_runs_longer_than_its_period(void) {
  world w = {.reading_ns = 0};
  complab_flight *flight = flight_in(&w, NEVER_NS);
  complab_flight_log log;
  complab_flight_begin(flight);
  run(&w, 5 * NEVER_NS);
  complab_flight_end(flight, &log);
  CHECK_EQUAL(log.stalled_ns, 4 * NEVER_NS);
  complab_flight_free(flight);
}

/* Each flight's log begins anew, and a tick outside of a flight leaves no trace. */
static void flights_are_apart(void) {
  world w = {.reading_ns = 10};
  complab_flight *flight = flight_in(&w, 0);
  complab_flight_log log;
  for (int i = 0; i < 2; i++) {
    complab_flight_tick(flight);
    complab_flight_begin(flight);
    complab_flight_tick(flight);
    complab_flight_end(flight, &log);
    CHECK_EQUAL(log.tick_count, 1);
    CHECK_EQUAL(log.own_ns, 50);
  }
  complab_flight_free(flight);
}

/* A clock that stands still gives a canary of 1 ns, not a division by zero. */
static void a_standing_clock_divides_by_nothing(void) {
  world w = {0};
  complab_flight *flight = flight_in(&w, 0);
  complab_flight_log log;
  complab_flight_begin(flight);
  complab_flight_tick(flight);
  complab_flight_end(flight, &log);
  CHECK(is_near(log.canary_ns, 1));
  complab_flight_free(flight);
}

static void spin_ns(uint64_t ns) {
  const complab_clock clock = complab_clock_monotonic();
  const uint64_t start = clock.now(NULL);
  while (clock.now(NULL) - start < ns) {
  }
}

static int handled_count(void) {
  int count = 0;
  for (int number = SIGRTMIN; number <= SIGRTMAX; number++) {
    struct sigaction action;
    CHECK(sigaction(number, NULL, &action) == 0);
    count += action.sa_handler != SIG_DFL;
  }
  return count;
}

/* The real timer ticks while the thread works, leaves errno alone, and goes without a
 * trace: no signal after the end, every disposition as before. */
static void the_timer_ticks(void) {
  const int handled_before = handled_count();
  for (int round = 0; round < 20; round++) {
    complab_flight *flight = NULL;
    CHECK_EQUAL(complab_flight_new(complab_clock_monotonic(),
                                   complab_clock_thread_cpu(), PERIOD_NS, &flight),
                COMPLAB_OK);
    CHECK_EQUAL(handled_count(), handled_before + 1);
    complab_flight_log log = {0};
    uint64_t start = 0;
    uint64_t end = 0;
    /* A machine that gives this thread no turn for 10 ms may deliver one tick only. */
    for (int attempt = 0; attempt < 1000 && log.tick_count < 2; attempt++) {
      errno = 77;
      start = complab_flight_begin(flight);
      spin_ns(20 * PERIOD_NS);
      end = complab_flight_end(flight, &log);
      CHECK_EQUAL(errno, 77);
    }
    CHECK(log.tick_count >= 2);
    CHECK(log.canary_ns > 0);
    CHECK(log.own_ns + log.stalled_ns <= end - start);
    complab_flight_free(flight);
    spin_ns(2 * PERIOD_NS);
    CHECK_EQUAL(handled_count(), handled_before);
  }
}

/* Two threads fly at once, each with a signal of its own. */
static void *fly(void *unused) {
  (void)unused;
  the_timer_ticks();
  return NULL;
}

static void two_flights_fly_at_once(void) {
  complab_flight *first = NULL;
  complab_flight *second = NULL;
  const complab_clock wall = complab_clock_monotonic();
  const complab_clock cpu = complab_clock_thread_cpu();
  CHECK_EQUAL(complab_flight_new(wall, cpu, PERIOD_NS, &first), COMPLAB_OK);
  CHECK_EQUAL(complab_flight_new(wall, cpu, PERIOD_NS, &second), COMPLAB_OK);
  pthread_t thread;
  complab_flight_begin(first);
  CHECK_EQUAL(pthread_create(&thread, NULL, fly, NULL), 0);
  CHECK_EQUAL(pthread_join(thread, NULL), 0);
  complab_flight_log log;
  complab_flight_end(first, &log);
  complab_flight_free(first);
  complab_flight_begin(second);
  complab_flight_end(second, &log);
  complab_flight_free(second);
}

/* A broken contract is said, and nothing to free is fine. */
static void bad_arguments_are_refused(void) {
  complab_flight *flight = NULL;
  const complab_clock clock = complab_clock_monotonic();
  const complab_clock none = {0};
  CHECK_EQUAL(complab_flight_new(none, clock, 0, &flight), COMPLAB_BAD_ARGUMENT);
  CHECK_EQUAL(complab_flight_new(clock, none, 0, &flight), COMPLAB_BAD_ARGUMENT);
  CHECK_EQUAL(complab_flight_new(clock, clock, 0, NULL), COMPLAB_BAD_ARGUMENT);
  complab_flight_free(NULL);
}

/* Where every signal is taken, that is said and nothing is left behind. */
static void no_free_signal_is_an_error(void) {
  for (int number = SIGRTMIN; number <= SIGRTMAX; number++) {
    signal(number, SIG_IGN);
  }
  complab_flight *flight = NULL;
  const complab_clock clock = complab_clock_monotonic();
  CHECK_EQUAL(complab_flight_new(clock, clock, PERIOD_NS, &flight), COMPLAB_NO_TIMER);
  CHECK(flight == NULL);
  for (int number = SIGRTMIN; number <= SIGRTMAX; number++) {
    signal(number, SIG_DFL);
  }
}

int main(void) {
  own_time_is_no_part_of_the_epoch();
  cold_iterations_fly_one_by_one();
  the_canary_is_weighted_by_run_time();
  an_interrupted_canary_counts_for_nothing();
  a_late_reading_was_a_stall();
  no_piece_runs_longer_than_its_period();
  flights_are_apart();
  a_standing_clock_divides_by_nothing();
  the_timer_ticks();
  two_flights_fly_at_once();
  bad_arguments_are_refused();
  no_free_signal_is_an_error();
  return 0;
}
