"""Batches read at single places: by an index, without one, through damage."""

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import complab
from complab import core
from complab.kafka.offset_index import read_bounds
from complab.kafka.sampling_frame import SamplingFrame
from complab.kafka.spot_reads import PIECE_BYTES, ReadMeter, all_batches, batch_at

MakeBatch = Callable[..., bytes]


def _index(*entries: tuple[int, int]) -> bytes:
    return b"".join(struct.pack(">ii", *entry) for entry in entries)


# ---- The offset index ------------------------------------------------------------


def test_bounds_of_an_index() -> None:
    """Each entry is a bound, between the log's two ends."""
    data = _index((3, 5000), (9, 10000))
    assert read_bounds(data, 12000).tolist() == [0, 5000, 10000, 12000]


@pytest.mark.parametrize(
    "tail",
    [
        bytes(80),  # preallocated
        b"\0\0\0",  # cut
        _index((8, 11000)),  # offsets go back
        _index((12, 9000)),  # positions go back
        _index((12, 12000)),  # beyond the log
    ],
)
def test_an_index_counts_as_long_as_it_rises(tail: bytes) -> None:
    """What cannot be an entry ends the index."""
    data = _index((3, 5000), (9, 10000)) + tail
    assert read_bounds(data, 12000).tolist() == [0, 5000, 10000, 12000]


def test_no_index_leaves_the_ends() -> None:
    """Without an index there are the log's ends; an empty log has both at 0."""
    assert read_bounds(b"", 12000).tolist() == [0, 12000]
    assert read_bounds(b"", 0).tolist() == [0, 0]


# ---- The line --------------------------------------------------------------------


def test_points_fall_in_proportion_to_size() -> None:
    """Evenly spread points find each byte of the segments once, in its own piece."""
    bounds = [np.array([0, 10, 110, 150]), np.array([0, 0]), np.array([0, 30, 40])]
    frame = SamplingFrame(bounds)
    assert frame.total_bytes == 190
    places = frame.places((np.arange(190) + 0.5) / 190)
    found = sorted((place.segment, place.position) for place in places)
    assert found == [(0, i) for i in range(150)] + [(2, i) for i in range(40)]
    for place in places:
        each = bounds[place.segment]
        at = int(np.searchsorted(each, place.position, side="right")) - 1
        assert (place.begin, place.end) == (each[at], each[at + 1])
    # Pieces of one class of sizes stand together, the small ones first.
    sizes = [place.end - place.begin for place in places]
    assert sizes == [10] * 20 + [30] * 30 + [40] * 40 + [100] * 100
    expected = (100**2 + 40**2 + 30**2 + 2 * 10**2) / 190
    assert frame.expected_read_bytes == pytest.approx(expected)


# ---- Reading ---------------------------------------------------------------------


@pytest.mark.parametrize("is_indexed", [True, False])
def test_each_byte_is_in_its_batch(samples: Path, is_indexed: bool) -> None:
    """Wherever a place is, the batch over it is found, and it is whole."""
    path = samples / "journald-16k-none.bin"
    data = path.read_bytes() * 5  # longer than one piece
    assert len(data) > PIECE_BYTES
    source = core.Source(data, path="log")
    index, _ = core.scan_all(source)
    starts = index["position"].astype(np.int64)
    ends = starts + index["batch_bytes"].astype(np.int64)
    meter = ReadMeter()
    for place in np.random.default_rng(2).integers(0, len(data), 40).tolist():
        number = int(np.searchsorted(starts, place, side="right")) - 1
        bounds = (starts[number], ends[number]) if is_indexed else (0, len(data))
        spot = batch_at(source, place, int(bounds[0]), int(bounds[1]), meter)
        assert spot is not None
        assert spot.row["position"] == starts[number]
        assert spot.data == data[starts[number] : ends[number]]
        assert spot.row["payload_position"] == 61
    assert meter.read_bytes < 40 * (100_000 if is_indexed else 300_000)


def test_a_large_batch_is_found_without_an_index(make_batch: MakeBatch) -> None:
    """A batch that is longer than the first search is read whole."""
    large = make_batch(bytes(range(256)) * 2000)  # 512 KB
    data = (large + make_batch()) * 4
    source = core.Source(data, path="log")
    place = 2 * (len(large) + len(make_batch())) + 300_000
    spot = batch_at(source, place, 0, len(data), ReadMeter())
    assert spot is not None
    assert spot.data == large


def test_no_batch_at_damage_and_at_zeros(make_batch: MakeBatch) -> None:
    """At a place that is in no batch there is none, and its neighbours are found."""
    batch = make_batch()
    data = batch * 3 + b"\x7f" * 500 + batch + bytes(1000)
    source = core.Source(data, path="log")

    def found(place: int) -> bool:
        return batch_at(source, place, 0, len(data), ReadMeter()) is not None

    after = 3 * len(batch) + 500
    assert found(2 * len(batch))
    assert not found(3 * len(batch) + 250)
    assert found(after + 5)
    assert not found(after + len(batch) + 500)


def test_a_wrong_index_is_survived(make_batch: MakeBatch) -> None:
    """An entry that leads into the middle of a batch costs a search, no batch."""
    batch = make_batch()
    data = batch * 10
    source = core.Source(data, path="log")
    spot = batch_at(
        source, 5 * len(batch) + 3, 4 * len(batch) + 9, len(data), ReadMeter()
    )
    assert spot is not None
    assert spot.row["position"] == 5 * len(batch)


def test_all_batches_are_those_of_the_scan(samples: Path) -> None:
    """Piece by piece comes what the scan of the whole finds, damage in between."""
    part = (samples / "journald-1m-none.bin").read_bytes()
    small = (samples / "dns-16k-zstd.bin").read_bytes()
    data = small + part + b"\x7f" * 3_000_000 + small * 3 + part + small[:-20]
    source = core.Source(data, path="log")
    index, _ = core.scan_all(source)
    spots = list(all_batches(source, len(data), ReadMeter()))
    assert [int(s.row["position"]) for s in spots] == index["position"].tolist()
    assert [len(s.data) for s in spots] == index["batch_bytes"].tolist()


def test_records_come_from_a_spot(samples: Path) -> None:
    """The row of a spot reads the records of its data."""
    path = samples / "journald-16k-none.bin"
    source = core.Source(path.read_bytes(), path="log")
    spot = batch_at(source, 100, 0, source.total_bytes, ReadMeter())
    assert spot is not None
    records = core.read_records(spot.data[61:], spot.row)
    log = complab.kafka.open(str(path))
    assert (records["value_bytes"] == log.records(0).rows["value_bytes"]).all()


def test_the_meter_keeps_to_its_rate() -> None:
    """Reads wait as long as they may take; time spent elsewhere counts, but once."""
    now = [0.0]

    def sleep(wait_s: float) -> None:
        now[0] += wait_s

    meter = ReadMeter(100.0, clock=lambda: now[0], sleep=sleep)
    source = core.Source(bytes(10_000), path="log")
    for _ in range(10):
        meter.read(source, 0, 50)
    assert now[0] == pytest.approx(5.0)
    now[0] += 100.0  # a codec at work: no burst may follow
    for _ in range(10):
        meter.read(source, 0, 50)
    assert now[0] == pytest.approx(105.0 + 4.5, abs=0.6)
    assert meter.read_bytes == 1000
