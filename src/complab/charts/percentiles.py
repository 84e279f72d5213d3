"""Latencies by percentile, with room for the tail that a mean hides."""

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from complab.charts.channels import coloured, dashed
from complab.charts.looks import require_altair
from complab.units import format_number

if TYPE_CHECKING:
    import altair as alt

_WHOLE_PCT = 100.0


def percentiles(
    rows: Iterable[Mapping[str, Any]],
    *,
    title: str,
    value_title: str,
    by: str = "codec",
    variant: str | None = None,
    subtitle: str = "",
    is_log: bool = True,
    width: int = 680,
    height: int = 340,
) -> "alt.ChartType":
    """Draw values over percentiles, a line for each value of the column ``by``.

    ``variant`` is a column whose values are dashed apart.
    A row has ``percentile`` (0 to below 100) and ``value``. The axis is logarithmic in
    what is above the percentile, as HdrHistogram's plots are: p90, p99 and p99.9 are
    equally far apart. ``ValueError`` for a percentile outside of it;
    ``ChartLibraryError`` where altair is not installed.
    """
    require_altair()
    import altair as alt

    drawn = []
    for row in rows:
        percentile = row["percentile"]
        if not 0 <= percentile < _WHOLE_PCT:
            message = f"percentile {percentile}: it is from 0 to below 100"
            raise ValueError(message)
        nines = -math.log10(1 - percentile / _WHOLE_PCT)
        drawn.append(
            {
                "by": row[by],
                "variant": row.get(variant) if variant else None,
                "percentile": percentile,
                "nines": nines,
                "value": row["value"],
                "told": f"{row[by]}: p{percentile:g} {format_number(row['value'])}",
            }
        )
    named = sorted({(row["nines"], f"p{row['percentile']:g}") for row in drawn})
    base = alt.Chart(alt.InlineData(values=drawn)).encode(
        alt.X(
            "nines:Q",
            title="percentile",
            axis=alt.Axis(
                values=[nines for nines, _ in named],
                labelExpr="'p' + format(100 - 100 * pow(10, -datum.value), '.5~r')",
                labelOverlap=True,
            ),
        ),
        alt.Y(
            "value:Q",
            title=value_title,
            scale=alt.Scale(type="log" if is_log else "linear", zero=False),
        ),
        coloured(drawn, "by", width=width),
    )
    return alt.layer(
        base.mark_line(strokeWidth=2, aria=False).encode(
            alt.Detail("variant:N"), *dashed(drawn, "variant", width=width)
        ),
        base.mark_point(size=40, filled=True, opacity=1).encode(
            alt.Description("told:N"), tooltip=[alt.Tooltip("told:N")]
        ),
    ).properties(width=width, height=height, title=alt.Title(title, subtitle=subtitle))
