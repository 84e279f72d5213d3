"""What a comparison found, row by row: faster, slower or not separated.

Every figure compares B with A: the change of a speed is positive where B is faster,
that of a size where B is larger. Sizes are compared exactly, speeds by
``complab.paired``. The intervals of one comparison hold together.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Final, Literal

from complab import paired
from complab.paired import LogRatio
from complab.results.model import (
    COMPRESS,
    DECOMPRESS,
    FAILED,
    OK,
    ConfigurationFacts,
    Measurement,
    RunRecord,
)
from complab.results.rows import Row, derive_rows
from complab.stats import median

FASTER: Final = "faster"
SLOWER: Final = "slower"
NOT_SEPARATED: Final = "not separated"
Verdict = Literal["faster", "slower", "not separated"]

_DIRECTIONS = (COMPRESS, DECOMPRESS)


@dataclass(frozen=True, slots=True)
class Change:
    """How a speed changed, in percent of A's; ``reason`` says why nothing is known.

    ``count`` is that of pairs of epochs, between stored results that of processes on
    the side with fewer.
    """

    verdict: Verdict
    change_pct: float
    low_pct: float | None
    high_pct: float | None
    count: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """Two configurations side by side; the fields are the columns, in their order."""

    codec: str
    level: int | None
    b_codec: str
    b_level: int | None
    framing: str
    a_provider: str | None
    a_version: str | None
    b_provider: str | None
    b_version: str | None
    a_compressed_bytes: int | None
    b_compressed_bytes: int | None
    compressed_change_bytes: int | None
    compressed_change_pct: float | None
    compress_verdict: Verdict | None
    compress_change_pct: float | None
    compress_low_pct: float | None
    compress_high_pct: float | None
    compress_count: int
    compress_reason: str
    decompress_verdict: Verdict | None
    decompress_change_pct: float | None
    decompress_low_pct: float | None
    decompress_high_pct: float | None
    decompress_count: int
    decompress_reason: str
    a_compress_mbps: float | None
    b_compress_mbps: float | None
    a_decompress_mbps: float | None
    b_decompress_mbps: float | None
    status: str
    message: str

    @property
    def name(self) -> str:
        """The codec and level, of both where they differ."""
        a, b = _label(self.codec, self.level), _label(self.b_codec, self.b_level)
        return a if a == b else f"{a} and {b}"

    def change(self, direction: str) -> Change | None:
        """The change of a direction, ``None`` where a side was not measured."""
        is_compress = direction == COMPRESS
        verdict = self.compress_verdict if is_compress else self.decompress_verdict
        change_pct = (
            self.compress_change_pct if is_compress else self.decompress_change_pct
        )
        if verdict is None or change_pct is None:
            return None
        if is_compress:
            return Change(
                verdict,
                change_pct,
                self.compress_low_pct,
                self.compress_high_pct,
                self.compress_count,
                self.compress_reason,
            )
        return Change(
            verdict,
            change_pct,
            self.decompress_low_pct,
            self.decompress_high_pct,
            self.decompress_count,
            self.decompress_reason,
        )


COLUMN_NAMES = tuple(field.name for field in fields(ComparedRow))


@dataclass(frozen=True, slots=True)
class Regression:
    """A separated slowdown: which row, which direction, by how much."""

    row: ComparedRow
    direction: str
    change: Change

    def __str__(self) -> str:
        """In a line, for messages."""
        return f"{self.row.name} {self.direction}: {describe(self.change)}"


def describe(change: Change) -> str:
    """A change in words: the answer, how much, and the interval.

    >>> describe(Change("slower", -4.8, -5.5, -4.1, 97))
    'slower by 4.8 % [4.1..5.5]'
    """
    if change.low_pct is None or change.high_pct is None:
        return f"{change.verdict}: {change.reason}"
    if change.verdict == NOT_SEPARATED:
        return f"{change.verdict} [{change.low_pct:+.1f}..{change.high_pct:+.1f} %]"
    ends = sorted((abs(change.low_pct), abs(change.high_pct)))
    return (
        f"{change.verdict} by {abs(change.change_pct):.1f} % "
        f"[{ends[0]:.1f}..{ends[1]:.1f}]"
    )


def regressions(
    rows: Iterable[ComparedRow], beyond_pct: float = 0.0
) -> tuple[Regression, ...]:
    """Every separated slowdown of more than ``beyond_pct`` percent of A's speed."""
    found = []
    for row in rows:
        for direction in _DIRECTIONS:
            change = row.change(direction)
            if (
                change is not None
                and change.verdict == SLOWER
                and -change.change_pct > beyond_pct
            ):
                found.append(Regression(row, direction, change))
    return tuple(found)


