"""How values scatter: a line of quantiles for each row."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from complab.charts.channels import grouped
from complab.charts.looks import require_altair
from complab.units import format_number

if TYPE_CHECKING:
    import altair as alt

_ROW_PX: Final = 20


def spreads(
    rows: Iterable[Mapping[str, Any]],
    *,
    title: str,
    value_title: str,
    middle: float | None = None,
    subtitle: str = "",
    width: int = 560,
) -> "alt.ChartType":
    """Draw quantiles of groups of values, a line for each row.

    A row has ``name``, ``group`` and the quantiles ``p05``, ``p25``, ``p50``, ``p75``
    and ``p95``; ``told`` where it has words of its own for them. ``middle`` is where a
    dotted line stands. ``ChartLibraryError`` where altair is not installed.
    """
    require_altair()
    import altair as alt

    drawn = [{"told": _told(row), **row} for row in rows]
    names = list(dict.fromkeys(row["name"] for row in drawn))
    groups = list(dict.fromkeys(row["group"] for row in drawn))
    ends = [row[q] for row in drawn for q in ("p05", "p95")]
    ends += [] if middle is None else [middle]
    margin = 0.02 * (max(ends) - min(ends)) if ends else 0
    base = alt.Chart(alt.InlineData(values=drawn)).encode(
        alt.Y("name:N", sort=names, title=None, axis=alt.Axis(labelLimit=220)),
        alt.YOffset("group:N", sort=groups, scale=alt.Scale(paddingOuter=0.35)),
        grouped(drawn, "group", width=width),
    )
    scale = alt.Scale(
        zero=False,
        nice=False,
        domain=[min(ends) - margin, max(ends) + margin] if margin else alt.Undefined,
    )

    def across(low: str, high: str) -> list[Any]:
        axis = alt.Axis(labelOverlap="greedy", labelSeparation=4)
        return [
            alt.X(f"{low}:Q", title=value_title, scale=scale, axis=axis),
            alt.X2(f"{high}:Q"),
        ]

    layers: list[Any] = [
        base.mark_rule(strokeWidth=1.2, aria=False).encode(*across("p05", "p95")),
        base.mark_rule(strokeWidth=5, opacity=0.55).encode(
            *across("p25", "p75"),
            alt.Description("told:N"),
            tooltip=[alt.Tooltip("told:N")],
        ),
        base.mark_tick(thickness=2, size=9, aria=False).encode(
            alt.X("p50:Q", scale=scale)
        ),
    ]
    if middle is not None:
        line = alt.Chart(alt.InlineData(values=[{"p50": middle}]))
        layers.insert(
            0,
            line.mark_rule(strokeDash=[2, 3], aria=False).encode(
                alt.X("p50:Q", scale=scale)
            ),
        )
    return alt.layer(*layers).properties(
        width=width,
        height=max(1, len(names)) * _ROW_PX * max(1, (1 + len(groups)) // 2),
        title=alt.Title(title, subtitle=subtitle),
    )


def _told(row: Mapping[str, Any]) -> str:
    quantiles = ", ".join(
        f"{words} {format_number(row[key])}"
        for words, key in (
            ("5 %", "p05"),
            ("25 %", "p25"),
            ("median", "p50"),
            ("75 %", "p75"),
            ("95 %", "p95"),
        )
    )
    return f"{row['name']}, {row['group']}: {quantiles}"
