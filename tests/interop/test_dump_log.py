"""kafka-dump-log and ``complab inspect`` agree on every field of every batch."""

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import confluent_kafka
import pytest
from clients import java_settings, send_by_java, send_by_librdkafka
from kafka_broker import KafkaBroker, dump_log
from messages import Message, messages_of

from complab.codecs.catalogue import KAFKA_CODECS

Run = Callable[..., subprocess.CompletedProcess[str]]

_TIMEOUT_S = 60


@pytest.fixture
def assert_agreement(
    broker: KafkaBroker, run: Run
) -> Callable[[str], list[dict[str, Any]]]:
    """Compare both programs on a topic, and give complab's batches back."""

    def compare(topic: str) -> list[dict[str, Any]]:
        inspected = run("inspect", str(broker.folder_of(topic)), "--format", "json")
        assert inspected.returncode == 0, inspected.stderr
        document = json.loads(inspected.stdout)
        segments = [str(path) for path in broker.segments(topic)]
        assert document["files"] == segments
        assert document["gaps"] == []
        batches: list[dict[str, Any]] = document["batches"]
        dumped = dump_log(broker.segments(topic))
        assert [as_dumped(batch) for batch in batches] == dumped
        return batches

    return compare


def as_dumped(batch: dict[str, Any]) -> dict[str, str]:
    """A batch of ``inspect`` in the names and words of kafka-dump-log."""
    horizon = batch["delete_horizon_ms"]
    fields = {
        "baseOffset": batch["base_offset"],
        "lastOffset": batch["last_offset"],
        "count": batch["record_count"],
        "baseSequence": batch["base_sequence"],
        "lastSequence": batch["last_sequence"],
        "producerId": batch["producer_id"],
        "producerEpoch": batch["producer_epoch"],
        "partitionLeaderEpoch": batch["partition_leader_epoch"],
        "isTransactional": batch["is_transactional"],
        "isControl": batch["is_control"],
        "deleteHorizonMs": (
            "OptionalLong.empty" if horizon is None else f"OptionalLong[{horizon}]"
        ),
        "position": batch["position"],
        batch["timestamp_type"]: batch["max_timestamp"],
        "size": batch["batch_bytes"],
        "magic": batch["magic"],
        "compresscodec": batch["codec"],
        "crc": batch["crc_actual"],
        "isvalid": batch["crc_valid"],
    }
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in fields.items()
    }


@pytest.fixture(scope="module")
def topics(
    broker: KafkaBroker, messages: list[Message], messages_file: Path
) -> list[str]:
    """The same messages in each codec, from the Java producer and from librdkafka."""
    by_java = {f"dump-java-{codec}": codec for codec in KAFKA_CODECS}
    by_librdkafka = {f"dump-librdkafka-{codec}": codec for codec in KAFKA_CODECS}
    broker.create([*by_java, *by_librdkafka])
    send_by_java(
        broker.servers,
        messages_file,
        {topic: java_settings(codec, None, 16_384) for topic, codec in by_java.items()},
    )
    for topic, codec in by_librdkafka.items():
        send_by_librdkafka(broker.servers, topic, messages, codec, None, 100_000)
    return [*by_java, *by_librdkafka]


@pytest.mark.parametrize("codec", KAFKA_CODECS)
@pytest.mark.parametrize("client", ["java", "librdkafka"])
def test_what_clients_sent(
    broker: KafkaBroker,
    topics: list[str],
    messages: list[Message],
    assert_agreement: Callable[[str], list[dict[str, Any]]],
    client: str,
    codec: str,
) -> None:
    """In every codec, and complab knows who wrote it and finds what was sent."""
    topic = f"dump-{client}-{codec}"
    assert topic in topics
    batches = assert_agreement(topic)
    assert {batch["codec"] for batch in batches} == {codec}
    assert len(batches) > 5
    if codec != "none":
        assert all(client in batch["client"] for batch in batches)
    assert messages_of(broker.folder_of(topic)) == messages


