"""Where the words beside points go, so that none lies on another or on a point.

Vega-Lite cannot do that. A greedy choice is enough for a few hundred points: the most
important first, each at the first free place around its point, or nowhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

# Of the charts' font at 11 px.
_CHARACTER_PX: Final = 6.2
_LINE_PX: Final = 11.0
_GAP_PX: Final = 3.0

# Around the point: sides first, since lines of levels run from top left to bottom
# right.
_DIRECTIONS: Final = (
    (1, -1),
    (-1, 1),
    (0, -1),
    (0, 1),
    (1, 0),
    (-1, 0),
    (-1, -1),
    (1, 1),
)


@dataclass(frozen=True, slots=True)
class Spot:
    """A point in pixels with the words that belong to it; ``rank`` 0 goes first."""

    x: float
    y: float
    radius: float
    text: str
    rank: int


@dataclass(frozen=True, slots=True)
class _Box:
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "_Box") -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


def place_labels(
    spots: Sequence[Spot], *, width: float, height: float
) -> list[tuple[float, float] | None]:
    """The middle of each spot's words in pixels, ``None`` where they find no room.

    >>> place_labels([Spot(50, 50, 4, "3", 0)], width=100, height=100)
    [(60.1, 41.5)]
    """
    points = [
        _Box(s.x - s.radius, s.y - s.radius, s.x + s.radius, s.y + s.radius)
        for s in spots
    ]
    taken: list[_Box] = []
    found: list[tuple[float, float] | None] = [None] * len(spots)
    for index in sorted(range(len(spots)), key=lambda i: spots[i].rank):
        spot = spots[index]
        if not spot.text:
            continue
        half_width = len(spot.text) * _CHARACTER_PX / 2
        half_height = _LINE_PX / 2
        for x, y in _DIRECTIONS:
            middle = (
                round(spot.x + x * (spot.radius + _GAP_PX + half_width), 3),
                round(spot.y + y * (spot.radius * 0.75 + half_height), 3),
            )
            box = _Box(
                middle[0] - half_width,
                middle[1] - half_height,
                middle[0] + half_width,
                middle[1] + half_height,
            )
            is_inside = (
                box.left >= 0
                and box.right <= width
                and box.top >= 0
                and box.bottom <= height
            )
            others = (*taken, *(p for i, p in enumerate(points) if i != index))
            if is_inside and not any(box.meets(other) for other in others):
                taken.append(box)
                found[index] = middle
                break
    return found
