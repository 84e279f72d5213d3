"""What the heads of stored payloads tell, of frames made here by many libraries."""

import gzip
import io
import struct
import zlib

import cramjam
import lz4.frame
import numpy as np
import pytest
import zstandard
from index_rows import Rows, join, make_row, payload_row

from complab.kafka.frames import (
    PROBLEMS,
    Framing,
    HeaderChecksum,
    Problem,
    describe_frame,
    framing_words,
    problem_words,
    read_frames,
)
from complab.kafka.frames.heads import xxhash32

GZIP, SNAPPY, LZ4, ZSTD = 1, 2, 3, 4

CONTENT = b"".join(b"record %d of a batch, " % i for i in range(5000))


def frame_of(payload: bytes, codec_id: int, **fields: object) -> np.void:
    """The frame of a batch that holds this payload."""
    (frame,) = read_frames(payload_row(payload, codec_id, **fields))
    assert isinstance(frame, np.void)
    return frame


def words_of(payload: bytes, codec_id: int, **fields: object) -> tuple[str, str]:
    """The framing and what is wrong with it."""
    frames = read_frames(payload_row(payload, codec_id, **fields))
    return framing_words(frames)[0], problem_words(frames)[0]


def python_gzip(content: bytes) -> bytes:
    """What gzip.GzipFile writes at level 9 at a certain time."""
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", mtime=1_700_000_000) as file:
        file.write(content)
    return out.getvalue()


def xerial(*chunks: bytes, version: int = 1, compatible: int = 1) -> bytes:
    """A stream of snappy-java's kind around chunks that are given uncompressed."""
    head = b"\x82SNAPPY\x00" + struct.pack(">ii", version, compatible)
    blocks = [bytes(cramjam.snappy.compress_raw(chunk)) for chunk in chunks]
    return head + b"".join(struct.pack(">i", len(b)) + b for b in blocks)


# ---- No compression -----------------------------------------------------------------


def test_no_codec_is_no_framing() -> None:
    """An uncompressed batch has framing none, and its size is what is stored."""
    frame = frame_of(b"any bytes", 0)
    assert frame["framing"] == Framing.NONE
    assert frame["uncompressed_bytes"] == len(b"any bytes")


def test_an_empty_index_has_no_frames() -> None:
    """No row gives no frame."""
    assert len(read_frames(make_row()[:0])) == 0


@pytest.mark.parametrize("codec_id", [5, 6, 7])
def test_codec_bits_without_a_codec_are_malformed(codec_id: int) -> None:
    """The codec bits 5, 6 and 7 are told as what they are."""
    assert words_of(b"x" * 40, codec_id) == ("malformed", PROBLEMS[Problem.NO_CODEC])


# ---- gzip ---------------------------------------------------------------------------


def test_gzip_header_is_read() -> None:
    """Time, XFL, system and flags of a gzip header stand in the frame."""
    frame = frame_of(python_gzip(CONTENT), GZIP)
    assert frame["framing"] == Framing.GZIP
    assert frame["gzip_mtime_s"] == 1_700_000_000
    assert (frame["gzip_xfl"], frame["gzip_os"], frame["flags"]) == (2, 255, 0)
    assert frame["uncompressed_bytes"] == -1


def test_gzip_of_zlib_names_its_system() -> None:
    """zlib's own gzip header has no time, and names Unix."""
    squeeze = zlib.compressobj(6, zlib.DEFLATED, 31)
    frame = frame_of(squeeze.compress(CONTENT) + squeeze.flush(), GZIP)
    assert (frame["gzip_mtime_s"], frame["gzip_xfl"], frame["gzip_os"]) == (0, 0, 3)


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        (b"\x1f\x8b\x08\0\0\0\0\0\0\xff", Problem.CUT_SHORT),
        (b"\x1f\x8c\x08" + bytes(30), Problem.GZIP_MAGIC),
        (b"\x1f\x8b\x07" + bytes(30), Problem.GZIP_METHOD),
        (b"\x1f\x8b\x08\x20" + bytes(30), Problem.GZIP_FLAGS),
        (b"", Problem.CUT_SHORT),
    ],
)
def test_malformed_gzip_says_why(payload: bytes, problem: Problem) -> None:
    """A head that no gzip reader takes is malformed, with the reason."""
    assert words_of(payload, GZIP) == ("malformed", PROBLEMS[problem])


# ---- snappy -------------------------------------------------------------------------


@pytest.mark.parametrize("size_bytes", [0, 1, 59, 127, 128, 20_000, len(CONTENT)])
def test_raw_snappy_tells_its_size(size_bytes: int) -> None:
    """The number before a raw block is the uncompressed size."""
    block = bytes(cramjam.snappy.compress_raw(CONTENT[:size_bytes]))
    frame = frame_of(block, SNAPPY)
    assert frame["framing"] == Framing.SNAPPY
    assert frame["uncompressed_bytes"] == size_bytes
    assert frame["has_content_size"]


