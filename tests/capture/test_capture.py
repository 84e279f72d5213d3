"""Captures from a cluster: what is in the file, and what is said where nothing can be.

The cluster is librdkafka's mock: real connections and real batches, but no times to
look up, no transactions and no users.
"""

import dataclasses
import math
import re
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from aiokafka.record.memory_records import MemoryRecords
from mock_cluster import FETCH, LIST_OFFSETS, METADATA, MockCluster

from complab.codecs.catalogue import Catalogue
from complab.errors import (
    AuthorizationError,
    CaptureError,
    CaptureLibraryError,
    CaptureTimeoutError,
    EmptyPartitionError,
    OffsetRangeError,
    PlanError,
    UnknownPartitionError,
    UnknownTopicError,
    UnreachableBrokerError,
)
from complab.kafka.capture import Capture, capture
from complab.kafka.capture_run import CaptureProgress
from complab.kafka.payloads import read_payloads
from generator import capture as generator_capture
from generator.batch import parse_batches

CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]

MakeBatches = Callable[..., list[list[bytes]]]


@pytest.fixture
def output(tmp_path: Path) -> str:
    """Where to capture to."""
    return str(tmp_path / "batch.bin")


@pytest.fixture
def own(topic: str, make_batches: MakeBatches) -> Iterator[MockCluster]:
    """A cluster of one broker, with two batches, whose versions may be changed."""
    with MockCluster(1) as running:
        running.create(topic)
        running.produce(topic, make_batches(2))
        yield running


def values_in(data: bytes) -> list[bytes]:
    """The values of all records, as aiokafka reads them."""
    records, values = MemoryRecords(data), []
    while (batch := records.next_batch()) is not None:
        assert batch.validate_crc()
        values += [bytes(record.value) for record in batch]
    return values


def data_of(captured: Capture) -> bytes:
    """What is in the file; it must be as large as the capture says."""
    data = Path(captured.path).read_bytes()
    assert len(data) == captured.size_bytes
    return data


def joined(batches: list[list[bytes]]) -> list[bytes]:
    """The values of all batches."""
    return [value for values in batches for value in values]


@pytest.mark.parametrize("codec", CODECS)
def test_bytes_are_those_of_the_log(
    cluster: MockCluster,
    topic: str,
    output: str,
    make_batches: MakeBatches,
    codec: str,
    needs: Callable[[str], None],
) -> None:
    """The file holds the log byte for byte, and the records that were sent."""
    needs(codec)
    batches = make_batches(12)
    cluster.produce(topic, batches, codec=codec)
    captured = capture(cluster.servers, topic, output)
    assert dataclasses.replace(captured, size_bytes=0) == Capture(
        output, topic, 0, 12, 120, 0, 0, 119
    )
    data = data_of(captured)
    assert values_in(data) == joined(batches)
    parsed = parse_batches(data)
    assert {batch.codec for batch in parsed} == {codec}
    payloads = read_payloads(output, libraries=Catalogue())
    assert payloads.record_count == 120
    assert not payloads.warnings
    assert list(payloads.blocks) == [batch.decompress() for batch in parsed]


