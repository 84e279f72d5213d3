/* flight.c - a canary in flight: how free the machine was while an epoch ran.
 *
 * A shared machine changes its speed in stretches from a fifth of a millisecond to
 * minutes, and takes the core away for some milliseconds at a time. A pass of 100 ms is
 * never free of either, so that choosing good passes starves; this file lets them be
 * corrected instead. A timer sends the measuring thread a signal every half
 * millisecond, and the handler takes a reading. The pieces between readings are the
 * epoch, and three things come of them:
 *
 *   own time      what the readings took: no part of the codec's time
 *   stalled time  a signal is late only if the thread was not running when it was due.
 *                 The thread's CPU clock then says how much of that piece was run. On
 *                 a virtual machine that clock can leave out far more than it should
 *                 (clock.c), so it is asked about late pieces alone, and not believed
 *                 beyond one period.
 *   canary time   the canary's harmonic mean over the time that was run, each piece
 *                 weighted by its length: run time over canary time is the epoch's
 *                 length in canaries, which moves less than its length in seconds
 *
 * What it earned, as the spread of independent runs in the median row: zstd 16-22 on a
 * quiet machine 32 % without and 6 % with it, all compression on an overloaded one 135
 * and 16 % (notebooks/repeatability.ipynb). It costs 1.5 % of the time.
 *
 * In the handler only async-signal-safe things are done: arithmetic and clock readings.
 * What it writes is the flight's own, and the thread that it interrupts reads none of
 * it before the timer is off. The signal is a real-time one that nobody had taken, and
 * its disposition is restored in the end. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "complab.h"

/* On an idle machine a signal comes a few microseconds after its time: it is late when
 * it misses it by more than this part of the period (20 us of 500). */
enum { PERIOD_OVER_TOLERANCE = 25 };

struct complab_flight {
  complab_clock wall;
  complab_clock cpu;
  uint64_t period_ns; /* 0: the caller ticks */
  timer_t timer;
  int signal_number; /* 0: none is taken */
  struct sigaction restored;
  volatile sig_atomic_t is_flying;
  /* The piece that is being flown: when it began, and the canary there. */
  uint64_t piece_wall_ns;
  uint64_t piece_cpu_ns;
  uint64_t canary_ns;
  /* The epoch so far. */
  uint64_t run_ns;
  double canary_lengths; /* run time in times of the canary */
  complab_flight_log log;
};

static uint64_t smaller(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}

/* The shorter of two runs: an interrupt hits one of them at most. No time at all (a
 * coarse clock) counts as a nanosecond. */
static uint64_t sing(const complab_flight *flight) {
  const uint64_t shorter_ns =
      smaller(complab_canary_run(flight->wall), complab_canary_run(flight->wall));
  return shorter_ns > 0 ? shorter_ns : 1;
}

static void begin_piece(complab_flight *flight) {
  flight->piece_cpu_ns = flight->cpu.now(flight->cpu.state);
  flight->piece_wall_ns = flight->wall.now(flight->wall.state);
}

/* How much of a piece was run. */
static uint64_t run_time(const complab_flight *flight, uint64_t piece_ns) {
  const uint64_t period_ns = flight->period_ns;
  if (period_ns == 0 || piece_ns <= period_ns + period_ns / PERIOD_OVER_TOLERANCE) {
    return piece_ns;
  }
  const uint64_t cpu_ns = flight->cpu.now(flight->cpu.state);
  return smaller(cpu_ns - flight->piece_cpu_ns, period_ns);
}

static void end_piece(complab_flight *flight, uint64_t run_ns, uint64_t piece_ns,
                      uint64_t canary_ns) {
  const double half_ns = (double)run_ns / 2;
  flight->canary_lengths +=
      half_ns / (double)flight->canary_ns + half_ns / (double)canary_ns;
  flight->canary_ns = canary_ns;
  flight->run_ns += run_ns;
  flight->log.stalled_ns += piece_ns - run_ns;
}

void complab_flight_tick(complab_flight *flight) {
  if (!flight->is_flying) {
    return; /* sent before the timer was off, delivered after */
  }
  const uint64_t wall_ns = flight->wall.now(flight->wall.state);
  const uint64_t piece_ns = wall_ns - flight->piece_wall_ns;
  const uint64_t run_ns = run_time(flight, piece_ns);
  end_piece(flight, run_ns, piece_ns, sing(flight));
  begin_piece(flight);
  flight->log.own_ns += flight->piece_wall_ns - wall_ns;
  flight->log.tick_count++;
}

