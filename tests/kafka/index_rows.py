"""Rows of an index, made by hand or read from what clients wrote."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from complab import core, kafka
from complab.kafka.log import Log

Rows = NDArray[np.void]

FIXTURES = Path(__file__).parents[2].parent / "shared" / "fixtures"
TOPICS = sorted(path.name for path in FIXTURES.glob("topics/*"))
MESSAGE_SETS = sorted(path.name for path in FIXTURES.glob("message-sets/*.bin"))
NO_FIXTURES = f"there are no segments of clients in {FIXTURES}"

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
    row = np.zeros(1, dtype=core.batch_dtype())
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


def topic_log(topic: str) -> Log:
    """A topic of the fixtures, opened."""
    return kafka.open(str(FIXTURES / "topics" / topic))


def topic_rows(topic: str) -> Rows:
    """All batches of a topic of the fixtures."""
    return topic_log(topic).index


def message_set_rows(name: str) -> Rows:
    """All entries of a message set of the fixtures."""
    return kafka.open(str(FIXTURES / "message-sets" / name)).index
