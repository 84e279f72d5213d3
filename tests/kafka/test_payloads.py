"""What is read out of a file of record batches, and what is said of the rest."""

import gzip
import io
import itertools
import os
import struct
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from complab.codecs.catalogue import KAFKA_CODECS, Catalogue
from complab.errors import (
    InputError,
    NoDataBatchError,
    NotARecordBatchError,
    TruncatedBatchError,
)
from complab.kafka.payloads import MESSAGE_SET_BYTES, Payloads, read_payloads

MakeBatch = Callable[..., bytes]
InFile = Callable[[bytes], str]
Needs = Callable[[str], None]

_SETS = ("http-requests-1m", "http-requests-16k", "journald-1m", "journald-16k")


def read(path: str, **options: object) -> Payloads:
    """Read with the libraries of this machine."""
    return read_payloads(path, libraries=Catalogue(), **options)  # type: ignore[arg-type]


def told(payloads: Payloads) -> list[tuple[str, bool]]:
    """The warnings by kind, and whether each means damage."""
    return [(warning.kind, warning.is_damage) for warning in payloads.warnings]


def torn_crc(batch: bytes) -> bytes:
    """The batch with one bit of its records turned."""
    return batch[:-1] + bytes([batch[-1] ^ 1])


# ---- The samples ------------------------------------------------------------------


@pytest.mark.parametrize("name", _SETS)
def test_all_codecs_of_a_sample_hold_the_same_payloads(
    samples: Path, needs: Needs, name: str
) -> None:
    """The five files of a set give the same blocks, counts and no warning."""
    needs("snappy")
    plain = read(str(samples / f"{name}-none.bin"))
    assert plain.record_count
    for codec in KAFKA_CODECS:
        found = read(str(samples / f"{name}-{codec}.bin"))
        assert found.blocks == plain.blocks
        assert found.batch_count == plain.batch_count == len(plain.blocks)
        assert found.record_count == plain.record_count
        assert found.warnings == ()


def test_payload_is_what_stands_behind_the_header(samples: Path) -> None:
    """An uncompressed batch's payload is its bytes from the 61st on."""
    path = samples / "http-requests-1m-none.bin"
    assert read(str(path)).blocks == (path.read_bytes()[61:],)


def test_mixed_codecs_are_read_and_told(
    samples: Path, in_file: InFile, needs: Needs
) -> None:
    """A file in several codecs gives every batch, and says which codecs they are."""
    needs("snappy")
    parts = [samples / f"journald-16k-{codec}.bin" for codec in KAFKA_CODECS]
    path = in_file(b"".join(part.read_bytes() for part in parts))
    one = read(str(parts[0]))
    found = read(path)
    assert found.blocks == 5 * one.blocks
    assert one.record_count
    assert found.record_count == 5 * one.record_count
    assert told(found) == [("mixed-codecs", False)]
    assert "none, gzip, snappy, lz4, zstd" in found.warnings[0].message


# ---- Ends of files ------------------------------------------------------------------


def test_empty_file_is_an_error(in_file: InFile) -> None:
    """There is nothing to measure in an empty file, and that is said."""
    with pytest.raises(InputError, match="is empty"):
        read(in_file(b""))


@pytest.mark.parametrize("kept_bytes", [1, 16, 17, 60, 61, 70])
def test_lone_truncated_batch_is_an_error(
    make_batch: MakeBatch, in_file: InFile, kept_bytes: int
) -> None:
    """A batch that is cut short and alone is a TruncatedBatchError at its place."""
    batch = make_batch()
    assert len(batch) > kept_bytes
    # A base offset that is not 0, lest the beginning be all zeros.
    cut = (b"\x01" + batch[1:])[:kept_bytes]
    with pytest.raises(TruncatedBatchError, match=f"{kept_bytes} bytes are left") as e:
        read(in_file(cut))
    assert e.value.offset == 0


