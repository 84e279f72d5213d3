"""The habits that betray clients: a table of what each writes that others do not.

Two kinds of witness. The frame: every client calls its compressor in its own way, and
the container shows it. The header: a client without idempotence fills the producer's
fields with its own "none". How they are put together is `complab.kafka.clients`.

Sources: the clients' own code (apache/kafka d79bd502ec, librdkafka 4c3b017c3d with
confluent-kafka 2.16.1's build, IBM/sarama bd98b3aec6, twmb/franz-go adb3a18abe,
segmentio/kafka-go 3ce29796ef, dpkp/kafka-python a3b3836ff3, aio-libs/aiokafka
672947afe8, tulios/kafkajs 55b0b41630, klauspost/compress, pierrec/lz4 v4), and, but
where a line says otherwise, bytes that these clients sent to a broker.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from complab.kafka.frames import Framing
from complab.kafka.frames.describe import GO_ZERO_MTIME_S

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from complab.kafka.frames.model import Mask, Rows

    ClientBits = NDArray[np.uint16]

    _Predicate = Callable[[Rows], Mask]

CLIENTS: Final = (
    "java",
    "librdkafka",
    "sarama",
    "franz-go",
    "kafka-go",
    "kafka-python",
    "aiokafka",
    "kafkajs",
)
"""The words for clients; bit i of a set of clients stands for ``CLIENTS[i]``."""

ALL_CLIENTS: Final = (1 << len(CLIENTS)) - 1
"""The set of all clients: what is there says nothing."""

_MIB: Final = 1 << 20


def client_bits(names: Iterable[str]) -> int:
    """The set of these clients. Raises ValueError for a name that is none."""
    return sum({1 << CLIENTS.index(name) for name in names})


def client_names(bits: int) -> tuple[str, ...]:
    """The clients of a set, in the order of `CLIENTS`."""
    return tuple(name for i, name in enumerate(CLIENTS) if bits >> i & 1)


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """One habit: rows where `matches` holds are of one of `clients`.

    `matches` takes the frames (of a fingerprint of a frame: those of its framing alone)
    or the index's rows (of a header).
    """

    clients: tuple[str, ...]
    tells: str
    matches: "_Predicate"
    framing: Framing | None = None


def _gzip(mtime: str, oses: tuple[int, ...], xfls: tuple[int, ...]) -> "_Predicate":
    """Frames whose gzip header has this kind of time and one of these bytes."""

    def matches(frames: "Rows") -> "Mask":
        import numpy as np

        mtime_s = frames["gzip_mtime_s"]
        is_kind: Mask = {
            "zero": mtime_s == 0,
            "go-zero": mtime_s == GO_ZERO_MTIME_S,
            "set": (mtime_s != 0) & (mtime_s != GO_ZERO_MTIME_S),
        }[mtime]
        is_bytes = np.isin(frames["gzip_os"], oses) & np.isin(frames["gzip_xfl"], xfls)
        found: Mask = is_kind & is_bytes & (frames["flags"] == 0)
        return found

    return matches


def _lz4(flags: int, bd: int) -> "_Predicate":
    """Frames with these two descriptor bytes."""

    def matches(frames: "Rows") -> "Mask":
        found: Mask = (frames["flags"] == flags) & (frames["lz4_bd"] == bd)
        return found

    return matches


_XERIAL_CHUNK_BYTES: Final = 1 << 15
# kafka-go compresses what it has as soon as less than 1 KiB of its 32 KiB is free.
_KAFKA_GO_SPARE_BYTES: Final = 1023


def _xerial(least_bytes: int, largest_bytes: int, *, is_only: bool) -> "_Predicate":
    """Frames of version 1 whose first chunk holds so much, and is the only one or not.

    Bounds are both included.
    """

    def matches(frames: "Rows") -> "Mask":
        chunk_bytes = frames["block_bytes"]
        found: Mask = frames["is_only_chunk"] == is_only
        found &= (frames["xerial_version"] == 1) & (frames["xerial_compatible"] == 1)
        found &= (chunk_bytes >= least_bytes) & (chunk_bytes <= largest_bytes)
        return found

    return matches


def _zstd(
    *,
    is_sized: bool | None,
    is_single: bool | None,
    has_checksum: bool,
    window_bytes: tuple[int, int] = (0, 1 << 62),
    content_bytes: tuple[int, int] = (-1, 1 << 62),
) -> "_Predicate":
    """Frames whose header is so; None is either, bounds are both included."""

    def matches(frames: "Rows") -> "Mask":
        window, content = frames["window_bytes"], frames["uncompressed_bytes"]
        found: Mask = frames["has_content_checksum"] == has_checksum
        found &= (window >= window_bytes[0]) & (window <= window_bytes[1])
        found &= (content >= content_bytes[0]) & (content <= content_bytes[1])
        for name, wanted in (
            ("has_content_size", is_sized),
            ("is_single_segment", is_single),
        ):
            if wanted is not None:
                found &= frames[name] == wanted
        # A dictionary or a skippable frame is of none of them.
        return found & (frames["dictionary_id"] < 0) & (frames["flags"] >= 0)

    return matches


def _everywhere(frames: "Rows") -> "Mask":
    import numpy as np

    return np.ones(len(frames), dtype=np.bool_)


# zlib names its system: 3 Unix, 10 Windows, 19 macOS; JDK 16 began to write 255.
_ZLIB_SYSTEMS: Final = (3, 10, 19)

FRAME_FINGERPRINTS: Final = (
    Fingerprint(CLIENTS, "no compression", _everywhere, Framing.NONE),
    Fingerprint(
        ("java",),
        "GZIPOutputStream's fixed header: no time, no level in XFL",
        _gzip("zero", (0, 255), (0,)),
        Framing.GZIP,
    ),
    Fingerprint(
        ("franz-go",),
        "compress/gzip without a time, as its earlier releases have it",
        _gzip("zero", (255,), (0, 2, 4)),
        Framing.GZIP,
    ),
    Fingerprint(
        ("librdkafka",),
        "zlib's deflateInit2 header; XFL 2 is level 9, 4 level 1",
        _gzip("zero", _ZLIB_SYSTEMS, (0, 2, 4)),
        Framing.GZIP,
    ),
    Fingerprint(
        ("kafkajs",),
        "Node's zlib at its default level",
        _gzip("zero", _ZLIB_SYSTEMS, (0,)),
        Framing.GZIP,
    ),
    Fingerprint(
        ("sarama", "franz-go", "kafka-go"),
        "klauspost/compress' gzip, which writes Go's zero time; franz-go 1.22.3 has it",
        _gzip("go-zero", (255,), (0, 2, 4)),
        Framing.GZIP,
    ),
    Fingerprint(
        ("kafka-python", "aiokafka"),
        "gzip.GzipFile at level 9 with the time of writing",
        _gzip("set", (255,), (2,)),
        Framing.GZIP,
    ),
    Fingerprint(
        ("java", "sarama", "kafka-go", "kafka-python", "aiokafka"),
        "snappy-java's stream, version 1: all in one chunk of at most 32 KiB",
        _xerial(0, _XERIAL_CHUNK_BYTES, is_only=True),
        Framing.XERIAL,
    ),
    Fingerprint(
        ("java", "sarama", "kafka-python", "aiokafka"),
        "the same in chunks of 32 KiB",
        _xerial(_XERIAL_CHUNK_BYTES, _XERIAL_CHUNK_BYTES, is_only=False),
        Framing.XERIAL,
    ),
    Fingerprint(
        ("kafka-go",),
        "the same in chunks of 31 to 32 KiB, as its writes come",
        _xerial(
            _XERIAL_CHUNK_BYTES - _KAFKA_GO_SPARE_BYTES,
            _XERIAL_CHUNK_BYTES,
            is_only=False,
        ),
        Framing.XERIAL,
    ),
    Fingerprint(
        ("librdkafka", "franz-go", "kafkajs"),
        "one snappy block without a container",
        _everywhere,
        Framing.SNAPPY,
    ),
    Fingerprint(
        ("java", "librdkafka"),
        "64 KiB blocks, nothing optional",
        _lz4(0x60, 0x40),
        Framing.LZ4,
    ),
    Fingerprint(
        ("sarama",),
        "pierrec/lz4 with 64 KiB blocks and a content checksum",
        _lz4(0x64, 0x40),
        Framing.LZ4,
    ),
    Fingerprint(
        ("franz-go", "kafka-go", "kafkajs"),
        "4 MiB blocks and a content checksum",
        _lz4(0x64, 0x70),
        Framing.LZ4,
    ),
    Fingerprint(
        ("kafka-python",),
        "python-lz4 with the content size",
        _lz4(0x68, 0x40),
        Framing.LZ4,
    ),
    Fingerprint(
        ("aiokafka",), "cramjam with block checksums", _lz4(0x70, 0x40), Framing.LZ4
    ),
    Fingerprint(
        ("java",),
        "libzstd's stream of unknown size, any level",
        _zstd(is_sized=False, is_single=False, has_checksum=False),
        Framing.ZSTD,
    ),
    Fingerprint(
        ("librdkafka",),
        "the same at levels up to 12, whose window is 4 MiB at most",
        _zstd(
            is_sized=False,
            is_single=False,
            has_checksum=False,
            window_bytes=(0, 4 * _MIB),
        ),
        Framing.ZSTD,
    ),
    Fingerprint(
        # Of librdkafka a build with libzstd linked statically, of kafkajs a plugin:
        # neither was seen in bytes.
        ("kafka-python", "aiokafka", "librdkafka", "kafkajs"),
        "libzstd with the size known",
        _zstd(is_sized=True, is_single=None, has_checksum=False),
        Framing.ZSTD,
    ),
    # klauspost/compress writes a checksum unless told not to, and up to 1 KiB no
    # single segment, whatever its window is set to.
    Fingerprint(
        ("sarama", "franz-go", "kafka-go"),
        "klauspost/compress' EncodeAll of up to 1 KiB",
        _zstd(
            is_sized=None, is_single=False, has_checksum=True, window_bytes=(0, 1 << 10)
        ),
        Framing.ZSTD,
    ),
    Fingerprint(
        ("franz-go",),
        "EncodeAll with a window of 64 KiB",
        _zstd(
            is_sized=True,
            is_single=False,
            has_checksum=True,
            window_bytes=(1 << 16, 1 << 16),
        ),
        Framing.ZSTD,
    ),
    Fingerprint(
        ("franz-go",),
        "EncodeAll of what fits a window of 64 KiB",
        _zstd(
            is_sized=True, is_single=True, has_checksum=True, content_bytes=(0, 1 << 16)
        ),
        Framing.ZSTD,
    ),
    Fingerprint(
        ("kafka-go",),
        "klauspost/compress' stream: the size is not known",
        _zstd(
            is_sized=False,
            is_single=False,
            has_checksum=True,
            window_bytes=(_MIB, 1 << 62),
        ),
        Framing.ZSTD,
    ),
    Fingerprint(
        ("kafka-go",),
        "the stream's first and only block of up to 128 KiB",
        _zstd(
            is_sized=True, is_single=True, has_checksum=True, content_bytes=(0, 1 << 17)
        ),
        Framing.ZSTD,
    ),
    Fingerprint(
        ("sarama",),
        "EncodeAll of what fits its window of 4 MiB or more",
        _zstd(is_sized=True, is_single=True, has_checksum=True),
        Framing.ZSTD,
    ),
    Fingerprint(
        ("sarama",),
        "EncodeAll of more than its window",
        _zstd(
            is_sized=True,
            is_single=False,
            has_checksum=True,
            window_bytes=(4 * _MIB, 1 << 62),
        ),
        Framing.ZSTD,
    ),
)
"""What frames betray; a row is of any client of any fingerprint that it matches."""


def _producer_fields(epoch: int, sequence: int) -> "_Predicate":
    """Rows without a producer id, and with these two words for "none"."""

    def matches(rows: "Rows") -> "Mask":
        found: Mask = rows["producer_id"] == -1
        found &= rows["producer_epoch"] == epoch
        found &= rows["base_sequence"] == sequence
        return found

    return matches


def _is_idempotent(rows: "Rows") -> "Mask":
    found: Mask = rows["producer_id"] >= 0
    return found


HEADER_FINGERPRINTS: Final = (
    Fingerprint(
        ("java", "librdkafka", "kafka-go", "kafka-python"),
        "no idempotence: epoch -1, sequence -1",
        _producer_fields(-1, -1),
    ),
    Fingerprint(
        ("sarama", "franz-go", "aiokafka"),
        "no idempotence: epoch -1, sequence 0",
        _producer_fields(-1, 0),
    ),
    Fingerprint(
        # sarama's releases before it had transactions left the epoch at Go's zero.
        ("kafkajs", "sarama"),
        "no idempotence: epoch 0, sequence 0",
        _producer_fields(0, 0),
    ),
    Fingerprint(
        tuple(name for name in CLIENTS if name != "kafka-go"),
        "idempotence, which kafka-go does not have",
        _is_idempotent,
    ),
)
"""What the producer's fields of a v2 header betray."""


def matching_clients(prints: Iterable[Fingerprint], facts: "Rows") -> "ClientBits":
    """The clients of any fingerprint that a row matches, as one set a row."""
    import numpy as np

    bits = np.zeros(len(facts), dtype=np.uint16)
    for fingerprint in prints:
        found = fingerprint.matches(facts)
        bits[found] |= np.uint16(client_bits(fingerprint.clients))
    return bits
