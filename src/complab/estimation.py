"""Headlines and error bars from the epochs of a run: pure functions over numbers.

The machine that measures changes its speed while it does, takes the core away for
milliseconds, and places the same data differently in each process. Three steps answer
that, each kept because it repeated better over independent runs (the notebook
``repeatability`` has the figures):

- **Correction.** An epoch's time without its stalls, times the canary's reference over
  what the canary took inside that epoch. The reference is the canary's most common time
  in the whole run, which repeats to 0.2 % from run to run on a machine both quiet and
  overloaded. The exponent of one is fixed, never fitted: a fit follows the noise.
- **Headline.** The median of a process, and over several processes the geometric mean
  of their medians: within a process epochs have long tails, between processes there are
  few values, all of them good.
- **Error bar.** Student's interval over the processes. So few of them say little of how
  much they differ, so that their variance is held together with one that is known
  beforehand: what processes were seen to differ by, and what epochs scatter inside one.
  An interval of this run alone would be two to three times too narrow.

The corrected figure is normalised: it says what the machine does in its usual state.
It is compared within a machine and a version of the method. What it is not for: a
machine whose canary and codecs are slowed by different things; the raw median stands
beside it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from complab.stats import CONFIDENCE, Estimate, median
from complab.student import student_quantile

_UPPER = 1 - (1 - CONFIDENCE) / 2

# How wide the canary's most common state is: its clean times lie within half a percent
# of each other, and the nearest other state (a turbo step) 3 % away.
_STATE_WIDTH = 0.01

# An epoch is clean if nothing stalled it and its canary is this near to the reference:
# past the scatter of a free core (1 %), short of one that is shared (from 5 % on).
_CLEAN_WITHIN = 0.03

# Standard deviation of a configuration's speed between processes, as seen in the
# median row over the runs of the study, and the degrees of freedom that it weighs: as
# much as five processes would.
BETWEEN_PROCESSES = 0.010
_BETWEEN_WEIGHT = 4

# Standard deviation of the corrected epochs in a process, where there are too few to
# tell, and its weight in epochs.
_WITHIN_PROCESS = 0.03
_WITHIN_WEIGHT = 3

# After a stall (a turn of another task) the caches hold its data, and filling them
# again is in the time that was run. Not corrected, since it is from 2 to 10 % of the
# stalled time, by codec, but in the error bar: by the stalls of the row's typical
# epoch, up to where every turn is as short as one stall, and by those of the whole run,
# which leave no row's caches alone.
_REFILL_OF_EPOCH = 0.06
_REFILL_STALLED_AT_MOST = 2.0
_REFILL_OF_RUN = 0.05

# By how much the median of normal values errs more than their mean, for large n: the
# root of pi / 2.
_MEDIAN_OVER_MEAN = 1.2533

# Turns a median absolute deviation into the standard deviation of a normal one.
_MAD_TO_DEVIATION = 1.4826

# Below so many residuals a median absolute deviation says too little of them.
_RESIDUALS_AT_LEAST = 6


@dataclass(frozen=True, slots=True)
class EpochFacts:
    """One epoch: its whole time, the part that was stalled, and its canary's mean.

    Times in nanoseconds, the stalled one less than the whole; ``canary_ns`` is 0 where
    no canary flew.
    """

    elapsed_ns: float
    iteration_count: int
    stalled_ns: float = 0.0
    canary_ns: float = 0.0
    process: int = 0


def reference_canary_ns(times_ns: Sequence[float]) -> float | None:
    """The canary's most common time: the middle of its densest 1 %.

    ``None`` without any positive time; of several equally dense places the fastest.
    """
    logs = sorted(math.log(time_ns) for time_ns in times_ns if time_ns > 0)
    if not logs:
        return None
    best_count, best_first, end = 0, 0, 0
    for first, low in enumerate(logs):
        while end < len(logs) and logs[end] <= low + _STATE_WIDTH:
            end += 1
        if end - first > best_count:
            best_count, best_first = end - first, first
    return math.exp(median(logs[best_first : best_first + best_count]))


def corrected_time_ns(epoch: EpochFacts, reference_ns: float | None) -> float:
    """An iteration's time as it would be unstalled and at the canary's reference.

    Without a canary in flight or a reference it is the plain time.
    """
    if epoch.canary_ns <= 0 or reference_ns is None:
        return epoch.elapsed_ns / epoch.iteration_count
    run_ns = epoch.elapsed_ns - epoch.stalled_ns
    return run_ns / epoch.iteration_count * reference_ns / epoch.canary_ns


def is_clean(epoch: EpochFacts, reference_ns: float | None) -> bool | None:
    """Whether an epoch ran undisturbed; ``None`` where nothing watched it."""
    if epoch.canary_ns <= 0 or reference_ns is None:
        return None
    slowdown = epoch.canary_ns / reference_ns
    return epoch.stalled_ns == 0 and slowdown <= 1 + _CLEAN_WITHIN


@dataclass(frozen=True, slots=True)
class Contention:
    """How busy others kept the machine during a run, as shares of 1.

    ``clean`` of the epochs ran undisturbed; ``stalled`` of the epochs' time the core
    was taken away; ``slowdown`` is by how much the canary was slower than its
    reference, over the time that was run.
    """

    clean: float
    stalled: float
    slowdown: float


def contention(
    epochs: Sequence[EpochFacts], reference_ns: float | None
) -> Contention | None:
    """Sum up the epochs of a run; ``None`` if nothing watched them."""
    watched = [epoch for epoch in epochs if is_clean(epoch, reference_ns) is not None]
    elapsed_ns = sum(epoch.elapsed_ns for epoch in watched)
    if not watched or reference_ns is None or elapsed_ns <= 0:
        return None
    stalled_ns = sum(epoch.stalled_ns for epoch in watched)
    undisturbed_ns = sum(
        (epoch.elapsed_ns - epoch.stalled_ns) * reference_ns / epoch.canary_ns
        for epoch in watched
    )
    return Contention(
        sum(1 for epoch in watched if is_clean(epoch, reference_ns)) / len(watched),
        stalled_ns / elapsed_ns,
        (elapsed_ns - stalled_ns) / undisturbed_ns - 1 if undisturbed_ns > 0 else 0.0,
    )


def estimate(
    times: Sequence[float], processes: Sequence[int], run_wide: float = 0.0
) -> Estimate | None:
    """The headline of positive times and the interval for what other runs will show.

    ``processes`` says of each time in which process it was measured,
    ``run_wide`` is the standard deviation of what all processes of the run have in
    common, as a share of the time. ``None`` at n = 0; at n = 1 the interval is what is
    known beforehand. Ties do no harm.
    """
    if not times:
        return None
    groups: dict[int, list[float]] = {}
    for time, process in zip(times, processes, strict=True):
        groups.setdefault(process, []).append(math.log(time))
    middles = {process: median(logs) for process, logs in groups.items()}
    count = len(middles)
    middle = sum(middles.values()) / count
    residuals = [
        value - middles[process] for process, logs in groups.items() for value in logs
    ]
    within = _within_variance(residuals, len(times) - count)
    # A median of one or two values is their mean.
    errors = [
        within / len(logs) * (_MEDIAN_OVER_MEAN**2 if len(logs) > 2 else 1)  # noqa: PLR2004
        for logs in groups.values()
    ]
    expected = BETWEEN_PROCESSES**2 + sum(errors) / count
    seen = sum((value - middle) ** 2 for value in middles.values())
    freedom = _BETWEEN_WEIGHT + count - 1
    variance = (_BETWEEN_WEIGHT * expected + seen) / freedom
    half = math.hypot(
        student_quantile(_UPPER, freedom) * math.sqrt(variance / count),
        NormalDist().inv_cdf(_UPPER) * run_wide,
    )
    return Estimate(math.exp(middle), math.exp(middle - half), math.exp(middle + half))


def estimate_corrected(
    epochs: Sequence[EpochFacts], reference_ns: float | None, stalled_share: float
) -> Estimate | None:
    """The headline time of an iteration and its interval; ``None`` without epochs.

    ``stalled_share`` is that of the whole run, all rows together.
    """
    if not epochs:
        return None
    stalls = [e.stalled_ns / (e.elapsed_ns - e.stalled_ns) for e in epochs]
    return estimate(
        [corrected_time_ns(epoch, reference_ns) for epoch in epochs],
        [epoch.process for epoch in epochs],
        math.hypot(
            _REFILL_OF_EPOCH * min(median(stalls), _REFILL_STALLED_AT_MOST),
            _REFILL_OF_RUN * stalled_share,
        ),
    )


def _within_variance(residuals: Sequence[float], freedom: int) -> float:
    """The variance of epochs in a process, from their distances to its median."""
    known = _WITHIN_PROCESS**2
    if freedom < _RESIDUALS_AT_LEAST:
        seen = sum(value**2 for value in residuals)
        return (_WITHIN_WEIGHT * known + seen) / (_WITHIN_WEIGHT + freedom)
    deviation = _MAD_TO_DEVIATION * median([abs(value) for value in residuals])
    return (_WITHIN_WEIGHT * known + freedom * deviation**2) / (
        _WITHIN_WEIGHT + freedom
    )
