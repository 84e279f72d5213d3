"""What a broker does with a batch that it is sent: keep it, rebuild it, refuse it.

The rules of Kafka 4.x for a leader's append. Even a batch that is kept is decompressed
and walked, record by record; followers check its CRC alone. A rebuilt batch is written
by the broker's own compressor, which is the Java client's, at the topic's level.

Not told here: the log cleaner. It rebuilds a batch that loses records with its codec's
default level, whatever the topic's (``MemoryRecords.buildRetainedRecordsInto``).

Source: LogValidator and UnifiedLog.append (storage, apache/kafka d79bd502ec); held
against what that LogValidator did in 162 cases.
"""

from dataclasses import dataclass
from typing import Final

from complab.kafka.topic_settings import DEFAULT_LEVELS, TopicSettings

IN_PLACE: Final = "in place"
REBUILT: Final = "rebuilt"
REFUSED: Final = "refused"

# A leader that hopes to keep a batch reads neither keys nor values, and cannot rebuild
# it when it finds such offsets (LogValidator's skipKeyValueIterator; seen on 4.3.1).
_ODD_OFFSETS: Final = (
    "its records' offsets do not follow one another: the broker fails with "
    "UNKNOWN_SERVER_ERROR, as it reads no keys of a batch of the topic's own codec"
)
_V2: Final = 2
_NOBODY: Final = -1


@dataclass(frozen=True, slots=True)
class Arrival:
    """A batch as it comes in.

    ``offsets_follow`` says whether its records' offsets are 0, 1, 2 and so on;
    ``last_offset_delta`` is the header's, where that is known.
    """

    codec: str
    record_count: int
    batch_bytes: int
    magic: int = _V2
    base_offset: int = 0
    last_offset_delta: int | None = None
    offsets_follow: bool = True
    is_control: bool = False
    has_append_time: bool = False
    producer_id: int = _NOBODY
    base_sequence: int = _NOBODY


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a batch: stored with ``codec`` at ``level``, and why.

    ``level`` is the broker's where it rebuilds, ``None`` where it does not or where
    the codec has none.
    """

    outcome: str
    codec: str
    level: int | None
    reason: str


def decide(arrival: Arrival, topic: TopicSettings) -> Decision:
    """What the leader does with a batch of one partition in a produce request."""
    refusal = _refusal(arrival, topic)
    if refusal:
        return Decision(REFUSED, arrival.codec, None, refusal)
    target = topic.target_codec or arrival.codec
    reason = ""
    if arrival.magic != _V2:
        reason = f"it is of magic {arrival.magic}"
    elif target != arrival.codec:
        reason = f"the topic's compression.type is {topic.compression_type}"
    elif not arrival.offsets_follow and arrival.codec != "none":
        return Decision(REFUSED, arrival.codec, None, _ODD_OFFSETS)
    if not reason:
        return Decision(
            IN_PLACE, arrival.codec, None, "same codec; levels do not count"
        )
    return Decision(REBUILT, target, _level(target, topic), reason)


def decide_rebuilt(
    decision: Decision, batch_bytes: int, topic: TopicSettings
) -> Decision:
    """What becomes of a batch once it is rebuilt: its size is looked at again."""
    if not _is_too_large(batch_bytes, topic):
        return decision
    reason = f"rebuilt in {decision.codec} {_too_large(batch_bytes, topic)}"
    return Decision(REFUSED, decision.codec, None, reason)


def _is_too_large(batch_bytes: int, topic: TopicSettings) -> bool:
    limit_bytes = topic.max_message_bytes
    return limit_bytes is not None and batch_bytes > limit_bytes


def _too_large(batch_bytes: int, topic: TopicSettings) -> str:
    return (
        f"it has {batch_bytes:,} bytes, and max.message.bytes is "
        f"{topic.max_message_bytes or 0:,}"
    )


def _level(codec: str, topic: TopicSettings) -> int | None:
    level = topic.levels.get(codec, DEFAULT_LEVELS.get(codec))
    # zlib's own name for its level 6.
    return 6 if codec == "gzip" and level == -1 else level


def _refusal(arrival: Arrival, topic: TopicSettings) -> str:
    """Why a leader does not take it, ``""`` if it does."""
    last, count = arrival.last_offset_delta, arrival.record_count
    faults = (
        (arrival.is_control, "clients may not send control batches"),
        (
            arrival.base_offset != 0 and arrival.magic == _V2,
            f"its base offset is {arrival.base_offset}, and must be 0",
        ),
        (count <= 0, "it has no records"),
        (
            last is not None and count != last + 1,
            f"it has {count:,} records, and a last offset of {last}",
        ),
        (
            arrival.producer_id != _NOBODY and arrival.base_sequence < 0,
            "it has a producer id without a sequence",
        ),
        (
            arrival.has_append_time and topic.timestamp_type == "LogAppendTime",
            "its producer has set LogAppendTime",
        ),
        (
            _is_too_large(arrival.batch_bytes, topic),
            _too_large(arrival.batch_bytes, topic),
        ),
    )
    return next((reason for is_fault, reason in faults if is_fault), "")
