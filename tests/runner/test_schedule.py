"""Who is measured next, under a clock of the test's own."""

import random
from collections.abc import Sequence

import pytest

from complab.plan import EPOCHS_AT_LEAST
from complab.runner.schedule import Entry, next_round


def run(costs: Sequence[float], budget_s: float) -> tuple[list[Entry], list[list[int]]]:
    """Spend a budget on entries of these costs; the entries, and who was in a round."""
    entries = [Entry(i, 0, cost) for i, cost in enumerate(costs)]
    shuffle = random.Random(0).shuffle
    rounds: list[list[int]] = []
    elapsed_s = 0.0
    while chosen := next_round(
        entries,
        elapsed_s=elapsed_s,
        remaining_s=budget_s - elapsed_s,
        shuffle=shuffle,
    ):
        rounds.append([entry.configuration for entry in chosen])
        for entry in chosen:
            if elapsed_s + entry.cost_s > budget_s:
                continue
            elapsed_s += entry.cost_s
            entry.spent_s += entry.cost_s
            entry.epoch_count += 1
    return entries, rounds


def test_equal_costs_share_every_round() -> None:
    """Entries that cost the same are together in each round."""
    entries, rounds = run([0.01] * 5, 1.0)
    assert all(sorted(members) == list(range(5)) for members in rounds[:-1])
    counts = [entry.epoch_count for entry in entries]
    assert max(counts) - min(counts) <= 1  # the budget may end inside a round


def test_nobody_is_twice_in_a_round() -> None:
    """A round holds at most one epoch of an entry."""
    _, rounds = run([0.001, 0.01, 0.2], 3.0)
    assert all(len(set(members)) == len(members) for members in rounds)


def test_slow_entries_get_their_least_number() -> None:
    """What is slow is measured often enough for an error bar, if the budget allows."""
    costs = [0.002] * 40 + [0.5, 0.8, 1.5]
    entries, _ = run(costs, 20.0)
    assert min(entry.epoch_count for entry in entries) >= EPOCHS_AT_LEAST


def test_slow_entries_are_spread_over_the_run() -> None:
    """The epochs of a slow entry are not all at one end of the run."""
    _, rounds = run([0.002] * 10 + [1.0], 12.0)
    places = [i / len(rounds) for i, members in enumerate(rounds) if 10 in members]
    assert min(places) < 0.4
    assert max(places) > 0.6


def test_fast_entries_are_not_held_up() -> None:
    """What is fast is measured many times, whatever the slowest costs."""
    entries, _ = run([0.002] * 10 + [1.0], 12.0)
    assert all(entry.epoch_count > 50 for entry in entries[:10])


def test_budget_is_kept() -> None:
    """No more is spent than there is."""
    entries, _ = run([0.3, 0.4, 0.5], 2.0)
    assert sum(entry.spent_s for entry in entries) <= 2.0


def test_too_small_a_budget_serves_the_cheap() -> None:
    """Where not all can have their least number, the fast entries still have it."""
    entries, _ = run([0.002] * 40 + [2.0] * 10, 10.0)
    assert min(entry.epoch_count for entry in entries[:40]) >= EPOCHS_AT_LEAST
    assert sum(entry.epoch_count for entry in entries[40:]) >= EPOCHS_AT_LEAST


def test_settled_entries_leave() -> None:
    """An entry that is known well enough is chosen no more."""
    entries = [Entry(0, 0, 0.1, is_settled=True), Entry(1, 0, 0.1)]
    chosen = next_round(
        entries, elapsed_s=0, remaining_s=1, shuffle=random.Random(0).shuffle
    )
    assert chosen == [entries[1]]


@pytest.mark.parametrize("remaining_s", [0.0, 0.05])
def test_nothing_fits_any_more(remaining_s: float) -> None:
    """Without time for anyone's next epoch the run is over."""
    assert not next_round(
        [Entry(0, 0, 0.1)], elapsed_s=1, remaining_s=remaining_s, shuffle=lambda _: None
    )
