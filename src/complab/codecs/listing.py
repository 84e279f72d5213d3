"""The listing of codecs and providers, as a table."""

from collections.abc import Mapping, Sequence
from typing import Any

from complab import core
from complab.codecs import catalogue, providers
from complab.codecs.catalogue import Catalogue
from complab.codecs.providers import Provider
from complab.codecs.writers import CLIENTS, Client, CodecWriter
from complab.core import Style
from complab.render import Column, RowStyle, Table

_COLUMNS = (
    Column.text("codec", "codec"),
    Column.text("framing", "framing"),
    Column.text("levels", "levels"),
    Column.text("provider", "from"),
    Column.text("version", "version"),
    Column.text("status", "self-test"),
    Column.text("path", "path", priority=1),
    Column.text("sha256", "sha256", is_shown=False),
    Column.text("message", "remark"),
)


_CLIENT_COLUMNS = (
    Column.text("client", "client"),
    Column.text("codec", "codec"),
    Column.text("levels", "levels"),
    Column.text("frame", "frame"),
    Column.text("size", "size", priority=1),
    Column.text("context", "context", priority=1),
    Column.text("fall_back", "uncompressed"),
    Column.text("implementation", "its own codec"),
    Column.text("source", "source", is_shown=False),
)


def list_clients() -> Table:
    """Every client with every codec it writes, and how."""
    rows = [
        _client_row(client, codec, writer)
        for client in CLIENTS.values()
        for codec, writer in client.codecs.items()
        if codec != "none"
    ]
    note = (
        "where a client has a codec of its own, the nearest level of the C library "
        "stands for it"
    )
    return Table(columns=_CLIENT_COLUMNS, rows=rows, notes=[note])


def _client_row(client: Client, codec: str, writer: CodecWriter) -> dict[str, Any]:
    levels = None
    if writer.levels:
        first, last = writer.levels
        levels = f"{first} to {last}, default {writer.default_level}"
    elif writer.default_level is not None:
        levels = f"{writer.default_level} always"
    size = "known" if writer.is_size_known else "unknown"
    return {
        "client": client.name,
        "codec": codec,
        "levels": levels,
        "frame": _frame_words(codec, writer),
        "size": size if codec == "zstd" else None,
        "context": "fresh" if writer.is_context_fresh else "reused",
        "fall_back": str(client.fall_back),
        "implementation": writer.implementation or None,
        "source": client.source,
    }


def _frame_words(codec: str, writer: CodecWriter) -> str:
    """The container of a codec's blocks, in a few words."""
    style, block_bytes = writer.writing.style, writer.writing.block_bytes
    words = {
        "gzip": ["zlib's header" if style & Style.ZLIB_HEADER else "Java's header"],
        "snappy": ["bare block" if style & Style.BARE_BLOCK else "xerial, 32 KiB"],
        "lz4": ["4 MiB blocks" if block_bytes else "64 KiB blocks"],
        "zstd": ["one call" if style & Style.ONE_CALL else "stream"],
    }[codec]
    if style & Style.CONTENT_SIZE:
        words.append("size")
    if style & Style.CONTENT_CHECKSUM:
        words.append("checksum")
    if style & Style.BLOCK_CHECKSUMS:
        words.append("block checksums")
    if writer.writing.window_log:
        words.append(f"{1 << (writer.writing.window_log - 10):,} KiB window")
    return ", ".join(words)


def list_codecs(libraries: Sequence[str] = ()) -> Table:
    """Every codec with every provider found, each tried on a small round trip.

    ``libraries`` are ``NAME[:LABEL]=PATH``; errors as ``Catalogue.with_libraries``.
    """
    found = Catalogue.with_libraries(libraries)
    rows = [
        _row(codec, provider)
        for codec in core.codecs()
        for provider in _providers(found, codec)
    ]
    return Table.from_rows(_COLUMNS, rows, style=_style).hiding_empty_columns()


def _providers(
    found: Catalogue, codec: core.CodecInfo
) -> tuple[Provider, ...] | tuple[None]:
    kind = catalogue.kind_of(codec)
    return found.of_kind(kind) if kind else (None,)


def _style(row: Mapping[str, Any]) -> RowStyle:
    return {"ok": RowStyle.PLAIN, "missing": RowStyle.FAINT}.get(
        row["status"], RowStyle.BAD
    )


def _row(codec: core.CodecInfo, provider: Provider | None) -> dict[str, Any]:
    row: dict[str, Any] = {"codec": codec.name, "framing": codec.framing}
    if provider is None:
        row["provider"] = "built in"
    else:
        row |= {"provider": provider.label, "version": provider.version or None}
        if provider.library is None:
            row |= {
                "status": "failed" if provider.paths else "missing",
                "message": provider.problem,
            }
            return row
        row |= {"path": provider.path, "sha256": provider.sha256}
    levels = core.codec_levels(codec, provider.library if provider else None)
    if levels:
        row["levels"] = f"{levels.min} to {levels.max}, default {levels.default}"
    problem = providers.self_test(codec, provider)
    row |= {"status": "failed" if problem else "ok", "message": problem or None}
    return row
