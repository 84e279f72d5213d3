"""How much faster or slower the one is than the other, with certainty or without."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from complab.charts.channels import legend
from complab.charts.looks import require_altair

if TYPE_CHECKING:
    import altair as alt

_VERDICTS: Final = {
    "faster": ("#38a195", "triangle-right"),
    "not separated": ("#7a7f85", "circle"),
    "slower": ("#c0562a", "triangle-left"),
}
_ROW_PX: Final = 20


def changes(
    rows: Iterable[Mapping[str, Any]],
    *,
    title: str,
    value_title: str = "change of speed in %",
    subtitle: str = "",
    width: int = 480,
) -> "alt.ChartType":
    """Draw changes with their intervals around 0, a line for each row.

    A row has ``name``, ``verdict`` (faster, slower, not separated) and ``change_pct``;
    where they are known ``low_pct`` and ``high_pct``; ``direction`` parts the chart
    into panels. ``ChartLibraryError`` where altair is not installed.
    """
    require_altair()
    import altair as alt

    drawn = [
        {
            "low_pct": None,
            "high_pct": None,
            "direction": "",
            **row,
            "told": _told(row),
        }
        for row in rows
    ]
    names = list(dict.fromkeys(row["name"] for row in drawn))
    panels = list(dict.fromkeys(row["direction"] for row in drawn))
    present = {row["verdict"] for row in drawn}
    verdicts = [verdict for verdict in _VERDICTS if verdict in present]
    key = legend(verdicts, width)
    base = alt.Chart().encode(
        alt.Y("name:N", sort=names, title=None, axis=alt.Axis(labelLimit=220)),
        alt.Color(
            "verdict:N",
            scale=alt.Scale(
                domain=verdicts, range=[_VERDICTS[verdict][0] for verdict in verdicts]
            ),
            legend=key,
        ),
    )
    layered = alt.layer(
        alt.Chart().mark_rule(strokeDash=[2, 3], aria=False).encode(alt.XDatum(0)),
        base.transform_filter("isValid(datum.low_pct)")
        .mark_rule(strokeWidth=2, aria=False)
        .encode(alt.X("low_pct:Q"), alt.X2("high_pct:Q")),
        base.mark_point(size=55, filled=True, opacity=1).encode(
            alt.X(
                "change_pct:Q",
                title=value_title,
                axis=alt.Axis(labelOverlap="greedy", labelSeparation=4),
            ),
            alt.Shape(
                "verdict:N",
                scale=alt.Scale(
                    domain=verdicts,
                    range=[_VERDICTS[verdict][1] for verdict in verdicts],
                ),
                legend=key,
            ),
            alt.Description("told:N"),
            tooltip=[alt.Tooltip("told:N")],
        ),
    ).properties(width=width, height=max(1, len(names)) * _ROW_PX)
    head = alt.Title(title, subtitle=subtitle)
    # Layers with data of their own would show all of it in every panel.
    data = alt.InlineData(values=drawn)
    if len(panels) < 2:  # noqa: PLR2004 - one panel needs no name
        return layered.properties(title=head, data=data)
    return layered.facet(
        data=data,
        row=alt.Row(
            "direction:N",
            sort=panels,
            title=None,
            header=alt.Header(labelAngle=0, labelAnchor="start", labelOrient="top"),
        ),
    ).properties(title=head)


def _told(row: Mapping[str, Any]) -> str:
    bar = ""
    if row.get("low_pct") is not None and row.get("high_pct") is not None:
        bar = f" [{row['low_pct']:+.1f}..{row['high_pct']:+.1f}]"
    where = f" {row['direction']}" if row.get("direction") else ""
    return f"{row['name']}{where}: {row['verdict']}, {row['change_pct']:+.1f} %{bar}"
