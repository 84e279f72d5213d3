"""Correction, headline and error bar: exact cases, and coverage on simulated runs."""

import math
import random

import pytest

from complab.estimation import (
    BETWEEN_PROCESSES,
    EpochFacts,
    contention,
    corrected_time_ns,
    estimate,
    estimate_corrected,
    is_clean,
    reference_canary_ns,
)


def test_the_reference_is_the_most_common_time() -> None:
    """Neither a rare faster state nor a broad slow one moves the reference."""
    turbo = [97.0] * 10
    usual = [100.0 + i / 100 for i in range(40)]
    shared = [110.0 + i for i in range(50)]
    assert reference_canary_ns(shared + usual + turbo) == pytest.approx(100.2, rel=2e-3)


def test_the_reference_of_nothing_is_none() -> None:
    """Without a positive time there is no reference; a single one is its own."""
    assert reference_canary_ns([]) is None
    assert reference_canary_ns([0.0]) is None
    assert reference_canary_ns([0.0, 7.0]) == pytest.approx(7.0)


def test_of_equally_common_times_the_fastest_is_the_reference() -> None:
    """A tie goes to the time that contention does not explain."""
    assert reference_canary_ns([200.0, 100.0]) == pytest.approx(100.0)


def test_stalls_are_taken_off_and_the_canary_divides() -> None:
    """Twice as slow a canary halves what is left after the stall."""
    epoch = EpochFacts(1_000.0, 2, stalled_ns=400.0, canary_ns=20.0)
    assert corrected_time_ns(epoch, 10.0) == pytest.approx(150.0)


def test_without_a_canary_nothing_is_corrected() -> None:
    """A plain epoch's time is its time, and nobody judges it."""
    plain = EpochFacts(1_000.0, 2)
    assert corrected_time_ns(plain, 10.0) == pytest.approx(500.0)
    assert is_clean(plain, 10.0) is None
    watched = EpochFacts(1_000.0, 2, canary_ns=20.0)
    assert corrected_time_ns(watched, None) == pytest.approx(500.0)
    assert is_clean(watched, None) is None


@pytest.mark.parametrize(
    ("stalled_ns", "canary_ns", "expected"),
    [(0.0, 100.0, True), (0.0, 102.9, True), (0.0, 103.1, False), (1.0, 100.0, False)],
)
def test_clean_is_unstalled_and_near_the_reference(
    stalled_ns: float, canary_ns: float, expected: bool
) -> None:
    """A clean epoch had no stall and a canary within 3 % of the reference."""
    assert is_clean(EpochFacts(1e6, 1, stalled_ns, canary_ns), 100.0) is expected


def test_contention_sums_up_a_run() -> None:
    """Shares of clean epochs and stalled time, and the slowdown over the time run."""
    epochs = [
        EpochFacts(1_000.0, 1, 0.0, 100.0),
        EpochFacts(2_000.0, 1, 1_000.0, 200.0),
        EpochFacts(1e9, 1),  # unwatched: counts for nothing
    ]
    found = contention(epochs, 100.0)
    assert found is not None
    assert found.clean == pytest.approx(1 / 2)
    assert found.stalled == pytest.approx(1_000 / 3_000)
    assert found.slowdown == pytest.approx(2_000 / 1_500 - 1)
    assert contention([], 100.0) is None
    assert contention([EpochFacts(1.0, 1)], 100.0) is None


def test_the_headline_of_one_process_is_its_median() -> None:
    """Within a process one wild epoch does not move the headline."""
    found = estimate([10.0, 11.0, 900.0], [0, 0, 0])
    assert found is not None
    assert found.value == pytest.approx(11.0)


def test_processes_count_alike_however_many_epochs_they_have() -> None:
    """The headline is the geometric mean of the processes' medians."""
    found = estimate([10.0, 10.0, 10.0, 10.0, 40.0], [0, 0, 0, 0, 1])
    assert found is not None
    assert found.value == pytest.approx(20.0)


def test_nothing_has_no_estimate_and_one_value_a_wide_one() -> None:
    """At n = 1 the interval is what was known beforehand of all configurations."""
    assert estimate([], []) is None
    assert estimate_corrected([], 10.0, 0.0) is None
    found = estimate([10.0], [0])
    assert found is not None
    assert found.value == pytest.approx(10.0)
    assert found.error_pct > 100 * 1.96 * BETWEEN_PROCESSES


