"""The charts of replays and batch sizes hold the numbers of their rows."""

from typing import Any

import pytest
from chart_specs import marks, spec_of, values

from complab.errors import PlanError
from complab.studies.batching import BatchingResult
from complab.studies.batching_table import BatchingRow
from complab.studies.replay import ReplayResult
from complab.studies.replay_table import ReplayRow


def _size(
    codec: str, level: int, batch_bytes: int, provider: str = "system", **rest: Any
) -> BatchingRow:
    return BatchingRow(
        "java", codec, level, provider, "1.5.4", batch_bytes, None, **rest
    )


SIZES = BatchingResult(
    (
        _size("zstd", 3, 0, compression_ratio=1.1),
        _size("zstd", 3, 1024, compression_ratio=2.0, ratio_error_pct=10.0),
        _size("zstd", 3, 16384, compression_ratio=4.0),
        _size("zstd", 9, 16384, compression_ratio=4.5),
        _size("lz4", 9, 16384, status="failed"),
    )
)
PATHS = ReplayResult(
    (
        ReplayRow("java", "zstd", 3, "system", "1.5.4", producer_cpu_s_per_million=3.0,
                  broker_cpu_s_per_million=1.0, consumer_cpu_s_per_million=2.0,
                  batch_p50_ns=1e3, batch_p99_ns=5e3),
        ReplayRow("java", "lz4", 9, "system", "1.9.4", status="failed"),
    )
)  # fmt: skip


def test_sizes_of_batches_are_points() -> None:
    """Each batch size has its ratio and bar; a message alone has no place."""
    spec = spec_of(SIZES.chart())
    drawn = values(marks(spec, "point")[0])
    assert [(row["by"], row["x"], row["y"]) for row in drawn] == [
        ("zstd", 1024, 2.0),
        ("zstd", 16384, 4.0),
        ("zstd", 16384, 4.5),
    ]
    assert drawn[0]["low"] == pytest.approx(2.0 / 1.1)
    assert drawn[0]["high"] == pytest.approx(2.2)


def test_levels_of_one_codec_are_dashed_apart() -> None:
    """zstd:3 and zstd:9 are two lines of one colour."""
    spec = spec_of(SIZES.chart())
    dash = marks(spec, "line")[0]["encoding"]["strokeDash"]
    assert dash["scale"]["domain"] == ["level 3", "level 9"]


def test_copies_of_a_library_are_lines_of_their_own() -> None:
    """One level of two copies is two lines, and two bars of the path."""
    sizes = BatchingResult(
        tuple(
            _size("zstd", 3, 16384, each, compression_ratio=4.0)
            for each in ("old", "new")
        )
    )
    dash = marks(spec_of(sizes.chart()), "line")[0]["encoding"]["strokeDash"]
    assert dash["scale"]["domain"] == ["level 3 @old", "level 3 @new"]
    paths = ReplayResult(
        tuple(
            ReplayRow("java", "zstd", 3, each, "1", producer_cpu_s_per_million=3.0)
            for each in ("old", "new")
        )
    )
    bars = values(marks(spec_of(paths.chart()), "bar")[0])
    assert {row["name"] for row in bars} == {"zstd@old:3", "zstd@new:3"}


def test_the_path_is_stacked_of_its_stations() -> None:
    """Producer, broker and consumer in their order, with the row's CPU seconds."""
    spec = spec_of(PATHS.chart())
    assert [(r["stage"], r["value"]) for r in values(marks(spec, "bar")[0])] == [
        ("producer", 3.0),
        ("broker", 1.0),
        ("consumer", 2.0),
    ]


def test_latencies_are_by_percentile() -> None:
    """In microseconds, those that are known."""
    spec = spec_of(PATHS.chart("latency"))
    drawn = values(marks(spec, "point")[0])
    assert [(r["percentile"], r["value"]) for r in drawn] == [(50, 1.0), (99, 5.0)]
    assert marks(spec, "line")[0]["encoding"]["detail"]["field"] == "variant"


def test_results_without_a_number_draw_nothing() -> None:
    """A result whose rows all failed shows its table alone."""
    failed = BatchingResult((_size("lz4", 9, 1024, status="failed"),))
    assert failed.chart() is None
    assert "<svg" not in failed._repr_html_()
    assert "<svg" in SIZES._repr_html_()


def test_unknown_charts_are_refused() -> None:
    """The message names those that there are."""
    with pytest.raises(PlanError, match="producer_mbps"):
        SIZES.chart("colour")
    with pytest.raises(PlanError, match="latency"):
        PATHS.chart("colour")
