"""The tables of an inspection: batches, totals by codec, lint."""

import textwrap
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from complab.kafka.lint import LintReport, Severity
from complab.kafka.log import Gap, Log
from complab.kafka.totals import LogTotals
from complab.render import Column, RowStyle, Table, escape_controls
from complab.units import (
    format_bytes,
    format_count,
    format_number,
    format_percent,
    format_ratio,
)


def format_timestamp(timestamp_ms: int) -> str:
    """A record's time, ISO 8601 in UTC; ``-`` for none, the number if it is no time.

    >>> format_timestamp(1768469400123)
    '2026-01-15T09:30:00.123Z'
    """
    if timestamp_ms == -1:
        return "-"
    try:
        moment = datetime.fromtimestamp(timestamp_ms / 1000, UTC)
    except (ValueError, OverflowError, OSError):  # beyond the year 9999
        return str(timestamp_ms)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{timestamp_ms % 1000:03}Z"


def _hidden(name: str) -> Column:
    return Column.text(name, name, is_shown=False)


_BATCH_COLUMNS = (
    Column.number("batch", "batch"),
    Column.text("file_name", "file"),
    Column.number("position", "position", format=format_bytes, priority=4),
    Column.number("base_offset", "offset", "first"),
    Column.number("last_offset", "offset", "last", priority=5),
    Column.number("record_count", "records", format=format_bytes),
    Column.text("codec", "codec"),
    Column.text("framing", "framing", priority=3),
    Column.text("client", "client"),
    Column.number("batch_bytes", "batch", "bytes", format=format_bytes),
    Column.number(
        "uncompressed_bytes", "payload", "bytes", format=format_bytes, priority=6
    ),
    Column.number("compression_ratio", "ratio", format=format_ratio),
    Column.text("max_time", "last timestamp", priority=2),
    Column.text("timestamp_type", "type", priority=1),
    Column.number("producer_id", "producer", "id", priority=0),
    Column.text("flags", "flags"),
    Column.text("remark", "remark"),
    *map(
        _hidden,
        (
            "file",
            "magic",
            "base_timestamp",
            "max_timestamp",
            "compressed_bytes",
            "crc_expected",
            "crc_actual",
            "crc_valid",
            "producer_epoch",
            "base_sequence",
            "last_sequence",
            "partition_leader_epoch",
            "is_transactional",
            "is_control",
            "delete_horizon_ms",
            "problem",
        ),
    ),
)


def batch_table(log: Log, rows: Iterable[Mapping[str, Any]]) -> Table:
    """A row for each batch, under a line about the input and above one for each gap."""
    names = log.files.paths
    several = len(names) > 1
    shown = []
    for row in rows:
        extra = {
            "file_name": row["file"].rpartition("/")[2] if several else None,
            "max_time": format_timestamp(row["max_timestamp"]),
            "flags": _flags(row) or None,
            "remark": _remark(row),
        }
        shown.append({**row, **extra})
    total_bytes = sum(int(row["batch_bytes"]) for row in shown)
    batches = format_count(len(shown), "batch", "batches")
    segments = format_count(len(names), "segment", "segments")
    where = f" in {segments}" if log.files.is_folder else ""
    title = f"{log.files.path}: {batches}{where}, {format_bytes(total_bytes)} bytes"
    return Table.from_rows(
        _BATCH_COLUMNS,
        shown,
        title_lines=[title],
        notes=[_gap_note(log, gap) for gap in log.gaps],
        style=lambda row: RowStyle.BAD if row["remark"] else RowStyle.PLAIN,
    ).hiding_empty_columns()


_GAP_WORDS = {
    "damage": "hold no batch",
    "torn": "are the beginning of a batch",
    "zeros": "are preallocated",
    "shrunk": "are gone",
}


def _gap_note(log: Log, gap: Gap) -> str:
    lost = log.offsets_lost(gap)
    records = f"; offsets {lost[0]:,} to {lost[1]:,} are missing" if lost else ""
    return (
        f"{log.place(gap)}: {gap.bytes:,} bytes {_GAP_WORDS[gap.reason]}: "
        f"{log.describe(gap)}{records}"
    )


def _flags(row: Mapping[str, Any]) -> str:
    words = []
    if row["magic"] < 2:  # noqa: PLR2004 - the magic of record batches
        words.append(f"magic {row['magic']}")
    if row["is_control"]:
        words.append("control")
    if row["is_transactional"]:
        words.append("txn")
    if row["base_sequence"] is not None and row["base_sequence"] >= 0:
        words.append("idempotent")
    if row["delete_horizon_ms"] is not None:
        words.append("delete horizon")
    return ", ".join(words)


