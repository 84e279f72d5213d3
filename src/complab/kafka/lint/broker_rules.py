"""Rules of what a broker and its log cleaner do with batches.

Costs were measured with LogValidator of Kafka 4.5's trunk on two shared cores, on JSON
records: they say how many times more, not how much on another machine.
"""

from typing import TYPE_CHECKING, Final

from complab.kafka.clients import client_text
from complab.kafka.frames import PROBLEMS, Problem
from complab.kafka.lint import needs
from complab.kafka.lint.levels import is_not_default_level, is_other_level
from complab.kafka.lint.model import Rule, Severity
from complab.kafka.subject import CODECS, Subject
from complab.kafka.topic_settings import DEFAULT_LEVELS
from complab.units import format_bytes

if TYPE_CHECKING:
    from complab.kafka.frames.model import Mask

_REBUILD_MBPS: Final = {
    "gzip": "46 to 58",
    "snappy": "110 to 390",
    "lz4": "110 to 390",
    "zstd": "100 to 210",
}
"""What a core rebuilds, in MB/s of uncompressed records, at default levels."""

_CLOSE_TO_LIMIT: Final = 0.9
"""Batches from nine tenths of the limit on leave little room for less regular data."""


def _of_other_codec(subject: Subject) -> "Mask":
    target = subject.topic.target_codec
    if target is None:
        return subject.is_data & False
    return subject.is_data & ~subject.is_of_codec(target)


def _target_speed(subject: Subject, mask: "Mask") -> str:
    del mask  # the target is the same for all
    target = subject.topic.target_codec or ""
    speed = _REBUILD_MBPS.get(target)
    told = f", and a core rebuilds {speed} MB/s of records as {target}" if speed else ""
    return f" (the topic's is {target}{told})"


def _of_other_level(subject: Subject) -> "Mask":
    target = subject.topic.target_codec
    if target is None or target not in subject.topic.levels:
        return subject.is_data & False
    return is_other_level(subject, target, subject.topic.levels[target])


def _level_without_effect(subject: Subject) -> "Mask":
    is_idle = needs.is_producer_kept(subject) and bool(subject.topic.levels)
    return subject.is_data & is_idle


def _idle_levels(subject: Subject, mask: "Mask") -> str:
    del mask  # it is about settings
    names = [
        f"compression.{codec}.level={n}" for codec, n in subject.topic.levels.items()
    ]
    return f": {', '.join(names)}"


def _levels_that_cleaning_undoes(subject: Subject) -> "Mask":
    topic = subject.topic
    if topic.cleanup_policies is not None and "compact" not in topic.cleanup_policies:
        return subject.is_data & False
    found = subject.is_data & False
    for codec, default in DEFAULT_LEVELS.items():
        found |= is_not_default_level(subject, codec)
        # A broker that compresses does it at the topic's level.
        level = topic.levels.get(codec, default)
        if topic.target_codec == codec and level != default:
            found |= subject.is_of_codec(codec)
    return found & ~subject.is_compacted


def _gaps_before_compaction(subject: Subject) -> "Mask":
    gaps = subject.is_data & subject.is_v2 & subject.records.has_offset_gap
    return gaps & ~subject.is_compacted


def _message_sets(subject: Subject) -> "Mask":
    return subject.is_intact & ~subject.is_v2


def _zstd_in_message_sets(subject: Subject) -> "Mask":
    return subject.is_of_codec("zstd") & ~subject.is_v2


def _refused(subject: Subject) -> "Mask":
    rows, topic = subject.rows, subject.topic
    offsets = rows["last_offset"] - rows["base_offset"] + 1
    refused = rows["base_offset"] != 0
    refused |= rows["is_control"] != 0
    refused |= (rows["record_count"] <= 0) | (rows["record_count"] != offsets)
    refused |= (rows["producer_id"] >= 0) & (rows["base_sequence"] < 0)
    if topic.timestamp_type == "LogAppendTime":
        refused |= rows["timestamp_type"] == 1
    found: Mask = subject.is_intact & (refused | ~subject.is_v2)
    return found


def _close_to_limit(subject: Subject) -> "Mask":
    limit_bytes = subject.topic.max_message_bytes or 0
    is_close = subject.rows["batch_bytes"] > _CLOSE_TO_LIMIT * limit_bytes
    if subject.topic.target_codec == "none":
        # The broker counts again after it has decompressed.
        is_close |= subject.uncompressed_bytes > limit_bytes
    found: Mask = subject.is_data & is_close
    return found


def _largest(subject: Subject, mask: "Mask") -> str:
    limit_bytes = subject.topic.max_message_bytes or 0
    largest_bytes = int(subject.rows["batch_bytes"][mask].max())
    return (
        f": the largest has {format_bytes(largest_bytes)} of "
        f"{format_bytes(limit_bytes)} bytes"
    )


def _without_keys(subject: Subject) -> "Mask":
    policies = subject.topic.cleanup_policies or frozenset()
    has_none = subject.records.null_key_count > 0
    return subject.is_data & has_none & ("compact" in policies)


