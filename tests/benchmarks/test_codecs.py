"""Codecs on a shipped sample, measured by complab's loop and told by pytest-benchmark.

``pytest tests/benchmarks --benchmark-autosave`` saves the figures, and
``--benchmark-compare --benchmark-compare-fail=median:5%`` holds the next ones against
them. One interleaved run measures all. As plain tests they show that each codec runs.
"""

from pathlib import Path

import pytest

from complab.pytest_plugin import Gate

SAMPLE = Path(__file__).parents[2] / "samples" / "http-requests-16k-none.bin"
CODECS = ("none", "gzip:6", "snappy", "lz4:9", "zstd:1", "zstd:3")

# A gate compares runs: it takes all of its time rather than stop when this run's own
# error is small.
BUDGET_S = 30.0
PRECISION_PCT = 0.1


@pytest.mark.parametrize("direction", ["compress", "decompress"])
@pytest.mark.parametrize("codec", CODECS)
def test_codec(complab: Gate, codec: str, direction: str) -> None:
    """A codec brings the batches back, in the times that were measured."""
    result = complab.sweep(
        SAMPLE, ",".join(CODECS), budget_s=BUDGET_S, precision_pct=PRECISION_PCT
    )
    row = complab.benchmark(result, codec, direction)
    assert row.compressed_bytes
