"""From the index's rows to their frames, all rows of a codec at once.

Sources of the formats: RFC 1952 (gzip), RFC 8878 (zstd), the LZ4 frame format 1.6.4,
snappy's format_description.txt, and snappy-java's SnappyCodec and SnappyOutputStream
(xerial). What Kafka's readers take: Lz4BlockInputStream, SnappyCompression.
"""

from typing import TYPE_CHECKING, Final, NamedTuple

from complab.kafka.frames.heads import (
    begins_with,
    big_endian,
    byte_at,
    little_endian,
    varint32,
    xxhash32,
)
from complab.kafka.frames.model import (
    Framing,
    HeaderChecksum,
    Problem,
    unknown_frames,
)

if TYPE_CHECKING:
    from complab.kafka.frames.model import Head, Integers, Mask, Rows

_GZIP, _SNAPPY, _LZ4, _ZSTD = 1, 2, 3, 4

_GZIP_HEADER_BYTES: Final = 10
_GZIP_RESERVED_FLAGS: Final = 0xE0
_DEFLATE: Final = 8

_XERIAL_MAGIC: Final = b"\x82SNAPPY\x00"
_XERIAL_HEADER_BYTES: Final = 16
_XERIAL_CHUNK_AT: Final = 20

# The longest copy of a snappy block is of 64 bytes and takes 3: no block holds more
# than this times its own size.
_SNAPPY_LARGEST_RATIO: Final = 22

_LZ4_MAGIC: Final = b"\x04\x22\x4d\x18"
_LZ4_LEAST_BLOCK_CODE: Final = 4
_ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"
_ZSTD_SKIPPABLE: Final = (0x184D2A50, 0x184D2A5F)
_ZSTD_DICTIONARY_BYTES: Final = (0, 1, 2, 4)
_ZSTD_SIZE_BYTES: Final = (0, 2, 4, 8)  # and 1, not 0, in a single segment


def read_frames(rows: "Rows") -> "Rows":
    """Read the frame of each row of an index: an array of `frame_dtype`, as long.

    A head that is cut short, or that is no frame of the codec that the batch names,
    gives framing ``malformed`` with its ``problem``, and no further facts are to be
    trusted there. What a header's own fields say of a batch whose CRC is wrong is read
    all the same. No row at all gives none.
    """
    import numpy as np

    frames = unknown_frames(len(rows))
    codec_ids = rows["codec_id"]
    plain = codec_ids == 0
    frames["uncompressed_bytes"][plain] = rows["compressed_bytes"][plain]
    _reject(frames, (codec_ids < 0) | (codec_ids > _ZSTD), Problem.NO_CODEC)
    readers = {_GZIP: _gzip, _SNAPPY: _snappy, _LZ4: _lz4, _ZSTD: _zstd}
    for codec_id, read in readers.items():
        places = np.flatnonzero(codec_ids == codec_id)
        if len(places):
            frames[places] = read(rows[places], rows["head"][places])
    return frames


def _reject(frames: "Rows", where: "Mask", problem: Problem) -> None:
    """Call rows malformed; the first problem that is found in a row stays."""
    where = where & (frames["problem"] == Problem.NO_PROBLEM)
    frames["problem"][where] = problem
    frames["framing"][where] = Framing.MALFORMED
    frames["uncompressed_bytes"][where] = -1


def _gzip(rows: "Rows", heads: "Head") -> "Rows":
    frames = unknown_frames(len(rows))
    frames["framing"] = Framing.GZIP
    frames["flags"] = byte_at(heads, 3)
    frames["gzip_mtime_s"] = little_endian(heads, 4, 4)
    frames["gzip_xfl"] = byte_at(heads, 8)
    frames["gzip_os"] = byte_at(heads, 9)
    _reject(frames, rows["head_bytes"] <= _GZIP_HEADER_BYTES, Problem.CUT_SHORT)
    _reject(frames, ~begins_with(heads, b"\x1f\x8b"), Problem.GZIP_MAGIC)
    _reject(frames, byte_at(heads, 2) != _DEFLATE, Problem.GZIP_METHOD)
    reserved = (frames["flags"] & _GZIP_RESERVED_FLAGS) != 0
    _reject(frames, reserved, Problem.GZIP_FLAGS)
    return frames


def _snappy(rows: "Rows", heads: "Head") -> "Rows":
    import numpy as np

    frames = unknown_frames(len(rows))
    # As Kafka's readers tell the two apart.
    is_xerial = begins_with(heads, _XERIAL_MAGIC)
    is_xerial &= rows["head_bytes"] > _XERIAL_HEADER_BYTES
    for places, read in (
        (np.flatnonzero(is_xerial), _xerial),
        (np.flatnonzero(~is_xerial), _raw_snappy),
    ):
        if len(places):
            frames[places] = read(rows[places], heads[places])
    return frames


