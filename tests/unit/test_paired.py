"""Comparisons of pairs: against brute force, published tables and simulated noise."""

import itertools
import math
import random

import pytest

from complab.paired import (
    FALSE_ALARM,
    LAYOUT_SD,
    RUN_SD,
    USUAL_LAYOUT_SD,
    Spread,
    common_variance,
    confidence_of_each,
    effective_count,
    interval_of_median,
    least_pairs,
    log_ratios,
    match_rounds,
    paired_ratios,
    ratio_in_run,
    shrunk,
    unpaired_ratios,
    variance_between,
)
from complab.student import student_quantile


def autocorrelated(
    source: random.Random, count: int, coefficient: float, sd: float
) -> list[float]:
    """Values of an AR(1) process whose standard deviation is ``sd``."""
    step = math.sqrt(1 - coefficient**2)
    value = source.gauss(0, 1)
    values = []
    for _ in range(count):
        value = coefficient * value + step * source.gauss(0, 1)
        values.append(sd * value)
    return values


# ---- Pairs ----------------------------------------------------------------------


def test_epochs_of_one_round_are_pairs() -> None:
    """Where both have an epoch in a round, those two belong together."""
    first = [(0, 1), (0, 2), (0, 4), (1, 1)]
    second = [(0, 2), (0, 4), (0, 5), (1, 1), (1, 2)]
    assert match_rounds(first, second) == [(1, 0), (2, 1), (3, 3)]


def test_an_epoch_goes_with_the_nearest() -> None:
    """Without a partner in its round, an epoch goes with the nearest that is free."""
    assert match_rounds([(0, 1), (0, 10)], [(0, 3), (0, 9)]) == [(0, 0), (1, 1)]
    assert match_rounds([(0, 1)], [(0, 3), (0, 9)]) == [(0, 0)]
    assert match_rounds([(0, 8)], [(0, 1), (0, 9)]) == [(0, 1)]


def test_processes_share_no_pairs() -> None:
    """Epochs of different processes are never a pair, whatever their rounds."""
    assert match_rounds([(0, 1), (2, 1)], [(1, 1), (2, 7)]) == [(1, 1)]
    assert match_rounds([], [(0, 1)]) == []


@pytest.mark.parametrize("seed", range(20))
def test_pairs_of_random_rounds(seed: int) -> None:
    """Each epoch is in one pair at most, in order, and equal rounds always meet."""
    source = random.Random(seed)
    sides = [
        sorted({(source.randrange(3), source.randrange(30)) for _ in range(25)})
        for _ in range(2)
    ]
    pairs = match_rounds(sides[0], sides[1])
    for side in (0, 1):
        indexes = [pair[side] for pair in pairs]
        assert indexes == sorted(set(indexes))
    met = {(sides[0][i], sides[1][j]) for i, j in pairs}
    assert {place for place in sides[0] if place in set(sides[1])} == {
        a for a, b in met if a == b
    }
    assert all(a[0] == b[0] for a, b in met)


def test_disturbed_pairs_tell_nothing() -> None:
    """A pair counts unless one of its epochs was suspended for a while."""
    first = [1.0, 1.0, 5.0, 1.1, 1.0, 1.0]
    second = [1.1, 6.0, 1.1, 1.1, 1.1, 1.0]
    kept = [math.log(1.1), 0, math.log(1.1), 0]
    assert log_ratios(first, second, range(6)) == pytest.approx(kept)
    assert log_ratios([], [], []) == []
    assert log_ratios([1.0, 3.0], [1.0, 6.0], [1, 2]) == pytest.approx([0, math.log(2)])


