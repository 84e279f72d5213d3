"""Seeded draws from the few distributions that the populations need.

Everything comes from ``random.Random.random()``, the one method whose sequence
Python promises to keep for a seed, so that the samples stay the same from one
Python to the next.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")


class Draw:
    """A seeded source of numbers, choices and identifiers."""

    def __init__(self, seed: int) -> None:
        """Start the sequence that belongs to ``seed``."""
        self._fraction = random.Random(seed).random

    def fraction(self) -> float:
        """Return a number in [0, 1)."""
        return self._fraction()

    def below(self, end: int) -> int:
        """Return an integer in [0, end); ``end`` is at most 2**53."""
        return int(self._fraction() * end)

    def between(self, low: int, high: int) -> int:
        """Return an integer in [low, high], both ends included."""
        return low + self.below(high - low + 1)

    def chance(self, probability: float) -> bool:
        """Return true with the given probability."""
        return self._fraction() < probability

    def pick(self, items: Sequence[T]) -> T:
        """Return one of ``items``, all equally likely."""
        return items[self.below(len(items))]

    def hexadecimal(self, digits: int) -> str:
        """Return ``digits`` lower-case hexadecimal digits."""
        return "".join("0123456789abcdef"[self.below(16)] for _ in range(digits))

    def token(self, length: int) -> str:
        """Return ``length`` characters of the URL-safe base64 alphabet."""
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        return "".join(alphabet[self.below(64)] for _ in range(length))

    def octets(self, count: int) -> bytes:
        """Return ``count`` bytes."""
        return bytes(self.below(256) for _ in range(count))

    def uuid(self) -> str:
        """Return the text of a random (version 4) UUID."""
        digits = self.hexadecimal(30)
        variant = "89ab"[self.below(4)]
        return (
            f"{digits[:8]}-{digits[8:12]}-4{digits[12:15]}"
            f"-{variant}{digits[15:18]}-{digits[18:]}"
        )

    def exponential(self, mean: float) -> float:
        """Return an exponentially distributed number with the given mean."""
        return -mean * math.log(1.0 - self._fraction())

    def log_normal(self, median: float, sigma: float) -> int:
        """Return a log-normal number, rounded down; ``sigma`` is of its logarithm."""
        # Box-Muller, so that only random() is drawn from.
        radius = math.sqrt(-2.0 * math.log(1.0 - self._fraction()))
        normal = radius * math.cos(2.0 * math.pi * self._fraction())
        return int(median * math.exp(sigma * normal))


class Ranking(Generic[T]):
    """Items of unequal popularity: the i-th is drawn as often as 1 / i**exponent."""

    def __init__(self, items: Sequence[T], exponent: float) -> None:
        """Rank ``items`` from the most to the least popular; there is at least one."""
        self._items = items
        self._bounds = list(
            accumulate(rank**-exponent for rank in range(1, len(items) + 1))
        )

    def draw(self, draw: Draw) -> T:
        """Return one item, drawn with ``draw``."""
        point = draw.fraction() * self._bounds[-1]
        return self._items[min(bisect_right(self._bounds, point), len(self._items) - 1)]
