"""A replay's row, and how people see it.

The machine names are those of the CSV header.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from complab.render import Column, RowStyle, Table
from complab.results.model import OK, SKIPPED
from complab.units import (
    format_bytes,
    format_duration_ns,
    format_percent,
    format_ratio,
)


@dataclass(frozen=True, slots=True)
class ReplayRow:
    """One codec at one level: bytes, and CPU seconds for a million messages.

    ``broker_bytes_in`` is what the producer sends; ``disk_bytes`` what the broker
    stores, which is also what each follower and each consumer group fetches.
    ``disk_low_bytes`` and ``disk_high_bytes`` are the bounds where a client chooses the
    boundaries. ``batch_p50_ns`` and its like are the producer's time for a batch.
    """

    client: str
    codec: str
    level: int | None
    provider: str | None
    library_version: str | None
    message_count: int = 0
    batch_count: int = 0
    uncompressed_bytes: int = 0
    broker_bytes_in: int = 0
    disk_bytes: int = 0
    disk_low_bytes: int | None = None
    disk_high_bytes: int | None = None
    average_message_bytes: float | None = None
    compression_ratio: float | None = None
    broker_outcome: str = ""
    broker_reason: str = ""
    producer_cpu_s_per_million: float | None = None
    producer_error_pct: float | None = None
    cpu_ratio: float | None = None
    broker_cpu_s_per_million: float | None = None
    broker_error_pct: float | None = None
    consumer_cpu_s_per_million: float | None = None
    consumer_error_pct: float | None = None
    encode_cpu_s_per_million: float | None = None
    compress_cpu_s_per_million: float | None = None
    seal_cpu_s_per_million: float | None = None
    batch_p50_ns: float | None = None
    batch_p99_ns: float | None = None
    batch_p999_ns: float | None = None
    pass_count: int = 0
    status: str = OK
    message: str = ""


COLUMN_NAMES: Final = tuple(each.name for each in fields(ReplayRow))


def _style(row: Mapping[str, Any]) -> RowStyle:
    return {OK: RowStyle.PLAIN, SKIPPED: RowStyle.FAINT}.get(
        row["status"], RowStyle.BAD
    )


def _seconds(value: float) -> str:
    return f"{value:.2f}" if value >= 1 else f"{value:.3f}"


def _cpu(name: str, heading: str, priority: int | None = None) -> Column:
    return Column.number(
        f"{name}_cpu_s_per_million", heading, "s/M", format=_seconds, priority=priority
    )


def _error(name: str) -> Column:
    return Column.number(
        f"{name}_error_pct", "±", "%", format=format_percent, priority=4
    )


def _bytes(name: str, heading: str, priority: int | None = None) -> Column:
    return Column.number(name, heading, "bytes", format=format_bytes, priority=priority)


_SHOWN: Final = {
    "client": Column.text("client", "client", priority=3),
    "codec": Column.text("codec", "codec"),
    "level": Column.number("level", "level"),
    "provider": Column.text("provider", "from", priority=1),
    "library_version": Column.text("library_version", "version", priority=1),
    "message_count": Column.number(
        "message_count", "messages", format=format_bytes, priority=2
    ),
    "batch_count": Column.number(
        "batch_count", "batches", format=format_bytes, priority=5
    ),
    "broker_bytes_in": _bytes("broker_bytes_in", "sent", 2),
    "disk_bytes": _bytes("disk_bytes", "disk"),
    "disk_low_bytes": _bytes("disk_low_bytes", "at least", 4),
    "disk_high_bytes": _bytes("disk_high_bytes", "at most", 4),
    "average_message_bytes": Column.number(
        "average_message_bytes", "message", "bytes", format="{:.1f}".format, priority=3
    ),
    "compression_ratio": Column.number(
        "compression_ratio", "ratio", format=format_ratio
    ),
    "producer_cpu_s_per_million": _cpu("producer", "producer"),
    "producer_error_pct": _error("producer"),
    "cpu_ratio": Column.number("cpu_ratio", "to none", format=format_ratio, priority=5),
    "broker_cpu_s_per_million": _cpu("broker", "broker"),
    "broker_error_pct": _error("broker"),
    "consumer_cpu_s_per_million": _cpu("consumer", "consumer"),
    "consumer_error_pct": _error("consumer"),
    "batch_p50_ns": Column.number(
        "batch_p50_ns", "batch p50", format=format_duration_ns, priority=3
    ),
    "batch_p999_ns": Column.number(
        "batch_p999_ns", "p99.9", format=format_duration_ns, priority=3
    ),
    "broker_outcome": Column.text("broker_outcome", "broker does", priority=4),
    "message": Column.text("message", "remark"),
}

_COLUMNS: Final = tuple(
    _SHOWN.get(name, Column.text(name, name, is_shown=False)) for name in COLUMN_NAMES
)


def replay_table(rows: Sequence[ReplayRow], notes: Sequence[str]) -> Table:
    """The rows as a table, without the columns that none of them fills."""
    values = [asdict(row) for row in rows]
    table = Table.from_rows(_COLUMNS, values, style=_style, notes=notes)
    return table.hiding_empty_columns()
