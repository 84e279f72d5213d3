"""The clock, the contention canary, and how an epoch is timed."""

from dataclasses import dataclass
from typing import Any, Self

from complab._core import ffi, lib
from complab.core.status import check


@dataclass(frozen=True, slots=True)
class ClockFacts:
    """The clock's smallest step and the cost of a reading, in nanoseconds."""

    resolution_ns: int
    cost_ns: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """How many iterations make an epoch, and what one of them takes."""

    iteration_count: int
    iteration_ns: float


@dataclass(frozen=True, slots=True)
class Epoch:
    """A timed block of iterations with the canary's times before and after.

    With a canary in flight ``stalled_ns`` is the part of ``elapsed_ns`` in which the
    thread was not running, ``canary_in_flight_ns`` the canary's mean over the rest;
    both are 0 without one.
    """

    elapsed_ns: int
    iteration_count: int
    canary_before_ns: int
    canary_after_ns: int
    stalled_ns: int = 0
    canary_in_flight_ns: float = 0.0


def clock_facts() -> ClockFacts:
    """Measure the monotonic clock; ``ClockError`` if it does not advance."""
    facts = ffi.new("complab_clock_facts *")
    check(lib.complab_clock_measure(lib.complab_clock_monotonic(), facts))
    return ClockFacts(facts.resolution_ns, facts.cost_ns)


def canary_ns() -> int:
    """Run the contention canary once and return its time."""
    return int(lib.complab_canary_run(lib.complab_clock_monotonic()))


class Timer:
    """How epochs are timed: the monotonic clock, its cost taken off, the canary.

    With a ``flight_period_ns`` other than 0 a canary flies along, whose signals go to
    the thread that makes the timer: that thread alone may time with it. ``TimerError``
    if the system has no timer for it.
    """

    def __init__(
        self, facts: ClockFacts, *, warm_up_below_ns: int, flight_period_ns: int = 0
    ) -> None:
        """Keep the settings in C's form."""
        self.facts = facts
        self.timing = ffi.new("complab_timing *")
        self.timing.clock = lib.complab_clock_monotonic()
        self.timing.clock_cost_ns = facts.cost_ns
        self.timing.warm_up_below_ns = warm_up_below_ns
        self.timing.has_canary = 1
        self._flight: Any = None  # what the timing points at lives as long
        if flight_period_ns:
            out = ffi.new("complab_flight **")
            wall, cpu = self.timing.clock, lib.complab_clock_thread_cpu()
            check(lib.complab_flight_new(wall, cpu, flight_period_ns, out))
            self._flight = ffi.gc(out[0], lib.complab_flight_free)
            self.timing.flight = self._flight

    @classmethod
    def measured(cls, *, warm_up_below_ns: int, flight_period_ns: int = 0) -> Self:
        """A timer on the clock as it is measured now."""
        return cls(
            clock_facts(),
            warm_up_below_ns=warm_up_below_ns,
            flight_period_ns=flight_period_ns,
        )
