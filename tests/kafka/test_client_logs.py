"""Segments that real clients and brokers wrote: they are read, record by record.

The segments do not belong to the project; where they are not there, this is skipped.
"""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from complab.codecs.catalogue import Catalogue
from complab.kafka import log as complab_kafka
from complab.kafka.payloads import Payloads, read_payloads

_FIXTURES = Path(__file__).parents[2].parent / "shared" / "fixtures"
_TOPICS = sorted(path.name for path in _FIXTURES.glob("topics/*"))

# Of these the cleaner took records away, or more were sent than those of the list.
_OTHER_RECORDS = ("bk-compact-",)

pytestmark = pytest.mark.skipif(
    not _TOPICS, reason=f"there are no segments of clients in {_FIXTURES}"
)


@dataclass(frozen=True)
class Record:
    """What of a record does not depend on its batch."""

    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[bytes, bytes | None], ...]


class Walker:
    """Walks a payload, as Kafka's DefaultRecord lays it out."""

    def __init__(self, payload: bytes) -> None:
        """Begin at the first byte."""
        self._payload = payload
        self._at = 0

    def _number(self) -> int:
        """A zigzag varint."""
        value = shift = 0
        while True:
            byte = self._payload[self._at]
            self._at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return (value >> 1) ^ -(value & 1)

    def _bytes(self) -> bytes | None:
        size = self._number()
        if size < 0:
            return None
        begin, self._at = self._at, self._at + size
        assert self._at <= len(self._payload)
        return self._payload[begin : self._at]

    def records(self) -> Iterator[Record]:
        """Every record, each checked against its own length."""
        while self._at < len(self._payload):
            end = self._number() + self._at
            assert self._payload[self._at] == 0  # attributes, which mean nothing
            self._at += 1
            self._number()  # timestamp delta
            self._number()  # offset delta
            key, value = self._bytes(), self._bytes()
            headers = tuple(
                (self._bytes() or b"", self._bytes()) for _ in range(self._number())
            )
            assert self._at == end
            yield Record(key, value, headers)


def segments(topic: str) -> list[Payloads]:
    """All segments of a topic, in the order of their base offsets."""
    paths = sorted((_FIXTURES / "topics" / topic).glob("*.log"))
    assert paths
    return [read_payloads(str(path), libraries=Catalogue()) for path in paths]


@pytest.fixture(scope="module")
def sent() -> list[Record]:
    """The records that every client was given."""
    records = []
    with (_FIXTURES / "quakes.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            item = json.loads(line)
            key, value = (base64.b64decode(item[name]) for name in ("k", "v"))
            headers = tuple(
                (name.encode(), base64.b64decode(text)) for name, text in item["h"]
            )
            records.append(Record(key, value, headers))
    return records


@pytest.mark.parametrize("topic", _TOPICS)
def test_every_payload_parses_into_its_records(topic: str, sent: list[Record]) -> None:
    """The payloads hold as many records as the headers say: those that were sent."""
    found: list[Record] = []
    for segment in segments(topic):
        records = [r for block in segment.blocks for r in Walker(block).records()]
        assert len(records) == segment.record_count
        assert len(segment.blocks) == segment.batch_count
        assert not any(warning.is_damage for warning in segment.warnings)
        found += records
    if not topic.startswith(_OTHER_RECORDS):
        assert found == sent


@pytest.mark.parametrize("client", ["franz", "kafkago", "kafkajs", "sarama"])
def test_codecs_of_a_client_store_the_same_payload(client: str) -> None:
    """A client that batches by count gives the same payloads in every codec."""
    topics = [name for name in _TOPICS if name.startswith(f"{client}-")]
    assert len(topics) >= 4
    found = [segment.blocks for topic in topics for segment in segments(topic)]
    assert set(found) == {found[0]}


def test_message_sets_are_read() -> None:
    """Kafka's own sets of magic 0 and 1 give the same records in every codec."""
    paths = sorted((_FIXTURES / "message-sets").glob("*.bin"))
    assert paths
    found = {}
    for path in paths:
        log = complab_kafka.open(str(path))
        assert not log.gaps
        assert log.index["crc_valid"].all()
        sets = [log.records(number) for number in range(len(log))]
        found[path.name] = [
            (int(row["offset"]), records.key(i), records.value(i))
            for records in sets
            for i, row in enumerate(records.rows)
        ]
    (first, *others) = found.values()
    begin = first[0][0]
    assert [offset for offset, _, _ in first] == list(range(begin, begin + len(first)))
    assert len(first) >= 40
    assert all(other == first for other in others)
