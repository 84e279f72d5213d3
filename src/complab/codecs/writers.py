"""How each Kafka client compresses a batch: a table of what its own sources say.

Codec and level do not decide what is stored. Clients put other containers around the
same blocks, cut them to other sizes, tell a codec the size ahead or not, mean other
things by a level, and some of them fall back to no compression. The framings of the C
core write what this table says (``core.Writing``); what it does not hold is when a
batch is closed (`complab.kafka.batching`).

Where a client has a codec of its own in another language (``implementation``), the
nearest level of the C library stands for it: the frame is the client's, the bytes in it
are not, and their number differs by some percent.

Sources, beside the line of each client: apache/kafka d79bd502ec, librdkafka 4c3b017c3d,
IBM/sarama bd98b3aec6, twmb/franz-go adb3a18abe, segmentio/kafka-go 3ce29796ef,
dpkp/kafka-python a3b3836ff3, aio-libs/aiokafka 672947afe8, tulios/kafkajs 55b0b41630,
klauspost/compress 117430d; held against bytes that these clients stored.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from complab.core import JAVAS_STYLE, Style, Writing
from complab.errors import LevelError, PlanError

_LARGE_BLOCK_BYTES: Final = 4 << 20


class FallBack(StrEnum):
    """When a client stores a batch uncompressed that it was told to compress."""

    NEVER = "never"
    IF_LARGER = "if larger"
    IF_NOT_SMALLER = "if not smaller"


def _same(level: int) -> int:
    return level


def _klauspost_zstd(level: int) -> int:
    """The C level nearest to what EncoderLevelFromZstd makes of a zstd level."""
    for below, nearest in ((3, 1), (6, 3), (10, 7)):
        if level < below:
            return nearest
    return 11


def _lz4f(level: int) -> int:
    """LZ4F's level: those below 3 are one and the same fast compressor.

    So it is in LZ4 1.9.4, which librdkafka brings along. A librdkafka that is linked
    with LZ4 1.10 has high compression from 2 on.
    """
    return level if level >= 3 else 1  # noqa: PLR2004 - LZ4HC_CLEVEL_MIN


def _klauspost_speed(level: int) -> int:
    """The C level nearest to one of klauspost's four."""
    return (1, 3, 7, 11)[level - 1]


@dataclass(frozen=True, slots=True)
class CodecWriter:
    """How a client writes one codec.

    ``levels`` are the first and the last that its users may set, ``None`` where there
    is nothing to set; ``default_level`` is in the same numbers, and ``native`` turns
    one into the number that the framing of the C core takes. Both are ``None`` where
    there is no level to tell. ``implementation`` names the library where it is none
    of those that complab runs.
    """

    writing: Writing = field(default_factory=Writing)
    levels: tuple[int, int] | None = None
    default_level: int | None = None
    is_size_known: bool = False
    is_context_fresh: bool = True
    native: Callable[[int], int] = _same
    implementation: str = ""

    def native_level(self, level: int | None) -> int:
        """The number that the C framing takes; without a level its fastest, 1."""
        return 1 if level is None else self.native(level)


@dataclass(frozen=True, slots=True)
class Client:
    """A client with its codecs; ``fall_back`` says what it does with poor batches."""

    name: str
    title: str
    fall_back: FallBack
    codecs: Mapping[str, CodecWriter] = field(hash=False)
    source: str

    def stores_uncompressed(self, payload_bytes: int, framed_bytes: int) -> bool:
        """Whether it gives up on compressing a batch of these sizes."""
        if self.fall_back is FallBack.NEVER:
            return False
        if self.fall_back is FallBack.IF_LARGER:
            return framed_bytes > payload_bytes
        return framed_bytes >= payload_bytes


def _writing(
    style: Style = JAVAS_STYLE, *, block_bytes: int = 0, window_log: int = 0
) -> Writing:
    return Writing(style, block_bytes, window_log)


