"""A table as an HTML fragment, for notebooks and reports.

The style belongs to the class `complab-table` alone and takes its colours from the text
around it (`currentColor`), so that light and dark pages both stay readable.
"""

import html
from typing import Final

from complab.render.escape import escape_controls
from complab.render.table import Alignment, RowStyle, Table

__all__ = ["render_html"]

# #c8503c has a contrast of at least 4:1 on white and on #111 alike.
_STYLE: Final = """\
<style>
.complab-table { color: inherit; background: none; }
.complab-table table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
.complab-table caption { caption-side: top; text-align: left; color: inherit; }
.complab-table th, .complab-table td { padding: 0.15em 0.7em; text-align: left; }
.complab-table th { vertical-align: top; border-bottom: 1px solid currentColor; }
.complab-table .complab-number { text-align: right; }
.complab-table .complab-unit { font-weight: normal; opacity: 0.75; }
.complab-table .complab-strong td { font-weight: bold; }
.complab-table .complab-faint td { opacity: 0.65; }
.complab-table .complab-bad td { color: #c8503c; }
.complab-table p { margin: 0.3em 0; opacity: 0.8; }
</style>
"""


def render_html(table: Table) -> str:
    """Render titles, the shown columns and notes as one `<div>`; all text escaped.

    >>> from complab.render.table import Column
    >>> table = Table(columns=[Column.text("file", "file")], rows=[{"file": "<b>"}])
    >>> "<td>&lt;b&gt;</td>" in render_html(table)
    True
    """
    has_marks = any(table.row_marks)
    parts = ['<div class="complab-table">\n', _STYLE, "<table>\n"]
    if table.title_lines:
        title = "<br>".join(_escape(line) for line in table.title_lines)
        parts.append(f"<caption>{title}</caption>\n")

    parts.append("<thead><tr>")
    if has_marks:
        parts.append("<th></th>")
    for column in table.shown_columns:
        unit = _escape(column.unit)
        unit_html = f'<br><span class="complab-unit">{unit}</span>' if unit else ""
        opening = _opening_tag("th", column.alignment, ' scope="col"')
        parts.append(f"{opening}{_escape(column.heading)}{unit_html}</th>")
    parts.append("</tr></thead>\n<tbody>\n")

    marks = table.row_marks or [""] * len(table.rows)
    styles = table.row_styles or [RowStyle.PLAIN] * len(table.rows)
    for cells, mark, style in zip(table.formatted_cells(), marks, styles, strict=True):
        is_plain = style is RowStyle.PLAIN
        parts.append("<tr>" if is_plain else f'<tr class="complab-{style.value}">')
        if has_marks:
            parts.append(f"<td>{_escape(mark)}</td>")
        for column, cell in zip(table.shown_columns, cells, strict=True):
            opening = _opening_tag("td", column.alignment)
            parts.append(f"{opening}{_escape(cell)}</td>")
        parts.append("</tr>\n")
    parts.append("</tbody>\n</table>\n")
    parts += [f"<p>{_escape(note)}</p>\n" for note in table.notes]
    parts.append("</div>\n")
    return "".join(parts)


def _opening_tag(tag: str, alignment: Alignment, attributes: str = "") -> str:
    number_class = ' class="complab-number"' if alignment == "right" else ""
    return f"<{tag}{attributes}{number_class}>"


def _escape(text: str) -> str:
    return html.escape(escape_controls(text))
