"""The one table that every listing of complab is: values, and how people see them.

A `Table` holds plain values under machine names; a `Column` says how a value looks. The
writers beside this module turn it into text, Markdown, CSV, JSON and HTML. Nothing here
knows what a codec, a result or a command is.

Cells are `str`, `int`, `float`, `bool` or `None`. numpy scalars, enum members and paths
are taken and made plain. Numbers are finite: infinity and NaN become `None`, which
means "no value", so that every writer agrees about them.
"""

from __future__ import annotations

import dataclasses
import enum
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

__all__ = [
    "NO_VALUE",
    "Alignment",
    "Cell",
    "Column",
    "Row",
    "RowStyle",
    "Table",
    "format_text",
]

Cell = str | int | float | bool | None
Row = Mapping[str, Cell]
Alignment = Literal["left", "right"]

NO_VALUE: Final = "-"
"""What people see in a cell without a value; ASCII, so that any terminal shows it."""


class RowStyle(enum.Enum):
    """What a row is, for writers that can show it (terminal colour, HTML classes)."""

    PLAIN = "plain"
    STRONG = "strong"
    FAINT = "faint"
    BAD = "bad"


def format_text(value: Cell) -> str:
    """Format a value that needs no numeric format: "yes" and "no", else `str`.

    >>> format_text(True), format_text("zstd"), format_text(3)
    ('yes', 'zstd', '3')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: its machine name, and its heading, unit and format for people.

    `format` gets a value, never `None`, and returns it without the unit. A column with
    `is_shown=False` exists for CSV and JSON alone. `priority` is None for a column that
    must be seen; one with a number may be left out of a narrow terminal, the lowest
    number first. Columns of one priority leave together, such as a pair of error bars.

    >>> Column.number("compress_mbps", "compress", "MB/s", format="{:.1f}".format).unit
    'MB/s'
    """

    name: str
    heading: str
    unit: str = ""
    alignment: Alignment = "left"
    format: Callable[[Any], str] = format_text
    is_shown: bool = True
    priority: int | None = None

    @classmethod
    def text(
        cls,
        name: str,
        heading: str,
        *,
        is_shown: bool = True,
        priority: int | None = None,
    ) -> Column:
        """Make a left-aligned column of words."""
        return cls(name=name, heading=heading, is_shown=is_shown, priority=priority)

    @classmethod
    def number(
        cls,
        name: str,
        heading: str,
        unit: str = "",
        *,
        format: Callable[[Any], str] = format_text,  # noqa: A002 - the field's name
        is_shown: bool = True,
        priority: int | None = None,
    ) -> Column:
        """Make a right-aligned column of numbers of one unit."""
        return cls(
            name=name,
            heading=heading,
            unit=unit,
            alignment="right",
            format=format,
            is_shown=is_shown,
            priority=priority,
        )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Table:
    """Rows under columns, with lines above (`title_lines`) and below (`notes`).

    A row maps column names to values; a name that is missing or `None` has no value.
    `row_marks` (short signs such as "*", explained in a note) and `row_styles` are
    empty or have one item per row. Sequences are kept as tuples, cells as plain values.

    Raises ValueError if two columns share a name, a row has a name that is no column's,
    or marks or styles do not fit the rows; TypeError if a cell is no plain value.

    >>> codec, level = Column.text("codec", "codec"), Column.number("level", "level")
    >>> print(Table(columns=[codec, level], rows=[{"codec": "zstd", "level": 3}]))
    codec  level
    -----  -----
    zstd       3
    """

    columns: Sequence[Column]
    rows: Sequence[Row]
    title_lines: Sequence[str] = ()
    notes: Sequence[str] = ()
    row_marks: Sequence[str] = ()
    row_styles: Sequence[RowStyle] = ()

    def __post_init__(self) -> None:
        """Check the parts against each other and make the cells plain."""
        columns = tuple(self.columns)
        names = [column.name for column in columns]
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            message = f"two columns share a name: {', '.join(repeated)}"
            raise ValueError(message)
        rows = tuple(
            _plain_row(row, names, row_index=index)
            for index, row in enumerate(self.rows)
        )
        parts = {
            "columns": columns,
            "rows": rows,
            "title_lines": tuple(self.title_lines),
            "notes": tuple(self.notes),
            "row_marks": tuple(self.row_marks),
            "row_styles": tuple(self.row_styles),
        }
        for part in ("row_marks", "row_styles"):
            if parts[part] and len(parts[part]) != len(rows):
                message = (
                    f"{part} has {len(parts[part])} items for {len(rows)} rows: "
                    "expected one per row, or none"
                )
                raise ValueError(message)
        for part, value in parts.items():
            object.__setattr__(self, part, value)

    @classmethod
    def from_rows(
        cls,
        columns: Iterable[Column],
        rows: Iterable[Mapping[str, Any]],
        *,
        title_lines: Iterable[str] = (),
        notes: Iterable[str] = (),
        mark: Callable[[Mapping[str, Any]], str] | None = None,
        style: Callable[[Mapping[str, Any]], RowStyle] | None = None,
    ) -> Table:
        """Make a table whose marks and styles follow from each row's values.

        Raises what `Table` raises, and what `mark` and `style` raise.

        >>> best = lambda row: "*" if row["ratio"] > 4 else ""
        >>> ratio = Column.number("ratio", "ratio")
        >>> print(Table.from_rows([ratio], [{"ratio": 3}, {"ratio": 5}], mark=best))
          ratio
          -----
              3
        *     5
        """
        kept_rows = tuple(rows)
        return cls(
            columns=tuple(columns),
            rows=kept_rows,
            title_lines=tuple(title_lines),
            notes=tuple(notes),
            row_marks=tuple(mark(row) for row in kept_rows) if mark else (),
            row_styles=tuple(style(row) for row in kept_rows) if style else (),
        )

    @property
    def shown_columns(self) -> tuple[Column, ...]:
        """The columns that people see, in order."""
        return tuple(column for column in self.columns if column.is_shown)

    def formatted_cells(
        self, columns: Sequence[Column] | None = None
    ) -> list[list[str]]:
        """Format every row for people: the cells of `columns`, else those shown.

        A cell without a value is `NO_VALUE`. Nothing is escaped yet.
        """
        chosen = self.shown_columns if columns is None else columns
        return [[_formatted(row, column) for column in chosen] for row in self.rows]

    def sorted_by(self, name: str, *, is_descending: bool = False) -> Table:
        """Return the table with its rows in the order of one column.

        Numbers come before words; rows without a value come last either way; rows with
        equal values keep their order. Marks and styles move with their rows.

        Raises ValueError if no column bears the name, with the names that there are.

        >>> ratio = Column.number("ratio", "ratio")
        >>> table = Table(columns=[ratio], rows=[{"ratio": 3}, {}, {"ratio": 5}])
        >>> [row["ratio"] for row in table.sorted_by("ratio", is_descending=True).rows]
        [5, 3, None]
        """
        names = [column.name for column in self.columns]
        if name not in names:
            message = f"no column {name!r} to sort by: there are {', '.join(names)}"
            raise ValueError(message)
        indexes = range(len(self.rows))
        with_value = [i for i in indexes if self.rows[i][name] is not None]
        without_value = [i for i in indexes if self.rows[i][name] is None]
        with_value.sort(
            key=lambda i: _sort_key(self.rows[i][name]), reverse=is_descending
        )
        order = with_value + without_value
        return dataclasses.replace(
            self,
            rows=[self.rows[i] for i in order],
            row_marks=[self.row_marks[i] for i in order] if self.row_marks else (),
            row_styles=[self.row_styles[i] for i in order] if self.row_styles else (),
        )

    def hiding_empty_columns(self) -> Table:
        """Return the table without showing columns that have no value in any row.

        They stay in CSV and JSON, whose columns do not depend on the data.

        >>> client = Column.text("client", "client")
        >>> table = Table(columns=[client], rows=[{"client": None}])
        >>> table.hiding_empty_columns().shown_columns
        ()
        """
        columns = [
            column
            if any(row[column.name] is not None for row in self.rows)
            else dataclasses.replace(column, is_shown=False)
            for column in self.columns
        ]
        return dataclasses.replace(self, columns=columns)

    # The writers import this module; a table that shows itself needs them in turn, so
    # these two import them when called.

    def __str__(self) -> str:
        """Return the table as plain text, as wide as it needs."""
        from complab.render.terminal import render_terminal

        return render_terminal(self).removesuffix("\n")

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> dict[str, str]:
        """Show the table in a notebook (IPython's display protocol)."""
        del include, exclude  # IPython filters what is returned.
        from complab.render.html import render_html

        return {"text/plain": str(self), "text/html": render_html(self)}

    def __repr__(self) -> str:
        """Return the size and the names, since a table's contents are long."""
        names = ", ".join(column.name for column in self.columns)
        return f"<Table of {len(self.rows)} rows: {names}>"


def _plain_row(
    row: Mapping[str, Any], names: Sequence[str], *, row_index: int
) -> dict[str, Cell]:
    unknown = [name for name in row if name not in names]
    if unknown:
        message = (
            f"row {row_index} has names that are no column: {', '.join(unknown)}; "
            "add a column with is_shown=False to keep a value for CSV and JSON"
        )
        raise ValueError(message)
    return {name: _plain_cell(row.get(name), name=name) for name in names}


def _plain_cell(value: object, *, name: str) -> Cell:
    if isinstance(value, enum.Enum):
        value = value.value
    if isinstance(value, os.PathLike):
        value = os.fsdecode(value)
    # Of numpy's scalars only float64 is also Python's; .item() gives the plain twin.
    if type(value).__module__ == "numpy" and hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, str | int | float):
        return value
    message = (
        f"a cell of column {name!r} is a {type(value).__name__}: "
        "expected str, int, float, bool or None"
    )
    raise TypeError(message)


def _formatted(row: Row, column: Column) -> str:
    value = row[column.name]
    return NO_VALUE if value is None else column.format(value)


def _sort_key(value: Cell) -> tuple[bool, float | str]:
    is_word = isinstance(value, str)
    return (is_word, value if value is not None else "")