def test_one_xerial_chunk_tells_the_size() -> None:
    """Where the first chunk is all, its size is the payload's."""
    frame = frame_of(xerial(CONTENT[:20_000]), SNAPPY)
    assert frame["framing"] == Framing.XERIAL
    assert (frame["xerial_version"], frame["xerial_compatible"]) == (1, 1)
    assert frame["is_only_chunk"]
    assert frame["block_bytes"] == frame["uncompressed_bytes"] == 20_000


def test_more_xerial_chunks_hide_the_size() -> None:
    """Where chunks follow the first, its size is told and the payload's is not."""
    frame = frame_of(xerial(CONTENT[:32768], CONTENT[32768:40000]), SNAPPY)
    assert not frame["is_only_chunk"]
    assert frame["block_bytes"] == 32768
    assert frame["uncompressed_bytes"] == -1


def test_xerial_versions_are_read_as_big_endian() -> None:
    """Little-endian version words are seen as the large numbers that they make."""
    frame = frame_of(xerial(b"content", version=0x01000000, compatible=0), SNAPPY)
    assert frame["xerial_version"] == 0x01000000
    assert frame["xerial_compatible"] == 0


_XERIAL_HEAD = xerial()


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        (b"", Problem.CUT_SHORT),
        (_XERIAL_HEAD + b"\0", Problem.CUT_SHORT),
        (_XERIAL_HEAD + b"\0\0\0\0\x05\x10hello", Problem.XERIAL_CHUNK),
        (_XERIAL_HEAD + b"\0\0\0\x09\x05\x10hello", Problem.XERIAL_CHUNK),
        (_XERIAL_HEAD + b"\x7f\xff\xff\xff\x05\x10hello", Problem.XERIAL_CHUNK),
        (_XERIAL_HEAD + b"\0\0\0\x07\x05\x11hello", Problem.SNAPPY_TAG),
        (b"\x05\x11hello", Problem.SNAPPY_TAG),
        (b"\xff\xff\xff\xff\xff\x01" + bytes(30), Problem.SNAPPY_LENGTH),
        (b"\xff\xff\xff\xff\x7f" + bytes(30), Problem.SNAPPY_LENGTH),
        (b"\x80\x80\x80\x80\x04\x10hello", Problem.SNAPPY_LENGTH),
        (b"\x05", Problem.SNAPPY_LENGTH),
    ],
)
def test_malformed_snappy_says_why(payload: bytes, problem: Problem) -> None:
    """A head that no snappy reader takes is malformed, with the reason."""
    assert words_of(payload, SNAPPY) == ("malformed", PROBLEMS[problem])


# ---- LZ4 ----------------------------------------------------------------------------


@pytest.mark.parametrize("code", [4, 5, 6, 7])
@pytest.mark.parametrize("is_linked", [False, True])
@pytest.mark.parametrize("is_checked", [False, True])
@pytest.mark.parametrize("is_sized", [False, True])
def test_lz4_header_is_read(
    code: int, is_linked: bool, is_checked: bool, is_sized: bool
) -> None:
    """Every option of the reference encoder's header stands in the frame."""
    payload = lz4.frame.compress(
        CONTENT,
        block_size=code,
        block_linked=is_linked,
        content_checksum=is_checked,
        block_checksum=is_checked,
        store_size=is_sized,
    )
    frame = frame_of(payload, LZ4)
    assert frame["framing"] == Framing.LZ4
    # The encoder takes smaller blocks than were asked for where the content is known
    # to be small.
    assert frame["block_bytes"] == 1 << (8 + 2 * (payload[5] >> 4))
    assert frame["is_independent"] == (payload[4] >> 5 & 1)
    assert frame["has_content_checksum"] == is_checked
    assert frame["has_block_checksums"] == is_checked
    assert frame["has_content_size"] == is_sized
    assert frame["uncompressed_bytes"] == (len(CONTENT) if is_sized else -1)
    assert frame["header_checksum"] == HeaderChecksum.RIGHT
    assert not frame["has_reserved_bits"]


def with_checksum(descriptor: bytes) -> bytes:
    """A frame's beginning with the right header checksum, and more behind it."""
    hashed = int(xxhash32(np.frombuffer(descriptor, dtype=np.uint8)[None])[0])
    return b"\x04\x22\x4d\x18" + descriptor + bytes([hashed >> 8 & 0xFF]) + bytes(30)


def test_lz4_dictionary_is_read() -> None:
    """A dictionary's number stands in the frame, and is a reserved bit to Kafka."""
    payload = with_checksum(b"\x69\x40" + struct.pack("<QI", 4096, 77))
    frame = frame_of(payload, LZ4)
    assert frame["framing"] == Framing.LZ4
    assert (frame["dictionary_id"], frame["uncompressed_bytes"]) == (77, 4096)
    assert frame["has_reserved_bits"]


