"""Bad and odd input: what a user sees of it, and the exit code that scripts see."""

import os
import random
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from complab.codecs.catalogue import KAFKA_CODECS

Run = Callable[..., subprocess.CompletedProcess[str]]
InFile = Callable[[bytes], str]
MakeBatch = Callable[..., bytes]

# Over as soon as anything is known; the budget is for a machine that others use, too.
_SHORT = ("--codecs", "zstd:1,lz4:9", "--budget", "5", "--precision", "60")
_OPAQUE_ADVICE = "use --opaque to measure any bytes at all as one block"
_DAMAGE_ADVICE = "copy the file again, or take another segment"
_DATA_ADVICE = "take a segment that producers wrote to"


def refuse(run: Run, path: str, message: str) -> None:
    """The sweep prints nothing but this message, and ends with 1."""
    done = run("sweep", path, *_SHORT)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"complab: {path}: {message}\n"


def measured(run: Run, path: str, *, code: int) -> str:
    """The sweep measures both codecs and memcpy; the table that it prints."""
    done = run("sweep", path, *_SHORT)
    assert (done.returncode, done.stderr) == (code, "")
    for codec in ("zstd", "lz4", "memcpy"):
        assert f" {codec} " in done.stdout
    return done.stdout


def torn(batch: bytes) -> bytes:
    """The batch with one bit of its records turned."""
    return batch[:-1] + bytes([batch[-1] ^ 1])


# ---- Files in which nothing can be measured -----------------------------------------


def test_empty_file(run: Run, in_file: InFile) -> None:
    """An empty file is told to be so."""
    refuse(run, in_file(b""), "is empty: there is nothing to read")


@pytest.mark.parametrize("kept_bytes", [20, 5000, 15164])
def test_truncated_batch(
    run: Run, in_file: InFile, one_batch: bytes, kept_bytes: int
) -> None:
    """A batch that is cut short is told by its size and by what is left of it."""
    message = (
        f"offset 0: no record batch: a batch of 15,165 bytes is cut short: "
        f"{kept_bytes:,} bytes are left; copy the whole batch, or {_OPAQUE_ADVICE}"
    )
    refuse(run, in_file(one_batch[:kept_bytes]), message)


def test_a_few_bytes(run: Run, in_file: InFile) -> None:
    """Less than a batch header is told to be too little for one."""
    message = (
        "offset 0: no record batch: too little for a batch header: 3 bytes are left; "
        f"copy the whole batch, or {_OPAQUE_ADVICE}"
    )
    refuse(run, in_file(b"\0\0\x01"), message)


def test_wrong_magic(run: Run, in_file: InFile, make_batch: MakeBatch) -> None:
    """A magic of no format is told with the one that a batch has."""
    message = (
        "offset 0: no record batch: magic 7, where a record batch has 2; "
        f"{_OPAQUE_ADVICE}"
    )
    refuse(run, in_file(make_batch(magic=7)), message)


def test_text_file(run: Run, in_file: InFile) -> None:
    """A file of something else is told to hold no record batch."""
    done = run("sweep", in_file(b"a file of text, no batch at all\n" * 9), *_SHORT)
    assert (done.returncode, done.stdout) == (1, "")
    assert "no record batch: magic" in done.stderr
    assert _OPAQUE_ADVICE in done.stderr


def test_file_of_zeros(run: Run, in_file: InFile) -> None:
    """A preallocated file is told by its zeros."""
    message = (
        f"offset 0: no record batch: 5,000 zero bytes to the end; {_OPAQUE_ADVICE}"
    )
    refuse(run, in_file(bytes(5000)), message)


@pytest.mark.parametrize("length", [-10, 0, 48])
def test_impossible_length(
    run: Run, in_file: InFile, one_batch: bytes, length: int
) -> None:
    """A length below a header's is told with the least that there can be."""
    data = one_batch[:8] + length.to_bytes(4, "big", signed=True) + one_batch[12:]
    message = (
        f"offset 0: no record batch: a batch length of {length}, where 49 is the "
        f"least; {_OPAQUE_ADVICE}"
    )
    refuse(run, in_file(data), message)


def test_wrong_crc(run: Run, in_file: InFile, one_batch: bytes) -> None:
    """A wrong CRC is told with both values, and with what happens to the batch."""
    done = run("sweep", in_file(torn(one_batch)), *_SHORT)
    assert (done.returncode, done.stdout) == (1, "")
    assert "no batch with records can be measured (offset 0: CRC-32C is " in done.stderr
    assert done.stderr.endswith(f"; the batch is left out): {_DAMAGE_ADVICE}\n")


@pytest.mark.parametrize("codec_id", [5, 6, 7])
def test_invalid_codec_bits(
    run: Run, in_file: InFile, make_batch: MakeBatch, codec_id: int
) -> None:
    """Codec bits of no codec are told with their value."""
    message = (
        f"no batch with records can be measured (offset 0: codec bits {codec_id} mean "
        f"no codec; the batch is left out): {_DAMAGE_ADVICE}"
    )
    refuse(run, in_file(make_batch(codec_id=codec_id)), message)


