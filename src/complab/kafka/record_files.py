"""Records without a log: lines or length-prefixed records, batched as a producer would.

Somebody who has no segment at hand has an access log, or messages that a program wrote
one after another. They are put into batches of magic 2 as the Java producer fills one
when nothing is known of its compression: a batch takes records until the next would
make it, header included, longer than ``batch.size``; the first is always taken
(``MemoryRecordsBuilder.hasRoomFor``). Such records have no key, no header and no time:
all timestamps are the batch's own, which is a byte or two less for each record than
records with times of their own would take.
"""

import hashlib
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from complab import core
from complab.errors import InputError, NoDataBatchError
from complab.kafka.files import open_file
from complab.kafka.payloads import (
    DEFAULT_MAX_INPUT_BYTES,
    SAMPLED,
    InputWarning,
    Payloads,
    run_bounds,
    spread_order,
)

if TYPE_CHECKING:
    import numpy as np

    Numbers: TypeAlias = "np.ndarray[Any, np.dtype[np.int64]]"

LINES = "lines"
LENGTH_PREFIXED = "length-prefixed"
KINDS = (LINES, LENGTH_PREFIXED)

# The Java producer's default (ProducerConfig).
DEFAULT_BATCH_BYTES = 16_384

# A file is looked through in pieces of this size; a record may be longer.
_PIECE_BYTES = 16 << 20

_PREFIX_BYTES = 4

# How many records tell which byte order the lengths are in.
_PROBED_RECORDS = 1000

# A record of magic 2 without a key takes so much beside its value at the least: length,
# attributes, both deltas, null key, value length, header count; a byte each.
_LEAST_OVERHEAD_BYTES = 7


@dataclass(frozen=True, slots=True)
class _Batch:
    """Where a batch's records stand in the file, with what is between them."""

    begin: int
    end: int
    record_count: int


def read_record_file(
    path: str,
    kind: str,
    *,
    batch_bytes: int = DEFAULT_BATCH_BYTES,
    max_input_bytes: int = DEFAULT_MAX_INPUT_BYTES,
    seed: int = 0,
    run_count: int | None = None,
) -> Payloads:
    """Batch a file's records, and draw evenly spread batches up to a bound.

    ``kind`` is ``lines`` (each without its line feed, an empty one is an empty record)
    or ``length-prefixed`` (32-bit lengths of either byte order, which is found out).
    ``batch_bytes`` is the producer's ``batch.size``. With ``run_count`` they are drawn
    in so many runs of neighbours. ``InputError`` if the file cannot
    be read or is not of that kind, with the offset.
    """
    source, _ = open_file(path)
    file = _RecordFile(path, source, kind, batch_bytes)
    batches = list(file.batches())
    if not batches:
        message = "holds no record: there is nothing to measure"
        raise NoDataBatchError(message, path=path)
    run_of: dict[int, int] = {}
    if run_count is None:
        drawn = _draw(file, batches, max_input_bytes, seed)
        how = f"spread evenly over the input (seed {seed})"
    else:
        run_of = _runs(batches, max_input_bytes, run_count)
        drawn = {number: file.payload(batches[number]) for number in run_of}
        how = f"in {run_count} runs spread evenly over the input"
    warnings: tuple[InputWarning, ...] = ()
    if len(drawn) < len(batches):
        text = (
            f"measured {len(drawn):,} of {len(batches):,} batches, {how}: --max-input "
            "takes more"
        )
        warnings = (InputWarning(SAMPLED, text, is_damage=False),)
    digest = hashlib.sha256()
    for number in sorted(drawn):
        digest.update(file.bytes_of(batches[number]))
    return Payloads(
        path,
        digest.hexdigest(),
        len(batches),
        sum(batch.record_count for batch in batches),
        tuple(drawn[number] for number in sorted(drawn)),
        is_opaque=False,
        seed=seed,
        warnings=warnings,
        batches=_rows_of([batches[number] for number in sorted(drawn)]),
        runs=tuple(run_of[number] for number in sorted(run_of)),
    )


