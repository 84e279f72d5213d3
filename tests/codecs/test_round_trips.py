"""Every codec gives back what it got, and writes what other readers accept."""

import gzip
import random
import struct
import zlib
from collections.abc import Callable

import brotli
import cramjam
import lz4.block
import lz4.frame
import pytest
import snappy
import zstandard

from complab import core
from complab.codecs import catalogue
from complab.codecs.catalogue import Catalogue
from complab.core import CodecInfo, Direction, Library
from complab.errors import CodecError

_CODECS = core.codecs()
_IDS = [f"{codec.name}-{codec.framing}" for codec in _CODECS]

every_codec = pytest.mark.parametrize("codec", _CODECS, ids=_IDS)

# At these a megabyte takes a second or more.
_SLOW_FROM = {"zstd": 13, "brotli": 10, "lz4": 10, "lz4hc": 10}
_JAVA_PIECE_BYTES = 16 * 1024

_XERIAL_MAGIC = b"\x82SNAPPY\0"
_XERIAL_BLOCK_BYTES = 32 * 1024


def library_of(codec: CodecInfo) -> Library | None:
    """The preferred copy of the codec's library; skips where there is none."""
    if catalogue.kind_of(codec) is None:
        return None
    (provider,) = Catalogue().choose(codec, None)
    if provider.library is None:
        pytest.skip(provider.problem)
    return provider.library


def levels_of(codec: CodecInfo, library: Library | None) -> list[int]:
    """The levels that a sweep walks, and beyond them the last ones at both ends."""
    levels = core.codec_levels(codec, library)
    if levels is None:
        return [0]
    wanted = {*range(levels.sweep_min, levels.sweep_max + 1), levels.min, levels.max}
    if codec.name == "zstd":
        wanted |= {-1, -7, -1000}
    return sorted(wanted)


def code(
    codec: CodecInfo,
    library: Library | None,
    direction: Direction,
    data: bytes,
    capacity_bytes: int | None = None,
    *,
    level: int = 0,
) -> bytes:
    """Code one block with the policies of the codec's framing."""
    is_kafka = codec.framing == catalogue.KAFKA
    coder = core.Coder(
        codec,
        library,
        direction,
        level=level,
        is_context_fresh=is_kafka,
        is_size_known=not is_kafka,
    )
    if capacity_bytes is None:
        capacity_bytes = coder.bound_bytes(len(data))
    work = core.Work(coder, core.Sources([data]), [capacity_bytes], core.Arena())
    work.run_block(0)
    return work.output(0)


# ---- Readers that are none of complab's ---------------------------------------------


def read_xerial(data: bytes) -> bytes:
    """xerial's stream: a header, then blocks of snappy behind their lengths."""
    assert data[:8] == _XERIAL_MAGIC
    assert struct.unpack(">ii", data[8:16]) == (1, 1)
    at, blocks = 16, []
    while at < len(data):
        (size,) = struct.unpack(">i", data[at : at + 4])
        block = data[at + 4 : at + 4 + size]
        assert len(block) == size
        blocks.append(snappy.uncompress(block))
        at += 4 + size
    assert all(len(block) == _XERIAL_BLOCK_BYTES for block in blocks[:-1])
    return b"".join(blocks)


def read_zstd(data: bytes) -> bytes:
    """Every byte of one zstd frame, whether it tells its size or not."""
    reader = zstandard.ZstdDecompressor(max_window_size=1 << 31).decompressobj()
    payload = reader.decompress(data)
    assert reader.eof
    assert reader.unused_data == b""
    return payload


def read_lz4_block(data: bytes, size_bytes: int) -> bytes:
    """An LZ4 block without any frame."""
    return bytes(lz4.block.decompress(data, uncompressed_size=size_bytes))


def same(data: bytes, _size_bytes: int) -> bytes:
    """What is stored as it is."""
    return data


Reader = Callable[[bytes, int], bytes]

_READERS: dict[tuple[str, str], tuple[Reader, ...]] = {
    ("none", "kafka"): (same,),
    ("memcpy", "raw"): (same,),
    ("gzip", "kafka"): (
        lambda data, _: gzip.decompress(data),
        lambda data, _: bytes(cramjam.gzip.decompress(data)),
    ),
    ("gzip", "raw"): (lambda data, _: gzip.decompress(data),),
    ("zlib", "raw"): (lambda data, _: zlib.decompress(data),),
    ("snappy", "kafka"): (lambda data, _: read_xerial(data),),
    ("snappy", "raw"): (
        lambda data, _: snappy.uncompress(data),
        lambda data, _: bytes(cramjam.snappy.decompress_raw(data)),
    ),
    ("lz4", "kafka"): (
        lambda data, _: bytes(lz4.frame.decompress(data)),
        lambda data, _: bytes(cramjam.lz4.decompress(data)),
    ),
    ("lz4", "raw"): (read_lz4_block,),
    ("lz4fast", "raw"): (read_lz4_block,),
    ("lz4hc", "raw"): (read_lz4_block,),
    ("zstd", "kafka"): (lambda data, _: read_zstd(data),),
    ("zstd", "raw"): (
        lambda data, _: read_zstd(data),
        lambda data, _: bytes(cramjam.zstd.decompress(data)),
    ),
    ("brotli", "raw"): (
        lambda data, _: bytes(brotli.decompress(data)),
        lambda data, _: bytes(cramjam.brotli.decompress(data)),
    ),
}