def test_no_records(run: Run, in_file: InFile, make_batch: MakeBatch) -> None:
    """A file whose only batch is empty (compaction leaves such) needs another."""
    message = (
        "no batch with records can be measured (batches without records passed over: "
        f"1): {_DATA_ADVICE}"
    )
    refuse(run, in_file(make_batch(b"", count=0)), message)


def test_nothing_but_control_batches(
    run: Run, in_file: InFile, make_batch: MakeBatch
) -> None:
    """A file of transaction markers alone is told by them."""
    message = (
        "no batch with records can be measured (control batches passed over: 2): "
        f"{_DATA_ADVICE}"
    )
    refuse(run, in_file(make_batch(is_control=True) * 2), message)


# What each library says of records that are nothing of its own.
_BROKEN = {
    "gzip": "incorrect header check",
    "snappy": "a malformed snappy block",
    "lz4": "neither an LZ4 frame nor a skippable one",
    "zstd": "Unknown frame descriptor",
}


@pytest.mark.parametrize("codec", _BROKEN)
def test_records_that_do_not_decompress(
    run: Run,
    in_file: InFile,
    make_batch: MakeBatch,
    needs: Callable[[str], None],
    codec: str,
) -> None:
    """Records that are not what the header says are told with the codec's words."""
    needs(codec)
    codec_id = KAFKA_CODECS.index(codec)
    message = (
        "no batch with records can be measured (offset 0: its records do not "
        f"decompress ({codec}: the codec failed to decompress: {_BROKEN[codec]}); the "
        f"batch is left out): {_DAMAGE_ADVICE}"
    )
    refuse(run, in_file(make_batch(b"nothing of the kind", codec_id=codec_id)), message)


# ---- Files that are measured, and what is said of the rest --------------------------


def test_truncated_tail(run: Run, in_file: InFile, one_batch: bytes) -> None:
    """A batch cut short behind good ones costs itself, and exit code 1 tells."""
    shown = measured(run, in_file(one_batch + one_batch[:3000]), code=1)
    assert (
        "offset 15,165: a batch of 15,165 bytes is cut short: 3,000 bytes are left"
    ) in shown


def test_wrong_crc_later(run: Run, in_file: InFile, one_batch: bytes) -> None:
    """A damaged batch costs itself alone; those behind it are measured."""
    shown = measured(run, in_file(one_batch + torn(one_batch) + one_batch), code=1)
    assert "2 batches (all measured), 18 records, 30,208 bytes of payload" in shown
    assert "offset 15,165: CRC-32C is " in shown


def test_records_that_do_not_decompress_later(
    run: Run, in_file: InFile, one_batch: bytes, make_batch: MakeBatch
) -> None:
    """A batch that does not decompress is counted, not measured, and told."""
    path = in_file(one_batch + make_batch(b"nothing of the kind", codec_id=1))
    shown = measured(run, path, code=1)
    assert "2 batches (1 measured), 10 records" in shown
    assert "offset 15,165: its records do not decompress (gzip: " in shown
    assert "the batch is left out" in shown


def test_many_damaged_batches_are_summed_up(
    run: Run, in_file: InFile, one_batch: bytes, make_batch: MakeBatch
) -> None:
    """Of a thousand damaged batches three are told, and the others are counted."""
    bad = torn(make_batch())
    shown = measured(run, in_file(one_batch + 1000 * bad), code=1)
    assert shown.count("CRC-32C is ") == 3
    assert "997 more batches are left out for the same reason" in shown


def test_control_batches_are_no_damage(
    run: Run, in_file: InFile, one_batch: bytes, make_batch: MakeBatch
) -> None:
    """Transaction markers among data are passed over, said, and no failure."""
    shown = measured(run, in_file(one_batch + make_batch(is_control=True)), code=0)
    assert "1 batch (all measured), 9 records" in shown
    assert "control batches passed over: 1" in shown


def test_batches_without_records_are_no_damage(
    run: Run, in_file: InFile, one_batch: bytes, make_batch: MakeBatch
) -> None:
    """Batches that compaction emptied are passed over, said, and no failure."""
    shown = measured(run, in_file(one_batch + make_batch(b"", count=0)), code=0)
    assert "batches without records passed over: 1" in shown


def test_zero_tail_is_no_damage(run: Run, in_file: InFile, one_batch: bytes) -> None:
    """The preallocated end of an active segment is said, and no failure."""
    shown = measured(run, in_file(one_batch + bytes(5000)), code=0)
    assert "offset 15,165: 5,000 zero bytes to the end (preallocated)" in shown


def test_mixed_codecs(
    run: Run, in_file: InFile, samples: Path, needs: Callable[[str], None]
) -> None:
    """A file in several codecs is measured as a whole, and says which they are."""
    needs("snappy")
    parts = [samples / f"http-requests-16k-{name}.bin" for name in KAFKA_CODECS]
    shown = measured(run, in_file(b"".join(p.read_bytes() for p in parts)), code=0)
    assert "85 batches (all measured), 800 records" in shown
    assert "stored in several codecs: none, gzip, snappy, lz4, zstd" in shown


