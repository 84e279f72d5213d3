"""``complab inspect`` and ``complab extract`` as a user runs them."""

import csv
import io
import json
import os
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import complab

Run = Callable[..., subprocess.CompletedProcess[str]]


def test_table_shows_batches_totals_bars_and_lint(run: Run, samples: Path) -> None:
    """Without options everything stands on one page, and the exit code is 0."""
    done = run("inspect", str(samples / "http-requests-16k-zstd.bin"))
    assert (done.returncode, done.stderr) == (0, "")
    assert "http-requests-16k-zstd.bin: 17 batches, 98,663 bytes" in done.stdout
    assert "java or librdkafka" in done.stdout
    assert "records per batch" in done.stdout
    assert "L17 info: 17 batches" in done.stdout
    assert "not checked for want of the topic setting compression.type" in done.stdout


def test_csv_has_the_batches(run: Run, samples: Path) -> None:
    """CSV is a header line and a row for each batch."""
    done = run("inspect", str(samples / "journald-16k-lz4.bin"), "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert len(rows) == 19
    assert rows[0]["codec"] == "lz4"
    assert sum(int(row["uncompressed_bytes"]) for row in rows) == 286_686


def test_json_of_a_folder(run: Run, samples: Path, tmp_path: Path) -> None:
    """A folder of segments is one document, which names each batch's file."""
    for number, codec in enumerate(("none", "gzip")):
        data = (samples / f"journald-16k-{codec}.bin").read_bytes()
        (tmp_path / f"{number * 250:020}.log").write_bytes(data)
    done = run("inspect", str(tmp_path), "--format", "json")
    document = json.loads(done.stdout)
    assert len(document["files"]) == 2
    assert {b["file"] for b in document["batches"]} == set(document["files"])
    assert [c["codec"] for c in document["totals"]["codecs"]] == ["none", "gzip"]


def test_records_of_one_batch(run: Run, samples: Path) -> None:
    """The records of a batch are listed, in CSV with the whole value."""
    path = str(samples / "journald-16k-gzip.bin")
    done = run("inspect", path, "--batch", "2", "--records")
    assert done.returncode == 0
    assert "batch 2 at offset " in done.stdout
    done = run("inspect", path, "--batch", "2", "--records", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert all(json.loads(row["value"])["MESSAGE"] for row in rows)


def test_keys_and_values_are_escaped(
    run: Run, in_file: Callable[[bytes], str], make_batch: Callable[..., bytes],
    make_record: Callable[[bytes], bytes],
) -> None:  # fmt: skip
    """No byte of a record steers the terminal."""
    record = make_record(b"\x1b[2J\xff\nnext")
    path = in_file(make_batch(record))
    done = run("inspect", path, "--batch", "0", "--records")
    assert "\\x1b[2J\\xff\\nnext" in done.stdout
    assert "\x1b" not in done.stdout


def test_damage_is_exit_code_1(
    run: Run, in_file: Callable[[bytes], str], make_batch: Callable[..., bytes]
) -> None:
    """Damage is shown, the rest is shown, and the exit code tells."""
    done = run("inspect", in_file(make_batch() + make_batch()[:-3]))
    assert done.returncode == 1
    assert "is cut short" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--records"], "add --batch N"),
        (["--batch", "99"], "batches 99 to 99: the log has 0 to 16"),
        (["--topic-config", "compression.type"], "not of the form NAME=VALUE"),
        (["--topic-config", "compression.type=brotli"], "brotli"),
        (["--topic-config", "no.such=1"], "decides nothing here"),
    ],
)
def test_usage_errors(
    run: Run, samples: Path, arguments: list[str], message: str
) -> None:
    """What makes no sense is exit code 2, with what to do."""
    done = run("inspect", str(samples / "http-requests-16k-zstd.bin"), *arguments)
    assert done.returncode == 2
    assert message in done.stderr


# ---- extract ------------------------------------------------------------------------


def test_extracted_batch_is_a_log(run: Run, samples: Path, tmp_path: Path) -> None:
    """The batch comes out as it is stored, the owner's alone, and can be read again."""
    path, out = str(samples / "http-requests-16k-lz4.bin"), tmp_path / "batch.bin"
    done = run("extract", path, "--batch", "3", "--output", str(out))
    assert (done.returncode, done.stdout) == (0, "")
    assert f"{out}: " in done.stderr
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    whole, one = complab.kafka.open(path), complab.kafka.open(str(out))
    assert out.read_bytes() == whole.batch(3)
    assert one.payload(0) == whole.payload(3)
    again = run("extract", path, "--batch", "4", "--output", str(out))
    assert again.returncode == 1
    assert "exists already" in again.stderr
    assert out.read_bytes() == whole.batch(3)


def test_extracted_payload_and_range(run: Run, samples: Path, tmp_path: Path) -> None:
    """Payloads come uncompressed; a range is its batches one after another."""
    path, out = str(samples / "http-requests-16k-zstd.bin"), tmp_path / "payload"
    log = complab.kafka.open(path)
    run("extract", path, "--offset", "31", "--payload", "--output", str(out))
    assert out.read_bytes() == log.payload(3)
    run("extract", path, "--batch", "3-5", "--output", str(out), "--force")
    assert out.read_bytes() == log.bytes_of(3, 5)


def test_extract_to_standard_output(program: str, samples: Path) -> None:
    """With "-" the bytes are standard output, and nothing else is."""
    path = str(samples / "http-requests-16k-zstd.bin")
    read, write = os.pipe()
    with open(read, "rb") as stream:  # noqa: PTH123 - a descriptor
        pid = os.posix_spawn(
            program,
            [program, "extract", path, "--batch", "0", "--output", "-"],
            os.environ,
            file_actions=[(os.POSIX_SPAWN_DUP2, write, 1)],
        )
        os.close(write)
        data = stream.read()
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert data == complab.kafka.open(path).batch(0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "either --batch N[-M] or --offset N"),
        (["--batch", "1", "--offset", "1"], "either --batch N[-M] or --offset N"),
        (["--batch", "5-3"], "batches 5 to 3: the log has 0 to 16"),
        (["--batch", "x"], "give a number from 0 on"),
        (["--offset", "160"], "no batch holds offset 160: the log has 0 to 159"),
    ],
)
def test_extract_usage_errors(
    run: Run, samples: Path, tmp_path: Path, arguments: list[str], message: str
) -> None:
    """A batch that is not there, or not said, is exit code 2 and no file."""
    out = tmp_path / "out"
    path = str(samples / "http-requests-16k-zstd.bin")
    done = run("extract", path, *arguments, "--output", str(out))
    assert done.returncode == 2
    assert message in done.stderr
    assert not out.exists()
