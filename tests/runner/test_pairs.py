"""Configurations that are compared: side by side in each round, with equal counts."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from complab.codecs import specs
from complab.codecs.catalogue import Catalogue
from complab.core import Calibration, Direction
from complab.plan import Plan, make_plan
from complab.runner.bench import Bench, Visit
from complab.runner.events import Calibrated, EpochMeasured, Event, Settled
from complab.runner.measure import measure
from complab.runner.schedule import Entry, next_round


def rounds_of(entries: list[Entry], budget_s: float) -> list[list[int]]:
    """The rounds that a budget is spent on."""
    shuffle = random.Random(1).shuffle
    rounds = []
    elapsed_s = 0.0
    while chosen := next_round(
        entries,
        elapsed_s=elapsed_s,
        remaining_s=budget_s - elapsed_s,
        shuffle=shuffle,
    ):
        rounds.append([entry.configuration for entry in chosen])
        for entry in chosen:
            elapsed_s += entry.cost_s
            entry.spent_s += entry.cost_s
            entry.epoch_count += 1
    return rounds


def test_both_of_a_pair_or_neither() -> None:
    """A pair of unequal costs stays together beside other entries, in either order."""
    entries = [
        Entry(0, 0, 0.01, pair=0),
        Entry(1, 0, 0.013, pair=0),
        Entry(2, 0, 0.001),
        Entry(3, 0, 0.2, pair=1),
        Entry(4, 0, 0.15, pair=1),
    ]
    rounds = rounds_of(entries, 10.0)
    orders = set()
    for members in rounds:
        for pair in ((0, 1), (3, 4)):
            assert (pair[0] in members) == (pair[1] in members)
            if pair[0] in members:
                places = [members.index(each) for each in pair]
                assert abs(places[0] - places[1]) == 1
                orders.add((pair, places[0] < places[1]))
    assert len(orders) == 4
    assert sum(3 in members for members in rounds) > 5


def test_what_is_left_of_a_pair_goes_on() -> None:
    """Where one of a pair has failed, the other is measured alone."""
    entries = [Entry(0, 0, 0.01, pair=0)]
    assert all(members == [0] for members in rounds_of(entries, 0.2))


def paired_plan(worker_count: int) -> Plan:
    """zstd 1 against 2, and lz4 against snappy, where they are to be had."""
    text = "zstd:1,2,lz4:1,snappy"
    selections = specs.select(text, framing="kafka", libraries=Catalogue())
    problems = [s.problem for s in selections if s.problem]
    if problems:
        pytest.skip(problems[0])
    plan = make_plan(selections, budget_s=3.0, worker_count=worker_count)
    return replace(plan, pairs=((0, 1), (2, 3)))


@pytest.mark.parametrize("worker_count", [0, 2])
def test_pairs_in_a_real_run(worker_count: int, batch_16k: bytes) -> None:
    """Both of a pair have their epochs in the same rounds, of equal iteration counts.

    The count of a process is the larger of the two that were calibrated there.
    """
    plan = paired_plan(worker_count)
    rounds = defaultdict(list)
    counts = defaultdict(set)
    calibrated = {}
    for event in measure(plan, [batch_16k]):
        assert not isinstance(event, Settled)
        if isinstance(event, EpochMeasured):
            key = event.configuration, event.direction
            rounds[key].append((event.process, event.round))
            counts[*key, event.process].add(event.epoch.iteration_count)
        elif isinstance(event, Calibrated):
            for direction in Direction:
                key = event.configuration, direction
                found = event.calibrations[direction].iteration_count
                calibrated[*key, event.process] = found
    for a, b in plan.pairs:
        for direction in Direction:
            first, second = rounds[a, direction], rounds[b, direction]
            # The budget may end between the two; a quick pair is visited twice.
            assert abs(len(first) - len(second)) <= 1
            assert len(first) > 5
            assert len(set(first) ^ set(second)) <= 1
            assert max(Counter(first).values()) == 2
            for process in range(max(1, worker_count)):
                larger = max(calibrated[each, direction, process] for each in (a, b))
                for each in (a, b):
                    assert counts[each, direction, process] == {larger}


def test_both_of_a_pair_are_warmed_up_or_neither(
    batch_16k: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a stall made the pass of one look long, the other is treated alike."""
    stalled = Calibration(1, 12e6)
    prepare, measure_round = Bench.prepare, Bench.round
    seen: list[Visit] = []

    def prepared(bench: Bench, *words: object, **named: object) -> Iterator[Event]:
        for event in prepare(bench, *words, **named):  # type: ignore[arg-type]
            if isinstance(event, Calibrated) and event.configuration == 0:
                yield replace(event, calibrations=(stalled, event.calibrations[1]))
            else:
                yield event

    def rounded(
        bench: Bench, number: int, visits: Sequence[Visit], *, until_s: float
    ) -> Iterator[Event]:
        seen.extend(visits)
        return measure_round(bench, number, visits, until_s=until_s)

    monkeypatch.setattr(Bench, "prepare", prepared)
    monkeypatch.setattr(Bench, "round", rounded)
    list(measure(replace(paired_plan(0), budget_s=1.0), [batch_16k]))
    told = {
        (visit.configuration, visit.direction): visit.pass_ns
        for visit in seen
        if not visit.is_prelude
    }
    assert told[0, Direction.COMPRESS] == told[1, Direction.COMPRESS] == 12e6
    for direction in Direction:
        assert 0 < told[2, direction] == told[3, direction] < 10e6
    preludes = {(v.configuration, v.direction) for v in seen if v.is_prelude}
    assert (0, Direction.COMPRESS) not in preludes
    assert (1, Direction.COMPRESS) not in preludes
    assert (0, Direction.DECOMPRESS) in preludes


def test_a_stalled_pass_is_not_taken_for_a_long_one(
    batch_16k: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Below a tenth of a second it is read again, before all processes go by it."""
    run_pass = Bench._pass

    def stalled(bench: Bench, *words: object) -> int:
        run_pass(bench, *words)  # type: ignore[arg-type]
        return 50_000_000

    monkeypatch.setattr(Bench, "_pass", stalled)
    events = list(measure(replace(paired_plan(0), budget_s=1.0), [batch_16k]))
    found = [event for event in events if isinstance(event, Calibrated)]
    assert len(found) == 4
    for event in found:
        for each in event.calibrations:
            assert each.iteration_ns != 50e6
            assert each.iteration_count > 1
