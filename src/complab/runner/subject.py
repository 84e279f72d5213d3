"""A configuration made ready: its codecs, what they work on, what must come of it.

Where several threads measure, each has a member of its own: coders, batches, and
memory for outputs. Nothing is shared but the library's code.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from complab import core
from complab.core import Buffer, Calibration, Direction, Epoch
from complab.errors import RoundTripMismatchError

# A context that is larger than this is not kept while others are measured: zstd's
# levels 20 to 22 take hundreds of megabytes each. It is made anew for each of its
# epochs, and an untimed pass warms it.
PARKED_FROM_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Task:
    """A configuration as a bench needs it; ``id`` is the configuration's.

    ``codec`` and ``library`` are indices: into the core's table, and into the libraries
    of the run (``None`` for a built-in codec). ``cpus`` are those that its threads stay
    on, one each; without any, the measuring thread measures alone, wherever it is.
    """

    id: int
    codec: int
    library: int | None
    level: int
    is_context_fresh: bool
    is_size_known: bool
    is_cold: bool
    cpus: Sequence[int] = ()
    writing: core.Writing = field(default_factory=core.Writing)


@dataclass(frozen=True, slots=True)
class Member:
    """What one thread works with: a coder and a work for each direction.

    ``expected`` is what the outputs must be.
    """

    coders: tuple[core.Coder, core.Coder]
    works: tuple[core.Work, core.Work]
    expected: tuple[core.Sources, core.Sources]


@dataclass(slots=True)
class Subject:
    """A configuration with its members, the counts of its epochs, and its output."""

    task: Task
    codec_name: str
    packed: Sequence[Buffer]
    members: tuple[Member, ...]
    calibrations: tuple[Calibration, Calibration] = field(
        default=(Calibration(0, 0.0), Calibration(0, 0.0))
    )

    @property
    def first(self) -> Member:
        """The member that verifies and calibrates."""
        return self.members[0]

    def time(
        self,
        timer: core.Timer,
        direction: Direction,
        count: int = 0,
        pass_ns: float = 0.0,
    ) -> Epoch:
        """Time an epoch of ``count`` iterations, as many as were calibrated if 0.

        A short pass is done once untimed before: by ``pass_ns``, or as calibrated if 0.
        """
        calibration = self.calibrations[direction]
        is_parked = self._is_parked(direction)
        count = count or calibration.iteration_count
        iteration_ns = 0.0 if is_parked else pass_ns or calibration.iteration_ns
        works = [member.works[direction] for member in self.members]
        if self.task.cpus:
            crew = core.Crew(works, self.task.cpus)
            epoch = crew.time(timer, count, iteration_ns)
        else:
            epoch = works[0].time(timer, count, iteration_ns)
        self.park(direction)
        return epoch

    def check(self, direction: Direction) -> None:
        """Compare what the last run left; ``RoundTripMismatchError`` if it is wrong."""
        for member in self.members:
            expected = member.expected[direction]
            difference = member.works[direction].first_difference(expected)
            if difference is not None:
                raise self._mismatch(direction, *difference)

    def _mismatch(
        self, direction: Direction, block_index: int, byte_offset: int
    ) -> RoundTripMismatchError:
        if direction is Direction.COMPRESS:
            what = "a timed compression wrote other bytes than the verified one"
        else:
            what = "decompression does not give back what was compressed"
        return RoundTripMismatchError(
            what,
            codec=self.codec_name,
            block_index=block_index,
            byte_offset=byte_offset,
        )

    def _is_parked(self, direction: Direction) -> bool:
        """Whether the contexts are let go between their epochs."""
        memory_bytes = self.first.coders[direction].memory_bytes or 0
        return not self.task.is_context_fresh and memory_bytes > PARKED_FROM_BYTES

    def park(self, direction: Direction) -> None:
        """Let contexts go that are too large to be kept."""
        if self._is_parked(direction):
            for member in self.members:
                member.coders[direction].release()