def check(codec: CodecInfo, library: Library | None, data: bytes, level: int) -> bytes:
    """Compress, give to every reader, complab's own among them; what was written."""
    packed = code(codec, library, Direction.COMPRESS, data, level=level)
    back = code(codec, library, Direction.DECOMPRESS, packed, len(data), level=level)
    assert back == data
    for reader in _READERS[codec.name, codec.framing]:
        assert reader(packed, len(data)) == data
    return packed


# ---- Round trips --------------------------------------------------------------------


def test_every_codec_has_an_independent_reader() -> None:
    """No codec of the table is left out of these tests."""
    assert set(_READERS) == {(codec.name, codec.framing) for codec in _CODECS}


@every_codec
def test_every_level_on_a_small_batch(codec: CodecInfo, batch_16k: bytes) -> None:
    """Every level, the slowest too, is read back by complab and by others."""
    library = library_of(codec)
    for level in levels_of(codec, library):
        check(codec, library, batch_16k, level)


@every_codec
def test_faster_levels_on_a_large_batch(codec: CodecInfo, batch_1m: bytes) -> None:
    """Levels that take no second a megabyte are read back on many blocks, too."""
    library = library_of(codec)
    for level in levels_of(codec, library):
        if level < _SLOW_FROM.get(codec.name, 1 << 20):
            check(codec, library, batch_1m, level)