_NONE: Final = CodecWriter(is_context_fresh=False)
_XERIAL: Final = CodecWriter()
_BARE: Final = CodecWriter(_writing(Style.BARE_BLOCK))
_PIERREC_LARGE: Final = CodecWriter(
    _writing(
        Style.LZ4F_LEVELS | Style.CONTENT_CHECKSUM, block_bytes=_LARGE_BLOCK_BYTES
    ),
    is_context_fresh=False,
    implementation="pierrec/lz4",
)
# Its default is its level 5, where zlib's is 6.
_KLAUSPOST_GZIP: Final = CodecWriter(
    levels=(1, 9),
    default_level=5,
    is_context_fresh=False,
    implementation="klauspost/compress",
)


def _xerial_of(implementation: str) -> CodecWriter:
    return CodecWriter(implementation=implementation)


def _klauspost(
    writing: Writing,
    levels: tuple[int, int],
    default_level: int,
    native: Callable[[int], int],
    *,
    is_size_known: bool = True,
) -> CodecWriter:
    return CodecWriter(
        writing,
        levels,
        default_level,
        is_size_known=is_size_known,
        is_context_fresh=False,
        native=native,
        implementation="klauspost/compress",
    )


JAVA: Final = "java"

_JAVA_CODECS: Final = {
    "none": _NONE,
    "gzip": CodecWriter(levels=(1, 9), default_level=6),
    "snappy": _XERIAL,
    "lz4": CodecWriter(levels=(1, 17), default_level=9),
    "zstd": CodecWriter(levels=(-131072, 22), default_level=3),
}

