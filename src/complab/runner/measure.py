"""Measures a plan in this process: verify, calibrate, warm up, rounds.

Every output is compared with the input, outside the timer: the first pass of each
configuration (verification), and what each timed epoch left behind. A configuration
that fails costs its own row alone. The events are the interface; worker processes will
speak the same.
"""

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from complab import core
from complab.core import Direction, Epoch
from complab.errors import (
    CodecError,
    MeasurementError,
    RoundTripMismatchError,
    StoppedError,
)
from complab.plan import (
    EPOCHS_AT_MOST,
    PREPARATION_SHARE_AT_MOST,
    SHARE_OF_BUDGET_AT_MOST,
    WARM_UP_BELOW_NS,
    Configuration,
    Plan,
    epoch_target_ns,
)
from complab.results.model import FAILED, SKIPPED
from complab.runner.events import (
    Dropped,
    EpochMeasured,
    Event,
    Interrupted,
    RoundStarted,
    Settled,
    Verified,
)
from complab.runner.interrupt import StopFlag
from complab.runner.schedule import Entry, next_round
from complab.stats import estimate_median
from complab.units import format_bytes

# A pass over one large block is foretold from its beginning: an eighth, and no more
# than this, so that it does not run away before anything is known of the speed.
_PROBE_SHARE = 8
_PROBE_AT_MOST_BYTES = 1 << 20

# What passes in time at this speed needs no foretelling: the slowest levels that were
# seen (zstd from 15 in a fresh context, brotli 11) do 0.4 MB a second.
_SLOWEST_BYTES_PER_S = 3e5

# What is kept of the budget for ending (comparing, deriving, printing): so much at
# most, and of a small budget no more than a tenth.
_RESERVE_AT_MOST_S = 0.3
_RESERVE_SHARE = 0.1

# An interval is looked at after each so many epochs; sorting at every one would cost
# more than the epoch itself once there are hundreds.
_SETTLE_EVERY = 8


@dataclass(slots=True)
class _Subject:
    """A configuration with its coders, its works and what its outputs must be."""

    configuration: Configuration
    works: tuple[core.Work, core.Work]
    expected: tuple[core.Sources, core.Sources]
    calibrations: list[core.Calibration] = field(default_factory=list)
    times: tuple[list[float], list[float]] = field(default_factory=lambda: ([], []))


class _TooSlowError(Exception):
    """A single pass would exceed the configuration's share; says the estimate."""


def measure(plan: Plan, blocks: Sequence[bytes]) -> Iterator[Event]:
    """Run the plan over the blocks and tell what happens, until the budget is spent.

    Ctrl-C ends it with ``Interrupted``; errors of codecs are ``Dropped`` events.
    """
    with StopFlag() as stop:
        try:
            yield from _Run(plan, blocks, stop).events()
        except (KeyboardInterrupt, StoppedError):
            yield Interrupted()


