"""Rules of how batches are compressed and framed, and how deep they are."""

from typing import TYPE_CHECKING, Final

from complab.kafka.frames import Framing
from complab.kafka.lint import needs
from complab.kafka.lint.model import Rule, Severity
from complab.kafka.subject import Subject
from complab.kafka.topic_settings import DEFAULT_LEVELS

if TYPE_CHECKING:
    from complab.kafka.frames.model import Mask

_MIB: Final = 1 << 20

_LARGE_WINDOW_BYTES: Final = 32 * _MIB
_LARGEST_READ_WINDOW_BYTES: Final = 128 * _MIB  # ZSTD_WINDOWLOG_LIMIT_DEFAULT, 27

_XERIAL_CHUNK_BYTES: Final = 1 << 15
# kafka-go's chunks come out at 31 KiB and more, and lose nothing to speak of.
_LEAST_XERIAL_CHUNK_BYTES: Final = 1 << 14

# Kafka's own batch.size; a single record of that size is a full batch.
_FULL_BATCH_BYTES: Final = 16384
_HEADER_BYTES: Final = 61
_MOST_HEADER_SHARE: Final = 0.1

_SHALLOW_BYTES: Final = 1 << 15
_MANY_CONTROL_SHARE: Final = 0.1
_LEAST_COUNT_OF_A_HABIT: Final = 5

# Order-0 entropy of text is about 5 bits a byte, of base64 6, of encrypted or
# compressed bytes 8, which the smallest samples show as 7.95.
_RANDOM_BITS: Final = 7.8


def _not_shrunk(subject: Subject) -> "Mask":
    sizes = subject.uncompressed_bytes
    stored = subject.rows["compressed_bytes"].astype("i8")
    found: Mask = subject.is_compressed & (sizes >= 0) & (stored >= sizes)
    return found


def _tiny(subject: Subject) -> "Mask":
    rows = subject.rows
    is_alone = (rows["record_count"] == 1) & (rows["batch_bytes"] < _FULL_BATCH_BYTES)
    is_header = rows["batch_bytes"] * _MOST_HEADER_SHARE < _HEADER_BYTES
    is_sent = subject.is_data & subject.is_v2 & ~subject.is_compacted
    found: Mask = is_sent & (is_alone | is_header)
    return found


def _windowed(subject: Subject, least: int, most: int) -> "Mask":
    frames = subject.frames
    windows = frames["window_bytes"]
    found: Mask = (windows >= least) & (windows <= most)
    found &= subject.is_framed(Framing.ZSTD) & ~frames["is_single_segment"]
    return found


def _large_windows(subject: Subject) -> "Mask":
    return _windowed(subject, _LARGE_WINDOW_BYTES, _LARGEST_READ_WINDOW_BYTES)


def _unread_windows(subject: Subject) -> "Mask":
    return _windowed(subject, _LARGEST_READ_WINDOW_BYTES + 1, 1 << 62)


def _largest_window(subject: Subject, mask: "Mask") -> str:
    largest = int(subject.frames["window_bytes"][mask].max())
    return f": up to {largest // _MIB:,} MiB"


def _unread_lz4(subject: Subject) -> "Mask":
    frames = subject.frames
    is_odd = ~frames["is_independent"] | frames["has_reserved_bits"]
    found: Mask = subject.is_framed(Framing.LZ4) & is_odd
    return found


def _gzip(subject: Subject) -> "Mask":
    return subject.is_of_codec("gzip")


def _size_not_told(subject: Subject) -> "Mask":
    is_plain = subject.is_framed(Framing.ZSTD) & (subject.frames["flags"] >= 0)
    found: Mask = is_plain & ~subject.frames["has_content_size"]
    return found


def _odd_xerial(subject: Subject) -> "Mask":
    frames = subject.frames
    chunks = frames["block_bytes"]
    is_odd = (frames["xerial_version"] != 1) | (frames["xerial_compatible"] != 1)
    is_odd |= chunks > _XERIAL_CHUNK_BYTES
    is_odd |= ~frames["is_only_chunk"] & (chunks < _LEAST_XERIAL_CHUNK_BYTES)
    found: Mask = subject.is_framed(Framing.XERIAL) & is_odd
    return found


def _compressed_values(subject: Subject) -> "Mask":
    records = subject.records
    is_many = 2 * records.compressed_value_count >= records.record_count
    is_many &= records.compressed_value_count > 0
    # NaN, an entropy of too few bytes, compares as false.
    is_random = records.value_entropy_bits >= _RANDOM_BITS
    return subject.is_data & records.is_read & (is_many | is_random)


def _lz4_at_9(subject: Subject) -> "Mask":
    topic = subject.topic
    is_nine = topic.levels.get("lz4") == DEFAULT_LEVELS["lz4"]
    return subject.is_data & (is_nine and topic.compression_type in {None, "lz4"})


def _needs_dictionary(subject: Subject) -> "Mask":
    has_id = subject.frames["dictionary_id"] > 0
    found: Mask = subject.is_framed(Framing.ZSTD) & has_id
    return found


def _shallow(subject: Subject) -> "Mask":
    sizes = subject.uncompressed_bytes
    is_small = (sizes >= 0) & (sizes < _SHALLOW_BYTES)
    found: Mask = subject.is_compressed & is_small & ~subject.is_compacted
    return found


def _not_compressed(subject: Subject) -> "Mask":
    return subject.is_of_codec("none") & subject.is_v2


def _control(subject: Subject) -> "Mask":
    return subject.is_intact & subject.is_control


