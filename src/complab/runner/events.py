"""What a running measurement says.

Whoever runs it, here or in a worker process, says it in these words; displays and
results are made from nothing else.
"""

from dataclasses import dataclass
from typing import TypeAlias

from complab.core import Direction, Epoch


@dataclass(frozen=True, slots=True)
class Verified:
    """A configuration's output came back as it went in."""

    configuration: int
    compressed_bytes: int
    warm_up_times_ns: tuple[int, int]
    memory_bytes: tuple[int | None, int | None]


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
    """One epoch was timed and its output compared with what was expected."""

    configuration: int
    direction: Direction
    round: int
    epoch: Epoch


@dataclass(frozen=True, slots=True)
class Settled:
    """A direction of a configuration is known well enough."""

    configuration: int
    direction: Direction


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The user stopped the run; what was measured stays."""


Event: TypeAlias = (
    Verified | Dropped | RoundStarted | EpochMeasured | Settled | Interrupted
)
