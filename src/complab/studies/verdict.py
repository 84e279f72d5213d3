"""The advice in sentences: the best, the runner-up, how sure that is, what turns it.

Two candidates were compressed from the same runs of the log. So their bytes are
compared run by run, and not as if they had been drawn apart; CPU figures are
independent of one another.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, Final

from complab.studies.advice_table import AdviceRow, money
from complab.studies.candidates import Candidate
from complab.studies.library_columns import several_libraries
from complab.units import format_percent

if TYPE_CHECKING:
    from numpy.typing import NDArray

_HALF_WIDTHS: Final = NormalDist().inv_cdf(0.975)


def sentences(
    best: Candidate, others: Sequence[Candidate], currency: str
) -> Iterator[str]:
    """What is to be said of the best, and of the others, the cheapest of them first."""
    names_library = several_libraries(each.row for each in (best, *others))

    def name(candidate: Candidate) -> str:
        return candidate.row.name(names_library=names_library)

    yield f"best: {name(best)}, {_amount(best.row, currency)} a month"
    yield from _against(best, others, currency, name)
    yield from _changes(best, others, name)


_Name = Callable[[Candidate], str]


def _amount(row: AdviceRow, currency: str) -> str:
    amount = money(row.total_cost or 0.0)
    if row.total_error is not None:
        amount += f" ± {money(row.total_error)}"
    return f"{amount} {currency}"


def _against(
    best: Candidate, others: Sequence[Candidate], currency: str, name: _Name
) -> Iterator[str]:
    """The runner-up, by how much it loses, and how sure that is."""
    if not others:
        return
    second = others[0]
    difference = (second.row.total_cost or 0.0) - (best.row.total_cost or 0.0)
    error = _error_of_difference(best, second)
    least = best.row.total_cost or 1.0
    text = (
        f"runner-up: {name(second)}, {money(difference)} {currency} "
        f"({format_percent(100 * difference / least)} %) dearer"
    )
    if error:
        chance = NormalDist().cdf(difference / error)
        sure = "more than 99" if chance > 0.995 else f"{100 * chance:.0f}"  # noqa: PLR2004
        text += f"; that it is dearer is {sure} % sure"
    yield text


def _error_of_difference(best: Candidate, other: Candidate) -> float:
    """The standard deviation of the difference of two bills.

    Bytes are compared by the runs that both were measured on; CPU figures are
    independent. 0 where some part of it is not known.
    """
    assert best.bill is not None  # noqa: S101 - both are among the good ones
    assert other.bill is not None  # noqa: S101
    if not (best.bill.is_error_whole and other.bill.is_error_whole):
        return 0.0
    moved = best.bill.network + best.bill.disk
    squares = (moved * _spread_of_bytes(best, other)) ** 2
    for each in (best, other):
        assert each.bill is not None  # noqa: S101
        whole = each.bill.error / _HALF_WIDTHS
        bytes_part = (each.bill.network + each.bill.disk) * (
            (each.row.ratio_error_pct or 0.0) / 100 / _HALF_WIDTHS
        )
        squares += max(0.0, whole**2 - bytes_part**2)
    return math.sqrt(squares)


def _spread_of_bytes(best: Candidate, other: Candidate) -> float:
    """The relative standard error of the ratio of two candidates' stored bytes."""
    import numpy as np

    first, second = _bytes_per_run(best), _bytes_per_run(other)
    if first is None or second is None or len(first[0]) != len(second[0]):
        return 0.0
    weights = first[0]
    packed = weights * first[1] / first[0]
    others = weights * second[1] / second[0]
    count = len(weights)
    ratio = float(others.sum() / packed.sum())
    residuals = others - ratio * packed
    variance = float(np.square(residuals).sum()) * count / (count - 1)
    return math.sqrt(variance) / float(packed.sum())


def _bytes_per_run(
    candidate: Candidate,
) -> "tuple[NDArray[Any], NDArray[Any]] | None":
    """Uncompressed and stored bytes of each run; ``None`` where nothing was drawn."""
    import numpy as np

    batches, delivery = candidate.batches, candidate.delivery
    if batches is None or delivery is None or batches.is_whole:
        return None
    count = int(batches.clusters[-1]) + 1
    if count < 2:  # noqa: PLR2004 - a variance takes two
        return None
    plain = [float(len(each)) for each in delivery.parcel.payloads]
    stored = [float(len(each)) for each in delivery.stored.batches]
    return (
        np.bincount(batches.clusters, plain, minlength=count),
        np.bincount(batches.clusters, stored, minlength=count),
    )


def _changes(
    best: Candidate, others: Sequence[Candidate], name: _Name
) -> Iterator[str]:
    """At which other prices another candidate would be the best."""
    parts: Mapping[str, str] = {"network": "network", "disk": "disk", "cpu": "CPU"}
    for part, words in parts.items():
        for sign, verb in ((1, "dearer"), (-1, "cheaper")):
            found = min(
                (
                    (factor**sign, each)
                    for each in others
                    if (factor := _crossing(best, each, part)) is not None
                    and sign * (factor - 1) > 0
                ),
                key=lambda pair: pair[0],
                default=None,
            )
            if found is not None and found[0] <= _FAR:
                yield (
                    f"were {words} {found[0]:.3g} times {verb}, {name(found[1])} "
                    "would be best"
                )


# Beyond that nobody's prices change.
_FAR: Final = 10.0


def _crossing(best: Candidate, other: Candidate, part: str) -> float | None:
    """By what factor a part's price must change for the two to cost the same."""
    assert best.bill is not None  # noqa: S101 - both are among the good ones
    assert other.bill is not None  # noqa: S101
    own: float = getattr(best.bill, part)
    others: float = getattr(other.bill, part)
    rest = (other.bill.total - others) - (best.bill.total - own)
    if own == others:
        return None
    factor = rest / (own - others)
    return factor if factor > 0 else None