def _remark(row: Mapping[str, Any]) -> str | None:
    if not row["crc_valid"]:
        return (
            f"CRC is {row['crc_actual']:08x}, the header says {row['crc_expected']:08x}"
        )
    problem: str | None = row["problem"]
    return problem


def totals_table(totals: LogTotals, writers: str | None = None) -> Table:
    """A row for each codec and one over all, with the columns of KIP-640.

    ``writers`` are the clients each of which could have written every batch.
    """
    columns = (
        Column.text("codec", "codec"),
        Column.number("batch_count", "batches", format=format_bytes),
        Column.number("multi_record_batch_count", "of >1 record", format=format_bytes),
        Column.number("record_count", "records", format=format_bytes),
        Column.number(
            "average_records_per_batch", "records", "per batch", format=format_number
        ),
        Column.number("stored_bytes", "stored", "bytes", format=format_bytes),
        Column.number(
            "uncompressed_bytes", "uncompressed", "bytes", format=format_bytes
        ),
        Column.number("compression_ratio", "ratio", format=format_ratio),
        Column.number("average_batch_ratio", "of batches", "mean", format=format_ratio),
        Column.number("space_savings_pct", "saved", "%", format=format_percent),
        Column.number("average_batch_bytes", "batch", "bytes", format=format_number),
        *map(
            _hidden,
            (
                "batch_share",
                "compressed_bytes",
                "sized_batch_count",
                "counted_batch_count",
                "smallest_batch_bytes",
                "largest_batch_bytes",
            ),
        ),
    )
    rows = [codec.as_json() for codec in (*totals.codecs, totals.overall)]
    apart = [
        f"not in the totals: {format_count(count, *words)}, {size_bytes:,} bytes"
        for count, size_bytes, words in (
            (
                totals.control_batch_count,
                totals.control_bytes,
                ("control batch", "control batches"),
            ),
            (
                totals.empty_batch_count,
                totals.empty_bytes,
                ("batch without records", "batches without records"),
            ),
            (
                totals.damaged_batch_count,
                totals.damaged_bytes,
                ("damaged batch", "damaged batches"),
            ),
        )
        if count
    ]
    if writers:
        apart.append(f"all of it could have been written by {writers}")
    return Table.from_rows(columns, rows, notes=apart).hiding_empty_columns()


def lint_table(report: LintReport) -> Table:
    """A row for each finding; below, the rules that could not look."""
    columns = (
        Column.text("rule", "rule"),
        Column.text("severity", "severity"),
        Column.text("message", "finding"),
        Column.text("remedy", "remedy"),
        Column.text("source", "source"),
        _hidden("batch_count"),
        _hidden("share"),
    )
    rows = [{**f.as_json(), "source": f.source} for f in report.findings]
    return Table.from_rows(
        columns,
        rows,
        notes=[str(entry) for entry in report.unchecked],
        style=lambda row: {
            Severity.ERROR.value: RowStyle.BAD,
            Severity.WARN.value: RowStyle.STRONG,
        }.get(row["severity"], RowStyle.PLAIN),
    )


# Prose is hard to read in longer lines, however wide the terminal is.
_WIDEST_TEXT = 96


def lint_text(report: LintReport, *, width: int | None = None) -> str:
    """The findings as paragraphs, then what was not looked for, by what it needs."""
    cells = min(width or _WIDEST_TEXT, _WIDEST_TEXT)

    def wrapped(text: str, indent: str) -> str:
        return textwrap.fill(
            escape_controls(text), cells, initial_indent="", subsequent_indent=indent
        )

    lines = []
    for finding in report.findings:
        head = f"{finding.rule} {finding.severity.value}: {finding.message}"
        lines.append(wrapped(head, "  "))
        lines.append(wrapped(f"  remedy: {finding.remedy}", "    "))
        lines.append(wrapped(f"  source: {finding.source}", "    "))
    if not report.findings:
        lines.append("lint: nothing found")
    wanting: dict[str, list[str]] = {}
    for entry in report.unchecked:
        wanting.setdefault(entry.needs, []).append(entry.rule)
    lines += [
        wrapped(f"not checked for want of {needs}: {', '.join(rules)}", "  ")
        for needs, rules in wanting.items()
    ]
    return "\n".join(lines) + "\n"
