"""The clock, the contention canary, and how an epoch is timed."""

from dataclasses import dataclass
from typing import Self

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
    """A timed block of iterations with the canary's times before and after."""

    elapsed_ns: int
    iteration_count: int
    canary_before_ns: int
    canary_after_ns: int


def clock_facts() -> ClockFacts:
    """Measure the monotonic clock; ``ClockError`` if it does not advance."""
    facts = ffi.new("complab_clock_facts *")
    check(lib.complab_clock_measure(lib.complab_clock_monotonic(), facts))
    return ClockFacts(facts.resolution_ns, facts.cost_ns)


def canary_ns() -> int:
    """Run the contention canary once and return its time."""
    return int(lib.complab_canary_run(lib.complab_clock_monotonic()))


class Timer:
    """How epochs are timed: the monotonic clock, its cost taken off, the canary."""

    def __init__(self, facts: ClockFacts, *, warm_up_below_ns: int) -> None:
        """Keep the settings in C's form."""
        self.facts = facts
        self.timing = ffi.new("complab_timing *")
        self.timing.clock = lib.complab_clock_monotonic()
        self.timing.clock_cost_ns = facts.cost_ns
        self.timing.warm_up_below_ns = warm_up_below_ns
        self.timing.has_canary = 1

    @classmethod
    def measured(cls, *, warm_up_below_ns: int) -> Self:
        """A timer on the clock as it is measured now."""
        return cls(clock_facts(), warm_up_below_ns=warm_up_below_ns)
