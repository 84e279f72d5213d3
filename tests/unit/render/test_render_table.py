"""The table itself: what it takes, what it refuses, how it is sorted and shown."""

import enum
import io
import itertools
import math
from pathlib import PurePosixPath

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from complab.render import Cell, Column, RowStyle, Table, render_terminal

CODEC = Column.text("codec", "codec")
RATIO = Column.number("ratio", "ratio")


class _Status(enum.StrEnum):
    OK = "ok"


def _ratios(table: Table) -> list[Cell]:
    return [row["ratio"] for row in table.rows]


def test_cells_become_plain_values() -> None:
    """numpy scalars, enum members and paths are kept as Python's own plain values."""
    values = [np.float32(0.5), np.int64(3), np.bool_(1), _Status.OK, PurePosixPath("a")]

    table = Table.from_rows([RATIO], [{"ratio": value} for value in values])

    assert _ratios(table) == [0.5, 3, True, "ok", "a"]
    assert [type(value) for value in _ratios(table)] == [float, int, bool, str, str]


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan, np.float64("nan")])
def test_what_is_not_finite_is_no_value(value: float) -> None:
    """Infinity and NaN are None to every writer."""
    assert _ratios(Table(columns=[RATIO], rows=[{"ratio": value}])) == [None]


def test_a_missing_name_is_no_value() -> None:
    """A row need not name every column."""
    assert _ratios(Table(columns=[CODEC, RATIO], rows=[{"codec": "lz4"}])) == [None]


def test_later_changes_of_a_row_do_not_reach_the_table() -> None:
    """The table keeps copies of its rows."""
    row: dict[str, Cell] = {"ratio": 1}
    table = Table(columns=[RATIO], rows=[row])

    row["ratio"] = 2

    assert _ratios(table) == [1]


def test_a_name_that_is_no_column_is_refused() -> None:
    """A misspelt name does not vanish silently."""
    with pytest.raises(ValueError, match="row 0 has names that are no column: raito"):
        Table(columns=[RATIO], rows=[{"raito": 1}])


def test_two_columns_of_one_name_are_refused() -> None:
    """CSV and JSON could not hold both."""
    with pytest.raises(ValueError, match="share a name: ratio"):
        Table(columns=[RATIO, RATIO], rows=[])


def test_a_cell_that_is_no_plain_value_is_refused() -> None:
    """A list has no one text in CSV."""
    with pytest.raises(TypeError, match="column 'ratio' is a list: expected str"):
        Table.from_rows([RATIO], [{"ratio": [1]}])


def test_marks_and_styles_must_fit_the_rows() -> None:
    """One mark for two rows is a mistake."""
    rows = [{"ratio": 1}, {"ratio": 2}]
    with pytest.raises(ValueError, match="row_marks has 1 items for 2 rows"):
        Table(columns=[RATIO], rows=rows, row_marks=["*"])
    with pytest.raises(ValueError, match="row_styles has 1 items for 2 rows"):
        Table(columns=[RATIO], rows=rows, row_styles=[RowStyle.BAD])


def test_sorting_moves_marks_and_styles_with_their_rows() -> None:
    """After sorting, each row still has its own mark and style."""
    table = Table(
        columns=[RATIO],
        rows=[{"ratio": 2}, {"ratio": 1}],
        row_marks=["two", "one"],
        row_styles=[RowStyle.STRONG, RowStyle.FAINT],
    ).sorted_by("ratio")

    assert _ratios(table) == [1, 2]
    assert table.row_marks == ("one", "two")
    assert table.row_styles == (RowStyle.FAINT, RowStyle.STRONG)


def test_numbers_sort_before_words_and_no_value_last() -> None:
    """A column of mixed cells has an order."""
    rows: list[dict[str, Cell]] = [{"ratio": v} for v in ("b", None, 10, "a", 9.5)]
    table = Table(columns=[RATIO], rows=rows)

    assert _ratios(table.sorted_by("ratio")) == [9.5, 10, "a", "b", None]
    assert _ratios(table.sorted_by("ratio", is_descending=True)) == [
        "b",
        "a",
        10,
        9.5,
        None,
    ]


@given(st.lists(st.integers(0, 3)), st.booleans())
def test_rows_with_equal_values_keep_their_order(
    ratios: list[int], is_descending: bool
) -> None:
    """Sorting is stable in both directions."""
    index = Column.number("index", "index")
    rows: list[dict[str, Cell]] = [
        {"ratio": ratio, "index": i} for i, ratio in enumerate(ratios)
    ]
    table = Table(columns=[RATIO, index], rows=rows)

    ordered = table.sorted_by("ratio", is_descending=is_descending).rows

    for before, after in itertools.pairwise(ordered):
        if before["ratio"] == after["ratio"]:
            assert int(str(before["index"])) < int(str(after["index"]))


def test_sorting_by_an_unknown_name_lists_the_names() -> None:
    """The message says what can be sorted by."""
    with pytest.raises(ValueError, match=r"no column 'speed'.*there are codec, ratio"):
        Table(columns=[CODEC, RATIO], rows=[]).sorted_by("speed")


def test_hiding_empty_columns_keeps_them_for_machines() -> None:
    """A column without values is not shown, but still there."""
    table = Table(columns=[CODEC, RATIO], rows=[{"ratio": 0}]).hiding_empty_columns()

    assert [column.name for column in table.shown_columns] == ["ratio"]
    assert [column.name for column in table.columns] == ["codec", "ratio"]


def test_a_format_never_sees_a_missing_value() -> None:
    """No value is a dash, whatever the column's format."""
    ratio = Column.number("ratio", "ratio", format="{:.2f}".format)

    assert Table(columns=[ratio], rows=[{}, {"ratio": 1}]).formatted_cells() == [
        ["-"],
        ["1.00"],
    ]


def test_str_is_the_terminal_text_without_a_limit(sweep_table: Table) -> None:
    """`print(table)` shows the whole table."""
    assert f"{sweep_table}\n" == render_terminal(sweep_table)


def test_a_notebook_gets_text_and_html(sweep_table: Table) -> None:
    """IPython finds both representations."""
    bundle = sweep_table._repr_mimebundle_()

    assert list(bundle) == ["text/plain", "text/html"]
    assert bundle["text/plain"] == str(sweep_table)
    assert bundle["text/html"].startswith('<div class="complab-table">')


def test_repr_is_short(sweep_table: Table) -> None:
    """A table in a traceback does not fill the screen with rows."""
    assert repr(sweep_table).startswith("<Table of 5 rows: codec, level, framing,")


def test_table_is_printable_to_a_plain_stream(sweep_table: Table) -> None:
    """`print` needs nothing of the stream but `write`."""
    stream = io.StringIO()

    print(sweep_table, file=stream)

    assert stream.getvalue() == render_terminal(sweep_table)