@pytest.mark.parametrize("seed", range(10))
def test_what_counts_is_blind_to_which_is_a(seed: int) -> None:
    """If A and B change places in some rounds, only the signs of those change.

    That is what makes signs of equal things fair coins, whatever was disturbed.
    """
    source = random.Random(seed)
    pairs = [
        [
            source.lognormvariate(0, 0.05) * source.choice((1, 1.3, 2, 3))
            for _ in range(2)
        ]
        for _ in range(40)
    ]
    rounds = [place // 2 for place in range(40)]
    swapped = {number for number in rounds if source.random() < 0.5}
    other = [
        pair[::-1] if number in swapped else pair
        for pair, number in zip(pairs, rounds, strict=True)
    ]
    found = [
        log_ratios([a for a, _ in each], [b for _, b in each], rounds)
        for each in (pairs, other)
    ]
    assert [abs(value) for value in found[0]] == pytest.approx(
        [abs(value) for value in found[1]]
    )


def test_the_pairs_of_a_round_count_once() -> None:
    """Two pairs of a round are their mean; beside a disturbed one the other counts."""
    first = [1.0, 1.0, 1.0, 9.0, 1.0, 1.0]
    second = [math.exp(0.04), math.exp(-0.02), 1.0, 1.0, 1.0, 1.0]
    found = log_ratios(first, second, [3, 3, 4, 4, 7, 7])
    assert found == pytest.approx([0.01, 0, 0])


# ---- Intervals ------------------------------------------------------------------


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
@pytest.mark.parametrize("count", range(1, 12))
def test_interval_against_every_pattern(count: int, confidence: float) -> None:
    """Of all ways to fall above or below, the ends hold as many as they promise."""
    # Values in an order that has no autocorrelation to speak of.
    values = [float(value) for value in range(count)]
    random.Random(3).shuffle(values)
    found = interval_of_median(values, confidence)
    if found is None:
        effective = math.floor(effective_count(values))
        assert 2 ** (1 - effective) > 1 - confidence
        return
    low, high = int(found[0]), int(found[1])
    assert low + high == count - 1
    patterns = itertools.product((0, 1), repeat=count)
    held = sum(low < sum(sides) < count - low for sides in patterns)
    assert held / 2**count >= confidence


def test_few_pairs_have_no_interval() -> None:
    """One fewer than ``least_pairs`` gives none, exactly so many give the extremes."""
    for confidence in (0.95, 0.99, 0.99975):
        needed = least_pairs(confidence)
        values = [(-1.0) ** k * k for k in range(needed)]
        assert interval_of_median(values[:-1], confidence) is None
        assert interval_of_median(values, confidence) == (min(values), max(values))


def test_alike_neighbours_count_less() -> None:
    """Independent values count in full, and those of a slow state for a few."""
    source = random.Random(5)
    independent = [source.gauss(0, 1) for _ in range(2000)]
    assert effective_count(independent) > 1700
    slow = autocorrelated(source, 2000, 0.9, 1)
    assert 60 < effective_count(slow) < 250
    assert effective_count([1.0, -1.0] * 50) == 100
    assert effective_count([]) == 0
    assert effective_count([2.0, 2.0, 2.0]) == 3


@pytest.mark.parametrize("coefficient", [0.0, 0.5, 0.8])
def test_interval_holds_in_slow_states(coefficient: float) -> None:
    """Of 1,000 series with autocorrelation the 95 % interval holds the median of 930.

    Student's and plain order statistics hold it in 800 and fewer at 0.5.
    """
    source = random.Random(11)
    held = 0
    for _ in range(1000):
        values = autocorrelated(source, 300, coefficient, 1)
        found = interval_of_median(values, 0.95)
        held += found is not None and found[0] <= 0 <= found[1]
    assert held >= 930


# ---- Student --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("probability", "freedom", "expected"),
    [
        (0.975, 1, 12.706),
        (0.975, 4, 2.776),
        (0.995, 10, 3.169),
        (0.9995, 20, 3.850),
        (0.95, 120, 1.658),
        (0.9995, 1, 636.619),
    ],
)
def test_published_student(probability: float, freedom: float, expected: float) -> None:
    """The quantiles are those of the printed tables."""
    assert student_quantile(probability, freedom) == pytest.approx(expected, rel=4e-4)


def test_student_becomes_normal() -> None:
    """With many degrees of freedom the quantile is the normal one."""
    assert student_quantile(0.975, 1e7) == pytest.approx(1.959964, rel=1e-5)
    assert student_quantile(0.5, 3) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(("probability", "freedom"), [(0.4, 3), (1.0, 3), (0.9, 0)])
def test_no_such_quantile(probability: float, freedom: float) -> None:
    """What is no quantile is an error that names it."""
    with pytest.raises(ValueError, match="no Student quantile"):
        student_quantile(probability, freedom)


