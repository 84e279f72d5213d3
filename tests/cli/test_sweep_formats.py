"""What a sweep writes: every format, output and result files, order and seed."""

import csv
import json
import os
import re
import shlex
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from complab.results.files import load, to_document
from complab.results.rows import COLUMN_NAMES

Run = Callable[..., subprocess.CompletedProcess[str]]

_FEW = ("--codecs", "zstd:1,3,lz4:9,gzip:1", "--budget", "1")
_FEW_ROWS = {("zstd", "1"), ("zstd", "3"), ("lz4", "9"), ("gzip", "1"), ("memcpy", "")}


def rows_of(text: str) -> list[dict[str, str]]:
    """The rows of a CSV, its header checked."""
    reader = csv.DictReader(text.splitlines())
    rows = list(reader)
    assert tuple(reader.fieldnames or ()) == COLUMN_NAMES
    return rows


def names(rows: list[dict[str, str]]) -> list[tuple[str, str]]:
    """Codec and level of each row."""
    return [(row["codec"], row["level"]) for row in rows]


# ---- Standard output ----------------------------------------------------------------


def test_few_batches_are_told_to_be_repeated(run: Run, samples: Path) -> None:
    """A file of small batches is walked over and over like a single one."""
    few, many = (
        run("sweep", str(samples / name), "--codecs", "lz4:9", "--budget", "0.5").stdout
        for name in ("http-requests-16k-lz4.bin", "http-requests-1m-none.bin")
    )
    assert "same 17 batches, repeated: the CPU learns them" in few
    assert "repeated" not in many


def test_table(run: Run, small: str) -> None:
    """The table has a line of what was read, a row each, memcpy, and its notes."""
    done = run("sweep", small, *_FEW)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert (
        lines[0]
        == f"{small}: 1 batch (all measured), 9 records, 15,104 bytes of payload"
    )
    assert lines[1].startswith("framing kafka: what the Java client writes")
    assert "same batch, repeated" in lines[2]
    found = {tuple(line.lstrip("* ").split()[:2]) for line in lines}
    assert found > {(codec, level or "-") for codec, level in _FEW_ROWS}
    assert "± the 95 % interval for other runs on this machine" in lines[-1]
    assert "\x1b" not in done.stdout


def test_markdown(run: Run, small: str) -> None:
    """Markdown is a table whose rows all have as many cells."""
    done = run("sweep", small, *_FEW, "--format", "markdown")
    assert done.returncode == 0
    table = [line for line in done.stdout.splitlines() if line.startswith("|")]
    assert len(table) == 2 + len(_FEW_ROWS)
    assert len({line.count("|") for line in table}) == 1


def test_csv(run: Run, small: str) -> None:
    """CSV has the settled columns, plain numbers, and nothing else on the stream."""
    done = run("sweep", small, *_FEW, "--format", "csv")
    assert (done.returncode, done.stderr) == (0, "")
    rows = rows_of(done.stdout)
    assert set(names(rows)) == _FEW_ROWS
    for row in rows:
        assert (row["status"], row["message"]) == ("ok", "")
        assert row["uncompressed_bytes"] == "15104"
        ratio = 15104 / int(row["compressed_bytes"])
        assert float(row["compression_ratio"]) == pytest.approx(ratio, rel=1e-5)
        assert int(row["stored_bytes"]) == int(row["compressed_bytes"]) + 61
        for direction in ("compress", "decompress"):
            assert float(row[f"{direction}_mbps"]) > 0
            assert float(row[f"{direction}_error_pct"]) >= 0
            assert int(row[f"{direction}_epoch_count"]) >= 3


