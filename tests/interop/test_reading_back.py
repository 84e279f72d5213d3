"""Clients read segments that complab wrote into the folder of a stopped broker."""

from pathlib import Path

import confluent_kafka
import pytest
from clients import receive_by_java
from kafka_broker import KafkaBroker
from messages import Message

import complab
from complab.codecs.catalogue import KAFKA_CODECS

_TIMEOUT_S = 60


@pytest.fixture(scope="module")
def topics(broker: KafkaBroker, samples: Path) -> dict[str, str]:
    """A topic for each codec, whose segment complab wrote while the broker was down."""
    topics = {codec: f"written-{codec}" for codec in KAFKA_CODECS}
    broker.create(topics.values())
    broker.stop()
    for codec, topic in topics.items():
        replayed = complab.replay(
            str(samples / "http-requests-1m-none.bin"),
            codec,
            batching="client",
            batch_bytes=40_000,
            budget_s=0.001,
        )
        (segment,) = broker.segments(topic)
        assert segment.stat().st_size == 0
        replayed.write_segment(str(segment), force=True)
        assert len(complab.kafka.open(str(segment))) > 5
        # They are of the empty segment; without them the broker reads the new one.
        for suffix in (".index", ".timeindex"):
            segment.with_suffix(suffix).unlink()
    broker.start()
    return topics


@pytest.mark.parametrize("codec", KAFKA_CODECS)
def test_the_java_consumer(
    broker: KafkaBroker,
    topics: dict[str, str],
    messages: list[Message],
    tmp_path: Path,
    codec: str,
) -> None:
    """Keys, values, headers and times are those that were written."""
    path = tmp_path / "received"
    assert receive_by_java(broker.servers, topics[codec], path) == messages


@pytest.mark.parametrize("codec", KAFKA_CODECS)
def test_librdkafka(
    broker: KafkaBroker, topics: dict[str, str], messages: list[Message], codec: str
) -> None:
    """librdkafka reads the same, and it checks every CRC."""
    consumer = confluent_kafka.Consumer(
        {
            "bootstrap.servers": broker.servers,
            "group.id": "none",
            "check.crcs": True,
            "enable.auto.commit": False,
        }
    )
    consumer.assign([confluent_kafka.TopicPartition(topics[codec], 0, 0)])
    received: list[Message] = []
    while len(received) < len(messages):
        message = consumer.poll(_TIMEOUT_S)
        assert message is not None
        assert message.error() is None
        headers = tuple(
            (header, value if isinstance(value, bytes) else None)
            for header, value in dict(message.headers() or ()).items()
        )
        received.append(
            Message(
                message.timestamp()[1],
                message.key(),
                message.value(),
                headers,
            )
        )
    consumer.close()
    assert received == messages
