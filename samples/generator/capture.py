"""Sending records with librdkafka, and keeping the bytes that it sent.

librdkafka carries a mock broker inside. A producer sends to it over a socket as it
would to any broker; the log that the mock keeps is then read with Fetch requests,
whose answers hold the record batches as they are.

Source: Kafka's protocol guide, Fetch version 4.
"""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING

import confluent_kafka

if TYPE_CHECKING:
    from collections.abc import Sequence
    from io import BufferedRWPair

    from .record import Record

# The files were written by this version; another one may compress differently.
LIBRDKAFKA_VERSION = "2.16.0"

_TOPIC = "samples"
_PARTITION = 0
_TIMEOUT_S = 60
# Far above any batch here, so that neither side cuts an answer short.
_MAX_FETCH_BYTES = 64_000_000
_FETCH_API_KEY = 1
# The first version whose answers carry batches of format v2.
_FETCH_VERSION = 4
_BATCH_PREFIX = struct.Struct(">qi")
# Where a batch keeps lastOffsetDelta.
_LAST_OFFSET_DELTA_AT = 23


class CaptureError(RuntimeError):
    """The mock broker did not take or did not return what was expected."""


def capture_batches(records: Sequence[Record], codec: str, batch_bytes: int) -> bytes:
    """Return the batches that librdkafka makes of ``records``, back to back.

    ``batch_bytes`` is the producer's ``batch.size``. The producer lingers until a
    batch is full or all is sent, so that where one batch ends and the next begins
    depends on the records alone. Raises ``CaptureError`` if librdkafka is of another
    version or a record is not delivered.
    """
    check_client()
    producer = confluent_kafka.Producer(
        {
            "test.mock.num.brokers": 1,
            "compression.type": codec,
            "batch.size": batch_bytes,
            "batch.num.messages": 1_000_000,
            "message.max.bytes": 4_000_000,
            "linger.ms": _TIMEOUT_S * 1_000,
            # Batches that are retried or in flight together could change places.
            "max.in.flight.requests.per.connection": 1,
            "enable.idempotence": False,
            # Only errors: on start, librdkafka says that the mock is experimental.
            "log_level": 3,
        }
    )
    # Known before the first record, so that none waits for it in another queue.
    brokers = producer.list_topics(_TOPIC, timeout=_TIMEOUT_S).brokers
    broker = next(iter(brokers.values()))
    for record in records:
        producer.produce(
            _TOPIC,
            key=record.key,
            value=record.value,
            partition=_PARTITION,
            timestamp=record.timestamp_ms,
            headers=list(record.headers),
        )
    if left := producer.flush(_TIMEOUT_S):
        message = f"{left} of {len(records)} records were not delivered"
        raise CaptureError(message)
    return _fetch_log(broker.host, broker.port, len(records))


def check_client() -> None:
    """Raise ``CaptureError`` if librdkafka is not the one that made the samples."""
    version = str(confluent_kafka.libversion()[0])
    if version != LIBRDKAFKA_VERSION:
        message = (
            f"librdkafka is {version}, the samples are of {LIBRDKAFKA_VERSION}; "
            "install samples/generator/requirements.txt"
        )
        raise CaptureError(message)


def _fetch_log(host: str, port: int, end_offset: int) -> bytes:
    """Return the partition's batches from offset 0 to ``end_offset``."""
    log = bytearray()
    offset = 0
    with (
        socket.create_connection((host, port), timeout=_TIMEOUT_S) as connection,
        connection.makefile("rwb") as stream,
    ):
        while offset < end_offset:
            batches = _fetch(stream, offset)
            if not batches:
                message = f"the log ends at {offset}, not at {end_offset}"
                raise CaptureError(message)
            log += batches
            offset = _end_offset(batches)
    return bytes(log)


def _fetch(stream: BufferedRWPair, offset: int) -> bytes:
    """Return the batches that the broker answers with, from ``offset`` on."""
    topic = _TOPIC.encode()
    request = struct.pack(">hhih", _FETCH_API_KEY, _FETCH_VERSION, 0, -1)
    # Replica -1 (a consumer), wait up to 1 s for 1 byte, isolation level 0.
    request += struct.pack(">iiiib", -1, 1_000, 1, _MAX_FETCH_BYTES, 0)
    request += struct.pack(f">ih{len(topic)}s", 1, len(topic), topic)
    request += struct.pack(">iiqi", 1, _PARTITION, offset, _MAX_FETCH_BYTES)
    stream.write(struct.pack(">i", len(request)) + request)
    stream.flush()
    (size,) = struct.unpack(">i", stream.read(4))
    answer = stream.read(size)

    # Correlation id, throttle time, number of topics, the topic's name.
    position = struct.calcsize(">iii") + struct.calcsize(">h") + len(topic)
    # Number of partitions, partition, error, high watermark, last stable offset,
    # number of aborted transactions (-1 for null; there are none), size.
    tail = struct.Struct(">iihqqii")
    _, _, error, _, _, aborted_count, records_bytes = tail.unpack_from(answer, position)
    position += tail.size
    if error or aborted_count > 0 or position + records_bytes != len(answer):
        message = f"Fetch at {offset}: error {error}, {len(answer)} bytes"
        raise CaptureError(message)
    return answer[position:]


def _end_offset(batches: bytes) -> int:
    """Return the offset after the last of ``batches``."""
    position = end = 0
    while position < len(batches):
        base_offset, length = _BATCH_PREFIX.unpack_from(batches, position)
        (delta,) = struct.unpack_from(">i", batches, position + _LAST_OFFSET_DELTA_AT)
        position += _BATCH_PREFIX.size + length
        end = base_offset + delta + 1
    return end
