"""The columns that say which copy of its library a row's codec is from."""

from collections.abc import Iterable
from typing import Protocol

from complab.render import Column


class FromLibrary(Protocol):
    """A row whose codec is from one of perhaps several libraries."""

    @property
    def codec(self) -> str:
        """The codec's name."""

    @property
    def level(self) -> int | None:
        """Its level, ``None`` where it has none."""

    @property
    def provider(self) -> str | None:
        """The library's label, ``None`` of a codec that needs no library."""

    @property
    def library_version(self) -> str | None:
        """The library's version."""


def several_libraries(rows: Iterable[FromLibrary]) -> bool:
    """Whether the rows of a codec are from several libraries."""
    found = {(row.codec, row.provider) for row in rows}
    return len(found) > len({codec for codec, _ in found})


def library_columns(rows: Iterable[FromLibrary]) -> tuple[Column, Column]:
    """People see them where a codec's rows differ in them; CSV and JSON always do."""
    is_shown = several_libraries(rows)
    return (
        Column.text("provider", "from", is_shown=is_shown),
        Column.text("library_version", "version", is_shown=is_shown),
    )


def codec_name(row: FromLibrary, *, names_library: bool) -> str:
    """A row's codec as a list of codecs would have it: ``zstd:3``, ``zstd@new:3``."""
    at = f"@{row.provider}" if names_library and row.provider else ""
    level = "" if row.level is None else f":{row.level}"
    return f"{row.codec}{at}{level}"
