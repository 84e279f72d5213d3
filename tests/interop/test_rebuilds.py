"""What a real broker keeps, compresses anew or fails on, seen in the bytes it stores.

complab says so before, from the batch as it was sent and the topic's settings.
"""

from dataclasses import dataclass
from pathlib import Path

import pytest
from batches import make_batch
from kafka_broker import KafkaBroker
from messages import Message, messages_of
from raw_produce import produce_raw

import complab
from complab.codecs.catalogue import KAFKA_CODECS
from complab.kafka.broker import IN_PLACE, REFUSED, Arrival, decide
from complab.kafka.broker import REBUILT as REBUILDS
from complab.kafka.topic_settings import parse_topic_settings

_COUNT = 20


@dataclass(frozen=True)
class Case:
    """A batch as it is sent, and the topic that it is sent to."""

    codec: str
    level: int | None
    settings: tuple[tuple[str, str], ...]
    has_bad_offsets: bool = False

    @property
    def topic(self) -> str:
        """A name for the topic."""
        words = [self.codec, *(f"{value}" for _, value in self.settings)]
        if self.level is not None:
            words.append(f"sent-at-{self.level}")
        if self.has_bad_offsets:
            words.append("bad-offsets")
        return f"rebuilds-{'-'.join(words)}"

    def batch(self, messages: list[Message]) -> bytes:
        """What is sent."""
        offsets = [0] * _COUNT if self.has_bad_offsets else None
        return make_batch(
            messages[:_COUNT], self.codec, self.level, inner_offsets=offsets
        )


def to(target: str, codec: str, *, has_bad_offsets: bool = False) -> Case:
    """A codec's batch, sent to a topic of that compression type."""
    return Case(codec, None, (("compression.type", target),), has_bad_offsets)


COMPRESSED = KAFKA_CODECS[1:]
# Of another codec than the topic's, which is called "uncompressed" where it has none.
CHANGED = [
    (target, codec)
    for target in ("uncompressed", *COMPRESSED)
    for codec in KAFKA_CODECS
    if codec != target.replace("uncompressed", "none")
]

KEPT = [
    *(to("producer", codec) for codec in KAFKA_CODECS),
    *(to(codec, codec) for codec in COMPRESSED),
    to("uncompressed", "none"),
    # Without a codec nobody looks at the offsets inside.
    to("producer", "none", has_bad_offsets=True),
    # A level of the topic's is of no account where the codec is the same.
    Case("gzip", 1, (("compression.type", "gzip"), ("compression.gzip.level", "9"))),
    Case("lz4", 9, (("compression.type", "lz4"), ("compression.lz4.level", "17"))),
    Case("zstd", 1, (("compression.type", "zstd"), ("compression.zstd.level", "19"))),
    # Nor is the broker's clock, which goes into the header.
    Case(
        "zstd",
        3,
        (("compression.type", "zstd"), ("message.timestamp.type", "LogAppendTime")),
    ),
]
REBUILT = [
    *(to(target, codec) for target, codec in CHANGED),
    *(to(target, codec, has_bad_offsets=True) for target, codec in CHANGED),
]
# The broker finds out too late that it should have read keys and values (see L5).
FAILED = [
    *(to("producer", codec, has_bad_offsets=True) for codec in COMPRESSED),
    *(to(codec, codec, has_bad_offsets=True) for codec in COMPRESSED),
]
_UNKNOWN_SERVER_ERROR = -1


@pytest.fixture(scope="module")
def stored(broker: KafkaBroker, messages: list[Message]) -> KafkaBroker:
    """The broker after each case's batch was sent to its topic."""
    all_cases = KEPT + REBUILT + FAILED
    assert len({case.topic for case in all_cases}) == len(all_cases)
    broker.create_each({case.topic: dict(case.settings) for case in all_cases})
    for case in all_cases:
        code = produce_raw(broker.servers, case.topic, case.batch(messages))
        assert code == (_UNKNOWN_SERVER_ERROR if case in FAILED else 0), case
    return broker


def payloads(
    broker: KafkaBroker, case: Case, messages: list[Message]
) -> tuple[bytes, bytes]:
    """A case's payload as it was sent, and as it is stored."""
    log = complab.kafka.open(str(broker.folder_of(case.topic)))
    assert len(log) == 1
    return case.batch(messages)[61:], log.stored_payload(0)


def foretold(case: Case, messages: list[Message], path: Path) -> tuple[str, set[str]]:
    """What complab says: the outcome, and the rules of lint that it finds broken."""
    path.write_bytes(case.batch(messages))
    found = complab.inspect(str(path), topic=dict(case.settings))
    arrival = Arrival(
        case.codec,
        _COUNT,
        path.stat().st_size,
        offsets_follow=not case.has_bad_offsets,
    )
    decision = decide(arrival, parse_topic_settings(dict(case.settings)))
    rules = {"L1", "L5"} & {finding.rule for finding in found.report.findings}
    return decision.outcome, rules


@pytest.mark.parametrize("case", KEPT, ids=lambda case: case.topic)
def test_kept(
    stored: KafkaBroker, messages: list[Message], tmp_path: Path, case: Case
) -> None:
    """The payload is stored byte for byte, as complab said."""
    sent, found = payloads(stored, case, messages)
    assert found == sent
    rules = {"L5"} if case.has_bad_offsets else set()
    assert foretold(case, messages, tmp_path / "sent.bin") == (IN_PLACE, rules)


@pytest.mark.parametrize("case", REBUILT, ids=lambda case: case.topic)
def test_rebuilt(
    stored: KafkaBroker, messages: list[Message], tmp_path: Path, case: Case
) -> None:
    """Another payload is stored, as complab said, and it holds the same records."""
    sent, found = payloads(stored, case, messages)
    assert found != sent
    rules = {"L1", "L5"} if case.has_bad_offsets else {"L1"}
    assert foretold(case, messages, tmp_path / "sent.bin") == (REBUILDS, rules)
    folder = stored.folder_of(case.topic)
    assert messages_of(folder) == messages[:_COUNT]
    offsets = complab.kafka.open(str(folder)).records(0).rows["offset"]
    assert offsets.tolist() == list(range(_COUNT))


@pytest.mark.parametrize("case", FAILED, ids=lambda case: case.topic)
def test_failed(
    stored: KafkaBroker, messages: list[Message], tmp_path: Path, case: Case
) -> None:
    """Nothing is stored, and complab names the rule that tells why."""
    (segment,) = stored.segments(case.topic)
    assert segment.stat().st_size == 0
    assert foretold(case, messages, tmp_path / "sent.bin") == (REFUSED, {"L5"})


def test_a_rebuilt_batch_has_the_level_of_its_topic(
    broker: KafkaBroker, messages: list[Message]
) -> None:
    """Sent in lz4 to a topic of zstd 19, a batch is stored with the window of 19."""
    settings = {"compression.type": "zstd", "compression.zstd.level": "19"}
    topic = "rebuilds-level"
    broker.create([topic], settings)
    assert produce_raw(broker.servers, topic, make_batch(messages[:_COUNT], "lz4")) == 0
    log = complab.kafka.open(str(broker.folder_of(topic)))
    expected = make_batch(messages[:_COUNT], "zstd", 19)[61:]
    # Frame header: magic number, descriptor, window descriptor (RFC 8878).
    assert log.stored_payload(0)[:6] == expected[:6]
