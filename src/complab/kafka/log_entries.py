"""The entries at the beginning of bytes that a broker sent.

A Fetch answer is a piece of a partition's log: whole entries, and perhaps a last one
that is cut at the limit that was asked for. An entry is a record batch (v2) or a
message of an older set (v0, v1). The C scan of segments finds them; unlike a segment,
an answer that holds anything else is wrong from there on.

Not for files, whose damage ``complab.kafka.log`` reads past.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from complab import core

PREFIX_BYTES = 12
"""An entry's offset and length: what must be there to know its size."""

_LENGTH = struct.Struct(">i")
_LENGTH_AT = 8
_NEWEST_MAGIC = 2


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One entry: ``begin`` is its first byte, ``end`` the one after its last.

    ``base_offset`` to ``last_offset`` are its records', both included. ``record_count``
    is 0 where the header does not say, as that of older sets does not.
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

    Raises ``ValueError`` where the bytes are no entry, after those before it.
    """
    whole_bytes = _whole_bytes(data)
    source = core.Source(memoryview(data)[:whole_bytes], path="the broker's answer")
    rows, gaps = core.scan_all(source)
    end = min((int(gap["position"]) for gap in gaps), default=whole_bytes)
    for row in rows:
        begin = int(row["position"])
        if begin > end:
            break
        is_record_batch = row["magic"] == _NEWEST_MAGIC
        yield LogEntry(
            begin,
            begin + int(row["batch_bytes"]),
            int(row["magic"]),
            int(row["base_offset"]),
            int(row["last_offset"]),
            max(0, int(row["record_count"])) if is_record_batch else 0,
            bool(row["crc_valid"]),
        )
    if end < whole_bytes:
        message = f"its bytes from {end:,} of {len(data):,} on are none"
        raise ValueError(message)


def _whole_bytes(data: bytes) -> int:
    """Where the cut last entry begins, by the lengths alone; the end if none is cut.

    The scan must not see that one: it would look inside for entries to go on with, and
    a record may hold some.
    """
    position = 0
    while position + PREFIX_BYTES <= len(data):
        (length,) = _LENGTH.unpack_from(data, position + _LENGTH_AT)
        end = position + PREFIX_BYTES + length
        if length < 0:
            return len(data)
        if end > len(data):
            break
        position = end
    return position


def needed_bytes(data: bytes) -> int:
    """The size of the first entry, or of its prefix where ``data`` holds less."""
    if len(data) < PREFIX_BYTES:
        return PREFIX_BYTES
    return PREFIX_BYTES + int(_LENGTH.unpack_from(data, _LENGTH_AT)[0])
