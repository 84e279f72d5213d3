"""The model of a comparison: rows side by side, with faster, slower, not separated.

Every figure compares B with A: the change of a speed is positive where B is faster,
that of a size where B is larger. Sizes are compared exactly.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Final, Literal

from complab.paired import LogRatio
from complab.results.model import COMPRESS, DECOMPRESS, FAILED, OK
from complab.results.policies import unusual_policies
from complab.results.rows import Row

FASTER: Final = "faster"
SLOWER: Final = "slower"
NOT_SEPARATED: Final = "not separated"
Verdict = Literal["faster", "slower", "not separated"]

DIRECTIONS = (COMPRESS, DECOMPRESS)

SIDES: Final = ("A", "B")
"""What the sides of a comparison are called, where they have no other names."""


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
    """Two configurations side by side; the fields are the columns, in their order.

    Both have the same policies; those of a context are A's where B's codec has none.
    """

    codec: str
    level: int | None
    b_codec: str
    b_level: int | None
    framing: str
    context: str
    buffers: str
    size_known: bool
    threads: int
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
        """The codec and level, of both where they differ, and policies not usual."""
        a, b = _label(self.codec, self.level), _label(self.b_codec, self.b_level)
        words = (a if a == b else f"{a} and {b}", *unusual_policies(self).values())
        return " ".join(words)

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
        for direction in DIRECTIONS:
            change = row.change(direction)
            if (
                change is not None
                and change.verdict == SLOWER
                and -change.change_pct > beyond_pct
            ):
                found.append(Regression(row, direction, change))
    return tuple(found)


def _label(codec: str, level: int | None) -> str:
    return codec if level is None else f"{codec}:{level}"


def change_of(ratio: LogRatio | None, count: int, reason: str) -> Change | None:
    """What a ratio of times says; ``reason`` is why, where it has no interval."""
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


def side_by_side(
    a: Row,
    b: Row,
    changes: Mapping[str, Change | None],
    sides: tuple[str, str] = SIDES,
) -> ComparedRow:
    """Two rows and the changes of each direction as one compared row.

    ``sides`` are the names of both in its message.
    """
    compress, decompress = changes[COMPRESS], changes[DECOMPRESS]
    more_bytes = more_pct = None
    if a.compressed_bytes and b.compressed_bytes:
        more_bytes = b.compressed_bytes - a.compressed_bytes
        more_pct = 100 * more_bytes / a.compressed_bytes
    told = zip(sides, (a, b), strict=True)
    problems = [(side, row) for side, row in told if row.status != OK]
    statuses = {row.status for _, row in problems}
    return ComparedRow(
        codec=a.codec,
        level=a.level,
        b_codec=b.codec,
        b_level=b.level,
        framing=a.framing,
        context=a.context,
        buffers=a.buffers,
        size_known=a.size_known,
        threads=a.threads,
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
