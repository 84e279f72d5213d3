"""librdkafka's mock cluster, of several brokers, with its own switches for trouble.

confluent-kafka starts such a cluster, too, but hands out none of its switches: here the
same library's functions are called directly (rdkafka_mock.h).
"""

import ctypes
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

import confluent_kafka

_TIMEOUT_S = 60

FETCH, LIST_OFFSETS, METADATA = 1, 2, 3
"""Kinds of requests (API keys)."""


def find_library() -> Path | None:
    """The librdkafka that confluent-kafka brought; ``None`` if it is elsewhere."""
    folder = Path(confluent_kafka.__file__).parents[1] / "confluent_kafka.libs"
    return next(iter(sorted(folder.glob("librdkafka*.so*"))), None)


def _open(path: Path) -> ctypes.CDLL:
    """The library with the prototypes of the functions that are called here."""
    library = ctypes.CDLL(str(path))
    pointer, text, integer = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
    size, size_out = ctypes.c_size_t, ctypes.POINTER(ctypes.c_size_t)
    for name, result, arguments in (
        ("conf_new", pointer, ()),
        ("conf_set", integer, (pointer, text, text, text, size)),
        ("new", pointer, (integer, pointer, text, size)),
        ("destroy", None, (pointer,)),
        ("mock_cluster_new", pointer, (pointer, integer)),
        ("mock_cluster_destroy", None, (pointer,)),
        ("mock_cluster_bootstraps", text, (pointer,)),
        ("mock_topic_create", integer, (pointer, text, integer, integer)),
        ("mock_topic_set_error", None, (pointer, text, integer)),
        ("mock_partition_set_leader", integer, (pointer, text, integer, integer)),
        ("mock_broker_set_down", integer, (pointer, integer)),
        (
            "mock_broker_set_host_port",
            integer,
            (pointer, ctypes.c_int32, text, integer),
        ),
        (
            "mock_push_request_errors_array",
            None,
            (pointer, ctypes.c_int16, size, ctypes.POINTER(integer)),
        ),
        ("mock_clear_request_errors", None, (pointer, ctypes.c_int16)),
        (
            "mock_set_apiversion",
            integer,
            (pointer, ctypes.c_int16, ctypes.c_int16, ctypes.c_int16),
        ),
        ("mock_start_request_tracking", None, (pointer,)),
        ("mock_get_requests", ctypes.POINTER(pointer), (pointer, size_out)),
        ("mock_request_destroy_array", None, (ctypes.POINTER(pointer), size)),
        ("mock_request_api_key", ctypes.c_int16, (pointer,)),
    ):
        function = getattr(library, f"rd_kafka_{name}")
        function.restype, function.argtypes = result, arguments
    return library


class MockCluster:
    """A running cluster of ``broker_count`` brokers, numbered from 1, on loopback.

    A partition keeps its last 5 MB or so; the mock deletes what is older.
    """

    def __init__(self, broker_count: int) -> None:
        """Start it."""
        path = find_library()
        assert path is not None
        self._library = _open(path)
        error = ctypes.create_string_buffer(512)
        configuration = self._library.rd_kafka_conf_new()
        # Only errors: on start, librdkafka says that the mock is experimental.
        self._library.rd_kafka_conf_set(configuration, b"log_level", b"3", error, 512)
        self._handle = self._library.rd_kafka_new(0, configuration, error, 512)
        assert self._handle, error.value
        self._cluster = self._library.rd_kafka_mock_cluster_new(
            self._handle, broker_count
        )
        assert self._cluster
        self._library.rd_kafka_mock_start_request_tracking(self._cluster)
        self.servers: str = self._library.rd_kafka_mock_cluster_bootstraps(
            self._cluster
        ).decode()

    def __enter__(self) -> Self:
        """It runs already."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop it."""
        self._library.rd_kafka_mock_cluster_destroy(self._cluster)
        self._library.rd_kafka_destroy(self._handle)

    def create(self, topic: str, partition_count: int = 1) -> None:
        """Create a topic whose partitions broker 1 leads."""
        name = topic.encode()
        self._library.rd_kafka_mock_topic_create(
            self._cluster, name, partition_count, 1
        )
        for partition in range(partition_count):
            self.set_leader(topic, partition, 1)

    def set_leader(self, topic: str, partition: int, broker: int) -> None:
        """Let another broker lead a partition, or none (-1)."""
        wrong = self._library.rd_kafka_mock_partition_set_leader(
            self._cluster, topic.encode(), partition, broker
        )
        assert not wrong

    def set_down(self, broker: int) -> None:
        """Close a broker's connections and take no more."""
        assert not self._library.rd_kafka_mock_broker_set_down(self._cluster, broker)

    def set_address(self, broker: int, host: str, port: int) -> None:
        """Let Metadata name another address for a broker (advertised.listeners)."""
        assert not self._library.rd_kafka_mock_broker_set_host_port(
            self._cluster, broker, host.encode(), port
        )

    def set_topic_error(self, topic: str, code: int) -> None:
        """Let Metadata answer with an error for a topic."""
        self._library.rd_kafka_mock_topic_set_error(self._cluster, topic.encode(), code)

    def push_errors(self, api_key: int, codes: Iterable[int]) -> None:
        """Let the next requests of a kind be answered with these codes."""
        values = list(codes)
        array = (ctypes.c_int * len(values))(*values)
        self._library.rd_kafka_mock_push_request_errors_array(
            self._cluster, api_key, len(values), array
        )

    def clear_errors(self, api_key: int) -> None:
        """Forget the errors that no request has met yet."""
        self._library.rd_kafka_mock_clear_request_errors(self._cluster, api_key)

    def set_versions(self, api_key: int, least: int, newest: int) -> None:
        """Offer these versions of a kind of request only."""
        assert not self._library.rd_kafka_mock_set_apiversion(
            self._cluster, api_key, least, newest
        )

    def requested(self) -> list[int]:
        """The kinds (API keys) of all requests that came, in their order."""
        count = ctypes.c_size_t()
        requests = self._library.rd_kafka_mock_get_requests(
            self._cluster, ctypes.byref(count)
        )
        keys = [
            int(self._library.rd_kafka_mock_request_api_key(requests[index]))
            for index in range(count.value)
        ]
        self._library.rd_kafka_mock_request_destroy_array(requests, count)
        return keys

    def produce(
        self,
        topic: str,
        batches: Iterable[list[bytes]],
        *,
        codec: str = "none",
        partition: int = 0,
    ) -> None:
        """Send one record batch for each list of values."""
        producer = confluent_kafka.Producer(
            {
                "bootstrap.servers": self.servers,
                "compression.type": codec,
                "batch.size": 4_000_000,
                "message.max.bytes": 4_000_000,
                # Longer than it takes to hand over a batch: flush ends the waiting.
                "linger.ms": 60_000,
                "log_level": 3,
            }
        )
        # Known before the first record, so that none waits a second for it.
        producer.list_topics(topic, timeout=_TIMEOUT_S)
        for values in batches:
            for value in values:
                producer.produce(topic, value=value, partition=partition)
            assert producer.flush(_TIMEOUT_S) == 0