def test_json(run: Run, small: str) -> None:
    """JSON is the result itself: what --save writes, with the command that measures it.

    How this run showed it is no part of that.
    """
    done = run("sweep", small, *_FEW, "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    document = json.loads(done.stdout)
    assert document["schema_version"] == 1
    assert document["command"] == shlex.join(["complab", "sweep", small, *_FEW])
    assert document["inputs"][0]["path"] == small
    assert len(document["rows"]) == len(document["configurations"]) == len(_FEW_ROWS)
    assert set(document["rows"][0]) == set(COLUMN_NAMES)


def test_lzbench(run: Run, small: str) -> None:
    """The layout is lzbench's: its head, and rows that its users' patterns match."""
    done = run("sweep", small, *_FEW, "--format", "lzbench")
    assert (done.returncode, done.stderr) == (0, "")
    head, *rows = done.stdout.splitlines()
    assert head == (
        "Compressor name         Compress. Decompress. Compr. size  Ratio Filename"
    )
    pattern = r"(.{23}) *([\d.]+) MB/s *([\d.]+) MB/s +(\d+) +([\d.]+) " + small
    found = [re.fullmatch(pattern, row) for row in rows]
    assert len(rows) == len(_FEW_ROWS)
    assert all(found)
    assert {match[1].split()[0] for match in found if match} == {
        codec for codec, _ in _FEW_ROWS
    }


def test_raw_framing_is_lzbenchs_work(run: Run, small: str) -> None:
    """With raw framing the context is reused and a list of lzbench's is understood."""
    arguments = ("--framing", "raw", "--codecs", "zstd,1/lz4/lz4hc,1,9/memcpy")
    done = run("sweep", small, *arguments, "--budget", "0.5", "--format", "csv")
    assert done.returncode == 0
    rows = rows_of(done.stdout)
    assert set(names(rows)) == {
        ("zstd", "1"),
        ("lz4", ""),
        ("lz4hc", "1"),
        ("lz4hc", "9"),
        ("memcpy", ""),
    }
    assert {(row["framing"], row["context"], row["client"]) for row in rows} == {
        ("raw", "reused", "")
    }


def test_default_list_is_kafkas_codecs_and_brotli(run: Run, small: str) -> None:
    """Without --codecs there is a row for each level of Kafka's five, and brotli's."""
    done = run("sweep", small, "--budget", "0.5", "--format", "csv")
    assert done.returncode == 0
    expected = {("none", ""), ("snappy", ""), ("memcpy", "")}
    for codec, first, last in (
        ("gzip", 1, 9),
        ("lz4", 1, 12),
        ("zstd", 1, 22),
        ("brotli", 0, 11),
    ):
        expected |= {(codec, str(level)) for level in range(first, last + 1)}
    rows = rows_of(done.stdout)
    assert set(names(rows)) == expected
    assert len(rows) == len(expected)
    for row in rows:
        assert row["status"] == "ok" or row["message"]


def test_quick_list(run: Run, small: str) -> None:
    """``--quick`` measures the settled short list."""
    done = run("sweep", small, "--quick", "--budget", "0.5", "--format", "csv")
    assert done.returncode == 0
    expected = {("none", ""), ("snappy", ""), ("memcpy", "")}
    for codec, levels in (
        ("gzip", "1 6 9"),
        ("lz4", "1 9 12"),
        ("zstd", "1 3 6 9 15"),
        ("brotli", "1 5 9"),
    ):
        expected |= {(codec, level) for level in levels.split()}
    assert set(names(rows_of(done.stdout))) == expected


@pytest.mark.parametrize("format_name", ["table", "csv", "lzbench"])
def test_nothing_is_said_beside_the_result(
    run: Run, small: str, format_name: str
) -> None:
    """Where standard error is no terminal there is no progress on it."""
    done = run("sweep", small, *_FEW, "--format", format_name)
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("column", "is_descending"),
    [
        ("codec", False),
        ("level", False),
        ("compressed_bytes", False),
        ("compression_ratio", True),
        ("compress_mbps", True),
        ("decompress_mbps", True),
    ],
)
def test_sort(run: Run, small: str, column: str, is_descending: bool) -> None:
    """Rows come in the order of the column: words and levels rise, speeds fall."""
    done = run("sweep", small, *_FEW, "--sort", column, "--format", "csv")
    values: list[Any] = [row[column] for row in rows_of(done.stdout)]
    assert len(values) == len(_FEW_ROWS)
    told = [value for value in values if value]
    if column != "codec":
        told = [float(value) for value in told]
    assert told == sorted(told, reverse=is_descending)
    assert values[len(told) :] == [""] * (len(values) - len(told))


