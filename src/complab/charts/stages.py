"""Bars of several parts: where on a path time or bytes go."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from complab.charts.channels import grouped
from complab.charts.looks import require_altair
from complab.units import format_number

if TYPE_CHECKING:
    import altair as alt

_BAR_PX: Final = 26


def stages(
    rows: Iterable[Mapping[str, Any]],
    *,
    title: str,
    value_title: str,
    subtitle: str = "",
    width: int = 600,
) -> "alt.ChartType":
    """Draw a bar for each ``name``, stacked of its ``stage`` parts of size ``value``.

    Stages are stacked in the order in which they first come. ``ChartLibraryError``
    where altair is not installed.
    """
    require_altair()
    import altair as alt

    order: dict[str, int] = {}
    drawn = [
        {
            "name": row["name"],
            "stage": row["stage"],
            "value": row["value"],
            "place": order.setdefault(row["stage"], len(order)),
            "told": f"{row['name']}, {row['stage']}: {format_number(row['value'])}",
        }
        for row in rows
    ]
    names = list(dict.fromkeys(row["name"] for row in drawn))
    return (
        alt.Chart(alt.InlineData(values=drawn))
        .mark_bar()
        .encode(
            alt.X("value:Q", title=value_title, stack="zero"),
            alt.Y("name:N", sort=names, title=None, axis=alt.Axis(labelLimit=220)),
            grouped(drawn, "stage", width=width),
            alt.Order("place:Q"),
            alt.Description("told:N"),
            tooltip=[alt.Tooltip("told:N")],
        )
        .properties(
            width=width,
            height=max(1, len(names)) * _BAR_PX,
            title=alt.Title(title, subtitle=subtitle),
        )
    )