def test_one_byte(run: Run, in_file: InFile, make_batch: MakeBatch) -> None:
    """A payload of one byte has its row, though every codec makes more of it."""
    shown = measured(run, in_file(make_batch(b"x")), code=0)
    assert "1 batch (all measured), 1 record, 1 byte of payload" in shown


def test_payload_of_zeros(run: Run, in_file: InFile, make_batch: MakeBatch) -> None:
    """A payload of zeros has a ratio in the thousands, and its columns still align."""
    shown = measured(run, in_file(make_batch(bytes(65536))), code=0)
    lines = [line for line in shown.splitlines() if "zstd" in line or "memcpy" in line]
    assert len({len(line) for line in lines}) == 1
    assert ",978.91 " in lines[0]


def test_incompressible(run: Run, in_file: InFile, make_batch: MakeBatch) -> None:
    """A payload of noise is stored a little larger, with a ratio of 1.00."""
    noise = random.Random(1).randbytes(20_000)
    path = in_file(make_batch(noise))
    done = run("sweep", path, *_SHORT, "--format", "lzbench")
    assert done.returncode == 0
    sizes = [int(line.split()[-3]) for line in done.stdout.splitlines()[1:]]
    assert min(sizes) == 20_000
    assert max(sizes) < 20_100


def test_opaque(run: Run, in_file: InFile) -> None:
    """With --opaque any bytes are one block."""
    path = in_file(b"a file of text, no batch at all\n" * 40)
    done = run("sweep", path, *_SHORT, "--opaque")
    assert done.returncode == 0
    assert done.stdout.startswith(f"{path}: 1,280 bytes, taken as one block (--opaque)")


# ---- Standard input, and what is no file --------------------------------------------


def test_standard_input(run: Run, one_batch: bytes) -> None:
    """A dash reads standard input, and the table calls it so."""
    done = run("sweep", "-", *_SHORT, stdin=one_batch)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("standard input: 1 batch (all measured), 9 records")


def test_standard_input_names_itself_in_errors(run: Run, one_batch: bytes) -> None:
    """Errors of standard input name it, and its offset."""
    done = run("sweep", "-", *_SHORT)
    assert done.returncode == 1
    assert done.stderr == (
        "complab: standard input: is empty: there is nothing to read\n"
    )
    done = run("sweep", "-", *_SHORT, stdin=one_batch[:99])
    assert done.returncode == 1
    assert done.stderr.startswith("complab: standard input: offset 0: no record batch")


def test_closed_standard_input(program: str, environ: dict[str, str]) -> None:
    """A standard input that the caller closed is told to be so."""
    done = subprocess.run(
        ["sh", "-c", 'exec "$0" sweep - <&-', program],
        env=environ,
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "complab: standard input: is closed: pipe record batches into it, or name a "
        "file\n"
    )


def test_missing_file(run: Run, tmp_path: Path) -> None:
    """A file that is not there is told in the system's words."""
    refuse(run, str(tmp_path / "no"), "cannot be read: No such file or directory")


def test_unreadable_file(
    program: str, environ: dict[str, str], in_file: InFile, one_batch: bytes
) -> None:
    """A file without the right to read it is told so, to root as a plain user."""
    path = in_file(one_batch)
    Path(path).chmod(0)
    command = [program, "sweep", path]
    if os.access(path, os.R_OK):  # root may read all, until it gives that right up
        drop = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
        if subprocess.run([*drop, "true"], check=False, capture_output=True).returncode:
            pytest.skip("root may read every file, and may not give that up here")
        command = [*drop, *command]
    done = subprocess.run(
        command, env=environ, check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"complab: {path}: cannot be read: Permission denied\n"


# ---- Folders ------------------------------------------------------------------------


def test_folder_of_segments(run: Run, samples: Path, tmp_path: Path) -> None:
    """A partition's folder is one input: its segments, without what lies beside."""
    for number, name in enumerate(["journald-16k-zstd", "journald-16k-none"]):
        data = (samples / f"{name}.bin").read_bytes()
        (tmp_path / f"{number * 250:020}.log").write_bytes(data)
    (tmp_path / f"{0:020}.index").write_bytes(bytes(10_000))
    (tmp_path / "leader-epoch-checkpoint").write_text("0\n1\n0 0\n", "ascii")
    done = run("sweep", str(tmp_path), *_SHORT)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{tmp_path}: 38 batches (all measured), 500 records" in done.stdout


def test_empty_folder(run: Run, tmp_path: Path) -> None:
    """A folder without anything is told what a partition's has."""
    refuse(run, str(tmp_path), "is an empty folder: a partition's has .log files")


def test_folder_of_topics(run: Run, tmp_path: Path) -> None:
    """A broker's whole folder is told apart, and which of the inner ones to name."""
    (tmp_path / "topic-0").mkdir()
    (tmp_path / "topic-0" / f"{0:020}.log").write_bytes(b"")
    refuse(
        run,
        str(tmp_path),
        "holds no .log file itself, but 1 folder that does (topic-0): name one",
    )
