"""Rows of an index, made by hand or read from files by a small reader of its own.

It knows no damage: it is for bytes that are whole.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.void]

FIXTURES = Path(__file__).parents[2].parent / "shared" / "fixtures"
TOPICS = sorted(path.name for path in FIXTURES.glob("topics/*"))
MESSAGE_SETS = sorted(path.name for path in FIXTURES.glob("message-sets/*.bin"))
NO_FIXTURES = f"there are no segments of clients in {FIXTURES}"

ROW = np.dtype(
    [
        ("position", np.uint64),
        ("batch_bytes", np.uint64),
        ("payload_position", np.uint64),
        ("compressed_bytes", np.uint64),
        ("base_offset", np.int64),
        ("last_offset", np.int64),
        ("base_timestamp", np.int64),
        ("max_timestamp", np.int64),
        ("producer_id", np.int64),
        ("delete_horizon_ms", np.int64),
        ("file", np.int32),
        ("record_count", np.int32),
        ("partition_leader_epoch", np.int32),
        ("base_sequence", np.int32),
        ("crc_expected", np.uint32),
        ("crc_actual", np.uint32),
        ("attributes", np.int16),
        ("producer_epoch", np.int16),
        ("magic", np.int8),
        ("codec_id", np.int8),
        ("timestamp_type", np.int8),
        ("crc_valid", np.uint8),
        ("is_control", np.uint8),
        ("is_transactional", np.uint8),
        ("head_bytes", np.uint8),
        ("head", np.uint8, 32),
    ],
    align=True,
)

_PLAIN: dict[str, Any] = {
    "batch_bytes": 20_061,
    "payload_position": 61,
    "compressed_bytes": 20_000,
    "last_offset": 99,
    "base_timestamp": 1_700_000_000_000,
    "max_timestamp": 1_700_000_000_900,
    "producer_id": -1,
    "producer_epoch": -1,
    "base_sequence": -1,
    "delete_horizon_ms": -1,
    "record_count": 100,
    "magic": 2,
    "crc_valid": 1,
}


def make_row(**fields: Any) -> Rows:
    """One row: a plain, valid batch of 100 records in 20,000 bytes, but for `fields`.

    ``head`` is given as bytes; ``compressed_bytes`` sets ``batch_bytes`` too unless
    that is given.
    """
    row = np.zeros(1, dtype=ROW)
    head: bytes = fields.pop("head", b"")[:32]
    if "compressed_bytes" in fields and "batch_bytes" not in fields:
        fields["batch_bytes"] = 61 + fields["compressed_bytes"]
    for name, value in (_PLAIN | fields).items():
        row[name] = value
    row["head"][0, : len(head)] = np.frombuffer(head, dtype=np.uint8)
    row["head_bytes"] = len(head)
    return row


def payload_row(payload: bytes, codec_id: int, **fields: Any) -> Rows:
    """A row of a batch that holds this payload."""
    return make_row(
        head=payload, codec_id=codec_id, compressed_bytes=len(payload), **fields
    )


def join(*rows: Rows) -> Rows:
    """Rows of several, in this order, at positions that follow each other."""
    joined = np.concatenate(rows)
    ends = np.cumsum(joined["batch_bytes"])
    joined["position"] = ends - joined["batch_bytes"]
    joined["payload_position"] = joined["position"] + 61
    return joined


def _v2(data: bytes, at: int) -> dict[str, Any]:
    offset, length, leader_epoch, magic, crc, attributes, last_delta = (
        struct.unpack_from(">qiibIhi", data, at)
    )
    base_ms, max_ms, producer, epoch, sequence, count = struct.unpack_from(
        ">qqqhii", data, at + 27
    )
    size_bytes = 12 + length
    has_horizon = bool(attributes & 0x40)
    return {
        "batch_bytes": size_bytes,
        "payload_position": at + 61,
        "compressed_bytes": size_bytes - 61,
        "base_offset": offset,
        "last_offset": offset + last_delta,
        "base_timestamp": base_ms,
        "max_timestamp": max_ms,
        "producer_id": producer,
        "delete_horizon_ms": base_ms if has_horizon else -1,
        "record_count": count,
        "partition_leader_epoch": leader_epoch,
        "base_sequence": sequence,
        "crc_expected": crc,
        "crc_actual": crc,
        "attributes": attributes,
        "producer_epoch": epoch,
        "magic": magic,
        "codec_id": attributes & 7,
        "timestamp_type": attributes >> 3 & 1,
        "is_transactional": attributes >> 4 & 1,
        "is_control": attributes >> 5 & 1,
    }


def _legacy(data: bytes, at: int) -> dict[str, Any]:
    offset, length, crc, magic, attributes = struct.unpack_from(">qiIbb", data, at)
    key_at = at + 18 + (8 if magic else 0)
    (key_bytes,) = struct.unpack_from(">i", data, key_at)
    value_at = key_at + 4 + max(key_bytes, 0)
    (value_bytes,) = struct.unpack_from(">i", data, value_at)
    timestamp_ms = struct.unpack_from(">q", data, at + 18)[0] if magic else -1
    return {
        "batch_bytes": 12 + length,
        "payload_position": value_at + 4,
        "compressed_bytes": max(value_bytes, 0),
        "base_offset": offset,
        "last_offset": offset,
        "base_timestamp": timestamp_ms,
        "max_timestamp": timestamp_ms,
        "record_count": -1 if attributes & 7 else 1,
        "partition_leader_epoch": -1,
        "crc_expected": crc,
        "crc_actual": crc,
        "attributes": attributes,
        "magic": magic,
        "codec_id": attributes & 7,
        "timestamp_type": attributes >> 3 & 1 if magic else -1,
    }


def _rows_of(data: bytes, file: int) -> Iterator[Rows]:
    at = 0
    while at < len(data):
        read = _v2 if data[at + 16] == 2 else _legacy
        fields = read(data, at)
        begin = fields["payload_position"]
        head = data[begin : begin + min(32, fields["compressed_bytes"])]
        yield make_row(position=at, head=head, file=file, **fields)
        at += fields["batch_bytes"]


def read_rows(*paths: Path) -> Rows:
    """All batches and legacy entries of files, in their order."""
    rows = [
        row
        for file, path in enumerate(paths)
        for row in _rows_of(path.read_bytes(), file)
    ]
    return np.concatenate(rows)


def topic_rows(topic: str) -> Rows:
    """All batches of a topic of the fixtures."""
    return read_rows(*sorted((FIXTURES / "topics" / topic).glob("*.log")))


def message_set_rows(name: str) -> Rows:
    """All entries of a message set of the fixtures."""
    return read_rows(FIXTURES / "message-sets" / name)
