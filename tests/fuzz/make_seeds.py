"""Makes the seed corpus of the fuzz targets out of the project's own samples.

``python tests/fuzz/make_seeds.py`` writes ``tests/fuzz/seeds/TARGET/NAME`` anew. A seed
begins with the bytes that its target takes its facts from (``fuzz_TARGET.c``). They are
small: a fuzzer learns from what is short.
"""

import gzip
import shutil
import struct
import sys
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from complab import core
from complab.codecs import catalogue
from complab.codecs.catalogue import Catalogue

if TYPE_CHECKING:
    import numpy as np

_FOLDER = Path(__file__).parent / "seeds"
_SAMPLES = Path(__file__).parents[2] / "samples"

# What one seed may take: some records, a whole chunk or frame.
_PAYLOAD_BYTES = 1500


def payload() -> tuple[bytes, "np.void"]:
    """A few records of a sample, and the row of a batch that holds just them."""
    data = (_SAMPLES / "journald-16k-none.bin").read_bytes()
    rows, _ = core.scan_all(core.Source(data, path="sample"))
    section = data[int(rows[0]["payload_position"]) :]
    section = section[: int(rows[0]["compressed_bytes"])]
    records = core.read_records(section, rows[0])
    ends = records["position"] + records["record_bytes"]
    count = int((ends <= _PAYLOAD_BYTES).sum())
    batch = rows[0].copy()
    batch["record_count"] = count
    batch["last_offset"] = batch["base_offset"] + count - 1
    return section[: int(ends[count - 1])], batch


def record(key: bytes | None, headers: list[tuple[bytes, bytes | None]]) -> bytes:
    """A record with headers, in the shortest numbers: all below 64."""

    def part(value: bytes | None) -> bytes:
        return b"\x01" if value is None else bytes([2 * len(value)]) + value

    body = b"\0\x02\0" + part(key) + part(b"value") + bytes([2 * len(headers)])
    body += b"".join(part(name) + part(value) for name, value in headers)
    return bytes([2 * len(body)]) + body


def message(
    magic: int, offset: int, attributes: int, key: bytes | None, value: bytes | None
) -> bytes:
    """A message of magic 0 or 1."""
    body = struct.pack(">bb", magic, attributes)
    body += struct.pack(">q", 1_700_000_000_000) if magic else b""
    for part in (key, value):
        body += struct.pack(">i", -1 if part is None else len(part)) + (part or b"")
    return struct.pack(">qiI", offset, len(body) + 4, zlib.crc32(body)) + body


def message_set(magic: int, base_offset: int) -> bytes:
    """Three messages, one without a key and one without a value."""
    return (
        message(magic, base_offset, 0, b"k", b"one")
        + message(magic, base_offset + 1, 0, None, b"two")
        + message(magic, base_offset + 2, 0, b"k", None)
    )


def compressed(codec_name: str, data: bytes) -> bytes:
    """The bytes in the kafka framing of a codec, as the system's library makes them."""
    codec = catalogue.find(codec_name, catalogue.KAFKA)
    (provider,) = Catalogue().choose(codec, None)
    levels = core.codec_levels(codec, provider.library)
    coder = core.Coder(
        codec,
        provider.library,
        core.Direction.COMPRESS,
        level=levels.default if levels else 0,
        is_size_known=False,
    )
    sources = core.Sources([data])
    work = core.Work(coder, sources, [coder.bound_bytes(len(data))], core.Arena())
    work.run_block(0)
    return work.output(0)


def framings(data: bytes) -> dict[str, dict[str, bytes]]:
    """Seeds of the framings: as complab writes them, and as others do."""
    half = len(data) // 2
    own = {name: compressed(name, data) for name in ("gzip", "snappy", "lz4", "zstd")}
    many = b"".join(gzip.compress(part) for part in (data[:half], data[half:]))
    chunk = own["snappy"][20:]
    lz4 = own["lz4"]
    return {
        "gzip": {"java": own["gzip"], "members": many, "empty": gzip.compress(b"")},
        "snappy": {
            "xerial": own["snappy"],
            "bare": chunk,
            "chunks": own["snappy"] + own["snappy"][16:],
            "twice": 2 * own["snappy"],
        },
        "lz4": {
            "java": lz4,
            "skipped": struct.pack("<II", 0x184D2A50, 3) + b"xyz" + lz4,
            "stored": bytes.fromhex("04224d186040820500008068656c6c6f00000000"),
        },
        "zstd": {
            "java": own["zstd"],
            "skipped": struct.pack("<II", 0x184D2A50, 3) + b"xyz" + own["zstd"],
            "twice": 2 * own["zstd"],
        },
    }


def seeds() -> dict[str, dict[str, bytes]]:
    """Every seed by target and name."""
    section, row = payload()
    batch = core.write_batch(row, section)
    plain = row.copy()
    plain["attributes"] = 0
    small = core.write_batch(plain, section[:0])
    facts = struct.pack(
        ">Biqq", 0, row["record_count"], row["base_offset"], row["base_timestamp"]
    )
    headers = record(b"k", [(b"h", b"value"), (b"", None), (b"h", b"")])
    headers_only = headers[headers.index(b"value") + 6 :]
    found = {
        "scan": {
            "batch": batch,
            "batches": small + small,
            "messages": message_set(0, 5) + message_set(1, 7),
            "zeros": small + bytes(40),
            "damage": small + b"\xee" * 30 + small,
            "torn": batch[:200],
        },
        "records": {
            "sample": facts + section,
            "headers": struct.pack(">Biqq", 1, 2, 70, 1_700_000_000_000) + 2 * headers,
            "tombstone": struct.pack(">Biqq", 0, 1, 0, 0) + record(None, []),
        },
        "headers": {"three": bytes([4, 0, 0]) + headers_only},
        "message_set": {
            f"magic{magic}-{name}": bytes([magic | codec << 1 | kind << 3])
            + struct.pack(">q", offset)
            + message_set(magic, base)
            for magic in (0, 1)
            for name, codec, kind, offset, base in (
                ("wrapped", 1, 0, 102, 0),
                ("plain", 0, 0, 100, 100),
                ("append-time", 2, 1, 0, 0),
            )
        },
    }
    for target, named in framings(section).items():
        found[target] = {name: b"\x03" + data for name, data in named.items()}
    return found


def main() -> None:
    """Write all seeds, in place of what was there."""
    shutil.rmtree(_FOLDER, ignore_errors=True)
    total_bytes = 0
    for target, named in seeds().items():
        folder = _FOLDER / target
        folder.mkdir(parents=True)
        for name, data in named.items():
            (folder / name).write_bytes(data)
            total_bytes += len(data)
    sys.stdout.write(f"{total_bytes:,} bytes of seeds in {_FOLDER}\n")


if __name__ == "__main__":
    main()
