"""``complab dictionary`` as a user runs it."""

import csv
import io
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


def test_both_tables_and_the_plain_word(run: Run, samples: Path) -> None:
    """Gains, then ages, and that Kafka carries no dictionaries."""
    path = str(samples / "journald-16k-zstd.bin")
    done = run("dictionary", path, "--sizes", "4KiB,16KiB")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Kafka carries no dictionaries" in done.stdout
    assert "how it ages" in done.stdout


def test_formats_have_the_same_rows(run: Run, samples: Path, tmp_path: Path) -> None:
    """CSV has the first table, JSON both."""
    path = str(samples / "journald-16k-zstd.bin")
    kept = tmp_path / "dictionary.json"
    done = run(
        *("dictionary", path, "--sizes", "16KiB", "--format", "csv"),
        *("--output", str(kept)),
    )
    assert done.returncode == 0
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert rows[0]["unit"] == "value"
    assert kept.read_text("utf-8").startswith("codec,")
    done = run("dictionary", path, "--sizes", "16KiB", "--format", "json")
    document = json.loads(done.stdout)
    assert [str(row["compressed_bytes"]) for row in document["rows"]] == [
        row["compressed_bytes"] for row in rows
    ]
    assert document["ages"][0]["part"] == 1


def test_lines_of_a_file(run: Run, root: Path) -> None:
    """A file of records without a log will do."""
    path = str(root / "CONTRIBUTING.md")
    done = run(
        *("dictionary", path, "--records", "lines", "--batch-size", "1KiB"),
        *("--sizes", "1KiB", "--train", "60%"),
    )
    assert done.returncode == 0
    assert "batches" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--codecs", "lz4"), "takes no trained dictionary"),
        (("--sizes", "large"), "is not a size"),
        (("--train", "100"), "between 0 and 1"),
        (("--batch-size", "4KiB"), "--records"),
    ],
)
def test_wrong_options(
    run: Run, samples: Path, arguments: tuple[str, ...], words: str
) -> None:
    """A wrong word is a usage error."""
    done = run("dictionary", str(samples / "journald-16k-zstd.bin"), *arguments)
    assert done.returncode == 2
    assert words in done.stderr
