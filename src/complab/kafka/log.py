"""A log of record batches, opened for reading: a file, a folder of segments, or bytes.

``open`` finds the files; the index is read on first use, one numpy row per batch, and
payloads and records when they are asked for. Nothing is mapped and no file is held in
memory: C reads through a bounded window (``csrc/records/source.c``). Standard input and
other things without a size are the exception: they are taken whole.

Damage is never passed over silently: bytes that are no batch are ``gaps``, a wrong CRC
stands in its row, and a payload that cannot be had is an error with its place.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from complab import core
from complab.codecs import catalogue
from complab.codecs.catalogue import Catalogue
from complab.errors import (
    CodecError,
    CodecRunError,
    InputError,
    MissingLibraryError,
    PayloadError,
    RecordError,
)
from complab.kafka.decoders import Decoders
from complab.kafka.files import InputFiles, find_files, open_file

if TYPE_CHECKING:
    import numpy as np

    Rows: TypeAlias = "np.ndarray[Any, np.dtype[np.void]]"

# What one batch may decompress to unless told otherwise: socket.request.max.bytes, the
# largest request that a broker takes by default (Kafka's SocketServerConfigs).
DEFAULT_MAX_PAYLOAD_BYTES = 104_857_600

# What every entry of a log begins with: offset, length, leader epoch or CRC, magic.
_ENTRY_START_BYTES = 17
_LOG_OVERHEAD_BYTES = 12
_LENGTH_AT_LEAST = core.BATCH_HEADER_BYTES - _LOG_OVERHEAD_BYTES
_NEWEST_MAGIC = 2

DAMAGE_REASONS = frozenset({"damage", "torn", "shrunk"})


@dataclass(frozen=True, slots=True)
class Gap:
    """Bytes of a file that are no batch.

    ``reason`` is ``damage`` (up to the next batch, or the end), ``torn`` (a last batch
    that was cut short), ``zeros`` (a preallocated end) or ``shrunk`` (the file became
    shorter while it was read).
    """

    file: int
    position: int
    bytes: int
    reason: str

    @property
    def is_damage(self) -> bool:
        """Whether something is missing that should be there."""
        return self.reason in DAMAGE_REASONS


def open(  # noqa: A001 - complab.kafka.open(path), as gzip.open
    path: str,
    *,
    max_payload_bytes: int = DEFAULT_MAX_PAYLOAD_BYTES,
    libraries: Catalogue | None = None,
) -> "Log":
    """Open a file of record batches, a folder of segments, or ``-``.

    ``max_payload_bytes`` bounds what one batch may decompress to. ``InputError`` if
    there is nothing to read under that name.

    >>> import complab
    >>> log = complab.kafka.open("samples/http-requests-16k-zstd.bin")
    >>> len(log.index), int(log.index["record_count"].sum())
    (17, 160)
    """
    return Log(
        find_files(path),
        max_payload_bytes=max_payload_bytes,
        libraries=libraries or Catalogue(),
    )


class Log:
    """The batches of one or several files, in the order of the files."""

    def __init__(
        self, files: InputFiles, *, max_payload_bytes: int, libraries: Catalogue
    ) -> None:
        """Keep the names; nothing is read yet."""
        self.files = files
        self.max_payload_bytes = max_payload_bytes
        self._sources = _Sources(files.paths)
        self._decoders = Decoders(libraries)
        self._index: Rows | None = None
        self._gaps: tuple[Gap, ...] = ()
        self._arena = core.PayloadArena()

    @property
    def index(self) -> "Rows":
        """One row per batch: ``core.batch_dtype``; scans the files on first use."""
        if self._index is None:
            self.scan()
        assert self._index is not None  # noqa: S101 - scan has set it
        return self._index

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What of the files is no batch, in their order."""
        self.scan()
        return self._gaps

    def __len__(self) -> int:
        """The number of batches."""
        return len(self.index)

    def scan(self, on_progress: Callable[[int, int], None] | None = None) -> None:
        """Read the index, once; ``on_progress`` gets bytes done and in all.

        ``InputError`` if a file cannot be read, or the input is empty.
        """
        if self._index is not None:
            return
        import numpy as np

        total_bytes = self._sources.total_bytes()
        if total_bytes == 0:
            message = "is empty: there is nothing to read"
            raise InputError(message, path=self.files.path)
        batches, gaps = [np.empty(0, core.batch_dtype())], []
        before_bytes = 0
        for number in range(len(self.files.paths)):
            source = self._sources.open(number)
            scan = core.Scan(source)
            while not scan.is_done:
                step = scan.step()
                # A copy: the step's array is much longer than what may be in it.
                batches.append(step.batches.copy())
                batches[-1]["file"] = number
                gaps += [
                    Gap(
                        number,
                        int(gap["position"]),
                        int(gap["bytes"]),
                        core.GapReason(int(gap["reason"])).name.lower(),
                    )
                    for gap in step.gaps
                ]
                if on_progress:
                    on_progress(before_bytes + step.position, total_bytes)
            before_bytes += source.total_bytes
        self._gaps = tuple(gaps)
        self._index = np.concatenate(batches)

    # ---- Places -----------------------------------------------------------------

    def place_of(self, number: int) -> str:
        """Where a batch begins, for messages."""
        row = self.index[number]
        return self._place(int(row["file"]), int(row["position"]))

    def place(self, gap: Gap) -> str:
        """Where a gap begins, for messages."""
        return self._place(gap.file, gap.position)

    def _place(self, file: int, position: int) -> str:
        """The offset, with the file's name where there are several."""
        if len(self.files.paths) == 1:
            return f"offset {position:,}"
        return f"{Path(self.files.paths[file]).name}, offset {position:,}"

    def describe(self, gap: Gap) -> str:
        """What stands where a gap begins."""
        if gap.reason == "zeros":
            return f"{gap.bytes:,} zero bytes to the end"
        if gap.reason == "shrunk":
            return f"the file became {gap.bytes:,} bytes shorter while it was read"
        begin = self._sources.open(gap.file).read(
            gap.position, min(gap.bytes, _ENTRY_START_BYTES)
        )
        is_headed = len(begin) == _ENTRY_START_BYTES
        length = int.from_bytes(begin[8:12], signed=True)
        magic = begin[16] if is_headed else -1
        if gap.reason == "torn":
            what = (
                f"a batch of {length + _LOG_OVERHEAD_BYTES:,} bytes is cut short"
                if is_headed and length > 0
                else "too little for a batch header"
            )
            return f"{what}: {gap.bytes:,} bytes are left"
        if magic > _NEWEST_MAGIC:
            return f"magic {magic}, where a record batch has 2"
        if magic == _NEWEST_MAGIC and length < _LENGTH_AT_LEAST:
            return (
                f"a batch length of {length:,}, where {_LENGTH_AT_LEAST} is the least"
            )
        return f"no whole batch (magic {magic}, length {length:,})"

    def offsets_lost(self, gap: Gap) -> tuple[int, int] | None:
        """The first and last record offset that a gap has cost, as its neighbours tell.

        ``None`` where nothing stands on either side of it in its file, or where the
        offsets go on without a hole.
        """
        # Rows are in the order of files and positions; a broken disk has many gaps.
        begin, end = self.index["file"].searchsorted([gap.file, gap.file + 1])
        rows = self.index[begin:end]
        after = int(rows["position"].searchsorted(gap.position))
        if after in {0, len(rows)}:
            return None
        first = int(rows[after - 1]["last_offset"]) + 1
        last = int(rows[after]["base_offset"]) - 1
        return (first, last) if first <= last else None

    # ---- Bytes ------------------------------------------------------------------

    def bytes_of(self, first: int, last: int) -> bytes:
        """The stored bytes from one batch to another that stands behind it."""
        begin, end = self.index[first], self.index[last]
        position = int(begin["position"])
        size_bytes = int(end["position"]) + int(end["batch_bytes"]) - position
        return self._read(begin, position, size_bytes)

    def path_of(self, number: int) -> str:
        """The file that a batch is in."""
        return self.files.paths[int(self.index[number]["file"])]

    def batch(self, number: int) -> bytes:
        """A batch as it is stored, header included."""
        row = self.index[number]
        return self._read(row, int(row["position"]), int(row["batch_bytes"]))

    def stored_payload(self, number: int) -> bytes:
        """What stands behind a batch's header, compressed or not."""
        row = self.index[number]
        return self._read(
            row, int(row["payload_position"]), int(row["compressed_bytes"])
        )

    def _read(self, row: "np.void", position: int, size_bytes: int) -> bytes:
        return bytes(self._sources.open(int(row["file"])).read(position, size_bytes))

    # ---- Payloads ---------------------------------------------------------------

    def payload(self, number: int) -> bytes:
        """The uncompressed records section of a batch, a copy.

        Of a message of magic 0 or 1 it is the message, of a wrapper its inner set.
        ``InputError`` with the batch's place if it does not decompress.
        """
        for _, payload in self.payloads([number]):
            if isinstance(payload, PayloadError):
                raise payload
            return bytes(payload)
        message = f"there is no batch {number}"
        raise IndexError(message)

    def payloads(
        self, numbers: Sequence[int] | None = None
    ) -> Iterator[tuple[int, memoryview | PayloadError]]:
        """Each batch's number with its payload, all batches unless told which.

        A payload is valid until the next one is asked for. A batch that cannot be
        decompressed gives its error in place of a payload, and the others follow.
        """
        import numpy as np

        index = self.index
        chosen = (
            np.arange(len(index))
            if numbers is None
            else np.asarray(numbers, dtype=np.int64)
        )
        begin = 0
        while begin < len(chosen):
            slab = chosen[begin : begin + _BATCHES_A_SLAB]
            files = index["file"][slab]
            others = np.flatnonzero(files != files[0])
            slab = slab[: others[0]] if len(others) else slab
            yield from self._payloads_of_file(int(files[0]), slab)
            begin += len(slab)

    def _payloads_of_file(
        self, file: int, numbers: "np.ndarray[Any, np.dtype[np.int64]]"
    ) -> Iterator[tuple[int, memoryview | PayloadError]]:
        """The payloads of batches of one file."""
        rows = _with_whole_messages(self.index[numbers])
        path, source = self.files.paths[file], self._sources.open(file)
        codecs = rows["codec_id"].tolist()
        problems = {codec: self._decoders.problem(codec) for codec in set(codecs)}
        unreadable = [i for i, codec in enumerate(codecs) if problems[codec]]
        names = numbers.tolist()
        at = 0
        while at < len(rows):
            place = int(rows[at]["position"])
            if problem := problems[codecs[at]]:
                is_codec = codecs[at] < len(catalogue.KAFKA_CODECS)
                kind = MissingLibraryError if is_codec else PayloadError
                yield names[at], kind(problem, path=path, offset=place)
                at += 1
                continue
            end = next((i for i in unreadable if i > at), None)
            try:
                payloads = self._arena.read(
                    source,
                    self._decoders.coders,
                    rows[at:end],
                    largest_bytes=self.max_payload_bytes,
                )
            except CodecError as error_of_codec:
                reason = str(error_of_codec)
                if isinstance(error_of_codec, CodecRunError):
                    reason = f"{error_of_codec.codec}: {error_of_codec.reason}"
                yield names[at], PayloadError(reason, path=path, offset=place)
                at += 1
                continue
            yield from zip(names[at : at + len(payloads)], payloads, strict=True)
            at += len(payloads)

    # ---- Records ----------------------------------------------------------------

    def records(self, number: int) -> "Records":
        """The records of a batch, from its payload.

        ``InputError`` with the place if it does not decompress or its records are not
        what Kafka allows.
        """
        payload = self.payload(number)
        row = self.index[number]
        try:
            return Records(payload, core.read_records(payload, row))
        except RecordError as error:
            raise InputError(
                str(error), path=self.path_of(number), offset=int(row["position"])
            ) from None


