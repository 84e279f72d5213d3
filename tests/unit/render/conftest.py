"""A small sweep as a table, and the files that its renderings must equal.

After a wanted change of a layout, renew the files and read their diff:

    COMPLAB_RENEW_GOLDEN=1 pytest tests/unit/render
"""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from complab.render import Column, Row, RowStyle, Table
from complab.units import (
    format_bytes,
    format_percent,
    format_ratio,
    format_speed_mbps,
)

GOLDEN_DIRECTORY = Path(__file__).parent / "golden"

CheckGolden = Callable[[str, str], None]

SWEEP_COLUMNS = [
    Column.text("codec", "codec"),
    Column.number("level", "level"),
    Column.text("framing", "framing", is_shown=False),
    Column.text("client", "client", priority=1),
    Column.text("provider", "provider", is_shown=False),
    Column.text("library_version", "library", priority=3),
    Column.text("context", "context", is_shown=False),
    Column.text("buffers", "buffers", is_shown=False),
    Column.number("threads", "threads", is_shown=False),
    Column.number("batch_count", "batches", is_shown=False),
    Column.number("uncompressed_bytes", "payload", "bytes", is_shown=False),
    Column.number(
        "compressed_bytes", "compressed", "bytes", format=format_bytes, priority=2
    ),
    Column.number("stored_bytes", "stored", "bytes", is_shown=False),
    Column.number("compression_ratio", "ratio", format=format_ratio),
    Column.number("compress_mbps", "compress", "MB/s", format=format_speed_mbps),
    Column.number("compress_error_pct", "±", "%", format=format_percent, priority=5),
    Column.number("compress_fastest_mbps", "fastest", "MB/s", is_shown=False),
    Column.number("compress_epoch_count", "epochs", is_shown=False),
    Column.number("decompress_mbps", "decompress", "MB/s", format=format_speed_mbps),
    Column.number("decompress_error_pct", "±", "%", format=format_percent, priority=5),
    Column.number("decompress_fastest_mbps", "fastest", "MB/s", is_shown=False),
    Column.number("decompress_epoch_count", "epochs", is_shown=False),
    Column.number("compress_memory_bytes", "memory", "bytes", is_shown=False),
    Column.number("decompress_memory_bytes", "memory", "bytes", is_shown=False),
    Column.text("is_pareto", "best", is_shown=False),
    Column.text("status", "status", is_shown=False),
    Column.text("message", "message", is_shown=False),
]


def _measured(
    codec: str,
    level: int,
    library_version: str,
    compressed_bytes: int,
    *,
    compress: tuple[float, float],
    decompress: tuple[float, float],
    is_pareto: bool,
) -> Row:
    compress_mbps, compress_error_pct = compress
    decompress_mbps, decompress_error_pct = decompress
    return {
        "codec": codec,
        "level": level,
        "framing": "kafka",
        "client": "java",
        "provider": "system",
        "library_version": library_version,
        "context": "fresh",
        "buffers": "warm",
        "threads": 1,
        "batch_count": 2,
        "uncompressed_bytes": 979_368,
        "compressed_bytes": compressed_bytes,
        "stored_bytes": compressed_bytes + 122,
        "compression_ratio": 979_368 / compressed_bytes,
        "compress_mbps": compress_mbps,
        "compress_error_pct": compress_error_pct,
        "compress_fastest_mbps": compress_mbps * 1.01,
        "compress_epoch_count": 40,
        "decompress_mbps": decompress_mbps,
        "decompress_error_pct": decompress_error_pct,
        "decompress_fastest_mbps": decompress_mbps * 1.01,
        "decompress_epoch_count": 42,
        "compress_memory_bytes": 1_310_720,
        "is_pareto": is_pareto,
        "status": "ok",
    }


SWEEP_ROWS: list[Row] = [
    _measured(
        "lz4",
        9,
        "1.10.0",
        348_201,
        compress=(702.4183, 0.42),
        decompress=(3911.06, 0.8),
        is_pareto=True,
    ),
    _measured(
        "zstd",
        3,
        "1.5.7",
        226_771,
        compress=(398.9127, 0.63),
        decompress=(1204.5, 0.31),
        is_pareto=True,
    ),
    _measured(
        "zstd",
        19,
        "1.5.7",
        187_640,
        compress=(5.4321, 1.25),
        decompress=(1099.8, 0.5),
        is_pareto=True,
    ),
    _measured(
        "gzip",
        6,
        "1.3.1",
        240_015,
        compress=(48.7112, 0.2),
        decompress=(412.25, 0.27),
        is_pareto=False,
    ),
    {
        "codec": "snappy",
        "framing": "kafka",
        "client": "java",
        "is_pareto": False,
        "status": "failed",
        "message": 'no library found: install "libsnappy1v5", or --lib snappy=PATH',
    },
]


def _mark(row: Row) -> str:
    return "*" if row.get("is_pareto") else ""


def _style(row: Row) -> RowStyle:
    if row.get("status") != "ok":
        return RowStyle.BAD
    return RowStyle.STRONG if row.get("is_pareto") else RowStyle.PLAIN


@pytest.fixture
def sweep_table() -> Table:
    """Make a sweep of five configurations, one of which failed."""
    return Table.from_rows(
        SWEEP_COLUMNS,
        SWEEP_ROWS,
        title_lines=["batch_<1>|\x1b[2J.bin: 2 batches, 979,368 bytes of payload"],
        notes=[
            "* no other configuration is better in both ratio and compression speed.",
            "snappy failed: no library found; install libsnappy1v5.",
        ],
        mark=_mark,
        style=_style,
    )


@pytest.fixture
def check_golden() -> CheckGolden:
    """Compare a text with a file of golden/, byte for byte; or renew the file."""

    def check(file_name: str, text: str) -> None:
        path = GOLDEN_DIRECTORY / file_name
        if os.environ.get("COMPLAB_RENEW_GOLDEN") == "1":
            path.write_bytes(text.encode())
        assert text.encode() == path.read_bytes(), (
            f"{file_name} differs; if that is wanted, run "
            "COMPLAB_RENEW_GOLDEN=1 pytest tests/unit/render and read the diff"
        )

    return check
