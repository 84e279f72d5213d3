"""A log: its index, gaps, payloads and records, from files, folders and buffers."""

import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

import complab
from complab.codecs.catalogue import KAFKA_CODECS
from complab.errors import (
    InputError,
    MissingLibraryError,
    PayloadError,
    ShrunkFileError,
)
from complab.kafka.log import DEFAULT_MAX_PAYLOAD_BYTES, Log

MakeBatch = Callable[..., bytes]
InFile = Callable[[bytes], str]
Needs = Callable[[str], None]


def open_log(path: str, max_payload_bytes: int = DEFAULT_MAX_PAYLOAD_BYTES) -> Log:
    """The log as ``complab.kafka.open`` gives it."""
    return complab.kafka.open(path, max_payload_bytes=max_payload_bytes)


def gaps(log: Log) -> list[tuple[int, int, str]]:
    """The gaps by position, size and reason."""
    return [(gap.position, gap.bytes, gap.reason) for gap in log.gaps]


# ---- Index ------------------------------------------------------------------------


def test_index_has_a_row_for_each_batch(samples: Path) -> None:
    """Positions and sizes cover the file, offsets run on, every CRC holds."""
    path = samples / "http-requests-16k-lz4.bin"
    log = open_log(str(path))
    ends = log.index["position"] + log.index["batch_bytes"]
    assert len(log) == 17
    assert log.index["position"].tolist() == [0, *ends[:-1].tolist()]
    assert int(ends[-1]) == path.stat().st_size
    assert log.index["record_count"].sum() == 160
    assert log.index["crc_valid"].all()
    assert (log.index["codec_id"] == 3).all()
    assert log.gaps == ()


def test_batches_are_the_file(samples: Path) -> None:
    """The stored batches one after another are the file's bytes."""
    path = samples / "journald-16k-snappy.bin"
    log = open_log(str(path))
    assert b"".join(map(log.batch, range(len(log)))) == path.read_bytes()
    assert log.bytes_of(0, len(log) - 1) == path.read_bytes()
    assert log.stored_payload(3) == log.batch(3)[61:]


def test_folder_is_one_log(samples: Path, tmp_path: Path) -> None:
    """Segments follow one another by base offset, not by the order of names alone."""
    whole = (samples / "journald-16k-none.bin").read_bytes()
    single = open_log(str(samples / "journald-16k-none.bin"))
    cut = int(single.index["position"][7])
    (tmp_path / "00000000000000001000.log").write_bytes(whole[cut:])
    (tmp_path / "00000000000000000000.log").write_bytes(whole[:cut])
    (tmp_path / "00000000000000000000.timeindex").write_bytes(bytes(1000))
    log = open_log(str(tmp_path))
    assert log.index["file"].tolist() == [0] * 7 + [1] * (len(single) - 7)
    assert log.index["base_offset"].tolist() == single.index["base_offset"].tolist()
    payloads = [bytes(p) for _, p in log.payloads() if not isinstance(p, PayloadError)]
    assert payloads == [single.payload(i) for i in range(len(single))]
    assert log.files.passed_over == ("00000000000000000000.timeindex",)


def test_scan_tells_how_far_it_is(samples: Path) -> None:
    """Progress ends at all bytes of all files."""
    path = samples / "http-requests-1m-none.bin"
    told: list[tuple[int, int]] = []
    open_log(str(path)).scan(lambda *both: told.append(both))
    assert told[-1] == (path.stat().st_size, path.stat().st_size)


# ---- Damage -----------------------------------------------------------------------


def test_damage_is_a_gap_and_the_rest_is_read(samples: Path, in_file: InFile) -> None:
    """Overwritten headers cost their batches; the scan finds the next one again."""
    path = samples / "http-requests-16k-zstd.bin"
    sound = open_log(str(path))
    begin, end = (int(sound.index["position"][i]) for i in (4, 6))
    data = bytearray(path.read_bytes())
    data[begin : begin + 61] = b"?" * 61
    second = int(sound.index["position"][5])
    data[second : second + 61] = b"!" * 61
    log = open_log(in_file(bytes(data)))
    assert gaps(log) == [(begin, end - begin, "damage")]
    offsets = int(sound.index["base_offset"][4]), int(sound.index["last_offset"][5])
    assert log.offsets_lost(log.gaps[0]) == offsets
    assert len(log) == len(sound) - 2
    assert [log.payload(i) for i in range(len(log))] == [
        sound.payload(i) for i in range(len(sound)) if i not in {4, 5}
    ]