FRAME_RULES: Final = (
    Rule(
        id="L7",
        severity=Severity.WARN,
        title="compressed, and no smaller for it",
        cost="CPU on producer, broker and consumer for nothing",
        source="Java, sarama, kafka-go and kafkajs send what they compressed, whatever "
        "came out; librdkafka, franz-go, kafka-python and aiokafka fall back",
        remedy="set compression.type=none in the producer, or compress less early on",
        check=_not_shrunk,
        detail=needs.untold_sizes,
        needs=(needs.SIZES,),
    ),
    Rule(
        id="L8",
        severity=Severity.WARN,
        title="a single record, or a header of more than a tenth of the batch",
        cost="61 bytes, a CRC and a compressor's start for each batch, and little "
        "for a codec to find",
        source="DefaultRecordBatch; KAFKA-14156",
        remedy="raise linger.ms and batch.size; flush less often; spread over fewer "
        "partitions",
        check=_tiny,
        least_count=_LEAST_COUNT_OF_A_HABIT,
        least_share=0.2,
    ),
    Rule(
        id="L9",
        severity=Severity.WARN,
        title="zstd windows of 32 MiB or more (level 20 and above)",
        cost="every decoder of a consumer or broker sets aside that much memory",
        source="RFC 8878, 3.1.1.1.2; apache/kafka#21568",
        remedy="use level 19 or below, whose windows are of at most 8 MiB",
        check=_large_windows,
        detail=_largest_window,
    ),
    Rule(
        id="L11",
        severity=Severity.ERROR,
        title="LZ4 with linked blocks or reserved bits",
        cost="Java consumers and brokers refuse to read it",
        source="Lz4BlockInputStream",
        remedy="set block independence in the client's LZ4 options, and no dictionary",
        check=_unread_lz4,
    ),
    Rule(
        id="L16",
        severity=Severity.WARN,
        title="gzip",
        cost="a broker decompresses every batch to validate it, and with gzip that "
        "takes 2 to 3 times what zstd takes, and 5 to 12 times what lz4 takes",
        source="LogValidator; apache/kafka#13135 (KAFKA-14633)",
        remedy="use zstd, mostly smaller and quicker: complab sweep shows both",
        check=_gzip,
    ),
    Rule(
        id="L17",
        severity=Severity.INFO,
        title="zstd frames that do not tell their size",
        cost="consumers guess: librdkafka tries a buffer of twice the bytes, then "
        "three times that, and so on",
        source="Java's ZstdOutputStream; rdkafka_zstd.c; librdkafka#3689",
        remedy="nothing to set in Java; keep batches small where memory is short",
        check=_size_not_told,
    ),
    Rule(
        id="L18",
        severity=Severity.WARN,
        title="snappy chunks or version words that snappy-java does not write",
        cost="small chunks compress badly, large ones cost readers memory, and strict "
        "readers refuse other versions",
        source="SnappyOutputStream: version 1, chunks of 32 KiB; kafka-python#2414",
        remedy="update the client or proxy that writes them",
        check=_odd_xerial,
    ),
    Rule(
        id="L19",
        severity=Severity.WARN,
        title="values that are compressed or encrypted already",
        cost="compressing them again takes CPU and gains nothing",
        source="first bytes of compressed formats, and an entropy of 7.8 bits a byte",
        remedy="compress in one place: in Kafka, where whole batches are seen, or "
        "before it, with compression.type=none",
        check=_compressed_values,
        detail=needs.unread_records,
        needs=(needs.RECORDS,),
    ),
    Rule(
        id="L20",
        severity=Severity.INFO,
        title="compression.lz4.level=9 is LZ4's fast compressor",
        cost="it is the default of Kafka, and not level 9 of LZ4's high compression",
        source="KIP-390, Lz4Compression: only levels other than 9 are high compression",
        remedy="use 10 or above for high compression, or remove the setting",
        check=_lz4_at_9,
        needs=(needs.LZ4_LEVEL,),
    ),
    Rule(
        id="L24",
        severity=Severity.ERROR,
        title="zstd windows of more than 128 MiB",
        cost="decoders refuse them unless they are told to take more",
        source="ZSTD_WINDOWLOG_LIMIT_DEFAULT is 27",
        remedy="compress without long windows",
        check=_unread_windows,
        detail=_largest_window,
    ),
    Rule(
        id="L26",
        severity=Severity.ERROR,
        title="zstd frames that need a dictionary",
        cost="no Kafka client knows of dictionaries: consumers cannot read them",
        source="RFC 8878, 3.1.1.1.3",
        remedy="compress without a dictionary",
        check=_needs_dictionary,
    ),
    Rule(
        id="L27",
        severity=Severity.INFO,
        title="compressed in batches of less than 32 KiB of records",
        cost="the same JSON records in batches of 500 KiB instead of 16 KiB took 26 % "
        "less with zstd, 25 % with gzip, 15 % with lz4, 9 % with snappy",
        source="Java's producer at batch.size 16384 and 524288, and one data set",
        remedy="raise batch.size and linger.ms",
        check=_shallow,
        detail=needs.untold_sizes,
        needs=(needs.SIZES,),
        least_count=_LEAST_COUNT_OF_A_HABIT,
        least_share=0.5,
    ),
    Rule(
        id="L28",
        severity=Severity.INFO,
        title="not compressed",
        cost="disks, network and page caches of all replicas hold the records as they "
        "are",
        source="compression.type is none in most clients unless set",
        remedy="complab sweep on this input shows what each codec saves",
        check=_not_compressed,
        least_share=0.5,
    ),
    Rule(
        id="L29",
        severity=Severity.INFO,
        title="control batches of transactions",
        cost="each transaction adds one of 78 bytes to every partition it wrote to",
        source="EndTransactionMarker",
        remedy="commit less often: more records in a transaction",
        check=_control,
        least_share=_MANY_CONTROL_SHARE,
    ),
)
