"""The grammar of a codec list, turned into the configurations that it means.

::

    LIST  := ITEM ("," ITEM)*
    ITEM  := NAME ["@" PROVIDER] [":" LEVELS]  |  LEVELS
    LEVELS:= N | N "-" M | N ".." M

A bare number or range goes on with the codec before it (``zstd:1,3,6-9,lz4``). A list
that holds a ``/`` is in lzbench's spelling (``zstd,1,3/lz4/brotli,5``). NAME may be a
set: ``kafka``, ``all``, ``deflate``.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from complab import core
from complab.codecs import catalogue
from complab.codecs.catalogue import Catalogue
from complab.codecs.providers import Provider
from complab.codecs.writers import Client, CodecWriter, check_level, writer_of
from complab.errors import LevelError, PlanError, UnknownCodecError

SETS = {
    "kafka": catalogue.KAFKA_CODECS,
    "deflate": ("gzip", "zlib"),
}
ALL = "all"

# What a sweep walks unless told otherwise: Kafka's five, and brotli beside them.
DEFAULT_LIST = "kafka,brotli"
QUICK_LIST = "none,gzip:1,6,9,snappy,lz4:1,9,12,zstd:1,3,6,9,15,brotli:1,5,9"
RAW_LIST = "memcpy,gzip,snappy,lz4,lz4hc,zstd,brotli"

_ITEM = re.compile(
    r"(?P<name>[a-z][a-z0-9-]*)(?:@(?P<provider>[^:;]+))?(?::(?P<levels>.+))?"
)
_LEVELS = re.compile(r"(?P<first>-?[0-9]{1,9})(?:(?:-|\.\.)(?P<last>-?[0-9]{1,9}))?")

# A range is written out before anyone knows whose it is: more than zstd's -131072 to
# 22, the widest that there is, but nothing that fills the memory.
_LEVELS_AT_MOST = 1 << 18


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a list: a name, the provider's word, and levels (none: default)."""

    name: str
    provider: str | None
    levels: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Selection:
    """One thing to measure: a codec at a level from a provider.

    ``problem`` says why it cannot be measured, ``is_named`` whether the user asked for
    exactly this codec, so that its absence is a failure and not a gap in a set.
    ``client`` writes the frames, the Java client if ``None``; ``level`` is in its
    numbers.
    """

    codec: core.CodecInfo
    level: int | None
    provider: Provider | None
    is_named: bool
    problem: str = ""
    client: Client | None = None

    @property
    def writer(self) -> CodecWriter | None:
        """How the client writes the codec; ``None`` without a client."""
        return self.client.codecs[self.codec.name] if self.client else None


def parse(text: str) -> tuple[Item, ...]:
    """Read a codec list; ``PlanError`` names the part that is no item."""
    if not text.strip():
        message = "the codec list is empty: name codecs, for example zstd:1-9,lz4"
        raise PlanError(message)
    words = _lzbench_words(text) if "/" in text else text.split(",")
    items: list[Item] = []
    for word in (w.strip() for w in words):
        if levels := _levels(word):
            if not items:
                message = f"codec list {text!r}: {word!r} stands before any codec"
                raise PlanError(message)
            items[-1] = replace(items[-1], levels=items[-1].levels + levels)
            continue
        head, _, parameters = word.partition(";")
        if parameters:
            message = f"codec list: {word!r}: codec parameters are not known yet"
            raise PlanError(message)
        found = _ITEM.fullmatch(head)
        wanted = _levels(found["levels"]) if found and found["levels"] else ()
        if not found or (found["levels"] and not wanted):
            message = (
                f"codec list: {word!r} is not NAME[@PROVIDER][:LEVELS], for example "
                "zstd, zstd:3, zstd@system:1-9 or zstd:-5..-1"
            )
            raise PlanError(message)
        items.append(Item(found["name"], found["provider"], wanted))
    return tuple(items)


def _lzbench_words(text: str) -> Iterator[str]:
    for part in text.split("/"):
        yield from (word for word in part.split(",") if word)


def _levels(word: str) -> tuple[int, ...]:
    found = _LEVELS.fullmatch(word)
    if not found:
        return ()
    first = int(found["first"])
    last = first if found["last"] is None else int(found["last"])
    if last < first:
        message = f"levels {word!r}: the first is larger than the last"
        raise PlanError(message)
    if last - first >= _LEVELS_AT_MOST:
        message = f"levels {word!r}: no codec has so many"
        raise PlanError(message)
    return tuple(range(first, last + 1))