# ---- Processes ------------------------------------------------------------------


def test_variance_between_is_what_is_beyond_noise() -> None:
    """Equal processes vary by nothing, shifted ones by their shifts."""
    source = random.Random(7)
    noise = [[source.gauss(0, 0.03) for _ in range(200)] for _ in range(6)]
    shifts = [-0.03, -0.01, 0.0, 0.01, 0.02, 0.04]
    moved = [[x + s for x in g] for g, s in zip(noise, shifts, strict=True)]
    assert math.sqrt(variance_between(noise).variance) < 0.003
    found = variance_between(moved)
    assert math.sqrt(found.variance) == pytest.approx(0.0242, abs=0.004)
    assert found.freedom == 5
    assert variance_between([[1.0, 2.0]]) == Spread(0.0, 0.0)
    assert variance_between([]) == Spread(0.0, 0.0)


def test_processes_with_few_pairs_say_nothing_of_the_spread() -> None:
    """Two pairs far off in a busy process are noise, and no difference of layouts."""
    quiet = [[0.01, -0.01, 0.0, 0.02, -0.02, 0.0] for _ in range(3)]
    assert variance_between([*quiet, [1.0, 1.2]]) == variance_between(quiet)


def test_one_disturbed_row_does_not_blur_the_others() -> None:
    """What rows have in common is the middle of their variances."""
    spreads = [Spread(1e-4, 3), Spread(2e-4, 3), Spread(1.0, 3), Spread(0.0, 0)]
    assert common_variance(spreads) == 2e-4
    assert common_variance([Spread(0.0, 0)]) == 0
    assert common_variance([]) == 0


def test_a_few_processes_do_not_make_a_row_certain() -> None:
    """A row whose three processes agree by chance keeps most of the common variance."""
    found = shrunk(Spread(0.0, 2), 4e-4, LAYOUT_SD)
    assert found.variance == pytest.approx(4e-4 * 20 / 22)
    assert shrunk(Spread(0.0, 0), 0.0, 0.01).variance == pytest.approx(1e-4)


# ---- Whole comparisons ----------------------------------------------------------


def simulated(
    source: random.Random,
    process_count: int,
    pair_count: int,
    change: float,
    slice_share: float = 0.2,
) -> list[list[float]]:
    """The log ratios of one test: layout, two epochs of a slow state, time slices."""
    groups = []
    for _ in range(process_count):
        layout = source.gauss(change, LAYOUT_SD)
        state = autocorrelated(source, 2 * pair_count, 0.95, 0.2)
        sides: tuple[list[float], list[float]] = ([], [])
        for index in range(pair_count):
            slots = [state[2 * index], state[2 * index + 1]]
            source.shuffle(slots)
            for side, slot in enumerate(slots):
                slice_ = source.uniform(0.2, 2) * (source.random() < slice_share)
                noise = source.gauss(0, 0.02) + slice_ + side * layout
                sides[side].append(math.exp(slot + noise))
        groups.append(log_ratios(*sides, range(pair_count)))
    return groups


