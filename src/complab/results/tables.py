"""The tables that show a sweep's rows: their columns, heads and notes.

The machine names are those of the CSV header.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from complab.codecs.catalogue import KAFKA_CODECS
from complab.codecs.writers import JAVA
from complab.plan import (
    CORRECTED,
    FRESH,
    KAFKA,
    KNOWN,
    PLAIN,
    UNKNOWN,
    WARM,
)
from complab.render import Column, LzbenchRow, RowStyle, Table, render_lzbench
from complab.results.contention import contention_of
from complab.results.model import OK, SKIPPED, RunRecord
from complab.results.policies import unusual_policies
from complab.results.rows import COLUMN_NAMES, derive_rows
from complab.units import (
    format_bytes,
    format_count,
    format_percent,
    format_ratio,
    format_speed_mbps,
)

PARETO_MARK = "*"
OUTSIDE_MARK = "°"

# What is walked over and over, the CPU learns, in its branch predictor above all: of
# batches of 16 KiB, lz4 compressed 16 to 256 KiB 1.7 times as fast as 1 MB, and 512 KiB
# 1.05 times as fast (two-core VM, the fastest of 40 epochs).
_SMALL_INPUT_BYTES = 512 * 1024

_SHOWN = {
    "codec": Column.text("codec", "codec"),
    "level": Column.number("level", "level"),
    "provider": Column.text("provider", "from", priority=2),
    "library_version": Column.text("library_version", "version", priority=3),
    "compressed_bytes": Column.number(
        "compressed_bytes", "compressed", "bytes", format=format_bytes, priority=4
    ),
    "compression_ratio": Column.number(
        "compression_ratio", "ratio", format=format_ratio
    ),
    "compress_mbps": Column.number(
        "compress_mbps", "compress", "MB/s", format=format_speed_mbps
    ),
    "compress_error_pct": Column.number(
        "compress_error_pct", "±", "%", format=format_percent, priority=5
    ),
    "compress_median_mbps": Column.number(
        "compress_median_mbps", "median", "MB/s", format=format_speed_mbps, priority=1
    ),
    "compress_fastest_mbps": Column.number(
        "compress_fastest_mbps", "fastest", "MB/s", format=format_speed_mbps, priority=1
    ),
    "decompress_mbps": Column.number(
        "decompress_mbps", "decompress", "MB/s", format=format_speed_mbps
    ),
    "decompress_error_pct": Column.number(
        "decompress_error_pct", "±", "%", format=format_percent, priority=5
    ),
    "decompress_median_mbps": Column.number(
        "decompress_median_mbps", "median", "MB/s", format=format_speed_mbps, priority=1
    ),
    "decompress_fastest_mbps": Column.number(
        "decompress_fastest_mbps",
        "fastest",
        "MB/s",
        format=format_speed_mbps,
        priority=1,
    ),
    "message": Column.text("message", "remark"),
}

# Without --sort: the best ratio first. Speeds and ratios descend, words ascend.
_ASCENDING = {"codec", "level", "framing", "client", "provider", "library_version",
              "context", "buffers", "status", "message", "compressed_bytes",
              "stored_bytes"}  # fmt: skip
DEFAULT_SORT = "compression_ratio"


_METHOD_NOTES = {
    CORRECTED: "corrected for stalls and contention, and ± the 95 % interval for other "
    "runs on this machine; median and fastest as the epochs were",
    PLAIN: "the median epoch; ± is the 95 % interval of that median within this run: "
    "another run may differ by more",
}


def _method(record: RunRecord) -> str:
    return CORRECTED if record.plan.get("method") == CORRECTED else PLAIN


# Policies have columns where a row has another than its framing's own.
POLICY_COLUMNS = {
    "context": Column.text("context", "context"),
    "buffers": Column.text("buffers", "buffers"),
    "threads": Column.number("threads", "threads"),
    "size_known": Column(
        name="size_known",
        heading="size",
        format=lambda is_known: KNOWN if is_known else UNKNOWN,
    ),
}


def _unusual(record: RunRecord) -> set[str]:
    """The policies in which a row differs from what its framing does by itself."""
    return {name for each in record.configurations for name in unusual_policies(each)}


def _column(name: str, unusual: set[str]) -> Column:
    if name in unusual:
        return POLICY_COLUMNS[name]
    return _SHOWN.get(name) or Column.text(name, name, is_shown=False)


def _is_outside_kafka(row: Mapping[str, Any]) -> bool:
    return row["framing"] == "raw" and row["codec"] not in {*KAFKA_CODECS, "memcpy"}


def _mark(row: Mapping[str, Any]) -> str:
    marks = PARETO_MARK if row["is_pareto"] else ""
    return marks + (OUTSIDE_MARK if _is_outside_kafka(row) else "")


def _style(row: Mapping[str, Any]) -> RowStyle:
    if row["status"] != OK:
        return RowStyle.FAINT if row["status"] == SKIPPED else RowStyle.BAD
    return RowStyle.STRONG if row["is_pareto"] else RowStyle.PLAIN


def sweep_table(record: RunRecord, *, sort: str | None = None) -> Table:
    """The rows of a record as a table, sorted by ratio or by any column.

    ``ValueError`` if no column has the name.
    """
    rows = [
        {**asdict(row), "message": row.message or None} for row in derive_rows(record)
    ]
    table = Table.from_rows(
        [_column(name, _unusual(record)) for name in COLUMN_NAMES],
        rows,
        title_lines=_titles(record),
        notes=_notes(record, rows),
        mark=_mark,
        style=_style,
    )
    name = sort or DEFAULT_SORT
    table = table.sorted_by(name, is_descending=name not in _ASCENDING)
    return table.hiding_empty_columns()


def _titles(record: RunRecord) -> list[str]:
    lines = []
    for item in record.inputs:
        path = "standard input" if item.path == "-" else item.path
        size = format_count(item.uncompressed_bytes, "byte", "bytes")
        if item.opaque:
            lines.append(f"{path}: {size}, taken as one block (--opaque)")
            continue
        measured = (
            "all measured"
            if item.measured_batch_count == item.batch_count
            else f"{item.measured_batch_count:,} measured"
        )
        records = (
            f"{format_count(item.record_count, 'record', 'records')}, "
            if item.record_count is not None
            else ""
        )
        lines.append(
            f"{path}: {format_count(item.batch_count, 'batch', 'batches')} "
            f"({measured}), {records}{size} of payload"
        )
    framed = [c for c in record.configurations if c.framing == KAFKA]
    if framed:
        is_fresh = all(each.context == FRESH for each in framed)
        context = ", a fresh context for each batch" if is_fresh else ""
        clients = dict.fromkeys(each.client for each in framed)
        words = ("the Java client" if each == JAVA else str(each) for each in clients)
        lines.append(f"framing kafka: what {' and '.join(words)} writes{context}")
    if any(each.buffers != WARM for each in record.configurations):
        lines.append(
            "cold buffers: batches and outputs are taken out of the caches before each "
            "iteration, contexts and code are not"
        )
    if any(each.threads > 1 for each in record.configurations):
        lines.append(
            "threads: what all of them do together, each on a CPU of its own with its "
            "own context and batches"
        )
    lines += _working_set(record)
    lines += _contention(record)
    if not record.is_complete:
        lines.append("interrupted: what was measured until then")
    return lines


# The canary's reference repeats to 0.2 % from run to run: less than this is no news.
_USUAL_SPEED_WITHIN = 0.005


def _contention(record: RunRecord) -> list[str]:
    """How contended the run was, in a line."""
    found = contention_of(record)
    if found is None:
        return []
    pace = "at its usual speed"
    if abs(found.slowdown) >= _USUAL_SPEED_WITHIN:
        word = "slower" if found.slowdown > 0 else "faster"
        pace = f"{abs(found.slowdown):.1%} {word} than usual"
    line = (
        f"the machine: {found.clean:.0%} of the epochs undisturbed, the core taken "
        f"away {found.stalled:.0%} of the time, {pace}"
    )
    return [line]


def _working_set(record: RunRecord) -> list[str]:
    """What the size of the input does to the speeds."""
    lines = []
    block_count = sum(item.measured_batch_count for item in record.inputs)
    size_bytes = sum(item.uncompressed_bytes for item in record.inputs)
    lines += repetition(block_count, size_bytes, "batch", "batches")
    for level, cache_bytes in sorted(record.environment.get("cache_bytes", {}).items()):
        if size_bytes <= cache_bytes:
            lines.append(
                f"the payload fits in the {level} cache ({cache_bytes:,} bytes)"
            )
            break
    return lines


def repetition(count: int, size_bytes: int, one: str, many: str) -> list[str]:
    """A line where so little is walked over and over that the CPU learns it.

    ``one`` and ``many`` are words for the blocks, of which there are ``count``.
    """
    if size_bytes >= _SMALL_INPUT_BYTES:
        return []
    what, it = (one, "it") if count == 1 else (f"{count:,} {many}", "them")
    line = (
        f"same {what}, repeated: the CPU learns {it}, and codecs look faster than on a "
        f"stream of such {many}"
    )
    return [line]


def _notes(record: RunRecord, rows: list[dict[str, Any]]) -> list[str]:
    notes = [warning.message for warning in record.warnings]
    if any(row["is_pareto"] for row in rows):
        notes.append(
            f"{PARETO_MARK} no other row of the same framing has a better ratio and, "
            "beyond error bars, a better compression speed"
        )
    if any(map(_is_outside_kafka, rows)):
        notes.append(
            f"{OUTSIDE_MARK} not in Kafka: one-shot blocks, without its frames"
        )
    notes.append(f"MB/s of uncompressed bytes: {_METHOD_NOTES[_method(record)]}")
    return notes


def sweep_as_lzbench(record: RunRecord, *, sort: str | None = None) -> str:
    """The rows in lzbench's own layout, fastest speeds as lzbench reports them."""
    name = sort or DEFAULT_SORT
    table = sweep_table(record, sort=name)
    path = record.inputs[0].path if record.inputs else ""
    return render_lzbench(
        [_lzbench_row(row, path) for row in table.rows if row["status"] == OK]
    )


def _lzbench_row(row: Mapping[str, Any], path: str) -> LzbenchRow:
    version = row["library_version"]
    words = [row["codec"]]
    if version and version != "unknown":
        words.append(version)
    if row["level"] is not None:
        words.append(f"-{row['level']}")
    return LzbenchRow(
        name=" ".join(words),
        compress_mbps=row["compress_fastest_mbps"],
        decompress_mbps=row["decompress_fastest_mbps"],
        compressed_bytes=row["compressed_bytes"],
        uncompressed_bytes=row["uncompressed_bytes"],
        file_name=path,
    )
