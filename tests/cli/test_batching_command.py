"""``complab batching`` through the program."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

Run = Callable[..., CompletedProcess[str]]


def test_sizes_go_by_doubling(run: Run, samples: Path, tmp_path: Path) -> None:
    """From one to another, both included; JSON has the rows."""
    output = tmp_path / "curve.json"
    done = run(
        "batching",
        str(samples / "http-requests-16k-none.bin"),
        *("--codecs", "gzip:1", "--sizes", "4KiB-16KiB", "--budget", "0.2"),
        *("--output", str(output)),
    )
    assert done.returncode == 0, done.stderr
    assert "1 message" in done.stdout
    rows = json.loads(output.read_text())["rows"]
    assert [row["batch_bytes"] for row in rows] == [0, 4096, 8192, 16384]


def test_lingers_are_times(run: Run, samples: Path) -> None:
    """In milliseconds or seconds, with a rate."""
    done = run(
        "batching",
        str(samples / "http-requests-16k-none.bin"),
        *("--codecs", "gzip:1", "--lingers", "5ms,1s", "--arrival", "1000/s"),
        *("--budget", "0.2", "--format", "csv"),
    )
    assert done.returncode == 0, done.stderr
    cells = [line.split(",") for line in done.stdout.splitlines()]
    assert [row[cells[0].index("linger_ms")] for row in cells[1:]] == ["5", "1000"]


def test_wrong_sizes_are_a_usage_error(run: Run, samples: Path) -> None:
    """A range that runs backwards, and a word that is no size."""
    sample = str(samples / "http-requests-16k-none.bin")
    done = run("batching", sample, "--sizes", "1MiB-1KiB")
    assert done.returncode == 2
    assert "the first is larger than the last" in done.stderr
    assert run("batching", sample, "--sizes", "many").returncode == 2
