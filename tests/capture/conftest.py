"""What the tests of capturing stand on: a cluster, and topics to read."""

import random
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from mock_cluster import MockCluster

_TESTS = Path(__file__).parents[1]
# The clusters, and the samples' generator, which reads batches by itself.
sys.path += [str(_TESTS / "brokers"), str(_TESTS.parent / "samples")]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without librdkafka's functions there is no cluster to capture from."""
    from mock_cluster import find_library

    if find_library() is None:
        reason = "confluent-kafka brought no librdkafka whose functions could be called"
        for item in items:
            if "cluster" in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def cluster() -> Iterator["MockCluster"]:
    """Three brokers for all tests; each test has topics of its own."""
    from mock_cluster import MockCluster

    with MockCluster(3) as running:
        yield running


@pytest.fixture
def topic(cluster: "MockCluster") -> str:
    """A new topic of one partition, empty."""
    name = f"topic-{uuid.uuid4().hex[:12]}"
    cluster.create(name)
    return name


@pytest.fixture(scope="session")
def make_batches() -> Callable[..., list[list[bytes]]]:
    """Values for so many batches, half text, half noise: no codec makes them larger."""

    def make(
        batch_count: int, *, record_count: int = 10, value_bytes: int = 400
    ) -> list[list[bytes]]:
        draw = random.Random(f"{batch_count} {record_count} {value_bytes}")
        half = value_bytes // 2
        return [
            [draw.randbytes(half).ljust(value_bytes, b".") for _ in range(record_count)]
            for _ in range(batch_count)
        ]

    return make