@pytest.mark.parametrize("process_count", [1, 4])
def test_no_false_alarm(process_count: int) -> None:
    """Of 200 simulated A/A comparisons of 10 rows at most 4 report any difference."""
    source = random.Random(13)
    alarms = 0
    for _ in range(200):
        tests = {
            str(number): simulated(source, process_count, 120 // process_count, 0)
            for number in range(20)
        }
        found = paired_ratios(tests)
        assert sum(ratio.low is not None for ratio in found.values()) > 15
        alarms += any(ratio.is_separated for ratio in found.values())
    # 200 * 0.005 is 1; 4 has a chance of 2 in 100.
    assert FALSE_ALARM == 0.005
    assert alarms <= 4


@pytest.mark.parametrize("slice_share", [0.5, 0.75, 0.9])
def test_no_false_alarm_on_a_busy_machine(slice_share: float) -> None:
    """Nor do they where most epochs are suspended for a while: 4 of 200 at most."""
    source = random.Random(29)
    alarms = 0
    for _ in range(200):
        tests = {
            str(n): simulated(source, 4, 40, 0, slice_share=slice_share)
            for n in range(20)
        }
        alarms += any(r.is_separated for r in paired_ratios(tests).values())
    assert alarms <= 4


def test_a_real_difference_is_found() -> None:
    """Of 50 simulated comparisons with one row of ten 12 % slower, 48 name that row."""
    source = random.Random(17)
    hits = 0
    for _ in range(50):
        tests = {str(n): simulated(source, 6, 40, 0) for n in range(19)}
        tests["slow"] = simulated(source, 6, 40, 0.12)
        found = paired_ratios(tests)["slow"]
        hits += found.is_separated and found.value > 0
    assert hits >= 48


def test_a_core_that_is_taken_away_widens_the_interval() -> None:
    """By its share of the time; where it never is, by nothing."""
    source = random.Random(5)
    tests = {"a": simulated(source, 6, 40, 0.0)}
    widths = []
    for share in (0.0, 0.5, 1.0):
        found = paired_ratios(tests, stalled_share=share)["a"]
        assert found.low is not None
        assert found.high is not None
        widths.append(found.high - found.low)
    assert widths[0] < widths[1] < widths[2]
    assert paired_ratios(tests)["a"] == paired_ratios(tests, stalled_share=0.0)["a"]


def test_each_test_bears_its_part_of_the_alarms() -> None:
    """The correction is Bonferroni's, over the tests that have pairs at all."""
    assert confidence_of_each(20) == pytest.approx(1 - 0.00025)
    few: dict[str, list[list[float]]] = {
        "a": [[0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]]
    }
    assert paired_ratios(few)["a"].low is not None
    many: dict[str, list[list[float]]] = {str(n): [[0.1, 0.2]] for n in range(20)}
    many |= {**few, "none": [[]]}
    found = paired_ratios(many)
    assert found["a"].low is None
    assert "none" not in found


@pytest.mark.parametrize("process_count", [1, 3])
@pytest.mark.parametrize("pair_count", [4, 40])
def test_a_ratio_of_two_rows_is_held(process_count: int, pair_count: int) -> None:
    """The 95 % interval of one ratio holds the long-run value in 90 % and more."""
    source = random.Random(23)
    held = 0
    for _ in range(400):
        groups = []
        for _ in range(process_count):
            layout = source.gauss(0.5, USUAL_LAYOUT_SD)
            groups.append([source.gauss(layout, 0.03) for _ in range(pair_count)])
        found = ratio_in_run(groups)
        assert found is not None
        assert found.low is not None
        assert found.high is not None
        held += found.low <= 0.5 <= found.high
    assert held >= 360


def test_a_ratio_of_nothing() -> None:
    """Without a pair there is no ratio, and one or two have no interval."""
    assert ratio_in_run([]) is None
    assert ratio_in_run([[], []]) is None
    found = ratio_in_run([[0.1], [0.3]])
    assert found is not None
    assert found.value == pytest.approx(0.2)
    assert found.low is None
    assert found.high is None


def test_one_process_separates_no_stored_results() -> None:
    """With one process on a side there is a value and no interval."""
    found = unpaired_ratios({"a": ([0.0], [1.0, 1.1]), "b": ([], [1.0])})
    assert found["a"].value == pytest.approx(1.05)
    assert not found["a"].is_separated
    assert "b" not in found


def test_stored_results_of_the_same_thing_are_not_separated() -> None:
    """Of 300 simulated pairs of equal runs, each with its noise, 4 are separated."""
    source = random.Random(19)
    alarms = 0
    for _ in range(300):
        runs = [source.gauss(0, RUN_SD) for _ in range(2)]
        tests = {}
        for number in range(20):
            before, after = (
                [run + source.gauss(0, 0.02) for _ in range(3)] for run in runs
            )
            tests[str(number)] = (before, after)
        alarms += any(r.is_separated for r in unpaired_ratios(tests).values())
    assert alarms <= 4


def test_stored_results_far_apart_are_separated() -> None:
    """A slowdown of 30 % is separated where three processes measured each side."""
    tests = {
        str(n): ([0.0, 0.01, -0.01], [0.26, 0.27, 0.25] if n == 3 else [0.0, 0.01, 0.0])
        for n in range(10)
    }
    found = unpaired_ratios(tests)
    assert [name for name, ratio in found.items() if ratio.is_separated] == ["3"]
