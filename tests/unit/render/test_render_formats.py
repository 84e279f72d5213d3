"""Formats by name and suffix, and what each writer does with awkward values."""

import csv
import doctest
import importlib
import io
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from complab.render import (
    FORMATS,
    Cell,
    Column,
    LzbenchRow,
    Table,
    format_from_path,
    render_as,
    render_csv,
    render_html,
    render_json,
    render_lzbench,
    render_markdown,
    write,
)

VALUE = Column.text("value", "value")


def _table(value: Cell) -> Table:
    return Table(columns=[VALUE], rows=[{"value": value}])


def _csv_cell(value: Cell) -> str:
    table = Table(
        columns=[VALUE, Column.text("end", "end")], rows=[{"value": value, "end": "."}]
    )
    return render_csv(table).splitlines()[1].removesuffix(",.")


@pytest.mark.parametrize(
    "module",
    [
        "bars",
        "delimited",
        "escape",
        "formats",
        "html",
        "lzbench",
        "markdown",
        "plot",
        "shell",
        "structured",
        "table",
        "terminal",
    ],
)
def test_documented_examples_hold(module: str) -> None:
    """Every example in the docstrings gives what it says."""
    results = doctest.testmod(importlib.import_module(f"complab.render.{module}"))

    assert results.attempted > 0
    assert results.failed == 0


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "true"),
        (False, "false"),
        (12_345_678_901, "12345678901"),
        (5.0, "5"),
        (-0.0, "0"),
        (734.123456, "734.123"),
        (0.000012345678, "1.23457e-05"),
        (999_999.7, "1000000"),
        (12_345_678.9, "12345679"),
        ('a "b", c', '"a ""b"", c"'),
        ("\udcff", "\\xff"),
    ],
)
def test_csv_cells(value: Cell, text: str) -> None:
    """Integers are exact, other numbers have six digits, nothing is empty."""
    assert _csv_cell(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_csv_numbers_read_back_to_six_digits(value: float) -> None:
    """A reader gets the number back to half of its sixth digit."""
    assert float(_csv_cell(value)) == pytest.approx(value, rel=5.1e-6, abs=5e-324)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_csv_texts_read_back(value: str) -> None:
    """Any text survives quoting, line ends and all."""
    text = render_csv(_table(value))

    assert list(csv.reader(io.StringIO(text, newline=""))) == [["value"], [value]]


@given(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(st.characters(exclude_categories=["Cs"])),
    )
)
def test_json_values_read_back(value: Cell) -> None:
    """JSON gives back the very value and its type."""
    (row,) = json.loads(render_json(_table(value)))["rows"]

    assert row["value"] == value
    assert type(row["value"]) is type(value)


def test_json_has_no_infinity() -> None:
    """What is not finite is null, as RFC 8259 has no word for it."""
    assert render_json(_table(math.inf)) == '{"rows": [\n  {"value": null}\n]}\n'


@given(st.text())
def test_every_format_can_be_encoded(value: str) -> None:
    """No file name, however broken, keeps a result from being written as UTF-8."""
    for format_name in FORMATS:
        assert render_as(_table(value), format_name).encode().endswith(b"\n")
    assert render_html(_table(value)).encode()


@pytest.mark.parametrize(
    ("line", "markdown"),
    [
        ("plain (1.5 MB/s)", "plain (1.5 MB/s)"),
        ("a|b_c*d", "a\\|b\\_c\\*d"),
        ("<b>&amp;", "\\<b\\>\\&amp;"),
        ("# one", "\\# one"),
        ("- one", "\\- one"),
        ("12. one", "12\\. one"),
        ("12 of 13", "12 of 13"),
        ("  indented", "indented"),
    ],
)
def test_markdown_shows_text_as_it_is(line: str, markdown: str) -> None:
    """What Markdown would read as its own is escaped, and nothing else."""
    table = Table(columns=[], rows=[], notes=[line])

    assert render_markdown(table) == f"{markdown}\n"


def test_html_escapes_everything() -> None:
    """No text becomes an element or an attribute."""
    attack = "<script>\"'&"
    table = Table(
        columns=[Column(name="value", heading=attack, unit=attack)],
        rows=[{"value": attack}],
        title_lines=[attack],
        notes=[attack],
        row_marks=[attack],
    )

    text = render_html(table)

    assert "<script" not in text
    assert text.count("&lt;script&gt;&quot;&#x27;&amp;") == 6


