"""The pytest plug-in in projects of its own: fed benchmarks, assertions, start."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import complab

Pytest = Callable[..., subprocess.CompletedProcess[str]]

_HEAD = """
import json
from pathlib import Path
import pytest

SAMPLE = {sample!r}
"""

_BENCHMARKS = """
@pytest.mark.parametrize("direction", ["compress", "decompress"])
@pytest.mark.benchmark(group="codecs")
def test_codec(complab, direction):
    result = complab.sweep(SAMPLE, "zstd:1", budget_s=2)
    complab.benchmark(result, "zstd:1", direction)
    result.save(f"{direction}.json", force=True)
"""

_ASSERTIONS = """
def test_ratio(complab):
    complab.assert_ratio(complab.sweep(SAMPLE, "zstd:1"), "zstd:1", at_least=2)

def test_ratio_that_is_too_high(complab):
    complab.assert_ratio(complab.sweep(SAMPLE, "zstd:1"), "zstd", at_least=99)

def test_bytes(complab):
    result = complab.sweep(SAMPLE, "zstd:1")
    size_bytes = complab.row(result, "zstd:1").compressed_bytes
    complab.assert_compressed_bytes(result, "zstd:1", exactly=size_bytes)
    complab.assert_compressed_bytes(result, "zstd:1", at_most=size_bytes)

def test_bytes_that_are_too_many(complab):
    result = complab.sweep(SAMPLE, "zstd:1")
    complab.assert_compressed_bytes(result, "zstd:1", at_most=10)

def test_bytes_that_are_others(complab):
    result = complab.sweep(SAMPLE, "zstd:1")
    complab.assert_compressed_bytes(result, "zstd:1", exactly=10)

def test_no_such_row(complab):
    complab.row(complab.sweep(SAMPLE, "zstd:1"), "zstd:7")
"""

_REGRESSION = """
def test_speed(complab):
    result = complab.sweep(SAMPLE, "zstd:1", budget_s=6)
    complab.assert_no_regression(result, "baseline.json", beyond_pct=5)
"""

_STORED = """
def test_stored(complab):
    from complab import compare
    result = compare("baseline.json", "after.json")
    complab.assert_no_regression(result, beyond_pct=5)
"""


@pytest.fixture
def project(
    tmp_path: Path, samples: Path, environ: dict[str, str]
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run pytest on a test file in a folder of its own."""
    head = _HEAD.format(sample=str(samples / "http-requests-16k-none.bin"))

    def run(text: str, *words: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        (tmp_path / "test_it.py").write_text(head + text, encoding="utf-8")
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rA", *words],
            cwd=tmp_path,
            env=environ,
            check=False,
            capture_output=True,
            text=True,
            timeout=300,
        )

    return run


def test_rounds_are_the_epochs(project: Pytest, tmp_path: Path) -> None:
    """What pytest-benchmark saves is, to the last digit, what the C loop measured."""
    words = ("--benchmark-json=figures.json", "--benchmark-save-data")
    done = project(_BENCHMARKS, *words)
    assert done.returncode == 0, done.stdout
    saved = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    assert len(saved["benchmarks"]) == 2
    for benchmark in saved["benchmarks"]:
        info = benchmark["extra_info"]
        record = complab.load(str(tmp_path / f"{info['direction']}.json")).record
        (measurement,) = [
            m
            for m in record.measurements
            if (m.configuration, m.direction) == (0, info["direction"])
        ]
        expected = [
            elapsed_ns / count / 1e9
            for elapsed_ns, count in zip(
                measurement.epoch_times_ns, measurement.iteration_count, strict=True
            )
        ]
        assert benchmark["stats"]["data"] == expected
        assert benchmark["group"] == "codecs"
        assert info["compressed_bytes"] == measurement.compressed_bytes
        assert info["library_sha256"] == record.configurations[0].provider.sha256  # type: ignore[union-attr]


def test_saved_figures_are_compared(project: Pytest, tmp_path: Path) -> None:
    """pytest-benchmark's own gate: the same figures pass, and lower ones fail it."""
    assert project(_BENCHMARKS, "--benchmark-autosave").returncode == 0
    gate = ("--benchmark-compare", "--benchmark-compare-fail=min:900%")
    assert project(_BENCHMARKS, *gate).returncode == 0
    (path,) = tmp_path.glob(".benchmarks/*/*.json")
    document = json.loads(path.read_text(encoding="utf-8"))
    for benchmark in document["benchmarks"]:
        benchmark["stats"]["min"] /= 1000
    path.write_text(json.dumps(document), encoding="utf-8")
    done = project(_BENCHMARKS, *gate)
    assert done.returncode != 0
    assert "Performance has regressed" in done.stdout + done.stderr


