"""The facts of a frame: one row per batch, beside the index's row."""

import enum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Rows = NDArray[np.void]
    """A structured array: the index's rows, or the frames beside them."""
    Mask = NDArray[np.bool_]
    Integers = NDArray[np.int64]
    Words = NDArray[np.uint64]
    Head = NDArray[np.uint8]

HEAD_BYTES: Final = 32
"""How many bytes of a stored payload the index keeps in a row, at most."""


RECORD_BATCH_MAGIC: Final = 2
"""The magic of a record batch; 0 and 1 are message sets."""


class Framing(enum.IntEnum):
    """The container around a codec's blocks; `FRAMINGS` has the words."""

    NONE = 0
    GZIP = 1
    XERIAL = 2
    SNAPPY = 3
    LZ4 = 4
    ZSTD = 5
    MALFORMED = 6


FRAMINGS: Final = tuple(framing.name.lower() for framing in Framing)
"""The word of each framing: ``snappy`` is a raw block, ``xerial`` snappy in chunks."""


class Problem(enum.IntEnum):
    """Why a head is malformed; `PROBLEMS` has the words."""

    NO_PROBLEM = 0
    NO_CODEC = 1
    CUT_SHORT = 2
    GZIP_MAGIC = 3
    GZIP_METHOD = 4
    GZIP_FLAGS = 5
    XERIAL_CHUNK = 6
    SNAPPY_LENGTH = 7
    SNAPPY_TAG = 8
    LZ4_MAGIC = 9
    LZ4_VERSION = 10
    LZ4_BLOCK_SIZE = 11
    LZ4_CHECKSUM = 12
    ZSTD_MAGIC = 13
    ZSTD_RESERVED = 14


PROBLEMS: Final[dict[Problem, str]] = {
    Problem.NO_PROBLEM: "",
    Problem.NO_CODEC: "the codec bits are 5, 6 or 7, which mean no codec",
    Problem.CUT_SHORT: "the payload ends inside the frame's header",
    Problem.GZIP_MAGIC: "the payload does not begin with gzip's 1f 8b",
    Problem.GZIP_METHOD: "the gzip method is not 8, deflate",
    Problem.GZIP_FLAGS: "reserved gzip flags are set",
    Problem.XERIAL_CHUNK: "the first xerial chunk is empty or longer than the payload",
    Problem.SNAPPY_LENGTH: "the length before the snappy block cannot be right",
    Problem.SNAPPY_TAG: "the snappy block does not begin with a literal",
    Problem.LZ4_MAGIC: "the payload does not begin with LZ4's 04 22 4d 18",
    Problem.LZ4_VERSION: "the LZ4 frame's version is not 1",
    Problem.LZ4_BLOCK_SIZE: "the LZ4 frame's block size code is below 4",
    Problem.LZ4_CHECKSUM: "the LZ4 frame's header checksum is wrong",
    Problem.ZSTD_MAGIC: "the payload does not begin with zstd's 28 b5 2f fd",
    Problem.ZSTD_RESERVED: "the zstd frame's reserved bit is set",
}
"""What is wrong with a malformed head, as a clause."""


class HeaderChecksum(enum.IntEnum):
    """How an LZ4 frame's header checksum stands."""

    NOT_LOOKED_AT = 0
    RIGHT = 1
    OF_MAGIC_0 = 2
    """Over the frame's magic too, as Kafka before 0.10 wrote it."""
    WRONG = 3


def frame_dtype() -> Any:  # noqa: ANN401 - numpy's dtype is imported late
    """The type of a frame's row; -1 in a number is "there is none" or "not told".

    ``uncompressed_bytes`` is what the frame claims, of zstd its first frame.
    ``block_bytes`` is the largest LZ4 block, or what the first xerial chunk holds
    uncompressed. ``flags`` is the format's own byte: gzip's FLG, LZ4's FLG, zstd's
    frame header descriptor. ``window_bytes`` of a single segment is its content size.
    """
    import numpy as np

    return np.dtype(
        [
            ("uncompressed_bytes", np.int64),
            ("window_bytes", np.int64),
            ("block_bytes", np.int64),
            ("dictionary_id", np.int64),
            ("gzip_mtime_s", np.int64),
            ("xerial_version", np.int64),
            ("xerial_compatible", np.int64),
            ("flags", np.int16),
            ("gzip_xfl", np.int16),
            ("gzip_os", np.int16),
            ("lz4_bd", np.int16),
            ("framing", np.uint8),
            ("problem", np.uint8),
            ("header_checksum", np.uint8),
            ("has_content_size", np.bool_),
            ("has_content_checksum", np.bool_),
            ("has_block_checksums", np.bool_),
            ("is_single_segment", np.bool_),
            ("is_independent", np.bool_),
            ("has_reserved_bits", np.bool_),
            ("is_only_chunk", np.bool_),
        ],
        align=True,
    )


_NUMBERS_FROM_MINUS_ONE: Final = (
    "uncompressed_bytes",
    "window_bytes",
    "block_bytes",
    "dictionary_id",
    "gzip_mtime_s",
    "xerial_version",
    "xerial_compatible",
    "flags",
    "gzip_xfl",
    "gzip_os",
    "lz4_bd",
)


def unknown_frames(count: int) -> "Rows":
    """So many rows of framing ``none`` with nothing told."""
    import numpy as np

    frames = np.zeros(count, dtype=frame_dtype())
    for name in _NUMBERS_FROM_MINUS_ONE:
        frames[name] = -1
    return frames