def select(
    text: str,
    *,
    framing: str,
    libraries: Catalogue,
    is_default_alone: bool = False,
    client: Client | None = None,
) -> tuple[Selection, ...]:
    """Every configuration that a list means, each once, in the list's order.

    A codec without levels in the list means all that a sweep walks, or its default
    level with ``is_default_alone``. Levels are those of ``client`` where one is given,
    and codecs that it does not write are no part of a set.

    ``PlanError`` and its kin for names, levels and providers that do not exist; a
    codec whose library is missing is selected with its ``problem``.
    """
    found: list[Selection] = []
    for item in parse(text):
        if item.name == ALL:
            members: tuple[str, ...] = catalogue.names()
            if framing == catalogue.RAW:
                members = tuple(name for name in members if name != "none")
        else:
            members = SETS.get(item.name, ())
        if members and item.levels:
            message = f"{item.name} is a set of codecs and takes no levels"
            raise PlanError(message)
        for name in members or (item.name,):
            member = "memcpy" if (name, framing) == ("none", catalogue.RAW) else name
            _check_name(member)
            if client and members and not _is_written(client, member):
                continue
            found += _selections(
                replace(item, name=member),
                framing=framing,
                libraries=libraries,
                is_named=not members,
                is_default_alone=is_default_alone,
                client=client,
            )
    return tuple(dict.fromkeys(found))


def select_for_client(
    text: str, client: Client, *, libraries: Catalogue
) -> tuple[Selection, ...]:
    """What a list means of what a client sends: each codec's default level alone.

    As ``select``, and ``PlanError`` for a codec that is none of Kafka's.
    """
    found = select(
        text,
        framing=catalogue.KAFKA,
        libraries=libraries,
        is_default_alone=True,
        client=client,
    )
    for each in found:
        if each.codec.framing != catalogue.KAFKA:
            message = f"{each.codec.name} is not in Kafka: name Kafka's codecs"
            raise PlanError(message)
    return found


def _check_name(name: str) -> None:
    if name not in catalogue.names():
        raise UnknownCodecError(name, known=(*catalogue.names(), *SETS, ALL))


def _selections(
    item: Item,
    *,
    framing: str,
    libraries: Catalogue,
    is_named: bool,
    is_default_alone: bool,
    client: Client | None,
) -> Iterator[Selection]:
    codec = catalogue.find(item.name, framing)
    if codec.framing != catalogue.KAFKA:
        client = None
    elif client:
        writer_of(client, codec.name)
    if catalogue.kind_of(codec) is None:
        if item.levels or item.provider:
            message = f"{item.name} has neither levels nor providers"
            raise PlanError(message)
        yield Selection(codec, None, None, is_named, client=client)
        return
    for provider in libraries.choose(codec, item.provider):
        if provider.library is None:
            yield Selection(
                codec, None, provider, is_named, provider.problem, client=client
            )
            continue
        levels = core.codec_levels(codec, provider.library)
        asked = item.levels
        if levels and is_default_alone and not asked:
            asked = (levels.default,)
        if client:
            wanted = _written(client, codec, levels, item.levels, is_default_alone)
        else:
            wanted = _wanted(codec, levels, asked)
        for level in wanted:
            yield Selection(codec, level, provider, is_named, client=client)


def _is_written(client: Client, codec: str) -> bool:
    """Whether a member of a set is one of the client's codecs, or none of Kafka's."""
    return codec in client.codecs or codec not in catalogue.KAFKA_CODECS


def _written(
    client: Client,
    codec: core.CodecInfo,
    levels: core.Levels | None,
    asked: tuple[int, ...],
    is_default_alone: bool,  # noqa: FBT001 - private, and its caller has the name
) -> tuple[int | None, ...]:
    """The levels in the client's numbers; without any, what a sweep walks of them."""
    for level in asked:
        check_level(client, codec.name, level)
    if asked:
        return asked
    writer = writer_of(client, codec.name)
    if is_default_alone or writer.levels is None or levels is None:
        return (writer.default_level,)
    first, last = writer.levels
    walked = range(max(first, 1), min(last, levels.sweep_max) + 1)
    # A client that folds its levels has one row for each that differs.
    return tuple({writer.native(level): level for level in reversed(walked)}.values())[
        ::-1
    ]


def _wanted(
    codec: core.CodecInfo, levels: core.Levels | None, asked: tuple[int, ...]
) -> tuple[int | None, ...]:
    if levels is None:
        if asked:
            message = f"{codec.name} has no levels"
            if codec.name == "lz4":
                message = (
                    "lz4 has no levels with --framing raw: lz4hc:1-12 is the high "
                    "compressor, lz4fast:1-17 are the accelerations"
                )
            raise LevelError(message)
        return (None,)
    for level in asked:
        if not levels.min <= level <= levels.max:
            message = (
                f"{codec.name} has no level {level}: it has {levels.min} to "
                f"{levels.max}, {levels.default} by default"
            )
            raise LevelError(message)
    return asked or tuple(range(levels.sweep_min, levels.sweep_max + 1))
