"""What the rules find in what clients and brokers wrote: what is so, and no more."""

import pytest
from index_rows import (
    MESSAGE_SETS,
    NO_FIXTURES,
    TOPICS,
    message_set_rows,
    topic_log,
    topic_rows,
)

from complab.kafka.lint import RULES, lint
from complab.kafka.log import Log
from complab.kafka.record_facts import RecordFacts, note_records, unread_facts
from complab.kafka.subject import Subject
from complab.kafka.topic_settings import parse_topic_settings

_GZIP = {"L16": 1.0}
_UNSIZED = {"L17": 1.0}
_SHALLOW = {"L27": 1.0}
_PLAIN = {"L28": 1.0}

# What is to be said of each topic without its settings: the share of its batches, by
# rule. A topic of Java's 16 KiB batches has shallow ones, but only sized frames tell.
EXPECTED: dict[str, dict[str, float]] = {
    "aio-gzip-0": _GZIP,
    "aio-lz4-0": {},
    "aio-snappy-0": _SHALLOW,
    "aio-zstd-0": _SHALLOW,
    "bk-compact-lz4-0": {},
    "bk-compact-none-0": _PLAIN,
    # 43 of 53 are still of level 19; the emptied batch alone is no zstd frame.
    "bk-compact-zstd19-0": {"L4": 43 / 53, "L17": 52 / 53},
    "bk-gzip-to-uncompressed-0": _PLAIN,
    "bk-logappendtime-lz4-to-zstd-0": _UNSIZED,
    "bk-logappendtime-zstd-0": _UNSIZED,
    "bk-lz4-to-zstd9-0": _UNSIZED,
    "bk-multisegment-none-0": _PLAIN,
    "bk-noidem-gzip-0": _GZIP,
    "bk-none-to-gzip1-0": _GZIP,
    "bk-producer-zstd1-0": _UNSIZED,
    # Records of 2018 between control batches of 2026. The 6 before the first one are a
    # segment of their own: its time made the broker roll.
    "bk-txn-zstd-0": {"L15": 73 / 97, "L17": 79 / 97, "L29": 18 / 97},
    "bk-zstd1-topic-zstd19-0": _UNSIZED,
    "franz-gzip-0": _GZIP,
    "franz-lz4-0": {},
    "franz-none-0": _PLAIN,
    "franz-snappy-0": {},
    "franz-zstd-0": {},
    "franz-zstd-best-0": {},
    "java-b512k-gzip-0": _GZIP,
    "java-b512k-lz4-0": {},
    "java-b512k-none-0": _PLAIN,
    "java-b512k-snappy-0": {},
    "java-b512k-zstd-0": _UNSIZED,
    "java-gzip-0": _GZIP,
    "java-gzip-l1-0": _GZIP,
    "java-gzip-l9-0": _GZIP,
    "java-lz4-0": {},
    "java-lz4-l1-0": {},
    "java-lz4-l12-0": {},
    "java-lz4-l17-0": {},
    "java-none-0": _PLAIN,
    "java-snappy-0": _SHALLOW,
    "java-zstd-0": _UNSIZED,
    "java-zstd-l-5-0": _UNSIZED,
    "java-zstd-l1-0": _UNSIZED,
    "java-zstd-l10-0": _UNSIZED,
    "java-zstd-l19-0": _UNSIZED,
    "java-zstd-l22-0": {"L9": 1.0, "L17": 1.0},
    "kafkago-gzip-0": _GZIP,
    "kafkago-lz4-0": {},
    "kafkago-none-0": _PLAIN,
    "kafkago-snappy-0": {},
    # The last batch fits kafka-go's first block, and so tells its size.
    "kafkago-zstd-0": {"L17": 8 / 9},
    "kafkajs-GZIP-0": _GZIP,
    "kafkajs-LZ4-0": {},
    "kafkajs-None-0": _PLAIN,
    "kafkajs-Snappy-0": {},
    "kpy-gzip-0": _GZIP,
    "kpy-lz4-0": _SHALLOW,
    "kpy-snappy-0": _SHALLOW,
    "kpy-zstd-0": _SHALLOW,
    "rdkafka-gzip-0": _GZIP,
    "rdkafka-gzip-l9-0": _GZIP,
    "rdkafka-idem-zstd-0": _UNSIZED,
    # It sent eight records alone before its queue filled.
    "rdkafka-lz4-0": {"L8": 0.8},
    "rdkafka-lz4-l12-0": {},
    "rdkafka-none-0": _PLAIN,
    "rdkafka-snappy-0": {},
    "rdkafka-zstd-0": _UNSIZED,
    "rdkafka-zstd-l12-0": _UNSIZED,
    "sarama-gzip-0": _GZIP,
    "sarama-lz4-0": {},
    "sarama-none-0": _PLAIN,
    "sarama-snappy-0": {},
    "sarama-zstd-0": {},
}