@pytest.mark.parametrize("descriptor", [b"\x62\x40", b"\x60\xc0", b"\x60\x41"])
def test_lz4_reserved_bits_are_seen(descriptor: bytes) -> None:
    """Reserved bits of either byte are told, and the frame is no less one."""
    frame = frame_of(with_checksum(descriptor), LZ4)
    assert frame["framing"] == Framing.LZ4
    assert frame["has_reserved_bits"]


def test_lz4_checksum_of_magic_0() -> None:
    """The header checksum that Kafka wrote in magic 0 is known as such."""
    right = lz4.frame.compress(CONTENT, block_linked=False, store_size=False)
    begin = np.frombuffer(right[:6], dtype=np.uint8)[None]
    wrong = bytes([int(xxhash32(begin)[0]) >> 8 & 0xFF])
    payload = right[:6] + wrong + right[7:]
    frame = frame_of(payload, LZ4, magic=0)
    assert frame["framing"] == Framing.LZ4
    assert frame["header_checksum"] == HeaderChecksum.OF_MAGIC_0
    assert words_of(payload, LZ4) == ("malformed", PROBLEMS[Problem.LZ4_CHECKSUM])


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        (b"", Problem.CUT_SHORT),
        (b"\x04\x22\x4d\x18\x60\x40", Problem.CUT_SHORT),
        (b"\x02\x21\x4c\x18" + bytes(30), Problem.LZ4_MAGIC),
        (b"\x04\x22\x4d\x18\xa0\x40" + bytes(30), Problem.LZ4_VERSION),
        (b"\x04\x22\x4d\x18\x60\x30" + bytes(30), Problem.LZ4_BLOCK_SIZE),
        (b"\x04\x22\x4d\x18\x60\x40\x00" + bytes(30), Problem.LZ4_CHECKSUM),
    ],
)
def test_malformed_lz4_says_why(payload: bytes, problem: Problem) -> None:
    """A head that no LZ4 reader takes is malformed, with the reason."""
    assert words_of(payload, LZ4) == ("malformed", PROBLEMS[problem])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"", 0x02CC5D05),
        (b"a", 0x550D7456),
        (b"abc", 0x32D153FF),
    ],
)
def test_xxhash32_of_short_inputs(text: bytes, expected: int) -> None:
    """XXH32 gives the well-known values of its reference implementation."""
    bytes_of = np.frombuffer(text, dtype=np.uint8).reshape(1, -1)
    assert int(xxhash32(bytes_of)[0]) == expected


# ---- zstd ---------------------------------------------------------------------------


@pytest.mark.parametrize("size_bytes", [1, 255, 256, 65_791, 65_792, len(CONTENT)])
def test_zstd_of_known_size(size_bytes: int) -> None:
    """A one-shot frame tells its size, whatever number of bytes that takes."""
    frame = frame_of(zstandard.compress(CONTENT[:size_bytes]), ZSTD)
    assert frame["framing"] == Framing.ZSTD
    assert frame["is_single_segment"]
    assert frame["uncompressed_bytes"] == frame["window_bytes"] == size_bytes
    assert not frame["has_content_checksum"]
    assert frame["dictionary_id"] == -1


@pytest.mark.parametrize("window_log", [10, 17, 21, 27])
def test_zstd_stream_tells_its_window(window_log: int) -> None:
    """A stream of unknown size tells its window, and a checksum where there is one."""
    settings = zstandard.ZstdCompressionParameters(
        window_log=window_log, write_checksum=True
    )
    stream = zstandard.ZstdCompressor(compression_params=settings).compressobj()
    frame = frame_of(stream.compress(CONTENT) + stream.flush(), ZSTD)
    assert frame["window_bytes"] == 1 << window_log
    assert not frame["is_single_segment"]
    assert frame["has_content_checksum"]
    assert not frame["has_content_size"]
    assert frame["uncompressed_bytes"] == -1


def test_zstd_window_has_eighths() -> None:
    """The window descriptor's low bits add eighths of its power of two."""
    frame = frame_of(b"\x28\xb5\x2f\xfd\x00\x5b" + bytes(20), ZSTD)
    assert frame["window_bytes"] == (1 << 21) + 3 * (1 << 18)


def test_zstd_dictionary_is_read() -> None:
    """A dictionary's number stands in the frame."""
    samples: list[bytes | bytearray | memoryview] = [
        CONTENT[i : i + 200] for i in range(0, 100_000, 200)
    ]
    dictionary = zstandard.train_dictionary(4096, samples)
    packed = zstandard.ZstdCompressor(dict_data=dictionary).compress(CONTENT)
    frame = frame_of(packed, ZSTD)
    assert frame["dictionary_id"] == dictionary.dict_id()
    assert frame["uncompressed_bytes"] == len(CONTENT)


