"""Who is measured next: shares of the time that is left.

A round holds at most one epoch of each entry (a configuration in one direction). If
every round held all, the slowest codec would set how often the fastest is seen: four
rounds a minute. So each entry gets a share of the time: first what its least number of
epochs costs, then an equal part of what remains. It joins a round when the run has got
as far through its time as the entry would be through its share with half of another
epoch. Slow entries so come in evenly spread over the run, fast ones in every round, and
all of them next to each other in time.

Where not even the least number fits, the cheap entries are served first: one codec that
takes a second a pass is a poor reason for forty others to go without a figure.

Entries of a pair are compared with each other, so they share one place in all of this:
both join a round or neither does, and they run next to each other, in either order.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from complab.plan import EPOCHS_AT_LEAST


@dataclass(slots=True)
class Entry:
    """One configuration in one direction, and what it has had so far.

    ``cost_s`` is what its next epoch will take, the untimed iteration included.
    Entries with the same ``pair`` (and direction) are measured side by side.
    """

    configuration: int
    direction: int
    cost_s: float
    spent_s: float = 0.0
    epoch_count: int = 0
    is_settled: bool = False
    pair: int | None = None

    @property
    def due_s(self) -> float:
        """What the epochs cost that it still must have."""
        return max(0, EPOCHS_AT_LEAST - self.epoch_count) * self.cost_s


class _Unit:
    """What joins a round together: an entry, or the two of a pair."""

    def __init__(self, entries: list[Entry]) -> None:
        self.entries = entries
        self.cost_s = sum(entry.cost_s for entry in entries)
        self.spent_s = sum(entry.spent_s for entry in entries)
        self.due_s = sum(entry.due_s for entry in entries)


def next_round(
    entries: Sequence[Entry],
    *,
    elapsed_s: float,
    remaining_s: float,
    shuffle: Callable[[list[Any]], None],
) -> list[Entry]:
    """The entries of the next round, shuffled; empty when nothing more fits.

    ``elapsed_s`` has been spent on rounds so far, ``remaining_s`` are left for them.
    """
    active, due_s = _affordable(_units(entries), remaining_s)
    if not active:
        return []
    part_s = max(0.0, remaining_s - due_s) / len(active)
    progress = elapsed_s / (elapsed_s + remaining_s)

    def position(unit: _Unit) -> float:
        share_s = unit.spent_s + unit.due_s + part_s
        return (unit.spent_s + unit.cost_s / 2) / share_s

    chosen = [unit for unit in active if position(unit) <= progress]
    if not chosen:
        first = min(map(position, active))
        chosen = [unit for unit in active if position(unit) <= first * 1.001]
    shuffle(chosen)
    for unit in chosen:
        if len(unit.entries) > 1:
            shuffle(unit.entries)
    return [entry for unit in chosen for entry in unit.entries]


def _units(entries: Sequence[Entry]) -> list[_Unit]:
    """What is not settled, the entries of a pair together."""
    found: dict[tuple[int | None, ...], list[Entry]] = {}
    for entry in entries:
        if not entry.is_settled:
            single = entry.configuration if entry.pair is None else None
            found.setdefault((entry.pair, single, entry.direction), []).append(entry)
    return [_Unit(together) for together in found.values()]


def _affordable(
    units: Sequence[_Unit], remaining_s: float
) -> tuple[list[_Unit], float]:
    """The units whose least number of epochs fits, cheapest first, and its cost.

    If none fits wholly, the cheapest that has time for one more epoch.
    """
    active = [unit for unit in units if unit.cost_s <= remaining_s]
    served: list[_Unit] = []
    due_s = 0.0
    for unit in sorted(active, key=lambda unit: unit.due_s):
        if served and due_s + unit.due_s > remaining_s:
            break
        served.append(unit)
        due_s += unit.due_s
    return served, due_s