def _draw(
    file: "_RecordFile", batches: Sequence[_Batch], max_input_bytes: int, seed: int
) -> dict[int, bytes]:
    """The payloads of evenly spread batches up to the bound, one at least."""
    drawn: dict[int, bytes] = {}
    total_bytes = 0
    for number in spread_order(len(batches), seed).tolist():
        payload = file.payload(batches[number])
        if drawn and total_bytes + len(payload) > max_input_bytes:
            break
        drawn[number] = payload
        total_bytes += len(payload)
    return drawn


def _runs(
    batches: Sequence[_Batch], max_input_bytes: int, run_count: int
) -> dict[int, int]:
    """The run of each batch that is drawn; an input that fits is a single run."""
    run_of: dict[int, int] = {}
    for run, (begin, end) in enumerate(run_bounds(len(batches), run_count)):
        total_bytes = 0
        for number in range(begin, end):
            size_bytes = batches[number].end - batches[number].begin
            if total_bytes and total_bytes + size_bytes > max_input_bytes // run_count:
                break
            run_of[number] = run
            total_bytes += size_bytes
    return run_of if len(run_of) < len(batches) else dict.fromkeys(run_of, 0)


def _rows_of(batches: Sequence[_Batch]) -> "np.ndarray[Any, np.dtype[np.void]]":
    """A row for each batch, as if they had been sent one after the other."""
    import numpy as np

    rows = np.zeros(len(batches), core.batch_dtype())
    rows["magic"] = 2
    rows["record_count"] = [batch.record_count for batch in batches]
    ends = np.cumsum(rows["record_count"], dtype=np.int64)
    rows["base_offset"] = ends - rows["record_count"]
    rows["last_offset"] = ends - 1
    for name in ("producer_id", "producer_epoch", "base_sequence"):
        rows[name] = -1
    return rows


