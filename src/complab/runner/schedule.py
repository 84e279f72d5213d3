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
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from complab.plan import EPOCHS_AT_LEAST


@dataclass(slots=True)
class Entry:
    """One configuration in one direction, and what it has had so far.

    ``cost_s`` is what its next epoch will take, the untimed iteration included.
    """

    configuration: int
    direction: int
    cost_s: float
    spent_s: float = 0.0
    epoch_count: int = 0
    is_settled: bool = False

    @property
    def due_s(self) -> float:
        """What the epochs cost that it still must have."""
        return max(0, EPOCHS_AT_LEAST - self.epoch_count) * self.cost_s


def next_round(
    entries: Sequence[Entry],
    *,
    elapsed_s: float,
    remaining_s: float,
    shuffle: Callable[[list[Entry]], None],
) -> list[Entry]:
    """The entries of the next round, shuffled; empty when nothing more fits.

    ``elapsed_s`` has been spent on rounds so far, ``remaining_s`` are left for them.
    """
    active, due_s = _affordable(entries, remaining_s)
    if not active:
        return []
    part_s = max(0.0, remaining_s - due_s) / len(active)
    progress = elapsed_s / (elapsed_s + remaining_s)

    def position(entry: Entry) -> float:
        share_s = entry.spent_s + entry.due_s + part_s
        return (entry.spent_s + entry.cost_s / 2) / share_s

    chosen = [entry for entry in active if position(entry) <= progress]
    if not chosen:
        first = min(map(position, active))
        chosen = [entry for entry in active if position(entry) <= first * 1.001]
    shuffle(chosen)
    return chosen


def _affordable(
    entries: Sequence[Entry], remaining_s: float
) -> tuple[list[Entry], float]:
    """The entries whose least number of epochs fits, cheapest first, and its cost.

    If none fits wholly, the cheapest that has time for one more epoch.
    """
    active = [e for e in entries if not e.is_settled and e.cost_s <= remaining_s]
    served: list[Entry] = []
    due_s = 0.0
    for entry in sorted(active, key=lambda entry: entry.due_s):
        if served and due_s + entry.due_s > remaining_s:
            break
        served.append(entry)
        due_s += entry.due_s
    return served, due_s
