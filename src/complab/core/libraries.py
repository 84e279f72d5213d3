"""The shared libraries that codecs come from, opened side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from complab._core import ffi, lib
from complab.core.status import check, text_of, words
from complab.errors import ProviderError


@dataclass(frozen=True, slots=True)
class LibraryKind:
    """A kind of codec library: the file names of its parts, and how to get it."""

    index: int
    name: str
    parts: tuple[str, ...]
    install_advice: str


def library_kinds() -> tuple[LibraryKind, ...]:
    """Every kind of codec library of the C table, in its order."""
    found = []
    for index in range(lib.complab_library_kind_count()):
        info = ffi.new("complab_library_info *")
        check(lib.complab_library_kind_info(index, info))
        parts = tuple(text_of(info.parts[i]) for i in range(info.part_count))
        found.append(
            LibraryKind(index, text_of(info.name), parts, text_of(info.install_advice))
        )
    return tuple(found)


class Library:
    """An opened copy of a codec library, kept apart from other copies.

    ``paths`` are its files, in the order of the kind's parts; a single file may hold
    all parts. ``ProviderError`` if a file cannot be loaded, lacks a function, cannot
    be kept apart, or would take a part from elsewhere.
    """

    def __init__(self, kind: LibraryKind, paths: Sequence[str]) -> None:
        """Open the files."""
        names = [ffi.new("char[]", path.encode()) for path in paths]
        out = ffi.new("complab_library **")
        fault = ffi.new("complab_fault *")
        status = lib.complab_library_open(kind.index, names, len(names), out, fault)
        if status != lib.COMPLAB_OK:
            raise ProviderError(
                words(status, text_of(fault.text)), codec=kind.name, path=paths[-1]
            )
        self.kind = kind
        # Coders hold the library in C: which is finalized first does not matter.
        self.handle = ffi.gc(out[0], lib.complab_library_close)

    @property
    def version(self) -> str:
        """What the library says of itself, ``""`` if nothing."""
        return text_of(lib.complab_library_version(self.handle))

    @property
    def paths(self) -> tuple[str, ...]:
        """The files that its functions really came from, one a part."""
        count = lib.complab_library_part_count(self.handle)
        return tuple(
            text_of(lib.complab_library_path(self.handle, part))
            for part in range(count)
        )


def handle_of(library: Library | None) -> Any:
    """What C takes for a library, or for none."""
    return ffi.NULL if library is None else library.handle
