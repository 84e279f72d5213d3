"""How often each value came, in groups: what a mean hides."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from complab.charts.channels import grouped
from complab.charts.looks import require_altair
from complab.units import format_tick

if TYPE_CHECKING:
    import altair as alt


def histogram(
    bins: Iterable[Mapping[str, Any]],
    *,
    title: str,
    value_title: str,
    count_title: str = "count",
    subtitle: str = "",
    width: int = 560,
    height: int = 150,
) -> "alt.ChartType":
    """Draw counts of values that are binned already, groups on top of each other.

    A bin has ``low``, ``high`` and ``count``; where it has them, ``group`` (its colour)
    and ``panel`` (panels stand below each other). ``ChartLibraryError`` where altair is
    not installed.
    """
    require_altair()
    import altair as alt

    rows = [
        {
            "group": "",
            "panel": "",
            **each,
            "told": f"{format_tick(each['low'])} to {format_tick(each['high'])}: "
            f"{each['count']:,}" + (f" {each['group']}" if each.get("group") else ""),
        }
        for each in bins
    ]
    rows = _stacked(rows)
    panels = list(dict.fromkeys(row["panel"] for row in rows))
    chart = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_rect()
        .encode(
            alt.X(
                "low:Q",
                title=value_title,
                scale=alt.Scale(zero=False, nice=False),
                axis=alt.Axis(labelOverlap="greedy", labelSeparation=4),
            ),
            alt.X2("high:Q"),
            alt.Y("base:Q", title=count_title),
            alt.Y2("top:Q"),
            grouped(rows, "group", width=width),
            alt.Description("told:N"),
            tooltip=[alt.Tooltip("told:N")],
        )
        .properties(width=width, height=height)
    )
    head = alt.Title(title, subtitle=subtitle)
    if len(panels) < 2:  # noqa: PLR2004 - one panel needs no name
        return chart.properties(title=head)
    return chart.facet(
        row=alt.Row(
            "panel:N",
            sort=panels,
            title=None,
            header=alt.Header(labelAngle=0, labelAnchor="start", labelOrient="top"),
        )
    ).properties(title=head)


def _stacked(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each bin with where its bar begins and ends."""
    tops: dict[tuple[str, float], float] = {}
    found = []
    for row in rows:
        key = (row["panel"], row["low"])
        base = tops.get(key, 0)
        tops[key] = base + row["count"]
        found.append({**row, "base": base, "top": tops[key]})
    return found
