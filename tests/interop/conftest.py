"""What the tests against real clients and a real broker stand on."""

import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from kafka_broker import KafkaBroker
    from messages import Message
    from mock_cluster import MockCluster

_TESTS = Path(__file__).parents[1]
sys.path.append(str(_TESTS / "brokers"))


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator["KafkaBroker"]:
    """One broker for all tests; each test has topics of its own."""
    from kafka_broker import KafkaBroker, missing_parts

    if reason := missing_parts():
        pytest.skip(reason)
    with KafkaBroker(tmp_path_factory.mktemp("kafka")) as running:
        yield running


@pytest.fixture(scope="session")
def cluster() -> Iterator["MockCluster"]:
    """librdkafka's mock cluster of one broker."""
    from mock_cluster import MockCluster, find_library

    if find_library() is None:
        pytest.skip("confluent-kafka brought no librdkafka to call directly")
    with MockCluster(1) as running:
        yield running


@pytest.fixture(scope="session")
def messages(samples: Path) -> list["Message"]:
    """A sample's records: 600 requests with keys, some with a header; 1 MB in all."""
    from messages import messages_of

    return messages_of(samples / "http-requests-1m-none.bin")


@pytest.fixture(scope="session")
def messages_file(
    messages: list["Message"], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The same records as the programs of other languages take them."""
    from messages import write_messages

    return write_messages(tmp_path_factory.mktemp("messages") / "messages", messages)


@pytest.fixture
def name() -> Callable[[str], str]:
    """A new topic's name that begins with a word."""
    return lambda word: f"{word}-{uuid.uuid4().hex[:8]}"
