"""Real producers, each of which sends messages to a topic's first partition.

All take the codec by Kafka's name and its level as the client counts it, ``None`` for
the client's own default. They send as fast as they can and fill batches up to
``batch_bytes``, as each client understands that, without dropping the order.
"""

import asyncio
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import confluent_kafka
from kafka_broker import missing_parts, run_java
from messages import Message, read_messages

_GO = Path(__file__).parents[2] / "build" / "interop" / "go" / "bin"
_TIMEOUT_S = 60
# Batches are full before that, and the last one is flushed.
_LINGER_MS = 1_000


def missing_program(client: str) -> str:
    """Say what is missing for a client to be run; the empty string if nothing is."""
    if client == "java":
        return missing_parts()
    if client in _PROGRAMS and not (_GO / _PROGRAMS[client]).exists():
        return f"there is no {client} in build/interop: make test-broker builds it"
    return ""


def java_settings(codec: str, level: int | None, batch_bytes: int) -> dict[str, str]:
    """The Java producer's settings."""
    settings = {
        "compression.type": codec,
        "batch.size": str(batch_bytes),
        "linger.ms": str(_LINGER_MS),
    }
    if level is not None:
        settings[f"compression.{codec}.level"] = str(level)
    return settings


def send_by_java(
    servers: str,
    path: Path,
    topics: Mapping[str, Mapping[str, str]],
    *,
    rounds: int = 1,
) -> dict[str, tuple[float, float]]:
    """Send a file of messages to many topics, each with its producer's settings.

    All is sent ``rounds`` times, by one JVM. The result is the user time in seconds
    that the JVM took for each topic, and that of the thread which encodes.
    """
    jobs = [
        ";".join([topic, *(f"{key}={value}" for key, value in settings.items())])
        for topic, settings in topics.items()
    ]
    said = run_java("Send", servers, str(path), str(rounds), *jobs)
    lines = [line.split("\t") for line in said.splitlines()]
    assert [line[0] for line in lines] == list(topics)
    return {topic: (float(all_s), float(thread_s)) for topic, all_s, thread_s in lines}


def receive_by_java(servers: str, topic: str, path: Path) -> list[Message]:
    """All messages of a topic, as the Java consumer reads them."""
    run_java("Receive", servers, topic, str(path))
    return list(read_messages(path))


def send_by_librdkafka(
    servers: str,
    topic: str,
    messages: Sequence[Message],
    codec: str,
    level: int | None,
    batch_bytes: int,
    *,
    on_flushed: Callable[[], None] | None = None,
) -> None:
    """Send with confluent-kafka; ``on_flushed`` is called while its threads live."""
    settings: dict[str, str | int | bool] = {
        "bootstrap.servers": servers,
        "compression.type": codec,
        "batch.size": batch_bytes,
        "linger.ms": _LINGER_MS,
        "max.in.flight.requests.per.connection": 1,
        # All may wait at once: their number is bounded here, and nobody else's memory.
        "queue.buffering.max.messages": 0,
        # Only errors: the mock says on start that it is experimental.
        "log_level": 3,
    }
    if level is not None:
        settings["compression.level"] = level
    producer = confluent_kafka.Producer(settings)
    problems = []

    def note(error: object, _: object) -> None:
        if error is not None:
            problems.append(error)

    # Known before the first record, so that none waits for it in another queue.
    producer.list_topics(topic, timeout=_TIMEOUT_S)
    for message in messages:
        producer.produce(
            topic,
            key=message.key,
            value=message.value,
            partition=0,
            timestamp=message.timestamp_ms,
            headers=list(message.headers),
            on_delivery=note,
        )
        producer.poll(0)
    assert producer.flush(_TIMEOUT_S) == 0
    if on_flushed is not None:
        on_flushed()
    assert not problems, problems[0]


def send_by_kafka_python(
    servers: str,
    topic: str,
    messages: Sequence[Message],
    codec: str,
    level: int | None,
    batch_bytes: int,
) -> None:
    """Send with kafka-python, which has no levels to choose."""
    from kafka import KafkaProducer

    assert level is None
    producer = KafkaProducer(
        bootstrap_servers=servers,
        compression_type=None if codec == "none" else codec,
        batch_size=batch_bytes,
        linger_ms=_LINGER_MS,
        max_in_flight_requests_per_connection=1,
    )
    sent = [
        producer.send(
            topic,
            value=message.value,
            key=message.key,
            headers=list(message.headers),
            partition=0,
            timestamp_ms=message.timestamp_ms,
        )
        for message in messages
    ]
    producer.flush(_TIMEOUT_S)
    for future in sent:
        future.get(_TIMEOUT_S)
    producer.close()


def send_by_aiokafka(
    servers: str,
    topic: str,
    messages: Sequence[Message],
    codec: str,
    level: int | None,
    batch_bytes: int,
) -> None:
    """Send with aiokafka, which has no levels to choose."""
    from aiokafka import AIOKafkaProducer

    assert level is None

    async def send() -> None:
        async with AIOKafkaProducer(
            bootstrap_servers=servers,
            compression_type=None if codec == "none" else codec,
            max_batch_size=batch_bytes,
            linger_ms=_LINGER_MS,
        ) as producer:
            sent = [
                await producer.send(
                    topic,
                    value=message.value,
                    key=message.key,
                    headers=list(message.headers),
                    partition=0,
                    timestamp_ms=message.timestamp_ms,
                )
                for message in messages
            ]
            await producer.flush()
            await asyncio.gather(*sent)

    asyncio.run(send())


_BY_PYTHON: dict[
    str, Callable[[str, str, Sequence[Message], str, int | None, int], None]
] = {
    "librdkafka": send_by_librdkafka,
    "kafka-python": send_by_kafka_python,
    "aiokafka": send_by_aiokafka,
}

_PROGRAMS = {"sarama": "sarama", "franz-go": "franz"}

CLIENTS = ("java", *_BY_PYTHON, *_PROGRAMS)
"""All that there is a way to send with, by complab's names for them."""

MOCK_CLIENTS = ("librdkafka", "aiokafka")
"""Those that understand librdkafka's mock."""


def send(
    client: str,
    servers: str,
    topic: str,
    path: Path,
    codec: str,
    level: int | None,
    batch_bytes: int,
) -> None:
    """Send a file of messages with any of the clients."""
    if client == "java":
        send_by_java(servers, path, {topic: java_settings(codec, level, batch_bytes)})
        return
    if client in _BY_PYTHON:
        messages = list(read_messages(path))
        _BY_PYTHON[client](servers, topic, messages, codec, level, batch_bytes)
        return
    words = [topic, codec, "" if level is None else str(level), str(batch_bytes)]
    done = subprocess.run(
        [str(_GO / _PROGRAMS[client]), servers, str(path), *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
