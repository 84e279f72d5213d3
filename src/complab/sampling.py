"""Ratios of totals from a sample: drawn in proportion to size, two from each stratum.

Who has a list of units with their sizes, but can look into a few only, draws units with
a chance in proportion to the size (with replacement): each draw's quantity, divided by
the unit's size, then has the ratio of the totals for its mean (Hansen and Hurwitz,
1943). The sizes laid end to end are a line; cut into equal strata, with two independent
points in each, every part of the line is looked into alike, and the differences inside
the pairs tell the error.

The ratio of two such means is a combined ratio estimator. Its variance is that of the
residuals of the numerator from the ratio times the denominator (Taylor linearization),
its interval Student's with the degrees of freedom of a sum of variances (Satterthwaite,
1946), taken as they come: for pairs that is about a third of their number, and the
interval rather too wide than too narrow.

Pure functions. Source: W. G. Cochran, Sampling Techniques, 3rd edition (1977), 5A.8
(two units a stratum), 5.4 (degrees of freedom), 6.11 (combined ratio estimate) and 9A.3
(sampling in proportion to size).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from complab.stats import CONFIDENCE
from complab.student import student_quantile

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ratio:
    """A ratio of totals; ``half_width`` is that of its 95 % interval, 0 if exact."""

    value: float
    half_width: float = 0.0

    @property
    def low(self) -> float:
        """The lower end of the interval."""
        return self.value - self.half_width

    @property
    def high(self) -> float:
        """The upper end of the interval."""
        return self.value + self.half_width


def draw_pairs(generator: "np.random.Generator", stratum_count: int) -> "Floats":
    """Two points in each of equal strata of the line from 0 to 1: one row a stratum."""
    import numpy as np

    begins = np.arange(stratum_count)[:, np.newaxis]
    points: Floats = (begins + generator.random((stratum_count, 2))) / stratum_count
    return points


def estimate_ratio(
    numerators: "Sequence[Floats] | Floats",
    denominators: "Sequence[Floats] | Floats",
    *,
    failure_chance: float = 1 - CONFIDENCE,
) -> Ratio | None:
    """The ratio of two totals from pairs of draws, rows of two values a stratum.

    The values are those of the drawn units, divided by the units' sizes. Samples that
    were drawn one after the other, each of all the line, are put under one another.
    ``failure_chance`` is how often the interval may miss the truth: less than usual
    where it decides whether more is drawn (``failure_chance_of_look``).
    ``None`` where there are no draws, or all denominators are 0.
    """
    import numpy as np

    above, below = (np.asarray(v, np.float64) for v in (numerators, denominators))
    total = float(below.sum())
    if total == 0:
        return None
    value = float(above.sum()) / total
    residuals = above - value * below
    # Twice the variance of one draw of the stratum, which is that of the pair's sum.
    variances = (residuals[:, 0] - residuals[:, 1]) ** 2
    variance = float(variances.sum())
    if variance == 0:
        return Ratio(value)
    freedom = variance**2 / float((variances**2).sum())
    quantile = student_quantile(1 - failure_chance / 2, max(1.0, freedom))
    return Ratio(value, quantile * math.sqrt(variance) / total)


_SHARE_OF_A_LOOK = 1 / 3


def failure_chance_of_look(number: int) -> float:
    """How often the interval of a look may miss the truth; looks count from 1.

    An interval that ends a sample when it comes out narrow holds less often than its
    name says, unless the chance to fail is shared out over all looks (Bonferroni). How
    many there will be nobody knows: each takes a third of what those before have left,
    so that all of them together never take more than there is.

    >>> [round(failure_chance_of_look(number), 4) for number in (1, 2, 3)]
    [0.0167, 0.0111, 0.0074]
    """
    left = (1 - CONFIDENCE) * (1 - _SHARE_OF_A_LOOK) ** (number - 1)
    return _SHARE_OF_A_LOOK * left


def draws_needed(ratio: Ratio, draw_count: int, half_width: float) -> int:
    """About how many draws give an interval of that half-width, by what so many gave.

    The error falls with the root of their number.
    """
    return math.ceil(draw_count * (ratio.half_width / half_width) ** 2)