@dataclass(frozen=True)
class Records:
    """The records of one batch: ``rows`` says where in ``payload`` each part lies."""

    payload: bytes
    rows: "Rows"

    def __len__(self) -> int:
        """The number of records."""
        return len(self.rows)

    def key(self, number: int) -> bytes | None:
        """A record's key, ``None`` if it is null."""
        row = self.rows[number]
        return self._part(int(row["key_position"]), int(row["key_bytes"]))

    def value(self, number: int) -> bytes | None:
        """A record's value, ``None`` if it is null (a tombstone)."""
        row = self.rows[number]
        return self._part(int(row["value_position"]), int(row["value_bytes"]))

    def headers(self, number: int) -> list[tuple[bytes, bytes | None]]:
        """A record's headers: key and value, the value ``None`` if it is null."""
        return [
            (self._part(key_at, key_bytes) or b"", self._part(value_at, value_bytes))
            for key_at, key_bytes, value_at, value_bytes in core.read_headers(
                self.payload, self.rows[number]
            ).tolist()
        ]

    def _part(self, position: int, size_bytes: int) -> bytes | None:
        if size_bytes < 0:
            return None
        return self.payload[position : position + size_bytes]


def _with_whole_messages(rows: "Rows") -> "Rows":
    """A copy of the rows, in which a plain message's payload is all of the message.

    That is what stands in a wrapper's set, and what ``core.read_records`` takes.
    """
    rows = rows.copy()
    is_plain = (rows["magic"] < _NEWEST_MAGIC) & (rows["codec_id"] == 0)
    rows["payload_position"][is_plain] = rows["position"][is_plain]
    rows["compressed_bytes"][is_plain] = rows["batch_bytes"][is_plain]
    return rows


# Rows that are made ready at once, 600 KB of them.
_BATCHES_A_SLAB = 4096


class _Sources:
    """The files of a log, opened one at a time: a folder may have thousands."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = paths
        self._current: tuple[int, core.Source] | None = None
        # What has no size is read once and kept.
        self._kept: dict[int, core.Source] = {}

    def open(self, number: int) -> core.Source:
        if number in self._kept:
            return self._kept[number]
        if self._current and self._current[0] == number:
            return self._current[1]
        source, is_whole = open_file(self._paths[number])
        if is_whole:
            self._kept[number] = source
        else:
            self._current = (number, source)
        return source

    def total_bytes(self) -> int:
        return sum(self.open(number).total_bytes for number in range(len(self._paths)))
