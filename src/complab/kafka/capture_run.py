"""One capture under way: entries move from a partition's log to a sink, whole."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import BinaryIO, Protocol

from complab.errors import (
    CaptureError,
    CaptureTimeoutError,
    EmptyPartitionError,
    OffsetRangeError,
)
from complab.kafka.capture_start import Start, StartKind, show_time
from complab.kafka.log_entries import LogEntry, needed_bytes, read_entries
from complab.kafka.partition_log import Fetched

# What a consumer asks a partition for by default (max.partition.fetch.bytes): no
# broker is made to work more for a capture than for any other reader.
_FETCH_BYTES = 1024 * 1024
# A request's sizes are signed 32-bit numbers.
_LARGEST_FETCH_BYTES = 2**31 - 1


@dataclass(frozen=True, slots=True)
class CaptureProgress:
    """How far a capture is; ``end_offset`` is ``None`` where it waits for new records.

    ``next_offset`` is the one to be read next, of those before ``end_offset``.
    """

    batch_count: int
    size_bytes: int
    next_offset: int
    end_offset: int | None


@dataclass(frozen=True, slots=True)
class Bounds:
    """When to end: after so many batches, before so many bytes, after such silence."""

    max_batch_count: int | None
    max_bytes: int
    timeout_s: float


@dataclass(frozen=True, slots=True)
class Taken:
    """What is in the sink so far; ``next_offset`` is the one after the last record."""

    batch_count: int = 0
    record_count: int = 0
    size_bytes: int = 0
    first_offset: int = 0
    next_offset: int = 0
    old_set_count: int = 0
    bad_crc_count: int = 0

    def plus(self, entry: LogEntry) -> "Taken":
        """With one entry more."""
        return replace(
            self,
            batch_count=self.batch_count + 1,
            record_count=self.record_count + max(0, entry.record_count),
            size_bytes=self.size_bytes + entry.end - entry.begin,
            first_offset=self.first_offset if self.batch_count else entry.base_offset,
            next_offset=entry.last_offset + 1,
            old_set_count=self.old_set_count + (not entry.is_record_batch),
            bad_crc_count=self.bad_crc_count + (not entry.is_crc_valid),
        )


class Log(Protocol):
    """What a capture needs of a partition; ``PartitionLog`` is the real one."""

    name: str

    async def range(self) -> tuple[int, int]:
        """The first offset and the end."""

    async def offset_at(self, timestamp_ms: int) -> int | None:
        """The first offset of that time or later."""

    async def fetch(self, offset: int, limit_bytes: int) -> Fetched:
        """The entries from an offset on."""


class CaptureRun:
    """Moves entries from ``log`` to ``sink``.

    Whenever it is left, by an error or by being cancelled, ``taken`` says what is in
    the sink, and ``notes`` what its reader should know.
    """

    def __init__(
        self,
        log: Log,
        sink: BinaryIO,
        bounds: Bounds,
        *,
        on_progress: Callable[[CaptureProgress], None] | None = None,
    ) -> None:
        """Nothing is read yet."""
        self.taken = Taken()
        self._start_notes: list[str] = []
        self._end_note = ""
        self._wanted_offset = 0
        self._limit_bytes = _FETCH_BYTES
        self._log = log
        self._sink = sink
        self._bounds = bounds
        self._on_progress = on_progress

    async def run(self, start: Start) -> None:
        """Take entries until a bound or the end is reached.

        Raises ``CaptureError`` and its kin.
        """
        offset, end_offset = await self._locate(start)
        self._wanted_offset = offset
        clock = asyncio.get_running_loop().time
        last_s = clock()
        while end_offset is None or offset < end_offset:
            earlier_count = self.taken.batch_count
            if await self._take_some(offset):
                return
            if self.taken.batch_count > earlier_count:
                offset = self.taken.next_offset
                last_s = clock()
                self._tell(offset, end_offset)
            elif clock() - last_s > self._bounds.timeout_s:
                silence = f"batch came for {self._bounds.timeout_s:g} s"
                if end_offset is None and self.taken.batch_count:
                    self._end_note = f"no further {silence}"
                    return
                message = f"no {silence}, from offset {offset:,} on"
                raise CaptureTimeoutError(
                    message, place=self._log.name, timeout_s=self._bounds.timeout_s
                )
        if self._bounds.max_batch_count is not None:
            self._end_note = "the partition ended there"

    async def _take_some(self, offset: int) -> bool:
        """Fetch once from ``offset`` on; whether a bound is reached."""
        left_bytes = max(1, self._bounds.max_bytes - self.taken.size_bytes)
        limit_bytes = min(self._limit_bytes, left_bytes)
        fetched = await self._log.fetch(offset, limit_bytes)
        if fetched.is_out_of_range:
            raise await self._vanished(offset)
        earlier_count = self.taken.batch_count
        if self._keep(fetched.data, offset):
            return True
        if self.taken.batch_count > earlier_count:
            self._limit_bytes = _FETCH_BYTES
        elif fetched.data:
            # Only a cut entry: brokers send a large first one whole from Fetch 3 on,
            # but nothing obliges all that speak the protocol to do so.
            wanted_bytes = needed_bytes(fetched.data)
            if limit_bytes == left_bytes:
                self._refuse_too_large(wanted_bytes)
                return True
            self._limit_bytes = min(
                max(wanted_bytes, 2 * limit_bytes), _LARGEST_FETCH_BYTES
            )
        return False

    def _tell(self, offset: int, end_offset: int | None) -> None:
        if self._on_progress is not None:
            taken = self.taken
            self._on_progress(
                CaptureProgress(taken.batch_count, taken.size_bytes, offset, end_offset)
            )

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences about what is in the sink."""
        notes = list(self._start_notes)
        taken = self.taken
        if taken.batch_count and taken.first_offset < self._wanted_offset:
            notes.append(
                f"the first batch begins at offset {taken.first_offset:,}: it holds "
                f"offset {self._wanted_offset:,}, and a batch is kept whole"
            )
        if taken.old_set_count:
            notes.append(
                f"{taken.old_set_count:,} of them are message sets of before Kafka 0.11"
            )
        if taken.bad_crc_count:
            notes.append(
                f"{taken.bad_crc_count:,} of them fail their CRC, as the broker sent "
                "them"
            )
        if self._end_note:
            notes.append(self._end_note)
        return tuple(notes)

    async def _locate(self, start: Start) -> tuple[int, int | None]:
        """The offset to begin at, and where to end: ``None`` means to wait for more."""
        first, end = await self._log.range()
        if start.kind is StartKind.LATEST:
            return end, None
        if first == end:
            message = (
                f"the partition is empty (its next offset is {end:,}); --from-offset "
                "latest waits for records"
            )
            raise EmptyPartitionError(message, place=self._log.name)
        if start.kind is StartKind.EARLIEST:
            return first, end
        if start.kind is StartKind.BEFORE_END:
            if start.value > end - first:
                self._start_notes.append(
                    f"the partition holds {end - first:,} offsets only: all are read"
                )
            return max(first, end - start.value), end
        if start.kind is StartKind.TIME:
            offset = await self._log.offset_at(start.value)
            if offset is None:
                message = f"no record is of {show_time(start.value)} or later"
                raise EmptyPartitionError(message, place=self._log.name)
            return offset, end
        if not first <= start.value < end:
            raise self._out_of_range(start.value, first, end)
        return start.value, end

    def _out_of_range(self, offset: int, first: int, end: int) -> OffsetRangeError:
        message = f"offset {offset:,} is not there: it holds {first:,} to {end - 1:,}"
        if offset == end:
            message += "; --from-offset latest waits for the next one"
        return OffsetRangeError(
            message, place=self._log.name, first_offset=first, end_offset=end
        )

    async def _vanished(self, offset: int) -> OffsetRangeError:
        """The error for an offset that was there when the capture began."""
        first, end = await self._log.range()
        message = (
            f"offset {offset:,} was deleted meanwhile (retention): it holds {first:,} "
            f"to {end - 1:,} now"
        )
        return OffsetRangeError(
            message, place=self._log.name, first_offset=first, end_offset=end
        )

    def _keep(self, data: bytes, wanted_offset: int) -> bool:
        """Write the whole entries; whether a bound is reached."""
        view = memoryview(data)
        try:
            for entry in read_entries(data):
                if entry.last_offset < wanted_offset:
                    continue
                size_bytes = entry.end - entry.begin
                if self.taken.size_bytes + size_bytes > self._bounds.max_bytes:
                    self._refuse_too_large(size_bytes)
                    return True
                self._sink.write(view[entry.begin : entry.end])
                self.taken = self.taken.plus(entry)
                if self.taken.batch_count == self._bounds.max_batch_count:
                    return True
        except ValueError as error:
            message = f"the broker sent no record batch: {error}"
            raise CaptureError(message, place=self._log.name) from None
        return False

    def _refuse_too_large(self, size_bytes: int) -> None:
        """A bound that leaves nothing is an error; else it is what was asked for."""
        if self.taken.batch_count == 0:
            message = (
                f"the first batch has {size_bytes:,} bytes, more than the bound of "
                f"{self._bounds.max_bytes:,}: raise --max-bytes"
            )
            raise CaptureError(message, place=self._log.name)
        self._end_note = (
            f"the next batch has {size_bytes:,} bytes and would exceed the bound of "
            f"{self._bounds.max_bytes:,} (--max-bytes)"
        )
