"""Scans of logs, whole and damaged, over files and over buffers."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from complab import core
from complab.core import GapReason
from complab.errors import InputError, ShrunkFileError

InFile = Callable[[bytes], str]


def batch_of(value: bytes, base_offset: int) -> bytes:
    """A batch of one record."""
    record = np.zeros(1, core.record_dtype())
    record["offset"], record["timestamp"] = base_offset, 1_700_000_000_000
    record["key_bytes"], record["value_bytes"] = -1, len(value)
    section, _ = core.write_records(
        value,
        record,
        base_offset=base_offset,
        base_timestamp=1_700_000_000_000,
        capacity_bytes=1 << 16,
    )
    fields = np.zeros(1, core.batch_dtype())
    fields["base_offset"] = fields["last_offset"] = base_offset
    fields["base_timestamp"] = fields["max_timestamp"] = 1_700_000_000_000
    fields["producer_id"] = fields["producer_epoch"] = fields["base_sequence"] = -1
    fields["record_count"] = 1
    return core.write_batch(fields[0], section)


def scanned(data: bytes) -> tuple[list[tuple[int, int, bool]], list[tuple[int, ...]]]:
    """Rows as (position, bytes, CRC holds), gaps as (position, bytes, reason)."""
    batches, gaps = core.scan_all(core.Source(data, path="test"))
    return (
        [
            (int(b["position"]), int(b["batch_bytes"]), bool(b["crc_valid"]))
            for b in batches
        ],
        [(int(g["position"]), int(g["bytes"]), int(g["reason"])) for g in gaps],
    )


# ---- Samples ------------------------------------------------------------------------


def test_samples_have_no_damage(samples: Path) -> None:
    """Every batch of every shipped sample is found, and nothing else."""
    paths = sorted(samples.glob("*.bin"))
    assert paths
    for path in paths:
        with path.open("rb") as file:
            source = core.Source(file.fileno(), path=str(path))
            batches, gaps = core.scan_all(source)
            source.close()
        assert len(gaps) == 0
        assert batches["crc_valid"].all()
        assert batches["batch_bytes"].sum() == path.stat().st_size
        assert (batches["magic"] == 2).all()
        heads = [bytes(row["head"][: row["head_bytes"]]) for row in batches]
        data = path.read_bytes()
        assert heads == [data[int(r["payload_position"]) :][:32] for r in batches]


def test_file_and_buffer_give_the_same(samples: Path) -> None:
    """A scan in windows of a file finds what a scan of all its bytes finds."""
    path = samples / "journald-1m-none.bin"
    with path.open("rb") as file:
        in_file = core.scan_all(core.Source(file.fileno(), path=str(path)))
    in_memory = core.scan_all(core.Source(path.read_bytes(), path="bytes"))
    assert in_file[0].tobytes() == in_memory[0].tobytes()
    assert len(in_file[1]) == len(in_memory[1]) == 0


# ---- Damage -------------------------------------------------------------------------


def test_every_turned_bit_is_reported() -> None:
    """One bit anywhere in what a batch's CRC protects costs that batch and is told."""
    batches = [batch_of(b"some value %d" % i, 1000 + i) for i in range(3)]
    first, size = len(batches[0]), len(batches[1])
    data = bytearray(b"".join(batches))
    last = (first + size, len(batches[2]), True)
    for bit in range(8 * 17, 8 * size):
        data[first + bit // 8] ^= 1 << bit % 8
        rows, gaps = scanned(bytes(data))
        assert rows == [(0, first, True), (first, size, False), last]
        assert gaps == []
        data[first + bit // 8] ^= 1 << bit % 8


def test_every_truncation_gives_the_batches_before() -> None:
    """Cut anywhere, a log gives its whole batches and one end with its place."""
    batches = [batch_of(b"value %d" % i, 1 << 60) for i in range(4)]
    ends = np.cumsum([0, *map(len, batches)]).tolist()
    data = b"".join(batches)
    for kept in range(len(data) + 1):
        whole = sum(end <= kept for end in ends) - 1
        rows, gaps = scanned(data[:kept])
        assert [row[0] for row in rows] == ends[:whole]
        assert all(row[2] for row in rows)
        left = kept - ends[whole]
        assert gaps == ([(ends[whole], left, GapReason.TORN)] if left else [])


def test_the_next_batch_is_found_behind_damage(samples: Path) -> None:
    """Behind an overwritten piece of a real log the batches go on, with one gap."""
    data = bytearray((samples / "journald-16k-zstd.bin").read_bytes())
    before, _ = core.scan_all(core.Source(bytes(data), path="before"))
    hit = before[2]
    begin = int(hit["position"])
    data[begin : begin + 100] = os.urandom(100)
    rows, gaps = scanned(bytes(data))
    assert len(rows) == len(before) - 1
    assert gaps == [(begin, int(hit["batch_bytes"]), GapReason.DAMAGE)]


def test_zeros_are_a_tail(samples: Path) -> None:
    """A preallocated segment ends in zeros, which are no damage."""
    data = (samples / "http-requests-1m-zstd.bin").read_bytes()
    rows, gaps = scanned(data + bytes(1 << 20))
    assert len(rows) == 1
    assert gaps == [(len(data), 1 << 20, GapReason.ZEROS)]


# ---- Files --------------------------------------------------------------------------


def test_a_shrunk_file_is_told(samples: Path, in_file: InFile) -> None:
    """A file that is truncated meanwhile ends in a gap; what was read before stays."""
    data = (samples / "journald-16k-none.bin").read_bytes()
    path = in_file(8 * data)
    with Path(path).open("rb") as file:
        source = core.Source(file.fileno(), path=path)
        os.truncate(path, len(data) + 1000)
        batches, gaps = core.scan_all(source)
        assert len(batches) > 0
        assert gaps["reason"].tolist() == [GapReason.SHRUNK]
        end = int(gaps["position"][0])
        assert end == batches["batch_bytes"].sum()
        assert end + int(gaps["bytes"][0]) == 8 * len(data)
        with pytest.raises(ShrunkFileError, match="became shorter") as error:
            source.read(len(data), 5000)
    assert error.value.offset == len(data) + 1000
    assert error.value.path == path


def test_ranges_are_read(in_file: InFile) -> None:
    """Any range of a file is what stands there, and no other can be asked for."""
    data = os.urandom(600_000)
    path = in_file(data)
    with Path(path).open("rb") as file:
        source = core.Source(file.fileno(), path=path)
        for begin, size in [(0, 5), (5, 300_000), (599_999, 1), (17, 0), (9, 599_991)]:
            assert source.read(begin, size) == data[begin : begin + size]
        for begin, size in [(600_000, 1), (-1, 3), (0, 600_001)]:
            with pytest.raises(InputError, match="asked for"):
                source.read(begin, size)


def test_only_a_file_is_read_in_pieces() -> None:
    """A pipe is refused with its reason, and so is a descriptor that is none."""
    ends = os.pipe()
    with pytest.raises(InputError, match="regular file"):
        core.Source(ends[0], path="pipe")
    for end in ends:
        os.close(end)
    with pytest.raises(InputError, match="Bad file descriptor"):
        core.Source(ends[0], path="closed")


def test_a_file_may_be_as_large_as_files_get(tmp_path: Path) -> None:
    """Behind a hole of 5 GiB a batch has its place."""
    path = tmp_path / "sparse"
    batch = batch_of(b"far away", 7)
    place = 5 * 1024**3
    with path.open("wb") as file:
        file.seek(place)
        file.write(batch)
    with path.open("rb") as file:
        source = core.Source(file.fileno(), path=str(path))
        scan = core.Scan(source, position=place)
        step = scan.step()
        assert step.is_done
        assert step.batches["position"].tolist() == [place]
        assert source.read(place, len(batch)) == batch


def test_steps_are_bounded(samples: Path) -> None:
    """A long log comes in steps, each with its rows and how far it is."""
    data = (samples / "journald-16k-zstd.bin").read_bytes() * 400
    scan = core.Scan(core.Source(data, path="long"))
    positions = []
    count = 0
    while not scan.is_done:
        step = scan.step()
        positions.append(step.position)
        count += len(step.batches)
    assert positions == sorted(positions)
    assert positions[-1] == len(data)
    assert len(positions) > 1
    assert count == 400 * len(scanned(data[: len(data) // 400])[0])
