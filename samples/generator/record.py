"""One record as it is handed to a Kafka client."""

from __future__ import annotations

from typing import NamedTuple


class Record(NamedTuple):
    """A record before it is sent: what the populations make, what clients take."""

    key: bytes | None
    value: bytes
    timestamp_ms: int
    headers: tuple[tuple[str, bytes], ...]
