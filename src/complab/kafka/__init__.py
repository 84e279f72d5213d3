"""Kafka's bytes: logs of record batches, the payloads and records in them."""

from complab.kafka.log import Gap, Log, Records
from complab.kafka.log import open as open  # noqa: A004 - as gzip.open

__all__ = ["Gap", "Log", "Records", "open"]
