"""Runs a plan: verify, calibrate, warm up, interleaved rounds; told as events.

What is measured when, and when it is enough, is decided here; the measuring itself is
done by a ``Bench`` in this process or by ``Workers`` in fresh ones. A configuration
that fails costs its own row alone.
"""

import math
import os
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, Self

from complab import core
from complab.core import Calibration, Direction
from complab.errors import StoppedError
from complab.plan import (
    EPOCHS_AT_MOST,
    PREPARATION_SHARE_AT_MOST,
    WARM_UP_BELOW_NS,
    Configuration,
    Plan,
)
from complab.results.model import FAILED, SKIPPED
from complab.runner.bench import Bench, Limits, Visit
from complab.runner.board import Board
from complab.runner.events import (
    Calibrated,
    Dropped,
    EpochMeasured,
    Event,
    Interrupted,
    RoundFinished,
    RoundStarted,
    Settled,
)
from complab.runner.interrupt import StopFlag
from complab.runner.schedule import Entry, next_round
from complab.runner.subject import Task
from complab.runner.workers import Workers
from complab.stats import estimate_median
from complab.units import format_bytes

# What is kept of the budget for ending (deriving, saving, printing): so much, and of a
# small budget no more than a tenth; and so much for each epoch, since all are sorted
# and saved (16 us were seen with ten programs at work on two cores).
_RESERVE_AT_MOST_S = 0.3
_RESERVE_SHARE = 0.1
_RESERVE_PER_EPOCH_S = 15e-6

# An interval is looked at after each so many epochs; sorting at every one would cost
# more than the epoch itself once there are hundreds.
_SETTLE_EVERY = 8


class _Executor(Protocol):
    """What measures: a bench here, or workers."""

    @property
    def process(self) -> int:
        """The number of the process that measures."""

    def prepare(
        self, tasks: Sequence[Task], *, until_s: float, by_s: float
    ) -> Iterator[Event]:
        """Verify and calibrate."""

    def round(
        self, number: int, visits: Sequence[Visit], *, until_s: float
    ) -> Iterator[Event]:
        """Time an epoch of each."""

    def close(self) -> None:
        """Let go of everything."""


def measure(
    plan: Plan,
    blocks: Sequence[bytes],
    *,
    started_s: float | None = None,
    earlier: Sequence[Event] = (),
) -> Iterator[Event]:
    """Run the plan over the blocks and tell what happens, until the budget is spent.

    The budget counts from ``started_s`` of the monotonic clock, from now unless given.
    ``earlier`` are the events of the same run before it broke off: what failed is not
    tried again, and the time of its epochs is spent. Ctrl-C ends the run with
    ``Interrupted``; errors of codecs are ``Dropped`` events. ``MeasurementError`` if
    workers end again and again while no codec runs.
    """
    began_s = time.monotonic() if started_s is None else started_s
    past = Past.of(earlier)
    if past.used_s >= plan.budget_s:
        return
    places = _libraries(plan)
    tasks = [
        _task(configuration, places)
        for configuration in plan.verification_order
        if not configuration.selection.problem and configuration.id not in past.failed
    ]
    limits = Limits(plan.pass_s, plan.step_s, plan.flight_period_ns)
    workers = None
    if plan.worker_count:
        named = [(library.kind.index, _files(library)) for library in places]
        workers = Workers(
            blocks,
            tasks,
            named,
            limits,
            memory_limit_bytes=plan.memory_limit_bytes,
            first_process=past.process_count,
        )
    board = workers.board if workers else Board()
    with StopFlag(board):
        opened = list(places)
        executor: _Executor = workers or Bench(
            blocks, opened.__getitem__, board, limits, process=past.process_count
        )
        try:
            run = _Run(plan, tasks, executor, workers, began_s=began_s, past=past)
            yield from run.events()
        except (KeyboardInterrupt, StoppedError):
            yield Interrupted()
        finally:
            executor.close()


def _libraries(plan: Plan) -> dict[core.Library, int]:
    """Every library of the plan, with its place among them."""
    providers = (each.selection.provider for each in plan.configurations)
    found = (p.library for p in providers if p is not None and p.library is not None)
    return {library: place for place, library in enumerate(dict.fromkeys(found))}


def _files(library: core.Library) -> tuple[str, ...]:
    """The files that another process must open to have the same library."""
    return tuple(dict.fromkeys(library.paths))


def _task(configuration: Configuration, places: dict[core.Library, int]) -> Task:
    selection = configuration.selection
    library = selection.provider.library if selection.provider else None
    return Task(
        id=configuration.id,
        codec=selection.codec.index,
        library=None if library is None else places[library],
        level=configuration.native_level,
        is_context_fresh=configuration.is_context_fresh,
        is_size_known=configuration.is_size_known,
        is_cold=configuration.is_cold,
        cpus=_cpus(configuration.thread_count),
        writing=configuration.writing,
    )