def test_batch_torn_at_the_end_costs_itself(
    make_batch: MakeBatch, in_file: InFile
) -> None:
    """Behind whole batches a torn one is damage, and the whole ones are read."""
    batch = make_batch()
    found = read(in_file(2 * batch + batch[:-1]))
    assert (found.batch_count, len(found.blocks)) == (2, 2)
    assert told(found) == [("torn", True)]
    assert f"offset {2 * len(batch):,}" in found.warnings[0].message
    assert f"{len(batch) - 1:,} bytes" in found.warnings[0].message


def test_zero_tail_is_no_damage(make_batch: MakeBatch, in_file: InFile) -> None:
    """Preallocated zeros at the end are told, and are no damage."""
    found = read(in_file(make_batch() + bytes(1000)))
    assert found.batch_count == 1
    assert told(found) == [("zeros", False)]
    assert "1,000 zero bytes" in found.warnings[0].message


@pytest.mark.parametrize("size_bytes", [1, 61, 10_000])
def test_file_of_zeros_holds_no_batch(in_file: InFile, size_bytes: int) -> None:
    """A file of zeros alone is no record batch."""
    with pytest.raises(NotARecordBatchError, match="zero bytes to the end"):
        read(in_file(bytes(size_bytes)))


# ---- Wrong headers ------------------------------------------------------------------


@pytest.mark.parametrize("magic", [3, 102, -1])
def test_wrong_magic_at_once_is_an_error(
    make_batch: MakeBatch, in_file: InFile, magic: int
) -> None:
    """A file whose first bytes are no batch is refused, with the way out."""
    with pytest.raises(NotARecordBatchError, match="--opaque") as error:
        read(in_file(make_batch(magic=magic)))
    assert error.value.offset == 0
    assert f"magic {magic % 256}" in str(error.value)


def test_wrong_magic_later_costs_its_batch(
    make_batch: MakeBatch, in_file: InFile
) -> None:
    """A batch of a wrong magic is damage that is told, and what follows is read."""
    good, wrong = make_batch(), make_batch(magic=9)
    found = read(in_file(good + wrong + good))
    assert found.batch_count == 2
    assert told(found) == [("damage", True)]
    (warning,) = found.warnings
    assert f"offset {len(good):,}: magic 9" in warning.message
    assert f"{len(wrong):,} bytes from here hold no batch" in warning.message


def message(magic: int, value: bytes) -> bytes:
    """A message of magic 0 or 1 without a key, at offset 1."""
    timestamp = struct.pack(">q", 1_700_000_000_000) if magic else b""
    body = struct.pack(">bb", magic, 0) + timestamp
    body += struct.pack(">ii", -1, len(value)) + value
    crc = zlib.crc32(body)
    return struct.pack(">qiI", 1, len(body) + 4, crc) + body


@pytest.mark.parametrize("magic", [0, 1])
def test_plain_messages_are_measured_in_sets(
    make_batch: MakeBatch, in_file: InFile, magic: int
) -> None:
    """Messages of magic 0 and 1 stand together in sets of 16 KiB, and that is said."""
    old = b"".join(message(magic, b"value %d" % i * 50) for i in range(100))
    found = read(in_file(old + make_batch()))
    assert told(found) == [("message-sets", False)]
    assert b"".join(found.blocks[:-1]) == old
    assert all(len(b) > MESSAGE_SET_BYTES - 1000 for b in found.blocks[:-2])
    assert all(len(b) < MESSAGE_SET_BYTES + 1000 for b in found.blocks)
    assert found.batch_count == len(found.blocks) > 2
    assert found.record_count == 101


def test_many_gaps_are_summed_up(make_batch: MakeBatch, in_file: InFile) -> None:
    """Of many stretches of damage the first few are told, and how many there are."""
    good, wrong = make_batch(), make_batch(magic=9)
    found = read(in_file((good + wrong) * 9 + good))
    assert found.batch_count == 10
    assert told(found) == [("damage", True)] * 4
    assert all("magic 9" in warning.message for warning in found.warnings[:3])
    assert found.warnings[3].message == "6 more gaps like these"


