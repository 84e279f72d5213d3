"""The ratio against the speed: which codec and level, in one picture."""

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal

from complab.charts.axes import Axis
from complab.charts.channels import coloured, dashed, shaped
from complab.charts.labels import Spot, place_labels
from complab.charts.looks import require_altair
from complab.units import format_percent, format_ratio, format_speed_mbps

if TYPE_CHECKING:
    import altair as alt

Direction = Literal["compress", "decompress"]

_POINT_PX: Final = 45
_FRONT_POINT_PX: Final = 130  # areas, as Vega has them
_RADIUS_PX: Final = {False: 4.0, True: 6.5}


def ratio_against_speed(
    rows: Iterable[Mapping[str, Any]],
    direction: Direction = "compress",
    *,
    width: int = 680,
    height: int = 400,
) -> "alt.ChartType":
    """Draw the compression ratio against the speed of a direction, on a log axis.

    A row has ``codec``, ``compression_ratio`` and ``compress_mbps`` (or
    ``decompress_mbps``); where it has them, ``level``, ``name``, its error bar
    ``compress_error_pct`` in percent of the speed, ``is_compress_front`` (whether no
    row of the same framing surely beats it), ``series`` (its line; the codec unless
    given), ``variant`` (what its line is dashed by) and ``codec_words`` (the codec in
    the legend). Rows without a ratio or a speed are left out. ``ChartLibraryError``
    where altair is not installed.
    """
    require_altair()
    import altair as alt

    points = _points(rows, direction)
    ends = [row[end] for row in points for end in ("low_mbps", "high_mbps")]
    x = Axis.around(ends, length_px=width, is_log=True)
    y = Axis.around((row["ratio"] for row in points), length_px=height, is_log=False)
    places = (
        alt.X(
            "mbps:Q",
            title=f"{direction}ion speed in MB/s, log scale",
            scale=alt.Scale(type="log", domain=x.domain, nice=False),
            axis=alt.Axis(values=list(x.ticks()), format=",~r"),
        ),
        alt.Y(
            "ratio:Q",
            title="compression ratio",
            scale=alt.Scale(domain=y.domain, zero=False, nice=False),
            axis=alt.Axis(tickCount=max(3, height // 60)),
        ),
    )
    base = alt.Chart(alt.InlineData(values=points)).encode(
        *places, coloured(points, "codec", words="codec_words", width=width)
    )
    marks = base.encode(
        shaped(points, "codec", words="codec_words", width=width),
        alt.Description("told:N"),
        tooltip=[
            alt.Tooltip("name:N", title="row"),
            alt.Tooltip("ratio:Q", title="ratio", format=".2f"),
            alt.Tooltip("mbps:Q", title="MB/s", format=",.3~r"),
            alt.Tooltip("error_pct:Q", title="± %", format=".2~f"),
            alt.Tooltip("library:N", title="library"),
        ],
    )
    layers = [
        base.mark_line(opacity=0.55, aria=False).encode(
            # By ratio, since Kafka's lz4:9 is no stronger than its lz4:1.
            alt.Order("ratio:Q"),
            alt.Detail("series:N"),
            *dashed(points, "variant", width=width),
        ),
        base.mark_rule(strokeWidth=1.5, aria=False).encode(
            alt.X("low_mbps:Q"), alt.X2("high_mbps:Q")
        ),
        marks.transform_filter("!datum.is_front").mark_point(
            size=_POINT_PX, opacity=1, strokeWidth=1.5
        ),
        marks.transform_filter("datum.is_front").mark_point(
            size=_FRONT_POINT_PX, opacity=1, filled=True
        ),
        alt.Chart(alt.InlineData(values=_labels(points, x, y)))
        .mark_text(aria=False)
        .encode(*places, alt.Text("text:N")),
    ]
    front = sorted(
        (
            {"mbps": row["mbps"], "ratio": row["ratio"]}
            for row in points
            if row["is_front"]
        ),
        key=lambda row: row["mbps"],
    )
    if len(front) > 1:
        # Vertical first: what compresses faster than a point compresses as the next.
        line = alt.Chart(alt.InlineData(values=front)).mark_line(
            interpolate="step-before",
            strokeDash=[2, 3],
            strokeWidth=1,
            opacity=0.6,
            aria=False,
        )
        layers.insert(0, line.encode(*places))
    return alt.layer(*layers).properties(
        width=width,
        height=height,
        title=alt.Title(
            f"Ratio against {direction}ion speed",
            subtitle=textwrap.wrap(_subtitle(points), max(30, width // 6)),
        ),
    )


def _points(
    rows: Iterable[Mapping[str, Any]], direction: Direction
) -> list[dict[str, Any]]:
    found = []
    for row in rows:
        mbps, ratio = row.get(f"{direction}_mbps"), row.get("compression_ratio")
        if not mbps or not ratio:
            continue
        error_pct = row.get(f"{direction}_error_pct")
        # Multiplied and divided: a log axis has no place for a bar that reaches 0.
        spread = 1 + (error_pct or 0) / 100
        level = row.get("level")
        name = row.get("name") or _name(row["codec"], level)
        bar = "" if error_pct is None else f" ± {format_percent(error_pct)} %"
        found.append(
            {
                "codec": row["codec"],
                "codec_words": row.get("codec_words") or row["codec"],
                "level": level,
                "name": name,
                "series": row.get("series") or row["codec"],
                "variant": row.get("variant"),
                "library": row.get("library_version"),
                "ratio": ratio,
                "mbps": mbps,
                "error_pct": error_pct,
                "low_mbps": mbps / spread,
                "high_mbps": mbps * spread,
                "is_front": bool(row.get(f"is_{direction}_front")),
                "told": f"{name}: ratio {format_ratio(ratio)}, {direction} "
                f"{format_speed_mbps(mbps)} MB/s{bar}",
            }
        )
    return found


def _name(codec: str, level: int | None) -> str:
    return codec if level is None else f"{codec}:{level}"


def _labels(
    points: Sequence[Mapping[str, Any]], x: Axis, y: Axis
) -> list[dict[str, Any]]:
    """The levels beside their points: the front's first, then the ends of each line."""
    ends = set()
    for series in {row["series"] for row in points}:
        line = [i for i, row in enumerate(points) if row["series"] == series]
        line.sort(key=lambda i: points[i]["ratio"])
        ends |= {line[0], line[-1]}
    spots = [
        Spot(
            x.to_px(row["mbps"]),
            y.length_px - y.to_px(row["ratio"]),
            _RADIUS_PX[row["is_front"]],
            row["codec"] if row["level"] is None else str(row["level"]),
            rank=0 if row["is_front"] else 1 if index in ends else 2,
        )
        for index, row in enumerate(points)
    ]
    placed = place_labels(spots, width=x.length_px, height=y.length_px)
    return [
        {
            "mbps": x.from_px(place[0]),
            "ratio": y.from_px(y.length_px - place[1]),
            "text": spot.text,
        }
        for spot, place in zip(spots, placed, strict=True)
        if place is not None
    ]


def _subtitle(points: Sequence[Mapping[str, Any]]) -> str:
    if any(row["is_front"] for row in points):
        return (
            "The numbers are levels. Large and filled: no row of the same framing is "
            "surely better in both, and the dotted line joins these."
        )
    return "The numbers are levels."