# ---- Inside one run --------------------------------------------------------------


def compare_pairs(
    record: RunRecord, pairs: Sequence[tuple[int, int]]
) -> tuple[ComparedRow, ...]:
    """Compare configurations of one run, by their ids: A, then B."""
    index = _Index(record)
    ratios = {
        _key(number, direction): log_ratios(*index.both(pair, direction))
        for number, pair in enumerate(pairs)
        for direction in _DIRECTIONS
    }
    found = paired.paired_ratios(ratios)
    test_count = sum(1 for groups in ratios.values() if any(groups))
    needed = paired.least_pairs(paired.confidence_of_each(test_count))
    rows = []
    for number, (a, b) in enumerate(pairs):
        changes = {}
        for direction in _DIRECTIONS:
            key = _key(number, direction)
            count = sum(map(len, ratios[key]))
            reason = (
                f"{count} pairs of epochs count as too few, it takes {needed}: raise "
                "--budget"
            )
            changes[direction] = _change(found.get(key), count, reason)
        rows.append(_row(index.side(a), index.side(b), changes))
    return tuple(rows)


def log_ratios(a: Measurement | None, b: Measurement | None) -> list[list[float]]:
    """The logarithms of B's times over A's, of matched epochs, process by process."""
    if a is None or b is None:
        return []
    first, second = _Epochs.of(a), _Epochs.of(b)
    groups: dict[int, tuple[list[float], list[float]]] = {}
    for i, j in paired.match_rounds(first.places, second.places):
        times = groups.setdefault(first.places[i][0], ([], []))
        times[0].append(first.times_ns[i])
        times[1].append(second.times_ns[j])
    return [paired.log_ratios(*times) for times in groups.values()]


@dataclass(frozen=True, slots=True)
class _Epochs:
    """Iteration times in the order of their process and round."""

    places: list[tuple[int, int]]
    times_ns: list[float]

    @classmethod
    def of(cls, measurement: Measurement) -> "_Epochs":
        told = sorted(
            (process, round_number, elapsed_ns / count)
            for process, round_number, elapsed_ns, count in zip(
                measurement.process,
                measurement.round,
                measurement.epoch_times_ns,
                measurement.iteration_count,
                strict=True,
            )
            if elapsed_ns > 0
        )
        return cls([each[:2] for each in told], [each[2] for each in told])

    def process_medians(self) -> list[float]:
        """The logarithm of each process's median time."""
        groups: dict[int, list[float]] = {}
        for (process, _), time_ns in zip(self.places, self.times_ns, strict=True):
            groups.setdefault(process, []).append(time_ns)
        return [math.log(median(times)) for times in groups.values()]


# ---- Between stored results ------------------------------------------------------


def compare_records(
    before: RunRecord, after: RunRecord
) -> tuple[tuple[ComparedRow, ...], tuple[str, ...]]:
    """Compare what two stored results have in common, and name what they have not.

    Rows belong together when everything but the provider is the same; where a side has
    several providers of a row, the provider's name must be the same, too.
    """
    sides = (_Index(before), _Index(after))
    matched, alone = _matched(sides[0].record, sides[1].record)
    medians = {
        _key(number, direction): (
            _process_medians(sides[0].measurement(a, direction)),
            _process_medians(sides[1].measurement(b, direction)),
        )
        for number, (a, b) in enumerate(matched)
        for direction in _DIRECTIONS
    }
    found = paired.unpaired_ratios(medians)
    rows = []
    for number, (a, b) in enumerate(matched):
        changes = {}
        for direction in _DIRECTIONS:
            key = _key(number, direction)
            count = min(map(len, medians[key]))
            reason = (
                "one process measured it, so nobody knows how much processes differ"
            )
            changes[direction] = _change(found.get(key), count, reason)
        rows.append(_row(sides[0].side(a), sides[1].side(b), changes))
    return tuple(rows), alone


