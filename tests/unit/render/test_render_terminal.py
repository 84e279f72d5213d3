"""Aligned text: widths, wrapping, what is left out, colour, hostile cells."""

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from complab.render import (
    Column,
    RowStyle,
    Table,
    escape_controls,
    render_terminal,
    terminal_width,
    wants_colour,
)

FILE = Column.text("file", "file")
SIZE = Column.number("size", "size", "bytes")


class _Terminal(io.StringIO):
    """A stream that says that it is a terminal, without a file descriptor."""

    def isatty(self) -> bool:
        return True


def test_numbers_are_right_aligned_below_heading_and_unit() -> None:
    """Words start together, numbers end together, the unit is named once."""
    table = Table(
        columns=[FILE, SIZE],
        rows=[{"file": "a.log", "size": 5}, {"file": "b", "size": 123456}],
    )

    assert render_terminal(table) == (
        "file     size\n        bytes\n-----  ------\na.log       5\nb      123456\n"
    )


def test_a_table_without_rows_shows_its_headings() -> None:
    """Nothing found is a table too."""
    assert render_terminal(Table(columns=[FILE], rows=[])) == "file\n----\n"


def test_wide_characters_take_two_cells() -> None:
    """A name in Chinese or with a combining accent does not push its neighbours."""
    table = Table(
        columns=[FILE, SIZE],
        rows=[{"file": "日志", "size": 1}, {"file": "e\u0301", "size": 2}],
    )

    assert render_terminal(table).splitlines()[-2:] == [
        "日志      1",
        "e\u0301         2",
    ]


def test_optional_columns_leave_lowest_priority_first() -> None:
    """No more priorities leave than must, and a note names their columns in order."""
    columns = [
        Column.text("a", "aaaa"),
        Column.text("b", "bbbb", priority=2),
        Column.text("c", "cccc", priority=1),
        Column.number("d", "dddd", "MB", priority=2),
    ]
    table = Table(columns=columns, rows=[])

    assert render_terminal(table, width=22).startswith("aaaa  bbbb  cccc  dddd\n")
    assert render_terminal(table, width=21).startswith("aaaa  bbbb  dddd\n")
    assert render_terminal(table, width=15) == (
        "aaaa\n"
        "----\n"
        "\n"
        "Left out for lack of\n"
        "  width (CSV and\n"
        "  JSON have all):\n"
        "  bbbb, cccc, dddd\n"
        "  (MB).\n"
    )


def test_left_out_columns_of_one_heading_are_named_once() -> None:
    """Two columns of error bars read as one in the note."""
    columns = [FILE, *(Column.number(name, "±", "%", priority=1) for name in "ab")]

    text = render_terminal(Table(columns=columns, rows=[]), width=5)

    assert " ".join(text.split()).endswith("have all): ± (%).")


def test_required_columns_stay_whole_in_any_terminal() -> None:
    """A number is never cut, the line rather overflows."""
    table = Table(columns=[FILE], rows=[{"file": "x" * 50}])

    assert "x" * 50 in render_terminal(table, width=10)


def test_notes_are_wrapped_between_words_alone() -> None:
    """An option in a note can be copied whole."""
    table = Table(
        columns=[FILE], rows=[], notes=["Measured briefly: --precision-target 1 helps."]
    )

    assert render_terminal(table, width=30) == (
        "file\n----\n\nMeasured briefly:\n  --precision-target 1 helps.\n"
    )


@given(st.text(max_size=40))
def test_no_cell_can_steer_the_terminal(name: str) -> None:
    """Whatever a file is called, its row is one line of shown characters."""
    lines = render_terminal(Table(columns=[FILE], rows=[{"file": name}])).split("\n")

    assert len(lines) == 4
    assert all(not re.search(r"[\x00-\x1f\x7f-\x9f]", line) for line in lines)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a b.log", "a b.log"),
        ("ä日.log", "ä日.log"),
        ("a\nb", "a\\nb"),
        ("\x1b[31m", "\\x1b[31m"),
        ("\u202egol.exe", "\\u202egol.exe"),
        ("\u2028", "\\u2028"),
        ("\udcff.log", "\\xff.log"),
        ("\ud800", "\\ud800"),
    ],
)
def test_controls_are_spelled_out(name: str, shown: str) -> None:
    """Escape sequences, line ends, direction marks and stray bytes can be read."""
    assert escape_controls(name) == shown


def test_colour_changes_nothing_but_colour(sweep_table: Table) -> None:
    """Without its escape sequences the coloured text is the plain one."""
    coloured = render_terminal(sweep_table, width=80, is_colour=True)

    assert "\x1b[" in coloured
    plain = re.sub(r"\x1b\[[0-9]*m", "", coloured)
    assert plain == render_terminal(sweep_table, width=80)


def test_each_style_has_its_own_look() -> None:
    """Strong, faint and bad rows differ from each other and from plain ones."""
    table = Table(
        columns=[FILE],
        rows=[{"file": "x"}] * len(RowStyle),
        row_styles=list(RowStyle),
    )

    rows = render_terminal(table, is_colour=True).splitlines()[2:]

    assert rows == ["x", "\x1b[1mx\x1b[0m", "\x1b[2mx\x1b[0m", "\x1b[31mx\x1b[0m"]


@pytest.mark.parametrize(
    ("environ", "is_wanted"),
    [
        ({}, True),
        ({"TERM": "xterm-256color"}, True),
        ({"TERM": "dumb"}, False),
        ({"NO_COLOR": "1"}, False),
        ({"NO_COLOR": ""}, True),
    ],
)
def test_colour_on_a_terminal_follows_the_environment(
    environ: dict[str, str], is_wanted: bool
) -> None:
    """NO_COLOR (not empty) and TERM=dumb turn colour off."""
    assert wants_colour(_Terminal(), environ) is is_wanted


def test_no_colour_into_a_file() -> None:
    """What is no terminal gets no escape sequences."""
    assert not wants_colour(io.StringIO(), {})


@pytest.mark.parametrize(
    ("environ", "width"),
    [
        ({"COLUMNS": "40"}, 40),
        ({"COLUMNS": "0"}, None),
        ({"COLUMNS": "wide"}, None),
        ({}, None),
    ],
)
def test_columns_sets_the_width_of_a_terminal(
    environ: dict[str, str], width: int | None
) -> None:
    """COLUMNS counts if it is a positive number; an unknown width is no limit."""
    assert terminal_width(_Terminal(), environ) == width


def test_a_file_has_no_width() -> None:
    """No column is lost in a pipe, though COLUMNS be exported."""
    assert terminal_width(io.StringIO(), {"COLUMNS": "40"}) is None