# Who batches 16 KiB unless told otherwise, and which topics are uncompressed or deeper.
_SHALLOW_CLIENTS = ("aio-", "kpy-", "java-", "bk-")
_NOT_SHALLOW = {name for name in TOPICS if name.endswith("-none-0")} | {
    "bk-compact-zstd19-0",
    "bk-gzip-to-uncompressed-0",
    *(name for name in TOPICS if name.startswith("java-b512k-")),
}
# Its batches of one record: 8 of 10.
_ALSO_SHALLOW = {"rdkafka-lz4-0"}

# What the topics that the broker was told to change have to say once it is known how.
WITH_SETTINGS: list[tuple[str, dict[str, str], set[str]]] = [
    (
        "bk-zstd1-topic-zstd19-0",
        {"compression.type": "zstd", "compression.zstd.level": "19"},
        {"L2", "L17"},
    ),
    (
        "bk-lz4-to-zstd9-0",
        {"compression.type": "zstd", "compression.zstd.level": "9"},
        {"L17"},
    ),
    ("java-lz4-0", {"compression.type": "zstd"}, {"L1"}),
    ("java-lz4-0", {"compression.type": "lz4"}, set()),
    ("java-zstd-0", {"compression.type": "producer"}, {"L17"}),
    (
        "java-zstd-0",
        {"compression.type": "producer", "compression.zstd.level": "9"},
        {"L3", "L17"},
    ),
    ("bk-compact-lz4-0", {"cleanup.policy": "compact"}, set()),
    ("bk-compact-zstd19-0", {"cleanup.policy": "compact"}, {"L4", "L17"}),
    ("java-zstd-l19-0", {"cleanup.policy": "compact"}, {"L4", "L17"}),
    ("java-zstd-0", {"cleanup.policy": "compact"}, {"L17"}),
    ("sarama-none-0", {"max.message.bytes": "1048588"}, {"L13", "L28"}),
    ("sarama-zstd-0", {"max.message.bytes": "1048588"}, set()),
    (
        "sarama-zstd-0",
        {"compression.type": "uncompressed", "max.message.bytes": "1000000"},
        {"L1", "L13"},
    ),
]


@pytest.mark.skipif(not TOPICS, reason=NO_FIXTURES)
def test_every_topic_has_its_expectation() -> None:
    """No topic of the fixtures is left out."""
    assert sorted(EXPECTED) == TOPICS


@pytest.mark.parametrize("topic", TOPICS)
def test_findings_of_a_topic(topic: str) -> None:
    """A topic gets the findings that it deserves, and no others."""
    findings = lint(Subject(topic_rows(topic))).findings
    assert {f.rule: f.share for f in findings} == pytest.approx(EXPECTED[topic])


@pytest.mark.skipif(not TOPICS, reason=NO_FIXTURES)
@pytest.mark.parametrize(("topic", "settings", "rules"), WITH_SETTINGS)
def test_findings_under_settings(
    topic: str, settings: dict[str, str], rules: set[str]
) -> None:
    """What a topic's settings mean for its batches is found once they are given."""
    subject = Subject(topic_rows(topic), topic=parse_topic_settings(settings))
    assert {finding.rule for finding in lint(subject).findings} == rules


def read_facts(log: Log) -> RecordFacts:
    """The facts of all records of a log."""
    facts = unread_facts(len(log))
    for number in range(len(log)):
        records = log.records(number)
        rows = records.rows
        note_records(
            facts,
            number,
            records.payload,
            offset_deltas=rows["offset"] - log.index["base_offset"][number],
            key_bytes=rows["key_bytes"],
            value_positions=rows["value_position"],
            value_bytes=rows["value_bytes"],
        )
    return facts


# Rules that the records of a topic decide, and those of a compacted one's keys.
_OF_RECORDS = ("L5", "L7", "L14", "L19", "L27")


@pytest.mark.parametrize("topic", TOPICS)
def test_findings_of_records(topic: str) -> None:
    """Once records are read, shallow batches are seen, and there is nothing else."""
    log = topic_log(topic)
    subject = Subject(
        log.index,
        records=read_facts(log),
        topic=parse_topic_settings({"cleanup.policy": "compact"}),
    )
    report = lint(subject, [rule for rule in RULES if rule.id in _OF_RECORDS])
    assert report.unchecked == ()
    is_shallow = topic.startswith(_SHALLOW_CLIENTS) and topic not in _NOT_SHALLOW
    is_shallow |= topic in _ALSO_SHALLOW
    assert [f.rule for f in report.findings] == ["L27"] * is_shallow


@pytest.mark.parametrize("name", MESSAGE_SETS)
def test_findings_of_message_sets(name: str) -> None:
    """Message sets are told as such, and of their codec what holds for any batch."""
    findings = lint(Subject(message_set_rows(name))).findings
    expected = {"L6": 1.0} | ({"L16": 1.0} if "gzip" in name else {})
    assert {f.rule: f.share for f in findings} == expected
