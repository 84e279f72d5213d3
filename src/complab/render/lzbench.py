"""Rows in the text layout of lzbench 2.x, for scripts that read lzbench's output.

The layout is that of `print_header` and `print_speed` in lzbench's `bench/lzbench.cpp`
(https://github.com/inikep/lzbench, read at ef6505c) for its default text format without
threads. Its quirks are kept: a speed from 100 MB/s on is cut to a whole number and not
rounded, a speed of zero reads ERROR, the column "Ratio" is the compressed size in
percent of the uncompressed one, a name longer than its column moves the rest to the
right, and headings and numbers do not end at the same place. lzbench's banner line,
which names its version and the processor, is not written.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from complab.render.escape import escape_controls

__all__ = ["LzbenchRow", "render_lzbench"]

_NAME_WIDTH: Final = 23
_SPEED_WIDTH: Final = 6
_NO_SPEED: Final = "ERROR".rjust(_SPEED_WIDTH + len(" MB/s"))
_HEADER: Final = (
    "Compressor name".ljust(_NAME_WIDTH + 1)
    + "Compress. Decompress. Compr. size  Ratio Filename"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LzbenchRow:
    """One line of lzbench: a codec's name, version and level, speeds and sizes.

    `name` is spelled as lzbench does, such as "zstd 1.5.7 -3". Speeds are in MB/s of
    uncompressed bytes, None where there is none. `uncompressed_bytes` is at least 1.
    """

    name: str
    compress_mbps: float | None
    decompress_mbps: float | None
    compressed_bytes: int
    uncompressed_bytes: int
    file_name: str

    def __post_init__(self) -> None:
        """Refuse what has no ratio."""
        if self.uncompressed_bytes < 1:
            message = (
                f"uncompressed_bytes of {self.name!r} is {self.uncompressed_bytes}: "
                "expected at least 1"
            )
            raise ValueError(message)


def render_lzbench(rows: Iterable[LzbenchRow]) -> str:
    """Render lzbench's header line and one line per row.

    >>> row = LzbenchRow(
    ...     name="zstd 1.5.7 -3",
    ...     compress_mbps=398.9,
    ...     decompress_mbps=None,
    ...     compressed_bytes=226_771,
    ...     uncompressed_bytes=979_368,
    ...     file_name="batch.bin",
    ... )
    >>> print(render_lzbench([row]), end="")
    Compressor name         Compress. Decompress. Compr. size  Ratio Filename
    zstd 1.5.7 -3             398 MB/s      ERROR      226771  23.15 batch.bin
    """
    return "".join(f"{line}\n" for line in (_HEADER, *map(_line, rows)))


def _line(row: LzbenchRow) -> str:
    # lzbench holds the percentage in a float; the detour keeps the last digit its own.
    percent = _as_float32(row.compressed_bytes * 100.0 / row.uncompressed_bytes)
    return (
        f"{escape_controls(row.name):<{_NAME_WIDTH}}"
        f"{_speed(row.compress_mbps)}{_speed(row.decompress_mbps)}"
        f"{row.compressed_bytes:12d} {percent:6.2f} {escape_controls(row.file_name)}"
    )


def _speed(speed_mbps: float | None) -> str:
    if not speed_mbps:
        return _NO_SPEED
    speed = _as_float32(speed_mbps)
    if speed < 10:  # noqa: PLR2004 - lzbench's own thresholds
        number = f"{speed:.2f}"
    elif speed < 100:  # noqa: PLR2004
        number = f"{speed:.1f}"
    else:
        number = str(int(speed))
    return f"{number.rjust(_SPEED_WIDTH)} MB/s"


def _as_float32(value: float) -> float:
    (narrowed,) = struct.unpack("=f", struct.pack("=f", value))
    return float(narrowed)
