"""The line that batches of a topic are drawn from: its bytes, laid out by batch size.

An offset index tells where batches begin, at every few kilobytes, so that the pieces
between its entries are a large batch each, or a few small ones. All pieces of a topic
are laid end to end, first those of one class of sizes, segment by segment, then those
of the next. Equal parts of that line are strata of segments and batch sizes, and a
point on it falls into a batch with a chance in proportion to its size.

Not for reading batches: ``complab.kafka.spot_reads``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from complab.kafka.spot_reads import PIECE_BYTES, SEARCH_BYTES

if TYPE_CHECKING:
    import numpy as np

    Numbers: TypeAlias = "np.ndarray[Any, np.dtype[np.int64]]"

# So many bounds of a topic are kept, 32 MB of them. Of more, each so many-th is left
# out, and pieces become longer.
_BOUNDS_AT_MOST = 1 << 22


@dataclass(frozen=True, slots=True)
class Place:
    """A byte of a segment, between two known beginnings of batches."""

    segment: int
    position: int
    begin: int
    end: int


class SamplingFrame:
    """The bytes of segments as one line; ``bounds`` are those of ``read_bounds``."""

    def __init__(self, bounds: "Sequence[Numbers]") -> None:
        """Lay the pieces out."""
        import numpy as np

        stride = -(-sum(map(len, bounds)) // _BOUNDS_AT_MOST)
        self._bounds = [_thinned(each, stride) for each in bounds]
        spans = []
        for segment, each in enumerate(self._bounds):
            sizes = np.diff(each)
            totals = np.bincount(_classes(sizes), weights=sizes)
            spans += [(c, segment, int(totals[c])) for c in np.flatnonzero(totals)]
        spans.sort()
        self._spans = spans
        self._ends = np.cumsum([size_bytes for _, _, size_bytes in spans])

    @property
    def total_bytes(self) -> int:
        """The line's length."""
        return int(self._ends[-1]) if len(self._ends) else 0

    @property
    def expected_read_bytes(self) -> float:
        """What reading the batch at a point takes, on average.

        That is the piece that the point falls into, or a search where it is too long.
        """
        import numpy as np

        cost = 0.0
        for each in self._bounds:
            sizes = np.diff(each)
            cost += float(
                (sizes * np.where(sizes > PIECE_BYTES, SEARCH_BYTES, sizes)).sum()
            )
        return cost / max(1, self.total_bytes)

    def places(self, points: "np.ndarray[Any, np.dtype[np.float64]]") -> list[Place]:
        """Where points from 0 to below 1 fall on the line."""
        import numpy as np

        total = self.total_bytes
        bytes_at = np.minimum((points * total).astype(np.int64), total - 1)
        spans = np.searchsorted(self._ends, bytes_at, side="right")
        found: list[Place | None] = [None] * len(points)
        for span in np.unique(spans).tolist():
            size_class, segment, size_bytes = self._spans[span]
            bounds = self._bounds[segment]
            sizes = np.diff(bounds)
            pieces = np.flatnonzero(_classes(sizes) == size_class)
            ends = np.cumsum(sizes[pieces])
            for i in np.flatnonzero(spans == span).tolist():
                rest = int(bytes_at[i]) - (int(self._ends[span]) - size_bytes)
                number = int(np.searchsorted(ends, rest, side="right"))
                piece = int(pieces[number])
                begin, end = int(bounds[piece]), int(bounds[piece + 1])
                found[i] = Place(segment, end - (int(ends[number]) - rest), begin, end)
        return [place for place in found if place is not None]


def _thinned(bounds: "Numbers", stride: int) -> "Numbers":
    """Each so many-th bound, the first and the last among them."""
    import numpy as np

    if stride <= 1:
        return bounds
    return np.unique(np.concatenate([bounds[::stride], bounds[-1:]]))


def _classes(sizes: "Numbers") -> "Numbers":
    """A piece's class: the power of two that it reaches, 4 KiB, 8 KiB and so on."""
    import numpy as np

    return np.log2(np.maximum(sizes, 1)).astype(np.int64)
