"""Compares what was measured: A with B inside one run, or two stored results.

The statistics are ``complab.paired``'s; which epochs and which rows belong together is
found here. The intervals of one comparison hold together.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from complab import paired
from complab.estimation import EpochFacts, corrected_time_ns
from complab.plan import CORRECTED
from complab.results.comparison import (
    DIRECTIONS,
    SIDES,
    ComparedRow,
    change_of,
    side_by_side,
)
from complab.results.contention import canary_reference_ns, contention_of
from complab.results.model import OK, ConfigurationFacts, Measurement, RunRecord
from complab.results.rows import Row, derive_rows
from complab.stats import median

# ---- Inside one run --------------------------------------------------------------


def compare_pairs(
    record: RunRecord,
    pairs: Sequence[tuple[int, int]],
    sides: tuple[str, str] = SIDES,
) -> tuple[ComparedRow, ...]:
    """Compare configurations of one run, by their ids: A, then B.

    ``sides`` are the names of both in messages.
    """
    index = _Index(record)
    ratios = {
        _key(number, direction): index.log_ratios(pair, direction)
        for number, pair in enumerate(pairs)
        for direction in DIRECTIONS
    }
    contention = contention_of(record)
    found = paired.paired_ratios(
        ratios, stalled_share=contention.stalled if contention else 0.0
    )
    test_count = sum(1 for groups in ratios.values() if any(groups))
    needed = paired.least_pairs(paired.confidence_of_each(test_count))
    rows = []
    for number, (a, b) in enumerate(pairs):
        changes = {}
        for direction in DIRECTIONS:
            key = _key(number, direction)
            count = sum(map(len, ratios[key]))
            reason = (
                f"{count} pairs of epochs count as too few, it takes {needed}: raise "
                "--budget"
            )
            changes[direction] = change_of(found.get(key), count, reason)
        rows.append(side_by_side(index.side(a), index.side(b), changes, sides))
    return tuple(rows)


def log_ratios(
    a: Measurement | None, b: Measurement | None, reference_ns: float | None = None
) -> list[list[float]]:
    """The logarithms of B's times over A's, of matched epochs, process by process.

    Stalls are taken off, and times are corrected to the canary's ``reference_ns`` where
    that is given.
    """
    if a is None or b is None:
        return []
    first, second = (_Epochs.of(each, reference_ns) for each in (a, b))
    groups: dict[int, tuple[list[float], list[float], list[int]]] = {}
    for i, j in paired.match_rounds(first.places, second.places):
        process, round_number = first.places[i]
        times = groups.setdefault(process, ([], [], []))
        times[0].append(first.times_ns[i])
        times[1].append(second.times_ns[j])
        times[2].append(round_number)
    return [paired.log_ratios(*times) for times in groups.values()]


def correction_of(record: RunRecord) -> float | None:
    """The canary's reference in ns, ``None`` where the method corrects nothing."""
    if record.plan.get("method") != CORRECTED:
        return None
    return canary_reference_ns(record.measurements)


@dataclass(frozen=True, slots=True)
class _Epochs:
    """Iteration times, stalls taken off, in the order of their process and round."""

    places: list[tuple[int, int]]
    times_ns: list[float]

    @classmethod
    def of(cls, measurement: Measurement, reference_ns: float | None) -> "_Epochs":
        columns = zip(
            zip(measurement.process, measurement.round, strict=True),
            measurement.epoch_times_ns,
            measurement.iteration_count,
            measurement.stalled_times_ns,
            measurement.canary_in_flight_ns,
            strict=True,
        )
        told = [
            (
                place,
                corrected_time_ns(
                    EpochFacts(elapsed_ns - stalled_ns, count, 0.0, canary_ns),
                    reference_ns,
                ),
            )
            for place, elapsed_ns, count, stalled_ns, canary_ns in columns
            if elapsed_ns > stalled_ns
        ]
        # Epochs of one round stay in the order of their time.
        told.sort(key=lambda each: each[0])
        return cls([place for place, _ in told], [time_ns for _, time_ns in told])

    def process_medians(self) -> list[float]:
        """The logarithm of each process's median time."""
        groups: dict[int, list[float]] = {}
        for (process, _), time_ns in zip(self.places, self.times_ns, strict=True):
            groups.setdefault(process, []).append(time_ns)
        return [math.log(median(times)) for times in groups.values()]


