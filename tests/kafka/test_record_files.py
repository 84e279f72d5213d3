"""Records without a log: lines and length-prefixed records in a producer's batches."""

import struct
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from complab import core
from complab.errors import InputError, NoDataBatchError
from complab.kafka import record_files
from complab.kafka.payloads import Payloads
from complab.kafka.record_files import LENGTH_PREFIXED, LINES, read_record_file

InFile = Callable[[bytes], str]


def values(payloads: Payloads) -> list[bytes]:
    """The values of all records of the blocks."""
    import numpy as np

    found = []
    for block in payloads.blocks:
        row = np.zeros(1, core.batch_dtype())
        row["magic"], row["record_count"] = 2, _record_count(block)
        for record in core.read_records(block, row[0]):
            begin, size = int(record["value_position"]), int(record["value_bytes"])
            assert record["key_bytes"] == -1
            found.append(block[begin : begin + size])
    return found


def _record_count(block: bytes) -> int:
    """How many records a payload holds: their lengths lead from one to the next."""
    at = count = 0
    while at < len(block):
        size = shift = 0
        while True:
            byte = block[at]
            at += 1
            size |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        at += size >> 1
        count += 1
    assert at == len(block)
    return count


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_lines_are_records(in_file: InFile, end: bytes) -> None:
    """Each line is a value without its line feed; the last may lack one."""
    path = in_file(b"first\n\nthird \r\nlast" + end)
    found = read_record_file(path, LINES)
    assert values(found) == [b"first", b"", b"third \r", b"last"]
    assert (found.batch_count, found.record_count) == (1, 4)


@pytest.mark.parametrize("order", ["<", ">"])
def test_prefixed_records_of_either_order(in_file: InFile, order: str) -> None:
    """The byte order of the lengths is found out."""
    records = [b"a" * 300, b"", b"b" * 70, b"c\n"]
    data = b"".join(struct.pack(f"{order}i", len(r)) + r for r in records)
    assert values(read_record_file(in_file(data), LENGTH_PREFIXED)) == records


@given(
    lines=st.lists(
        st.binary(max_size=200).filter(lambda b: b"\n" not in b), min_size=1
    ),
    batch_bytes=st.integers(62, 400),
)
def test_batches_are_full_and_no_fuller(
    lines: list[bytes], batch_bytes: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """No batch is larger than batch.size unless a record is, nor would one more fit."""
    path = tmp_path_factory.mktemp("lines") / "lines"
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    found = read_record_file(str(path), LINES, batch_bytes=batch_bytes)
    assert values(found) == lines
    assert found.record_count == len(lines)
    for block, after in zip(found.blocks, (*found.blocks[1:], None), strict=True):
        assert len(block) + 61 <= batch_bytes or _record_count(block) == 1
        if after is not None:
            first_bytes = 1 + (after[0] >> 1) if after[0] < 0x80 else 130
            assert len(block) + 61 + first_bytes > batch_bytes


def test_records_longer_than_a_piece(
    in_file: InFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a piece of the file ends changes nothing."""
    lines = [bytes([65 + i % 26]) * (i * 37 % 500) for i in range(200)]
    path = in_file(b"\n".join(lines))
    whole = read_record_file(path, LINES, batch_bytes=2000)
    for piece_bytes in (1, 64, 1000, 5000):
        monkeypatch.setattr(record_files, "_PIECE_BYTES", piece_bytes)
        assert read_record_file(path, LINES, batch_bytes=2000) == whole
    assert values(whole) == lines


def test_thinning_takes_whole_batches_evenly(in_file: InFile) -> None:
    """More than the bound is thinned, and that is said."""
    path = in_file(b"".join(b"line %06d\n" % i for i in range(10_000)))
    found = read_record_file(path, LINES, batch_bytes=1000, max_input_bytes=20_000)
    assert found.uncompressed_bytes <= 20_000
    assert 18 <= len(found.blocks) < found.batch_count
    assert [w.kind for w in found.warnings] == ["sampled"]


@pytest.mark.parametrize(
    ("data", "offset"),
    [
        (struct.pack("<i", 3) + b"abc" + struct.pack("<i", 9) + b"short", 7),
        (struct.pack("<i", 3) + b"abc" + b"\0\0", 7),
        (b"\xff" * 8, 0),
    ],
)
def test_broken_prefix_is_an_error(in_file: InFile, data: bytes, offset: int) -> None:
    """A length that leads out of the file is told with its offset."""
    with pytest.raises(InputError) as error:
        read_record_file(in_file(data), LENGTH_PREFIXED)
    assert error.value.offset == offset


def test_empty_file_is_an_error(in_file: InFile) -> None:
    """A file without records has nothing to measure."""
    for kind in record_files.KINDS:
        with pytest.raises(NoDataBatchError, match="holds no record"):
            read_record_file(in_file(b""), kind)
