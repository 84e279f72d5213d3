"""How rows are told apart: colours, shapes and dashes, with their legends.

Legends stand above the charts, in as many columns as the chart is wide.
"""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from complab.charts.looks import (
    GROUP_COLOURS,
    in_legend_order,
    look_of,
    require_altair,
)

if TYPE_CHECKING:
    import altair as alt

_DASHES: Final = ([1, 0], [6, 3], [2, 3], [8, 3, 2, 3], [12, 5])

# Of legends at 12 px, in a font that may be wider than the one they are measured in.
_CHARACTER_PX: Final = 8.0
_SYMBOL_PX: Final = 26.0


def coloured(
    rows: Sequence[Mapping[str, Any]],
    name: str,
    *,
    width: int,
    words: str | None = None,
) -> "alt.Color":
    """The colour channel of a column of codecs.

    ``words`` is the column of what the legend calls them, ``width`` that of the chart.
    """
    require_altair()
    import altair as alt

    values = in_legend_order(row[name] for row in rows)
    colours = [look_of(value, among=values).colour for value in values]
    return alt.Color(
        f"{name}:N",
        scale=alt.Scale(domain=values, range=colours),
        legend=legend(values, width, _told(rows, name, words)),
    )


def shaped(
    rows: Sequence[Mapping[str, Any]],
    name: str,
    *,
    width: int,
    words: str | None = None,
) -> "alt.Shape":
    """The shape channel that goes with ``coloured``, in the same legend."""
    require_altair()
    import altair as alt

    values = in_legend_order(row[name] for row in rows)
    shapes = [look_of(value, among=values).shape for value in values]
    return alt.Shape(
        f"{name}:N",
        scale=alt.Scale(domain=values, range=shapes),
        legend=legend(values, width, _told(rows, name, words)),
    )


def grouped(rows: Sequence[Mapping[str, Any]], name: str, *, width: int) -> "alt.Color":
    """The colour channel of a column of groups, in the order in which they come."""
    require_altair()
    import altair as alt

    values = list(dict.fromkeys(row[name] for row in rows))
    colours = [
        GROUP_COLOURS[place % len(GROUP_COLOURS)] for place in range(len(values))
    ]
    return alt.Color(
        f"{name}:N",
        scale=alt.Scale(domain=values, range=colours),
        legend=legend(values, width),
    )


def dashed(
    rows: Sequence[Mapping[str, Any]], name: str, *, width: int
) -> list["alt.StrokeDash"]:
    """The dash channel of a column, in a list; an empty one if it has one value."""
    require_altair()
    import altair as alt

    values = list(dict.fromkeys(row[name] for row in rows))
    if len(values) < 2:  # noqa: PLR2004 - nothing to tell apart
        return []
    dashes = [_DASHES[place % len(_DASHES)] for place in range(len(values))]
    return [
        alt.StrokeDash(
            f"{name}:N",
            scale=alt.Scale(domain=values, range=dashes),
            legend=legend([value or "" for value in values], width),
        )
    ]


def legend(
    values: Sequence[str], width: int, told: Mapping[str, str] | None = None
) -> "alt.Legend | None":
    """The legend of values over a chart; ``None`` where there is nothing to tell apart.

    ``told`` is what it calls them.
    """
    require_altair()
    import altair as alt

    if len(values) < 2:  # noqa: PLR2004 - one look tells nothing apart
        return None
    renamed = {key: value for key, value in (told or {}).items() if key != value}
    words = [renamed.get(value, value) for value in values]
    widths = [_SYMBOL_PX + len(word) * _CHARACTER_PX for word in words]
    # A column is as wide as its widest word.
    columns = next(
        count
        for count in range(len(widths), 0, -1)
        if count == 1 or sum(max(widths[i::count]) for i in range(count)) <= width
    )
    return alt.Legend(
        title=None,
        orient="top",
        columns=columns,
        labelExpr=(
            f"{json.dumps(renamed)}[datum.label] || datum.label"
            if renamed
            else alt.Undefined
        ),
    )


def _told(
    rows: Sequence[Mapping[str, Any]], name: str, words: str | None
) -> dict[str, str]:
    return {row[name]: row[words] for row in rows} if words else {}
