"""Rows as ratios to one of them."""

import random
from collections.abc import Callable

import pytest

from complab.errors import PlanError
from complab.results.model import RunRecord
from complab.results.relative import relative_rows
from complab.studies.sweep import SweepResult, find_reference

MakeRecord = Callable[..., RunRecord]


def record_in_states(make_record: MakeRecord) -> RunRecord:
    """lz4 and zstd 1 at a quarter of its speed, on a machine of two states."""
    source = random.Random(3)
    states = [source.choice((1.0, 1.4)) for _ in range(60)]

    def times(middle_ns: float) -> list[list[int]]:
        return [[round(middle_ns * s * source.lognormvariate(0, 0.01)) for s in states]]

    return make_record(
        {"codec": "lz4", "level": 9, "compress": times(1e6), "compressed_bytes": 2000},
        {"level": 1, "compress": times(4e6), "compressed_bytes": 1000},
        {"level": 2, "compress": [[8_000_000] * 3], "compressed_bytes": 800},
    )


def test_a_state_cancels(make_record: MakeRecord) -> None:
    """The ratio of two rows is sharper than either: their states are the same."""
    record = record_in_states(make_record)
    lz4, zstd, slow = relative_rows(record, 0)
    assert lz4.is_reference
    assert (lz4.compress_speed_x, lz4.compression_ratio_x) == (1, 1)
    assert zstd.compress_speed_x == pytest.approx(0.25, rel=0.01)
    assert zstd.compression_ratio_x == 2
    assert zstd.compress_error_pct is not None
    assert 1 < zstd.compress_error_pct < 4
    assert zstd.compress_pair_count > 20
    assert zstd.decompress_speed_x is None
    assert slow.compress_pair_count == 3
    assert slow.compress_error_pct is not None


def test_the_table_says_of_what(make_record: MakeRecord) -> None:
    """The head names the reference, the best ratio comes first."""
    table = SweepResult(record_in_states(make_record)).relative_to("lz4")
    assert "every figure as a multiple of lz4:9's" in table.title_lines
    assert [row["codec"] for row in table.rows] == ["zstd", "zstd", "lz4"]


@pytest.mark.parametrize(
    ("reference", "number"),
    [
        ("lz4", 0),
        ("lz4:9", 0),
        ("zstd:2", 2),
        ("zstd@system:1", 1),
        ("zstd@1.5.4:1", 1),
    ],
)
def test_references(make_record: MakeRecord, reference: str, number: int) -> None:
    """A reference is an item of a codec list that names one row."""
    record = record_in_states(make_record)
    assert find_reference(record.configurations, reference) == number


@pytest.mark.parametrize(
    "reference", ["zstd", "zstd:7", "zstd:1-2", "snappy", "lz4,zstd:1", "zstd@new:1"]
)
def test_no_reference(make_record: MakeRecord, reference: str) -> None:
    """What names no row, or several, is an error before anything is shown."""
    record = record_in_states(make_record)
    with pytest.raises(PlanError, match="reference"):
        find_reference(record.configurations, reference)