def test_another_reader_gets_the_same_bytes(
    cluster: MockCluster, topic: str, output: str, make_batches: MakeBatches,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """The samples' generator, which speaks Fetch by itself, reads the same log."""
    cluster.produce(topic, make_batches(5), codec="lz4")
    data = data_of(capture(cluster.servers, topic, output))
    host, port = cluster.servers.split(",")[0].split(":")
    monkeypatch.setattr(generator_capture, "_TOPIC", topic)
    assert generator_capture._fetch_log(host, int(port), 50) == data


def test_a_batch_larger_than_the_fetch_limit_is_whole(
    cluster: MockCluster, topic: str, output: str, make_batches: MakeBatches
) -> None:
    """Batches of 3 MB come whole, between small ones, though 1 MiB is asked for."""
    batches = [*make_batches(1), [bytes(3_000_000)], *make_batches(2)]
    cluster.produce(topic, batches)
    captured = capture(cluster.servers, topic, output)
    assert captured.batch_count == 4
    assert values_in(data_of(captured)) == joined(batches)


def test_the_batch_that_holds_the_offset_is_first(
    cluster: MockCluster, topic: str, output: str, make_batches: MakeBatches
) -> None:
    """An offset within a batch brings that batch whole, and a note that says so."""
    cluster.produce(topic, make_batches(4))
    captured = capture(cluster.servers, topic, output, from_offset=15)
    assert (captured.first_offset, captured.last_offset) == (10, 39)
    assert "begins at offset 10: it holds offset 15" in captured.notes[0]


def test_starts(
    cluster: MockCluster, topic: str, output: str, make_batches: MakeBatches
) -> None:
    """A start is an end, an offset, or a negative number of offsets before the end."""
    cluster.produce(topic, make_batches(4))
    starts: dict[int | str | None, int] = {
        "earliest": 0, None: 0, 20: 20, "20": 20, 39: 30, -10: 30, "-11": 20, -40: 0,
    }  # fmt: skip
    for from_offset, first_offset in starts.items():
        captured = capture(
            cluster.servers, topic, output, from_offset=from_offset, may_overwrite=True
        )
        assert captured.first_offset == first_offset
        assert captured.last_offset == 39


def test_more_before_the_end_than_there_are(
    cluster: MockCluster, topic: str, output: str, make_batches: MakeBatches
) -> None:
    """-N of more than the partition holds reads all of it, and says so."""
    cluster.produce(topic, make_batches(2))
    captured = capture(cluster.servers, topic, output, from_offset=-64_000)
    assert captured.batch_count == 2
    assert captured.notes == ("the partition holds 20 offsets only: all are read",)


def test_bounds_of_batches_and_bytes(
    cluster: MockCluster, topic: str, output: str, make_batches: MakeBatches
) -> None:
    """Both bounds end a capture at a batch's end; the bound of bytes is told."""
    cluster.produce(topic, make_batches(6))
    captured = capture(cluster.servers, topic, output, max_batch_count=2)
    assert (captured.batch_count, captured.notes) == (2, ())
    batch_bytes = captured.size_bytes // 2
    for max_bytes, batch_count in ((3 * batch_bytes, 3), (3 * batch_bytes - 1, 2)):
        captured = capture(
            cluster.servers, topic, output, max_bytes=max_bytes, may_overwrite=True
        )
        assert captured.batch_count == batch_count
        assert "--max-bytes" in captured.notes[0]
    with pytest.raises(CaptureError, match=r"first batch has .* raise --max-bytes"):
        capture(cluster.servers, topic, output, max_bytes=100, may_overwrite=True)


def test_fewer_batches_than_asked_for(
    cluster: MockCluster, topic: str, output: str, make_batches: MakeBatches
) -> None:
    """The partition's end ends a capture, which then says so."""
    cluster.produce(topic, make_batches(3))
    captured = capture(cluster.servers, topic, output, max_batch_count=64)
    assert captured.batch_count == 3
    assert captured.notes == ("the partition ended there",)


def test_latest_waits_for_records(
    cluster: MockCluster, topic: str, output: str, make_batches: MakeBatches
) -> None:
    """From the latest offset on, what comes later is captured, and nothing older."""
    cluster.produce(topic, make_batches(3))
    asked_count = cluster.requested().count(FETCH)

    def produce() -> None:
        while cluster.requested().count(FETCH) == asked_count:
            time.sleep(0.02)
        cluster.produce(topic, make_batches(2))

    producer = threading.Thread(target=produce)
    producer.start()
    captured = capture(
        cluster.servers, topic, output, from_offset="latest", max_batch_count=2
    )
    producer.join()
    assert (captured.first_offset, captured.last_offset) == (30, 49)


def test_latest_gives_up_in_silence(
    cluster: MockCluster, topic: str, output: str
) -> None:
    """Without a new record the time-out ends the waiting, and there is no file."""
    with pytest.raises(CaptureTimeoutError, match=r"no batch came for 0\.6 s") as info:
        capture(cluster.servers, topic, output, from_offset="latest", timeout_s=0.6)
    assert info.value.timeout_s == 0.6
    assert not list(Path(output).parent.iterdir())


def test_no_group_and_no_commit(
    cluster: MockCluster, topic: str, output: str, make_batches: MakeBatches
) -> None:
    """The cluster is asked for versions, metadata, offsets and batches alone."""
    cluster.produce(topic, make_batches(2))
    before = len(cluster.requested())
    capture(cluster.servers, topic, output)
    assert set(cluster.requested()[before:]) == {18, 3, 2, 1}


def test_asking_creates_no_topic(cluster: MockCluster, output: str) -> None:
    """A topic that is not there is an error, the second time as well."""
    for _ in range(2):
        with pytest.raises(UnknownTopicError, match="nowhere: there is no such topic"):
            capture(cluster.servers, "nowhere", output)


def test_what_is_not_there(
    cluster: MockCluster, topic: str, output: str, make_batches: MakeBatches
) -> None:
    """Empty, unknown or out of range: each has its own error and leaves no file."""
    with pytest.raises(EmptyPartitionError, match="is empty"):
        capture(cluster.servers, topic, output)
    with pytest.raises(UnknownPartitionError, match="no partition 7") as unknown:
        capture(cluster.servers, topic, output, partition=7)
    assert unknown.value.partition_count == 1
    cluster.produce(topic, make_batches(3))
    with pytest.raises(OffsetRangeError, match=r"0 to 29; .* latest") as range_:
        capture(cluster.servers, topic, output, from_offset=30)
    assert (range_.value.first_offset, range_.value.end_offset) == (0, 30)
    with pytest.raises(OffsetRangeError, match="offset 5,000 is not there"):
        capture(cluster.servers, topic, output, from_offset=5000)
    # The mock finds no record by its time: what it answers is that there is none.
    with pytest.raises(EmptyPartitionError, match=r"of 2030-01-01T00:00:00\.000Z or"):
        capture(cluster.servers, topic, output, from_timestamp="2030-01-01")
    assert not list(Path(output).parent.iterdir())


def test_deleted_records_are_out_of_range(
    cluster: MockCluster, topic: str, output: str
) -> None:
    """An offset before the first that is left is an error that names the range."""
    cluster.produce(topic, [[bytes(1_000_000)] for _ in range(9)])
    with pytest.raises(OffsetRangeError) as info:
        capture(cluster.servers, topic, output, from_offset=0)
    assert 0 < info.value.first_offset < info.value.end_offset == 9
    captured = capture(cluster.servers, topic, output, from_offset="earliest")
    assert captured.first_offset == info.value.first_offset


def test_records_deleted_meanwhile(
    cluster: MockCluster, topic: str, output: str
) -> None:
    """When the next offset was deleted, what was complete is kept, the error told."""
    cluster.produce(topic, [[bytes(1_000_000)] for _ in range(4)])

    def overrun(progress: CaptureProgress) -> None:
        assert (progress.next_offset, progress.end_offset) == (1, 4)
        cluster.produce(topic, [[bytes(1_000_000)] for _ in range(12)])

    captured = capture(cluster.servers, topic, output, on_progress=overrun)
    assert isinstance(captured.problem, OffsetRangeError)
    assert "offset 1 was deleted meanwhile" in str(captured.problem)
    assert not captured.is_complete
    assert values_in(data_of(captured)) == [bytes(1_000_000)]


def test_missing_rights(
    cluster: MockCluster, topic: str, output: str, make_batches: MakeBatches
) -> None:
    """A topic that may not be described or read is told with the rights needed."""
    cluster.produce(topic, make_batches(1))
    cluster.push_errors(FETCH, [29])
    with pytest.raises(AuthorizationError, match="needs the rights DESCRIBE and READ"):
        capture(cluster.servers, topic, output)
    cluster.set_topic_error(topic, 29)
    with pytest.raises(AuthorizationError, match=f"^{topic}-0: this client may not"):
        capture(cluster.servers, topic, output)


def test_an_error_of_the_broker_is_named(
    cluster: MockCluster, topic: str, output: str, make_batches: MakeBatches
) -> None:
    """A code that means nothing more is told by its number and name."""
    cluster.produce(topic, make_batches(1))
    cluster.push_errors(FETCH, [2])
    with pytest.raises(CaptureError, match=r"answered with error 2, CorruptRecord"):
        capture(cluster.servers, topic, output)


@pytest.mark.parametrize("code", [3, 5, 6, 9, 56, 74, 75, 78])
def test_passing_errors_are_waited_out(
    cluster: MockCluster, topic: str, output: str, make_batches: MakeBatches, code: int
) -> None:
    """Errors of a cluster that is about to elect a leader cost time and no batch."""
    batches = make_batches(3)
    cluster.produce(topic, batches)
    cluster.push_errors(FETCH, [code, code])
    captured = capture(cluster.servers, topic, output)
    assert values_in(data_of(captured)) == joined(batches)


def test_lasting_errors_end_in_a_time_out(
    cluster: MockCluster, topic: str, output: str, make_batches: MakeBatches
) -> None:
    """A partition without a leader for long is an error with the last reason."""
    cluster.produce(topic, make_batches(1))
    cluster.set_leader(topic, 0, -1)
    with pytest.raises(UnreachableBrokerError, match="has no leader now"):
        capture(cluster.servers, topic, output)
    cluster.set_leader(topic, 0, 1)
    cluster.push_errors(FETCH, [6] * 1000)
    with pytest.raises(CaptureTimeoutError, match=r"last, .* NOT_LEADER_OR_FOLL"):
        capture(cluster.servers, topic, output, timeout_s=1)
    # What is left of the errors would meet the tests that follow.
    cluster.clear_errors(FETCH)


def test_the_leader_changes(
    cluster: MockCluster, topic: str, output: str, make_batches: MakeBatches
) -> None:
    """A capture follows the partition to another leader, batch after batch."""
    batches = make_batches(6)
    cluster.produce(topic, batches)

    def move(progress: CaptureProgress) -> None:
        cluster.set_leader(topic, 0, 1 + progress.batch_count % 3)

    captured = capture(cluster.servers, topic, output, on_progress=move)
    assert captured.is_complete
    assert values_in(data_of(captured)) == joined(batches)


def test_a_broker_that_knows_the_topic_no_more(
    cluster: MockCluster, topic: str, output: str, make_batches: MakeBatches
) -> None:
    """A topic that was there may be unknown for a while, as at a broker's restart."""
    batches = make_batches(3)
    cluster.produce(topic, batches)
    healing = threading.Timer(0.5, cluster.set_topic_error, (topic, 0))

    def forget(progress: CaptureProgress) -> None:
        if progress.batch_count == 1:
            cluster.set_topic_error(topic, 3)
            cluster.set_leader(topic, 0, 2)
            healing.start()

    captured = capture(cluster.servers, topic, output, on_progress=forget)
    healing.join()
    assert captured.problem is None
    assert values_in(data_of(captured)) == joined(batches)


def test_an_address_that_leads_nowhere(
    own: MockCluster, topic: str, output: str
) -> None:
    """A leader that cannot be reached by the name it gives itself is told as that."""
    servers = own.servers
    own.set_address(1, "kafka-1.invalid", 9092)
    with pytest.raises(UnreachableBrokerError) as info:
        capture(servers, topic, output)
    text = str(info.value)
    assert text.startswith("kafka-1.invalid:9092: cannot be reached: ")
    assert text.endswith(f"the leader of {topic}-0, by its advertised.listeners")


@pytest.mark.parametrize("host", ["kafka..invalid", f"{'k' * 64}.invalid"])
def test_names_that_no_host_can_have(output: str, host: str) -> None:
    """What is no host name is an error that shows it."""
    with pytest.raises(UnreachableBrokerError, match="is no name that a host can have"):
        capture(host, "topic", output)


def test_a_name_that_would_steer_a_terminal(
    own: MockCluster, topic: str, output: str
) -> None:
    """The name that a broker gives itself cannot write over the terminal."""
    servers = own.servers
    own.set_address(1, "kafka\x1b[2J.invalid", 9092)
    with pytest.raises(UnreachableBrokerError) as info:
        capture(servers, topic, output)
    assert str(info.value).startswith("kafka\\x1b[2J.invalid:9092: cannot be reached")


def test_a_broker_dies(topic: str, output: str, make_batches: MakeBatches) -> None:
    """A broken connection leads to the broker that leads the partition then."""
    batches = make_batches(5)
    with MockCluster(3) as own:
        own.create(topic)
        own.produce(topic, batches)

        def stop(progress: CaptureProgress) -> None:
            if progress.batch_count == 2:
                own.set_leader(topic, 0, 2)
                own.set_down(1)

        captured = capture(own.servers, topic, output, on_progress=stop)
    assert values_in(data_of(captured)) == joined(batches)


def test_a_cluster_dies(topic: str, output: str, make_batches: MakeBatches) -> None:
    """When no broker is left, what was captured is kept and the error told."""
    batches = make_batches(5)
    with MockCluster(1) as own:
        own.create(topic)
        own.produce(topic, batches)

        def stop(progress: CaptureProgress) -> None:
            if progress.batch_count == 2:
                own.set_down(1)

        captured = capture(own.servers, topic, output, timeout_s=2, on_progress=stop)
    assert isinstance(captured.problem, CaptureTimeoutError)
    assert "connection refused" in str(captured.problem)
    assert values_in(data_of(captured)) == joined(batches[:2])


def test_every_version_of_fetch_gives_the_same(
    own: MockCluster, topic: str, output: str
) -> None:
    """Brokers from Kafka 0.11 (Fetch 4) to 4.x (none below it) give the same bytes."""
    found = set()
    for version in range(4, 12):
        own.set_versions(FETCH, version, version)
        captured = capture(own.servers, topic, output, may_overwrite=True)
        found.add(data_of(captured))
    own.set_versions(FETCH, 4, 16)
    own.set_versions(LIST_OFFSETS, 1, 7)
    own.set_versions(METADATA, 0, 13)
    found.add(data_of(capture(own.servers, topic, output, may_overwrite=True)))
    assert len(found) == 1


def test_versions_that_cannot_be_spoken(
    own: MockCluster, topic: str, output: str
) -> None:
    """A broker too old to send batches as stored, or too new, is told as that."""
    own.set_versions(FETCH, 0, 3)
    with pytest.raises(CaptureError, match=r"older than Kafka 0\.11"):
        capture(own.servers, topic, output)
    own.set_versions(FETCH, 12, 16)
    with pytest.raises(CaptureError, match="speaks another protocol than complab"):
        capture(own.servers, topic, output)


def free_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def test_unreachable_brokers(output: str) -> None:
    """Each server that was tried is named with its reason."""
    port = free_port()
    servers = f"127.0.0.1:{port},no-such-host.invalid"
    with pytest.raises(UnreachableBrokerError) as info:
        capture(servers, "topic", output)
    assert f"127.0.0.1:{port}, no-such-host.invalid:9092: " in str(info.value)
    assert "connection refused, nothing listens there; cannot be reached: " in str(
        info.value
    )


def test_the_second_server_is_asked(
    cluster: MockCluster, topic: str, output: str, make_batches: MakeBatches
) -> None:
    """One server that refuses and one that is silent leave the third."""
    cluster.produce(topic, make_batches(1))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        servers = (
            f"127.0.0.1:{free_port()},127.0.0.1:{silent.getsockname()[1]},"
            + cluster.servers
        )
        captured = capture(servers, topic, output, timeout_s=10)
    assert captured.batch_count == 1


def test_a_silent_server_times_out(output: str) -> None:
    """A server that takes the connection and says nothing is named after the time."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(CaptureTimeoutError, match=rf":{port} gave nothing within"):
            capture(f"127.0.0.1:{port}", "topic", output, timeout_s=0.5)


def test_without_the_extra(output: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without aiokafka the error says in a line what to install."""
    monkeypatch.setitem(sys.modules, "aiokafka", None)
    with pytest.raises(CaptureLibraryError) as info:
        capture("localhost", "topic", output)
    text = "aiokafka: is not installed: python -m pip install 'complab[capture]'"
    assert str(info.value) == text


def test_wrong_words(output: str) -> None:
    """Numbers, places and servers that make no sense are refused before any asking."""
    with pytest.raises(PlanError, match="partition -1"):
        capture("localhost", "topic", output, partition=-1)
    with pytest.raises(PlanError, match="0 batches"):
        capture("localhost", "topic", output, max_batch_count=0)
    with pytest.raises(PlanError, match="0 bytes"):
        capture("localhost", "topic", output, max_bytes=0)
    for timeout_s in (0, -1, math.inf, math.nan, 1e300):
        with pytest.raises(PlanError, match=re.escape(f"{timeout_s:g} s: more")):
            capture("localhost", "topic", output, timeout_s=timeout_s)
    for topic in ("", "a b", "ü", "t" * 250, "a\udcff"):
        with pytest.raises(PlanError, match="--topic"):
            capture("localhost", topic, output)
    with pytest.raises(PlanError, match="no server to ask"):
        capture(None, "topic", output)
    for servers in ("localhost:", "a:b", "::1", " , ", "a:65536"):
        with pytest.raises(PlanError, match="--bootstrap-server"):
            capture(servers, "topic", output)
    for start in ("first", "1.5", ""):
        with pytest.raises(PlanError, match="--from-offset"):
            capture("localhost", "topic", output, from_offset=start)
    for moment in ("yesterday", "-5", "1969-12-31T23:59:59Z", "9" * 19):
        with pytest.raises(PlanError, match="--from-timestamp"):
            capture("localhost", "topic", output, from_timestamp=moment)
    with pytest.raises(PlanError, match="exclude each other"):
        capture("localhost", "topic", output, from_offset=1, from_timestamp=1)