def test_order_without_sort_is_the_ratio(run: Run, small: str) -> None:
    """The best ratio stands on top, in lzbench's layout too."""
    lines = run("sweep", small, *_FEW, "--format", "lzbench").stdout.splitlines()
    sizes = [int(line.split("MB/s")[2].split()[0]) for line in lines[1:]]
    assert sizes == sorted(sizes)


# ---- Warnings -----------------------------------------------------------------------


@pytest.fixture
def damaged(one_batch: bytes, make_batch: Callable[..., bytes], tmp_path: Path) -> str:
    """A good batch, and one whose codec bits mean nothing."""
    path = tmp_path / "damaged.bin"
    path.write_bytes(one_batch + make_batch(codec_id=6))
    return str(path)


@pytest.mark.parametrize("format_name", ["csv", "lzbench"])
def test_warnings_of_scripts_formats_go_to_stderr(
    run: Run, damaged: str, format_name: str
) -> None:
    """What has no place in CSV and lzbench's layout goes to standard error."""
    done = run("sweep", damaged, *_FEW, "--format", format_name)
    assert done.returncode == 1
    assert done.stderr == (
        f"complab: {damaged}: offset 15,165: codec bits 6 mean no codec; the batch is "
        "left out\n"
    )


@pytest.mark.parametrize("format_name", ["table", "markdown", "json"])
def test_warnings_of_peoples_formats_are_in_them(
    run: Run, damaged: str, format_name: str
) -> None:
    """Table, Markdown and JSON hold the warnings themselves."""
    done = run("sweep", damaged, *_FEW, "--format", format_name)
    assert (done.returncode, done.stderr) == (1, "")
    assert "codec bits 6 mean no codec" in done.stdout


def test_quiet_says_nothing_beside_the_result(run: Run, damaged: str) -> None:
    """``--quiet`` keeps standard error empty; the exit code still tells."""
    done = run("sweep", damaged, *_FEW, "--format", "csv", "--quiet")
    assert (done.returncode, done.stderr) == (1, "")


# ---- Files --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "begin"),
    [
        ("t.csv", "codec,level,"),
        ("t.md", "small.bin: 1 batch"),
        ("t.txt", "small.bin: 1 batch"),
        ("t.json", '{\n"schema_version": 1'),
    ],
)
def test_output_has_the_format_of_its_suffix(
    run: Run, small: str, tmp_path: Path, name: str, begin: str
) -> None:
    """A file's suffix names its format, while standard output shows the table."""
    path = tmp_path / name
    done = run("sweep", small, *_FEW, "--output", str(path))
    assert done.returncode == 0
    assert begin in path.read_text("utf-8")[: len(begin) + len(small)]
    assert done.stdout.startswith(f"{small}: 1 batch")


def test_output_is_what_standard_output_shows(
    run: Run, small: str, tmp_path: Path
) -> None:
    """With --format the file and standard output hold the same bytes."""
    path = tmp_path / "table.any"
    done = run("sweep", small, *_FEW, "--format", "csv", "--output", str(path))
    assert done.returncode == 0
    assert path.read_bytes().decode() == done.stdout


def test_output_dash_is_standard_output(run: Run, small: str, tmp_path: Path) -> None:
    """``--output -`` prints once, and makes no file of that name."""
    arguments = ("--output", "-", "--format", "csv")
    done = run("sweep", small, *_FEW, *arguments, folder=tmp_path)
    assert done.returncode == 0
    assert len(rows_of(done.stdout)) == len(_FEW_ROWS)
    assert list(tmp_path.iterdir()) == []


