"""Markup out of text: every word that is not of this package is escaped here."""

import html
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from complab.render import Column, RowStyle, Table, escape_controls, render_csv

# Vega numbers the clip paths of each picture from 0; a page holds several pictures.
_CLIP: Final = re.compile(r'(\bid="|\burl\(#)(?=clip\d)')

_MARKS_HEAD: Final = '<th scope="col" data-plain><span class="unseen">marks</span></th>'
# A text of more characters gets room of its own in a table.
_LONG_TEXT: Final = 40
# The priority of the columns that paper has no room for either.
_FIRST_TO_GO: Final = 1


def escaped(text: object) -> str:
    """Text from outside as text of the page."""
    return html.escape(escape_controls(str(text)))


def paragraphs(lines: Iterable[object], *, css_class: str = "") -> str:
    """A paragraph for each line."""
    opening = f'<p class="{css_class}">' if css_class else "<p>"
    return "".join(f"{opening}{escaped(line)}</p>\n" for line in lines)


def bullets(lines: Iterable[object], *, css_class: str = "") -> str:
    """A list, or nothing for no line."""
    items = "".join(f"<li>{escaped(line)}</li>\n" for line in lines)
    opening = f'<ul class="{css_class}">' if css_class else "<ul>"
    return f"{opening}\n{items}</ul>\n" if items else ""


def facts(values: Mapping[str, object]) -> str:
    """Names and what they are; what is not known is left out."""
    items = "".join(
        f"<dt>{escaped(name)}</dt><dd>{escaped(value)}</dd>\n"
        for name, value in values.items()
        if value is not None
    )
    return f'<dl class="facts">\n{items}</dl>\n'


def picture(svg: str, *, place: str, label: str, kind: str) -> str:
    """An SVG that stands in the page; ``kind`` is ``wide`` or ``narrow``."""
    own = _CLIP.sub(rf"\g<1>{place}-{kind}-", svg)
    return (
        f'<div class="picture {kind}" role="img" aria-label="{escaped(label)}">'
        f"{own}</div>\n"
    )


def plain_table(table: Table, *, caption: str) -> str:
    """A table as it is, in a box that scrolls where the page is narrow."""
    return _in_box(_table(table), caption)


def working_table(table: Table, *, place: str, caption: str, best: str = "") -> str:
    """A table that the page's script sorts and filters.

    ``best`` is what the box says that leaves the strong rows alone, where there are
    any; its rows can be kept as a CSV file.
    """
    has_best = best and RowStyle.STRONG in table.row_styles
    checkbox = (
        f'<label><input type="checkbox"> {escaped(best)}</label>' if has_best else ""
    )
    return (
        f'<div data-table id="{place}">\n'
        '<div class="controls" hidden>'
        f'<label>Filter <input type="search" placeholder="zstd 3"></label>{checkbox}'
        '<span class="quiet" role="status"></span></div>\n'
        f"{_in_box(_table(table), caption)}"
        f'<p class="screen"><a download="{place}.csv" href="{_csv_link(table)}">'
        "these rows with all columns, as CSV</a></p>\n</div>\n"
    )


def _csv_link(table: Table) -> str:
    from urllib.parse import quote

    return escaped("data:text/csv;charset=utf-8," + quote(render_csv(table)))


def _in_box(table: str, caption: str) -> str:
    # A caption inside would be as wide as the table and scroll with it.
    return (
        f'<p class="quiet">{escaped(caption)}</p>\n<div class="scroll" role="group" '
        f'tabindex="0" aria-label="{escaped(caption)}">\n{table}</div>\n'
    )


def _table(table: Table) -> str:
    has_marks = any(table.row_marks)
    heads = [_MARKS_HEAD] if has_marks else []
    heads += [_head(column) for column in table.shown_columns]
    parts = [
        "<table>\n",
        f"<thead><tr>{''.join(heads)}</tr></thead>\n<tbody>\n",
    ]
    marks = table.row_marks or ("",) * len(table.rows)
    styles = table.row_styles or (RowStyle.PLAIN,) * len(table.rows)
    cells = table.formatted_cells()
    for row, texts, mark, style in zip(table.rows, cells, marks, styles, strict=True):
        is_plain = style is RowStyle.PLAIN
        parts.append("<tr>" if is_plain else f'<tr class="{style.value}">')
        if has_marks:
            parts.append(f"<td>{escaped(mark)}</td>")
        parts += [
            _cell(row[column.name], text, column)
            for column, text in zip(table.shown_columns, texts, strict=True)
        ]
        parts.append("</tr>\n")
    parts.append("</tbody>\n</table>\n")
    return "".join(parts)


def _head(column: Column) -> str:
    unit = f' <span class="unit">{escaped(column.unit)}</span>' if column.unit else ""
    return (
        f'<th scope="col"{_classes(column)} data-name="{escaped(column.heading)}">'
        f"{escaped(column.heading)}{unit}</th>"
    )


def _cell(value: Any, text: str, column: Column) -> str:  # noqa: ANN401 - a cell
    raw = ""
    if value is None:
        raw = " data-missing"
    elif isinstance(value, int | float) and not isinstance(value, bool):
        raw = f' data-value="{value!r}"'
    is_long = len(text) > _LONG_TEXT
    return f"<td{_classes(column, is_long=is_long)}{raw}>{escaped(text)}</td>"


def _classes(column: Column, *, is_long: bool = False) -> str:
    names = [
        name
        for name, is_fit in (
            ("number", column.alignment == "right"),
            ("spare", column.priority == _FIRST_TO_GO),
            ("long", is_long),
        )
        if is_fit
    ]
    return f' class="{" ".join(names)}"' if names else ""
