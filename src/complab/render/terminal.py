"""A table as aligned text.

A layout of our own instead of rich's, since a result must never lose or cut a number to
fit: columns keep their width, optional ones leave as a whole, and the text is the same
byte for byte wherever it is written. Only ASCII is drawn.

Not for progress, which is the command line's own.
"""

import os
import textwrap
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final, TextIO

from complab.render.escape import escape_controls
from complab.render.table import Column, RowStyle, Table

__all__ = ["render_terminal", "terminal_width", "wants_colour"]

_COLUMN_GAP: Final = "  "
_MARK_GAP: Final = " "
_MIN_WRAP_COLUMNS: Final = 20  # narrower, one word per line is worse than overflow

# ECMA-48 "select graphic rendition": bold, faint, red foreground.
_BOLD: Final = "1"
_FAINT: Final = "2"
_SGR_BY_STYLE: Final = {
    RowStyle.PLAIN: "",
    RowStyle.STRONG: _BOLD,
    RowStyle.FAINT: _FAINT,
    RowStyle.BAD: "31",
}


def wants_colour(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Tell whether colour belongs on a stream.

    It does on a terminal, unless `NO_COLOR` is set and not empty
    (https://no-color.org) or `TERM` is `dumb`.

    >>> import io
    >>> wants_colour(io.StringIO(), {"TERM": "xterm"})
    False
    """
    if environ.get("NO_COLOR") or environ.get("TERM") == "dumb":
        return False
    return stream.isatty()


def terminal_width(stream: TextIO, environ: Mapping[str, str]) -> int | None:
    """Return how many columns a terminal has; None if the stream is no terminal.

    `COLUMNS` wins over what the terminal says. A pipe or a file has no width, so that
    no column is left out there, even where `COLUMNS` is exported.

    >>> import io
    >>> terminal_width(io.StringIO(), {"COLUMNS": "40"}) is None
    True
    """
    if not stream.isatty():
        return None
    told = environ.get("COLUMNS", "")
    if told.isascii() and told.isdigit() and int(told) > 0:
        return int(told)
    try:
        columns = os.get_terminal_size(stream.fileno()).columns
    except OSError:
        return None
    return columns or None  # a serial console may say 0 for "unknown"


def render_terminal(
    table: Table, *, width: int | None = None, is_colour: bool = False
) -> str:
    """Render a table as aligned lines, the last one ended too.

    `width` is the terminal's, in character cells; None means no limit. Titles and notes
    are wrapped to it. Columns with a `priority` are left out, lowest first and those of
    one priority together, until the rows fit, and a last note names them. Rows that
    still do not fit stay whole. A unit stands below its heading. Lines bear no spaces
    at their end.

    >>> codec = Column.text("codec", "codec")
    >>> speed = Column.number("compress_mbps", "compress", "MB/s")
    >>> rows = [{"codec": "zstd", "compress_mbps": 734}]
    >>> print(render_terminal(Table(columns=[codec, speed], rows=rows)), end="")
    codec  compress
               MB/s
    -----  --------
    zstd        734
    """
    columns, left_out = _fitting_columns(table, width)
    notes = list(table.notes)
    if left_out:
        # The error bars of two directions share a heading: named once.
        names = ", ".join(dict.fromkeys(map(_full_heading, left_out)))
        notes.append(f"Left out for lack of width (CSV and JSON have all): {names}.")

    blocks = [
        _paint_all(_wrapped(table.title_lines, width), _BOLD if is_colour else ""),
        _grid_lines(table, columns, is_colour=is_colour),
        _paint_all(_wrapped(notes, width), _FAINT if is_colour else ""),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _full_heading(column: Column) -> str:
    return f"{column.heading} ({column.unit})" if column.unit else column.heading


def _display_width(text: str) -> int:
    """Count the character cells of a text without control characters."""
    if text.isascii():
        return len(text)
    return sum(
        0
        if unicodedata.category(character) in {"Mn", "Me"}
        else 2
        if unicodedata.east_asian_width(character) in {"W", "F"}
        else 1
        for character in text
    )


def _texts(table: Table, column: Column) -> list[str]:
    """Return everything that stands in a column: heading, unit, cells."""
    cells = (cells[0] for cells in table.formatted_cells([column]))
    return [escape_controls(text) for text in (column.heading, column.unit, *cells)]


def _mark_width(table: Table) -> int:
    marks = (escape_controls(mark) for mark in table.row_marks)
    return max((_display_width(mark) for mark in marks), default=0)


def _fitting_columns(
    table: Table, width: int | None
) -> tuple[list[Column], list[Column]]:
    columns = list(table.shown_columns)
    if width is None:
        return columns, []
    widths = {
        column.name: max(map(_display_width, _texts(table, column)))
        for column in columns
    }
    mark_width = _mark_width(table)
    margin = mark_width + len(_MARK_GAP) if mark_width else 0

    def total() -> int:
        gaps = len(_COLUMN_GAP) * max(0, len(columns) - 1)
        return margin + gaps + sum(widths[column.name] for column in columns)

    priorities = {c.priority for c in columns if c.priority is not None}
    for priority in sorted(priorities):
        if total() <= width:
            break
        columns = [column for column in columns if column.priority != priority]
    left_out = [column for column in table.shown_columns if column not in columns]
    return columns, left_out


def _grid_lines(
    table: Table, columns: Sequence[Column], *, is_colour: bool
) -> list[str]:
    if not columns:
        return []
    # One list per column, turned into lines by zip: headings, units, rule, cells.
    padded: list[list[str]] = []
    mark_width = _mark_width(table)
    if mark_width:
        marks = [escape_controls(mark) for mark in table.row_marks]
        padded.append([_pad(text, mark_width, "left") for text in ("", "", "", *marks)])
    for column in columns:
        heading, unit, *cells = _texts(table, column)
        column_width = max(map(_display_width, (heading, unit, *cells)))
        texts = (heading, unit, "-" * column_width, *cells)
        padded.append([_pad(text, column_width, column.alignment) for text in texts])

    first_gap = _MARK_GAP if mark_width else ""
    lines = []
    for cells_of_line in zip(*padded, strict=True):
        if mark_width:
            mark, *rest = cells_of_line
            line = mark + first_gap + _COLUMN_GAP.join(rest)
        else:
            line = _COLUMN_GAP.join(cells_of_line)
        lines.append(line.rstrip(" "))

    heading_line, unit_line, rule, *rows = lines
    head = [heading_line, unit_line] if unit_line else [heading_line]
    if not is_colour:
        return [*head, rule, *rows]
    styles = table.row_styles or [RowStyle.PLAIN] * len(rows)
    return [
        *_paint_all(head, _BOLD),
        *_paint_all([rule], _FAINT),
        *(
            _paint(row, _SGR_BY_STYLE[style])
            for row, style in zip(rows, styles, strict=True)
        ),
    ]


def _pad(text: str, width: int, alignment: str) -> str:
    padding = " " * (width - _display_width(text))
    return padding + text if alignment == "right" else text + padding


def _wrapped(lines: Sequence[str], width: int | None) -> list[str]:
    safe_lines = [escape_controls(line) for line in lines]
    if width is None:
        return safe_lines
    return [
        part
        for line in safe_lines
        for part in textwrap.wrap(
            line,
            max(width, _MIN_WRAP_COLUMNS),
            subsequent_indent="  ",
            # An option (--format) or a path must be whole to be copied.
            break_long_words=False,
            break_on_hyphens=False,
        )
        or [""]
    ]


def _paint(line: str, sgr: str) -> str:
    return f"\x1b[{sgr}m{line}\x1b[0m" if sgr and line else line


def _paint_all(lines: Sequence[str], sgr: str) -> list[str]:
    return [_paint(line, sgr) for line in lines]
