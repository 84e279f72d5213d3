"""Rows as ratios to one of them: what an operator decides on.

A ratio inside one run is safer than either figure: what slows the whole run cancels.
Speeds are compared by epochs of the same rounds, each ratio with its own error bar.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from complab import paired
from complab.codecs.specs import Item
from complab.errors import PlanError
from complab.render import Column, RowStyle, Table
from complab.results.compared_runs import correction_of, log_ratios
from complab.results.model import (
    COMPRESS,
    DECOMPRESS,
    OK,
    ConfigurationFacts,
    Measurement,
    RunRecord,
)
from complab.results.rows import Row, derive_rows
from complab.units import format_percent, format_ratio


@dataclass(frozen=True, slots=True)
class RelativeRow:
    """A row's figures divided by the reference's; ``_x`` is times the reference's."""

    codec: str
    level: int | None
    framing: str
    provider: str | None
    library_version: str | None
    compression_ratio_x: float | None
    compress_speed_x: float | None
    compress_error_pct: float | None
    compress_pair_count: int
    decompress_speed_x: float | None
    decompress_error_pct: float | None
    decompress_pair_count: int
    is_reference: bool
    status: str
    message: str


def reference_id(
    configurations: tuple[ConfigurationFacts, ...],
    item: Item,
    default_level: int | None,
) -> int:
    """The configuration that an item of a codec list names.

    Without a level it is the only one of its codec, or the one at ``default_level``.
    ``PlanError`` if it names none, or several.
    """
    if len(item.levels) > 1:
        message = f"the reference {item.name} has several levels: name one"
        raise PlanError(message)
    found = [
        facts
        for facts in configurations
        if facts.codec == item.name and _is_from(facts, item.provider)
    ]
    if item.levels:
        found = [facts for facts in found if facts.level == item.levels[0]]
    elif len(found) > 1:
        found = [facts for facts in found if facts.level == default_level]
    if len(found) == 1:
        return found[0].id
    names = ", ".join(dict.fromkeys(map(_name, configurations)))
    what = f"{len(found)} rows" if found else "no row, or none at its default level"
    message = f"the reference {item.name} names {what}: name one of {names}"
    raise PlanError(message)


def _is_from(facts: ConfigurationFacts, word: str | None) -> bool:
    if word is None:
        return True
    provider = facts.provider
    return provider is not None and word in (provider.name, provider.version)


def _name(facts: ConfigurationFacts) -> str:
    at = f"@{facts.provider.name}" if facts.provider else ""
    level = "" if facts.level is None else f":{facts.level}"
    return f"{facts.codec}{at}{level}"


def relative_rows(record: RunRecord, reference: int) -> tuple[RelativeRow, ...]:
    """Every row of a record over the one whose configuration has this id."""
    found = {(m.configuration, m.direction): m for m in record.measurements}
    rows = dict(
        zip((c.id for c in record.configurations), derive_rows(record), strict=True)
    )
    base = rows[reference]
    canary_ns = correction_of(record)
    made = []
    for configuration, row in rows.items():
        speeds = [
            _speed(found.get((reference, d)), found.get((configuration, d)), canary_ns)
            for d in (COMPRESS, DECOMPRESS)
        ]
        made.append(_row(row, base, speeds, is_reference=configuration == reference))
    return tuple(made)


@dataclass(frozen=True, slots=True)
class _Speed:
    times: float | None = None
    error_pct: float | None = None
    pair_count: int = 0


def _speed(
    reference: Measurement | None, other: Measurement | None, canary_ns: float | None
) -> _Speed:
    if reference is None or other is None or reference.status != OK:
        return _Speed()
    if reference is other:
        return _Speed(1.0, 0.0, len(other.epoch_times_ns))
    groups = log_ratios(reference, other, canary_ns)
    ratio = paired.ratio_in_run(groups)
    if ratio is None:
        return _Speed()
    times = math.exp(-ratio.value)
    count = sum(map(len, groups))
    if ratio.low is None or ratio.high is None:
        return _Speed(times, None, count)
    width = math.exp(-ratio.low) - math.exp(-ratio.high)
    return _Speed(times, 50 * width / times, count)


def _row(
    row: Row, base: Row, speeds: list[_Speed], *, is_reference: bool
) -> RelativeRow:
    return RelativeRow(
        codec=row.codec,
        level=row.level,
        framing=row.framing,
        provider=row.provider,
        library_version=row.library_version,
        compression_ratio_x=(
            row.compression_ratio / base.compression_ratio
            if row.compression_ratio and base.compression_ratio
            else None
        ),
        compress_speed_x=speeds[0].times,
        compress_error_pct=speeds[0].error_pct,
        compress_pair_count=speeds[0].pair_count,
        decompress_speed_x=speeds[1].times,
        decompress_error_pct=speeds[1].error_pct,
        decompress_pair_count=speeds[1].pair_count,
        is_reference=is_reference,
        status=row.status,
        message=row.message,
    )


def _times(value: float) -> str:
    """Three significant digits or two decimals: 0.0123, 0.98, 1.05, 12.3."""
    return f"{value:.3g}" if value < 0.1 else f"{value:,.2f}"  # noqa: PLR2004


_NAMES = tuple(field.name for field in fields(RelativeRow))
_SHOWN = {
    "codec": Column.text("codec", "codec"),
    "level": Column.number("level", "level"),
    "provider": Column.text("provider", "from", priority=2),
    "library_version": Column.text("library_version", "version", priority=3),
    "compression_ratio_x": Column.number(
        "compression_ratio_x", "ratio", "x", format=format_ratio
    ),
    "compress_speed_x": Column.number(
        "compress_speed_x", "compress", "x", format=_times
    ),
    "compress_error_pct": Column.number(
        "compress_error_pct", "±", "%", format=format_percent, priority=5
    ),
    "decompress_speed_x": Column.number(
        "decompress_speed_x", "decompress", "x", format=_times
    ),
    "decompress_error_pct": Column.number(
        "decompress_error_pct", "±", "%", format=format_percent, priority=5
    ),
    "message": Column.text("message", "remark"),
}


def _column(name: str) -> Column:
    return _SHOWN.get(name) or Column.text(name, name, is_shown=False)


def _style(row: Mapping[str, Any]) -> RowStyle:
    if row["is_reference"]:
        return RowStyle.STRONG
    return RowStyle.PLAIN if row["status"] == OK else RowStyle.FAINT


def relative_table(record: RunRecord, reference: int) -> Table:
    """The rows over the one whose configuration has this id, the best ratio first."""
    rows = relative_rows(record, reference)
    base = next(row for row in rows if row.is_reference)
    level = "" if base.level is None else f":{base.level}"
    titles = [
        f"{item.path}: {item.uncompressed_bytes:,} bytes of payload"
        for item in record.inputs
    ]
    note = (
        "speeds: the middle ratio of epochs of the same rounds; ± is its 95 % "
        "interval, which allows for how a process lies in memory"
    )
    table = Table.from_rows(
        map(_column, _NAMES),
        [{**asdict(row), "message": row.message or None} for row in rows],
        title_lines=[*titles, f"every figure as a multiple of {base.codec}{level}'s"],
        notes=[note],
        style=_style,
    )
    return table.sorted_by(
        "compression_ratio_x", is_descending=True
    ).hiding_empty_columns()
