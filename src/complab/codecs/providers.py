"""Where a codec's library comes from: a path, the system, or an installed wheel.

A provider is found, opened and tested by itself; one that cannot serve is kept with
the reason, so that ``complab codecs`` can say what is missing and how to get it.
Sources: the file names are those of the distributions' packages; which file inside a
wheel exports a library's C functions was read off the wheels themselves (zstandard's
``backend_c`` hides them, ``_cffi`` does not; lz4's block module exports LZ4).
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib import metadata
from pathlib import Path

from complab import core
from complab.errors import CodecError, PlanError, ProviderError

SYSTEM = "system"
WHEEL = "wheel"

# kind of library -> (distribution, the file in it that exports the C functions).
# A symbol alone misleads (cramjam exports Brotli's names from Rust), hence a list.
_WHEELS: Mapping[str, tuple[str, str]] = {
    "zstd": ("zstandard", "zstandard/_cffi"),
    "lz4": ("lz4", "lz4/block/_block"),
    "brotli": ("brotli", "_brotli"),
}


@dataclass(frozen=True)
class Provider:
    """One copy of a codec library.

    ``label`` is ``system``, ``wheel`` or what ``--lib`` gave; ``library`` is ``None``
    where it cannot serve, and ``problem`` then says why.
    """

    kind: core.LibraryKind
    label: str
    paths: tuple[str, ...]
    version: str
    library: core.Library | None = field(compare=False, repr=False)
    problem: str = ""

    @property
    def path(self) -> str:
        """The file that the codec itself is in: the last part."""
        return self.paths[-1] if self.paths else ""

    @property
    def sha256(self) -> str:
        """Digest of that file, ``""`` if there is none; kept by path, size and time."""
        if self.library is None:
            return ""
        stat = Path(self.path).stat()
        return _digest(self.path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=64)
def _digest(path: str, _size_bytes: int, _modified_ns: int) -> str:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _open(kind: core.LibraryKind, label: str, paths: tuple[str, ...]) -> Provider:
    try:
        library = core.Library(kind, paths)
    except ProviderError as error:
        return Provider(kind, label, paths, "", None, str(error))
    real = tuple(dict.fromkeys(str(Path(path).resolve()) for path in library.paths))
    return Provider(kind, label, real, library.version or _from_name(real[-1]), library)


def _from_name(path: str) -> str:
    """Read a version off a file name: ``libsnappy.so.1.1.9`` is 1.1.9."""
    found = re.search(r"\.so\.(\d[\d.]*)$", path)
    return found[1] if found else "unknown"


@cache
def system_provider(kind: core.LibraryKind) -> Provider:
    """The copy that the dynamic loader finds by the names of its parts."""
    provider = _open(kind, SYSTEM, kind.parts)
    if provider.library is None and "cannot open shared object" in provider.problem:
        problem = f"{kind.parts[-1]} is not installed: {kind.install_advice}"
        return Provider(kind, SYSTEM, (), "", None, problem)
    return provider


def displaced_system(by: Provider) -> Provider:
    """The system's copy that cannot serve beside one of several parts.

    Parts find one another by SONAME, and a process holds one file of a SONAME.
    """
    problem = (
        f"cannot be loaded beside --lib {by.kind.name}:{by.label}, whose parts bear "
        "the same names: measure it in a run of its own"
    )
    return Provider(by.kind, SYSTEM, (), "", None, problem)


@cache
def wheel_provider(kind: core.LibraryKind) -> Provider | None:
    """The copy inside an installed wheel, ``None`` if there is no such wheel."""
    distribution, stem = _WHEELS.get(kind.name, ("", ""))
    if not distribution:
        return None
    try:
        files = metadata.files(distribution) or []
    except metadata.PackageNotFoundError:
        return None
    for file in files:
        name = str(file)
        if name.startswith(f"{stem}.") and name.endswith(".so"):
            return _open(kind, WHEEL, (str(file.locate()),))
    return None


def label_and_path(option: str) -> tuple[str, str, str]:
    """Split ``NAME[:LABEL]=PATH`` into codec, label (or the file's name) and path."""
    head, separator, path = option.partition("=")
    name, _, label = head.partition(":")
    if not separator or not name or not path:
        message = f"--lib {option!r} is not of the form NAME[:LABEL]=PATH"
        raise PlanError(message)
    return name, label or Path(path).name, path


def named_provider(kind: core.LibraryKind, label: str, path: str) -> Provider:
    """The copy at a path: a file, or a directory that holds all parts.

    ``ProviderError`` if it cannot serve: the user named it.
    """
    place = Path(path)
    paths: tuple[str, ...] = (str(place.absolute()),)
    if place.is_dir():
        paths = tuple(str((place / part).absolute()) for part in kind.parts)
    elif len(kind.parts) > 1 and (found := _siblings(kind, place)):
        paths = found
    provider = _open(kind, label, paths)
    if provider.library is None:
        words = provider.problem.removeprefix(f"{kind.name}: {paths[-1]}: ")
        if paths == (str(place.absolute()),):
            words = words.replace(f"{paths[0]}: ", "")  # the loader's words repeat it
        message = (
            f"{words}; --lib takes a shared library of {kind.name}, such as "
            f"{kind.parts[-1]}"
        )
        raise ProviderError(message, codec=kind.name, path=path)
    return provider


def _siblings(kind: core.LibraryKind, place: Path) -> tuple[str, ...]:
    """The parts beside a named one, in the form that its name has; else nothing."""
    for part in kind.parts:
        stem = part.partition(".so")[0]
        if place.name.startswith(f"{stem}.so"):
            suffix = place.name.removeprefix(stem)
            names = [other.partition(".so")[0] + suffix for other in kind.parts]
            return tuple(str((place.parent / name).absolute()) for name in names)
    return ()


def self_test(codec: core.CodecInfo, provider: Provider | None) -> str:
    """Round-trip a small input; ``""`` if it came back, else what went wrong."""
    library = provider.library if provider else None
    if provider is not None and library is None:
        return provider.problem
    try:
        return _round_trip(codec, library)
    except CodecError as error:
        return str(error)


def _round_trip(codec: core.CodecInfo, library: core.Library | None) -> str:
    levels = core.codec_levels(codec, library)
    payload = bytes(range(256)) * 17 + b"complab" * 300
    arena = core.Arena()
    outputs = [payload]
    for direction in core.Direction:
        coder = core.Coder(
            codec, library, direction, level=levels.sweep_min if levels else 0
        )
        capacity = (
            coder.bound_bytes(len(payload))
            if direction is core.Direction.COMPRESS
            else len(payload)
        )
        work = core.Work(coder, core.Sources(outputs), [capacity], arena)
        work.run_block(0)
        outputs = [work.output(0)]
    return "" if outputs == [payload] else "the round trip gives other bytes"
