"""Rows as numpy and pandas have them: the CSV's columns, one row a configuration."""

import math
from collections.abc import Callable

import pytest

import complab
from complab.results.rows import COLUMN_NAMES


@pytest.fixture(scope="module")
def result(
    tmp_path_factory: pytest.TempPathFactory, make_batch: Callable[..., bytes]
) -> complab.SweepResult:
    """Rows with and without a level and a library."""
    path = tmp_path_factory.mktemp("input") / "input.bin"
    path.write_bytes(make_batch(b"a payload " * 300))
    return complab.sweep(
        str(path), "zstd:1,none", budget_s=5.0, precision_pct=60.0, worker_count=0
    )


def test_numpy_has_the_columns(result: complab.SweepResult) -> None:
    """Each column is a field; a number that a row lacks is NaN, a word None."""
    rows = result.to_numpy()
    assert rows.dtype.names == COLUMN_NAMES
    by_codec = {row["codec"]: row for row in rows}
    assert by_codec["zstd"]["level"] == 1
    assert math.isnan(by_codec["none"]["level"])
    assert by_codec["none"]["provider"] is None
    assert by_codec["zstd"]["compressed_bytes"] < 300
    assert rows["uncompressed_bytes"].tolist() == [3000] * len(result.rows)


def test_pandas_has_the_same(result: complab.SweepResult) -> None:
    """The data frame has numpy's columns and values."""
    pytest.importorskip("pandas")
    frame, rows = result.to_pandas(), result.to_numpy()
    assert tuple(frame.columns) == COLUMN_NAMES
    assert frame["compressed_bytes"].tolist() == rows["compressed_bytes"].tolist()


def test_arrow_has_the_same(result: complab.SweepResult) -> None:
    """Nulls where nothing is told; whole numbers stay whole."""
    pytest.importorskip("pyarrow")
    table = result.to_arrow()
    assert tuple(table.column_names) == COLUMN_NAMES
    rows = {row["codec"]: row for row in table.to_pylist()}
    assert rows["none"]["level"] is None
    assert rows["zstd"]["level"] == 1
    assert rows["zstd"]["compressed_bytes"] < 300