def test_skippable_frame_hides_the_facts() -> None:
    """Behind a skippable frame nothing is known, and that is no damage."""
    skippable = b"\x50\x2a\x4d\x18" + struct.pack("<I", 3) + b"abc"
    frame = frame_of(skippable + zstandard.compress(CONTENT), ZSTD)
    assert frame["framing"] == Framing.ZSTD
    assert frame["uncompressed_bytes"] == frame["window_bytes"] == -1
    assert not frame["has_content_size"]


def test_content_size_beyond_63_bits_is_not_told() -> None:
    """A size that no number of ours holds is as good as none."""
    head = b"\x28\xb5\x2f\xfd\xe0" + b"\xff" * 8 + bytes(10)
    assert frame_of(head, ZSTD)["uncompressed_bytes"] == -1


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        (b"", Problem.CUT_SHORT),
        (b"\x28\xb5\x2f\xfd\x00\x58", Problem.CUT_SHORT),
        (b"\x28\xb5\x2f\xfd\xe0" + bytes(8), Problem.CUT_SHORT),
        (b"\x27\xb5\x2f\xfd" + bytes(30), Problem.ZSTD_MAGIC),
        (b"\x28\xb5\x2f\xfd\x08\x58" + bytes(30), Problem.ZSTD_RESERVED),
    ],
)
def test_malformed_zstd_says_why(payload: bytes, problem: Problem) -> None:
    """A head that no zstd reader takes is malformed, with the reason."""
    assert words_of(payload, ZSTD) == ("malformed", PROBLEMS[problem])


# ---- All of them --------------------------------------------------------------------


def all_kinds() -> Rows:
    """One row of each framing."""
    squeeze = zstandard.ZstdCompressor().compressobj()
    return join(
        payload_row(CONTENT, 0),
        payload_row(python_gzip(CONTENT), GZIP),
        payload_row(xerial(CONTENT[:96]), SNAPPY),
        payload_row(bytes(cramjam.snappy.compress_raw(CONTENT)), SNAPPY),
        payload_row(lz4.frame.compress(CONTENT), LZ4),
        payload_row(squeeze.compress(CONTENT) + squeeze.flush(), ZSTD),
        payload_row(b"nothing of the kind, and of some length", ZSTD),
    )


def test_rows_are_read_as_they_would_be_alone() -> None:
    """A row's frame does not depend on the rows around it."""
    rows = all_kinds()
    together = read_frames(rows)
    assert framing_words(together) == [
        "none",
        "gzip",
        "xerial",
        "snappy",
        "lz4",
        "zstd",
        "malformed",
    ]
    for i in range(len(rows)):
        assert read_frames(rows[i : i + 1])[0] == together[i]


def test_frames_are_told_on_a_line() -> None:
    """A frame is described with its framing first and what is known of it behind."""
    texts = [describe_frame(frame) for frame in read_frames(all_kinds())]
    size = f"{len(CONTENT):,} bytes uncompressed"
    assert texts == [
        "none",
        "gzip, mtime 1700000000, XFL 2, OS 255, flags 0x00",
        "xerial, version 1, compatible 1, first chunk 96 bytes, 96 bytes uncompressed",
        f"snappy, raw block, {size}",
        f"lz4, FLG 0x48, BD 0x40, 64 KiB blocks, linked, {size}",
        "zstd, descriptor 0x00, window 2 MiB, no checksum, size not told",
        f"malformed: {PROBLEMS[Problem.ZSTD_MAGIC]}",
    ]


@pytest.mark.parametrize("codec_id", range(-1, 8))
def test_no_bytes_at_all_are_an_exception(codec_id: int) -> None:
    """Whatever stands in a head, reading it gives facts or a reason."""
    generator = np.random.default_rng(seed=codec_id + 1)
    rows = np.concatenate([make_row(codec_id=codec_id) for _ in range(2000)])
    rows["head"] = generator.integers(0, 256, rows["head"].shape, dtype=np.uint8)
    rows["head_bytes"] = generator.integers(0, 33, len(rows))
    rows["compressed_bytes"] = generator.integers(0, 2**63, len(rows))
    for magic in (b"\x1f\x8b\x08", b"\x82SNAPPY\0", b"\x04\x22\x4d\x18", b"\x28\xb5"):
        with_magic = rows.copy()
        with_magic["head"][:, : len(magic)] = np.frombuffer(magic, dtype=np.uint8)
        frames = read_frames(with_magic)
        is_malformed = frames["framing"] == Framing.MALFORMED
        assert (is_malformed == (frames["problem"] != Problem.NO_PROBLEM)).all()
        assert all(describe_frame(frame) for frame in frames)
