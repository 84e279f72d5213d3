"""complab's side of the peer check: the C core alone, one codec at one level.

It stands where ``plain_loop`` stands, with the same command line, blocks and counts, so
that a difference between the two is the core's. It is *not* a measurement as complab
makes it: it plans nothing, estimates nothing and knows the raw framing only.

    python tests/peer/complab_loop.py time FILE CODEC LEVEL \
        COMPRESS_EPOCHS COMPRESS_ITERATIONS DECOMPRESS_EPOCHS DECOMPRESS_ITERATIONS
"""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from complab._core import (  # type: ignore[import-not-found,import-untyped,unused-ignore]
    ffi,
    lib,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

# An iteration shorter than this is preceded by an untimed one (ns).
WARM_UP_BELOW_NS = 10_000_000

# zstd's levels below 1 are no part of a sweep that names none.
ZSTD_NEGATIVE_LEVELS = range(-5, 0)

# What a level is called where there is none.
NO_LEVEL = "-"


class CoreError(RuntimeError):
    """A function of the C core that did not return OK."""


def check(status: int, about: str, fault: Any = None) -> None:
    """Raise CoreError with the core's words unless the status is OK."""
    if status != lib.COMPLAB_OK:
        words = ffi.string(lib.complab_status_text(status)).decode()
        detail = "" if fault is None else ffi.string(fault.text).decode()
        message = f"{about}: {words} {detail}".rstrip()
        raise CoreError(message)


def raw_codecs() -> dict[str, int]:
    """The numbers of the codecs in the raw framing, by name."""
    codecs = {}
    info = ffi.new("complab_codec_info *")
    for codec in range(lib.complab_codec_count()):
        check(lib.complab_codec_info_get(codec, info), f"codec {codec}")
        if ffi.string(info.framing) == b"raw":
            codecs[ffi.string(info.name).decode()] = codec
    return codecs


@contextmanager
def opened_library(codec: int) -> Iterator[Any]:
    """The system's own copy of a codec's library, NULL for a codec built in."""
    info = ffi.new("complab_codec_info *")
    check(lib.complab_codec_info_get(codec, info), f"codec {codec}")
    if info.library_kind == lib.COMPLAB_NO_LIBRARY:
        yield ffi.NULL
        return
    kind = ffi.new("complab_library_info *")
    check(lib.complab_library_kind_info(info.library_kind, kind), "library kind")
    library_out = ffi.new("complab_library **")
    fault = ffi.new("complab_fault *")
    status = lib.complab_library_open(
        info.library_kind, kind.parts, kind.part_count, library_out, fault
    )
    check(status, ffi.string(kind.name).decode(), fault)
    try:
        yield library_out[0]
    finally:
        lib.complab_library_close(library_out[0])


@contextmanager
def coder(codec: int, library: Any, direction: int, level: int | None) -> Iterator[Any]:
    """A coder with a reused context that is told the size of each block."""
    settings = ffi.new("complab_settings *", {"level": level or 0, "is_size_known": 1})
    coder_out = ffi.new("complab_coder **")
    status = lib.complab_coder_new(codec, library, direction, settings, coder_out)
    check(status, f"codec {codec} level {level}")
    try:
        yield coder_out[0]
    finally:
        lib.complab_coder_free(coder_out[0])


def levels_of(codec: int, library: Any, *, is_zstd: bool) -> list[int | None]:
    """What a sweep walks, and zstd's negative levels; None where there are none."""
    levels = ffi.new("complab_levels *")
    check(lib.complab_codec_levels(codec, library, levels), f"codec {codec}")
    if not levels.has_levels:
        return [None]
    swept = range(levels.sweep_min, levels.sweep_max + 1)
    return [*ZSTD_NEGATIVE_LEVELS, *swept] if is_zstd else [*swept]


def block_of(src: Any, src_bytes: int, dst_capacity_bytes: int) -> tuple[Any, Any]:
    """A block over src with a destination of its own, which must be kept alive."""
    dst = ffi.new("uint8_t[]", max(dst_capacity_bytes, 1))
    # Zeroed memory may still be without pages: writing brings them in.
    ffi.memmove(dst, b"\x5a" * len(dst), len(dst))
    block = ffi.new("complab_block[1]")
    block[0].src = src
    block[0].src_bytes = src_bytes
    block[0].dst = dst
    block[0].dst_capacity_bytes = dst_capacity_bytes
    return block, dst


def compressed_bytes(codec: int, library: Any, level: int | None, payload: Any) -> int:
    """The size of the payload as one block, checked by decompressing it."""
    about = f"codec {codec} level {level}"
    with (
        coder(codec, library, lib.COMPLAB_COMPRESS, level) as compressor,
        coder(codec, library, lib.COMPLAB_DECOMPRESS, level) as decompressor,
    ):
        bound_bytes = lib.complab_coder_bound(compressor, len(payload))
        packed, packed_dst = block_of(payload, len(payload), bound_bytes)
        check(lib.complab_coder_run(compressor, packed), about)
        restored, _kept = block_of(packed_dst, packed[0].dst_bytes, len(payload))
        check(lib.complab_coder_run(decompressor, restored), about)
        check_same(restored, payload, about)
        return int(packed[0].dst_bytes)


def check_same(restored: Any, payload: Any, about: str) -> None:
    """Raise CoreError unless the block's destination holds the payload."""
    expected = ffi.new("const uint8_t *[1]", [payload])
    expected_bytes = ffi.new("size_t[1]", [len(payload)])
    first_difference = ffi.new("size_t *")
    block = lib.complab_blocks_compare(
        restored, 1, expected, expected_bytes, first_difference
    )
    if block != 1:
        message = f"{about}: differs from byte {first_difference[0]} on"
        raise CoreError(message)


def time_epochs(
    operation_state: Any, block: Any, epoch_count: int, iteration_count: int
) -> list[int]:
    """Nanoseconds of each epoch of a coder over one block, canary and all."""
    work = ffi.new(
        "complab_work *",
        {
            "operation": ffi.addressof(lib, "complab_coder_run"),
            "state": operation_state,
            "blocks": block,
            "block_count": 1,
        },
    )
    clock = lib.complab_clock_monotonic()
    facts = ffi.new("complab_clock_facts *")
    check(lib.complab_clock_measure(clock, facts), "clock")
    timing = ffi.new(
        "complab_timing *",
        {
            "clock": clock,
            "clock_cost_ns": facts.cost_ns,
            "warm_up_below_ns": WARM_UP_BELOW_NS,
            "has_canary": 1,
        },
    )
    epoch = ffi.new("complab_epoch *")
    epoch_ns = []
    iteration_ns = 0.0
    for _ in range(epoch_count):
        status = lib.complab_epoch_run(
            work, timing, iteration_count, iteration_ns, epoch
        )
        check(status, "epoch")
        epoch_ns.append(int(epoch.elapsed_ns))
        iteration_ns = epoch.elapsed_ns / iteration_count
    return epoch_ns


def print_times(
    payload: Any, codec_name: str, level: int | None, counts: list[int]
) -> None:
    """Print what ``plain_loop time`` prints: the library, then both directions.

    The counts are epochs and iterations in an epoch, of compression, then of
    decompression.
    """
    compress_epochs, compress_count, decompress_epochs, decompress_count = counts
    codec = raw_codecs()[codec_name]
    with (
        opened_library(codec) as library,
        coder(codec, library, lib.COMPLAB_COMPRESS, level) as compressor,
        coder(codec, library, lib.COMPLAB_DECOMPRESS, level) as decompressor,
    ):
        facts = {"library": "", "version": ""}
        if library != ffi.NULL:
            facts["library"] = ffi.string(lib.complab_library_path(library, 0)).decode()
            facts["version"] = ffi.string(lib.complab_library_version(library)).decode()
        sys.stdout.write(json.dumps(facts) + "\n")
        bound_bytes = lib.complab_coder_bound(compressor, len(payload))
        packed, packed_dst = block_of(payload, len(payload), bound_bytes)
        epoch_ns = time_epochs(compressor, packed, compress_epochs, compress_count)
        print_direction("compress", packed[0].dst_bytes, epoch_ns)
        restored, _kept = block_of(packed_dst, packed[0].dst_bytes, len(payload))
        epoch_ns = time_epochs(
            decompressor, restored, decompress_epochs, decompress_count
        )
        check_same(restored, payload, codec_name)
        print_direction("decompress", packed[0].dst_bytes, epoch_ns)


def print_direction(direction: str, size_bytes: int, epoch_ns: list[int]) -> None:
    """Print one direction's epochs as a line of JSON."""
    line = {
        "direction": direction,
        "compressed_bytes": size_bytes,
        "epoch_ns": epoch_ns,
    }
    sys.stdout.write(json.dumps(line) + "\n")


def main(arguments: list[str]) -> None:
    """Run the command line above."""
    if len(arguments) != 8 or arguments[0] != "time":
        sys.exit("usage: complab_loop.py time FILE CODEC LEVEL and four counts")
    _verb, path, codec_name, level, *counts = arguments
    print_times(
        ffi.from_buffer("uint8_t[]", Path(path).read_bytes()),
        codec_name,
        None if level == NO_LEVEL else int(level),
        [int(count) for count in counts],
    )


if __name__ == "__main__":
    main(sys.argv[1:])