CLIENTS: Final[Mapping[str, Client]] = {
    client.name: client
    for client in (
        Client(
            JAVA,
            "Java client, 3.8 and later",
            FallBack.NEVER,
            _JAVA_CODECS,
            "clients/.../common/compress, CompressionType.java; KIP-390 for the levels",
        ),
        Client(
            "java-3",
            "Java client before 3.8",
            FallBack.NEVER,
            {
                name: CodecWriter(writer.writing, None, writer.default_level)
                for name, writer in _JAVA_CODECS.items()
            },
            "the same frames; levels came with KIP-390",
        ),
        Client(
            "librdkafka",
            "librdkafka, and confluent's clients on it",
            FallBack.IF_LARGER,
            {
                "none": _NONE,
                "gzip": CodecWriter(_writing(Style.ZLIB_HEADER), (1, 9), 6),
                "snappy": _BARE,
                "lz4": CodecWriter(
                    _writing(Style.LZ4F_LEVELS),
                    (0, 12),
                    0,
                    native=_lz4f,
                ),
                "zstd": CodecWriter(_writing(Style.NO_FLUSH), (1, 12), 3),
            },
            "src/rdkafka_msgset_writer.c, rdkafka_lz4.c, rdkafka_zstd.c",
        ),
        Client(
            "sarama",
            "IBM/sarama (Go)",
            FallBack.NEVER,
            {
                "none": _NONE,
                "gzip": _KLAUSPOST_GZIP,
                "snappy": _xerial_of("klauspost/compress"),
                "lz4": CodecWriter(
                    _writing(Style.LZ4F_LEVELS | Style.CONTENT_CHECKSUM),
                    is_context_fresh=False,
                    implementation="pierrec/lz4",
                ),
                "zstd": _klauspost(
                    _writing(Style.ONE_CALL | Style.CONTENT_CHECKSUM),
                    (1, 22),
                    3,
                    _klauspost_zstd,
                ),
            },
            "compress.go, zstd.go",
        ),
        Client(
            "franz-go",
            "twmb/franz-go",
            FallBack.IF_NOT_SMALLER,
            {
                "none": _NONE,
                "gzip": _KLAUSPOST_GZIP,
                "snappy": CodecWriter(
                    _writing(Style.BARE_BLOCK), implementation="klauspost/compress"
                ),
                "lz4": _PIERREC_LARGE,
                "zstd": _klauspost(
                    _writing(Style.ONE_CALL | Style.CONTENT_CHECKSUM, window_log=16),
                    (1, 4),
                    2,
                    _klauspost_speed,
                ),
            },
            "pkg/kgo/compression.go; zstd's levels are klauspost's four",
        ),
        Client(
            "kafka-go",
            "segmentio/kafka-go",
            FallBack.NEVER,
            {
                "none": _NONE,
                "gzip": _KLAUSPOST_GZIP,
                "snappy": _xerial_of("klauspost/compress"),
                "lz4": _PIERREC_LARGE,
                "zstd": _klauspost(
                    _writing(Style.NO_FLUSH | Style.CONTENT_CHECKSUM, window_log=23),
                    (1, 22),
                    3,
                    _klauspost_zstd,
                    is_size_known=False,
                ),
            },
            "compress/",
        ),
        Client(
            "kafka-python",
            "dpkp/kafka-python",
            FallBack.IF_NOT_SMALLER,
            {
                "none": _NONE,
                "gzip": CodecWriter(default_level=9),
                "snappy": _xerial_of("python-snappy"),
                "lz4": CodecWriter(_writing(Style.LZ4F_LEVELS | Style.CONTENT_SIZE)),
                "zstd": CodecWriter(
                    _writing(Style.ONE_CALL), default_level=3, is_size_known=True
                ),
            },
            "kafka/codec.py",
        ),
        Client(
            "aiokafka",
            "aio-libs/aiokafka",
            FallBack.IF_NOT_SMALLER,
            {
                "none": _NONE,
                "gzip": CodecWriter(default_level=9),
                "snappy": _xerial_of("cramjam"),
                "lz4": CodecWriter(
                    _writing(Style.LZ4F_LEVELS | Style.BLOCK_CHECKSUMS),
                    default_level=9,
                ),
                "zstd": CodecWriter(
                    _writing(Style.ONE_CALL), default_level=3, is_size_known=True
                ),
            },
            "aiokafka/codec.py",
        ),
        Client(
            "kafkajs",
            "tulios/kafkajs with its plug-ins",
            FallBack.NEVER,
            {
                "none": _NONE,
                "gzip": CodecWriter(
                    _writing(Style.ZLIB_HEADER),
                    default_level=6,
                    implementation="Chromium's zlib",
                ),
                "snappy": CodecWriter(
                    _writing(Style.BARE_BLOCK), implementation="snappyjs"
                ),
                "lz4": CodecWriter(_PIERREC_LARGE.writing, implementation="lz4js"),
            },
            "src/protocol/message/compression; zstd is a plug-in of nobody's",
        ),
    )
}
"""Every client that is known, by its name."""


def find_client(name: str) -> Client:
    """The client of that name; ``PlanError`` names those that there are."""
    found = CLIENTS.get(name)
    if found is None:
        message = f"no client {name!r}: it is {', '.join(CLIENTS)}"
        raise PlanError(message)
    return found


def writer_of(client: Client, codec: str) -> CodecWriter:
    """How the client writes a codec; ``PlanError`` if it does not write it."""
    found = client.codecs.get(codec)
    if found is None:
        message = (
            f"{client.name} does not write {codec}: it has {', '.join(client.codecs)}"
        )
        raise PlanError(message)
    return found


def check_level(client: Client, codec: str, level: int) -> None:
    """``LevelError`` if users of the client cannot have the level."""
    writer = writer_of(client, codec)
    if writer.levels is None:
        only = writer.default_level
        if only is not None and level == only:
            return
        always = "without levels" if only is None else f"at level {only} alone"
        message = f"{client.name} writes {codec} {always}: it has no level {level}"
        raise LevelError(message)
    first, last = writer.levels
    if not first <= level <= last:
        message = (
            f"{client.name} has no level {level} for {codec}: it has {first} to "
            f"{last}, {writer.default_level} by default"
        )
        raise LevelError(message)
