"""What no broker at hand does: cut answers, old sets, damage, times, silence."""

import asyncio
import io
import struct
import zlib
from collections.abc import Callable

import pytest

from complab.errors import CaptureError, CaptureTimeoutError, EmptyPartitionError
from complab.kafka.capture_run import Bounds, CaptureRun
from complab.kafka.capture_start import parse_start
from complab.kafka.partition_log import Fetched

MakeBatch = Callable[..., bytes]


class Shelf:
    """A log in memory that cuts its answers at the limit, as brokers before 0.10.1."""

    name = "topic-0"

    def __init__(self, entries: list[tuple[int, bytes]], end: int) -> None:
        """The entries with their last offsets, and the offset after all of them."""
        self.entries = entries
        self.end = end
        self.first_of_time: int | None = None
        self.limits: list[int] = []
        self.surplus = 0

    async def range(self) -> tuple[int, int]:
        """From 0 to the end."""
        return 0, self.end

    async def offset_at(self, timestamp_ms: int) -> int | None:
        """What the test has set, whatever the time."""
        assert timestamp_ms == 5000
        return self.first_of_time

    async def fetch(self, offset: int, limit_bytes: int) -> Fetched:
        """The entries from the one of the offset on, or ``surplus`` earlier; cut."""
        self.limits.append(limit_bytes)
        await asyncio.sleep(0.01)
        index = sum(last < offset for last, _ in self.entries)
        data = b"".join(entry for _, entry in self.entries[index - self.surplus :])
        return Fetched(data[:limit_bytes], self.end, is_out_of_range=False)


def take(
    shelf: Shelf, *, max_bytes: int = 1 << 30, from_timestamp: int | None = None,
    from_offset: int | str | None = None, timeout_s: float = 30.0,
) -> tuple[bytes, CaptureRun]:  # fmt: skip
    """Run a capture to its end; what is in the sink."""
    sink = io.BytesIO()
    run = CaptureRun(shelf, sink, Bounds(None, max_bytes, timeout_s))
    asyncio.run(run.run(parse_start(from_offset, from_timestamp)))
    return sink.getvalue(), run


@pytest.fixture
def large(make_batch: MakeBatch) -> list[tuple[int, bytes]]:
    """A small batch, one of 5 MB, and a small one again."""
    return [
        (0, make_batch(base_offset=0)),
        (1, make_batch(bytes(5_000_000), base_offset=1)),
        (2, make_batch(base_offset=2)),
    ]


def test_a_cut_first_batch_raises_the_limit(large: list[tuple[int, bytes]]) -> None:
    """Where an answer holds no whole batch, as much as the batch needs is asked for."""
    shelf = Shelf(large, end=3)
    data, run = take(shelf)
    assert data == b"".join(batch for _, batch in large)
    assert run.taken.batch_count == 3
    assert shelf.limits == [1 << 20, 1 << 20, len(large[1][1]), 1 << 20]


def test_a_cut_batch_beyond_the_bound_ends_it(large: list[tuple[int, bytes]]) -> None:
    """A batch that can never fit is not asked for again and again."""
    data, run = take(Shelf(large, end=3), max_bytes=2_000_000)
    assert data == large[0][1]
    assert "next batch has 5,000,061 bytes" in run.notes[0]
    with pytest.raises(CaptureError, match="first batch has 5,000,061 bytes"):
        take(Shelf(large[1:], end=3), max_bytes=2_000_000, from_offset=1)


def test_the_limit_stays_within_a_request(make_batch: MakeBatch) -> None:
    """However long a batch claims to be, no more is asked for than a request can."""
    batch = bytearray(make_batch(base_offset=0))
    batch[8:12] = b"\x7f\xff\xff\xff"
    shelf = Shelf([(0, bytes(batch))], end=1)
    with pytest.raises(CaptureTimeoutError):
        take(shelf, max_bytes=1 << 40, timeout_s=0.2)
    assert max(shelf.limits) == 2**31 - 1


def test_batches_before_the_offset_are_dropped(make_batch: MakeBatch) -> None:
    """What a server sends of before the batch that holds the offset is left out."""
    entries = [(i, make_batch(base_offset=i)) for i in range(4)]
    shelf = Shelf(entries, end=4)
    shelf.surplus = 2
    data, run = take(shelf, from_offset=2)
    assert data == entries[2][1] + entries[3][1]
    assert run.notes == ()


def test_damage_is_kept_and_told(make_batch: MakeBatch) -> None:
    """A batch whose CRC is wrong is in the file as it came, with a note."""
    batch = bytearray(make_batch(base_offset=0))
    batch[-1] ^= 1
    data, run = take(Shelf([(0, bytes(batch))], end=1))
    assert data == bytes(batch)
    assert run.notes == ("1 of them fail their CRC, as the broker sent them",)


def test_old_sets_are_kept_and_told() -> None:
    """Message sets of a topic that is older than Kafka 0.11 come as they are."""
    body = struct.pack(">bbqii", 1, 0, 0, -1, 0)
    message = struct.pack(">qiI", 0, 4 + len(body), zlib.crc32(body)) + body
    data, run = take(Shelf([(0, message)], end=1))
    assert data == message
    assert run.notes == ("1 of them are message sets of before Kafka 0.11",)


def test_what_is_no_batch_is_an_error() -> None:
    """Bytes of another kind end the capture with the offset where they stand."""
    with pytest.raises(CaptureError, match="topic-0: the broker sent no record batch"):
        take(Shelf([(0, bytes(16) + b"\x07" + bytes(60))], end=1))


def test_a_time_is_looked_up(make_batch: MakeBatch) -> None:
    """A time begins at the offset that the broker finds for it."""
    entries = [(i, make_batch(base_offset=i)) for i in range(4)]
    shelf = Shelf(entries, end=4)
    shelf.first_of_time = 3
    assert take(shelf, from_timestamp=5000)[0] == entries[3][1]
    shelf.first_of_time = None
    with pytest.raises(EmptyPartitionError, match=r"of 1970-01-01T00:00:05\.000Z or"):
        take(shelf, from_timestamp=5000)


def test_silence_before_the_end_is_an_error(make_batch: MakeBatch) -> None:
    """A log that gives nothing before its end is told after the time-out."""
    shelf = Shelf([(0, make_batch(base_offset=0))], end=5)
    with pytest.raises(CaptureTimeoutError, match=r"0\.2 s, from offset 1 on"):
        take(shelf, timeout_s=0.2)


def test_silence_after_news_ends_the_waiting(make_batch: MakeBatch) -> None:
    """From the latest offset on, silence after a batch is the end, and is told."""
    shelf = Shelf([(7, make_batch(base_offset=7))], end=7)
    data, run = take(shelf, from_offset="latest", timeout_s=0.2)
    assert data == shelf.entries[0][1]
    assert run.notes == ("no further batch came for 0.2 s",)
