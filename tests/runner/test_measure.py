"""A run from plan to events, with the real core: what is said, in which order."""

import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from complab.codecs import specs
from complab.codecs.catalogue import Catalogue
from complab.core import Direction
from complab.plan import Plan, make_plan
from complab.results.model import FAILED, SKIPPED
from complab.runner.events import (
    Calibrated,
    Dropped,
    EpochMeasured,
    Event,
    Interrupted,
    RoundFinished,
    RoundStarted,
    Settled,
    Verified,
    WorkerStarted,
)
from complab.runner.measure import describe_blocks, measure

MakeSnappy = Callable[[int], Path]

_BLOCKS = (b"a payload " * 400, bytes(3000), b"of two blocks " * 300)


def plan_of(
    codecs: str,
    *,
    libraries: Sequence[str] = (),
    framing: str = "kafka",
    budget_s: float = 2.0,
    precision_pct: float = 1.0,
    seed: int = 0,
    worker_count: int = 0,
) -> Plan:
    """A plan for a codec list, as a sweep makes it; without workers unless asked."""
    catalogue = Catalogue.with_libraries(libraries)
    selections = specs.select(codecs, framing=framing, libraries=catalogue)
    return make_plan(
        selections,
        budget_s=budget_s,
        precision_pct=precision_pct,
        seed=seed,
        worker_count=worker_count,
    )


def number_of(plan: Plan, codec: str) -> int:
    """The configuration of a codec that the plan has once."""
    (number,) = (c.id for c in plan.configurations if c.codec == codec)
    return number


def dropped(events: Sequence[Event]) -> dict[int, Dropped]:
    """What was dropped, by configuration."""
    return {e.configuration: e for e in events if isinstance(e, Dropped)}


def measured(events: Sequence[Event]) -> Counter[tuple[int, Direction]]:
    """How many epochs each configuration had in each direction."""
    return Counter(
        (e.configuration, e.direction) for e in events if isinstance(e, EpochMeasured)
    )


def check_order(  # noqa: C901 - a grammar is a list of cases
    plan: Plan, events: Sequence[Event]
) -> None:
    """Hold events against the grammar that displays and results rely on."""
    verified: set[int] = set()
    out: set[int] = set()
    settled: set[tuple[int, Direction]] = set()
    in_round: set[tuple[int, Direction]] = set()
    round_number = promised = 0
    for position, event in enumerate(events):
        if isinstance(event, Interrupted):
            assert position == len(events) - 1
        elif isinstance(event, Verified):
            assert round_number == 0
            assert event.configuration not in verified | out
            verified.add(event.configuration)
        elif isinstance(event, Calibrated):
            assert event.configuration in verified - out
        elif isinstance(event, Dropped):
            assert event.configuration not in out
            assert (event.configuration in verified) == (round_number > 0)
            assert event.message
            out.add(event.configuration)
        elif isinstance(event, WorkerStarted):
            settled.clear()  # what is known in one process is not yet in the next
        elif isinstance(event, RoundStarted):
            assert len(in_round) <= promised
            round_number += 1
            assert event.number == round_number
            assert event.remaining_s > 0
            promised, in_round = event.epoch_count, set()
        elif isinstance(event, RoundFinished):
            assert event.number == round_number
        else:
            subject = (event.configuration, event.direction)
            assert event.configuration in verified - out
            assert subject not in settled
            if isinstance(event, Settled):
                assert isinstance(events[position - 1], RoundFinished | Settled)
                assert subject in in_round
                settled.add(subject)
            else:
                assert event.round == round_number
                assert subject not in in_round
                in_round.add(subject)
    if not isinstance(events[-1], Interrupted):
        assert verified | out == {c.id for c in plan.configurations}


# ---- What an undisturbed run says ---------------------------------------------------


@pytest.mark.parametrize("framing", ["kafka", "raw"])
def test_events_come_in_order(framing: str) -> None:
    """First every configuration is verified, then rounds hold its epochs."""
    plan = plan_of("zstd:1,3,gzip:1,lz4,memcpy", framing=framing)
    events = list(measure(plan, _BLOCKS))
    check_order(plan, events)
    assert not dropped(events)
    counts = measured(events)
    assert set(counts) == {(c.id, d) for c in plan.configurations for d in Direction}


