"""What clients send to a cluster, in every codec: complab reads it and knows them.

On librdkafka's mock, which needs nothing but Python, and on a real broker. The mock
answers some clients in a way that they do not understand: those are sent to the broker
alone.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from clients import CLIENTS, MOCK_CLIENTS, missing_program, send
from kafka_broker import KafkaBroker
from messages import Message, messages_of
from mock_cluster import MockCluster

import complab
from complab.codecs.catalogue import KAFKA_CODECS


def assert_known(path: Path, messages: list[Message], client: str, codec: str) -> None:
    """Records in the order in which they were sent; frames that are the client's."""
    assert messages_of(path) == messages
    rows = complab.inspect(str(path)).rows()
    assert len(rows) > 5
    assert {row["codec"] for row in rows} == {codec}
    if codec != "none":
        assert all(client in row["client"] for row in rows)


@pytest.mark.parametrize("codec", KAFKA_CODECS)
@pytest.mark.parametrize("client", MOCK_CLIENTS)
def test_sent_to_the_mock(
    cluster: MockCluster,
    messages: list[Message],
    messages_file: Path,
    name: Callable[[str], str],
    tmp_path: Path,
    client: str,
    codec: str,
) -> None:
    """The same records in the same order; the frames are told to be the client's."""
    topic = name(client)
    cluster.create(topic)
    send(client, cluster.servers, topic, messages_file, codec, None, 100_000)
    path = tmp_path / "captured.bin"
    complab.capture(cluster.servers, topic, str(path))
    assert_known(path, messages, client, codec)


@pytest.mark.parametrize("codec", KAFKA_CODECS)
@pytest.mark.parametrize("client", CLIENTS)
def test_sent_to_a_broker(
    broker: KafkaBroker,
    messages: list[Message],
    messages_file: Path,
    name: Callable[[str], str],
    client: str,
    codec: str,
) -> None:
    """The same records in the same order; the frames are told to be the client's."""
    if reason := missing_program(client):
        pytest.skip(reason)
    topic = name(client)
    broker.create([topic])
    send(client, broker.servers, topic, messages_file, codec, None, 100_000)
    assert_known(broker.folder_of(topic), messages, client, codec)