def test_too_small_length_is_an_error(make_batch: MakeBatch, in_file: InFile) -> None:
    """A length below 49 cannot be a batch's."""
    batch = bytearray(make_batch())
    batch[8:12] = struct.pack(">i", 48)
    with pytest.raises(NotARecordBatchError, match="length of 48"):
        read(in_file(bytes(batch)))
    found = read(in_file(make_batch() + bytes(batch)))
    assert told(found) == [("damage", True)]


def test_negative_length_is_an_error(make_batch: MakeBatch, in_file: InFile) -> None:
    """A length that is negative leads nowhere."""
    batch = bytearray(make_batch())
    batch[8:12] = struct.pack(">i", -(2**31))
    with pytest.raises(NotARecordBatchError, match=r"length of -2,147,483,648"):
        read(in_file(bytes(batch)))


def test_lone_wrong_crc_is_an_error(make_batch: MakeBatch, in_file: InFile) -> None:
    """A file of nothing but a damaged batch cannot be measured, and says both CRCs."""
    with pytest.raises(NoDataBatchError, match=r"CRC-32C is \w{8}, .* says \w{8}"):
        read(in_file(torn_crc(make_batch())))


def test_wrong_crc_costs_its_batch(
    make_batch: MakeBatch, make_record: Callable[[bytes], bytes], in_file: InFile
) -> None:
    """Of three batches the damaged one is left out, told with its place."""
    batches = [make_batch(make_record(value)) for value in (b"one", b"two", b"three")]
    batches[1] = torn_crc(batches[1])
    found = read(in_file(b"".join(batches)))
    assert found.blocks == (make_record(b"one"), make_record(b"three"))
    assert (found.batch_count, found.record_count) == (2, 2)
    assert told(found) == [("bad-crc", True)]
    assert f"offset {len(batches[0])}" in found.warnings[0].message


@pytest.mark.parametrize("codec_id", [5, 6, 7])
def test_codec_bits_of_no_codec_cost_the_batch(
    make_batch: MakeBatch, in_file: InFile, codec_id: int
) -> None:
    """Codec bits 5 to 7 under a right CRC cost the batch, and are named."""
    wrong = make_batch(codec_id=codec_id)
    with pytest.raises(NoDataBatchError, match=f"codec bits {codec_id}"):
        read(in_file(wrong))
    found = read(in_file(wrong + make_batch()))
    assert found.batch_count == 1
    assert told(found) == [("bad-codec", True)]


# ---- Batches without data -----------------------------------------------------------


@pytest.mark.parametrize(("records", "count"), [(b"", 0), (b"", 3), (b"xyz", 0)])
def test_batch_without_records_is_passed_over(
    make_batch: MakeBatch, in_file: InFile, records: bytes, count: int
) -> None:
    """A batch as the cleaner empties it is no data and no damage."""
    empty = make_batch(records, count=count)
    found = read(in_file(empty + make_batch() + empty))
    assert (found.batch_count, found.record_count) == (1, 1)
    assert told(found) == [("empty-batches", False)]
    assert found.warnings[0].message.endswith(": 2")
    with pytest.raises(NoDataBatchError, match="without records passed over: 1"):
        read(in_file(empty))


def test_control_batches_are_passed_over(
    make_batch: MakeBatch, in_file: InFile
) -> None:
    """Control batches are counted and not measured."""
    control = make_batch(is_control=True)
    found = read(in_file(control + make_batch() + 2 * control))
    assert (found.batch_count, found.record_count) == (1, 1)
    assert told(found) == [("control-batches", False)]
    assert found.warnings[0].message.endswith(": 3")


def test_nothing_but_control_batches_is_an_error(
    make_batch: MakeBatch, in_file: InFile
) -> None:
    """A file of control batches alone has nothing to measure, and says why."""
    with pytest.raises(NoDataBatchError, match="control batches passed over: 2"):
        read(in_file(2 * make_batch(is_control=True)))


# ---- Records that do not decompress -------------------------------------------------