def _odd_times(subject: Subject) -> "Mask":
    """Create times ahead of the clock, or behind an earlier batch by a segment's time.

    What a batch is held against is the latest time before it in its file, control
    batches included: theirs is the broker's clock.
    """
    import numpy as np

    rows, topic = subject.rows, subject.topic
    latest_ms = rows["max_timestamp"]
    is_timed = subject.is_data & (rows["timestamp_type"] == 0) & (latest_ms >= 0)
    odd = np.zeros(len(rows), dtype=np.bool_)
    if subject.read_at_ms is not None:
        odd |= latest_ms > subject.read_at_ms + topic.timestamp_after_max_ms
    for file in np.unique(rows["file"]):
        places = np.flatnonzero((rows["file"] == file) & subject.is_intact)
        highest_ms = np.maximum.accumulate(latest_ms[places])
        odd[places] |= highest_ms - latest_ms[places] > topic.segment_ms
    has_base = (rows["base_timestamp"] >= 0) & (rows["delete_horizon_ms"] < 0)
    odd |= has_base & (latest_ms - rows["base_timestamp"] > topic.segment_ms)
    found: Mask = is_timed & odd
    return found


def _mixed_codecs(subject: Subject) -> "Mask":
    """Data batches of other codecs than the most frequent one."""
    import numpy as np

    codec_ids = subject.rows["codec_id"]
    used, counts = np.unique(codec_ids[subject.is_data], return_counts=True)
    if len(used) <= 1:
        return subject.is_data & False
    found: Mask = subject.is_data & (codec_ids != used[counts.argmax()])
    return found


def _codecs_used(subject: Subject, mask: "Mask") -> str:
    import numpy as np

    del mask  # the most frequent codec is named too
    codec_ids = subject.rows["codec_id"][subject.is_data]
    used, counts = np.unique(codec_ids, return_counts=True)
    parts = [
        f"{CODECS[codec_id] if codec_id < len(CODECS) else codec_id} {count:,}"
        for codec_id, count in zip(used.tolist(), counts.tolist(), strict=True)
    ]
    return f": {', '.join(parts)}"


def _mixed_clients(subject: Subject) -> "Mask":
    """Batches that the most frequent set of clients does not share a client with."""
    import numpy as np

    clients = subject.origins.clients
    is_known = subject.is_data & (clients != 0)
    kinds, counts = np.unique(clients[is_known], return_counts=True)
    if len(kinds) <= 1 or np.bitwise_and.reduce(kinds) != 0:
        return subject.is_data & False
    found: Mask = is_known & (clients & kinds[counts.argmax()] == 0)
    return found


def _clients_seen(subject: Subject, mask: "Mask") -> str:
    import numpy as np

    kinds = np.unique(subject.origins.clients[mask]).tolist()
    return f": these are of {'; '.join(sorted(map(client_text, kinds)))}"


def _rebuilt(subject: Subject) -> "Mask":
    return subject.is_data & subject.origins.is_rebuilt


def _damaged(subject: Subject) -> "Mask":
    return ~subject.is_intact


def _malformed(subject: Subject) -> "Mask":
    found: Mask = subject.is_data & (subject.frames["problem"] != 0)
    return found


def _reasons(subject: Subject, mask: "Mask") -> str:
    import numpy as np

    problems = np.unique(subject.frames["problem"][mask]).tolist()
    reasons = [PROBLEMS[Problem(problem)] for problem in problems]
    return f": {'; '.join(reasons)}"