def test_every_truncation_gives_what_stands_before(
    make_batch: MakeBatch, in_file: InFile
) -> None:
    """Cut anywhere, the whole batches come out, and the rest is one torn gap."""
    batch = make_batch(base_offset=1 + (1 << 56))  # not zeros from the first byte
    for size in range(1, 3 * len(batch)):
        log = open_log(in_file((3 * batch)[:size]))
        whole, rest = divmod(size, len(batch))
        assert len(log) == whole
        assert log.index["crc_valid"].all()
        assert gaps(log) == ([(size - rest, rest, "torn")] if rest else [])
        assert all(log.offsets_lost(gap) is None for gap in log.gaps)


def test_every_flipped_bit_is_told(make_batch: MakeBatch, in_file: InFile) -> None:
    """No single bit from the CRC on changes without a wrong CRC or a gap."""
    first, last = make_batch(base_offset=5), make_batch(base_offset=6)
    for bit in range(8 * 17, 8 * len(first)):
        data = bytearray(first + last)
        data[bit // 8] ^= 1 << bit % 8
        log = open_log(in_file(bytes(data)))
        is_told = not log.index["crc_valid"].all() or any(g.is_damage for g in log.gaps)
        assert is_told, f"bit {bit % 8} of byte {bit // 8}"
        assert 6 in log.index["base_offset"]


def test_file_that_shrinks_is_an_error(samples: Path, in_file: InFile) -> None:
    """A batch of a file that was truncated since is an error with both sizes."""
    path = in_file((samples / "http-requests-1m-none.bin").read_bytes())
    log = open_log(path)
    assert len(log) == 1
    os.truncate(path, 500_000)
    with pytest.raises(ShrunkFileError, match=r"had 979,?429 bytes .* 500,?000"):
        log.payload(0)


# ---- Payloads ---------------------------------------------------------------------


@pytest.mark.parametrize("name", ["http-requests", "journald"])
def test_payloads_of_all_codecs_are_the_same(
    samples: Path, name: str, needs: Needs
) -> None:
    """What a codec stores decompresses to what stands in the uncompressed log."""
    for codec in KAFKA_CODECS:
        needs(codec)
    plain = open_log(str(samples / f"{name}-16k-none.bin"))
    expected = [plain.payload(number) for number in range(len(plain))]
    for codec in KAFKA_CODECS:
        log = open_log(str(samples / f"{name}-16k-{codec}.bin"))
        found = [bytes(p) for _, p in log.payloads() if not isinstance(p, PayloadError)]
        assert found == expected
        numbers = [5, 2, 11, 2]
        some = [n for n, _ in log.payloads(numbers)]
        assert some == numbers


def test_mixed_codecs_decompress_in_turn(
    samples: Path, in_file: InFile, needs: Needs
) -> None:
    """A log whose codec changes gives every payload, also the uncompressed ones."""
    for codec in KAFKA_CODECS:
        needs(codec)
    parts = [samples / f"journald-16k-{codec}.bin" for codec in KAFKA_CODECS]
    log = open_log(in_file(b"".join(part.read_bytes() for part in parts)))
    single = open_log(str(parts[0]))
    expected = [single.payload(i) for i in range(len(single))] * 5
    found = [bytes(p) for _, p in log.payloads() if not isinstance(p, PayloadError)]
    assert found == expected


def test_codec_bits_without_a_codec_are_no_missing_library(
    make_batch: MakeBatch, in_file: InFile
) -> None:
    """A payload of codec bits 5 cannot be had, and no library would help."""
    log = open_log(in_file(make_batch() + make_batch(codec_id=5) + make_batch()))
    found = [payload for _, payload in log.payloads()]
    assert [isinstance(payload, PayloadError) for payload in found] == [0, 1, 0]
    with pytest.raises(PayloadError, match="codec bits 5 mean no codec") as error:
        log.payload(1)
    assert not isinstance(error.value, MissingLibraryError)


def test_bomb_is_refused(make_batch: MakeBatch, in_file: InFile) -> None:
    """A payload beyond the bound is an error that names the option, others are read."""
    body = zlib.compress(bytes(5_000_000), wbits=31)
    bomb = make_batch(body, codec_id=1)
    log = open_log(in_file(bomb + make_batch()), max_payload_bytes=4_000_000)
    with pytest.raises(PayloadError, match=r"more than 4,000,000 bytes.*--max-payload"):
        log.payload(0)
    (first, second) = (payload for _, payload in log.payloads())
    assert isinstance(first, PayloadError)
    assert not isinstance(second, PayloadError)
    larger = open_log(log.files.path, max_payload_bytes=5_000_000)
    assert larger.payload(0) == bytes(5_000_000)


# ---- Records ----------------------------------------------------------------------


def test_records_have_their_parts(samples: Path, needs: Needs) -> None:
    """Keys, values and headers are the same in every codec, offsets run on."""
    for codec in KAFKA_CODECS:
        needs(codec)
    logs = [
        open_log(str(samples / f"http-requests-16k-{codec}.bin"))
        for codec in KAFKA_CODECS
    ]
    seen = []
    for log in logs:
        found = []
        for number in range(len(log)):
            records = log.records(number)
            assert len(records) == log.index["record_count"][number]
            found += [
                (
                    int(row["offset"]),
                    records.key(i),
                    records.value(i),
                    records.headers(i),
                )
                for i, row in enumerate(records.rows)
            ]
        seen.append(found)
    assert [offset for offset, *_ in seen[0]] == list(range(160))
    assert any(headers for *_, headers in seen[0])
    assert all(found == seen[0] for found in seen)


def test_malformed_record_is_an_error_with_its_place(
    make_batch: MakeBatch, make_record: Callable[[bytes], bytes], in_file: InFile
) -> None:
    """A record whose length leads too far is told by batch and byte."""
    good = make_record(b"one")
    bad = b"\x7e" + make_record(b"two")[1:]
    log = open_log(in_file(make_batch() + make_batch(good + bad, count=2)))
    with pytest.raises(InputError, match=rf"byte {len(good)}") as error:
        log.records(1)
    assert error.value.offset == log.index["position"][1]


def test_record_count_is_checked(make_batch: MakeBatch, in_file: InFile) -> None:
    """Fewer records than the header says, or bytes behind them, are an error."""
    log = open_log(in_file(make_batch(count=2) + make_batch(count=1)))
    with pytest.raises(InputError):
        log.records(0)
    assert len(log.records(1)) == 1


def test_wrapped_set_of_magic_1_has_absolute_offsets(in_file: InFile) -> None:
    """Inner offsets are relative, and the wrapper bears the last one's."""
    inner = b"".join(
        _message(offset, b"value %d" % offset, attributes=0) for offset in range(3)
    )
    wrapper = _message(
        102, zlib.compress(inner, wbits=31), attributes=1, timestamp=1_700_000_000_002
    )
    log = open_log(in_file(wrapper))
    records = log.records(0)
    assert records.rows["offset"].tolist() == [100, 101, 102]
    assert [records.value(i) for i in range(3)] == [b"value 0", b"value 1", b"value 2"]
    assert log.payload(0) == inner


def _message(
    offset: int, value: bytes, *, attributes: int, timestamp: int = 1_700_000_000_000
) -> bytes:
    """A message of magic 1 without a key."""
    body = struct.pack(">bbqii", 1, attributes, timestamp, -1, len(value)) + value
    head = struct.pack(">qiI", offset, len(body) + 4, zlib.crc32(body))
    return head + body