class _Run:
    """One run of a plan: the shared buffers, the clock and the time that is left."""

    def __init__(self, plan: Plan, blocks: Sequence[bytes], stop: StopFlag) -> None:
        self._started_s = time.monotonic()
        self._plan = plan
        self._stop = stop
        self._sources = core.Sources(blocks)
        self._arenas = (core.Arena(), core.Arena())
        self._timer = core.Timer.measured(warm_up_below_ns=WARM_UP_BELOW_NS)
        self._target_ns = epoch_target_ns(self._timer.facts)
        self._random = random.Random(plan.seed)  # noqa: S311 - reproducible shuffles
        self._reserve_s = min(_RESERVE_AT_MOST_S, plan.budget_s * _RESERVE_SHARE)
        self._share_s = plan.budget_s * SHARE_OF_BUDGET_AT_MOST

    def _left_s(self) -> float:
        used_s = time.monotonic() - self._started_s
        return self._plan.budget_s - self._reserve_s - used_s

    def events(self) -> Iterator[Event]:
        subjects: dict[int, _Subject] = {}
        prepared_by_s = self._plan.budget_s * PREPARATION_SHARE_AT_MOST
        for configuration in self._plan.verification_order:
            self._stop.check()
            if configuration.selection.problem:
                status = FAILED if configuration.selection.is_named else SKIPPED
                problem = configuration.selection.problem
                yield Dropped(configuration.id, status, problem)
                continue
            if time.monotonic() - self._started_s > prepared_by_s:
                message = (
                    "the rows before it took half of the budget to verify; raise "
                    "--budget or lower --max-input"
                )
                yield Dropped(configuration.id, SKIPPED, message)
                continue
            try:
                subject, verified = self._prepare(configuration)
            except StoppedError:
                raise
            except _TooSlowError as error:
                yield Dropped(configuration.id, SKIPPED, str(error))
                continue
            except (CodecError, MeasurementError, MemoryError) as error:
                yield Dropped(configuration.id, FAILED, str(error) or "out of memory")
                continue
            subjects[configuration.id] = subject
            yield verified
        yield from self._rounds(subjects)

    # ---- Verification and calibration -------------------------------------------

    def _coder(self, configuration: Configuration, direction: Direction) -> core.Coder:
        provider = configuration.selection.provider
        return core.Coder(
            configuration.selection.codec,
            provider.library if provider else None,
            direction,
            level=configuration.level or 0,
            is_context_fresh=configuration.is_context_fresh,
            is_size_known=configuration.is_size_known,
        )

    def _prepare(self, configuration: Configuration) -> tuple[_Subject, Verified]:
        """Compress and decompress everything once, compare, and calibrate both."""
        compressor = self._coder(configuration, Direction.COMPRESS)
        decompressor = self._coder(configuration, Direction.DECOMPRESS)
        self._probe(compressor)
        bounds = [compressor.bound_bytes(size) for size in self._sources.sizes]
        compress = self._work(compressor, self._sources, bounds)
        compress_ns = self._pass(compress, self._sources)
        packed = core.Sources(compress.output(i) for i in range(len(self._sources)))
        decompress = self._work(decompressor, packed, self._sources.sizes)
        decompress_ns = self._pass(decompress, packed)
        subject = _Subject(
            configuration, (compress, decompress), (packed, self._sources)
        )
        self._compare(subject, Direction.DECOMPRESS)
        for work, pass_ns in zip(
            subject.works, (compress_ns, decompress_ns), strict=True
        ):
            # A pass this long is an epoch by itself, first call or not: 7.2 times the
            # usual time is the most that a first call was seen to take.
            if pass_ns >= 10 * self._target_ns:
                calibration = core.Calibration(1, float(pass_ns))
            else:
                calibration = work.calibrate(self._timer, self._target_ns)
            subject.calibrations.append(calibration)
        return subject, Verified(
            configuration.id,
            packed.total_bytes,
            (compress_ns, decompress_ns),
            (compressor.memory_bytes, decompressor.memory_bytes),
        )

    def _work(
        self, coder: core.Coder, sources: core.Sources, capacities: Sequence[int]
    ) -> core.Work:
        arena = self._arenas[coder.direction]
        return core.Work(coder, sources, capacities, arena, self._stop.flag)

    def _probe(self, coder: core.Coder) -> None:
        """Compress the beginning of a large first block, to foretell a pass."""
        first = self._sources.views[0]
        probe_bytes = min(len(first) // _PROBE_SHARE, _PROBE_AT_MOST_BYTES)
        if len(first) / _SLOWEST_BYTES_PER_S <= self._share_s or not probe_bytes:
            return
        beginning = core.Sources([bytes(first[0:probe_bytes])])
        work = self._work(coder, beginning, [coder.bound_bytes(probe_bytes)])
        begin_s = time.monotonic()
        work.run_block(0)
        self._foretell(time.monotonic() - begin_s, probe_bytes, self._sources)

    def _foretell(self, used_s: float, done_bytes: int, sources: core.Sources) -> None:
        """Give up on a configuration whose pass would take too long."""
        estimate_s = used_s * sources.total_bytes / max(1, done_bytes)
        if estimate_s > self._share_s or estimate_s - used_s > self._left_s():
            mbps = self._sources.total_bytes / estimate_s / 1e6
            message = (
                f"one pass would take about {estimate_s:.1f} s ({mbps:.2g} MB/s), more "
                f"than a tenth of the budget or than what is left of it; raise "
                f"--budget or lower --max-input"
            )
            raise _TooSlowError(message)

    def _pass(self, work: core.Work, sources: core.Sources) -> int:
        """Run every block once, untimed by the loop; the time it took in ns."""
        begin_ns = time.monotonic_ns()
        done_bytes = 0
        for index, size in enumerate(sources.sizes):
            self._stop.check()
            work.run_block(index)
            done_bytes += size
            used_s = (time.monotonic_ns() - begin_ns) / 1e9
            if index + 1 < len(sources):
                self._foretell(used_s, done_bytes, sources)
        return time.monotonic_ns() - begin_ns

    def _compare(self, subject: _Subject, direction: Direction) -> None:
        difference = subject.works[direction].first_difference(
            subject.expected[direction]
        )
        if difference is None:
            return
        if direction is Direction.COMPRESS:
            what = "a timed compression wrote other bytes than the verified one"
        else:
            what = "decompression does not give back what was compressed"
        raise RoundTripMismatchError(
            what,
            codec=subject.configuration.codec,
            block_index=difference[0],
            byte_offset=difference[1],
        )

    # ---- Rounds -----------------------------------------------------------------

    def _rounds(self, subjects: dict[int, _Subject]) -> Iterator[Event]:
        entries = [
            Entry(number, direction, self._cost_s(subject.calibrations[direction]))
            for number, subject in subjects.items()
            for direction in Direction
        ]
        begin_s = time.monotonic()
        round_number = 0
        while chosen := next_round(
            entries,
            elapsed_s=time.monotonic() - begin_s,
            remaining_s=self._left_s(),
            shuffle=self._random.shuffle,
        ):
            round_number += 1
            yield RoundStarted(round_number, len(chosen), self._left_s())
            for entry in chosen:
                self._stop.check()
                if entry.is_settled or entry.cost_s > self._left_s():
                    continue
                yield from self._one(subjects, entries, entry, round_number)

    @staticmethod
    def _cost_s(calibration: core.Calibration) -> float:
        """What an epoch takes with the untimed iteration and the comparison."""
        is_warmed = calibration.iteration_ns < WARM_UP_BELOW_NS
        iterations = calibration.iteration_count + is_warmed
        return iterations * calibration.iteration_ns / 1e9 * 1.02 + 2e-4

    def _one(
        self,
        subjects: dict[int, _Subject],
        entries: Sequence[Entry],
        entry: Entry,
        round_number: int,
    ) -> Iterator[Event]:
        subject = subjects[entry.configuration]
        direction = Direction(entry.direction)
        begin_s = time.monotonic()
        try:
            epoch = self._epoch(subject, direction)
        except StoppedError:
            raise
        except (CodecError, MeasurementError) as error:
            for other in entries:
                if other.configuration == entry.configuration:
                    other.is_settled = True
            yield Dropped(entry.configuration, FAILED, str(error))
            return
        entry.spent_s += time.monotonic() - begin_s
        entry.epoch_count += 1
        # What it really takes, which on a busy machine is more than calibration saw.
        entry.cost_s = entry.spent_s / entry.epoch_count
        yield EpochMeasured(entry.configuration, direction, round_number, epoch)
        if self._is_known(subject.times[direction]):
            entry.is_settled = True
            yield Settled(entry.configuration, direction)

    def _epoch(self, subject: _Subject, direction: Direction) -> Epoch:
        work, calibration = subject.works[direction], subject.calibrations[direction]
        epoch = work.time(
            self._timer, calibration.iteration_count, calibration.iteration_ns
        )
        self._compare(subject, direction)
        subject.times[direction].append(epoch.elapsed_ns / epoch.iteration_count)
        return epoch

    def _is_known(self, times: Sequence[float]) -> bool:
        if len(times) >= EPOCHS_AT_MOST:
            return True
        if len(times) < 2 * _SETTLE_EVERY or len(times) % _SETTLE_EVERY:
            return False
        estimate = estimate_median(times)
        return estimate is not None and estimate.error_pct <= self._plan.precision_pct


def describe_blocks(blocks: Sequence[bytes]) -> str:
    """How many blocks of what sizes: for progress and tables."""
    sizes = sorted(map(len, blocks))
    total = format_bytes(sum(sizes))
    if len(sizes) == 1:
        return f"1 batch of {total} bytes"
    middle = format_bytes(sizes[len(sizes) // 2])
    return f"{len(sizes):,} batches, {total} bytes, median {middle}"
