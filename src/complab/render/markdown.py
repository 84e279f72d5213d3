"""A table in GitHub's Markdown, for issues, wikis and reports.

The source is padded, so that it can be read unrendered too. Row styles are not shown,
marks are. Source: GitHub Flavored Markdown, section "Tables (extension)".
"""

import re
from collections.abc import Sequence
from typing import Final

from complab.render.escape import escape_controls
from complab.render.table import Alignment, Table

__all__ = ["render_markdown"]

_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>|~&])")
_LINE_START: Final = re.compile(r"^([-+#=]|[0-9]+(?=[.)]))")
_MIN_RULE_LENGTH: Final = 3  # GFM takes one dash, other dialects want three


def render_markdown(table: Table) -> str:
    r"""Render titles, the shown columns and notes, as paragraphs around a pipe table.

    What Markdown would read as its own is escaped.

    >>> from complab.render.table import Column
    >>> codec = Column.text("codec", "codec")
    >>> ratio = Column.number("ratio", "ratio")
    >>> rows = [{"codec": "a|b", "ratio": 4}]
    >>> print(render_markdown(Table(columns=[codec, ratio], rows=rows)), end="")
    | codec | ratio |
    | :---- | ----: |
    | a\|b  |     4 |
    """
    paragraphs = [_escape_paragraph(line) for line in table.title_lines]
    if table.shown_columns:
        paragraphs.append("\n".join(_pipe_lines(table)))
    paragraphs += [_escape_paragraph(line) for line in table.notes]
    return "\n\n".join(paragraphs) + "\n"


def _escape(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", escape_controls(text))


def _escape_paragraph(text: str) -> str:
    def quoted(match: re.Match[str]) -> str:
        start = match[1]
        # "1." would start a list; a backslash before a digit would be shown.
        return f"{start}\\" if start.isdigit() else f"\\{start}"

    return _LINE_START.sub(quoted, _escape(text.strip()))


def _pipe_lines(table: Table) -> list[str]:
    columns = table.shown_columns
    alignments: list[Alignment] = [column.alignment for column in columns]
    heading_cells = [
        f"{column.heading} ({column.unit})" if column.unit else column.heading
        for column in columns
    ]
    lines = [heading_cells, *table.formatted_cells()]
    if any(table.row_marks):
        marks = ["", *table.row_marks]
        lines = [[mark, *cells] for mark, cells in zip(marks, lines, strict=True)]
        alignments.insert(0, "left")
    escaped = [[_escape(cell) for cell in cells] for cells in lines]
    widths = [
        max(_MIN_RULE_LENGTH, *map(len, cells)) for cells in zip(*escaped, strict=True)
    ]
    rule = [
        "-" * (width - 1) + ":" if alignment == "right" else ":" + "-" * (width - 1)
        for width, alignment in zip(widths, alignments, strict=True)
    ]
    heading, *rows = (_padded(cells, widths, alignments) for cells in escaped)
    return [_pipe(heading), _pipe(rule), *map(_pipe, rows)]


def _padded(
    cells: Sequence[str], widths: Sequence[int], alignments: Sequence[Alignment]
) -> list[str]:
    return [
        cell.rjust(width) if alignment == "right" else cell.ljust(width)
        for cell, width, alignment in zip(cells, widths, alignments, strict=True)
    ]


def _pipe(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
