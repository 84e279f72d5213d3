"""Statistics of epoch times: pure functions over numbers, nothing of their origin.

Times have long right tails and come in long states, so the headline is a median and its
interval is one of order statistics, which assumes no distribution. What such an
interval does *not* hold is the difference between runs: it speaks of this run alone.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

CONFIDENCE = 0.95

# Half a 95 % Student interval's width in standard errors, for n - 1 = 2, 3, 4 degrees
# of freedom (any table of Student's t).
_STUDENT_95 = {3: 4.303, 4: 3.182, 5: 2.776}

# By how much a median of so few normal values errs more than their mean: one over the
# root of its efficiency (0.743, 0.838 and 0.697).
_MEDIAN_OVER_MEAN = {3: 1.160, 4: 1.092, 5: 1.198}


@dataclass(frozen=True, slots=True)
class Estimate:
    """A headline with its interval: values in the unit of what went in."""

    value: float
    low: float
    high: float

    @property
    def error_pct(self) -> float:
        """Half the interval's width in percent of the value."""
        return 50.0 * (self.high - self.low) / self.value


def median(values: Sequence[float]) -> float:
    """The middle value, the mean of the two middle ones if their number is even.

    ``ValueError`` at n = 0; the value itself at n = 1.
    """
    if not values:
        message = "no values have no median"
        raise ValueError(message)
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2


def median_interval_ranks(
    count: int, confidence: float = CONFIDENCE
) -> tuple[int, int] | None:
    """The ranks (from 0) whose values hold the median with this certainty.

    The narrowest symmetric pair by the binomial distribution (sign test); ``None``
    where not even the extremes do: for 95 % below n = 6. Ties only make it safer.
    """
    tail = 0.0
    rank = -1
    for k in range(count // 2):
        tail += math.exp(
            math.lgamma(count + 1)
            - math.lgamma(k + 1)
            - math.lgamma(count - k + 1)
            - count * math.log(2)
        )
        if tail > (1 - confidence) / 2:
            break
        rank = k
    return None if rank < 0 else (rank, count - 1 - rank)


def estimate_median(values: Sequence[float]) -> Estimate | None:
    """The median with its 95 % interval, ``None`` below n = 3.

    From n = 6 on the interval is one of order statistics. At 3, 4 and 5 it is
    Student's, on logarithms, for the error of a median: wide, and honest about how
    little so few values say. ``values`` must be positive.
    """
    count = len(values)
    middle = median(values) if values else 0.0
    ranks = median_interval_ranks(count)
    if ranks is not None:
        ordered = sorted(values)
        return Estimate(middle, ordered[ranks[0]], ordered[ranks[1]])
    if count not in _STUDENT_95:
        return None
    logs = [math.log(value) for value in values]
    mean = sum(logs) / count
    variance = sum((x - mean) ** 2 for x in logs) / (count - 1)
    error = _MEDIAN_OVER_MEAN[count] * math.sqrt(variance / count)
    half = _STUDENT_95[count] * error
    return Estimate(middle, middle * math.exp(-half), middle * math.exp(half))