def _cpus(thread_count: int) -> Sequence[int]:
    """A CPU for each thread; none for a single one, which the scheduler may place."""
    if thread_count == 1:
        return ()
    return sorted(os.sched_getaffinity(0))[:thread_count]


@dataclass(slots=True)
class Past:
    """What a run had done before it broke off; nothing, for one that begins."""

    used_s: float = 0.0
    round_count: int = 0
    process_count: int = 0
    failed: set[int] = field(default_factory=set)
    spent: dict[tuple[int, Direction], tuple[float, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, events: Sequence[Event]) -> Self:
        """Add up what the events tell."""
        past = cls()
        for event in events:
            if isinstance(event, EpochMeasured):
                key = event.configuration, event.direction
                spent_s, count = past.spent.get(key, (0.0, 0))
                past.spent[key] = spent_s + event.used_s, count + 1
                past.used_s += event.used_s
                past.round_count = max(past.round_count, event.round)
                past.process_count = max(past.process_count, event.process + 1)
            elif isinstance(event, Dropped) and event.status == FAILED:
                past.failed.add(event.configuration)
        return past


class _Run:
    """One run of a plan: the time that is left, and what each entry has had of it."""

    def __init__(
        self,
        plan: Plan,
        tasks: Sequence[Task],
        executor: _Executor,
        workers: Workers | None,
        *,
        began_s: float,
        past: Past,
    ) -> None:
        self._plan = plan
        self._past = past
        self._tasks = tasks
        self._executor = executor
        self._workers = workers
        reserve_s = min(_RESERVE_AT_MOST_S, plan.budget_s * _RESERVE_SHARE)
        self._end_s = began_s + plan.budget_s - past.used_s - reserve_s
        self._random = random.Random(plan.seed)  # noqa: S311 - reproducible shuffles
        self._entries: dict[tuple[int, Direction], Entry] = {}
        self._times: dict[tuple[int, Direction], list[float]] = {}
        self._counts: dict[tuple[int, Direction], int] = {}
        self._iteration_ns: dict[tuple[int, Direction], float] = {}
        # In each of n processes an interval may be the root of n wider than in all.
        turn_count = max(1, plan.worker_count)
        self._precision_pct = plan.precision_pct * math.sqrt(turn_count)
        self._epochs_at_most = EPOCHS_AT_MOST // turn_count

    def _until_s(self) -> float:
        """When the measuring must be over, for the run to end within its budget."""
        count = sum(entry.epoch_count for entry in self._entries.values())
        return self._end_s - count * _RESERVE_PER_EPOCH_S

    def _left_s(self) -> float:
        return self._until_s() - time.monotonic()

    def events(self) -> Iterator[Event]:
        for configuration in self._plan.configurations:
            problem = configuration.selection.problem
            if problem and configuration.id not in self._past.failed:
                status = FAILED if configuration.selection.is_named else SKIPPED
                yield Dropped(configuration.id, status, problem)
        if self._workers:
            yield from self._workers.open(until_s=self._until_s())
        by_s = time.monotonic() + self._left_s() * PREPARATION_SHARE_AT_MOST
        yield from self._noted(
            self._executor.prepare(self._tasks, until_s=self._until_s(), by_s=by_s)
        )
        yield from self._turns()

    def _turns(self) -> Iterator[Event]:
        """The rounds, an equal part of the time in each process."""
        past_share = self._past.used_s / self._plan.budget_s
        turn_count = max(1, round(self._plan.worker_count * (1 - past_share)))
        begin_s, part_s = time.monotonic(), self._left_s() / turn_count
        number = self._past.round_count
        for turn in range(turn_count):
            if turn and self._workers is not None:
                if self._left_s() <= 0:
                    return
                yield from self._noted(self._workers.renew(until_s=self._until_s()))
                self._times.clear()
                for entry in self._entries.values():
                    entry.is_settled = False
            turn_until_s = begin_s + part_s * (turn + 1)
            is_last = turn + 1 == turn_count
            while is_last or time.monotonic() < turn_until_s:
                left_s = self._left_s()
                chosen = next_round(
                    list(self._entries.values()),
                    elapsed_s=self._past.used_s + time.monotonic() - begin_s,
                    remaining_s=left_s,
                    shuffle=self._random.shuffle,
                )
                if not chosen:
                    break
                number += 1
                yield RoundStarted(number, len(chosen), left_s)
                yield from self._round(number, chosen)

    def _round(self, number: int, chosen: Sequence[Entry]) -> Iterator[Event]:
        begin_s = time.monotonic()
        visits = list(self._visits(chosen))
        yield from self._noted(
            self._executor.round(number, visits, until_s=self._until_s())
        )
        used_s = time.monotonic() - begin_s
        yield RoundFinished(number, self._executor.process, used_s)
        for entry in chosen:
            # A pair is known when its difference is, which the run cannot tell.
            if entry.pair is not None:
                continue
            key = entry.configuration, Direction(entry.direction)
            if self._is_known(self._times.get(key, [])) and not entry.is_settled:
                entry.is_settled = True
                yield Settled(*key)

    def _visits(self, chosen: Sequence[Entry]) -> Iterator[Visit]:
        """What a round does: an epoch of each entry; a quick pair is visited as ABBA.

        The first of a visit follows whatever the round did before it, and was seen 5 %
        slower than the second in spite of its untimed iteration. So an epoch that
        nobody is told of goes ahead, and each of the pair is first and last once.
        """
        rest = list(chosen)
        while rest:
            entry = rest.pop(0)
            is_pair = entry.pair is not None and rest and _is_pair(entry, rest[0])
            if not is_pair:
                yield self._visit(entry)
                continue
            # Warmed up are both or neither. One of them is of a pass just too long for
            # that, or its calibration was stalled: it was seen 5 % slower, run-long.
            pass_ns = max(map(self._pass_ns, (entry, rest[0])))
            first, second = (
                replace(self._visit(each), pass_ns=pass_ns)
                for each in (entry, rest.pop(0))
            )
            if pass_ns < WARM_UP_BELOW_NS:
                yield replace(second, is_prelude=True)
                yield from (first, second, second, first)
            else:
                yield from (first, second)

    def _visit(self, entry: Entry) -> Visit:
        count = self._shared_count(entry)
        direction = Direction(entry.direction)
        return Visit(entry.configuration, direction, entry.cost_s, count)

    def _pass_ns(self, entry: Entry) -> float:
        return self._iteration_ns[entry.configuration, Direction(entry.direction)]

    def _shared_count(self, entry: Entry) -> int:
        """The larger iteration count of a pair, for both; 0 for who is in none.

        The first iteration of an epoch is not quite like the others: of one codec, a
        count of 1 was seen 5.8 % slower than a count of 2.
        """
        if entry.pair is None:
            return 0
        direction = Direction(entry.direction)
        both = self._plan.pairs[entry.pair]
        return max(self._counts.get((each, direction), 0) for each in both)

    def _noted(self, events: Iterator[Event]) -> Iterator[Event]:
        """The same events, once what they say is kept."""
        for event in events:
            if isinstance(event, Calibrated):
                self._calibrated(event)
            elif isinstance(event, Dropped):
                for direction in Direction:
                    self._entries.pop((event.configuration, direction), None)
            elif isinstance(event, EpochMeasured):
                self._measured(event)
            yield event

    def _calibrated(self, event: Calibrated) -> None:
        for direction in Direction:
            key = event.configuration, direction
            calibration = event.calibrations[direction]
            self._counts[key] = calibration.iteration_count
            self._iteration_ns[key] = calibration.iteration_ns
            if key not in self._entries:
                pair = self._plan.pair_of(event.configuration)
                spent_s, count = self._past.spent.get(key, (0.0, 0))
                cost_s = _cost_s(calibration)
                self._entries[key] = Entry(*key, cost_s, spent_s, count, pair=pair)

    def _measured(self, event: EpochMeasured) -> None:
        key = event.configuration, event.direction
        entry = self._entries[key]
        entry.spent_s += event.used_s
        entry.epoch_count += 1
        # What it really takes, which on a busy machine is more than calibration saw.
        entry.cost_s = entry.spent_s / entry.epoch_count
        epoch = event.epoch
        times = self._times.setdefault(key, [])
        times.append((epoch.elapsed_ns - epoch.stalled_ns) / epoch.iteration_count)

    def _is_known(self, times: Sequence[float]) -> bool:
        if len(times) >= self._epochs_at_most:
            return True
        if len(times) < 2 * _SETTLE_EVERY or len(times) % _SETTLE_EVERY:
            return False
        estimate = estimate_median(times)
        return estimate is not None and estimate.error_pct <= self._precision_pct


def _is_pair(one: Entry, other: Entry) -> bool:
    return (one.pair, one.direction) == (other.pair, other.direction)


def _cost_s(calibration: Calibration) -> float:
    """What an epoch takes with the untimed iteration and the comparison."""
    is_warmed = calibration.iteration_ns < WARM_UP_BELOW_NS
    iterations = calibration.iteration_count + is_warmed
    return iterations * calibration.iteration_ns / 1e9 * 1.02 + 2e-4


def describe_blocks(blocks: Sequence[bytes]) -> str:
    """How many blocks of what sizes: for progress and tables."""
    sizes = sorted(map(len, blocks))
    total = format_bytes(sum(sizes))
    if len(sizes) == 1:
        return f"1 batch of {total} bytes"
    middle = format_bytes(sizes[len(sizes) // 2])
    return f"{len(sizes):,} batches, {total} bytes, median {middle}"