_ODD = {
    "one byte": b"k",
    "zeros": bytes(100_000),
    "incompressible": random.Random(7).randbytes(100_000),
    "a piece of Java's": random.Random(8).randbytes(_JAVA_PIECE_BYTES),
    "a xerial block": b"ab" * (_XERIAL_BLOCK_BYTES // 2),
    "a byte more than one": b"ab" * (_XERIAL_BLOCK_BYTES // 2) + b"c",
    "an LZ4 block": bytes(64 * 1024),
    "a byte more than that": bytes(64 * 1024 + 1),
}


@every_codec
@pytest.mark.parametrize("name", _ODD)
def test_odd_data(codec: CodecInfo, name: str) -> None:
    """A byte, zeros, noise and sizes at the blocks' edges come back at any level."""
    library = library_of(codec)
    levels = core.codec_levels(codec, library)
    chosen = {levels.min, levels.default, levels.max} if levels else {0}
    for level in chosen:
        packed = check(codec, library, _ODD[name], level)
        # No container may blow noise up by more than a few bytes a block.
        assert len(packed) <= len(_ODD[name]) * 1.02 + 64


@pytest.mark.parametrize(
    "codec",
    [codec for codec in _CODECS if codec.name not in {"none", "memcpy"}],
    ids=lambda codec: f"{codec.name}-{codec.framing}",
)
def test_cut_output_is_refused(codec: CodecInfo, batch_1m: bytes) -> None:
    """Any beginning of an output is an error, and not a shorter payload."""
    library = library_of(codec)
    levels = core.codec_levels(codec, library)
    level = levels.sweep_min if levels else 0
    packed = code(codec, library, Direction.COMPRESS, batch_1m, level=level)
    for kept_bytes in (1, 5, len(packed) // 2, len(packed) - 1):
        with pytest.raises(CodecError, match=f"^{codec.name}: "):
            code(
                codec,
                library,
                Direction.DECOMPRESS,
                packed[:kept_bytes],
                len(batch_1m),
                level=level,
            )


# ---- What stands in Kafka's containers ----------------------------------------------


def kafka_bytes(name: str, data: bytes, level: int | None = None) -> bytes:
    """What the Java client would write of the data."""
    codec = catalogue.find(name, catalogue.KAFKA)
    library = library_of(codec)
    levels = core.codec_levels(codec, library)
    if level is None:
        level = levels.default if levels else 0
    return code(codec, library, Direction.COMPRESS, data, level=level)


@pytest.mark.parametrize("level", [1, 6, 9])
def test_gzip_header_is_that_of_java(batch_16k: bytes, level: int) -> None:
    """No time, no level, no name, OS 255; then CRC and size at the end."""
    data = kafka_bytes("gzip", batch_16k, level)
    assert data[:10] == bytes.fromhex("1f8b08 00 00000000 00 ff")
    assert data[-8:] == struct.pack("<II", zlib.crc32(batch_16k), len(batch_16k))


def test_snappy_is_xerial_in_blocks_of_32_kib(batch_1m: bytes) -> None:
    """The stream begins with xerial's magic and versions; blocks are 32 KiB."""
    data = kafka_bytes("snappy", batch_1m)
    assert data[:16] == _XERIAL_MAGIC + struct.pack(">ii", 1, 1)
    assert read_xerial(data) == batch_1m


@pytest.mark.parametrize("level", [1, 9, 17])
def test_lz4_frame_is_that_of_java(batch_1m: bytes, level: int) -> None:
    """Independent blocks of 64 KiB, no checksum but the header's, no size."""
    data = kafka_bytes("lz4", batch_1m, level)
    assert data[:6] == bytes.fromhex("04224d18 60 40")
    facts = lz4.frame.get_frame_info(data)
    assert facts["block_size"] == 64 * 1024
    assert not facts["block_linked"]
    assert not facts["content_checksum"]
    assert not facts["block_checksum"]
    assert facts["content_size"] == 0
    assert data[-4:] == bytes(4)


def test_lz4_stores_a_block_that_does_not_shrink() -> None:
    """A block of noise is stored with the high bit of its length set."""
    noise = random.Random(9).randbytes(1000)
    data = kafka_bytes("lz4", noise)
    assert data[7:11] == struct.pack("<I", 0x8000_0000 | len(noise))
    assert data[11 : 11 + len(noise)] == noise


@pytest.mark.parametrize(
    ("level", "window_bytes"),
    [(-5, 512 << 10), (1, 512 << 10), (2, 1 << 20), (3, 2 << 20), (8, 2 << 20),
     (9, 4 << 20), (16, 4 << 20), (17, 8 << 20), (19, 8 << 20), (20, 32 << 20),
     (21, 64 << 20), (22, 128 << 20)],
)  # fmt: skip
def test_zstd_frame_is_that_of_java(
    batch_16k: bytes, level: int, window_bytes: int
) -> None:
    """No content size, no checksum, and the level's own window whatever the size."""
    data = kafka_bytes("zstd", batch_16k, level)
    assert data[:5] == bytes.fromhex("28b52ffd 00")
    facts = zstandard.get_frame_parameters(data)
    assert facts.content_size == zstandard.CONTENTSIZE_UNKNOWN
    assert not facts.has_checksum
    assert facts.window_size == window_bytes


# ---- What complab reads -------------------------------------------------------------


def foreign(data: bytes) -> list[tuple[str, str, bytes]]:
    """The containers in which other writers put the data."""
    sized = zstandard.ZstdCompressor(level=3, write_checksum=True)
    unsized = zstandard.ZstdCompressor(level=1, write_content_size=False)
    half = len(data) // 2
    return [
        ("gzip", "with a name and a time", gzip.compress(data, 9)),
        (
            "gzip",
            "of two members",
            gzip.compress(data[:half]) + gzip.compress(data[half:]),
        ),
        ("gzip", "of cramjam", bytes(cramjam.gzip.compress(data))),
        ("snappy", "without a container", bytes(snappy.compress(data))),
        ("lz4", "linked", lz4.frame.compress(data, block_linked=True)),
        (
            "lz4",
            "with every checksum and the size",
            lz4.frame.compress(
                data,
                content_checksum=True,
                block_checksum=True,
                store_size=True,
                block_linked=False,
            ),
        ),
        ("lz4", "in 4 MiB blocks", lz4.frame.compress(data, block_size=7)),
        ("lz4", "of cramjam", bytes(cramjam.lz4.compress(data))),
        ("zstd", "with size and checksum", sized.compress(data)),
        ("zstd", "without size", unsized.compress(data)),
        (
            "zstd",
            "of two frames",
            sized.compress(data[:half]) + unsized.compress(data[half:]),
        ),
        ("zstd", "of cramjam", bytes(cramjam.zstd.compress(data))),
    ]


@pytest.mark.parametrize("size", ["16k", "1m"])
def test_other_writers_are_read(size: str, batch_16k: bytes, batch_1m: bytes) -> None:
    """Every form that a client of Kafka may write is read to the same payload."""
    data = batch_16k if size == "16k" else batch_1m
    for name, form, packed in foreign(data):
        codec = catalogue.find(name, catalogue.KAFKA)
        library = library_of(codec)
        levels = core.codec_levels(codec, library)
        back = code(
            codec,
            library,
            Direction.DECOMPRESS,
            packed,
            len(data),
            level=levels.default if levels else 0,
        )
        assert back == data, f"{name} {form}"
