"""What replay foretells: bytes, what the broker does, and what it refuses to do."""

import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest

import complab
from complab.codecs.catalogue import Catalogue
from complab.errors import LevelError, OutputExistsError, PlanError
from complab.kafka.payloads import read_payloads
from complab.studies.delivery import Delivery
from complab.studies.replay_table import COLUMN_NAMES, ReplayRow
from complab.studies.sampled import RUN_COUNT

_SHARED = Path(__file__).parents[2].parent / "shared" / "fixtures" / "topics"
_FIXED_BYTES = 61


@pytest.fixture
def sample(samples: Path) -> str:
    """17 batches, 160 records, not compressed."""
    return str(samples / "http-requests-16k-none.bin")


def test_none_stores_what_was_there(sample: str) -> None:
    """The same boundaries, and payloads re-encoded byte for byte."""
    result = complab.replay(sample, "none", budget_s=0.1)
    (row,) = result.rows
    assert row.disk_bytes == Path(sample).stat().st_size
    assert (row.batch_count, row.message_count) == (17, 160)
    assert (row.compression_ratio, row.cpu_ratio) == (1.0, 1.0)
    stored = result.deliveries[0]
    assert stored is not None
    payloads = read_payloads(sample, libraries=Catalogue())
    assert stored.parcel.payloads == payloads.blocks


def test_a_row_adds_up(sample: str, needs: Callable[[str], None]) -> None:
    """Disk, ratio and average follow from the batches; the path from its stages."""
    needs("zstd")
    result = complab.replay(sample, "zstd:3", budget_s=1.0)
    none, row = result.rows
    delivery = result.deliveries[1]
    assert delivery is not None
    assert row.disk_bytes == delivery.stored.framed_bytes + 17 * _FIXED_BYTES
    assert row.broker_bytes_in == row.disk_bytes
    assert row.average_message_bytes == row.disk_bytes / 160
    assert row.compression_ratio == row.uncompressed_bytes / (
        row.disk_bytes - 17 * _FIXED_BYTES
    )
    producer = row.producer_cpu_s_per_million
    parts = (
        row.encode_cpu_s_per_million,
        row.compress_cpu_s_per_million,
        row.seal_cpu_s_per_million,
    )
    assert None not in parts
    assert producer == pytest.approx(sum(part for part in parts if part))
    assert none.producer_cpu_s_per_million
    assert producer
    assert row.cpu_ratio == pytest.approx(producer / none.producer_cpu_s_per_million)
    assert row.batch_p50_ns is not None
    assert row.batch_p999_ns is not None
    assert row.batch_p50_ns <= row.batch_p999_ns


def test_the_broker_rebuilds_in_the_topics_codec(
    sample: str, needs: Callable[[str], None]
) -> None:
    """Producer and consumer see other bytes; the broker's work is both of theirs."""
    needs("zstd")
    needs("lz4")
    kept = complab.replay(sample, "zstd:3", budget_s=0.1).rows[1]
    topic = {"compression.type": "zstd"}
    row = complab.replay(sample, "lz4", topic=topic, budget_s=0.1).rows[1]
    assert row.broker_outcome == "rebuilt"
    assert "compression.type is zstd" in row.broker_reason
    assert row.disk_bytes == kept.disk_bytes
    assert row.broker_bytes_in > row.disk_bytes


def test_a_level_of_the_topic_alone_changes_nothing(
    sample: str, needs: Callable[[str], None]
) -> None:
    """The producer's bytes stay."""
    needs("zstd")
    topic = {"compression.type": "zstd", "compression.zstd.level": "19"}
    row = complab.replay(sample, "zstd:1", topic=topic, budget_s=0.1).rows[1]
    plain = complab.replay(sample, "zstd:1", budget_s=0.1).rows[1]
    assert (row.broker_outcome, row.disk_bytes) == ("in place", plain.disk_bytes)


def test_a_batch_that_the_topic_refuses_is_a_failure(sample: str) -> None:
    """Larger than max.message.bytes: nothing would be stored."""
    topic = {"max.message.bytes": "1000"}
    result = complab.replay(sample, "none", topic=topic, budget_s=0.1)
    assert result.has_failures
    assert "max.message.bytes is 1,000" in result.rows[0].message


