"""A frame in words."""

from typing import TYPE_CHECKING, Final

from complab.kafka.frames.model import FRAMINGS, PROBLEMS, Framing, Problem

if TYPE_CHECKING:
    import numpy as np

    from complab.kafka.frames.model import Rows

_UNITS: Final = ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"))

GO_ZERO_MTIME_S: Final = 0x886E0900
"""Go's zero time.Time in the 32 bits of gzip's MTIME: -62135596800 s, truncated."""


def framing_words(frames: "Rows") -> list[str]:
    """The framing of each row as its word of `FRAMINGS`."""
    return [FRAMINGS[framing] for framing in frames["framing"].tolist()]


def problem_words(frames: "Rows") -> list[str]:
    """Why each row is malformed, "" where it is not."""
    return [PROBLEMS[Problem(problem)] for problem in frames["problem"].tolist()]


def describe_frame(frame: "np.void") -> str:
    """One frame's facts on a line, for `inspect` of a single batch."""
    framing = Framing(int(frame["framing"]))
    if framing is Framing.MALFORMED:
        return f"malformed: {PROBLEMS[Problem(int(frame['problem']))]}"
    facts = _FACTS[framing](frame)
    return ", ".join([FRAMINGS[framing], *facts])


def _size(size_bytes: int) -> str:
    for unit_bytes, unit in _UNITS:
        if size_bytes >= unit_bytes and size_bytes % (unit_bytes // 8) == 0:
            return f"{size_bytes / unit_bytes:g} {unit}"
    return f"{size_bytes:,} bytes"


def _content(frame: "np.void") -> str:
    known_bytes = int(frame["uncompressed_bytes"])
    return "size not told" if known_bytes < 0 else f"{known_bytes:,} bytes uncompressed"


def _none_facts(frame: "np.void") -> list[str]:
    del frame  # the batch's own size says all
    return []


def _gzip_facts(frame: "np.void") -> list[str]:
    mtime_s = int(frame["gzip_mtime_s"])
    told = {0: "mtime 0", GO_ZERO_MTIME_S: "mtime Go's zero time"}
    return [
        told.get(mtime_s, f"mtime {mtime_s}"),
        f"XFL {frame['gzip_xfl']}",
        f"OS {frame['gzip_os']}",
        f"flags 0x{frame['flags']:02x}",
    ]


def _xerial_facts(frame: "np.void") -> list[str]:
    return [
        f"version {frame['xerial_version']}",
        f"compatible {frame['xerial_compatible']}",
        f"first chunk {_size(int(frame['block_bytes']))}",
        _content(frame),
    ]


def _snappy_facts(frame: "np.void") -> list[str]:
    return ["raw block", _content(frame)]


def _lz4_facts(frame: "np.void") -> list[str]:
    return [
        f"FLG 0x{frame['flags']:02x}",
        f"BD 0x{frame['lz4_bd']:02x}",
        f"{_size(int(frame['block_bytes']))} blocks",
        "independent" if frame["is_independent"] else "linked",
        *(["block checksums"] if frame["has_block_checksums"] else []),
        *(["content checksum"] if frame["has_content_checksum"] else []),
        *(["reserved bits set"] if frame["has_reserved_bits"] else []),
        _content(frame),
    ]


def _zstd_facts(frame: "np.void") -> list[str]:
    if int(frame["flags"]) < 0:
        return ["a skippable frame first"]
    window = (
        "single segment"
        if frame["is_single_segment"]
        else f"window {_size(int(frame['window_bytes']))}"
    )
    return [
        f"descriptor 0x{frame['flags']:02x}",
        window,
        "checksum" if frame["has_content_checksum"] else "no checksum",
        *(
            [f"dictionary {frame['dictionary_id']}"]
            if int(frame["dictionary_id"]) > 0
            else []
        ),
        _content(frame),
    ]


_FACTS: Final = {
    Framing.NONE: _none_facts,
    Framing.GZIP: _gzip_facts,
    Framing.XERIAL: _xerial_facts,
    Framing.SNAPPY: _snappy_facts,
    Framing.LZ4: _lz4_facts,
    Framing.ZSTD: _zstd_facts,
}
