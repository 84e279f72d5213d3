"""Lines over one quantity: what a batch's size, or any other setting, changes."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from complab.charts.channels import coloured, dashed, shaped
from complab.charts.looks import require_altair

if TYPE_CHECKING:
    import altair as alt


def curves(
    rows: Iterable[Mapping[str, Any]],
    *,
    x: str,
    y: str,
    title: str,
    x_title: str,
    y_title: str,
    by: str = "codec",
    variant: str | None = None,
    subtitle: str = "",
    is_x_log: bool = True,
    is_y_log: bool = False,
    width: int = 680,
    height: int = 340,
) -> "alt.ChartType":
    """Draw a line for each value of the column ``by``, with its points.

    ``x`` and ``y`` name columns of numbers; ``variant`` a column whose values are
    dashed apart. Ends of an error bar are read from ``y`` with ``_low`` and ``_high``
    behind it, where a row has both. Rows without a number are left out.
    ``ChartLibraryError`` where altair is not installed.
    """
    require_altair()
    import altair as alt

    low, high = f"{y}_low", f"{y}_high"
    drawn = [
        {
            "by": row[by],
            "variant": row.get(variant) if variant else None,
            "x": row[x],
            "y": row[y],
            "low": row.get(low),
            "high": row.get(high),
            "told": f"{row[by]}: {x_title} {row[x]:,.6g}, {y_title} {row[y]:,.4g}",
        }
        for row in rows
        if row.get(x) is not None and row.get(y) is not None
    ]
    values = sorted({row["x"] for row in drawn})
    base = alt.Chart(alt.InlineData(values=drawn)).encode(
        alt.X(
            "x:Q",
            title=x_title,
            scale=alt.Scale(type="log" if is_x_log else "linear", zero=False),
            # What was measured is what the axis names.
            axis=alt.Axis(values=values, format="~s", labelOverlap=True),
        ),
        coloured(drawn, "by", width=width),
    )
    place = alt.Y(
        "y:Q",
        title=y_title,
        scale=alt.Scale(type="log" if is_y_log else "linear", zero=False),
    )
    return alt.layer(
        base.mark_line(strokeWidth=2, aria=False).encode(
            place, *dashed(drawn, "variant", width=width)
        ),
        base.transform_filter("isValid(datum.low) && isValid(datum.high)")
        .mark_rule(strokeWidth=1.5, aria=False)
        .encode(alt.Y("low:Q"), alt.Y2("high:Q")),
        base.mark_point(size=45, filled=True, opacity=1).encode(
            place,
            shaped(drawn, "by", width=width),
            alt.Description("told:N"),
            tooltip=[alt.Tooltip("told:N")],
        ),
    ).properties(width=width, height=height, title=alt.Title(title, subtitle=subtitle))