@pytest.mark.parametrize("codec_id", [1, 2, 3, 4])
def test_records_that_do_not_decompress_cost_their_batch(
    make_batch: MakeBatch, in_file: InFile, needs: Needs, codec_id: int
) -> None:
    """Garbage under a right CRC is told with codec and place; others are read."""
    needs(KAFKA_CODECS[codec_id])
    garbage = make_batch(b"\xff garbage and no stream of any codec", codec_id=codec_id)
    with pytest.raises(NoDataBatchError, match=f"{KAFKA_CODECS[codec_id]}: "):
        read(in_file(garbage))
    found = read(in_file(make_batch() + garbage))
    assert len(found.blocks) == 1
    assert ("bad-records", True) in told(found)
    place = len(make_batch())
    assert any(
        f"offset {place}: its records do not decompress" in warning.message
        for warning in found.warnings
    )


def test_payload_far_larger_than_its_batch_is_read(
    make_batch: MakeBatch, in_file: InFile
) -> None:
    """A payload a thousand times its stored size is decompressed whole."""
    payload = bytes(20_000_000)
    stored = gzip.compress(payload, mtime=0)
    found = read(in_file(make_batch(stored, codec_id=1)), max_input_bytes=1 << 30)
    assert found.blocks == (payload,)


def test_payload_that_is_empty_is_not_measured(
    make_batch: MakeBatch, in_file: InFile
) -> None:
    """A gzip stream of nothing in a batch that claims a record gives no block of 0."""
    hollow = make_batch(gzip.compress(b"", mtime=0), codec_id=1)
    found = read(in_file(hollow + make_batch()))
    assert b"" not in found.blocks
    assert ("bad-records", True) in told(found)


@pytest.mark.parametrize("codec", KAFKA_CODECS)
def test_one_byte_payload_is_read(
    make_batch: MakeBatch, in_file: InFile, needs: Needs, codec: str
) -> None:
    """A payload of a single byte comes out of every codec's container."""
    needs(codec)
    import lz4.frame
    import zstandard

    stored = {
        "none": b"k",
        "gzip": gzip.compress(b"k", mtime=0),
        "snappy": b"\x01\x00k",  # a length and a literal: format_description.txt
        "lz4": lz4.frame.compress(b"k"),
        "zstd": zstandard.compress(b"k"),
    }[codec]
    codec_id = KAFKA_CODECS.index(codec)
    assert read(in_file(make_batch(stored, codec_id=codec_id))).blocks == (b"k",)


# ---- Opaque input, and choosing -----------------------------------------------------


def test_opaque_takes_any_bytes(in_file: InFile) -> None:
    """With --opaque the file is one block, whatever it holds."""
    found = read(in_file(b"no batch at all"), is_opaque=True)
    assert found.blocks == (b"no batch at all",)
    assert (found.is_opaque, found.batch_count, found.record_count) == (True, 1, 0)
    assert found.warnings == ()


def test_opaque_is_cut_at_max_input(in_file: InFile) -> None:
    """An opaque block is the beginning of the file, and that is told."""
    found = read(in_file(bytes(range(100))), is_opaque=True, max_input_bytes=10)
    assert found.blocks == (bytes(range(10)),)
    assert told(found) == [("sampled", False)]
    assert "first 10 of 100 bytes" in found.warnings[0].message


def test_opaque_of_nothing_is_an_error(in_file: InFile) -> None:
    """Also as a block, an empty file has nothing to measure."""
    with pytest.raises(InputError, match="is empty"):
        read(in_file(b""), is_opaque=True)


def _numbered(make_batch: MakeBatch, count: int) -> bytes:
    """Batches whose payloads are their numbers in ten bytes."""
    return b"".join(make_batch(b"%010d" % number) for number in range(count))


def _numbers(payloads: Payloads) -> list[int]:
    return [int(block) for block in payloads.blocks]


