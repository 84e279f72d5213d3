"""Times works block by block, in passes that take turns.

Where a sweep wants a codec's speed, this wants each batch's own time: how long the
slowest of a thousand batches keeps a producer waiting. Each pass times every block once
(``core.Work.time_pass``); a block's time is the median of its passes, which a neighbour
on the core does not reach; the works take turns in random order, so that a busy minute
is shared by all. Not for epochs, canaries and worker processes: ``runner.measure``.
"""

import random
import time
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from complab import core
from complab.stats import Estimate, estimate_median

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PASSES_AT_LEAST = 3

# A median of so many is not moved by the next one.
_PASSES_AT_MOST = 101


@dataclass
class PassTimes:
    """The times of one work: a row for each pass, an element for each block, in ns."""

    passes: "list[NDArray[np.float64]]" = field(default_factory=list)

    def block_ns(self) -> "NDArray[np.float64]":
        """Each block's median time."""
        import numpy as np

        return np.median(self.passes, axis=0)

    @property
    def total_ns(self) -> float:
        """What all blocks take: the sum of their medians."""
        return float(self.block_ns().sum())

    def estimate(self) -> Estimate | None:
        """The passes' median total with its interval; ``None`` below three passes."""
        return estimate_median([max(1.0, float(each.sum())) for each in self.passes])


Key = TypeVar("Key", bound=Hashable)


def time_passes(
    works: Mapping[Key, core.Work], *, until_s: float, seed: int = 0
) -> dict[Key, PassTimes]:
    """Time all works in turns until the monotonic clock shows ``until_s``.

    Each gets one pass in any case. A work whose next pass would not end in time is
    passed over from then on, so that a slow one leaves the rest to the others. Raises
    what a work's failure is.
    """
    timer = core.Timer.measured(warm_up_below_ns=0)
    order = random.Random(seed)  # noqa: S311 - reproducible, no secret
    found = {key: PassTimes() for key in works}
    taken_s = dict.fromkeys(works, 0.0)
    for number in range(_PASSES_AT_MOST):
        keys = list(works)
        order.shuffle(keys)
        is_idle = True
        for key in keys:
            begin_s = time.monotonic()
            if number and begin_s + taken_s[key] > until_s:
                continue
            found[key].passes.append(works[key].time_pass(timer))
            taken_s[key] = time.monotonic() - begin_s
            is_idle = False
        if is_idle:
            break
    return found
