"""The listing of codecs and providers, as a table."""

from collections.abc import Mapping, Sequence
from typing import Any

from complab import core
from complab.codecs import catalogue, providers
from complab.codecs.catalogue import Catalogue
from complab.codecs.providers import Provider
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
