"""Verifies, calibrates and times configurations in the process that it is in.

Every output is compared with the input, outside the timer: the first pass of each
configuration (verification), and what each timed epoch left behind. A configuration
that fails costs its own row alone. It is not for choosing what is measured when: the
rounds come from whoever runs it (``complab.runner.measure``), here or over a pipe.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from complab import core
from complab.core import Buffer, Calibration, Direction, Epoch
from complab.errors import (
    CodecError,
    MeasurementError,
    StoppedError,
)
from complab.plan import (
    WARM_UP_BELOW_NS,
    epoch_target_ns,
)
from complab.runner.board import Board
from complab.runner.events import (
    Calibrated,
    Dropped,
    EpochMeasured,
    Event,
    Verified,
)
from complab.runner.subject import Member, Subject, Task

# A row's fate, as in complab.results.model, which a worker has no use for otherwise.
_FAILED, _SKIPPED = "failed", "skipped"

# Python's own MemoryError says nothing.
_OUT_OF_MEMORY = "the memory that the run may take is used up (--memory-limit)"

# A pass over one large block is foretold from its beginning: an eighth, no more than
# this, and no more than the slowest codec does in the time of a pass, so that it does
# not run away before anything is known of the speed.
_PROBE_SHARE = 8
_PROBE_AT_MOST_BYTES = 1 << 20

# What passes in time at this speed needs no foretelling: the slowest levels that were
# seen (zstd from 15 in a fresh context, brotli 11) do 0.4 MB a second.
_SLOWEST_BYTES_PER_S = 3e5

# A first block of a few bytes foretells nothing: until a pass has taken this share of
# what it may, it just goes on.
_FORETOLD_FROM_SHARE = 0.1

# Threads begin and end an epoch microseconds apart, and making them leaves the caches
# to others: an epoch of several is so much longer.
_CREW_TARGETS = 5

# Compressed blocks are shared by all processes, and two rows' lie in different pages:
# where those share cache sets with something else, decompression was seen 5 % slower in
# every process of a run. So each has a copy of its own, if they are not large.
_OWN_COPY_AT_MOST_BYTES = 4 << 20

# A kept context is new in each process, and its first pass takes up to 1.2 times as
# long as the next. A pass shorter than this is done once untimed before it counts; of
# a longer one the making of the context is a percent or two.
_FIRST_PASS_BELOW_NS = 100_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """How long things may take, in seconds of the monotonic clock.

    ``pass_s`` is what a single pass may take, ``step_s`` what any call of the core may
    take before it counts as hanging. ``flight_period_ns`` is the time between two
    readings of a canary in flight, 0 for none.
    """

    pass_s: float
    step_s: float
    flight_period_ns: int = 0


@dataclass(frozen=True, slots=True)
class Visit:
    """One epoch to be timed, and what it is expected to take.

    It is of ``iteration_count`` iterations, of as many as were calibrated if that is 0.
    A ``is_prelude`` visit is told nobody: it only warms up for the next one. Whether
    an untimed iteration goes ahead is decided by ``pass_ns``, or what was calibrated if
    that is 0.
    """

    configuration: int
    direction: Direction
    cost_s: float
    iteration_count: int = 0
    is_prelude: bool = False
    pass_ns: float = 0.0


class _Seat:
    """A thread's batches, and memory for what its codecs write."""

    def __init__(self, sources: core.Sources) -> None:
        self.sources = sources
        self.arenas = (core.Arena(), core.Arena())


def _copies(blocks: Sequence[Buffer]) -> list[bytes]:
    return [bytes(memoryview(block)) for block in blocks]


class _TooSlowError(Exception):
    """A single pass would exceed the configuration's share; says the estimate."""


