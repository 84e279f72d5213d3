"""Axes whose ends are known before anything is drawn, so that words can be placed."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_ROUND_STEPS = (1, 2, 5)

# So far does an axis go on behind its last point.
_MARGIN_PX = 22.0


@dataclass(frozen=True, slots=True)
class Axis:
    """From ``low`` to ``high`` over so many pixels, logarithmic or not."""

    low: float
    high: float
    length_px: float
    is_log: bool

    @classmethod
    def around(
        cls, values: Iterable[float], *, length_px: float, is_log: bool
    ) -> "Axis":
        """An axis around values, with a margin; of one value, it stands in the middle.

        Values on a logarithmic axis are positive. Without values it goes from 1 to 10.
        """
        told = list(values) or [1.0, 10.0]
        low, high = (_onto(end, is_log=is_log) for end in (min(told), max(told)))
        if low == high:
            half = 0.1 if is_log else max(abs(low) * 0.1, 0.1)
            low, high = low - half, high + half
        margin = (high - low) * _MARGIN_PX / (length_px - 2 * _MARGIN_PX)
        low, high = (_back(end, is_log=is_log) for end in (low - margin, high + margin))
        return cls(low, high, length_px, is_log)

    @property
    def domain(self) -> list[float]:
        """Both ends."""
        return [self.low, self.high]

    def to_px(self, value: float) -> float:
        """How far from the axis's low end a value lies."""
        low, high, at = (
            _onto(each, is_log=self.is_log) for each in (self.low, self.high, value)
        )
        return (at - low) / (high - low) * self.length_px

    def from_px(self, distance_px: float) -> float:
        """The value so far from the axis's low end."""
        low, high = (_onto(end, is_log=self.is_log) for end in (self.low, self.high))
        at = low + (high - low) * distance_px / self.length_px
        return _back(at, is_log=self.is_log)

    def ticks(self, *, gap_px: float = 44.0) -> Sequence[float]:
        """Round values on a logarithmic axis, 1, 2 and 5, or 1 where there is no room.

        >>> axis = Axis.around([1, 100], length_px=400, is_log=True)
        >>> axis.ticks()
        [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0]
        """
        first, last = (math.floor(math.log10(end)) for end in (self.low, self.high))
        found: list[float] = []
        for steps in (_ROUND_STEPS, (1,)):
            found = [
                step * 10.0**power
                for power in range(first, last + 1)
                for step in steps
                if self.low <= step * 10.0**power <= self.high
            ]
            if len(found) < 2 or self.length_px / len(found) >= gap_px:  # noqa: PLR2004
                break
        return found


def _onto(value: float, *, is_log: bool) -> float:
    return math.log10(value) if is_log else value


def _back(value: float, *, is_log: bool) -> float:
    return 10.0**value if is_log else value
