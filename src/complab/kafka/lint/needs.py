"""What rules may need beyond the index: settings, records, a time.

Where it is known of some batches alone, a finding says of how many it is not.
"""

from typing import TYPE_CHECKING, Final

from complab.kafka.lint.model import Need
from complab.kafka.subject import Subject
from complab.kafka.topic_settings import PRODUCER
from complab.units import format_count

if TYPE_CHECKING:
    from complab.kafka.frames.model import Mask


def _setting(name: str) -> str:
    return f"the topic setting {name}"


def _knows_levels_of_target(subject: Subject) -> bool:
    topic = subject.topic
    if topic.compression_type is None:
        return False
    target = topic.target_codec
    # Of snappy and of no codec there are no levels to have been given.
    return target in {None, "none", "snappy"} or target in topic.levels


def _knows_sizes(subject: Subject) -> bool:
    is_known = subject.uncompressed_bytes >= 0
    return bool((is_known & subject.is_compressed).any()) or not bool(
        subject.is_compressed.any()
    )


def _knows_compaction(subject: Subject) -> bool:
    is_seen = subject.is_stored and bool(subject.is_compacted.any())
    return subject.topic.cleanup_policies is not None or is_seen


def _knows_records(subject: Subject) -> bool:
    return bool(subject.records.is_read.any())


COMPRESSION_TYPE: Final = Need(
    _setting("compression.type"),
    lambda subject: subject.topic.compression_type is not None,
)
LEVEL_OF_TYPE: Final = Need(
    f"{_setting('compression.type')} and the level of its codec",
    _knows_levels_of_target,
)
LZ4_LEVEL: Final = Need(
    _setting("compression.lz4.level"), lambda subject: "lz4" in subject.topic.levels
)
CLEANUP_POLICY: Final = Need(
    _setting("cleanup.policy"),
    lambda subject: subject.topic.cleanup_policies is not None,
)
COMPACTION: Final = Need(_setting("cleanup.policy"), _knows_compaction)
TIMESTAMP_TYPE: Final = Need(
    _setting("message.timestamp.type"),
    lambda subject: subject.topic.timestamp_type is not None,
)
MAX_MESSAGE_BYTES: Final = Need(
    _setting("max.message.bytes"),
    lambda subject: subject.topic.max_message_bytes is not None,
)
SIZES: Final = Need("uncompressed sizes: the records must be read", _knows_sizes)
RECORDS: Final = Need("the records to be read", _knows_records)
AS_SENT: Final = Need(
    "batches as a producer sends them: these are of a log",
    lambda subject: not subject.is_stored,
)


def is_producer_kept(subject: Subject) -> bool:
    """Whether the topic was said to keep every producer's codec."""
    return subject.topic.compression_type == PRODUCER


def untold_sizes(subject: Subject, mask: "Mask") -> str:
    """How many compressed batches nothing tells the uncompressed size of."""
    del mask  # what was left out is told
    count = int((subject.is_compressed & (subject.uncompressed_bytes < 0)).sum())
    words = ("other does not tell its size", "others do not tell their size")
    return f" ({format_count(count, *words)})" if count else ""


def unread_records(subject: Subject, mask: "Mask") -> str:
    """Of how many batches with records these were not read."""
    del mask  # what was left out is told
    count = int((subject.is_data & ~subject.records.is_read).sum())
    words = ("other batch was not read", "other batches were not read")
    return f" ({format_count(count, *words)})" if count else ""
