"""What rows are called: short names that tell the rows of a result apart.

A codec and its level are enough as a rule. Where the rows of a codec differ in more
(the library, the framing, a policy), the name says in what.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from complab.results.policies import policies_in_words
from complab.results.rows import Row


@dataclass(frozen=True, slots=True)
class RowName:
    """``full`` names a row, ``series`` those that differ from it in their level only.

    ``variant`` is what the series' name says beside the codec.
    """

    full: str
    series: str
    variant: str


def row_names(rows: Sequence[Row]) -> tuple[RowName, ...]:
    """The names of rows, in their order."""
    told = [_qualities(row) for row in rows]
    values: dict[tuple[str, str], set[str]] = {}
    for row, qualities in zip(rows, told, strict=True):
        for quality, value in qualities.items():
            values.setdefault((row.codec, quality), set()).add(value)
    by_provider: dict[str, dict[str, set[str]]] = {}
    for row, qualities in zip(rows, told, strict=True):
        versions = by_provider.setdefault(row.codec, {})
        versions.setdefault(qualities["provider"], set()).add(qualities["version"])
    names = []
    for row, qualities in zip(rows, told, strict=True):
        differing = {
            q: v for q, v in qualities.items() if len(values[row.codec, q]) > 1
        }
        place = _place(differing, by_provider[row.codec])
        at = f"@{place}" if place else ""
        level = "" if row.level is None else f":{row.level}"
        words = " ".join(["", *differing.values()])
        names.append(
            RowName(
                f"{row.codec}{at}{level}{words}",
                f"{row.codec}{at}{words}",
                f"{at}{words}".strip(),
            )
        )
    return tuple(names)


def _place(differing: dict[str, str], versions: dict[str, set[str]]) -> str | None:
    """The provider's name where names differ, its version where they do not tell.

    Both are taken out of what differs; ``versions`` are those of each provider.
    """
    provider = differing.pop("provider", None)
    version = differing.pop("version", None)
    if provider is not None and len(versions[provider]) > 1:
        return f"{provider} {version}"
    return provider or version


def _qualities(row: Row) -> dict[str, str]:
    return {
        "provider": row.provider or "",
        "version": row.library_version or "",
        "framing": row.framing,
        "client": row.client or "",
        **policies_in_words(row),
    }
