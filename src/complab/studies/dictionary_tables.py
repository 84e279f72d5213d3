"""The rows of a dictionary study, and its tables."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from complab.render import Column, RowStyle, Table
from complab.results.model import FAILED, OK
from complab.results.tables import repetition
from complab.studies.dictionary_speeds import Speeds
from complab.studies.library_columns import (
    codec_name,
    library_columns,
    several_libraries,
)
from complab.units import (
    format_bytes,
    format_count,
    format_number,
    format_percent,
    format_ratio,
    format_speed_mbps,
)

if TYPE_CHECKING:
    from complab.studies.dictionary import DictionaryStudy

VALUE = "value"
WHOLE = "batch"


@dataclass(frozen=True, slots=True)
class DictionaryRow:
    """What one dictionary makes of one kind of block.

    ``unit`` is ``value`` (a record's value by itself), ``N records`` or ``batch``.
    ``provider`` is the label of its library. ``dictionary_bytes`` is what was trained
    of ``wanted_bytes``. ``plain_bytes`` and
    ``compressed_bytes`` are those of all blocks without and with it; ``gain_pct`` is
    what it saves of the former. ``speeds`` are of single values, if asked for.
    """

    codec: str
    level: int
    provider: str
    library_version: str
    trainer: str
    wanted_bytes: int
    dictionary_bytes: int | None
    unit: str
    block_count: int | None = None
    record_count: int | None = None
    uncompressed_bytes: int | None = None
    plain_bytes: int | None = None
    compressed_bytes: int | None = None
    speeds: Speeds | None = None
    status: str = OK
    message: str = ""

    @property
    def plain_ratio(self) -> float | None:
        """Uncompressed by compressed bytes, without the dictionary."""
        return _ratio(self.uncompressed_bytes, self.plain_bytes)

    @property
    def compression_ratio(self) -> float | None:
        """Uncompressed by compressed bytes, with the dictionary."""
        return _ratio(self.uncompressed_bytes, self.compressed_bytes)

    @property
    def gain_pct(self) -> float | None:
        """What it saves of the bytes without, negative if it costs some."""
        if self.compressed_bytes is None or not self.plain_bytes:
            return None
        return 100 * (1 - self.compressed_bytes / self.plain_bytes)


@dataclass(frozen=True, slots=True)
class AgeRow:
    """The same dictionary on a later part of the segment, on single values.

    ``records_since`` is how many records lie between the dictionary's training and this
    part's middle, in what was read. ``fresh_bytes`` is what a dictionary gives that was
    trained on as many batches just before.
    """

    part: int
    records_since: int
    record_count: int
    uncompressed_bytes: int
    plain_bytes: int
    compressed_bytes: int
    fresh_bytes: int | None

    @property
    def gain_pct(self) -> float:
        """What the dictionary saves, as of ``DictionaryRow``."""
        return 100 * (1 - self.compressed_bytes / self.plain_bytes)

    @property
    def fresh_gain_pct(self) -> float | None:
        """What a fresh one saves."""
        if self.fresh_bytes is None:
            return None
        return 100 * (1 - self.fresh_bytes / self.plain_bytes)


def _ratio(above: int | None, below: int | None) -> float | None:
    return above / below if above is not None and below else None


KAFKA_CARRIES_NONE = (
    "Kafka carries no dictionaries: no client or broker reads a batch that needs one. "
    "The rows of values are what a client gains that compresses each value itself, "
    "with its readers; those of records and batches only show where the gain ends."
)


def _hidden(name: str) -> Column:
    return Column.text(name, name, is_shown=False)


_SPEEDS = (
    ("plain_compress", "comp. without"),
    ("compress", "comp. with"),
    ("plain_decompress", "decomp. without"),
    ("decompress", "decomp. with"),
)


def _speed_columns(name: str, heading: str) -> Iterator[Column]:
    yield Column.number(f"{name}_mbps", heading, "MB/s", format=format_speed_mbps)
    yield Column.number(f"{name}_error_pct", "±", "%", format=format_percent)


_CODEC_COLUMNS = (Column.text("codec", "codec"), Column.number("level", "level"))

_COLUMNS = (
    Column.number("dictionary_bytes", "dictionary", "bytes", format=format_bytes),
    Column.text("unit", "block"),
    Column.number("average_bytes", "block", "bytes", format=format_number, priority=2),
    Column.number("block_count", "tried", "blocks", format=format_bytes, priority=1),
    Column.number("plain_ratio", "without", "ratio", format=format_ratio),
    Column.number("compression_ratio", "with", "ratio", format=format_ratio),
    Column.number(
        "plain_bytes_per_record", "without", "bytes/record", format=format_number
    ),
    Column.number("bytes_per_record", "with", "bytes/record", format=format_number),
    Column.number("gain_pct", "saves", "%", format=format_percent),
    *(column for name in _SPEEDS for column in _speed_columns(*name)),
    *map(
        _hidden,
        (
            "trainer",
            "wanted_bytes",
            "record_count",
            "uncompressed_bytes",
            "plain_bytes",
            "compressed_bytes",
            "status",
        ),
    ),
    Column.text("message", "remark"),
)


def dictionary_table(study: "DictionaryStudy") -> Table:
    """A row for each codec, dictionary and kind of block."""
    train = format_count(study.train_batch_count, "batch", "batches")
    test = format_count(study.test_batch_count, "batch", "batches")
    records = format_count(study.train_record_count, "record", "records")
    title = f"{study.path}: trained on {train} ({records}), tried on the {test} behind"
    return Table.from_rows(
        (*_CODEC_COLUMNS, *library_columns(study.rows), *_COLUMNS),
        [_cells(row) for row in study.rows],
        title_lines=[title],
        notes=[*study.remarks, *_learnt(study.rows), KAFKA_CARRIES_NONE],
        style=lambda row: RowStyle.BAD if row["status"] == FAILED else RowStyle.PLAIN,
    ).hiding_empty_columns()


def _learnt(rows: Sequence[DictionaryRow]) -> list[str]:
    """What the amount of values does to the speeds."""
    timed = [row for row in rows if row.speeds]
    return [
        line
        for row in timed[:1]  # the values of all are the same
        for line in repetition(
            row.block_count or 0, row.uncompressed_bytes or 0, "value", "values"
        )
    ]


def _cells(row: DictionaryRow) -> Mapping[str, Any]:
    def by(size_bytes: int | None, count: int | None) -> float | None:
        return size_bytes / count if size_bytes is not None and count else None

    return {
        "codec": row.codec,
        "level": row.level,
        "provider": row.provider,
        "library_version": row.library_version,
        "trainer": row.trainer,
        "wanted_bytes": row.wanted_bytes,
        "dictionary_bytes": row.dictionary_bytes,
        "unit": row.unit,
        "average_bytes": by(row.uncompressed_bytes, row.block_count),
        "block_count": row.block_count,
        "record_count": row.record_count,
        "uncompressed_bytes": row.uncompressed_bytes,
        "plain_bytes": row.plain_bytes,
        "compressed_bytes": row.compressed_bytes,
        "plain_ratio": row.plain_ratio,
        "compression_ratio": row.compression_ratio,
        "plain_bytes_per_record": by(row.plain_bytes, row.record_count),
        "bytes_per_record": by(row.compressed_bytes, row.record_count),
        "gain_pct": row.gain_pct,
        **_speed_cells(row),
        "status": row.status,
        "message": row.message or None,
    }


def _speed_cells(row: DictionaryRow) -> dict[str, float]:
    cells: dict[str, float] = {}
    for name, _ in _SPEEDS if row.speeds else ():
        speed = getattr(row.speeds, name)
        cells |= {f"{name}_mbps": speed.mbps, f"{name}_error_pct": speed.error_pct}
    return cells


_AGE_COLUMNS = (
    Column.number("part", "part"),
    Column.number("records_since", "records", "since", format=format_bytes),
    Column.number("record_count", "tried", "values", format=format_bytes),
    Column.number("gain_pct", "saves", "%", format=format_percent),
    Column.number("fresh_gain_pct", "fresh saves", "%", format=format_percent),
    *map(
        _hidden,
        ("uncompressed_bytes", "plain_bytes", "compressed_bytes", "fresh_bytes"),
    ),
)


def ages_table(study: "DictionaryStudy") -> Table:
    """A row for each later part of the log: the dictionary, and a fresh one."""
    title = "no dictionary was made that could age"
    if aged := study.aged:
        name = codec_name(aged, names_library=several_libraries(study.rows))
        size = format_bytes(aged.dictionary_bytes or 0)
        title = (
            f"how it ages: the dictionary of {size} bytes on single values of later "
            f"parts ({name}), beside one that was trained just before each part"
        )
    rows = [
        {
            "part": row.part,
            "records_since": row.records_since,
            "record_count": row.record_count,
            "gain_pct": row.gain_pct,
            "fresh_gain_pct": row.fresh_gain_pct,
            "uncompressed_bytes": row.uncompressed_bytes,
            "plain_bytes": row.plain_bytes,
            "compressed_bytes": row.compressed_bytes,
            "fresh_bytes": row.fresh_bytes,
        }
        for row in study.ages
    ]
    return Table.from_rows(_AGE_COLUMNS, rows, title_lines=[title])
