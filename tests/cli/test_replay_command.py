"""``complab replay`` through the program."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

from complab.studies.replay_table import COLUMN_NAMES

Run = Callable[..., CompletedProcess[str]]


def test_it_shows_a_table_and_writes_a_segment(
    run: Run, samples: Path, tmp_path: Path
) -> None:
    """Exit code 0, a row a codec, and the bytes that the row tells."""
    segment = tmp_path / "out.log"
    done = run(
        "replay",
        str(samples / "http-requests-16k-none.bin"),
        *("--codecs", "gzip:1", "--budget", "0.2", "--format", "csv"),
        *("--write-segment", str(segment)),
    )
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [row["codec"] for row in rows] == ["none", "gzip"]
    assert tuple(rows[0]) == COLUMN_NAMES
    assert segment.stat().st_size == int(rows[1]["disk_bytes"])
    assert "CPU seconds for a million messages" in done.stderr


def test_nothing_is_overwritten_unasked(
    run: Run, samples: Path, tmp_path: Path
) -> None:
    """The file is there before anything is measured."""
    segment = tmp_path / "out.log"
    segment.write_text("mine")
    sample = str(samples / "http-requests-16k-none.bin")
    done = run("replay", sample, "--codecs", "none", "--write-segment", str(segment))
    assert done.returncode == 1
    assert "--force" in done.stderr
    assert segment.read_text() == "mine"


def test_json_has_rows_and_notes(run: Run, samples: Path, tmp_path: Path) -> None:
    """On standard output and in a file."""
    output = tmp_path / "replay.json"
    done = run(
        "replay",
        str(samples / "http-requests-16k-none.bin"),
        *("--codecs", "none", "--budget", "0.1", "--client", "sarama"),
        *("--batching", "client", "--linger", "100ms", "--arrival", "20000/s"),
        *("--format", "json", "--output", str(output)),
    )
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert json.loads(output.read_text()) == document
    assert document["rows"][0]["client"] == "sarama"


def test_a_wrong_time_is_a_usage_error(run: Run, samples: Path) -> None:
    """With an example of a right one."""
    sample = str(samples / "http-requests-16k-none.bin")
    done = run("replay", sample, "--batching", "client", "--linger", "soon")
    assert done.returncode == 2
    assert "such as 100ms or 1s" in done.stderr
