"""Points as lines of text: a scatter plot for a terminal, in ASCII alone.

Knows nothing of what the points are. Not for print or the web, which have charts.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from complab.render.escape import escape_controls
from complab.units import format_number, format_tick

__all__ = ["Plot", "PlotPoint", "render_plot"]

_WIDEST_CELLS: Final = 72
_NARROWEST_CELLS: Final = 24
_LINES: Final = 19
_TICK_STEPS: Final = ((1, 2, 5), (1,))
_TICK_GAP_CELLS: Final = 6


@dataclass(frozen=True, slots=True)
class PlotPoint:
    """A point and the character that marks it; of two in a cell, the later is seen."""

    x: float
    y: float
    mark: str


@dataclass(frozen=True, slots=True)
class Plot:
    """Points with what their axes mean; the horizontal one is logarithmic.

    ``key`` says what the marks mean.
    """

    title: str
    x_title: str
    y_title: str
    points: Sequence[PlotPoint]
    key: Sequence[tuple[str, str]] = field(default=())


def render_plot(plot: Plot, *, width: int | None = None) -> str:
    """Draw a plot as lines, the last one ended too.

    It is 19 lines high and 72 cells wide, or as wide as `width`, in character cells,
    allows, but never below 24. Lines bear no spaces at their end. Points at or below 0
    have no place on the horizontal axis: ValueError. A plot without a point says so.
    Characters that would steer the terminal are spelled out.

    >>> points = [PlotPoint(10, 1, "a"), PlotPoint(100, 3, "b")]
    >>> print(render_plot(Plot("speeds", "MB/s", "ratio", points)), end="")
    ... # doctest: +ELLIPSIS
    speeds
    ratio
    ...
    """
    if not plot.points:
        return f"{escape_controls(plot.title)}\n(none)\n"
    if any(point.x <= 0 for point in plot.points):
        message = "a logarithmic axis has no place for 0 and below"
        raise ValueError(message)
    x_ends = _ends([math.log10(point.x) for point in plot.points])
    y_ends = _ends([point.y for point in plot.points])
    labels = _y_labels(y_ends)
    margin = max(map(len, labels.values())) + 1
    cells = _WIDEST_CELLS if width is None else width - margin - 2
    cells = max(_NARROWEST_CELLS, min(_WIDEST_CELLS, cells))

    grid = [[" "] * cells for _ in range(_LINES)]
    for point in plot.points:
        column = _cell(math.log10(point.x), x_ends, cells)
        line = _LINES - 1 - _cell(point.y, y_ends, _LINES)
        grid[line][column] = point.mark
    title, x_title, y_title = map(
        escape_controls, (plot.title, plot.x_title, plot.y_title)
    )
    lines = [title, y_title.rjust(margin)]
    for number, row in enumerate(grid):
        label = labels.get(_LINES - 1 - number, "")
        edge = "+" if label else "|"
        lines.append(f"{label.rjust(margin)} {edge}{''.join(row)}")
    axis, numbers = _x_axis(x_ends, cells)
    indent = " " * (margin + 2)
    lines += [f"{indent[:-1]}+{axis}", indent + numbers, indent + x_title]
    if plot.key:
        words = [escape_controls(f"{mark} {text}") for mark, text in plot.key]
        lines += ["", *_filled(words, width or margin + 2 + cells)]
    return "\n".join(line.rstrip(" ") for line in lines) + "\n"


def _ends(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    if low == high:
        return low - 0.5, high + 0.5
    return low, high


def _cell(value: float, ends: tuple[float, float], cells: int) -> int:
    low, high = ends
    return round((value - low) / (high - low) * (cells - 1))


def _y_labels(ends: tuple[float, float]) -> dict[int, str]:
    """What stands beside every third line, counted from the lowest."""
    low, high = ends
    step = (high - low) / (_LINES - 1)
    decimals = max(0, 1 - math.floor(math.log10(high - low)))
    return {
        line: f"{low + line * step:,.{decimals}f}"
        for line in range(0, _LINES, (_LINES - 1) // 5)
    }


def _x_axis(ends: tuple[float, float], cells: int) -> tuple[str, str]:
    """The line of the axis with its ticks, and the numbers below them."""
    low, high = ends
    powers = range(math.floor(low), math.floor(high) + 1)
    for steps in _TICK_STEPS:
        ticks = {}
        for value in (step * 10.0**power for power in powers for step in steps):
            if low <= math.log10(value) <= high:
                ticks[_cell(math.log10(value), ends, cells)] = format_tick(value)
        if _fits(ticks):
            break
    if not ticks:  # a range within one step
        ticks = {0: format_number(10**low)}
    axis = "".join("+" if cell in ticks else "-" for cell in range(cells))
    numbers = ""
    for cell, text in sorted(ticks.items()):
        start = max(0, min(cell - len(text) // 2, cells - len(text)))
        if start > len(numbers) or not numbers:
            numbers = numbers.ljust(start) + text
    return axis, numbers


def _fits(ticks: dict[int, str]) -> bool:
    """Whether numbers below these cells stand apart."""
    places = sorted(ticks)
    return all(after - before > _TICK_GAP_CELLS for before, after in pairwise(places))


def _filled(words: Sequence[str], width: int) -> list[str]:
    """Words in lines no longer than ``width`` where they fit at all."""
    lines = [""]
    for word in words:
        longer = f"{lines[-1]}   {word}".strip()
        if len(longer) > width and lines[-1]:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
