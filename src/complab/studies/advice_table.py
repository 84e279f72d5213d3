"""A row of the advice, and how people see it."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from complab.render import Column, RowStyle, Table
from complab.studies.library_columns import codec_name, library_columns
from complab.units import (
    format_bytes,
    format_number,
    format_percent,
    format_ratio,
)

BEST_MARK: Final = "*"

OK: Final = "ok"
EXCLUDED: Final = "excluded"
FAILED: Final = "failed"


@dataclass(frozen=True, slots=True)
class AdviceRow:
    """A configuration with what a month of it uses and costs.

    ``total_error`` is half its 95 % interval, in the currency. ``latency_p99_ms`` is
    the time to fill a batch and to make it. ``dearer_pct`` is to the best.
    """

    client: str
    codec: str
    level: int | None
    provider: str | None
    library_version: str | None
    batch_bytes: int
    linger_ms: int | None = None
    messages_per_batch: float | None = None
    stored_ratio: float | None = None
    ratio_error_pct: float | None = None
    network_mbps: float | None = None
    disk_gb: float | None = None
    producer_cores: float | None = None
    broker_cores: float | None = None
    consumer_cores: float | None = None
    latency_p99_ms: float | None = None
    network_cost: float | None = None
    disk_cost: float | None = None
    cpu_cost: float | None = None
    total_cost: float | None = None
    total_error: float | None = None
    dearer_pct: float | None = None
    is_best: bool = False
    status: str = OK
    message: str = ""

    def name(self, *, names_library: bool) -> str:
        """The codec with its level and its batches."""
        codec = codec_name(self, names_library=names_library)
        return f"{codec} in batches of {self.batch_bytes:,} bytes"


COLUMN_NAMES: Final = tuple(each.name for each in fields(AdviceRow))


def money(value: float) -> str:
    """An amount: three digits at least, whole from 100 on."""
    return f"{value:,.0f}" if abs(value) >= 100 else format_number(value)  # noqa: PLR2004


def _number(
    name: str,
    heading: str,
    unit: str = "",
    *,
    format: Callable[[Any], str] = format_number,  # noqa: A002 - the field's name
    priority: int | None = None,
) -> Column:
    return Column.number(name, heading, unit, format=format, priority=priority)


def _columns(rows: Sequence[AdviceRow], currency: str) -> list[Column]:
    shown = {
        "codec": Column.text("codec", "codec"),
        "level": Column.number("level", "level"),
        "batch_bytes": _number("batch_bytes", "batch", "bytes", format=format_bytes),
        "linger_ms": _number("linger_ms", "linger", "ms", format=str, priority=5),
        "stored_ratio": _number("stored_ratio", "ratio", format=format_ratio),
        "ratio_error_pct": _number(
            "ratio_error_pct", "±", "%", format=format_percent, priority=3
        ),
        "network_mbps": _number("network_mbps", "network", "MB/s", priority=4),
        "disk_gb": _number("disk_gb", "disk", "GB", priority=4),
        "producer_cores": _number("producer_cores", "producers", "cores"),
        "broker_cores": _number("broker_cores", "brokers", "cores", priority=5),
        "consumer_cores": _number("consumer_cores", "consumers", "cores", priority=5),
        "latency_p99_ms": _number("latency_p99_ms", "p99", "ms", priority=4),
        "network_cost": _number(
            "network_cost", "network", currency, format=money, priority=2
        ),
        "disk_cost": _number("disk_cost", "disk", currency, format=money, priority=2),
        "cpu_cost": _number("cpu_cost", "cpu", currency, format=money, priority=2),
        "total_cost": _number("total_cost", "a month", currency, format=money),
        "total_error": _number("total_error", "±", currency, format=money, priority=5),
        "dearer_pct": _number("dearer_pct", "dearer", "%", format=format_percent),
        "message": Column.text("message", "remark"),
        **{each.name: each for each in library_columns(rows)},
    }
    return [
        shown.get(name, Column.text(name, name, is_shown=False))
        for name in COLUMN_NAMES
    ]


def advice_table(
    rows: Sequence[AdviceRow], currency: str, notes: Sequence[str]
) -> Table:
    """The rows, the cheapest first; the best is marked."""
    table = Table.from_rows(
        _columns(rows, currency),
        [asdict(row) for row in rows],
        notes=notes,
        mark=lambda row: BEST_MARK if row["is_best"] else "",
        style=lambda row: {
            FAILED: RowStyle.BAD,
            EXCLUDED: RowStyle.FAINT,
        }.get(row["status"], RowStyle.PLAIN),
    )
    return table.hiding_empty_columns()