class Bench:
    """The blocks with everything that is made to measure codecs on them.

    ``open_library`` gives the library of an index; ``ProviderError`` from it fails the
    row. ``process`` is the number that epochs bear. A stop raises ``StoppedError``
    from whatever is being done.
    """

    def __init__(
        self,
        blocks: Sequence[Buffer],
        open_library: Callable[[int], core.Library],
        board: Board,
        limits: Limits,
        *,
        process: int = 0,
    ) -> None:
        """Measure the clock; nothing is made yet."""
        self.process = process
        self._blocks = blocks
        self._sources = core.Sources(blocks)
        self._open_library = open_library
        self._codecs = core.codecs()
        self._board = board
        self._limits = limits
        self._seats = [_Seat(self._sources)]
        self._timer = core.Timer.measured(
            warm_up_below_ns=WARM_UP_BELOW_NS,
            flight_period_ns=limits.flight_period_ns,
        )
        self._target_ns = epoch_target_ns(self._timer.facts)
        self._subjects: dict[int, Subject] = {}
        self._until_s = 0.0

    def close(self) -> None:
        """Let go of every codec."""
        self._subjects.clear()

    # ---- Preparing ---------------------------------------------------------------

    def prepare(
        self, tasks: Sequence[Task], *, until_s: float, by_s: float
    ) -> Iterator[Event]:
        """Compress and decompress everything once, compare, and calibrate.

        What is not begun before ``by_s`` (monotonic) is dropped, and what would not end
        before ``until_s``.
        """
        self._until_s = until_s
        for task in tasks:
            self._board.check()
            if time.monotonic() > by_s:
                message = (
                    "the rows before it took half of the budget to verify; raise "
                    "--budget or lower --max-input"
                )
                yield Dropped(task.id, _SKIPPED, message)
                continue
            yield from self._guarded(task.id, partial(self._first, task))

    def adopt(
        self,
        task: Task,
        packed: Sequence[Buffer],
        iteration_ns: tuple[float, float],
        *,
        until_s: float,
    ) -> Iterator[Event]:
        """Take over what another process has verified, and calibrate it here.

        ``packed`` are the compressed blocks, ``iteration_ns`` what the other found.
        """
        self._until_s = until_s
        if sum(len(memoryview(block)) for block in packed) <= _OWN_COPY_AT_MOST_BYTES:
            packed = _copies(packed)
        yield from self._guarded(
            task.id, partial(self._second, task, packed, iteration_ns)
        )

    def packed(self, configuration: int) -> Sequence[Buffer]:
        """The compressed blocks of a prepared configuration."""
        return self._subjects[configuration].packed

    def _guarded(
        self, configuration: int, make: Callable[[], tuple[Event, ...]]
    ) -> Iterator[Event]:
        """The events of what is made, or the one that says why it cannot be."""
        try:
            events = make()
        except StoppedError:
            raise
        except _TooSlowError as error:
            events = (Dropped(configuration, _SKIPPED, str(error)),)
        except (CodecError, MeasurementError, MemoryError) as error:
            message = str(error) or _OUT_OF_MEMORY
            events = (Dropped(configuration, _FAILED, message),)
        finally:
            self._board.end()
        yield from events

    def _coder(self, task: Task, direction: Direction) -> core.Coder:
        return core.Coder(
            self._codecs[task.codec],
            None if task.library is None else self._open_library(task.library),
            direction,
            level=task.level,
            is_context_fresh=task.is_context_fresh,
            is_size_known=task.is_size_known,
            writing=task.writing,
        )

    def _first(self, task: Task) -> tuple[Event, ...]:
        self._board.begin(task.id, Direction.COMPRESS, self._limits.step_s)
        compressor = self._coder(task, Direction.COMPRESS)
        decompressor = self._coder(task, Direction.DECOMPRESS)
        self._probe(compressor)
        compress = self._compression(compressor, task)
        compress_ns = self._pass(compress, self._sources)
        packed = [compress.output(index) for index in range(len(self._sources))]
        self._board.begin(task.id, Direction.DECOMPRESS, self._limits.step_s)
        subject = self._subject(task, compressor, compress, decompressor, packed)
        first = subject.first
        decompress_ns = self._pass(
            first.works[Direction.DECOMPRESS], first.expected[Direction.COMPRESS]
        )
        subject.check(Direction.DECOMPRESS)
        calibrated = self._calibrate(subject, (compress_ns, decompress_ns))
        verified = Verified(
            task.id,
            sum(map(len, packed)),
            (compress_ns, decompress_ns),
            (compressor.memory_bytes, decompressor.memory_bytes),
        )
        return verified, calibrated

    def _second(
        self, task: Task, packed: Sequence[Buffer], iteration_ns: tuple[float, float]
    ) -> tuple[Event, ...]:
        self._board.begin(task.id, Direction.COMPRESS, self._limits.step_s)
        compressor = self._coder(task, Direction.COMPRESS)
        decompressor = self._coder(task, Direction.DECOMPRESS)
        compress = self._compression(compressor, task)
        subject = self._subject(task, compressor, compress, decompressor, packed)
        if not task.is_context_fresh:
            for direction in Direction:
                if WARM_UP_BELOW_NS <= iteration_ns[direction] < _FIRST_PASS_BELOW_NS:
                    self._board.begin(task.id, direction, self._limits.step_s)
                    for member in subject.members:
                        member.works[direction].time(self._timer, 1, WARM_UP_BELOW_NS)
        return (self._calibrate(subject, iteration_ns),)

    def _subject(
        self,
        task: Task,
        compressor: core.Coder,
        compress: core.Work,
        decompressor: core.Coder,
        packed: Sequence[Buffer],
    ) -> Subject:
        sources = core.Sources(packed)
        sizes = self._sources.sizes
        decompress = self._work(decompressor, sources, sizes, is_cold=task.is_cold)
        first = Member(
            (compressor, decompressor),
            (compress, decompress),
            (sources, self._sources),
        )
        others = (self._another(task, n, packed) for n in range(1, len(task.cpus)))
        name = self._codecs[task.codec].name
        return Subject(task, name, packed, (first, *others))

    def _another(self, task: Task, number: int, packed: Sequence[Buffer]) -> Member:
        """What another thread works with, none of it the first one's."""
        while len(self._seats) <= number:
            self._seats.append(_Seat(core.Sources(_copies(self._blocks))))
        seat = self._seats[number]
        sources = core.Sources(_copies(packed))
        compressor = self._coder(task, Direction.COMPRESS)
        decompressor = self._coder(task, Direction.DECOMPRESS)
        bounds = [compressor.bound_bytes(size) for size in seat.sources.sizes]
        works = [
            core.Work(
                coder,
                from_sources,
                capacities,
                seat.arenas[coder.direction],
                self._board.flag,
                is_cold=task.is_cold,
            )
            for coder, from_sources, capacities in (
                (compressor, seat.sources, bounds),
                (decompressor, sources, seat.sources.sizes),
            )
        ]
        for work, count in zip(works, map(len, (seat.sources, sources)), strict=True):
            for index in range(count):
                work.run_block(index)
        return Member(
            (compressor, decompressor), (works[0], works[1]), (sources, seat.sources)
        )

    def _calibrate(self, subject: Subject, pass_ns: tuple[float, float]) -> Calibrated:
        """Find the counts; the subject is ready then."""
        found = []
        target_ns = self._target_ns * (_CREW_TARGETS if subject.task.cpus else 1)
        for direction in Direction:
            # A pass this long is an epoch by itself, first call or not: 7.2 times the
            # usual time is the most that a first call was seen to take. A shorter one
            # may have been stalled, which all processes would then go by.
            if pass_ns[direction] >= max(10 * target_ns, _FIRST_PASS_BELOW_NS):
                found.append(Calibration(1, float(pass_ns[direction])))
                subject.park(direction)
                continue
            self._board.begin(subject.task.id, direction, self._limits.step_s)
            work = subject.first.works[direction]
            found.append(work.calibrate(self._timer, target_ns))
            subject.park(direction)
        subject.calibrations = (found[0], found[1])
        self._subjects[subject.task.id] = subject
        return Calibrated(subject.task.id, self.process, subject.calibrations)

    def _compression(self, compressor: core.Coder, task: Task) -> core.Work:
        bounds = [compressor.bound_bytes(size) for size in self._sources.sizes]
        return self._work(compressor, self._sources, bounds, is_cold=task.is_cold)

    def _work(
        self,
        coder: core.Coder,
        sources: core.Sources,
        capacities: Sequence[int],
        *,
        is_cold: bool = False,
    ) -> core.Work:
        return core.Work(
            coder,
            sources,
            capacities,
            self._seats[0].arenas[coder.direction],
            self._board.flag,
            is_cold=is_cold,
        )

    def _probe(self, coder: core.Coder) -> None:
        """Compress the beginning of a large first block, to foretell a pass."""
        first = self._sources.views[0]
        sure_bytes = int(self._limits.pass_s * _SLOWEST_BYTES_PER_S)
        probe_bytes = min(len(first) // _PROBE_SHARE, _PROBE_AT_MOST_BYTES, sure_bytes)
        if len(first) <= sure_bytes or not probe_bytes:
            return
        beginning = core.Sources([bytes(first[0:probe_bytes])])
        work = self._work(coder, beginning, [coder.bound_bytes(probe_bytes)])
        begin_s = time.monotonic()
        work.run_block(0)
        self._foretell(time.monotonic() - begin_s, probe_bytes, self._sources)

    def _foretell(self, used_s: float, done_bytes: int, sources: core.Sources) -> None:
        """Give up on a configuration whose pass would take too long."""
        if used_s < self._limits.pass_s * _FORETOLD_FROM_SHARE:
            return
        estimate_s = used_s * sources.total_bytes / max(1, done_bytes)
        left_s = self._until_s - time.monotonic()
        if estimate_s > self._limits.pass_s or estimate_s - used_s > left_s:
            mbps = self._sources.total_bytes / estimate_s / 1e6
            message = (
                f"one pass would take about {estimate_s:.1f} s ({mbps:.3g} MB/s), more "
                f"than a tenth of the budget or than what is left of it; raise "
                f"--budget or lower --max-input"
            )
            raise _TooSlowError(message)

    def _pass(self, work: core.Work, sources: core.Sources) -> int:
        """Run every block once, untimed by the loop; the time it took in ns."""
        begin_ns = time.monotonic_ns()
        done_bytes = 0
        for index, size in enumerate(sources.sizes):
            self._board.check()
            work.run_block(index)
            done_bytes += size
            used_s = (time.monotonic_ns() - begin_ns) / 1e9
            if index + 1 < len(sources):
                self._foretell(used_s, done_bytes, sources)
        return time.monotonic_ns() - begin_ns

    # ---- Measuring -----------------------------------------------------------------

    def round(
        self, number: int, visits: Sequence[Visit], *, until_s: float
    ) -> Iterator[Event]:
        """Time one epoch of each visit that still fits, in the given order."""
        dropped: set[int] = set()
        begin_s = None
        for visit in visits:
            self._board.check()
            if (
                visit.configuration in dropped
                or visit.cost_s > until_s - time.monotonic()
            ):
                continue
            # What a prelude takes is part of what the epoch behind it costs.
            begin_s = begin_s or time.monotonic()
            try:
                epoch = self._epoch(visit)
            except StoppedError:
                raise
            except (CodecError, MeasurementError, MemoryError) as error:
                dropped.add(visit.configuration)
                message = str(error) or _OUT_OF_MEMORY
                yield Dropped(visit.configuration, _FAILED, message)
                continue
            finally:
                self._board.end()
            if visit.is_prelude:
                continue
            used_s, begin_s = time.monotonic() - begin_s, None
            yield EpochMeasured(
                visit.configuration,
                visit.direction,
                number,
                epoch,
                self.process,
                used_s,
            )

    def _epoch(self, visit: Visit) -> Epoch:
        subject = self._subjects[visit.configuration]
        self._board.begin(visit.configuration, visit.direction, self._limits.step_s)
        epoch = subject.time(
            self._timer, visit.direction, visit.iteration_count, visit.pass_ns
        )
        subject.check(visit.direction)
        return epoch