def _xerial(rows: "Rows", heads: "Head") -> "Rows":
    frames = unknown_frames(len(rows))
    frames["framing"] = Framing.XERIAL
    frames["xerial_version"] = big_endian(heads, 8, 4)
    frames["xerial_compatible"] = big_endian(heads, 12, 4)
    chunk_bytes = big_endian(heads, 16, 4)
    chunk_end = _XERIAL_CHUNK_AT + chunk_bytes
    stored_bytes = rows["compressed_bytes"].astype("i8")
    block = _snappy_block(rows, heads, _XERIAL_CHUNK_AT, chunk_bytes)
    only = chunk_end == stored_bytes
    frames["block_bytes"] = block.size_bytes
    frames["is_only_chunk"] = frames["has_content_size"] = only
    frames["uncompressed_bytes"][only] = block.size_bytes[only]
    _reject(frames, rows["head_bytes"] <= _XERIAL_CHUNK_AT, Problem.CUT_SHORT)
    wrong = (chunk_bytes == 0) | (chunk_end > stored_bytes)
    _reject(frames, wrong, Problem.XERIAL_CHUNK)
    _reject(frames, block.is_length_wrong, Problem.SNAPPY_LENGTH)
    _reject(frames, block.is_tag_wrong, Problem.SNAPPY_TAG)
    return frames


def _raw_snappy(rows: "Rows", heads: "Head") -> "Rows":
    frames = unknown_frames(len(rows))
    frames["framing"] = Framing.SNAPPY
    frames["has_content_size"] = True
    block = _snappy_block(rows, heads, 0, rows["compressed_bytes"].astype("i8"))
    frames["uncompressed_bytes"] = block.size_bytes
    _reject(frames, rows["head_bytes"] == 0, Problem.CUT_SHORT)
    _reject(frames, block.is_length_wrong, Problem.SNAPPY_LENGTH)
    _reject(frames, block.is_tag_wrong, Problem.SNAPPY_TAG)
    return frames


class _SnappyBlock(NamedTuple):
    """What the blocks say that they hold, and whether that can be."""

    size_bytes: "Integers"
    is_length_wrong: "Mask"
    is_tag_wrong: "Mask"


def _snappy_block(
    rows: "Rows", heads: "Head", at: int, block_bytes: "Integers"
) -> _SnappyBlock:
    """Look at blocks that begin at a place of the heads and take so many bytes.

    A length is possible, and a literal comes first, since nothing can be copied yet.
    An empty block is its length alone.
    """
    size_bytes, number_bytes = varint32(heads, at)
    is_length_wrong = number_bytes == 0
    is_length_wrong |= size_bytes > _SNAPPY_LARGEST_RATIO * block_bytes
    is_length_wrong |= (size_bytes > 0) & (number_bytes >= block_bytes)
    tag_at = at + number_bytes
    is_looked_at = (size_bytes > 0) & (tag_at < rows["head_bytes"])
    is_tag_wrong = is_looked_at & (byte_at(heads, tag_at) & 3 != 0)
    return _SnappyBlock(size_bytes, is_length_wrong, is_tag_wrong)


def _lz4(rows: "Rows", heads: "Head") -> "Rows":
    import numpy as np

    frames = unknown_frames(len(rows))
    frames["framing"] = Framing.LZ4
    flags, bd = byte_at(heads, 4), byte_at(heads, 5)
    frames["flags"], frames["lz4_bd"] = flags, bd
    frames["is_independent"] = flags & 0x20 != 0
    frames["has_block_checksums"] = flags & 0x10 != 0
    frames["has_content_checksum"] = flags & 0x04 != 0
    has_size, has_dictionary = flags & 0x08 != 0, flags & 0x01 != 0
    frames["has_content_size"] = has_size
    # Kafka's Lz4BlockInputStream has the dictionary's bit among the reserved ones.
    frames["has_reserved_bits"] = (flags & 0x03 != 0) | (bd & 0x8F != 0)
    block_code = bd >> 4 & 7
    frames["block_bytes"] = np.where(
        block_code < _LZ4_LEAST_BLOCK_CODE, -1, 1 << (8 + 2 * block_code)
    )
    frames["uncompressed_bytes"][has_size] = little_endian(heads, 6, 8)[has_size]
    dictionary_at = 6 + 8 * has_size.astype(np.int64)
    dictionary_id = little_endian(heads, dictionary_at, 4)
    frames["dictionary_id"][has_dictionary] = dictionary_id[has_dictionary]
    checksum_at = dictionary_at + 4 * has_dictionary

    _reject(frames, rows["head_bytes"] <= checksum_at, Problem.CUT_SHORT)
    _reject(frames, ~begins_with(heads, _LZ4_MAGIC), Problem.LZ4_MAGIC)
    _reject(frames, flags >> 6 != 1, Problem.LZ4_VERSION)
    _reject(frames, frames["block_bytes"] < 0, Problem.LZ4_BLOCK_SIZE)
    frames["header_checksum"] = _header_checksums(heads, checksum_at)
    # Kafka does not look at it in message sets of magic 0, and could not.
    is_wrong = frames["header_checksum"] != HeaderChecksum.RIGHT
    _reject(frames, is_wrong & (rows["magic"] > 0), Problem.LZ4_CHECKSUM)
    return frames


