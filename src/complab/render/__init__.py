"""One table, many writers: terminal text, Markdown, CSV, JSON, HTML, lzbench's layout.

A command or a study builds a `Table`; `write` puts it on a stream in the format that
the user named. `render_lzbench` stands apart, since lzbench's columns are fixed, and
so do `render_bars`, which draws a histogram, and `render_plot`, which draws points.

Nothing here knows codecs, results or commands.
"""

from complab.render.bars import BarChart, can_draw_blocks, render_bars
from complab.render.delimited import render_csv
from complab.render.escape import escape_controls
from complab.render.formats import (
    FORMATS,
    Format,
    format_from_path,
    render_as,
    write,
)
from complab.render.html import render_html
from complab.render.lzbench import LzbenchRow, render_lzbench
from complab.render.markdown import render_markdown
from complab.render.plot import Plot, PlotPoint, render_plot
from complab.render.shell import shell_line
from complab.render.shown import ShownAsTable
from complab.render.structured import render_json
from complab.render.table import (
    NO_VALUE,
    Alignment,
    Cell,
    Column,
    Row,
    RowStyle,
    Table,
    format_text,
)
from complab.render.terminal import render_terminal, terminal_width, wants_colour

__all__ = [
    "FORMATS",
    "NO_VALUE",
    "Alignment",
    "BarChart",
    "Cell",
    "Column",
    "Format",
    "LzbenchRow",
    "Plot",
    "PlotPoint",
    "Row",
    "RowStyle",
    "ShownAsTable",
    "Table",
    "can_draw_blocks",
    "escape_controls",
    "format_from_path",
    "format_text",
    "render_as",
    "render_bars",
    "render_csv",
    "render_html",
    "render_json",
    "render_lzbench",
    "render_markdown",
    "render_plot",
    "render_terminal",
    "shell_line",
    "terminal_width",
    "wants_colour",
    "write",
]
