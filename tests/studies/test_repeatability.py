"""The study of repeatability in its short form: two runs of a moment each."""

import csv
from pathlib import Path
from typing import Any

import pytest
import repeatability
from repeatability import ESTIMATORS, Study, group_of, tell

SAMPLES = Path(__file__).parents[2] / "samples"


@pytest.fixture(scope="module")
def study_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The CSV of two runs."""
    folder = tmp_path_factory.mktemp("study")
    sample = str(SAMPLES / "http-requests-1m-none.bin")
    options = ["--runs", "2", "--budget", "3", "--codecs", "memcpy,zstd:3,snappy"]
    runs, path = folder / "runs", folder / "study.csv"
    repeatability.main(["run", str(runs), "--sample", sample, *options])
    files = sorted(map(str, runs.glob("*.json")))
    repeatability.main(["reduce", *files, "--output", str(path)])
    return path


def test_every_run_row_and_direction_has_every_estimator(study_path: Path) -> None:
    """Two runs of three rows in two directions, no cell of an estimator empty."""
    with study_path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * 3 * 2
    for row in rows:
        assert float(row["low_ns"]) < float(row["headline_ns"]) < float(row["high_ns"])
        assert all(float(row[f"{name}_ns"]) > 0 for name in ESTIMATORS)


def test_it_is_told_in_lines(
    study_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Contention first, then a line for each group, then error bars and coverage."""
    repeatability.main(["tell", str(study_path)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("2 runs, rows compared: 6; the core was taken away")
    assert [line.split()[0] for line in lines[2:5]] == [
        "compression",
        "fast",
        "decompression",
    ]
    assert "hold the median of the other runs" in lines[-1]


def cell(run: int, row: str, time_ns: float, **more: Any) -> dict[str, str]:
    """One line of a study's CSV in which all estimators agree."""
    told = {f"{name}_ns": time_ns for name in ESTIMATORS}
    told |= {"low_ns": time_ns * 0.95, "high_ns": time_ns * 1.05}
    told |= {"clean_share": 1.0, "stalled_share": 0.0}
    place = {"run": run, "row": row, "direction": "compress"}
    return {name: str(value) for name, value in (place | told | more).items()}


def test_spreads_are_of_speeds_over_their_median() -> None:
    """Times of 10, 8 and 5 are speeds of 100, 125 and 200: 100 apart over 125."""
    times = (10.0, 8.0, 5.0)
    study = Study([cell(i, "zstd:3", time) for i, time in enumerate(times)])
    assert study.spread_pct(("zstd:3", "compress"), "median") == pytest.approx(80.0)


def test_ratios_are_taken_inside_a_run() -> None:
    """What slows all rows of a run alike is no spread of their ratio."""
    slowdowns = (1.0, 1.5, 2.0)
    study = Study(
        [cell(i, "zstd:3", 10 * slow) for i, slow in enumerate(slowdowns)]
        + [cell(i, "lz4", 4 * slow) for i, slow in enumerate(slowdowns)]
    )
    lz4 = ("lz4", "compress")
    assert study.spread_pct(lz4, "headline") > 50
    assert study.ratio_spread_pct(lz4, "headline") == pytest.approx(0.0)


def test_coverage_counts_intervals_that_hold_the_other_runs() -> None:
    """Of four runs one is 10 % off with bars of 5 %: three of four hold the rest."""
    times = (100.0, 101.0, 99.0, 110.0)
    study = Study([cell(i, "zstd:3", time) for i, time in enumerate(times)])
    assert study.coverage() == pytest.approx(0.75)
    assert study.error_pct(("zstd:3", "compress")) == pytest.approx(5.0)


def test_a_row_that_a_run_lacks_is_left_out() -> None:
    """Spreads are over all runs or over none."""
    study = Study([cell(i, "zstd:3", 1.0) for i in range(3)] + [cell(1, "lz4", 1.0)])
    assert study.keys == [("zstd:3", "compress")]
    assert next(tell(study)).startswith("3 runs, rows compared: 1")


@pytest.mark.parametrize(
    ("row", "direction", "group"),
    [
        ("memcpy", "compress", "fast"),
        ("zstd:4", "compress", "fast"),
        ("zstd:5", "compress", "zstd 5-12"),
        ("zstd:15", "compress", "zstd 13-15"),
        ("zstd:16", "compress", "zstd 16-22"),
        ("zstd:22", "decompress", "decompression"),
    ],
)
def test_rows_are_grouped_by_the_length_of_a_pass(
    row: str, direction: str, group: str
) -> None:
    """Decompression is one group, compression falls into four."""
    assert group_of((row, direction)) == group
