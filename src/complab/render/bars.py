"""A histogram as lines of text: label, count, share and a bar.

Bars are drawn with block characters in eighths of a cell, or with "#" where the output
cannot carry those. Knows nothing of what was counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TextIO

from complab.units import format_percent

__all__ = ["BarChart", "can_draw_blocks", "render_bars"]

_EIGHTHS: Final = " ▏▎▍▌▋▊▉"
_FULL: Final = "█"
_ASCII: Final = "#"
_WIDEST_BAR_CELLS: Final = 40  # longer ones are no easier to compare
_NARROWEST_BAR_CELLS: Final = 8


@dataclass(frozen=True, slots=True)
class BarChart:
    """What is drawn: a title, and a label with a count for each bar.

    `heading` stands over the labels. `note` follows below, where there is one.
    """

    title: str
    heading: str
    bars: Sequence[tuple[str, int]]
    note: str = ""


def can_draw_blocks(stream: TextIO) -> bool:
    """Tell whether a stream's encoding has the block characters.

    >>> import io
    >>> can_draw_blocks(io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    False
    """
    try:
        (_EIGHTHS + _FULL).encode(stream.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def render_bars(
    chart: BarChart, *, width: int | None = None, is_ascii: bool = False
) -> str:
    """Draw a chart as lines, the last one ended too.

    The largest count has the longest bar: of 40 cells, or fewer where `width`, in
    character cells, leaves fewer, but never fewer than 8. A count that is not zero has
    a bar that can be seen. Lines bear no spaces at their end. A chart without a bar
    says so.

    >>> chart = BarChart("batches", "from", [("8 KiB", 3), ("16 KiB", 12)])
    >>> print(render_bars(chart, width=40, is_ascii=True), end="")
    batches
      from  count     %
     8 KiB      3  20.0  #####
    16 KiB     12  80.0  ###################
    """
    if not chart.bars:
        lines = [chart.title, "(none)"]
        return "\n".join([*lines, chart.note] if chart.note else lines) + "\n"
    total = sum(count for _, count in chart.bars)
    rows = [
        (label, f"{count:,}", format_percent(100 * count / total if total else 0.0))
        for label, count in chart.bars
    ]
    head = (chart.heading, "count", "%")
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(3)]
    left_cells = sum(widths) + 2 * len(widths)
    cells = _WIDEST_BAR_CELLS if width is None else width - left_cells
    cells = max(_NARROWEST_BAR_CELLS, min(_WIDEST_BAR_CELLS, cells))
    most = max(count for _, count in chart.bars)
    lines = [chart.title, _line(head, widths, "")]
    for row, (_, count) in zip(rows, chart.bars, strict=True):
        bar = _bar(count, most, cells, is_ascii=is_ascii)
        lines.append(_line(row, widths, bar))
    return "\n".join([*lines, chart.note] if chart.note else lines) + "\n"


def _line(texts: Sequence[str], widths: Sequence[int], bar: str) -> str:
    padded = [text.rjust(size) for text, size in zip(texts, widths, strict=True)]
    return "  ".join([*padded, bar]).rstrip(" ")


def _bar(count: int, most: int, cells: int, *, is_ascii: bool) -> str:
    if count == 0:
        return ""
    if is_ascii:
        return _ASCII * max(1, round(cells * count / most))
    eighths = max(1, round(8 * cells * count / most))
    full, rest = divmod(eighths, 8)
    return _FULL * full + (_EIGHTHS[rest] if rest else "")
