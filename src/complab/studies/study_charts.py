"""The charts of replays and of batch sizes: their rows, as charts take them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from complab import charts
from complab.errors import PlanError
from complab.results.model import OK
from complab.studies.batching_table import BatchingRow
from complab.studies.library_columns import (
    FromLibrary,
    codec_name,
    several_libraries,
)
from complab.studies.replay_table import ReplayRow

if TYPE_CHECKING:
    import altair as alt


@dataclass(frozen=True, slots=True)
class _Quantity:
    """What is drawn over the batch's size, and the column of its error in percent."""

    title: str
    words: str
    error_name: str | None = None
    is_log: bool = False


BATCHING_CHARTS: Final = {
    "compression_ratio": _Quantity(
        "Ratio against batch size", "compression ratio", "ratio_error_pct"
    ),
    "stored_ratio": _Quantity("Ratio against batch size", "ratio, headers included"),
    "producer_mbps": _Quantity(
        "The producer's speed against batch size",
        "MB/s, log scale",
        "producer_error_pct",
        is_log=True,
    ),
    "batch_p99_ns": _Quantity(
        "The producer's time against batch size",
        "ns for a batch, 99th percentile, log scale",
        is_log=True,
    ),
}

PATH: Final = "path"
LATENCY: Final = "latency"
REPLAY_CHARTS: Final = (PATH, LATENCY)

_STATIONS: Final = ("producer", "broker", "consumer")
_PERCENTILES: Final = {50.0: "batch_p50_ns", 99.0: "batch_p99_ns",
                       99.9: "batch_p999_ns"}  # fmt: skip


def batching_chart(
    rows: Iterable[BatchingRow], quantity: str, *, width: int
) -> "alt.ChartType | None":
    """A quantity over the size of batches, or over their linger.

    A message alone, and a linger of 0, have no place on a logarithmic axis. ``None``
    where there is nothing to draw, ``PlanError`` for another quantity.
    """
    if quantity not in BATCHING_CHARTS:
        message = f"no chart {quantity!r}: there are {', '.join(BATCHING_CHARTS)}"
        raise PlanError(message)
    chosen = BATCHING_CHARTS[quantity]
    good = [row for row in rows if row.status == OK]
    names_library = several_libraries(good)
    is_timed = any(row.linger_ms is not None for row in good)
    drawn = []
    for row in good:
        place = row.linger_ms if is_timed else row.batch_bytes
        value = getattr(row, quantity)
        if not place or value is None:
            continue
        error_pct = getattr(row, chosen.error_name) if chosen.error_name else None
        # Multiplied and divided: a log axis has no place for a bar that reaches 0.
        spread = None if error_pct is None else 1 + error_pct / 100
        drawn.append(
            {
                "codec": row.codec,
                "name": codec_name(row, names_library=names_library),
                "level": _variant(row, names_library=names_library),
                "place": place,
                "value": value,
                "value_low": None if spread is None else value / spread,
                "value_high": None if spread is None else value * spread,
            }
        )
    if not drawn:
        return None
    x_title = "linger in ms" if is_timed else "bytes of a batch, uncompressed"
    has_twins = len({row["name"] for row in drawn}) > len({r["codec"] for r in drawn})
    return charts.curves(
        drawn,
        x="place",
        y="value",
        variant="level" if has_twins else None,
        title=chosen.title,
        x_title=f"{x_title}, log scale",
        y_title=chosen.words,
        is_x_bytes=not is_timed,
        is_y_log=chosen.is_log,
        width=width,
    )


def replay_chart(
    rows: Iterable[ReplayRow], name: str, *, width: int
) -> "alt.ChartType | None":
    """The work along the path, or the producer's time for a batch by percentile.

    ``None`` where there is nothing to draw, ``PlanError`` for another name.
    """
    good = [row for row in rows if row.status == OK]
    names_library = several_libraries(good)
    if name == PATH:
        parts = [
            {
                "name": codec_name(row, names_library=names_library),
                "stage": station,
                "value": getattr(row, f"{station}_cpu_s_per_million"),
            }
            for row in good
            for station in _STATIONS
        ]
        parts = [part for part in parts if part["value"] is not None]
        if not parts:
            return None
        return charts.stages(
            parts,
            title="Work along the path",
            value_title="CPU seconds for a million messages",
            width=width,
        )
    if name != LATENCY:
        message = f"no chart {name!r}: there are {', '.join(REPLAY_CHARTS)}"
        raise PlanError(message)
    times = [
        {
            "codec": row.codec,
            "level": _variant(row, names_library=names_library),
            "percentile": percentile,
            "value": getattr(row, column) / 1e3,
        }
        for row in good
        for percentile, column in _PERCENTILES.items()
        if getattr(row, column) is not None
    ]
    if not times:
        return None
    return charts.percentiles(
        times,
        title="The producer's time for a batch",
        value_title="µs, log scale",
        variant="level",
        width=width,
    )


def _variant(row: FromLibrary, *, names_library: bool) -> str:
    """What tells the lines of one codec apart."""
    level = "no level" if row.level is None else f"level {row.level}"
    return f"{level} @{row.provider}" if names_library and row.provider else level
