"""Medians and their intervals, against brute force and simulation."""

import itertools
import random

import pytest

from complab.stats import estimate_median, median, median_interval_ranks


def test_median_of_odd_and_even_counts() -> None:
    """The middle value, or the mean of the two middle ones."""
    assert median([3, 1, 2]) == 2
    assert median([4, 1, 3, 2]) == 2.5
    assert median([7]) == 7


def test_no_values_have_no_median() -> None:
    """An empty sequence is an error, not a zero."""
    with pytest.raises(ValueError, match="no values"):
        median([])


@pytest.mark.parametrize("count", range(1, 13))
def test_ranks_are_the_narrowest_that_hold(count: int) -> None:
    """Every way of falling above or below the median, counted one by one."""

    def coverage(low: int) -> float:
        # The median lies between the low-th smallest and the low-th largest value
        # unless too few values fall on one of its sides.
        sides = itertools.product((0, 1), repeat=count)
        held = sum(low < sum(s) < count - low for s in sides)
        return held / float(2**count)

    holding = [low for low in range(count // 2) if coverage(low) >= 0.95]
    expected = (max(holding), count - 1 - max(holding)) if holding else None
    assert median_interval_ranks(count) == expected


def test_published_ranks() -> None:
    """The sign-test table: 6 values need the extremes, 20 the 6th and 15th."""
    assert median_interval_ranks(5) is None
    assert median_interval_ranks(6) == (0, 5)
    assert median_interval_ranks(20) == (5, 14)
    assert median_interval_ranks(100) == (39, 60)


def test_too_few_values_have_no_error() -> None:
    """One or two epochs say nothing of their spread."""
    assert estimate_median([]) is None
    assert estimate_median([1.0]) is None
    assert estimate_median([1.0, 2.0]) is None


def test_ties_have_no_error() -> None:
    """Equal values give an interval of no width, at small and large counts."""
    for count in (3, 5, 6, 30):
        estimate = estimate_median([2.0] * count)
        assert estimate is not None
        assert estimate.error_pct == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("count", [3, 4, 5, 6, 15, 60])
def test_interval_holds_the_median_as_often_as_it_says(count: int) -> None:
    """Of 4,000 skewed samples at least 93.5 in 100 intervals hold the true median."""
    source = random.Random(count)
    held = 0
    for _ in range(4000):
        values = [source.lognormvariate(0, 0.3) for _ in range(count)]
        estimate = estimate_median(values)
        assert estimate is not None
        held += estimate.low <= 1.0 <= estimate.high
    assert held / 4000 >= 0.935