def test_verified_tells_size_and_first_passes() -> None:
    """A verified configuration tells its compressed bytes and its first passes."""
    plan = plan_of("memcpy,zstd:1")
    events = list(measure(plan, _BLOCKS))
    verified = {e.configuration: e for e in events if isinstance(e, Verified)}
    assert verified[0].compressed_bytes == sum(map(len, _BLOCKS))
    assert verified[1].compressed_bytes < sum(map(len, _BLOCKS)) / 10
    assert all(min(event.warm_up_times_ns) > 0 for event in verified.values())


def test_epochs_hold_facts() -> None:
    """An epoch tells its time, its iterations, and the canary on both sides."""
    events = measure(plan_of("lz4:9"), _BLOCKS)
    epochs = [event.epoch for event in events if isinstance(event, EpochMeasured)]
    assert epochs
    for epoch in epochs:
        assert epoch.elapsed_ns > 0
        assert epoch.iteration_count >= 1
        assert epoch.canary_before_ns > 0
        assert epoch.canary_after_ns > 0


def test_iteration_count_stays_for_a_run() -> None:
    """All epochs of a direction have the same number of iterations."""
    plan = plan_of("lz4:9,zstd:1")
    counts: dict[tuple[int, Direction], set[int]] = {}
    for event in measure(plan, _BLOCKS):
        if isinstance(event, EpochMeasured):
            subject = (event.configuration, event.direction)
            counts.setdefault(subject, set()).add(event.epoch.iteration_count)
    assert {len(values) for values in counts.values()} == {1}


def test_codecs_take_turns() -> None:
    """Epochs of different codecs alternate, in orders that change between rounds."""
    plan = plan_of("lz4:9,gzip:1,zstd:1,memcpy", precision_pct=0.001)
    rounds: dict[int, list[tuple[int, Direction]]] = {}
    for event in measure(plan, _BLOCKS):
        if isinstance(event, EpochMeasured):
            subject = (event.configuration, event.direction)
            rounds.setdefault(event.round, []).append(subject)
    orders = {tuple(order) for order in rounds.values()}
    assert len(orders) > 1
    shared = [order for order in rounds.values() if len(order) > 1]
    assert shared
    assert all(one != other for order in shared for one, other in pairwise(order))


def test_one_byte_is_measured(needs: Callable[[str], None]) -> None:
    """A payload of one byte goes through every codec of Kafka's."""
    needs("snappy")
    plan = plan_of("none,gzip:1,snappy,lz4:9,zstd:1")
    events = list(measure(plan, [b"x"]))
    check_order(plan, events)
    assert not dropped(events)


# ---- What costs a row ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (1, "snappy: the codec failed to compress"),
        (0, "snappy: decompression does not give back what was compressed (batch 0, "),
    ],
)
def test_failing_codec_costs_its_row_alone(
    make_snappy: MakeSnappy, status: int, words: str
) -> None:
    """What fails its verification is dropped as failed; all others are measured."""
    plan = plan_of("lz4:9,snappy,zstd:1", libraries=[f"snappy={make_snappy(status)}"])
    events = list(measure(plan, _BLOCKS))
    check_order(plan, events)
    bad = number_of(plan, "snappy")
    found = dropped(events)
    assert set(found) == {bad}
    assert found[bad].status == FAILED
    assert words in found[bad].message
    good = {c.id for c in plan.configurations} - {bad}
    assert {number for number, _ in measured(events)} == good


@pytest.mark.parametrize(("is_named", "status"), [(True, FAILED), (False, SKIPPED)])
def test_missing_library_is_a_failure_if_it_was_named(
    is_named: bool, status: str
) -> None:
    """A codec without library is failed where it was named, skipped in a set."""
    here, gone = plan_of("lz4:9,gzip:1").configurations
    selections = (
        here.selection,
        replace(gone.selection, is_named=is_named, problem="it is not there"),
    )
    plan = make_plan(selections, budget_s=0.5)
    events = list(measure(plan, _BLOCKS))
    check_order(plan, events)
    assert dropped(events) == {1: Dropped(1, status, "it is not there")}
    assert {number for number, _ in measured(events)} == {0}


def test_slow_pass_is_skipped_by_its_estimate(batch_1m: bytes) -> None:
    """A pass that would take more than a tenth of the budget is told beforehand."""
    blocks = [batch_1m[:65536]] * 100
    plan = plan_of("brotli:11,memcpy", budget_s=4.0)
    events = list(measure(plan, blocks))
    check_order(plan, events)
    slow = dropped(events)[number_of(plan, "brotli")]
    assert slow.status == SKIPPED
    assert "one pass would take about" in slow.message
    assert "raise --budget or lower --max-input" in slow.message
    assert (number_of(plan, "memcpy"), Direction.COMPRESS) in measured(events)