def test_transactions(
    broker: KafkaBroker,
    messages: list[Message],
    name: Callable[[str], str],
    assert_agreement: Callable[[str], list[dict[str, Any]]],
) -> None:
    """Transactional batches, and the control batches that end them either way."""
    topic = name("transactions")
    broker.create([topic])
    producer = confluent_kafka.Producer(
        {"bootstrap.servers": broker.servers, "transactional.id": topic}
    )
    producer.init_transactions(_TIMEOUT_S)
    for is_kept in (True, False, True):
        producer.begin_transaction()
        for message in messages[:20]:
            producer.produce(topic, value=message.value, partition=0)
        producer.flush(_TIMEOUT_S)
        if is_kept:
            producer.commit_transaction(_TIMEOUT_S)
        else:
            producer.abort_transaction(_TIMEOUT_S)
    batches = assert_agreement(topic)
    assert sum(batch["is_control"] for batch in batches) == 3
    assert all(batch["is_transactional"] for batch in batches)


def test_append_times(
    broker: KafkaBroker,
    messages: list[Message],
    name: Callable[[str], str],
    assert_agreement: Callable[[str], list[dict[str, Any]]],
) -> None:
    """A topic of the broker's times, whose batches bear them in the header alone."""
    topic = name("append-times")
    broker.create([topic], {"message.timestamp.type": "LogAppendTime"})
    send_by_librdkafka(broker.servers, topic, messages, "zstd", None, 100_000)
    batches = assert_agreement(topic)
    assert {batch["timestamp_type"] for batch in batches} == {"LogAppendTime"}


def test_several_segments(
    broker: KafkaBroker,
    messages: list[Message],
    name: Callable[[str], str],
    assert_agreement: Callable[[str], list[dict[str, Any]]],
) -> None:
    """A folder of segments is one log, with positions of each file's own."""
    topic = name("segments")
    broker.create([topic], {"segment.bytes": "1048576"})
    send_by_librdkafka(broker.servers, topic, messages * 3, "none", None, 50_000)
    assert len(broker.segments(topic)) >= 3
    batches = assert_agreement(topic)
    assert sum(batch["record_count"] for batch in batches) == 3 * len(messages)


def test_compaction(
    broker: KafkaBroker,
    messages: list[Message],
    name: Callable[[str], str],
    assert_agreement: Callable[[str], list[dict[str, Any]]],
) -> None:
    """Batches that the log cleaner thinned out, one with a horizon for its tombstone.

    Those that it rebuilt are of its codec's default level, whatever the topic says.
    """
    topic = name("compaction")
    settings = {
        "cleanup.policy": "compact",
        "min.cleanable.dirty.ratio": "0.001",
        "segment.ms": "1000",
        "compression.type": "zstd",
        "compression.zstd.level": "19",
    }
    broker.create([topic], settings)
    keyed = [m for m in messages if m.key is not None][:100]
    begin_ms = keyed[0].timestamp_ms
    tombstone = Message(begin_ms, b"a key that is gone", None)
    values = [*keyed, tombstone, *keyed[:50]]
    sent = [Message(begin_ms, m.key, m.value, m.headers) for m in values]
    send_by_librdkafka(broker.servers, topic, sent, "none", None, 40_000)
    # A record of a later time begins a segment; the cleaner leaves the last one alone.
    later = [Message(begin_ms + 10_000, b"another key", b"a value")]
    send_by_librdkafka(broker.servers, topic, later, "none", None, 40_000)
    end_s = time.monotonic() + _TIMEOUT_S
    while messages_of(broker.folder_of(topic)) == [*sent, *later]:
        assert time.monotonic() < end_s, "the log cleaner did not come"
        time.sleep(0.2)
    batches = assert_agreement(topic)
    assert any(batch["delete_horizon_ms"] is not None for batch in batches)
    rebuilt = [
        b for b in batches if b["record_count"] <= b["last_offset"] - b["base_offset"]
    ]
    assert rebuilt
