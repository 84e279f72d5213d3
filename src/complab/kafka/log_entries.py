"""The entries of a partition's log, as Fetch answers and segments hold them.

Only headers are looked at: where an entry begins and ends, and which offsets it spans.
An entry is a record batch (v2) or a message of an older set (v0, v1), compressed or
not; both begin with an offset and a length.

Not for what is in them (``complab.kafka.payloads``).

Source: org.apache.kafka.common.record.{DefaultRecordBatch, AbstractLegacyRecordBatch}.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from complab.core import crc32c

PREFIX_BYTES = 12
"""An entry's offset and length: what must be there to know its size."""

_PREFIX = struct.Struct(">qi")
_MAGIC_AT = 16
_NEWEST_MAGIC = 2
# The least that may follow the length: a batch without records; a message of v0 with
# neither key nor value.
_LEAST_BATCH_BYTES = 49
_LEAST_MESSAGE_BYTES = 14
_CRC_AT = 17
_PROTECTED_AT = 21
_LAST_OFFSET_DELTA_AT = 23
_RECORD_COUNT_AT = 57


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One entry: ``begin`` is its first byte, ``end`` the one after its last.

    ``base_offset`` to ``last_offset`` are its records', both included; of a message of
    an older set only the last is known, and stands for both. ``record_count`` is 0
    where the header does not say. ``is_crc_valid`` is ``True`` for older sets, whose
    CRC is not looked at.
    """

    begin: int
    end: int
    magic: int
    base_offset: int
    last_offset: int
    record_count: int
    is_crc_valid: bool

    @property
    def is_record_batch(self) -> bool:
        """Whether it is a record batch, and no message of an older set."""
        return self.magic == _NEWEST_MAGIC


def read_entries(data: bytes) -> Iterator[LogEntry]:
    """The whole entries at the beginning of ``data``; a cut last one is left out.

    Raises ``ValueError`` where the bytes are no entry.
    """
    begin = 0
    while (entry := _read_entry(data, begin)) is not None:
        yield entry
        begin = entry.end


def needed_bytes(data: bytes) -> int:
    """The size of the first entry, or of its prefix where ``data`` holds less."""
    if len(data) < PREFIX_BYTES:
        return PREFIX_BYTES
    return PREFIX_BYTES + int(_PREFIX.unpack_from(data)[1])


def _read_entry(data: bytes, begin: int) -> LogEntry | None:
    """The entry at ``begin``; ``None`` if it is not whole."""
    if len(data) - begin <= _MAGIC_AT:
        return None
    offset, length = _PREFIX.unpack_from(data, begin)
    magic = data[begin + _MAGIC_AT]
    least = _LEAST_BATCH_BYTES if magic == _NEWEST_MAGIC else _LEAST_MESSAGE_BYTES
    if magic > _NEWEST_MAGIC or length < least:
        message = f"offset {offset:,}: magic {magic} and length {length:,} are no entry"
        raise ValueError(message)
    end = begin + PREFIX_BYTES + length
    if end > len(data):
        return None
    if magic < _NEWEST_MAGIC:
        return LogEntry(begin, end, magic, offset, offset, 0, is_crc_valid=True)
    (delta,) = struct.unpack_from(">i", data, begin + _LAST_OFFSET_DELTA_AT)
    (count,) = struct.unpack_from(">i", data, begin + _RECORD_COUNT_AT)
    (crc,) = struct.unpack_from(">I", data, begin + _CRC_AT)
    is_valid = crc32c(memoryview(data)[begin + _PROTECTED_AT : end]) == crc
    return LogEntry(begin, end, magic, offset, offset + delta, count, is_valid)