class _RecordFile:
    """A file of records that is looked through piece by piece."""

    def __init__(
        self, path: str, source: core.Source, kind: str, batch_bytes: int
    ) -> None:
        self._path = path
        self._source = source
        self._is_prefixed = kind == LENGTH_PREFIXED
        self._room_bytes = max(1, batch_bytes - core.BATCH_HEADER_BYTES)
        self._prefix = struct.Struct("<i")
        if self._is_prefixed:
            self._prefix = self._byte_order()

    def bytes_of(self, batch: _Batch) -> bytes:
        return bytes(self._source.read(batch.begin, batch.end - batch.begin))

    def payload(self, batch: _Batch) -> bytes:
        """A batch's records section."""
        data = self.bytes_of(batch)
        starts, sizes, _ = self._split(data, batch.begin, is_last=True)
        return self._filled(data, starts, sizes)[0]

    def batches(self) -> Iterator[_Batch]:
        """Where one batch ends and the next begins, over the whole file."""
        file_bytes = self._source.total_bytes
        position, piece_bytes = 0, _PIECE_BYTES
        while position < file_bytes:
            data = bytes(
                self._source.read(position, min(piece_bytes, file_bytes - position))
            )
            is_last = position + len(data) == file_bytes
            starts, sizes, end = self._split(data, position, is_last=is_last)
            found = list(self._cut(data, starts, sizes, end, is_last=is_last))
            if not found:  # a batch, or a record, that is longer than the piece
                piece_bytes *= 2
                continue
            for begin, stop, count in found:
                yield _Batch(position + begin, position + stop, count)
            position += found[-1][1]
            piece_bytes = _PIECE_BYTES

    def _cut(
        self,
        data: bytes,
        starts: "Numbers",
        sizes: "Numbers",
        end: int,
        *,
        is_last: bool,
    ) -> Iterator[tuple[int, int, int]]:
        """Begin, end and record count of each batch that is surely complete."""
        before_bytes = _PREFIX_BYTES if self._is_prefixed else 0
        most = self._room_bytes // _LEAST_OVERHEAD_BYTES + 1
        first = 0
        while first < len(starts):
            some = slice(first, first + most)
            _, count = self._filled(data, starts[some], sizes[some])
            after = first + count
            if after == len(starts) and not is_last:
                return  # the next piece may have a record that still fits
            stop = end if after == len(starts) else int(starts[after]) - before_bytes
            yield int(starts[first]) - before_bytes, stop, count
            first = after

    def _filled(
        self, data: bytes, starts: "Numbers", sizes: "Numbers"
    ) -> tuple[bytes, int]:
        """The payload of as many records as fit a batch, and how many those are."""
        import numpy as np

        rows = np.zeros(len(starts), core.record_dtype())
        rows["offset"] = np.arange(len(starts))
        rows["key_bytes"] = -1
        rows["value_position"] = starts
        rows["value_bytes"] = sizes
        return core.write_records(
            data, rows, base_offset=0, base_timestamp=0, capacity_bytes=self._room_bytes
        )

    # ---- Where records begin and end --------------------------------------------

    def _split(
        self, data: bytes, position: int, *, is_last: bool
    ) -> tuple["Numbers", "Numbers", int]:
        """Starts and sizes of the whole records in the data, and where they end."""
        if self._is_prefixed:
            return self._split_prefixed(data, position, is_last=is_last)
        return _split_lines(data, is_last=is_last)

    def _split_prefixed(
        self, data: bytes, position: int, *, is_last: bool
    ) -> tuple["Numbers", "Numbers", int]:
        import numpy as np

        starts, sizes, at = [], [], 0
        while at + _PREFIX_BYTES <= len(data):
            (size,) = self._prefix.unpack_from(data, at)
            left = len(data) - at - _PREFIX_BYTES
            if not 0 <= size <= left:
                if size < 0 or is_last:
                    message = (
                        f"not a file of length-prefixed records: here the length is "
                        f"{size:,}, and {left:,} bytes are left"
                    )
                    raise InputError(message, path=self._path, offset=position + at)
                break
            starts.append(at + _PREFIX_BYTES)
            sizes.append(size)
            at += _PREFIX_BYTES + size
        if is_last and len(data) - at in range(1, _PREFIX_BYTES):
            message = f"the last {len(data) - at} bytes are too few for a length"
            raise InputError(message, path=self._path, offset=position + at)
        return np.array(starts, np.int64), np.array(sizes, np.int64), at

    def _byte_order(self) -> struct.Struct:
        """The byte order in which the first records' lengths lead further."""
        file_bytes = self._source.total_bytes
        begin = self._source.read(0, min(_PIECE_BYTES, file_bytes))
        reached: list[tuple[int, str]] = []
        for order in "><":
            prefix, at, count = struct.Struct(f"{order}i"), 0, 0
            while at + _PREFIX_BYTES <= len(begin) and count < _PROBED_RECORDS:
                (size,) = prefix.unpack_from(begin, at)
                if not 0 <= size <= file_bytes - at - _PREFIX_BYTES:
                    break
                at += _PREFIX_BYTES + size
                count += 1
            reached.append((count, order))
        return struct.Struct(f"{max(reached)[1]}i")


def _split_lines(data: bytes, *, is_last: bool) -> tuple["Numbers", "Numbers", int]:
    """The lines of the data; the last one may lack its line feed at the file's end."""
    import numpy as np

    feeds = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n")).astype(np.int64)
    if is_last and not data.endswith(b"\n"):
        feeds = np.append(feeds, len(data))
    if not len(feeds):
        return feeds, feeds, 0
    starts = np.concatenate([[0], feeds[:-1] + 1])
    return starts, feeds - starts, min(int(feeds[-1]) + 1, len(data))
