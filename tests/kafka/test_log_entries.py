"""Where entries of a log begin and end."""

import struct
import zlib
from collections.abc import Callable

import pytest

from complab.kafka.log_entries import needed_bytes, read_entries

MakeBatch = Callable[..., bytes]


def message(offset: int, magic: int) -> bytes:
    """A message of a set of magic 0 or 1: no key, an empty value."""
    body = struct.pack(">bb", magic, 0) + (bytes(8) if magic else b"")
    body += struct.pack(">ii", -1, 0)
    tail = struct.pack(">I", zlib.crc32(body)) + body
    return struct.pack(">qi", offset, len(tail)) + tail


def test_every_cut_leaves_the_whole_entries(make_batch: MakeBatch) -> None:
    """Wherever the bytes end, whole entries are found, and the next one's size."""
    batches = [make_batch(base_offset=offset, count=2) for offset in (5, 7, 9)]
    data = b"".join(batches)
    ends = [len(batches[0]), len(batches[0] + batches[1]), len(data)]
    for cut in range(len(data) + 1):
        entries = list(read_entries(data[:cut]))
        assert [entry.end for entry in entries] == [end for end in ends if end <= cut]
        left = data[entries[-1].end if entries else 0 : cut]
        if len(left) >= 12:
            assert needed_bytes(left) == len(batches[len(entries)])
        else:
            assert needed_bytes(left) == 12


def test_a_batch_inside_of_a_cut_one_is_none(make_batch: MakeBatch) -> None:
    """A record that holds a batch, in a batch that is cut, is still a part of that."""
    inner = make_batch(base_offset=3)
    first, outer = make_batch(), make_batch(bytes(100) + inner * 3 + bytes(100))
    for cut in (1, 50, 150, 250, len(outer) - 1):
        (entry,) = read_entries(first + outer[:cut])
        assert entry.end == len(first)


def test_fields_of_a_batch(make_batch: MakeBatch) -> None:
    """Offsets and the number of records are the header's; a wrong CRC is seen."""
    data = make_batch(base_offset=40, count=3)
    (entry,) = read_entries(data)
    assert (entry.base_offset, entry.last_offset, entry.record_count) == (40, 42, 3)
    assert entry.is_record_batch
    assert entry.is_crc_valid
    (entry,) = read_entries(data[:-1] + bytes([data[-1] ^ 1]))
    assert not entry.is_crc_valid


@pytest.mark.parametrize("magic", [0, 1])
def test_older_sets(magic: int, make_batch: MakeBatch) -> None:
    """A message of an older set is an entry of one offset, beside record batches."""
    data = message(3, magic) + make_batch(base_offset=4)
    old, new = read_entries(data)
    assert (old.base_offset, old.last_offset, old.record_count) == (3, 3, 0)
    assert not old.is_record_batch
    assert new.begin == old.end == len(message(3, magic))


@pytest.mark.parametrize(("at", "value"), [(16, 3), (16, 0xFF), (8, 0x80), (11, 1)])
def test_what_is_no_entry(make_batch: MakeBatch, at: int, value: int) -> None:
    """Another magic, or a length that is too small, is an error with the offset."""
    data = bytearray(make_batch(base_offset=1234))
    data[at] = value
    with pytest.raises(ValueError, match=r"bytes from 0 of .* on are none"):
        list(read_entries(bytes(data)))