@pytest.mark.parametrize("seed", range(8))
def test_thinning_spreads_evenly(
    make_batch: MakeBatch, in_file: InFile, seed: int
) -> None:
    """A tenth of the batches, in their order, leaves no gap of thirty."""
    path = in_file(_numbered(make_batch, 1000))
    found = read(path, max_input_bytes=1000, seed=seed)
    numbers = _numbers(found)
    assert (len(numbers), found.batch_count, found.record_count) == (100, 1000, 1000)
    assert numbers == sorted(numbers)
    edges = [-1, *numbers, 1000]
    gaps = [b - a for a, b in itertools.pairwise(edges)]
    # Three-gap theorem: 100 points of the golden rotation are at most 1.9 means apart.
    assert max(gaps) < 30
    assert told(found) == [("sampled", False)]
    assert "100 of 1,000 batches" in found.warnings[0].message
    assert f"seed {seed}" in found.warnings[0].message


def test_thinning_depends_on_the_seed_alone(
    make_batch: MakeBatch, in_file: InFile
) -> None:
    """A seed gives the same batches again, another one gives others."""
    path = in_file(_numbered(make_batch, 300))
    one = _numbers(read(path, max_input_bytes=300, seed=1))
    assert _numbers(read(path, max_input_bytes=300, seed=1)) == one
    assert _numbers(read(path, max_input_bytes=300, seed=2)) != one


def test_one_batch_is_measured_at_least(make_batch: MakeBatch, in_file: InFile) -> None:
    """A bound below any batch's size leaves exactly one batch, whole."""
    found = read(in_file(_numbered(make_batch, 50)), max_input_bytes=1)
    assert len(found.blocks) == 1
    assert len(found.blocks[0]) == 10


def test_bound_that_everything_meets_thins_nothing(
    make_batch: MakeBatch, in_file: InFile
) -> None:
    """Payload of exactly the bound is measured whole, without a warning."""
    found = read(in_file(_numbered(make_batch, 50)), max_input_bytes=500)
    assert _numbers(found) == list(range(50))
    assert found.uncompressed_bytes == 500
    assert found.warnings == ()


# ---- Where bytes come from ----------------------------------------------------------


def test_standard_input_is_read(
    make_batch: MakeBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The path "-" is standard input."""
    stdin = io.TextIOWrapper(io.BytesIO(make_batch()))
    monkeypatch.setattr(sys, "stdin", stdin)
    found = read("-")
    assert (found.path, found.batch_count) == ("-", 1)


def test_pipe_is_read(make_batch: MakeBatch) -> None:
    """A pipe, which cannot be mapped, is read like a file."""
    reader, writer = os.pipe()
    os.write(writer, make_batch())
    os.close(writer)
    try:
        assert read(f"/dev/fd/{reader}").batch_count == 1
    finally:
        os.close(reader)


def test_directory_is_an_error(tmp_path: Path) -> None:
    """A folder without a segment is refused, with what a partition's has."""
    with pytest.raises(InputError, match=r"is an empty folder: .*\.log files"):
        read(str(tmp_path))


def test_missing_file_is_an_error(tmp_path: Path) -> None:
    """A file that is not there is told by its path."""
    path = str(tmp_path / "none.log")
    with pytest.raises(InputError, match="No such file or directory") as error:
        read(path)
    assert error.value.path == path


def test_file_without_permission_is_an_error(
    make_batch: MakeBatch, in_file: InFile
) -> None:
    """A file that may not be read is told by the system's words."""
    if os.geteuid() == 0:
        pytest.skip("root may read every file")
    path = in_file(make_batch())
    Path(path).chmod(0)
    with pytest.raises(InputError, match="Permission denied"):
        read(path)


def test_file_that_fails_to_read_is_an_error() -> None:
    """A read error is an InputError with the system's words, and not "is empty"."""
    path = "/proc/self/mem"  # its first page is never mapped
    if not Path(path).exists():
        pytest.skip(f"there is no {path} to fail on")
    with pytest.raises(InputError, match="cannot be read: Input/output error"):
        read(path)


def test_digest_is_that_of_the_whole_file(samples: Path) -> None:
    """The SHA-256 of the input is the one that the samples' list has."""
    name = "journald-16k-zstd.bin"
    lines = (samples / "SHA256SUMS").read_text(encoding="ascii").splitlines()
    (digest,) = (line.split()[0] for line in lines if line.endswith(name))
    assert read(str(samples / name)).sha256 == digest
