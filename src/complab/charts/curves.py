"""Lines over one quantity: what a batch's size, or any other setting, changes."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from complab.charts.channels import coloured, dashed, shaped
from complab.charts.looks import require_altair
from complab.units import format_number, format_tick

if TYPE_CHECKING:
    import altair as alt


# Sizes of batches are powers of two.
_BYTES: Final = (
    "datum.value >= 1048576 ? format(datum.value / 1048576, '.4~r') + ' MiB' : "
    "datum.value >= 1024 ? format(datum.value / 1024, '.4~r') + ' KiB' : "
    "format(datum.value, '.4~r') + ' B'"
)


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
    is_x_bytes: bool = False,
    is_y_log: bool = False,
    width: int = 680,
    height: int = 340,
) -> "alt.ChartType":
    """Draw a line for each value of the column ``by``, with its points.

    ``x`` and ``y`` name columns of numbers (``is_x_bytes``: sizes in bytes), and
    ``variant`` one whose values are dashed apart. Ends of an error bar are read from
    ``y`` with ``_low`` and ``_high`` behind it, where a row has both. Rows without a
    number, or without a place on a logarithmic axis, are left out.
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
            "told": f"{row[by]}: {x_title} {format_tick(row[x])}, {y_title} "
            f"{format_number(row[y])}",
        }
        for row in rows
        if row.get(x) is not None
        and row.get(y) is not None
        and (row[x] > 0 or not is_x_log)
    ]
    values = sorted({row["x"] for row in drawn})
    base = alt.Chart(alt.InlineData(values=drawn)).encode(
        alt.X(
            "x:Q",
            title=x_title,
            scale=alt.Scale(
                type="log" if is_x_log else "linear",
                zero=False,
                nice=False,
                padding=20,
            ),
            # What was measured is what the axis names.
            axis=alt.Axis(
                values=values,
                format=alt.Undefined if is_x_bytes else ",~r",
                labelExpr=_BYTES if is_x_bytes else alt.Undefined,
                labelOverlap="greedy",
                labelSeparation=8,
            ),
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
