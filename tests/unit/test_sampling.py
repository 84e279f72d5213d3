"""Ratios from pairs of draws: a case by hand, the edges, and simulated coverage."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from complab.sampling import (
    Ratio,
    draw_pairs,
    draws_needed,
    estimate_ratio,
    failure_chance_of_look,
)
from complab.stats import CONFIDENCE


def test_a_case_by_hand() -> None:
    """Two strata: residuals, their variance, its degrees of freedom, Student's width.

    The residuals are -1.5, -0.5 and 0.5, 1.5, each pair's variance 1, so that there are
    2²/2 = 2 degrees of freedom, for which Student's quantile is 4.303.
    """
    ratio = estimate_ratio(np.array([[1, 2], [3, 4]]), np.ones((2, 2)))
    assert ratio is not None
    assert ratio.value == 2.5
    assert ratio.half_width == pytest.approx(4.3027 * 2**0.5 / 4, rel=1e-4)
    assert (ratio.low + ratio.high) / 2 == pytest.approx(2.5)


def test_a_smaller_chance_to_fail_is_a_wider_interval() -> None:
    """That of 99 %: Student's 9.925 at 2 degrees."""
    ratio = estimate_ratio(
        np.array([[1, 2], [3, 4]]), np.ones((2, 2)), failure_chance=0.01
    )
    assert ratio is not None
    assert ratio.half_width == pytest.approx(9.9248 * 2**0.5 / 4, rel=1e-4)


def test_looks_share_the_chance_to_fail() -> None:
    """However many there are, together they take no more than there is."""
    chances = [failure_chance_of_look(number) for number in range(1, 41)]
    assert chances == sorted(chances, reverse=True)
    assert sum(chances) < 1 - CONFIDENCE
    assert sum(chances) == pytest.approx(1 - CONFIDENCE, rel=1e-6)


def test_equal_ratios_leave_no_doubt() -> None:
    """Where every draw has the same ratio, the interval has no width."""
    below = np.array([[1.0, 4.0], [2.0, 0.0]])
    assert estimate_ratio(3 * below, below) == Ratio(3.0)


def test_no_draw_gives_no_ratio() -> None:
    """Neither no draws nor only zeros below have a ratio."""
    assert estimate_ratio(np.empty((0, 2)), np.empty((0, 2))) is None
    assert estimate_ratio(np.ones((3, 2)), np.zeros((3, 2))) is None


def test_every_stratum_gets_two_points() -> None:
    """Points lie in their own stratum, in the order of strata."""
    points = draw_pairs(np.random.default_rng(1), 50)
    assert points.shape == (50, 2)
    assert (np.floor(points * 50) == np.arange(50)[:, np.newaxis]).all()


def test_four_times_the_draws_halve_the_error() -> None:
    """The draws that are needed grow with the square."""
    assert draws_needed(Ratio(0.5, 0.04), 100, 0.02) == 400
    assert draws_needed(Ratio(0.5, 0.02), 100, 0.02) == 100


def _population(seed: int) -> tuple[np.random.Generator, Any, Any, float]:
    """A skewed population: its ratios, where its units end on the line, the truth.

    Sizes are spread over a factor of 1,000, small units have other ratios than large
    ones, and a twentieth of the units is of a kind of its own.
    """
    generator = np.random.default_rng(seed)
    sizes = 10 ** generator.uniform(2, 5, 5000)
    ratios = 0.2 + 50 / sizes + generator.normal(0, 0.05, 5000)
    ratios[generator.random(5000) < 0.05] = 1.0
    truth = float((ratios * sizes).sum() / sizes.sum())
    return generator, ratios, np.cumsum(sizes) / sizes.sum(), truth


@pytest.mark.parametrize("stratum_count", [64, 150, 500])
def test_intervals_hold_the_truth(stratum_count: int) -> None:
    """Of 400 samples of a skewed population, at least 93 % hold its ratio."""
    generator, ratios, ends, truth = _population(stratum_count)
    held = 0
    for _ in range(400):
        drawn = np.searchsorted(ends, draw_pairs(generator, stratum_count))
        ratio = estimate_ratio(ratios[drawn], np.ones(drawn.shape))
        assert ratio is not None
        held += ratio.low <= truth <= ratio.high
    assert held >= 372


def _held(chance_of_look: Callable[[int], float]) -> tuple[int, float]:
    """Of 400 samples drawn until narrow: how many hold, after how many looks."""
    generator, ratios, ends, truth = _population(1)
    held = look_count = 0
    for _ in range(400):
        drawn = np.searchsorted(ends, draw_pairs(generator, 32))
        ratio = None
        for look in range(1, 13):
            look_count += 1
            ratio = estimate_ratio(
                ratios[drawn], np.ones(drawn.shape), failure_chance=chance_of_look(look)
            )
            if ratio is None or ratio.half_width <= 0.02:
                break
            more = draw_pairs(generator, int(0.3 * len(drawn)))
            drawn = np.concatenate([drawn, np.searchsorted(ends, more)])
        assert ratio is not None
        held += ratio.low <= truth <= ratio.high
    return held, look_count / 400


def test_intervals_hold_however_often_they_are_looked_at() -> None:
    """After eight looks and more they hold as they say, which unshared ones do not."""
    unshared, few = _held(lambda _: 1 - CONFIDENCE)
    shared, many = _held(failure_chance_of_look)
    assert min(few, many) > 7
    assert unshared < 0.94 * 400
    assert shared >= 0.95 * 400