def test_a_rebuilt_batch_is_weighed_again(
    sample: str, tmp_path: Path, needs: Callable[[str], None]
) -> None:
    """Compressed it is small enough, uncompressed it is not; no segment is written."""
    needs("zstd")
    sizes = [len(block) + _FIXED_BYTES for block in read_payloads(
        sample, libraries=Catalogue()
    ).blocks]  # fmt: skip
    limit = str(max(sizes) - 1)
    topic = {"compression.type": "uncompressed", "max.message.bytes": limit}
    result = complab.replay(sample, "zstd:3", topic=topic, budget_s=0.1)
    row = result.rows[1]
    assert row.status == "failed"
    assert f"rebuilt in none it has {max(sizes):,} bytes" in row.message
    with pytest.raises(PlanError, match="nothing is stored: refused"):
        result.write_segment(str(tmp_path / "segment"))
    enough = {**topic, "max.message.bytes": str(max(sizes))}
    again = complab.replay(sample, "zstd:3", topic=enough, budget_s=0.1).rows[1]
    assert (again.status, again.broker_outcome) == ("ok", "rebuilt")
    assert again.disk_bytes == sum(sizes)


def test_only_batches_of_another_codec_are_rebuilt(
    tmp_path: Path, needs: Callable[[str], None]
) -> None:
    """What librdkafka sends as it is, a topic's codec compresses; the rest is kept."""
    needs("lz4")
    path = tmp_path / "values"
    noise = random.Random(1).randbytes(3000)
    values = [noise, bytes(3000), noise, bytes(3000)]
    path.write_bytes(b"".join(len(v).to_bytes(4, "big") + v for v in values))

    def delivery(compression_type: str) -> Delivery:
        result = complab.replay(
            str(path),
            "lz4",
            client="librdkafka",
            records="length-prefixed",
            batching="client",
            batch_bytes=1000,
            topic={"compression.type": compression_type},
            budget_s=0.1,
        )
        found = result.deliveries[1]
        assert found is not None
        return found

    kept = delivery("producer")
    assert kept.sent.codecs == (0, 3, 0, 3)
    assert kept.stored is kept.sent
    rebuilt = delivery("lz4")
    assert rebuilt.stored.codecs == (3, 3, 3, 3)
    assert rebuilt.stored.batches[1::2] == kept.sent.batches[1::2]
    assert rebuilt.rebuilt is not None
    assert rebuilt.rebuilt.parcel.payloads == rebuilt.parcel.payloads[::2]
    plain = delivery("uncompressed")
    assert plain.stored.codecs == (0, 0, 0, 0)
    assert plain.stored.batches[::2] == kept.sent.batches[::2]
    assert plain.rebuilt is not None
    assert plain.rebuilt.parcel.payloads == plain.parcel.payloads[1::2]


def test_a_client_that_gives_up_stores_what_it_had(
    tmp_path: Path, needs: Callable[[str], None]
) -> None:
    """What does not compress librdkafka sends as it is, and the Java client larger."""
    needs("lz4")
    path = tmp_path / "noise"
    noise = random.Random(1).randbytes(3000)
    path.write_bytes(len(noise).to_bytes(4, "big") + noise)

    def rows(client: str) -> tuple[ReplayRow, ...]:
        return complab.replay(
            str(path), "lz4", client=client, records="length-prefixed", budget_s=0.1
        ).rows

    none, librdkafka = rows("librdkafka")
    assert librdkafka.disk_bytes == none.disk_bytes
    assert rows("java")[1].disk_bytes > none.disk_bytes


def test_a_written_segment_holds_the_same_records(
    sample: str, tmp_path: Path, needs: Callable[[str], None]
) -> None:
    """Read back: the same payloads, offsets that follow, every CRC right."""
    needs("zstd")
    path = tmp_path / "00000000000000000000.log"
    result = complab.replay(sample, "zstd:3", budget_s=0.1)
    assert result.write_segment(str(path)) == path.stat().st_size
    log = complab.kafka.open(str(path))
    assert log.gaps == ()
    assert log.index["crc_valid"].all()
    assert (
        log.index["base_offset"][1:].tolist()
        == (log.index["last_offset"][:-1] + 1).tolist()
    )
    payloads = read_payloads(sample, libraries=Catalogue())
    assert [log.payload(number) for number in range(17)] == list(payloads.blocks)
    with pytest.raises(OutputExistsError):
        result.write_segment(str(path))
    many = complab.replay(sample, "gzip,zstd", budget_s=0.1)
    with pytest.raises(PlanError, match="name one by --codecs, not gzip:6, zstd:3"):
        many.write_segment(str(path), force=True)


def test_chosen_boundaries_have_two_bounds(sample: str) -> None:
    """Larger batches, fewer of them, and a range that holds what is foretold."""
    row = complab.replay(
        sample, "gzip", batching="client", batch_bytes=65536, budget_s=0.1
    ).rows[1]
    assert row.batch_count < 17
    assert row.disk_low_bytes is not None
    assert row.disk_high_bytes is not None
    assert row.disk_low_bytes <= row.disk_bytes <= row.disk_high_bytes