def test_save_writes_the_result(run: Run, small: str, tmp_path: Path) -> None:
    """The saved result reads back, and is what JSON on standard output says."""
    path = tmp_path / "result.json"
    arguments = ("--save", str(path), "--format", "json", "--seed", "7")
    done = run("sweep", small, *_FEW, *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    record = load(str(path))
    assert json.loads(done.stdout) == json.loads(json.dumps(to_document(record)))
    assert record.plan["seed"] == 7
    assert record.is_complete
    assert [file.name for file in tmp_path.iterdir()] == ["result.json"]


@pytest.mark.parametrize("option", ["--output", "--save"])
def test_existing_file_is_left_alone(
    run: Run, small: str, tmp_path: Path, option: str
) -> None:
    """What is there stays there, and nothing is measured for it in vain."""
    path = tmp_path / "there.json"
    path.write_text("mine", encoding="ascii")
    done = run("sweep", small, option, str(path))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"complab: {path}: exists already: choose another name, or overwrite it with "
        "--force\n"
    )
    assert path.read_text("ascii") == "mine"


@pytest.mark.parametrize("option", ["--output", "--save"])
def test_force_overwrites(run: Run, small: str, tmp_path: Path, option: str) -> None:
    """With --force the file is replaced as a whole."""
    path = tmp_path / "there.json"
    path.write_text("mine " * 100_000, encoding="ascii")
    done = run("sweep", small, *_FEW, option, str(path), "--force")
    assert done.returncode == 0
    assert load(str(path)).is_complete


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        (["--output", "t.xyz"], (2, "--output t.xyz: the suffix names no format")),
        (["--output", "none/t.csv"], (1, "none/t.csv: there is no folder none")),
        (["--save", "none/t.json"], (1, "none/t.json: there is no folder none")),
        (["--output", ".", "--format", "csv"], (1, ".: is a directory: name a file")),
        (["--save", "."], (1, ".: is a directory: name a file")),
        (["--save", "-"], (2, "--save needs a file; --format json prints")),
        (["--save", "a.json", "--output", "a.json"], (2, "both name a.json")),
    ],
)
def test_impossible_files_are_refused_at_once(
    run: Run, small: str, tmp_path: Path, arguments: list[str], answer: tuple[int, str]
) -> None:
    """A file that cannot be written is refused before anything is measured."""
    done = run("sweep", small, *arguments, folder=tmp_path)
    assert (done.returncode, done.stdout) == (answer[0], "")
    assert answer[1] in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("option", ["--output", "--save"])
def test_pipe_is_written_to_and_stays(
    run: Run, small: str, tmp_path: Path, option: str
) -> None:
    """A named pipe (or a device) gets the text and is not renamed over."""
    path = tmp_path / "pipe.json"
    os.mkfifo(path)
    taken: list[str] = []
    reader = threading.Thread(
        target=lambda: taken.append(path.read_text("utf-8")), daemon=True
    )
    reader.start()
    done = run("sweep", small, *_FEW, option, str(path), "--force")
    reader.join(10)
    assert done.returncode == 0
    assert path.is_fifo()
    assert json.loads(taken[0])["schema_version"] == 1


def test_link_stays_a_link(run: Run, small: str, tmp_path: Path) -> None:
    """What a link leads to is replaced, and the link still leads there."""
    target, link = tmp_path / "target.json", tmp_path / "link.json"
    target.write_text("old", encoding="ascii")
    link.symlink_to(target)
    done = run("sweep", small, *_FEW, "--save", str(link), "--force")
    assert done.returncode == 0
    assert link.is_symlink()
    assert load(str(target)).is_complete


def test_full_disk_costs_no_table(run: Run, small: str) -> None:
    """If a file cannot be written in the end, the table is shown all the same."""
    done = run("sweep", small, *_FEW, "--save", "/dev/full")
    assert done.returncode == 1
    assert done.stdout.startswith(f"{small}: 1 batch")
    assert done.stderr == (
        "complab: /dev/full: cannot be written: No space left on device\n"
    )
    assert Path("/dev/full").is_char_device()


