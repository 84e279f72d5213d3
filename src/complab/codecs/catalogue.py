"""Which codecs there are, in which framing, from which providers.

The table itself is C's (``csrc/codec_table.c``); this is the view of it that specs,
plans and listings use.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from complab import core
from complab.codecs import providers
from complab.codecs.providers import Provider
from complab.errors import PlanError, UnknownCodecError

KAFKA = "kafka"
RAW = "raw"

# Sets that a codec list may name. "kafka": Kafka's five, in the order of their ids.
KAFKA_CODECS = ("none", "gzip", "snappy", "lz4", "zstd")


@cache
def _by_name() -> dict[tuple[str, str], core.CodecInfo]:
    return {(codec.name, codec.framing): codec for codec in core.codecs()}


@cache
def _kinds() -> tuple[core.LibraryKind, ...]:
    return core.library_kinds()


def names() -> tuple[str, ...]:
    """Every codec's name once, in the table's order."""
    return tuple(dict.fromkeys(codec.name for codec in core.codecs()))


def find(name: str, framing: str) -> core.CodecInfo:
    """The codec in that framing, or in ``raw`` if it is not one of Kafka's.

    ``UnknownCodecError`` if no codec has the name; ``PlanError`` if it exists in the
    other framing only (``none`` is Kafka's alone).
    """
    codec = _by_name().get((name, framing)) or _by_name().get((name, RAW))
    if codec is not None:
        return codec
    if name in names():
        message = f"{name} exists with --framing kafka only (raw has memcpy)"
        raise PlanError(message)
    raise UnknownCodecError(name, known=names())


def kind_of(codec: core.CodecInfo) -> core.LibraryKind | None:
    """The kind of library behind a codec, ``None`` for a built-in one."""
    return None if codec.library_kind is None else _kinds()[codec.library_kind]


@dataclass(frozen=True)
class Catalogue:
    """The providers that a run may draw on: the user's, the system's, the wheels'."""

    named: tuple[Provider, ...] = field(default=())

    @classmethod
    def with_libraries(cls, options: Sequence[str]) -> "Catalogue":
        """Open what ``--lib NAME[:LABEL]=PATH`` names.

        ``PlanError`` or ``UnknownCodecError`` for a wrong option, ``ProviderError``
        for a file that cannot serve.
        """
        named: list[Provider] = []
        for option in options:
            name, label, path = providers.label_and_path(option)
            kind = next((k for k in _kinds() if k.name == name), None)
            if kind is None:
                kind = kind_of(find(name, RAW))
            if kind is None:
                message = f"--lib {option!r}: {name} is built in and has no library"
                raise PlanError(message)
            if len(kind.parts) == 1:
                # A file of the user's bears the system's SONAME as a rule. Were it the
                # first, the loader would take it for the system's, too.
                providers.system_provider(kind)
            if any((p.kind, p.label) == (kind, label) for p in named):
                message = (
                    f"--lib {option!r}: another library of {kind.name} is called "
                    f"{label} already: give each a name, {name}:LABEL=PATH"
                )
                raise PlanError(message)
            named.append(providers.named_provider(kind, label, path))
        return cls(tuple(named))

    def of_kind(self, kind: core.LibraryKind) -> tuple[Provider, ...]:
        """Every provider of a kind, the preferred one first; some may not serve."""
        found = [p for p in self.named if p.kind == kind]
        found.append(
            next(
                (providers.displaced_system(p) for p in found if len(p.paths) > 1),
                None,
            )
            or providers.system_provider(kind)
        )
        wheel = providers.wheel_provider(kind)
        return (*found, wheel) if wheel else tuple(found)

    def choose(self, codec: core.CodecInfo, word: str | None) -> tuple[Provider, ...]:
        """The providers that ``@word`` means; the preferred one without a word.

        A word is a label, a version, ``system``, ``wheel`` or ``*``. ``PlanError`` if
        none answers to it. A built-in codec gives an empty tuple.
        """
        kind = kind_of(codec)
        if kind is None:
            return ()
        found = self.of_kind(kind)
        if word == "*":
            return tuple(p for p in found if p.library is not None) or found[:1]
        if word is None:
            usable = (p for p in found if p.library is not None)
            return (next(usable, found[0]),)
        for provider in found:
            if word in (provider.label, provider.version):
                return (provider,)
        if word == WHEEL_WORD:
            message = f"no installed wheel brings {kind.name}"
            raise PlanError(message)
        known = ", ".join(f"{p.label} ({p.version or 'missing'})" for p in found)
        message = f"{codec.name}@{word}: there is no such provider; there are {known}"
        raise PlanError(message)


WHEEL_WORD = providers.WHEEL