def test_disabled_benchmarks_are_tests(project: Pytest) -> None:
    """With --benchmark-disable the codecs run, and nothing is reported."""
    done = project(_BENCHMARKS, "--benchmark-disable")
    assert done.returncode == 0
    assert "2 passed" in done.stdout
    assert "Rounds" not in done.stdout


def test_assertions(project: Pytest) -> None:
    """Each assertion holds or fails with a line that names figure and bound."""
    done = project(_ASSERTIONS, "--benchmark-disable")
    assert "2 passed" in done.stdout
    assert "4 failed" in done.stdout
    assert "at least 99 are asked for" in done.stdout
    assert "at most 10 allowed" in done.stdout
    assert "expected 10" in done.stdout
    assert "the reference zstd names no row" in done.stdout


def test_the_first_run_has_no_baseline(project: Pytest, tmp_path: Path) -> None:
    """Without a baseline the test is skipped; --complab-save writes it; then it counts.

    What the last run says of its speed is its own affair: it says something.
    """
    first = project(_REGRESSION)
    assert (first.returncode, "1 skipped" in first.stdout) == (0, True)
    assert "pytest --complab-save writes it" in first.stdout
    second = project(_REGRESSION, "--complab-save")
    assert (second.returncode, "1 skipped" in second.stdout) == (0, True)
    assert complab.load(str(tmp_path / "baseline.json")).rows
    third = project(_REGRESSION)
    assert "1 passed" in third.stdout or "slower by" in third.stdout


def test_a_regression_fails(project: Pytest, tmp_path: Path) -> None:
    """A stored result that is twice as slow fails with the row and the table."""
    assert project(_REGRESSION, "--complab-save").returncode == 0
    path = tmp_path / "baseline.json"
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    for measurement in document["measurements"]:
        # One result of three processes whose noise is nothing.
        measurement |= {
            "epoch_times_ns": [1_000_000, 1_001_000, 1_002_000],
            "iteration_count": [1, 1, 1],
            "canary_times_ns": [[1, 1]] * 3,
            "canary_in_flight_ns": [0.0] * 3,
            "stalled_times_ns": [0] * 3,
            "is_clean": [None] * 3,
            "round": [1, 2, 3],
            "process": [0, 1, 2],
        }
    path.write_text(json.dumps(document), encoding="utf-8")
    document["measurements"][0]["epoch_times_ns"] = [2_000_000, 2_002_000, 2_004_000]
    (tmp_path / "after.json").write_text(json.dumps(document), encoding="utf-8")
    done = project(_STORED)
    assert done.returncode == 1
    assert "zstd:1 compress: slower by 50.0 %" in done.stdout
    assert "decompress: B is" in done.stdout


def test_both_fixtures_are_one_too_many(project: Pytest) -> None:
    """A test that asks for benchmark as well is told so."""
    text = """
def test_it(complab, benchmark):
    result = complab.sweep(SAMPLE, "zstd:1", budget_s=1)
    complab.benchmark(result, "zstd:1")
"""
    done = project(text)
    assert done.returncode == 1
    assert "drives the fixture benchmark itself" in done.stdout


def test_without_benchmark_plugin(project: Pytest) -> None:
    """Where pytest-benchmark is not there, assertions work and feeding says why not."""
    done = project(_ASSERTIONS + _BENCHMARKS, "-p", "no:benchmark", "-k", "not others")
    assert "pytest-benchmark is not installed" in done.stdout
    assert "PASSED test_it.py::test_ratio" in done.stdout


def test_the_start_of_other_projects_stays_quick(project: Pytest) -> None:
    """A project that does not use the plug-in loads nothing of complab but its name."""
    text = """
import sys

def test_it():
    loaded = {n for n in sys.modules if n.split(".")[0] == "complab"}
    assert loaded == {"complab", "complab.pytest_plugin"}
    assert not {"numpy", "cffi", "click", "rich"} & set(sys.modules)
"""
    done = project(text, "-p", "no:benchmark", "-p", "no:hypothesispytest")
    assert done.returncode == 0, done.stdout