# ---- Seed ---------------------------------------------------------------------------


def test_seed_decides_which_batches_are_measured(run: Run, samples: Path) -> None:
    """The same seed measures the same batches of a thinned file, another not."""
    path = str(samples / "http-requests-16k-none.bin")

    def measured(seed: str) -> tuple[set[str], str]:
        arguments = ("--max-input", "40kB", "--codecs", "zstd:1", "--budget", "0.3")
        done = run("sweep", path, *arguments, "--seed", seed, "--format", "csv")
        assert done.returncode == 0
        sizes = {row["compressed_bytes"] for row in rows_of(done.stdout)}
        (told,) = [line for line in done.stderr.splitlines() if "measured" in line]
        return sizes, told

    first, again, other = measured("3"), measured("3"), measured("1")
    assert first == again
    assert first[0] != other[0]
    assert "measured 2 of 17 batches, spread evenly" in first[1]
    assert "(seed 3): --max-input takes more" in first[1]


# ---- Policies -----------------------------------------------------------------------


def test_policies_are_rows(run: Run, small: str) -> None:
    """Each word of a policy has a row that says it, in CSV and on the screen."""
    arguments = ("--codecs", "zstd:1", "--context", "fresh,reused", "--buffers", "cold")
    done = run("sweep", small, *arguments, *_FEW[2:], "--format", "csv")
    assert done.returncode == 0
    rows = rows_of(done.stdout)
    assert [(row["codec"], row["context"], row["buffers"]) for row in rows] == [
        ("zstd", "fresh", "cold"),
        ("zstd", "reused", "cold"),
        ("memcpy", "reused", "cold"),
    ]
    assert {row["size_known"] for row in rows} == {"true", "false"}
    done = run("sweep", small, *arguments, *_FEW[2:])
    assert (
        "cold buffers: batches and outputs are taken out of the caches" in done.stdout
    )
    heads = next(line for line in done.stdout.splitlines() if "level" in line)
    assert {"context", "buffers"} <= set(heads.split())
    assert "size" not in heads.split()


def test_own_policies_have_no_columns(run: Run, small: str) -> None:
    """A sweep that does what its framing does shows no columns for it."""
    done = run("sweep", small, *_FEW)
    heads = next(line for line in done.stdout.splitlines() if "level" in line)
    assert not {"context", "buffers", "size", "threads"} & set(heads.split())


def test_unknown_policy_is_usage(run: Run, small: str) -> None:
    """A word that a policy does not have ends with 2 and the words that it has."""
    done = run("sweep", small, "--buffers", "hot")
    assert done.returncode == 2
    assert done.stderr == "complab: buffers 'hot': it is warm or cold\n"


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="there is one CPU")
def test_threads_are_rows(run: Run, small: str) -> None:
    """Each thread count has a row that says it."""
    arguments = ("--codecs", "zstd:1", "--threads", "1,2", *_FEW[2:])
    done = run("sweep", small, *arguments, "--format", "csv")
    assert done.returncode == 0
    rows = rows_of(done.stdout)
    assert {(row["codec"], row["threads"]) for row in rows} == {
        ("zstd", "1"),
        ("zstd", "2"),
        ("memcpy", "1"),
        ("memcpy", "2"),
    }
    done = run("sweep", small, *arguments)
    assert "threads: what all of them do together" in done.stdout


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ("two", "'two' is no number: give them as 1,2"),
        ("0", "0 threads: from 1 to "),
        ("1,9999", "9999 threads: from 1 to "),
    ],
)
def test_impossible_threads_are_usage(
    run: Run, small: str, counts: str, words: str
) -> None:
    """Counts that are none, or more than the CPUs, end with 2 and what is possible."""
    done = run("sweep", small, "--threads", counts)
    assert done.returncode == 2
    assert words in done.stderr
