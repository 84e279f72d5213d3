"""The table of a comparison: columns, heads and notes; machine names as in the CSV."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from complab.paired import FALSE_ALARM
from complab.render import Column, RowStyle, Table
from complab.results.comparison import (
    COLUMN_NAMES,
    FASTER,
    SIDES,
    SLOWER,
    ComparedRow,
    describe,
)
from complab.results.model import COMPRESS, DECOMPRESS, OK
from complab.results.policies import unusual_policies
from complab.results.tables import POLICY_COLUMNS
from complab.units import format_percent, format_speed_mbps


def _words(a: str, b: str) -> tuple[Column, ...]:
    """What people see: words that are made of several of the machine's columns."""
    return (
        Column.text("a", a),
        Column.text("b", b),
        Column.text("size", f"size of {b}"),
        Column.text("compress", f"compress: {b} is"),
        Column.text("decompress", f"decompress: {b} is"),
    )


def _shown(a: str, b: str) -> dict[str, Column]:
    return {
        "codec": Column.text("codec", "codec"),
        "level": Column.number("level", "level"),
        "b_codec": Column.text("b_codec", f"{b}'s codec"),
        "b_level": Column.number("b_level", "level"),
        **{
            f"{side}_{direction}_mbps": Column.number(
                f"{side}_{direction}_mbps",
                f"{name} {direction}",
                "MB/s",
                format=format_speed_mbps,
                is_shown=False,
            )
            for side, name in (("a", a), ("b", b))
            for direction in (COMPRESS, DECOMPRESS)
        },
        "message": Column.text("message", "remark"),
    }


def _columns(rows: Sequence[ComparedRow], sides: tuple[str, str]) -> list[Column]:
    are_alike = all((r.codec, r.level) == (r.b_codec, r.b_level) for r in rows)
    shown = _shown(*sides) | {
        name: POLICY_COLUMNS[name] for row in rows for name in unusual_policies(row)
    }
    columns: list[Column] = []
    for name in COLUMN_NAMES:
        is_twin = name in {"b_codec", "b_level"} and are_alike
        known = None if is_twin else shown.get(name)
        if name == "message":
            columns += _words(*sides)
        columns.append(known or Column.text(name, name, is_shown=False))
    return columns


def comparison_table(
    rows: Sequence[ComparedRow],
    *,
    sides: tuple[str, str] = SIDES,
    title_lines: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> Table:
    """The compared rows as a table, in their order; ``sides`` are A's and B's names."""
    a, b = sides
    test_count = sum(
        row.change(direction) is not None
        for row in rows
        for direction in (COMPRESS, DECOMPRESS)
    )
    resized = sum(bool(row.compressed_change_bytes) for row in rows)
    own_notes = []
    if resized:
        own_notes.append(
            f"{b} compresses to another size in {resized} of {len(rows)} rows"
        )
    if test_count:
        own_notes.append(
            f"% of speed, {b} against {a}; the {test_count} intervals hold together "
            f"with {100 * (1 - FALSE_ALARM):g} % certainty; an interval that holds 0 "
            "separates nothing"
        )
    return Table.from_rows(
        _columns(rows, sides),
        [_cells(row) for row in rows],
        title_lines=title_lines,
        notes=[*notes, *own_notes],
        style=_style,
    ).hiding_empty_columns()


def _cells(row: ComparedRow) -> dict[str, Any]:
    words = {}
    for direction in (COMPRESS, DECOMPRESS):
        change = row.change(direction)
        words[direction] = None if change is None else describe(change)
    return {
        **asdict(row),
        "message": row.message or None,
        "a": _place(row.a_provider, row.a_version),
        "b": _place(row.b_provider, row.b_version),
        "size": _size(row),
        **words,
    }


def _place(provider: str | None, version: str | None) -> str | None:
    if provider is None:
        return None
    return provider if version in {None, "", "unknown"} else f"{provider} {version}"


def _size(row: ComparedRow) -> str | None:
    if row.compressed_change_bytes is None or row.compressed_change_pct is None:
        return None
    if row.compressed_change_bytes == 0:
        return "the same"
    change_pct = format_percent(row.compressed_change_pct, is_signed=True)
    return f"{row.compressed_change_bytes:+,d} ({change_pct} %)"


def _style(row: Mapping[str, Any]) -> RowStyle:
    verdicts = {row["compress_verdict"], row["decompress_verdict"]}
    if row["status"] != OK or SLOWER in verdicts:
        return RowStyle.BAD
    return RowStyle.STRONG if FASTER in verdicts else RowStyle.PLAIN
