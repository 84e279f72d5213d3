"""``complab survey`` as a user runs it: formats, files, exit codes."""

import csv
import io
import json
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

_SLOWLY = ("--max-rate", "100kB/s")

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def data(tmp_path: Path, samples: Path) -> Path:
    """A data folder of two topics."""
    for topic, name in {"web": "http-requests", "journal": "journald"}.items():
        place = tmp_path / "data" / f"{topic}-0"
        place.mkdir(parents=True)
        log = (samples / f"{name}-16k-none.bin").read_bytes()
        (place / "00000000000000000000.log").write_bytes(log)
    return tmp_path / "data"


def test_the_table_tells_topics_sums_and_findings(run: Run, data: Path) -> None:
    """Both topics, the worst first, the sum below, then what lint found."""
    done = run("survey", str(data))
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert "2 topics" in lines[0]
    assert [line.split()[0] for line in lines[5:7]] == ["journal", "web"]
    assert "zstd:3 would save" in done.stdout
    assert "remedy:" in done.stdout


def test_formats_and_output(run: Run, data: Path, tmp_path: Path) -> None:
    """CSV and JSON have the same rows; a file is not overwritten unasked."""
    path = tmp_path / "topics.csv"
    done = run(
        *("survey", str(data), "--codecs", "zstd:1,lz4", "--format", "json"),
        *("--output", str(tmp_path / "all.md"), "--seed", "7"),
    )
    document = json.loads(done.stdout)
    assert document["seed"] == 7
    assert len(document["rows"]) == 4
    assert (tmp_path / "all.md").read_text().startswith("{")
    done = run("survey", str(data), "--codecs", "zstd:1,lz4", "--output", str(path))
    assert done.returncode == 0
    rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8"))))
    assert [row["saving_bytes"] for row in rows] == [
        str(row["saving_bytes"]) for row in document["rows"]
    ]
    again = run("survey", str(data), "--output", str(path))
    assert again.returncode == 1
    assert "exists already" in again.stderr
    assert run("survey", str(data), "--output", str(path), "--force").returncode == 0
    assert "| topic" in run("survey", str(data), "--format", "markdown").stdout


def test_a_link_is_a_failure_and_the_rest_is_printed(run: Run, data: Path) -> None:
    """Exit code 1, and the other topics have their rows."""
    (data / "elsewhere-0").symlink_to("/usr")
    done = run("survey", str(data), "--format", "csv")
    assert done.returncode == 1
    rows = {row["topic"]: row for row in csv.DictReader(io.StringIO(done.stdout))}
    assert rows["elsewhere"]["status"] == "failed"
    assert "links are not followed" in rows["elsewhere"]["message"]
    assert float(rows["web"]["saving_pct"]) > 0


def test_a_rate_is_kept(run: Run, data: Path) -> None:
    """Half a megabyte at 400 kB a second takes a second at the least."""
    begin = time.monotonic()
    assert run("survey", str(data), "--max-rate", "400kB/s").returncode == 0
    assert time.monotonic() - begin > 1.0


def test_an_interrupted_survey_prints_what_it_has(program: str, data: Path) -> None:
    """Ctrl-C in the middle of a slow read: exit code 130, and the table so far."""
    process = subprocess.Popen(
        ["env", "--default-signal=INT", program, "survey", str(data), *_SLOWLY],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    # The first topic takes three seconds at that rate, and the second as long.
    time.sleep(4.5)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=30)
    assert (process.returncode, stderr) == (130, "")
    assert "interrupted" in stdout
    assert "\nweb " not in stdout


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--codecs", "brotli"), 2, "none of Kafka's codecs"),
        (("--precision", "0"), 2, "above 0"),
        (("--max-rate", "fast"), 2, "is not a size"),
        (("--output", "x.xlsx"), 2, "names no format"),
    ],
)
def test_wrong_options(
    run: Run, data: Path, arguments: tuple[str, ...], code: int, words: str
) -> None:
    """A wrong word is a usage error that says what is allowed."""
    done = run("survey", str(data), *arguments)
    assert done.returncode == code
    assert words in done.stderr


def test_what_is_no_data_folder(run: Run, data: Path) -> None:
    """A folder above it, and a segment, are errors that say what to name."""
    above = run("survey", str(data.parent))
    assert above.returncode == 1
    assert "name the folder of a broker's log.dirs" in above.stderr
    segment = run("survey", str(data / "web-0" / "00000000000000000000.log"))
    assert segment.returncode == 1
    assert "see inspect" in segment.stderr
