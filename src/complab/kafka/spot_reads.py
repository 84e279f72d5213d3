"""Batches read at single places of a segment, without reading what lies before them.

A place is found from the last byte where a batch is known to begin, which the offset
index tells every few kilobytes. Where that is far away (no index, or one that says
little), the bytes before the place are searched, farther and farther back, for a batch
that covers it; the C scan finds the first batch in bytes that begin anywhere, by its
CRC. Reads go through a ``ReadMeter``, which keeps to a rate.

Not for a log as a whole: ``complab.kafka.log``, whose gaps are told with their places.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from complab import core

if TYPE_CHECKING:
    import numpy as np

# What is read in one piece from a known beginning on. Below it, an index is as good as
# it can be; above it, a search reads less.
PIECE_BYTES = 1 << 20

# How far back a search goes: 64 KiB first, four times as much each time. The last is
# beyond what a broker takes for one batch unless it was told to (message.max.bytes,
# 1 MiB). Behind the place so much is read that a batch of the producers' default size
# (batch.size) is whole.
_FIRST_SEARCH_BYTES = 1 << 16
_BEHIND_BYTES = 1 << 14
SEARCH_BYTES = _FIRST_SEARCH_BYTES + _BEHIND_BYTES
_LAST_SEARCH_BYTES = 1 << 24
_SEARCH_GROWTH = 4

# No batch is larger than a request may be (socket.request.max.bytes).
_LARGEST_BATCH_BYTES = 104_857_600

_PREFIX_BYTES = 12
_LENGTH_AT = 8


class ReadMeter:
    """Counts bytes that are read, and waits where they were read too fast.

    ``max_rate`` is in bytes a second, ``None`` for no bound.
    """

    def __init__(
        self,
        max_rate: float | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Begin to count now."""
        self.read_bytes = 0
        self._max_rate = max_rate
        self._clock = clock
        self._sleep = sleep
        self._free_at = clock()

    def read(self, source: core.Source, position: int, size_bytes: int) -> bytearray:
        """Read a range, then wait as long as that may take; errors of ``Source``."""
        data = source.read(position, size_bytes)
        self.read_bytes += size_bytes
        if self._max_rate:
            # Time that was not used is not saved up: no burst follows a long codec.
            begin = max(self._free_at, self._clock() - size_bytes / self._max_rate)
            self._free_at = begin + size_bytes / self._max_rate
            wait_s = self._free_at - self._clock()
            if wait_s > 0:
                self._sleep(wait_s)
        return data


@dataclass(frozen=True, slots=True)
class Spot:
    """A batch that was found: its row, and its bytes as they are stored.

    ``row["position"]`` is its place in the segment, and ``row["payload_position"]``
    that of its records section in ``data``.
    """

    row: "np.void"
    data: bytes


def batch_at(
    source: core.Source, place: int, begin: int, end: int, meter: ReadMeter
) -> Spot | None:
    """The batch that covers the byte at ``place``, ``None`` if none does.

    Batches are known to begin at ``begin``, and to end at ``end``. ``InputError`` and
    its kin if the file cannot be read (any more).
    """
    if end - begin <= PIECE_BYTES:
        found = _covering(source, place, begin, end, meter)
        if found is not None or begin == 0:
            return found
        begin = 0  # the index is not of this log, or the bytes are no batch
    back_bytes = _FIRST_SEARCH_BYTES
    while True:
        start = max(begin, place - back_bytes)
        stop = min(source.total_bytes, place + _BEHIND_BYTES)
        found = _covering(source, place, start, stop, meter)
        if found is not None or start == begin or back_bytes >= _LAST_SEARCH_BYTES:
            return found
        back_bytes *= _SEARCH_GROWTH


def _covering(
    source: core.Source, place: int, start: int, stop: int, meter: ReadMeter
) -> Spot | None:
    """The batch over a place among those that are found between two others."""
    data = bytes(meter.read(source, start, stop - start))
    rows, gaps = core.scan_all(core.Source(data, path=source.path))
    at = place - start
    for row in rows[rows["position"] <= at][-1:]:
        if at < int(row["position"]) + int(row["batch_bytes"]):
            return _spot(row, data, start)
    for gap in gaps:
        # What is cut short at the end may be whole in the file.
        begin = int(gap["position"])
        if begin <= at and gap["reason"] == core.GapReason.TORN:
            return _whole(source, place, start + begin, data[begin:], meter)
    return None


def _whole(
    source: core.Source, place: int, begin: int, head: bytes, meter: ReadMeter
) -> Spot | None:
    """The batch that begins at a place, if all of it is there and it goes so far."""
    if len(head) < _PREFIX_BYTES:
        return None
    length = int.from_bytes(head[_LENGTH_AT:_PREFIX_BYTES], signed=True)
    end = begin + _PREFIX_BYTES + length
    if not place < end <= source.total_bytes or end - begin > _LARGEST_BATCH_BYTES:
        return None
    data = bytes(meter.read(source, begin, end - begin))
    rows, _ = core.scan_all(core.Source(data, path=source.path))
    if len(rows) != 1 or rows[0]["position"] != 0 or not rows[0]["crc_valid"]:
        return None
    return _spot(rows[0], data, begin)


def _spot(row: "np.void", data: bytes, start: int) -> Spot:
    begin = int(row["position"])
    own = row.copy()
    own["payload_position"] -= own["position"]
    own["position"] = start + begin
    return Spot(own, data[begin : begin + int(row["batch_bytes"])])


def all_batches(source: core.Source, end: int, meter: ReadMeter) -> Iterator[Spot]:
    """Every batch of a file up to ``end``, piece by piece; errors as ``batch_at``."""
    begin, piece_bytes = 0, PIECE_BYTES
    while begin < end:
        left_bytes = end - begin
        data = bytes(meter.read(source, begin, min(piece_bytes, left_bytes)))
        # A batch that is cut at the piece's end is left to the next one: the scan must
        # not look into it, where a record may hold batches of its own.
        whole_bytes = len(data) if len(data) == left_bytes else _whole_bytes(data)
        some = core.Source(memoryview(data)[:whole_bytes], path=source.path)
        rows, _ = core.scan_all(some)
        for row in rows:
            yield _spot(row, data, begin)
        if len(data) == left_bytes:
            return
        if len(rows):
            begin += int(rows[-1]["position"]) + int(rows[-1]["batch_bytes"])
            piece_bytes = PIECE_BYTES
        elif piece_bytes < _LARGEST_BATCH_BYTES:
            piece_bytes *= 2
        else:
            begin += len(data)  # so much that is no batch


def _whole_bytes(data: bytes) -> int:
    """Where the cut last batch begins, by lengths; all of it where those mislead."""
    position = 0
    while position + _PREFIX_BYTES <= len(data):
        at = position + _LENGTH_AT
        length = int.from_bytes(data[at : at + 4], signed=True)
        if not 0 < length <= _LARGEST_BATCH_BYTES:
            return len(data)
        if position + _PREFIX_BYTES + length > len(data):
            break
        position += _PREFIX_BYTES + length
    return position