# ---- Between stored results ------------------------------------------------------


def compare_records(
    before: RunRecord, after: RunRecord, sides: tuple[str, str] = SIDES
) -> tuple[tuple[ComparedRow, ...], tuple[str, ...]]:
    """Compare what two stored results have in common, and name what they have not.

    ``sides`` are the names of both in messages.
    Rows belong together when everything but the provider is the same; where a side has
    several providers of a row, the provider's name must be the same, too.
    """
    first, second = _Index(before), _Index(after)
    matched, alone = _matched(before, after, sides)
    medians = {
        _key(number, direction): (
            first.process_medians(a, direction),
            second.process_medians(b, direction),
        )
        for number, (a, b) in enumerate(matched)
        for direction in DIRECTIONS
    }
    found = paired.unpaired_ratios(medians)
    rows = []
    for number, (a, b) in enumerate(matched):
        changes = {}
        for direction in DIRECTIONS:
            key = _key(number, direction)
            count = min(map(len, medians[key]))
            reason = (
                "one process measured it, so nobody knows how much processes differ"
            )
            changes[direction] = change_of(found.get(key), count, reason)
        rows.append(side_by_side(first.side(a), second.side(b), changes, sides))
    return tuple(rows), alone


def _matched(
    before: RunRecord, after: RunRecord, sides: tuple[str, str]
) -> tuple[list[tuple[int, int]], tuple[str, ...]]:
    groups: dict[
        tuple[object, ...], tuple[list[ConfigurationFacts], list[ConfigurationFacts]]
    ] = {}
    for side, record in enumerate((before, after)):
        for facts in record.configurations:
            groups.setdefault(_identity(facts), ([], []))[side].append(facts)
    pairs = []
    alone = []
    for first, second in groups.values():
        if len(first) == len(second) == 1:
            pairs.append((first[0].id, second[0].id))
            continue
        names = {_provider_name(facts): facts.id for facts in second}
        for facts in first:
            other = names.pop(_provider_name(facts), None)
            if other is None:
                alone.append(f"{_full_name(facts)} is in {sides[0]} only")
            else:
                pairs.append((facts.id, other))
        alone += [
            f"{_full_name(facts)} is in {sides[1]} only"
            for facts in second
            if facts.id in names.values()
        ]
    return pairs, tuple(alone)


def _identity(facts: ConfigurationFacts) -> tuple[object, ...]:
    return (
        facts.codec,
        facts.level,
        tuple(sorted(facts.parameters.items())),
        facts.framing,
        facts.client,
        facts.context,
        facts.size_known,
        facts.buffers,
        facts.threads,
    )


def _provider_name(facts: ConfigurationFacts) -> str:
    return "" if facts.provider is None else facts.provider.name


def _full_name(facts: ConfigurationFacts) -> str:
    at = f"@{facts.provider.name}" if facts.provider else ""
    level = "" if facts.level is None else f":{facts.level}"
    return f"{facts.codec}{at}{level}"


class _Index:
    """A record's rows and measurements by configuration."""

    def __init__(self, record: RunRecord) -> None:
        self.record = record
        self.reference_ns = correction_of(record)
        self._rows = {
            facts.id: row
            for facts, row in zip(
                record.configurations, derive_rows(record), strict=True
            )
        }
        self._found = {(m.configuration, m.direction): m for m in record.measurements}

    def side(self, configuration: int) -> Row:
        return self._rows[configuration]

    def measurement(self, configuration: int, direction: str) -> Measurement | None:
        found = self._found.get((configuration, direction))
        return found if found is not None and found.status == OK else None

    def process_medians(self, configuration: int, direction: str) -> list[float]:
        measurement = self.measurement(configuration, direction)
        if measurement is None:
            return []
        return _Epochs.of(measurement, self.reference_ns).process_medians()

    def log_ratios(self, pair: tuple[int, int], direction: str) -> list[list[float]]:
        a, b = (self.measurement(each, direction) for each in pair)
        return log_ratios(a, b, self.reference_ns)


def _key(number: int, direction: str) -> str:
    return f"{number} {direction}"
