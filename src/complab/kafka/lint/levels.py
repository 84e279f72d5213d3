"""Which compression levels a frame rules out.

A frame does not store its level. zstd's window follows from it where the size was not
known (Java, librdkafka, brokers); gzip's XFL tells zlib's highest and lowest level
apart from the others, except in Java's frames; LZ4 shows nothing.
"""

from typing import TYPE_CHECKING, Final

from complab.kafka.frames import Framing
from complab.kafka.subject import Subject
from complab.kafka.topic_settings import DEFAULT_LEVELS

if TYPE_CHECKING:
    from complab.kafka.frames.model import Mask

_GZIP_LEVEL_BY_XFL: Final = {2: 9, 4: 1}

# From which level on a stream of unknown size has which window (zstd 1.5, levels.c's
# first table; seen in frames of Java's levels -5 to 22).
_WINDOW_LOGS_FROM_LEVEL: Final = (
    (22, 27),
    (21, 26),
    (20, 25),
    (17, 23),
    (9, 22),
    (3, 21),
    (2, 20),
)
_LOWEST_WINDOW_LOG: Final = 19


def zstd_window_bytes(level: int) -> int:
    """The window of a zstd stream of unknown size at a level from -131072 to 22."""
    for first_level, window_log in _WINDOW_LOGS_FROM_LEVEL:
        if level >= first_level:
            return 1 << window_log
    return 1 << _LOWEST_WINDOW_LOG


def is_other_level(subject: Subject, codec: str, level: int) -> "Mask":
    """Data batches of a codec whose frames cannot be of this level.

    ``level`` is Kafka's (-1 is gzip's default). Where a frame shows nothing of its
    level, the batch is not among them.
    """
    import numpy as np

    frames = subject.frames
    if codec == "zstd":
        is_stream = subject.is_possibly_of("java", "librdkafka")
        is_stream &= ~frames["has_content_size"]
        other: Mask = frames["window_bytes"] != zstd_window_bytes(level)
        other &= subject.is_framed(Framing.ZSTD) & is_stream
        return other
    if codec == "gzip":
        found = np.zeros(len(frames), dtype=np.bool_)
        for xfl, told_level in _GZIP_LEVEL_BY_XFL.items():
            if level != told_level:
                found |= frames["gzip_xfl"] == xfl
        return subject.is_framed(Framing.GZIP) & found
    return np.zeros(len(frames), dtype=np.bool_)


def is_not_default_level(subject: Subject, codec: str) -> "Mask":
    """Data batches of a codec whose frames cannot be of the codec's default level."""
    level = DEFAULT_LEVELS.get(codec)
    if level is None:
        return subject.is_of_codec(codec) & False
    return is_other_level(subject, codec, level)
