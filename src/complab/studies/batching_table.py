"""A row of the study of batch sizes, and how people see it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Final

from complab.render import Column, RowStyle, Table
from complab.results.model import FAILED, OK
from complab.studies.library_columns import library_columns
from complab.units import (
    format_bytes,
    format_duration_ns,
    format_number,
    format_percent,
    format_ratio,
    format_speed_mbps,
)

KNEE_MARK: Final = "*"


@dataclass(frozen=True, slots=True)
class BatchingRow:
    """One codec at one batch size; ``batch_bytes`` 0 is a message alone.

    ``linger_ms`` in place of a size where batches are closed by time. ``fill_ms`` is
    how long a batch takes to fill at the topic's rate. ``is_knee`` marks the smallest
    batch whose ratio is within 5 % of the codec's best.
    """

    client: str
    codec: str
    level: int | None
    provider: str | None
    library_version: str | None
    batch_bytes: int | None
    linger_ms: float | None
    message_count: int = 0
    batch_count: int = 0
    messages_per_batch: float | None = None
    stored_batch_bytes: float | None = None
    compression_ratio: float | None = None
    ratio_error_pct: float | None = None
    stored_ratio: float | None = None
    producer_mbps: float | None = None
    producer_error_pct: float | None = None
    batch_p50_ns: float | None = None
    batch_p99_ns: float | None = None
    fill_ms: float | None = None
    is_knee: bool = False
    status: str = OK
    message: str = ""


COLUMN_NAMES: Final = tuple(each.name for each in fields(BatchingRow))


def _batch(size_bytes: int) -> str:
    if size_bytes == 0:
        return "1 message"
    for unit, name in ((1 << 20, "MiB"), (1 << 10, "KiB")):
        if size_bytes % unit == 0:
            return f"{size_bytes // unit} {name}"
    return f"{size_bytes:,} B"


def _milliseconds(value: float) -> str:
    return f"{format_number(value)} ms"


_SHOWN: Final = {
    "codec": Column.text("codec", "codec"),
    "level": Column.number("level", "level"),
    "batch_bytes": Column.number("batch_bytes", "batch", format=_batch),
    "linger_ms": Column.number("linger_ms", "linger", format=_milliseconds),
    "messages_per_batch": Column.number(
        "messages_per_batch", "messages", format=format_number, priority=4
    ),
    "stored_batch_bytes": Column.number(
        "stored_batch_bytes",
        "stored",
        "bytes",
        format=lambda value: format_bytes(round(value)),
        priority=3,
    ),
    "compression_ratio": Column.number(
        "compression_ratio", "ratio", format=format_ratio
    ),
    "ratio_error_pct": Column.number(
        "ratio_error_pct", "±", "%", format=format_percent, priority=5
    ),
    "stored_ratio": Column.number(
        "stored_ratio", "with headers", format=format_ratio, priority=2
    ),
    "producer_mbps": Column.number(
        "producer_mbps", "producer", "MB/s", format=format_speed_mbps
    ),
    "producer_error_pct": Column.number(
        "producer_error_pct", "±", "%", format=format_percent, priority=4
    ),
    "batch_p50_ns": Column.number("batch_p50_ns", "p50", format=format_duration_ns),
    "batch_p99_ns": Column.number(
        "batch_p99_ns", "p99", format=format_duration_ns, priority=4
    ),
    "fill_ms": Column.number("fill_ms", "to fill", format=_milliseconds, priority=3),
    "message": Column.text("message", "remark"),
}


def batching_table(rows: Sequence[BatchingRow], notes: Sequence[str]) -> Table:
    """The rows, codec by codec, from the smallest batch on; knees are marked."""
    shown = _SHOWN | {each.name: each for each in library_columns(rows)}
    table = Table.from_rows(
        [
            shown.get(name, Column.text(name, name, is_shown=False))
            for name in COLUMN_NAMES
        ],
        [asdict(row) for row in rows],
        notes=notes,
        mark=lambda row: KNEE_MARK if row["is_knee"] else "",
        style=lambda row: RowStyle.BAD if row["status"] == FAILED else RowStyle.PLAIN,
    )
    return table.hiding_empty_columns()
