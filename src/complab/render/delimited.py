"""A table as CSV, for spreadsheets and scripts (RFC 4180, but lines end in a newline).

Every column is written under its machine name, those not shown to people too. Titles,
notes, marks and styles are left out: a reader expects a header line and rows.
"""

import re
from typing import Final

from complab.render.escape import escape_surrogates
from complab.render.table import Cell, Table

__all__ = ["render_csv"]

SIGNIFICANT_DIGITS: Final = 6
"""Digits of a number that is no integer: measurements are good to four at best, and two
more keep rounding out of what is computed from them."""

_ALL_DIGITS_FROM: Final = 10**SIGNIFICANT_DIGITS

# Not the csv module's writer: before Python 3.13 it leaves a lone carriage return
# unquoted where lines end in a newline, and its own reader then sees two lines.
_NEEDS_QUOTES: Final = re.compile(r'[",\r\n]')


def render_csv(table: Table) -> str:
    """Render every column; empty cells for no value, `true` and `false`.

    Integers are exact. Other numbers have six significant digits, but never fewer than
    their whole part.

    >>> from complab.render.table import Column
    >>> table = Table(
    ...     columns=[Column.text("codec", "codec"), Column.number("mbps", "speed")],
    ...     rows=[{"codec": "zstd", "mbps": 734.123456}, {"codec": "lz4"}],
    ... )
    >>> print(render_csv(table), end="")
    codec,mbps
    zstd,734.123
    lz4,
    """
    names = [column.name for column in table.columns]
    lines = [names, *([_csv_text(row[name]) for name in names] for row in table.rows)]
    return "".join(f"{_csv_line(texts)}\n" for texts in lines)


def _csv_line(texts: list[str]) -> str:
    # A lone empty cell is quoted, since readers skip an empty line.
    return ",".join(map(_quoted, texts)) or ('""' if texts else "")


def _quoted(text: str) -> str:
    if _NEEDS_QUOTES.search(text) is None:
        return text
    return '"' + text.replace('"', '""') + '"'


def _csv_text(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _float_text(value)
    if isinstance(value, int):
        return str(value)
    return escape_surrogates(value)


def _float_text(value: float) -> str:
    # Judged after rounding, else 999999.7 would come out as 1e+06.
    rounded = float(f"{value:.{SIGNIFICANT_DIGITS}g}")
    if abs(rounded) >= _ALL_DIGITS_FROM:
        return f"{value:.0f}"
    return f"{rounded:z.{SIGNIFICANT_DIGITS}g}"