def test_ties_still_leave_the_difference_between_runs() -> None:
    """A thousand equal epochs in one process do not make an error bar of nothing."""
    found = estimate([10.0] * 1_000, [0] * 1_000)
    assert found is not None
    assert found.error_pct >= 100 * 1.96 * BETWEEN_PROCESSES


def test_more_processes_make_the_bar_shorter() -> None:
    """What processes differ by averages out over them."""
    one = estimate([10.0] * 30, [0] * 30)
    three = estimate([10.0] * 30, [0, 1, 2] * 10)
    assert one is not None
    assert three is not None
    assert three.error_pct < one.error_pct / 1.5


def test_processes_that_differ_make_it_longer() -> None:
    """Processes 20 % apart are believed more than what was known beforehand."""
    found = estimate([10.0, 12.0, 11.0] * 10, [0, 1, 2] * 10)
    assert found is not None
    assert found.low < 10.3
    assert found.high > 11.7


def test_stalls_make_it_longer() -> None:
    """Refilling caches after stalls is in the bar, since it is not in the headline."""
    calm = [EpochFacts(1e6, 1, 0.0, 100.0)] * 30
    stalled = [EpochFacts(2e6, 1, 1e6, 100.0)] * 30
    found = [
        estimate_corrected(epochs, 100.0, share)
        for epochs, share in ((calm, 0.0), (calm, 0.5), (stalled, 0.5))
    ]
    values = [each.value for each in found if each]
    errors = [each.error_pct for each in found if each]
    assert values == [pytest.approx(1e6)] * 3
    assert errors[0] + 1 < errors[1]
    assert errors[1] + 5 < errors[2]


def test_long_stalls_do_not_lengthen_it_for_ever() -> None:
    """Caches are filled once a turn: a stall of a second costs no more than 6 ms."""
    found = [
        estimate_corrected([EpochFacts(1e6 + stalled_ns, 1, stalled_ns, 100.0)], 100, 1)
        for stalled_ns in (2e6, 1e9)
    ]
    low, high = (each.error_pct for each in found if each)
    assert low == pytest.approx(high)


@pytest.mark.parametrize("process_count", [1, 2, 3, 5])
@pytest.mark.parametrize("epoch_count", [1, 3, 40])
@pytest.mark.parametrize("within", [0.01, 0.03])
def test_the_interval_covers_the_long_run_value(
    process_count: int, epoch_count: int, within: float
) -> None:
    """Of simulated runs 90 to 99.5 % hold the value that the processes scatter about.

    Epochs have a tail: one in ten is slower by up to 30 %, alike in every run, so that
    the long-run value is a median and no mean.
    """
    source = random.Random(f"{process_count} {epoch_count} {within}")
    run_count, held_count = 400, 0
    truth = math.exp(1.0)
    for _ in range(run_count):
        times, processes = [], []
        for process in range(process_count):
            middle = 1.0 + source.gauss(0, BETWEEN_PROCESSES)
            for _ in range(epoch_count):
                tail = source.random() * 0.3 if source.random() < 0.1 else 0.0
                times.append(math.exp(middle + source.gauss(0, within) + tail))
                processes.append(process)
        found = estimate(times, processes)
        assert found is not None
        held_count += found.low <= truth <= found.high
    assert 0.90 <= held_count / run_count <= 1.0


def test_a_corrected_run_under_contention_agrees_with_a_quiet_one() -> None:
    """Epochs stalled and slowed in states give the quiet run's headline within its bar.

    The canary feels what the codec feels, up to 2 % of scatter.
    """
    source = random.Random(1)

    def run(stall_share: float, slow_share: float) -> list[EpochFacts]:
        epochs = []
        for process in range(3):
            for _ in range(30):
                slow = 1.4 if source.random() < slow_share else 1.0
                run_ns = 1e6 * slow * math.exp(source.gauss(0, 0.02))
                stalled_ns = 3e6 if source.random() < stall_share else 0.0
                canary_ns = 100.0 * slow * math.exp(source.gauss(0, 0.003))
                elapsed_ns = run_ns + stalled_ns
                epochs.append(EpochFacts(elapsed_ns, 1, stalled_ns, canary_ns, process))
        return epochs

    quiet = estimate_corrected(run(0.0, 0.0), 100.0, 0.0)
    busy = estimate_corrected(run(0.4, 0.4), 100.0, 0.5)
    assert quiet is not None
    assert busy is not None
    assert quiet.low <= busy.value <= quiet.high
    assert busy.low <= quiet.value <= busy.high
