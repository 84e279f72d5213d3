"""Messages: what clients are given to send, and the files that hand them over.

A file has one message after the other, all numbers big-endian: the timestamp in ms
(8 bytes), the key, the value, the number of headers (4 bytes), and for each header its
name and its value. Bytes have their size in front (4 bytes); a size of -1 is null.
"""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import complab


@dataclass(frozen=True, slots=True)
class Message:
    """A record without its place in a log."""

    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()


def messages_of(path: Path) -> list[Message]:
    """The records of a log: a file of batches, or a folder of segments."""
    log = complab.kafka.open(str(path))
    found = []
    for number in range(len(log)):
        if log.index[number]["is_control"]:
            continue
        records = log.records(number)
        found += [
            Message(
                int(row["timestamp"]),
                records.key(i),
                records.value(i),
                tuple((k.decode(), value) for k, value in records.headers(i)),
            )
            for i, row in enumerate(records.rows)
        ]
    return found


def write_messages(path: Path, messages: Iterable[Message]) -> Path:
    """Write a file of messages, and give its path back."""
    with path.open("wb") as file:
        for message in messages:
            file.write(struct.pack(">q", message.timestamp_ms))
            file.write(_sized(message.key) + _sized(message.value))
            file.write(struct.pack(">i", len(message.headers)))
            for name, value in message.headers:
                file.write(_sized(name.encode()) + _sized(value))
    return path


def read_messages(path: Path) -> Iterator[Message]:
    """The messages of a file."""
    with path.open("rb") as file:
        while begin := file.read(8):
            (timestamp_ms,) = struct.unpack(">q", begin)
            key, value = _read(file), _read(file)
            (count,) = struct.unpack(">i", file.read(4))
            headers = tuple(
                ((_read(file) or b"").decode(), _read(file)) for _ in range(count)
            )
            yield Message(timestamp_ms, key, value, headers)


def _sized(data: bytes | None) -> bytes:
    if data is None:
        return struct.pack(">i", -1)
    return struct.pack(">i", len(data)) + data


def _read(file: BinaryIO) -> bytes | None:
    (size,) = struct.unpack(">i", file.read(4))
    return None if size < 0 else file.read(size)