def test_records_of_a_file_are_batched_by_the_client(tmp_path: Path) -> None:
    """Lines have no boundaries of their own but those of the default."""
    path = tmp_path / "lines"
    path.write_bytes(b"".join(b"line %d\n" % number for number in range(5000)))
    result = complab.replay(
        str(path), "none", records="lines", batching="client", budget_s=0.1
    )
    (row,) = result.rows
    assert row.message_count == 5000
    assert row.batch_count > 3


@pytest.mark.parametrize("codec", ["none", "gzip:1"])
def test_batches_of_a_sample_are_of_neighbours(tmp_path: Path, codec: str) -> None:
    """No client would put records together that were far apart."""
    path = tmp_path / "lines"
    path.write_bytes(b"".join(b"line %d\n" % number for number in range(60_000)))
    result = complab.replay(
        str(path),
        codec,
        records="lines",
        batching="client",
        max_input_bytes=200_000,
        budget_s=0.1,
    )
    assert any("--max-input takes more" in note for note in result.notes)
    delivery = result.deliveries[-1]
    assert delivery is not None
    runs = 0
    last = -1
    for payload in delivery.parcel.payloads:
        numbers = [int(found) for found in re.findall(rb"line (\d+)", payload)]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        runs += numbers[0] != last + 1 or last < 0
        last = numbers[-1]
    assert runs == RUN_COUNT


def test_a_range_stands_where_timing_decides(sample: str) -> None:
    """A client that learns nothing, at a given rate, has but one way to batch."""

    def rows(client: str, arrival: str) -> tuple[ReplayRow, ...]:
        result = complab.replay(
            sample,
            "gzip",
            client=client,
            batching="client",
            arrival=arrival,
            budget_s=0.1,
        )
        is_told = any(note.startswith("at least, at most") for note in result.notes)
        assert is_told == any(row.disk_low_bytes is not None for row in result.rows)
        return result.rows

    assert all(row.disk_low_bytes for row in rows("kafka-python", "asap"))
    assert not any(row.disk_low_bytes for row in rows("kafka-python", "1000/s"))
    none, gzip = rows("java", "1000/s")
    assert (none.disk_low_bytes, none.disk_high_bytes) == (None, None)
    assert gzip.disk_low_bytes is not None


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"batching": "guess"}, PlanError, "it is keep or client"),
        ({"batch_bytes": 1000}, PlanError, "for --batching client"),
        ({"arrival": "20000/s"}, PlanError, "for --batching client"),
        ({"client": "kcat"}, PlanError, "no client 'kcat'"),
        ({"budget_s": 0.0}, PlanError, "more than 0"),
        ({"codecs": "brotli:5"}, PlanError, "brotli is not in Kafka"),
        ({"codecs": "gzip:12"}, LevelError, "java has no level 12 for gzip"),
        ({"topic": {"compression.type": "brotli"}}, PlanError, "compression.type"),
    ],
)
def test_wrong_words_are_refused(
    sample: str, options: dict[str, object], error: type[Exception], words: str
) -> None:
    """Each says what is allowed."""
    arguments: dict[str, object] = {"codecs": "none", **options}
    with pytest.raises(error, match=words):
        complab.replay(sample, **arguments)  # type: ignore[arg-type]


def test_the_result_shows_itself(sample: str) -> None:
    """As a table, as a document, with every column under its name."""
    result = complab.replay(sample, "none", budget_s=0.1)
    assert "producer" in str(result)
    assert set(result.to_document()["rows"][0]) == set(COLUMN_NAMES)


@pytest.mark.skipif(not _SHARED.exists(), reason=f"there is no {_SHARED}")
@pytest.mark.parametrize(
    ("codec", "topic"),
    [
        ("none", "java-none-0"),
        ("snappy", "java-snappy-0"),
        ("lz4", "java-lz4-0"),
        ("gzip:1", "java-gzip-l1-0"),
        ("gzip:9", "java-gzip-l9-0"),
        ("zstd:1", "java-zstd-l1-0"),
        ("zstd:3", "java-zstd-0"),
        ("zstd:10", "java-zstd-l10-0"),
    ],
)
def test_what_java_stored_lies_in_the_range(codec: str, topic: str) -> None:
    """At the boundaries that the client chose, with its defaults."""
    source = str(_SHARED / "java-none-0")
    row = complab.replay(source, codec, batching="client", budget_s=0.1).rows[-1]
    stored_bytes = sum(path.stat().st_size for path in (_SHARED / topic).glob("*.log"))
    assert row.disk_low_bytes is not None
    assert row.disk_high_bytes is not None
    assert row.disk_low_bytes <= stored_bytes <= row.disk_high_bytes