BROKER_RULES: Final = (
    Rule(
        id="L1",
        severity=Severity.WARN,
        title="codec is not the topic's compression.type",
        cost="a broker rebuilds each such batch record by record when it is produced",
        source="LogValidator; counted in ProduceMessageConversionsPerSec",
        remedy="set compression.type=producer on the topic, or give the producers the "
        "topic's codec",
        check=_of_other_codec,
        detail=_target_speed,
        needs=(needs.COMPRESSION_TYPE,),
    ),
    Rule(
        id="L2",
        severity=Severity.WARN,
        title="compressed at another level than the topic's",
        cost="a broker compares codecs and never levels: it keeps these as they are",
        source="LogValidator; KIP-390",
        remedy="set the level in the producers: the topic's is for other codecs",
        check=_of_other_level,
        needs=(needs.LEVEL_OF_TYPE,),
    ),
    Rule(
        id="L3",
        severity=Severity.WARN,
        title="a topic level is set, and compression.type=producer never uses it",
        cost="the level has no effect",
        source="KIP-390",
        remedy="set the level in the producers, and remove it from the topic",
        check=_level_without_effect,
        detail=_idle_levels,
        needs=(needs.COMPRESSION_TYPE,),
    ),
    Rule(
        id="L4",
        severity=Severity.WARN,
        title="in a compacted log at another level than the codec's default",
        cost="the cleaner compresses what it rewrites at the default level, whatever "
        "producer and topic say",
        source="MemoryRecords.buildRetainedRecordsInto; apache/kafka#15516",
        remedy="reckon sizes of compacted topics with the default level, or choose a "
        "codec whose default is what you want",
        check=_levels_that_cleaning_undoes,
        needs=(needs.COMPACTION,),
    ),
    Rule(
        id="L5",
        severity=Severity.WARN,
        title="offsets inside the batch are not consecutive, without compaction",
        cost="a broker fails to store it where the topic's codec is the batch's (with "
        "UNKNOWN_SERVER_ERROR), and rebuilds it where that is another; an uncompressed "
        "one is stored as it is, and consumers see its offsets",
        source="LogValidator, whose iterator without keys and values cannot be rebuilt "
        "from; Kafka 4.3.1",
        remedy="update the client that writes them",
        check=_gaps_before_compaction,
        detail=needs.unread_records,
        needs=(needs.RECORDS,),
    ),
    Rule(
        id="L6",
        severity=Severity.WARN,
        title="messages of format v0 or v1",
        cost="the cleaner converts them to v2 when it rewrites them, they hold no "
        "headers, and no zstd",
        source="KIP-724, KIP-896; Kafka 4.0 writes v2 alone",
        remedy="let retention remove them, or copy the topic with a client of today",
        check=_message_sets,
    ),
    Rule(
        id="L10",
        severity=Severity.INFO,
        title="another codec than most batches of the topic",
        cost="consumers need every codec, and one figure for the topic describes none",
        source="librdkafka, franz-go, kafka-python and aiokafka send a batch "
        "uncompressed if it does not shrink; else it is a setting that differs",
        remedy="set one codec in all producers",
        check=_mixed_codecs,
        detail=_codecs_used,
    ),
    Rule(
        id="L30",
        severity=Severity.INFO,
        title="another client than most batches of the topic",
        cost="clients frame, level and batch differently under the same settings",
        source="the frames and producer fields of eight clients",
        remedy="look at each client's batches apart before tuning one",
        check=_mixed_clients,
        detail=_clients_seen,
    ),
    Rule(
        id="L12",
        severity=Severity.ERROR,
        title="no broker takes this from a producer",
        cost="the whole request for the partition fails",
        source="LogValidator: a base offset of 0, no control bit, as many records as "
        "offsets, a sequence with a producer id, magic 2 and no LogAppendTime",
        remedy="update or repair the client that writes them",
        check=_refused,
        needs=(needs.AS_SENT,),
    ),
    Rule(
        id="L13",
        severity=Severity.WARN,
        title="size close to the topic's max.message.bytes, or above it",
        cost="a little less compressible data, and the batch is refused",
        source="LogValidator and UnifiedLog; apache/kafka#7575: the limit is on the "
        "compressed batch",
        remedy="lower the producers' batch size, or raise max.message.bytes",
        check=_close_to_limit,
        detail=_largest,
        needs=(needs.MAX_MESSAGE_BYTES,),
    ),
    Rule(
        id="L14",
        severity=Severity.ERROR,
        title="records without a key, for a compacted topic",
        cost="a broker refuses the batch that holds one",
        source="LogValidator.validateKey",
        remedy="give every record a key, or set cleanup.policy=delete",
        check=_without_keys,
        detail=needs.unread_records,
        needs=(needs.CLEANUP_POLICY, needs.RECORDS),
    ),
    Rule(
        id="L15",
        severity=Severity.WARN,
        title="timestamps ahead of the clock, or a segment's time behind earlier ones",
        cost="segments roll by record time, early or never, retention by time goes "
        "wrong, and records too far ahead are refused",
        source="LogSegment.shouldRoll; message.timestamp.after.max.ms; "
        "segment.ms is 7 days unless given",
        remedy="let the producers' clocks be right, load old data in order, or set "
        "message.timestamp.type=LogAppendTime",
        check=_odd_times,
    ),
    Rule(
        id="L21",
        severity=Severity.ERROR,
        title="CRC does not match the bytes",
        cost="consumers with check.crcs stop at it, and followers refuse it",
        source="DefaultRecordBatch.ensureValid",
        remedy="copy the segment from another replica; look at the disk",
        check=_damaged,
    ),
    Rule(
        id="L22",
        severity=Severity.ERROR,
        title="the payload is no frame of the batch's codec",
        cost="consumers cannot decompress it",
        source="the formats' own specifications",
        remedy="find the client that writes them",
        check=_malformed,
        detail=_reasons,
    ),
    Rule(
        id="L23",
        severity=Severity.WARN,
        title="framed by a broker, under the producer fields of another client",
        cost="it seems that a broker compressed these anew when they were produced",
        source="the frames and producer fields of eight clients; LogValidator",
        remedy="set compression.type=producer on the topic, or give the producers the "
        "topic's codec",
        check=_rebuilt,
    ),
    Rule(
        id="L25",
        severity=Severity.ERROR,
        title="zstd in a message set of format v0 or v1",
        cost="Kafka's readers refuse it",
        source="KIP-110: zstd needs record batches of format v2",
        remedy="find the client that writes them",
        check=_zstd_in_message_sets,
    ),
)
