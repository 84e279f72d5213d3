"""What complab foretells is what real clients stored, batch by batch or nearly so.

Clients whose codecs are C libraries compress with those that complab opens, in other
versions.
``make study-clients`` has more levels and samples, and tells of codecs of other kinds.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from clients import (
    MOCK_CLIENTS,
    java_settings,
    missing_program,
    send,
    send_by_java,
)
from foretelling import foretell, java_libraries
from kafka_broker import KafkaBroker
from mock_cluster import MockCluster

import complab
from complab.codecs.catalogue import KAFKA_CODECS

_DEVIATION_AT_MOST_PCT = 0.5

Case = tuple[str, int | None]

_JAVA: list[Case] = [
    ("none", None),
    *(("gzip", level) for level in (1, 6, 9)),
    ("snappy", None),
    *(("lz4", level) for level in (3, 9, 12)),
    *(("zstd", level) for level in (1, 3, 12)),
]
_LIBRDKAFKA = [(codec, level) for codec, level in _JAVA if (codec, level) != ("lz4", 9)]
_LIBRDKAFKA.append(("lz4", None))
_DEFAULTS: list[Case] = [(codec, None) for codec in KAFKA_CODECS]


@pytest.fixture(scope="module")
def java_topics(broker: KafkaBroker, messages_file: Path) -> dict[Case, str]:
    """A topic for each of Java's codecs and levels."""
    cases = [*_JAVA, ("lz4", 1)]
    topics = {case: f"foretold-java-{case[0]}-{case[1]}" for case in cases}
    broker.create(topics.values())
    settings = {topic: java_settings(*case, 16_384) for case, topic in topics.items()}
    send_by_java(broker.servers, messages_file, settings)
    return topics


@pytest.mark.parametrize(("codec", "level"), _JAVA)
def test_java(
    broker: KafkaBroker, java_topics: dict[Case, str], codec: str, level: int | None
) -> None:
    """The Java producer's bytes on the broker's disk."""
    folder = broker.folder_of(java_topics[codec, level])
    found = foretell(folder, "java", codec, level)
    assert found.message_count == 600
    assert abs(found.deviation_pct) <= _DEVIATION_AT_MOST_PCT


def test_lz4_of_the_lowest_level_needs_the_library_of_java(
    broker: KafkaBroker, java_topics: dict[Case, str]
) -> None:
    """LZ4 1.10 has another algorithm at levels 1 and 2; Java's own library has it."""
    if not java_libraries():
        pytest.skip("the Java client's jar has no LZ4 for this machine")
    (library,) = java_libraries()
    folder = broker.folder_of(java_topics["lz4", 1])
    found = foretell(folder, "java", "lz4", 1, library)
    assert found.identical_count == found.batch_count


@pytest.mark.parametrize(
    ("client", "codec", "level"),
    [
        *(("librdkafka", *case) for case in _LIBRDKAFKA),
        *(("kafka-python", *case) for case in _DEFAULTS),
        *(("aiokafka", *case) for case in _DEFAULTS),
    ],
)
def test_other_clients(
    broker: KafkaBroker,
    messages_file: Path,
    name: Callable[[str], str],
    client: str,
    codec: str,
    level: int | None,
) -> None:
    """The bytes of clients in C and in Python on the broker's disk."""
    topic = name(client)
    broker.create([topic])
    send(client, broker.servers, topic, messages_file, codec, level, 100_000)
    found = foretell(broker.folder_of(topic), client, codec, level)
    assert found.message_count == 600
    assert abs(found.deviation_pct) <= _DEVIATION_AT_MOST_PCT


@pytest.mark.parametrize("codec", KAFKA_CODECS)
@pytest.mark.parametrize("client", MOCK_CLIENTS)
def test_on_the_mock(
    cluster: MockCluster,
    messages_file: Path,
    name: Callable[[str], str],
    tmp_path: Path,
    client: str,
    codec: str,
) -> None:
    """The same without a broker, for machines that have none."""
    topic = name(client)
    cluster.create(topic)
    send(client, cluster.servers, topic, messages_file, codec, None, 100_000)
    path = tmp_path / "captured.bin"
    complab.capture(cluster.servers, topic, str(path))
    found = foretell(path, client, codec, None)
    assert found.message_count == 600
    assert abs(found.deviation_pct) <= _DEVIATION_AT_MOST_PCT


@pytest.mark.parametrize("codec", KAFKA_CODECS)
@pytest.mark.parametrize("client", ["sarama", "franz-go"])
def test_codecs_of_go(
    broker: KafkaBroker,
    messages_file: Path,
    name: Callable[[str], str],
    client: str,
    codec: str,
) -> None:
    """Every batch is foretold, and exactly so where nothing is compressed.

    Other implementations compress to other bytes: how far off is the study's to tell.
    """
    if reason := missing_program(client):
        pytest.skip(reason)
    topic = name(client)
    broker.create([topic])
    send(client, broker.servers, topic, messages_file, codec, None, 100_000)
    found = foretell(broker.folder_of(topic), client, codec, None)
    print(f"{client}, {codec}: {found.deviation_pct:+.2f} %")  # noqa: T201 - pytest -rP
    assert found.message_count == 600
    if codec == "none":
        assert found.identical_count == found.batch_count
