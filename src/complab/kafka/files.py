"""Which files an input is (one, a folder of segments, standard input); opening them.

A partition's folder holds more than segments. What a broker keeps beside them (offset
and time indexes, transaction indexes, producer snapshots, checkpoints, metadata) has
no batches of records and is passed over; so are segments that it is about to delete or
has not finished writing. Source: ``LogFileUtils``, ``UnifiedLog`` and
``PartitionMetadataFile`` of Kafka's storage module.
"""

import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

from complab import core
from complab.errors import InputError
from complab.units import format_count

STANDARD_INPUT = "-"

_SEGMENT_SUFFIX = ".log"


@dataclass(frozen=True, slots=True)
class InputFiles:
    """The files of one input in the order of their offsets.

    ``passed_over`` are the names of the other files of a folder.
    """

    path: str
    paths: tuple[str, ...]
    passed_over: tuple[str, ...] = ()

    @property
    def is_folder(self) -> bool:
        """Whether the input is a folder of segments."""
        return self.paths != (self.path,)


def find_files(path: str) -> InputFiles:
    """The segments of a folder, or the file itself (``-`` is standard input).

    Nothing is opened. ``InputError`` if the path is not there, or is a folder without
    a segment: the message then says what is in it.
    """
    place = Path(path)
    if path == STANDARD_INPUT or not place.is_dir():
        return InputFiles(path, (path,))
    try:
        entries = sorted(place.iterdir())
    except OSError as error:
        message = f"cannot be listed: {error.strerror or error}"
        raise InputError(message, path=path) from None
    segments = [p for p in entries if p.suffix == _SEGMENT_SUFFIX and p.is_file()]
    if not segments:
        raise InputError(_no_segment(entries), path=path)
    # Base offsets are written with 20 digits, so that names sort as numbers; a name
    # that is no number comes last.
    segments.sort(key=lambda p: (not p.stem.isdigit(), p.stem.zfill(20), p.name))
    others = tuple(p.name for p in entries if p not in segments and p.is_file())
    return InputFiles(path, tuple(map(str, segments)), others)


def _no_segment(entries: list[Path]) -> str:
    """Why a folder is no partition, and what to name instead."""
    inner = [
        p.name for p in entries if p.is_dir() and any(p.glob(f"*{_SEGMENT_SUFFIX}"))
    ]
    if inner:
        folders = format_count(len(inner), "folder that does", "folders that do")
        names = ", ".join(inner[:3]) + (", ..." if len(inner) > 3 else "")  # noqa: PLR2004
        return (
            f"holds no {_SEGMENT_SUFFIX} file itself, but {folders} ({names}): name one"
        )
    if not entries:
        return f"is an empty folder: a partition's has {_SEGMENT_SUFFIX} files"
    names = ", ".join(p.name for p in entries[:3])
    more = ", ..." if len(entries) > 3 else ""  # noqa: PLR2004
    return (
        f"is a folder without {_SEGMENT_SUFFIX} files, as a partition's has them (it "
        f"holds {names}{more}): name one of its files"
    )


def open_file(path: str) -> tuple[core.Source, bool]:
    """Open a file of any kind, or standard input (``-``).

    A regular file is read where it lies; pipes, devices and files of ``/proc``, which
    have no size, are read to their end: the second value says that all is in memory.
    ``InputError`` if it cannot be read.
    """
    try:
        if path == STANDARD_INPUT:
            if sys.stdin is None:
                message = "is closed: pipe record batches into it, or name a file"
                raise InputError(message, path=path)
            return core.Source(sys.stdin.buffer.read(), path=path), True
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            facts = os.fstat(descriptor)
            if stat.S_ISREG(facts.st_mode) and facts.st_size > 0:
                source = core.Source(descriptor, path=path, is_owner=True)
                descriptor = -1
                return source, False
            with os.fdopen(os.dup(descriptor), "rb") as file:
                return core.Source(file.read(), path=path), True
        finally:
            if descriptor >= 0:
                os.close(descriptor)
    except OSError as error:
        message = f"cannot be read: {error.strerror or error}"
        raise InputError(message, path=path) from None


def read_beginning(path: str, most_bytes: int) -> tuple[bytes, int]:
    """The first bytes of any file, and how many it has; ``InputError`` if none."""
    source, _ = open_file(path)
    size_bytes = source.total_bytes
    if size_bytes == 0:
        message = "is empty: there is nothing to measure"
        raise InputError(message, path=path)
    return bytes(source.read(0, min(most_bytes, size_bytes))), size_bytes