def test_slow_pass_over_one_block_is_skipped_too(batch_1m: bytes) -> None:
    """A single block is foretold from its beginning."""
    plan = plan_of("brotli:11,memcpy", budget_s=1.0)
    events = list(measure(plan, [8 * batch_1m]))
    check_order(plan, events)
    assert "one pass would take" in dropped(events)[number_of(plan, "brotli")].message


def test_first_levels_are_verified_first() -> None:
    """Verification goes through the first level of each codec, then the second."""
    plan = plan_of("zstd:1-3,gzip:1,2,memcpy")
    begun = [e.configuration for e in measure(plan, _BLOCKS) if isinstance(e, Verified)]
    names = [plan.configurations[number].name for number in begun]
    assert names == ["zstd:1", "gzip:1", "memcpy", "zstd:2", "gzip:2", "zstd:3"]


def test_verification_ends_with_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has had no turn when verification's share is spent is told so."""
    monkeypatch.setattr("complab.runner.measure.PREPARATION_SHARE_AT_MOST", 0.0)
    plan = plan_of("zstd:1-3,memcpy")
    events = list(measure(plan, _BLOCKS))
    check_order(plan, events)
    found = dropped(events)
    assert len(found) == len(events) == len(plan.configurations)
    assert {event.status for event in found.values()} == {SKIPPED}
    assert all("took half of the budget" in event.message for event in found.values())


# ---- Budget -------------------------------------------------------------------------


def test_budget_is_kept() -> None:
    """No epoch begins after the budget is spent.

    The bound is many times the budget: this is no test of how fast the machine is.
    """
    begin_s = time.monotonic()
    plan = plan_of("lz4:9,zstd:1", budget_s=0.5, precision_pct=0.001)
    events = list(measure(plan, _BLOCKS))
    assert time.monotonic() - begin_s < 10.0
    assert all(e.remaining_s > 0 for e in events if isinstance(e, RoundStarted))
    assert not any(isinstance(event, Settled) for event in events)


def test_what_is_known_ends_the_run() -> None:
    """A run whose rows are all known well enough ends before its budget."""
    plan = plan_of("lz4:9", budget_s=50.0, precision_pct=50.0)
    events = list(measure(plan, _BLOCKS))
    settled = {(e.configuration, e.direction) for e in events if isinstance(e, Settled)}
    assert settled == {(0, direction) for direction in Direction}


# ---- Ctrl-C -------------------------------------------------------------------------


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Python's own handler of SIGINT, whatever the tests were started with."""
    earlier = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, earlier)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("kind", [Verified, RoundStarted, EpochMeasured])
def test_interrupt_while_an_event_is_handled(kind: type[Event]) -> None:
    """Ctrl-C in a display or a result that takes an event in loses nothing."""
    plan = plan_of("lz4:9,zstd:1", budget_s=50.0, precision_pct=0.001)
    events = []
    try:
        for event in measure(plan, _BLOCKS):
            events.append(event)
            if isinstance(event, kind):
                signal.raise_signal(signal.SIGINT)
    except KeyboardInterrupt:
        pytest.fail("the exception took everything with it")
    check_order(plan, events)
    assert isinstance(events[-1], Interrupted)
    assert sum(isinstance(event, kind) for event in events) == 1


@pytest.mark.usefixtures("interruptible")
def test_second_interrupt_is_meant() -> None:
    """Who presses Ctrl-C twice wants out, whatever is lost."""
    events = measure(plan_of("lz4:9", budget_s=50.0), _BLOCKS)
    next(events)
    signal.raise_signal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


@pytest.mark.usefixtures("interruptible")
def test_handler_is_put_back() -> None:
    """After a run SIGINT is handled as before, and no thread is left."""
    list(measure(plan_of("lz4:9"), _BLOCKS))
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.set_wakeup_fd(-1) == -1


# ---- Words --------------------------------------------------------------------------


def test_blocks_are_described() -> None:
    """One block is told by its size, several by their number, sum and median."""
    assert describe_blocks([bytes(1500)]) == "1 batch of 1,500 bytes"
    assert describe_blocks(_BLOCKS) == "3 batches, 11,200 bytes, median 4,000"