def _header_checksums(heads: "Head", checksum_at: "Integers") -> "Integers":
    import numpy as np

    found = byte_at(heads, checksum_at)
    verdict = np.full(len(heads), int(HeaderChecksum.WRONG), dtype=np.int64)
    for end in np.unique(checksum_at):
        of_size = checksum_at == end
        for begin, meaning in (
            (0, HeaderChecksum.OF_MAGIC_0),
            (4, HeaderChecksum.RIGHT),
        ):
            # The checksum is the second byte of the hash; at most 14 bytes are hashed
            # from the flags on, 18 from the magic on.
            if end - begin < 16:  # noqa: PLR2004 - what xxhash32 takes
                hashed = xxhash32(heads[:, begin:end]) >> 8 & 0xFF
                verdict[of_size & (hashed == found)] = meaning
    return verdict


def _zstd(rows: "Rows", heads: "Head") -> "Rows":
    import numpy as np

    frames = unknown_frames(len(rows))
    frames["framing"] = Framing.ZSTD
    magic = little_endian(heads, 0, 4)
    is_skippable = (magic >= _ZSTD_SKIPPABLE[0]) & (magic <= _ZSTD_SKIPPABLE[1])
    descriptor = byte_at(heads, 4)
    is_single = descriptor & 0x20 != 0
    frames["flags"] = descriptor
    frames["is_single_segment"] = is_single
    frames["has_content_checksum"] = descriptor & 0x04 != 0

    window = byte_at(heads, 5)
    base_bytes = 1 << (10 + (window >> 3))
    frames["window_bytes"] = base_bytes + (base_bytes >> 3) * (window & 7)

    at = 6 - is_single.astype(np.int64)
    id_bytes = np.array(_ZSTD_DICTIONARY_BYTES)[descriptor & 3]
    frames["dictionary_id"] = _sized(heads, at, id_bytes)
    at += id_bytes
    size_code = descriptor >> 6
    size_bytes = np.array(_ZSTD_SIZE_BYTES)[size_code]
    size_bytes[is_single & (size_code == 0)] = 1
    content_bytes = _sized(heads, at, size_bytes)
    content_bytes[size_bytes == 2] += 256  # noqa: PLR2004 - RFC 8878, 3.1.1.1.4
    # Of 8 bytes with the highest bit set: nothing that any reader could take.
    content_bytes[content_bytes < 0] = -1
    at += size_bytes
    frames["uncompressed_bytes"] = content_bytes
    frames["has_content_size"] = content_bytes >= 0
    frames["window_bytes"][is_single] = content_bytes[is_single]

    for name in ("flags", "window_bytes", "dictionary_id", "uncompressed_bytes"):
        frames[name][is_skippable] = -1
    for name in ("is_single_segment", "has_content_checksum", "has_content_size"):
        frames[name][is_skippable] = False
    is_cut = np.where(is_skippable, 8, at) >= rows["head_bytes"]
    _reject(frames, is_cut, Problem.CUT_SHORT)
    is_frame = is_skippable | begins_with(heads, _ZSTD_MAGIC)
    _reject(frames, ~is_frame, Problem.ZSTD_MAGIC)
    reserved = ~is_skippable & (descriptor & 0x08 != 0)
    _reject(frames, reserved, Problem.ZSTD_RESERVED)
    return frames


def _sized(heads: "Head", at: "Integers", size_bytes: "Integers") -> "Integers":
    """Little-endian numbers of different sizes; -1 where the size is 0."""
    import numpy as np

    value = np.full(len(heads), -1, dtype=np.int64)
    for size in (1, 2, 4, 8):
        of_size = np.flatnonzero(size_bytes == size)
        if len(of_size):
            value[of_size] = little_endian(heads[of_size], at[of_size], size)
    return value
