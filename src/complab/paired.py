"""Two configurations compared: which epochs belong together, and what they prove.

Epochs of one round are next to each other in time, in random order. Under the
hypothesis that nothing differs, each of the two is as likely to be the slower one,
whatever state the machine was in: the signs of the log ratios are fair coins by the
randomization, however long the machine's states last. That is why the interval is the
sign test's: order statistics of the log ratios. Where there *is* a difference, its
size may vary with the state, so neighbouring ratios may be alike; they then count for
less (``effective_count``).

Others use the machine, too. A millisecond's epoch that was suspended for a time slice
lasts several times as long, and its pair tells the length of the slice. Where half of
the pairs are like that, no middle of them is worth much. So only those count of which
neither epoch was (``log_ratios``), by a rule that is blind to which one is A.

What no number of rounds tells is how a process happened to lie in memory: the same
library, loaded twice, was seen 1 to 2 % apart in one process and not in the next. So
the interval has a second part, the error of a layout, which shrinks with the number of
processes and not with that of rounds.

Two stored results share no round and no process. They are compared by the medians of
their processes, with the variance between those and a term for the run as a whole.

Not for estimates of one configuration: those are in ``complab.stats``.

Sources: the sign test is in any textbook; the sum of autocorrelations is cut where its
pairs turn negative (Geyer 1992, "Practical Markov chain Monte Carlo"); variances are
shrunk to a common one as in Smyth 2004, "Linear models and empirical Bayes methods".
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from complab.stats import (
    CONFIDENCE,
    estimate_median,
    median,
    median_interval_ranks,
)
from complab.student import student_quantile

# The chance that a comparison of equal things reports any difference at all, in all of
# its rows and directions together.
FALSE_ALARM = 0.005

# Standard deviation of the log ratio of one library with itself between processes: what
# layout does. On 16 KiB batches it was 0.3 to 0.5 % for zstd 3 and 2.2 % for zstd 5,
# whose tables fill the second cache. A verdict allows for the worse, an error bar for
# the usual. `make study-false-alarms` says what it is on a machine. Either weighs as
# much as what so many processes would tell.
LAYOUT_SD = 0.02
USUAL_LAYOUT_SD = 0.012
LAYOUT_FREEDOM = 20

# A pair was disturbed if the product of its times is more than so many times the lower
# decile of its process. A neighbour on the physical core costs either of the two 1.3 to
# 1.5 times, a time slice of a scheduler much more.
DISTURBED = 1.5
_PAIRS_TO_JUDGE_BY = 6

# Standard deviation of a whole run's speed: minutes differ, and all rows with them.
RUN_SD = 0.02


@dataclass(frozen=True, slots=True)
class LogRatio:
    """The natural logarithm of a ratio of times, B's over A's, with its interval.

    ``low`` and ``high`` are ``None`` where nothing can be said of its error.
    """

    value: float
    low: float | None
    high: float | None

    @property
    def is_separated(self) -> bool:
        """Whether the interval leaves out equality."""
        if self.low is None or self.high is None:
            return False
        return self.low > 0 or self.high < 0


def match_rounds(
    first: Sequence[tuple[int, int]], second: Sequence[tuple[int, int]]
) -> list[tuple[int, int]]:
    """Index pairs of the epochs that belong together, each epoch in one at most.

    Both sequences hold ``(process, round)`` in ascending order. Epochs of one round
    are a pair; one without a partner in its round goes with the nearest that has none
    either, in its own process, unless that one has a nearer epoch to go with.

    >>> match_rounds([(0, 1), (0, 4)], [(0, 1), (0, 2), (0, 5)])
    [(0, 0), (1, 2)]
    """
    pairs = []
    i = j = 0
    while i < len(first) and j < len(second):
        (process_a, round_a), (process_b, round_b) = first[i], second[j]
        if process_a != process_b:
            if process_a < process_b:
                i += 1
            else:
                j += 1
            continue
        distance = abs(round_a - round_b)
        if round_a < round_b and _is_nearer(first, i + 1, second[j], distance):
            i += 1
        elif round_b < round_a and _is_nearer(second, j + 1, first[i], distance):
            j += 1
        else:
            pairs.append((i, j))
            i += 1
            j += 1
    return pairs


def _is_nearer(
    places: Sequence[tuple[int, int]], index: int, to: tuple[int, int], than: int
) -> bool:
    if index >= len(places) or places[index][0] != to[0]:
        return False
    return abs(places[index][1] - to[1]) < than


def log_ratios(
    first: Sequence[float], second: Sequence[float], rounds: Sequence[int]
) -> list[float]:
    """The logarithms of ``second`` over ``first``, one for each round.

    The times are those of one process, pair by pair, in any unit, and positive;
    ``rounds`` are those of the pairs, in ascending order. Of a round's pairs the mean
    of those that nothing disturbed counts: a quick pair is visited twice in a round,
    each of the two ahead once. Of fewer than six pairs all are kept: there is no
    telling what is usual.
    """
    # A limit for each of the two would be blind to nothing: one of them may be that of
    # disturbed epochs by chance, and then the pairs that it lets pass lean one way.
    limit = math.inf
    if len(rounds) >= _PAIRS_TO_JUDGE_BY:
        limit = DISTURBED * _lower_decile(
            [a * b for a, b in zip(first, second, strict=True)]
        )
    found: dict[int, list[float]] = {}
    for a, b, number in zip(first, second, rounds, strict=True):
        if a * b <= limit:
            found.setdefault(number, []).append(math.log(b / a))
    return [sum(logs) / len(logs) for logs in found.values()]


def _lower_decile(values: Sequence[float]) -> float:
    """The value a tenth up from the least; ``values`` are not empty."""
    return sorted(values)[(len(values) - 1) // 10]


def effective_count(values: Sequence[float]) -> float:
    """As how many independent values these say of their median, in their order.

    The count divided by the integrated autocorrelation of being above or below the
    median, which is what the median's variance depends on. At most the count; at n = 0
    it is 0; ties with the median count as neither.
    """
    count = len(values)
    if not count:
        return 0.0
    middle = median(values)
    signs = [(value > middle) - (value < middle) for value in values]
    power = sum(sign * sign for sign in signs)
    if not power:
        return float(count)

    def correlation(lag: int) -> float:
        return sum(a * b for a, b in zip(signs, signs[lag:], strict=False)) / power

    total = -1.0
    for lag in range(0, count - 1, 2):
        both = correlation(lag) + correlation(lag + 1)
        if both <= 0:
            break
        total += 2 * both
    return count / max(1.0, total)


def least_pairs(confidence: float) -> int:
    """How many pairs it takes to say anything: their extremes must be sure enough.

    >>> least_pairs(0.95)
    6
    """
    return math.ceil(1 - math.log2(1 - confidence))


def interval_of_median(
    values: Sequence[float], confidence: float
) -> tuple[float, float] | None:
    """The order statistics between which the median lies, ``None`` if n is too small.

    ``values`` are in the order of their time. Ties only make it safer.
    """
    count = len(values)
    effective = math.floor(effective_count(values) + 1e-9)
    ranks = median_interval_ranks(effective, confidence)
    if ranks is None:
        return None
    # The rank that so many independent values would have, as a share of those here.
    rank = math.floor((ranks[0] + 1) / (effective + 1) * (count + 1)) - 1
    ordered = sorted(values)
    return ordered[rank], ordered[count - 1 - rank]


# ---- Between processes -----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Spread:
    """A variance (of logarithms) with the degrees of freedom behind it."""

    variance: float
    freedom: float


def variance_between(groups: Sequence[Sequence[float]]) -> Spread:
    """How much groups' medians differ by more than their own errors explain.

    The groups are the log ratios of one row in each process. Those with too few values
    for an error of their own (4) tell nothing; with fewer than two others there is
    freedom 0 and no variance.
    """
    told = [(median(group), _median_variance(group)) for group in groups if group]
    known = [(middle, own) for middle, own in told if own is not None]
    freedom = len(known) - 1
    if freedom < 1:
        return Spread(0.0, 0.0)
    mean = sum(middle for middle, _ in known) / len(known)
    seen = sum((middle - mean) ** 2 for middle, _ in known) / freedom
    own = sum(own for _, own in known) / len(known)
    return Spread(max(0.0, seen - own), freedom)


def _median_variance(values: Sequence[float]) -> float | None:
    """The variance of a median, from the width of its 68 % interval."""
    interval = interval_of_median(values, 1 - 2 * NormalDist().cdf(-1))
    return None if interval is None else ((interval[1] - interval[0]) / 2) ** 2


def common_variance(spreads: Sequence[Spread]) -> float:
    """The middle of several rows' variances; 0 if none has any freedom.

    Not their mean: one row that a busy machine disturbed all the time would blur all.
    """
    known = [spread.variance for spread in spreads if spread.freedom]
    return median(known) if known else 0.0


def shrunk(own: Spread, common: float, floor_sd: float) -> Spread:
    """A row's own variance, drawn towards that of all rows and never far below a floor.

    A few processes know little of a variance; the rows of a run know more together.
    """
    prior = max(common, floor_sd**2)
    freedom = LAYOUT_FREEDOM + own.freedom
    variance = (LAYOUT_FREEDOM * prior + own.freedom * own.variance) / freedom
    return Spread(variance, freedom)


def confidence_of_each(test_count: int) -> float:
    """The confidence of each of so many tests that keeps all within ``FALSE_ALARM``.

    Bonferroni's: it needs no independence, and rows of one run are not independent.
    """
    return 1 - FALSE_ALARM / max(1, test_count)


def paired_ratios(
    groups: Mapping[str, Sequence[Sequence[float]]], *, stalled_share: float = 0.0
) -> dict[str, LogRatio]:
    """What the log ratios of several tests say, corrected for their number.

    Each test has one sequence of log ratios (B's time over A's, in the order of time)
    for each process. A test without any is left out. ``stalled_share`` of the run's
    time its core was taken away.
    """
    tests = {name: [g for g in each if g] for name, each in groups.items()}
    tests = {name: each for name, each in tests.items() if each}
    confidence = confidence_of_each(len(tests))
    spreads = {name: variance_between(each) for name, each in tests.items()}
    common = common_variance(list(spreads.values()))
    return {
        name: _with_layout(
            each,
            confidence,
            shrunk(spreads[name], common, LAYOUT_SD),
            is_exact=True,
            lasting_sd=STALLED_SD * stalled_share,
        )
        for name, each in tests.items()
    }


def ratio_in_run(groups: Sequence[Sequence[float]]) -> LogRatio | None:
    """What the log ratios of one pair of rows say by themselves, with 95 % certainty.

    ``None`` at n = 0, no interval at n = 1 and 2. Not for deciding: see
    ``paired_ratios``.
    """
    filled = [group for group in groups if group]
    if not filled:
        return None
    layout = shrunk(variance_between(filled), 0.0, USUAL_LAYOUT_SD)
    return _with_layout(filled, CONFIDENCE, layout, is_exact=False)


# Pairs of one run are not as independent as their order shows: what a neighbour does
# lasts as long as the run. Beside compilers and tests the medians of runs lay 1.3 times
# as far apart as those of their processes say, before each process had copies of its
# own; how far since then is not known.
RUN_FACTOR = 1.3

# And where the core is taken away, whoever takes it leaves A's caches and B's not quite
# alike, for as long as he does the same: so large would that be if it were away all the
# time.
STALLED_SD = 0.06


def _with_layout(
    groups: Sequence[Sequence[float]],
    confidence: float,
    layout: Spread,
    *,
    is_exact: bool,
    lasting_sd: float = 0.0,
) -> LogRatio:
    """The median of all processes' log ratios, the layouts' error in its interval.

    Below the least number of pairs there is no interval if it must be exact, else
    Student's from n = 3 on.
    """
    values = [value for group in groups for value in group]
    middle = median(values)
    inner = interval_of_median(values, confidence)
    if inner is None and not is_exact:
        estimate = estimate_median([math.exp(value) for value in values])
        if estimate is not None:
            inner = math.log(estimate.low), math.log(estimate.high)
    if inner is None:
        return LogRatio(middle, None, None)
    error = math.sqrt(layout.variance / len(groups) + lasting_sd**2)
    error *= student_quantile((1 + confidence) / 2, layout.freedom)
    factor = RUN_FACTOR if is_exact else 1.0
    return LogRatio(
        middle,
        middle - math.hypot(factor * (middle - inner[0]), error),
        middle + math.hypot(factor * (inner[1] - middle), error),
    )


def unpaired_ratios(
    groups: Mapping[str, tuple[Sequence[float], Sequence[float]]],
) -> dict[str, LogRatio]:
    """What two stored results say of several tests, corrected for their number.

    Each test has the logarithms of its processes' median times, before and after. With
    fewer than two processes on a side there is no interval. A test without any process
    on a side is left out.
    """
    tests = {name: both for name, both in groups.items() if all(both)}
    confidence = confidence_of_each(len(tests))
    spreads = {
        name: _pooled([_plain_variance(side) for side in both])
        for name, both in tests.items()
    }
    common = common_variance(list(spreads.values()))
    found = {}
    for name, (before, after) in tests.items():
        value = sum(after) / len(after) - sum(before) / len(before)
        if min(len(before), len(after)) < 2:  # noqa: PLR2004 - a variance takes two
            found[name] = LogRatio(value, None, None)
            continue
        process = shrunk(spreads[name], common, LAYOUT_SD)
        variance = process.variance * (1 / len(before) + 1 / len(after)) + 2 * RUN_SD**2
        half = math.sqrt(variance) * student_quantile(
            (1 + confidence) / 2, process.freedom
        )
        found[name] = LogRatio(value, value - half, value + half)
    return found


def _plain_variance(values: Sequence[float]) -> Spread:
    freedom = len(values) - 1
    if freedom < 1:
        return Spread(0.0, 0.0)
    mean = sum(values) / len(values)
    return Spread(sum((v - mean) ** 2 for v in values) / freedom, freedom)


def _pooled(spreads: Sequence[Spread]) -> Spread:
    """The common variance of several, weighted by their freedom."""
    freedom = sum(spread.freedom for spread in spreads)
    if not freedom:
        return Spread(0.0, 0.0)
    total = sum(spread.variance * spread.freedom for spread in spreads)
    return Spread(total / freedom, freedom)