@pytest.mark.parametrize(
    ("path", "format_name"),
    [
        ("out.txt", "table"),
        ("out.MD", "markdown"),
        ("a.csv/out.markdown", "markdown"),
        ("out.csv", "csv"),
        ("out.csv.json", "json"),
        ("csv", None),
        ("-", None),
    ],
)
def test_format_from_path(path: str, format_name: str | None) -> None:
    """The last suffix decides, in any case."""
    assert format_from_path(path) == format_name


def test_an_unknown_format_lists_the_formats() -> None:
    """The message says what there is."""
    with pytest.raises(ValueError, match="'xml': expected table, markdown, csv, json"):
        render_as(_table(1), "xml")


@pytest.mark.parametrize("format_name", FORMATS)
def test_write_to_a_file_is_unlimited_and_plain(
    sweep_table: Table, format_name: str
) -> None:
    """A stream that is no terminal gets the whole table, without colour."""
    stream = io.StringIO()

    write(sweep_table, format_name, stream)

    assert stream.getvalue() == render_as(sweep_table, format_name)


def test_write_takes_width_and_colour(sweep_table: Table) -> None:
    """What the caller says wins over what the stream is."""
    stream = io.StringIO()

    write(sweep_table, "table", stream, width=50, is_colour=True)

    expected = render_as(sweep_table, "table", width=50, is_colour=True)
    assert stream.getvalue() == expected


def test_write_spells_out_what_the_stream_cannot_encode() -> None:
    """An ASCII terminal shows a name in escapes instead of failing."""
    buffer = io.BytesIO()
    stream = io.TextIOWrapper(buffer, encoding="ascii", newline="\n")

    write(_table("ä"), "table", stream)
    stream.flush()

    assert buffer.getvalue() == b"value\n-----\n\\xe4\n"


def _lzbench_line(
    *,
    name: str = "zstd 1.5.7 -3",
    mbps: float | None = 1.0,
    compressed_bytes: int = 1,
    uncompressed_bytes: int = 2,
) -> str:
    row = LzbenchRow(
        name=name,
        compress_mbps=mbps,
        decompress_mbps=1.0,
        compressed_bytes=compressed_bytes,
        uncompressed_bytes=uncompressed_bytes,
        file_name="b",
    )
    return render_lzbench([row]).splitlines()[1]


@pytest.mark.parametrize(
    ("mbps", "text"),
    [
        (None, "      ERROR"),
        (0.0, "      ERROR"),
        (0.001, "  0.00 MB/s"),
        (9.99, "  9.99 MB/s"),
        (9.999, " 10.00 MB/s"),
        (10.0, "  10.0 MB/s"),
        (99.99, " 100.0 MB/s"),
        (100.0, "   100 MB/s"),
        (398.99, "   398 MB/s"),
        (1_234_567.0, "1234567 MB/s"),
    ],
)
def test_lzbench_speeds(mbps: float | None, text: str) -> None:
    """Speeds are written as print_speed of lzbench 2.x does, thresholds and all."""
    line = _lzbench_line(mbps=mbps)

    assert line == f"{'zstd 1.5.7 -3':<23}{text}  1.00 MB/s           1  50.00 b"


def test_lzbench_long_name_is_not_cut() -> None:
    """A long name moves the rest to the right."""
    assert _lzbench_line(name="n" * 30).startswith("n" * 30 + "  1.00 MB/s")


def test_lzbench_percentage_has_the_precision_of_a_float() -> None:
    """A percentage on the border of two roundings falls as it does in lzbench."""
    # 22.985 % is 22.9850006... as lzbench's float, and 22.98499999... as a double.
    line = _lzbench_line(compressed_bytes=22_985, uncompressed_bytes=100_000)

    assert line.split()[-2] == "22.99"


def test_lzbench_refuses_an_empty_input() -> None:
    """There is no percentage of nothing."""
    with pytest.raises(ValueError, match=r"uncompressed_bytes .* is 0: expected at"):
        _lzbench_line(uncompressed_bytes=0)
