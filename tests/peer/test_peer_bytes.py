"""Every codec and level writes as many bytes as a plainly linked program does."""

from __future__ import annotations

import random
import subprocess
from typing import TYPE_CHECKING

import pytest
from complab_loop import (
    NO_LEVEL,
    compressed_bytes,
    levels_of,
    opened_library,
    raw_codecs,
)
from plain_program import SAMPLES, build, first_payload, missing_headers

from complab._core import (  # type: ignore[import-not-found,import-untyped,unused-ignore]
    ffi,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Sizes = dict[tuple[str, int | None], int]


def complab_sizes(payload: bytes) -> Sizes:
    """What complab's core makes of a payload, by codec and level."""
    src = ffi.from_buffer("uint8_t[]", payload)
    sizes: Sizes = {}
    for name, codec in raw_codecs().items():
        with opened_library(codec) as library:
            for level in levels_of(codec, library, is_zstd=name == "zstd"):
                sizes[name, level] = compressed_bytes(codec, library, level, src)
    return sizes


def plain_sizes(program: Path, path: Path) -> Sizes:
    """What the plain program makes of a file, by codec and level."""
    listing = subprocess.run(
        [program, "sizes", path], capture_output=True, text=True, check=True
    ).stdout
    sizes: Sizes = {}
    for line in listing.splitlines():
        codec, level, size_bytes = line.split("\t")
        sizes[codec, None if level == NO_LEVEL else int(level)] = int(size_bytes)
    return sizes


@pytest.fixture(scope="module")
def plain_loop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The plain program, built here; skips where it cannot be."""
    reason = missing_headers()
    if reason:
        pytest.skip(reason)
    return build(tmp_path_factory.mktemp("plain_loop"))


# Both shapes of batch of both kinds of record, and what codecs treat apart: bytes that
# do not compress, bytes that compress to nothing, a single byte.
PAYLOADS: dict[str, Callable[[], bytes]] = {
    "http-requests-1m": lambda: first_payload(SAMPLES / "http-requests-1m-none.bin"),
    "http-requests-16k": lambda: first_payload(SAMPLES / "http-requests-16k-none.bin"),
    "journald-16k": lambda: first_payload(SAMPLES / "journald-16k-none.bin"),
    "random": lambda: random.Random(1).randbytes(70_000),
    "zeros": lambda: bytes(70_000),
    "one-byte": lambda: b"k",
}


@pytest.mark.parametrize("name", PAYLOADS)
def test_sizes_equal_those_of_a_plainly_linked_program(
    name: str, plain_loop: Path, tmp_path: Path
) -> None:
    """The core feeds the libraries exactly what a plain call of them does."""
    payload = PAYLOADS[name]()
    path = tmp_path / "payload"
    path.write_bytes(payload)
    assert complab_sizes(payload) == plain_sizes(plain_loop, path)


def test_the_plain_program_is_compared_over_all_its_rows(
    plain_loop: Path, tmp_path: Path
) -> None:
    """The plain program knows all 89 rows, so that none is left out on both sides."""
    path = tmp_path / "payload"
    path.write_bytes(b"k" * 100)
    sizes = plain_sizes(plain_loop, path)
    rows_per_codec = {
        "memcpy": 1,
        "zlib": 9,
        "gzip": 9,
        "snappy": 1,
        "lz4": 1,
        "lz4fast": 17,
        "lz4hc": 12,
        "zstd": 27,
        "brotli": 12,
    }
    names = [codec for codec, _level in sizes]
    assert {name: names.count(name) for name in names} == rows_per_codec
