"""What is written down of a batch's records, and topic settings as they are typed."""

import doctest
import gzip
from collections.abc import Sequence

import numpy as np
import pytest

from complab.errors import PlanError
from complab.kafka import topic_settings
from complab.kafka.record_facts import RecordFacts, note_records, unread_facts
from complab.kafka.topic_settings import TopicSettings, parse_topic_settings


def facts_of(
    values: Sequence[bytes | None],
    keys: Sequence[bytes | None] | None = None,
    deltas: Sequence[int] | None = None,
) -> RecordFacts:
    """The facts of one batch whose values stand in its payload, each behind a byte."""
    payload = bytearray()
    positions = []
    for value in values:
        payload += b"\x07"
        positions.append(len(payload))
        payload += value or b""
    facts = unread_facts(3)
    note_records(
        facts,
        1,
        bytes(payload),
        offset_deltas=np.array(deltas or range(len(values)), dtype=np.int64),
        key_bytes=np.array(
            [-1 if key is None else len(key) for key in keys or [b"k"] * len(values)],
            dtype=np.int64,
        ),
        value_positions=np.array(positions, dtype=np.int64),
        value_bytes=np.array(
            [-1 if value is None else len(value) for value in values], dtype=np.int64
        ),
    )
    assert facts.is_read.tolist() == [False, True, False]
    assert facts.uncompressed_bytes.tolist() == [-1, len(payload), -1]
    return facts


def test_unread_facts_say_nothing() -> None:
    """Facts of unread batches are unread, unsized and without an entropy."""
    facts = unread_facts(2)
    assert not facts.is_read.any()
    assert facts.uncompressed_bytes.tolist() == [-1, -1]
    assert np.isnan(facts.value_entropy_bits).all()


@pytest.mark.parametrize(
    ("deltas", "has_gap"),
    [([0, 1, 2], False), ([0, 2, 3], True), ([1, 2, 3], True), ([0, 0, 0], True)],
)
def test_offset_gaps(deltas: list[int], has_gap: bool) -> None:
    """Deltas other than 0, 1, 2, … are a gap."""
    facts = facts_of([b"a", b"b", b"c"], deltas=deltas)
    assert facts.has_offset_gap.tolist() == [False, has_gap, False]


def test_null_keys_are_counted() -> None:
    """A null key counts, an empty one does not."""
    facts = facts_of([b"a"] * 4, keys=[None, b"", b"k", None])
    assert facts.null_key_count[1] == 2
    assert facts.record_count[1] == 4


def test_compressed_values_are_counted() -> None:
    """Values that begin as compressed formats do count, nulls and short ones do not."""
    values = [gzip.compress(b"x"), b"\x28\xb5\x2f\xfd..", b"\x1f", None, b"", b"{}"]
    assert facts_of([*values, b"BZh91AY"]).compressed_value_count[1] == 3


def test_beginning_beyond_the_value_does_not_count() -> None:
    """What follows a value in the payload is not taken for a part of it."""
    facts = facts_of([b"\x1f\x8b", b"\x89PN"])
    assert facts.compressed_value_count[1] == 0


def test_entropy_of_values() -> None:
    """Text has a low entropy, random bytes nearly 8 bits, and few bytes have none."""
    generator = np.random.default_rng(11)
    random = [generator.bytes(100) for _ in range(50)]
    assert facts_of(random).value_entropy_bits[1] > 7.9
    assert facts_of([b"ab" * 50] * 50).value_entropy_bits[1] == pytest.approx(1.0)
    assert facts_of([b"a" * 5000]).value_entropy_bits[1] == 0
    assert np.isnan(facts_of([b"a" * 4095]).value_entropy_bits[1])


def test_entropy_is_of_values_alone() -> None:
    """What stands between the values is not in the sample, nor is what exceeds it."""
    # Behind the first 64 KiB of ones stand zeros; between the values, sevens.
    values = [b"\1" * 1000] * 66 + [b"\0" * 1000] * 66
    assert facts_of(values).value_entropy_bits[1] == 0
    alternating = [b"\1" * 100, b"\2" * 100] * 50
    assert facts_of(alternating).value_entropy_bits[1] == pytest.approx(1.0)


def test_a_batch_without_records_has_facts() -> None:
    """No record at all is read as that."""
    facts = facts_of([])
    assert facts.record_count[1] == facts.null_key_count[1] == 0
    assert not facts.has_offset_gap[1]


# ---- Topic settings -----------------------------------------------------------------


def test_settings_are_parsed() -> None:
    """Each setting that decides something is taken as Kafka writes it."""
    parsed = parse_topic_settings(
        {
            "compression.type": "zstd",
            "compression.zstd.level": "-5",
            "compression.gzip.level": "-1",
            "cleanup.policy": "compact, delete",
            "message.timestamp.type": "LogAppendTime",
            "max.message.bytes": "1048588",
            "message.timestamp.after.max.ms": "1000",
            "segment.ms": "60000",
        }
    )
    assert parsed == TopicSettings(
        compression_type="zstd",
        levels={"gzip": -1, "zstd": -5},
        cleanup_policies=frozenset({"compact", "delete"}),
        timestamp_type="LogAppendTime",
        max_message_bytes=1_048_588,
        timestamp_after_max_ms=1000,
        segment_ms=60_000,
    )


def test_nothing_given_is_nothing_known() -> None:
    """Without settings nothing is taken for set, but for two defaults of Kafka."""
    parsed = parse_topic_settings({})
    assert parsed.compression_type is parsed.target_codec is None
    assert parsed.levels == {}
    assert parsed.cleanup_policies is None
    assert parsed.timestamp_after_max_ms == 3_600_000
    assert parsed.segment_ms == 7 * 24 * 3_600_000


@pytest.mark.parametrize(
    ("compression_type", "codec"),
    [("producer", None), ("uncompressed", "none"), ("gzip", "gzip")],
)
def test_codec_that_a_broker_makes(compression_type: str, codec: str | None) -> None:
    """A topic's type names the codec of every batch, or leaves them as they come."""
    parsed = parse_topic_settings({"compression.type": compression_type})
    assert parsed.target_codec == codec


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("compression.typ", "zstd", "'compression.typ' decides nothing here"),
        ("compression.type", "none", "is 'none': give producer, uncompressed"),
        ("compression.zstd.level", "23", "is '23': give -131072 to 22"),
        ("compression.lz4.level", "0", "is '0': give 1 to 17"),
        ("compression.gzip.level", "0", "is '0': give 1 to 9, or -1"),
        ("compression.gzip.level", "six", "is 'six': give 1 to 9, or -1"),
        ("compression.zstd.level", "--3", "is '--3': give"),
        ("cleanup.policy", "compacted", "is 'compacted': give compact, delete"),
        ("message.timestamp.type", "create", "is 'create': give CreateTime"),
        ("max.message.bytes", "1MiB", "is '1MiB': give a whole number from 0 on"),
        ("segment.ms", "0", "is '0': give a whole number from 1 on"),
        ("message.timestamp.after.max.ms", "-1", "is '-1': give a whole number"),
    ],
)
def test_settings_that_kafka_refuses(name: str, text: str, told: str) -> None:
    """A name or value that Kafka would not take is an error that says what it takes."""
    with pytest.raises(PlanError, match="topic setting") as caught:
        parse_topic_settings({name: text})
    assert told in str(caught.value)


def test_examples_run() -> None:
    """The examples of the documentation give what they say."""
    results = doctest.testmod(topic_settings)
    assert results.attempted > 0
    assert results.failed == 0
