"""Every writer's whole output for one sweep, byte for byte (see conftest)."""

import csv
import io
import json
from collections.abc import Callable

import pytest

from complab.render import (
    LzbenchRow,
    Table,
    render_csv,
    render_html,
    render_json,
    render_lzbench,
    render_markdown,
    render_terminal,
)

CheckGolden = Callable[[str, str], None]


@pytest.mark.parametrize(
    ("file_name", "width"),
    [
        ("terminal_unlimited.txt", None),
        ("terminal_80.txt", 80),
        ("terminal_50.txt", 50),
    ],
)
def test_terminal(
    sweep_table: Table, check_golden: CheckGolden, file_name: str, width: int | None
) -> None:
    """The terminal's text is as stored, for wide and narrow terminals."""
    check_golden(file_name, render_terminal(sweep_table, width=width))


def test_terminal_in_colour(sweep_table: Table, check_golden: CheckGolden) -> None:
    """Colour adds escape sequences around lines, as stored."""
    text = render_terminal(sweep_table, width=80, is_colour=True)

    check_golden("terminal_80_colour.txt", text)


def test_markdown(sweep_table: Table, check_golden: CheckGolden) -> None:
    """The Markdown is as stored."""
    check_golden("sweep.md", render_markdown(sweep_table))


def test_csv(sweep_table: Table, check_golden: CheckGolden) -> None:
    """The CSV is as stored, and reads back as the table's columns and rows."""
    text = render_csv(sweep_table)

    check_golden("sweep.csv", text)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert list(rows[0]) == [column.name for column in sweep_table.columns]
    assert [row["message"] for row in rows] == [
        row["message"] or "" for row in sweep_table.rows
    ]


def test_json(sweep_table: Table, check_golden: CheckGolden) -> None:
    """The JSON is as stored, and reads back as the table's very rows."""
    text = render_json(sweep_table)

    check_golden("sweep.json", text)
    assert json.loads(text) == {"rows": list(sweep_table.rows)}


def test_html(sweep_table: Table, check_golden: CheckGolden) -> None:
    """The HTML is as stored."""
    check_golden("sweep.html", render_html(sweep_table))


def test_lzbench(check_golden: CheckGolden) -> None:
    """Rows of every kind of speed are laid out as stored."""
    rows = [
        LzbenchRow(
            name=name,
            compress_mbps=compress_mbps,
            decompress_mbps=decompress_mbps,
            compressed_bytes=compressed_bytes,
            uncompressed_bytes=979_368,
            file_name="batch.bin",
        )
        for name, compress_mbps, decompress_mbps, compressed_bytes in [
            ("memcpy", 16_332.7, 16_362.2, 979_368),
            ("lz4 1.10.0", 702.9, 3911.06, 348_201),
            ("zlib 1.3.1 -6", 48.71, 412.25, 240_015),
            ("zstd 1.5.7 -19", 5.4321, 1099.8, 187_640),
            ("snappy 1.2.2", None, None, 0),
        ]
    ]

    check_golden("lzbench.txt", render_lzbench(rows))
