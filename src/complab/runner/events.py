"""What a running measurement says.

Whoever runs it, here or in a worker process, says it in these words; displays, results
and the journal are made from nothing else.
"""

from dataclasses import dataclass
from typing import TypeAlias

from complab.core import Calibration, Direction, Epoch


@dataclass(frozen=True, slots=True)
class WorkerStarted:
    """A fresh process measures from now on; ``process`` counts from 0."""

    process: int
    pid: int


@dataclass(frozen=True, slots=True)
class Verified:
    """A configuration's output came back as it went in."""

    configuration: int
    compressed_bytes: int
    warm_up_times_ns: tuple[int, int]
    memory_bytes: tuple[int | None, int | None]


@dataclass(frozen=True, slots=True)
class Calibrated:
    """How many iterations make an epoch in this process, one entry a direction."""

    configuration: int
    process: int
    calibrations: tuple[Calibration, Calibration]


@dataclass(frozen=True, slots=True)
class Dropped:
    """A configuration is not measured, or not any more: ``failed`` or ``skipped``."""

    configuration: int
    status: str
    message: str


@dataclass(frozen=True, slots=True)
class RoundStarted:
    """A round begins with so many epochs; ``remaining_s`` of the budget are left."""

    number: int
    epoch_count: int
    remaining_s: float


@dataclass(frozen=True, slots=True)
class EpochMeasured:
    """One epoch was timed and its output compared with what was expected.

    ``used_s`` is what it took with the untimed iteration and the comparison.
    """

    configuration: int
    direction: Direction
    round: int
    epoch: Epoch
    process: int = 0
    used_s: float = 0.0


@dataclass(frozen=True, slots=True)
class RoundFinished:
    """A round is over; it took ``used_s``."""

    number: int
    process: int
    used_s: float


@dataclass(frozen=True, slots=True)
class Settled:
    """A direction of a configuration is known well enough in this process."""

    configuration: int
    direction: Direction


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The user stopped the run; what was measured stays."""


Event: TypeAlias = (
    WorkerStarted
    | Verified
    | Calibrated
    | Dropped
    | RoundStarted
    | EpochMeasured
    | RoundFinished
    | Settled
    | Interrupted
)