static void on_signal(int number, siginfo_t *info, void *context) {
  (void)number;
  (void)context;
  const int kept = errno;
  complab_flight_tick(info->si_value.sival_ptr);
  errno = kept;
}

/* Takes the first real-time signal that nobody handles; 0 if there is none. */
static int take_signal(complab_flight *flight) {
  struct sigaction action = {0};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (int number = SIGRTMIN; number <= SIGRTMAX; number++) {
    if (sigaction(number, NULL, &flight->restored) == 0 &&
        (flight->restored.sa_flags & SA_SIGINFO) == 0 &&
        flight->restored.sa_handler == SIG_DFL &&
        sigaction(number, &action, NULL) == 0) {
      return number;
    }
  }
  return 0;
}

static int make_timer(complab_flight *flight) {
  struct sigevent event = {0};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = flight->signal_number;
  event.sigev_value.sival_ptr = flight;
  event._sigev_un._tid = (pid_t)syscall(SYS_gettid); /* glibc 2.36 has no other name */
  return timer_create(CLOCK_MONOTONIC, &event, &flight->timer) == 0;
}

static void set_timer(const complab_flight *flight, uint64_t period_ns) {
  struct itimerspec times = {0};
  times.it_value.tv_sec = times.it_interval.tv_sec = (time_t)(period_ns / 1000000000u);
  times.it_value.tv_nsec = times.it_interval.tv_nsec = (long)(period_ns % 1000000000u);
  /* It cannot fail: the timer is ours, and the times are in range. */
  (void)timer_settime(flight->timer, 0, &times, NULL);
}

static void release_signal(complab_flight *flight) {
  sigaction(flight->signal_number, &flight->restored, NULL);
}

complab_status complab_flight_new(complab_clock wall, complab_clock cpu,
                                  uint64_t period_ns, complab_flight **flight_out) {
  if (wall.now == NULL || cpu.now == NULL || flight_out == NULL) {
    return COMPLAB_BAD_ARGUMENT;
  }
  complab_flight *flight = calloc(1, sizeof *flight);
  if (flight == NULL) {
    return COMPLAB_NO_MEMORY;
  }
  flight->wall = wall;
  flight->cpu = cpu;
  flight->period_ns = period_ns;
  if (period_ns > 0) {
    flight->signal_number = take_signal(flight);
    if (flight->signal_number == 0 || !make_timer(flight)) {
      if (flight->signal_number != 0) {
        release_signal(flight);
      }
      free(flight);
      return COMPLAB_NO_TIMER;
    }
  }
  *flight_out = flight;
  return COMPLAB_OK;
}

void complab_flight_free(complab_flight *flight) {
  if (flight == NULL) {
    return;
  }
  if (flight->signal_number != 0) {
    /* A pending signal of a deleted timer would find the default: death. Ignoring it
     * for a moment discards what is pending. */
    timer_delete(flight->timer);
    struct sigaction ignore = {0};
    ignore.sa_handler = SIG_IGN;
    sigaction(flight->signal_number, &ignore, NULL);
    release_signal(flight);
  }
  free(flight);
}

uint64_t complab_flight_begin(complab_flight *flight) {
  flight->log = (complab_flight_log){0};
  flight->run_ns = 0;
  flight->canary_lengths = 0;
  flight->canary_ns = sing(flight);
  if (flight->period_ns > 0) {
    set_timer(flight, flight->period_ns);
  }
  begin_piece(flight);
  atomic_signal_fence(memory_order_seq_cst);
  flight->is_flying = 1; /* no tick before: the piece has begun */
  return flight->piece_wall_ns;
}

uint64_t complab_flight_end(complab_flight *flight, complab_flight_log *log_out) {
  flight->is_flying = 0; /* no tick from here on */
  atomic_signal_fence(memory_order_seq_cst);
  const uint64_t wall_ns = flight->wall.now(flight->wall.state);
  const uint64_t piece_ns = wall_ns - flight->piece_wall_ns;
  const uint64_t run_ns = run_time(flight, piece_ns);
  if (flight->period_ns > 0) {
    set_timer(flight, 0);
  }
  end_piece(flight, run_ns, piece_ns, sing(flight));
  flight->log.canary_ns = flight->canary_lengths > 0
                              ? (double)flight->run_ns / flight->canary_lengths
                              : (double)flight->canary_ns;
  *log_out = flight->log;
  return wall_ns;
}
