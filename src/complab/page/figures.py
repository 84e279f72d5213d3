"""The charts of a result, by name, with what to say beside each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from complab import charts
from complab.charts.links import path_of
from complab.results.drawn import NOT_DRAWN, drawn_rows
from complab.results.epochs import epoch_bins, epoch_speeds, spread_rows
from complab.results.model import COMPRESS, DECOMPRESS, RunRecord

if TYPE_CHECKING:
    import altair as alt

_WIDE_PX: Final = 680


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart that every result has: its name, title, caption, and how it is drawn.

    ``draw`` takes the record and the width of the plot in pixels; ``None`` from it
    means that the record has nothing to draw, and ``lack`` says what it has not.
    """

    name: str
    title: str
    caption: str
    lack: str
    draw: "Callable[[RunRecord, int], alt.ChartType | None]"


def draw(record: RunRecord, name: str, *, width: int = _WIDE_PX) -> Any:  # noqa: ANN401
    """The chart of that name; ``ValueError``, with the names, for any other.

    ``ChartLibraryError`` where altair is not installed.
    """
    return figure_of(name).draw(record, width)


def figure_of(name: str) -> Figure:
    """The figure of that name; ``ValueError``, with the names, for any other."""
    for figure in FIGURES:
        if figure.name == name:
            return figure
    message = f"no chart {name!r}: there are {', '.join(FIGURE_NAMES)}"
    raise ValueError(message)


def _height(width: int, share: float) -> int:
    """A height that suits the width; on a phone, taller than wide."""
    return round(max(260, width * share))


def draw_together(
    records: Sequence[tuple[str, RunRecord]], width: int
) -> "alt.ChartType | None":
    """Ratio against compression speed of several results, each with its letter."""
    rows = [row for letter, record in records for row in _points(record, letter)]
    return _ratio_chart(rows, "compress", width)


def _points(record: RunRecord, label: str = "") -> list[dict[str, Any]]:
    rows = drawn_rows(record, label=label)
    return [row for row in rows if row["codec"] not in NOT_DRAWN]


def _ratio_chart(
    rows: Sequence[dict[str, Any]], direction: "charts.Direction", width: int
) -> "alt.ChartType | None":
    if not any(row["compression_ratio"] and row[f"{direction}_mbps"] for row in rows):
        return None
    return charts.ratio_against_speed(
        rows, direction, width=width, height=_height(width, 0.58)
    )


def _speeds(direction: "charts.Direction") -> "Callable[[RunRecord, int], Any]":
    def drawn(record: RunRecord, width: int) -> "alt.ChartType | None":
        return _ratio_chart(_points(record), direction, width)

    return drawn


def _links(record: RunRecord, width: int) -> "alt.ChartType | None":
    rows = [row for row in drawn_rows(record) if row["codec_words"] == row["codec"]]
    if all(path_of(row) is None for row in rows):
        return None
    return charts.speed_over_links(rows, width=width, height=_height(width, 0.42))


def _epochs(record: RunRecord, width: int) -> "alt.ChartType | None":
    bins = epoch_bins(epoch_speeds(record))
    if not bins:
        return None
    return charts.histogram(
        bins,
        title="Epochs around their headlines",
        value_title="speed of an epoch in % of its row's headline",
        count_title="epochs",
        subtitle="What is below 60 or above 120 is in the outermost bars.",
        width=width,
    )


def _spread(direction: str) -> "Callable[[RunRecord, int], Any]":
    def drawn(record: RunRecord, width: int) -> "alt.ChartType | None":
        front = [row["name"] for row in drawn_rows(record) if row["is_compress_front"]]
        rows = [
            row
            for row in spread_rows(epoch_speeds(record))
            if row["direction"] == direction and row["name"] in front
        ]
        if not rows:
            return None
        # What stands beside the plot takes its part of the width.
        return charts.spreads(
            rows,
            title=f"Spread of {direction}ion",
            value_title="speed of an epoch in % of the headline",
            subtitle="Thick: half of the epochs. Thin: 90 % of them. Tick: the median.",
            middle=100.0,
            width=width - 60,
        )

    return drawn


FIGURES: Final = (
    Figure(
        "compress",
        "Ratio against compression speed",
        "Up is smaller on disk and on the wire, right is less producer CPU for each "
        "byte. The numbers are levels. Large and filled: no row of the same framing is "
        "better in both, and the dotted line joins these; choose among them. Where "
        "error bars overlap, neither is called faster.",
        "no row that compresses has a ratio and a compression speed",
        _speeds("compress"),
    ),
    Figure(
        "decompress",
        "Ratio against decompression speed",
        "Consumers pay for decompression, once for each group that reads the topic. "
        "Large and filled: no row of the same framing decompresses faster at a better "
        "ratio, beyond error bars.",
        "no row that compresses has a ratio and a decompression speed",
        _speeds("decompress"),
    ),
    Figure(
        "link",
        "Which pays over which link",
        "Compressing, sending and decompressing one after the other, with one core on "
        "each side: how many times as fast as sending uncompressed. Each codec is at "
        "its best level for the link; the strip names the best of all. Below 1, "
        "compression costs time.",
        "no row that compresses has a ratio and both speeds",
        _links,
    ),
    Figure(
        "epochs",
        "Epochs around their headlines",
        "Every epoch of every row as it was, in percent of its row's headline. What is "
        "below 60 or above 120 stands in the outermost bars. The headline is corrected "
        "for what disturbed epochs lost, unless the run was measured plainly.",
        "no row has an epoch",
        _epochs,
    ),
    Figure(
        "spread-compress",
        "Spread of compression",
        "The rows of the front: the middle half of the epochs is thick, 90 % of them "
        "are thin, the tick is the median; 100 % is the headline.",
        "no row of the front has an epoch of compression",
        _spread(COMPRESS),
    ),
    Figure(
        "spread-decompress",
        "Spread of decompression",
        "The same rows, decompressing.",
        "no row of the front has an epoch of decompression",
        _spread(DECOMPRESS),
    ),
)
"""The charts of a result, in the order of the page."""

FIGURE_NAMES: Final = tuple(figure.name for figure in FIGURES)
