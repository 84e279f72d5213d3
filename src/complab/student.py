"""Student's distribution, for variances that are themselves estimates.

Source: the incomplete beta function as the continued fraction of Abramowitz and Stegun,
26.5.8.
"""

import math
from functools import lru_cache


def _beta_fraction(a: float, b: float, x: float) -> float:
    """The continued fraction of the incomplete beta function (modified Lentz)."""
    tiny = 1e-300
    c = 1.0
    d = 1 / (1 - (a + b) * x / (a + 1) or tiny)
    fraction = d
    for m in range(1, 400):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1 / (1 + term * d or tiny)
            c = 1 + term / c or tiny
            fraction *= c * d
        if abs(c * d - 1) < 1e-14:  # noqa: PLR2004 - the last digits of a double
            break
    return fraction


def _student_tail(value: float, freedom: float) -> float:
    """The chance that Student's variable exceeds a value that is not negative."""
    x = freedom / (freedom + value * value)
    a, b = freedom / 2, 0.5
    front = math.exp(
        math.lgamma(a + b)
        - math.lgamma(a)
        - math.lgamma(b)
        + a * math.log(x)
        + b * (math.log1p(-x) if x < 1 else -math.inf)
    )
    if x < (a + 1) / (a + b + 2):
        return front * _beta_fraction(a, b, x) / a / 2
    return (1 - front * _beta_fraction(b, a, 1 - x) / b) / 2


@lru_cache(maxsize=256)
def student_quantile(probability: float, freedom: float) -> float:
    """The value that Student's variable stays below with this probability.

    ``ValueError`` unless 0.5 <= ``probability`` < 1 and ``freedom`` > 0.
    """
    if not 0.5 <= probability < 1 or not freedom > 0:  # noqa: PLR2004 - the middle
        message = f"no Student quantile of {probability} with {freedom} degrees"
        raise ValueError(message)
    low, high = 0.0, 1.0
    while _student_tail(high, freedom) > 1 - probability:
        high *= 2
    for _ in range(60):  # halvings: more than a double has digits
        middle = (low + high) / 2
        if _student_tail(middle, freedom) > 1 - probability:
            low = middle
        else:
            high = middle
    return high
