"""What a result says, in words: the smallest, the fastest, and what lies between."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from complab.charts.links import UNCOMPRESSED, Path, format_link, path_of
from complab.codecs.catalogue import KAFKA_CODECS
from complab.render import Column, Table
from complab.results.drawn import NOT_DRAWN, drawn_rows
from complab.results.model import COMPRESS, DECOMPRESS, FAILED, RunRecord
from complab.results.names import row_names
from complab.results.rows import derive_rows
from complab.units import (
    format_count,
    format_number,
    format_percent,
    format_ratio,
    format_speed_mbps,
)


@dataclass(frozen=True, slots=True)
class Statement:
    """One part of the answer: what it is about, which row it is, and its figures."""

    about: str
    row: str
    figures: str

    def __str__(self) -> str:
        """In a line."""
        return f"{self.about}: {self.row}, {self.figures}"


# So many rows does a statement name beside its own.
_NAMED_AT_MOST = 3

# Links that are in use: a phone's, an office's, a server's, and two servers' in a rack.
_LINKS_MBPS = (1.25, 12.5, 125.0, 1250.0)


@dataclass(frozen=True, slots=True)
class LinkChoice:
    """The fastest way over a link of ``link_mbps``, one step after the other.

    ``times`` is how many times as fast it is as sending uncompressed.
    """

    link_mbps: float
    path: Path
    times: float

    def __str__(self) -> str:
        """In some words."""
        over = f"over {format_link(self.link_mbps)}"
        if self.path == UNCOMPRESSED:
            return f"{over} {self.path.name}"
        return f"{over} {self.path.name} ({format_number(self.times, 2)} times as fast)"


@dataclass(frozen=True)
class Answer:
    """What a result says.

    ``front`` are the rows that no other surely beats in both ratio and compression
    speed, the best ratio first, ``beaten`` those that one of these does, ``links`` what
    is fastest over which link. ``problems`` are sentences about rows that have no
    figures, and about an interrupted run.
    """

    statements: tuple[Statement, ...]
    front: tuple[Mapping[str, Any], ...]
    beaten: tuple[Mapping[str, Any], ...]
    links: tuple[LinkChoice, ...]
    problems: tuple[str, ...]

    def front_table(self) -> Table:
        """The front as a table."""
        return Table.from_rows(
            _FRONT_COLUMNS,
            [
                {column.name: row.get(column.name) for column in _FRONT_COLUMNS}
                | {"saved_pct": 100 - 100 / row["compression_ratio"]}
                for row in self.front
            ],
        )

    def front_sentence(self) -> str:
        """What was found of the rows that are not on the front, and how surely."""
        worse = "both larger and, beyond error bars, slower to compress than"
        if self.beaten:
            others = format_count(len(self.beaten), "other row is", "other rows are")
            found = f"{others} {worse} one of these"
        elif len(self.front) == 1:
            found = "no other row compresses in its framing"
        else:
            found = f"none of these is {worse} another"
        compared = (*self.front, *self.beaten)
        bare = sum(row["compress_error_pct"] is None for row in compared)
        if not bare:
            return found
        counted = format_count(bare, "row has", "rows have")
        return f"{found}; {counted} no error bar and went by the figure alone"

    def link_sentence(self) -> str:
        """Which row over which link; an empty text where no row has both speeds."""
        return ", ".join(map(str, self.links))


_FRONT_COLUMNS = (
    Column.text("name", "row"),
    Column.number("compression_ratio", "ratio", format=format_ratio),
    Column.number("saved_pct", "saved", "%", format=format_percent),
    Column.number("compress_mbps", "compress", "MB/s", format=format_speed_mbps),
    Column.number("compress_error_pct", "±", "%", format=format_percent),
    Column.number("decompress_mbps", "decompress", "MB/s", format=format_speed_mbps),
    Column.number("decompress_error_pct", "±", "%", format=format_percent),
)


def answer_of(record: RunRecord) -> Answer:
    """The answer that a record holds; without a measured row, problems alone."""
    rows = [row for row in drawn_rows(record) if row["codec"] not in NOT_DRAWN]
    usable = [row for row in rows if row["codec_words"] == row["codec"]]
    front = sorted(
        (row for row in usable if row["is_compress_front"]),
        key=lambda row: row["compression_ratio"],
        reverse=True,
    )
    paths = [path for row in usable if (path := path_of(row)) is not None]
    return Answer(
        tuple(_statements(usable, rows)),
        tuple(front),
        tuple(
            row
            for row in usable
            if row["compression_ratio"]
            and row["compress_mbps"]
            and not row["is_compress_front"]
        ),
        tuple(_links(paths)),
        tuple(_problems(record)),
    )


def _links(paths: Sequence[Path]) -> list[LinkChoice]:
    if not paths:
        return []
    found = []
    for link_mbps in _LINKS_MBPS:
        best = min((UNCOMPRESSED, *paths), key=lambda each: each.total_ns(link_mbps))
        times = UNCOMPRESSED.total_ns(link_mbps) / best.total_ns(link_mbps)
        found.append(LinkChoice(link_mbps, best, times))
    return found


def _statements(
    usable: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]]
) -> list[Statement]:
    found = []
    smallest = _best(usable, "compression_ratio")
    if smallest:
        twins = [
            row["name"]
            for row in usable
            if row is not smallest
            and row["compression_ratio"] == smallest["compression_ratio"]
        ]
        figures = f"{_size(smallest, COMPRESS)}{_also('as small', twins)}"
        found.append(Statement("Smallest", smallest["name"], figures))
    for direction in (COMPRESS, DECOMPRESS):
        fastest = _best(usable, f"{direction}_mbps")
        if fastest:
            about = f"Fastest to {direction}"
            rivals = [
                row["name"]
                for row in usable
                if row is not fastest and _may_be_as_fast(row, fastest, direction)
            ]
            figures = (
                f"{_speed(fastest, direction)}, ratio {_ratio(fastest)}"
                f"{_also('not separated', rivals)}"
            )
            found.append(Statement(about, fastest["name"], figures))
    outside = _best(
        [row for row in rows if row["codec"] not in KAFKA_CODECS], "compression_ratio"
    )
    if (
        outside
        and smallest
        and outside["codec_words"] != outside["codec"]
        and outside["compression_ratio"] > smallest["compression_ratio"]
    ):
        found.append(
            Statement(
                "Smaller still, but not in Kafka",
                outside["name"],
                _size(outside, COMPRESS),
            )
        )
    return found


def _best(rows: Sequence[Mapping[str, Any]], key: str) -> Mapping[str, Any] | None:
    return max(
        (row for row in rows if row[key]), key=lambda row: row[key], default=None
    )


def _may_be_as_fast(
    row: Mapping[str, Any], fastest: Mapping[str, Any], direction: str
) -> bool:
    """Whether the error bars of two speeds overlap."""
    mbps, error = f"{direction}_mbps", f"{direction}_error_pct"
    high = (row[mbps] or 0.0) * (1 + (row[error] or 0.0) / 100)
    return bool(high >= fastest[mbps] * (1 - (fastest[error] or 0.0) / 100))


def _also(words: str, names: Sequence[str]) -> str:
    """Rows that are as good, the first few by name."""
    more = len(names) - _NAMED_AT_MOST
    named = ", ".join(names[:_NAMED_AT_MOST]) + (
        f" and {more} more" if more > 0 else ""
    )
    return f"; {words}: {named}" if names else ""


def _size(row: Mapping[str, Any], direction: str) -> str:
    share = format_percent(100 / row["compression_ratio"])
    speed = f" at {_speed(row, direction)}" if row[f"{direction}_mbps"] else ""
    return f"ratio {_ratio(row)} ({share} % of the bytes){speed}"


def _ratio(row: Mapping[str, Any]) -> str:
    ratio = row["compression_ratio"]
    return format_ratio(ratio) if ratio else "unknown"


def _speed(row: Mapping[str, Any], direction: str) -> str:
    error_pct = row[f"{direction}_error_pct"]
    bar = "" if error_pct is None else f" ± {format_percent(error_pct)} %"
    return f"{format_speed_mbps(row[f'{direction}_mbps'])} MB/s{bar}"


def _problems(record: RunRecord) -> list[str]:
    problems = []
    rows = derive_rows(record)
    failed = [
        f"{name.full} failed: {row.message}"
        for row, name in zip(rows, row_names(rows), strict=True)
        if row.status == FAILED
    ]
    problems += failed[:_NAMED_AT_MOST]
    more = len(failed) - _NAMED_AT_MOST
    if more > 0:
        problems.append(f"{format_count(more, 'more row', 'more rows')} failed")
    if not record.is_complete:
        problems.append("the run was interrupted: this is what was measured until then")
    if not any(row.compression_ratio for row in rows):
        problems.append("no row was measured")
    problems += [w.message for w in record.warnings if w.facts.get("is_damage")]
    return problems
