"""The study of producers' CPU: what it makes of the times of some runs."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))

from client_cpu import table_of


def _rows(
    batch_bytes: int, codec: str, *times: tuple[float, float]
) -> list[dict[str, str]]:
    return [
        {
            "client": "java",
            "batch_bytes": str(batch_bytes),
            "codec": codec,
            "run": str(run),
            "process_s": "9.0",
            "threads_s": str(threads_s),
            "foretold_s": str(foretold_s),
        }
        for run, (threads_s, foretold_s) in enumerate(times)
    ]


def test_ratios_have_the_error_of_their_runs() -> None:
    """1.1 and 1.2 times: the geometric mean, and t = 12.7 of two runs."""
    (row,) = table_of(_rows(16384, "lz4", (2.2, 2.0), (2.4, 2.0))).rows
    assert row["threads"] == pytest.approx(2.3)
    assert row["ratio"] == pytest.approx((1.1 * 1.2) ** 0.5)
    # Half of log(1.2 / 1.1) is the standard error of two logarithms' mean.
    assert row["error"] == pytest.approx(100 * ((1.2 / 1.1) ** (12.7062 / 2) - 1))


def test_the_order_of_the_codecs_is_told_for_each_size() -> None:
    """By the threads' time, and by how much two that change places lie apart."""
    runs = ((2.0, 1.0), (2.0, 1.0))
    slower = ((3.0, 0.5), (3.0, 0.5))
    table = table_of(
        [
            *_rows(16384, "snappy", *runs),
            *_rows(16384, "lz4", *slower),
            *_rows(1000000, "lz4", *runs),
        ]
    )
    small, large = table.notes
    assert small == (
        "java, 16,384 bytes: by its threads' time snappy, lz4; snappy is foretold "
        "behind lz4, which takes 1.50 times as long (± 0.0 %)"
    )
    assert large == "java, 1,000,000 bytes: by its threads' time lz4; as foretold"
