"""What the stations of the path take: producer, broker, consumer, in CPU seconds.

Joins deliveries, whose stages are works, with the passes that time them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from complab.runner.passes import PASSES_AT_LEAST, PassTimes, time_passes
from complab.studies.delivery import PRODUCER_STAGES, Delivery

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from complab import core

_MILLION: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Station:
    """CPU seconds for a million messages; ``None`` for an error that nobody knows."""

    cpu_s: float
    error_pct: float | None
    pass_count: int


class PathTimes:
    """The times of every stage of some deliveries, measured in turns.

    A parcel's own stages are timed once for all deliveries of the same parcel.
    """

    def __init__(
        self, deliveries: Iterable[Delivery], *, until_s: float, seed: int
    ) -> None:
        """Measure until the monotonic clock is at ``until_s``, each stage once."""
        works: dict[tuple[int, str], core.Work] = {}
        for delivery in deliveries:
            for stage, work in delivery.parcel.works().items():
                works.setdefault((id(delivery.parcel), stage), work)
            for stage, work in delivery.works().items():
                works[id(delivery), stage] = work
        self._times = time_passes(works, until_s=until_s, seed=seed)

    def _of(self, delivery: Delivery, stage: str) -> PassTimes | None:
        """A stage's times; ``None`` where there is nothing to do: none compresses."""
        own = self._times.get((id(delivery), stage))
        return own or self._times.get((id(delivery.parcel), stage))

    def station(self, delivery: Delivery, stages: Sequence[str]) -> Station:
        """The sum of some stages. Their errors are taken for independent."""
        total_ns = squares = 0.0
        is_known, pass_counts = True, []
        for stage in stages:
            found = self._of(delivery, stage)
            if found is None:
                continue
            total_ns += found.total_ns
            pass_counts.append(len(found.passes))
            estimate = found.estimate()
            if estimate is None:
                is_known = False
                continue
            squares += (found.total_ns * estimate.error_pct / 100) ** 2
        error_pct = None
        if is_known and total_ns and min(pass_counts, default=0) >= PASSES_AT_LEAST:
            error_pct = 100 * squares**0.5 / total_ns
        cpu_s = total_ns / 1e9 * _MILLION / len(delivery.parcel.records)
        return Station(cpu_s, error_pct, min(pass_counts, default=0))

    def batch_ns(self, delivery: Delivery) -> "NDArray[np.float64]":
        """What each batch takes its producer."""
        found = [self._of(delivery, stage) for stage in PRODUCER_STAGES]
        first, *rest = [each.block_ns() for each in found if each is not None]
        return sum(rest, first)

    def batch_quantiles_ns(
        self,
        delivery: Delivery,
        shares: Sequence[float],
        chosen: "NDArray[np.bool_] | slice" = slice(None),
    ) -> tuple[float, ...]:
        """The smallest times that so many batches do not exceed at their producer.

        Of all batches, or of the ``chosen`` ones.
        """
        import numpy as np

        times_ns = self.batch_ns(delivery)[chosen]
        return tuple(np.quantile(times_ns, shares, method="inverted_cdf").tolist())
