"""How sizes, counts and ratios are distributed: counts in fixed buckets.

The buckets are the same for every input, so that histograms of segments add up to that
of a topic, and those of two topics can be laid side by side. Sizes fall in buckets of
powers of 2, record counts in those of 1, 2, 5, 10, 20, 50, …, ratios in finer ones
near 1. A bucket holds its lower edge and not its upper one; the last one holds all
that is larger.
"""

import enum
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from complab.kafka.subject import Subject

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

_SIZE_EDGES: Final = (0.0, *(float(1 << n) for n in range(41)))
_COUNT_EDGES: Final = (
    0.0,
    *(float(digit * 10**n) for n in range(9) for digit in (1, 2, 5)),
)
_RATIO_EDGES: Final = (
    0.0,
    0.5,
    0.9,
    1.0,
    1.1,
    1.25,
    1.5,
    2.0,
    2.5,
    3.0,
    4.0,
    5.0,
    7.0,
    10.0,
    15.0,
    20.0,
    30.0,
    50.0,
    100.0,
    1000.0,
    1_000_000.0,
)

_UNITS: Final = ((30, "GiB"), (20, "MiB"), (10, "KiB"), (0, "B"))


class Buckets(enum.StrEnum):
    """Which edges a histogram has."""

    SIZE = "powers of 2"
    COUNT = "1-2-5"
    RATIO = "ratio"

    @property
    def edges(self) -> tuple[float, ...]:
        """The lower edge of each bucket, and the upper one of the last."""
        return {
            Buckets.SIZE: _SIZE_EDGES,
            Buckets.COUNT: _COUNT_EDGES,
            Buckets.RATIO: _RATIO_EDGES,
        }[self]

    def label(self, edge: float) -> str:
        """An edge as people read it: ``16 KiB``, ``200``, ``1.25``."""
        if self is not Buckets.SIZE:
            return f"{edge:g}" if self is Buckets.RATIO else f"{edge:,.0f}"
        for power, unit in _UNITS:
            if edge >= 1 << power:
                return f"{edge / (1 << power):,.0f} {unit}"
        return "0 B"


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts of one quantity: ``counts[i]`` lie from ``edges[i]`` to ``edges[i + 1]``.

    ``unknown_count`` are those whose quantity is not known; they are in no bucket.
    """

    quantity: str
    buckets: Buckets
    counts: tuple[int, ...]
    unknown_count: int = 0

    @property
    def edges(self) -> tuple[float, ...]:
        """One edge more than there are counts."""
        return self.buckets.edges

    @property
    def total_count(self) -> int:
        """How many lie in the buckets."""
        return sum(self.counts)

    def __add__(self, other: "Histogram") -> "Histogram":
        """The histogram of both inputs. Raises ValueError for another quantity's."""
        if (self.quantity, self.buckets) != (other.quantity, other.buckets):
            raise ValueError(
                f"cannot add a histogram of {other.quantity} to one of {self.quantity}"
            )
        return Histogram(
            self.quantity,
            self.buckets,
            tuple(a + b for a, b in zip(self.counts, other.counts, strict=True)),
            self.unknown_count + other.unknown_count,
        )

    def filled(self) -> list[tuple[str, int]]:
        """Each bucket's lower edge as a label, and its count: first to last filled one.

        Empty where nothing was counted.
        """
        places = [i for i, count in enumerate(self.counts) if count]
        if not places:
            return []
        return [
            (self.buckets.label(self.edges[i]), self.counts[i])
            for i in range(places[0], places[-1] + 1)
        ]

    def as_json(self) -> dict[str, object]:
        """Edges and counts from the first to the last bucket that is filled."""
        places = [i for i, count in enumerate(self.counts) if count]
        first, last = (places[0], places[-1] + 1) if places else (0, 0)
        data = asdict(self)
        data["buckets"] = self.buckets.value
        data["edges"] = list(self.edges[first : last + 1]) if places else []
        data["counts"] = list(self.counts[first:last])
        return data


def count_in_buckets(
    quantity: str, buckets: Buckets, values: "ArrayLike", unknown_count: int = 0
) -> Histogram:
    """Count numbers that are not negative.

    Raises ValueError for a negative number, infinity or NaN.
    """
    import numpy as np

    numbers = np.asarray(values, dtype=np.float64)
    if numbers.size and not (np.isfinite(numbers).all() and numbers.min() >= 0):
        raise ValueError(f"{quantity}: expected finite numbers from 0 on")
    edges = buckets.edges
    places = np.searchsorted(edges, numbers, side="right") - 1
    places = np.minimum(places, len(edges) - 2)
    counts = np.bincount(places, minlength=len(edges) - 1)
    return Histogram(quantity, buckets, tuple(counts.tolist()), unknown_count)


BATCH_BYTES: Final = "batch_bytes"
RECORDS_PER_BATCH: Final = "records_per_batch"
RECORD_BYTES: Final = "record_bytes"
COMPRESSION_RATIO: Final = "compression_ratio"


def batch_histograms(subject: Subject) -> tuple[Histogram, ...]:
    """Of the data batches: stored sizes, records, and the ratios of compressed ones."""
    rows = subject.rows
    batch_bytes = rows["batch_bytes"][subject.is_data]
    counts = subject.record_count[subject.is_data]
    sizes = subject.uncompressed_bytes[subject.is_compressed]
    stored = rows["compressed_bytes"][subject.is_compressed].astype("i8")
    is_sized = (sizes >= 0) & (stored > 0)
    return (
        count_in_buckets(BATCH_BYTES, Buckets.SIZE, batch_bytes),
        count_in_buckets(
            RECORDS_PER_BATCH,
            Buckets.COUNT,
            counts[counts >= 0],
            unknown_count=int((counts < 0).sum()),
        ),
        count_in_buckets(
            COMPRESSION_RATIO,
            Buckets.RATIO,
            sizes[is_sized] / stored[is_sized],
            unknown_count=int((~is_sized).sum()),
        ),
    )


def record_histogram(record_bytes: "ArrayLike") -> Histogram:
    """Of record sizes, uncompressed: of one batch, to be added up over those read."""
    return count_in_buckets(RECORD_BYTES, Buckets.SIZE, record_bytes)