def _process_medians(measurement: Measurement | None) -> list[float]:
    return [] if measurement is None else _Epochs.of(measurement).process_medians()


def _matched(
    before: RunRecord, after: RunRecord
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
                alone.append(f"{_full_name(facts)} is in the first result only")
            else:
                pairs.append((facts.id, other))
        alone += [
            f"{_full_name(facts)} is in the second result only"
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


# ---- Both ------------------------------------------------------------------------


class _Index:
    """A record's rows and measurements by configuration."""

    def __init__(self, record: RunRecord) -> None:
        self.record = record
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

    def both(
        self, pair: tuple[int, int], direction: str
    ) -> tuple[Measurement | None, Measurement | None]:
        return self.measurement(pair[0], direction), self.measurement(
            pair[1], direction
        )


def _key(number: int, direction: str) -> str:
    return f"{number} {direction}"


def _label(codec: str, level: int | None) -> str:
    return codec if level is None else f"{codec}:{level}"


def _change(ratio: LogRatio | None, count: int, reason: str) -> Change | None:
    if ratio is None:
        return None
    value_pct = _speed_change_pct(ratio.value)
    if ratio.low is None or ratio.high is None:
        return Change(NOT_SEPARATED, value_pct, None, None, count, reason)
    verdict: Verdict = NOT_SEPARATED
    if ratio.is_separated:
        verdict = SLOWER if ratio.value > 0 else FASTER
    # B's longer time is its lower speed, so the ends change places.
    return Change(
        verdict,
        value_pct,
        _speed_change_pct(ratio.high),
        _speed_change_pct(ratio.low),
        count,
    )


def _speed_change_pct(log_time_ratio: float) -> float:
    return 100 * math.expm1(-log_time_ratio)


def _row(a: Row, b: Row, changes: Mapping[str, Change | None]) -> ComparedRow:
    compress, decompress = changes[COMPRESS], changes[DECOMPRESS]
    more_bytes = more_pct = None
    if a.compressed_bytes and b.compressed_bytes:
        more_bytes = b.compressed_bytes - a.compressed_bytes
        more_pct = 100 * more_bytes / a.compressed_bytes
    problems = [(side, row) for side, row in (("A", a), ("B", b)) if row.status != OK]
    statuses = {row.status for _, row in problems}
    return ComparedRow(
        codec=a.codec,
        level=a.level,
        b_codec=b.codec,
        b_level=b.level,
        framing=a.framing,
        a_provider=a.provider,
        a_version=a.library_version,
        b_provider=b.provider,
        b_version=b.library_version,
        a_compressed_bytes=a.compressed_bytes,
        b_compressed_bytes=b.compressed_bytes,
        compressed_change_bytes=more_bytes,
        compressed_change_pct=more_pct,
        compress_verdict=compress.verdict if compress else None,
        compress_change_pct=compress.change_pct if compress else None,
        compress_low_pct=compress.low_pct if compress else None,
        compress_high_pct=compress.high_pct if compress else None,
        compress_count=compress.count if compress else 0,
        compress_reason=compress.reason if compress else "",
        decompress_verdict=decompress.verdict if decompress else None,
        decompress_change_pct=decompress.change_pct if decompress else None,
        decompress_low_pct=decompress.low_pct if decompress else None,
        decompress_high_pct=decompress.high_pct if decompress else None,
        decompress_count=decompress.count if decompress else 0,
        decompress_reason=decompress.reason if decompress else "",
        a_compress_mbps=a.compress_mbps,
        b_compress_mbps=b.compress_mbps,
        a_decompress_mbps=a.decompress_mbps,
        b_decompress_mbps=b.decompress_mbps,
        status=FAILED if FAILED in statuses else next(iter(statuses), OK),
        message="; ".join(f"{side}: {row.message}" for side, row in problems),
    )
