"""What compression gains over links of every speed.

A byte that is compressed, sent and decompressed one after the other takes the sum of
the three times, one core on each side; TurboBench draws it so
(https://github.com/powturbo/TurboBench). Producers that send while they compress do
better, by up to the smaller part.
"""

import math
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from complab.charts.channels import coloured, dashed
from complab.charts.looks import require_altair
from complab.units import format_number

if TYPE_CHECKING:
    import altair as alt

_MBIT_PER_MB: Final = 8
_DOMAIN_MBIT: Final = [10.0, 40_000.0]
_STEPS_PER_DECADE: Final = 24
# Twice as slow as not compressing at all: what is below need not be told apart.
_LEAST_SPEEDUP: Final = 0.5
_SPEEDUP_TICKS: Final = (0.5, 1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 50, 100)
_STRIP_PX: Final = 22
_STRIP_CHARACTER_PX: Final = 7.0


@dataclass(frozen=True, slots=True)
class Path:
    """One way to send: the work on a byte, and the part of it that is sent.

    ``work_ns`` is the time of compressing and decompressing a byte, ``sent`` the
    compressed bytes for each byte.
    """

    name: str
    codec: str
    work_ns: float
    sent: float

    def total_ns(self, link_mbps: float) -> float:
        """The time of a byte over a link of so many MB a second."""
        return self.work_ns + self.sent * 1e3 / link_mbps


UNCOMPRESSED: Final = Path("uncompressed", "none", 0.0, 1.0)
"""What is sent as it is, with no work on either side."""

_UNCOMPRESSED_POINT: Final = {
    "codec": UNCOMPRESSED.codec,
    "codec_words": UNCOMPRESSED.name,
}


@dataclass(frozen=True, slots=True)
class Range:
    """The links from ``low_mbps`` to ``high_mbps`` (``None``: any) that suit a path."""

    path: Path
    low_mbps: float | None
    high_mbps: float | None


def path_of(row: Mapping[str, Any]) -> Path | None:
    """The path of a row; ``None`` if it lacks a figure or compresses nothing.

    What ``none`` and ``memcpy`` do is the uncompressed path.
    """
    ratio = row.get("compression_ratio")
    speeds = row.get("compress_mbps"), row.get("decompress_mbps")
    if not ratio or not all(speeds) or row["codec"] in {UNCOMPRESSED.codec, "memcpy"}:
        return None
    level = row.get("level")
    name = row["codec"] if level is None else f"{row['codec']}:{level}"
    work_ns = sum(1e3 / mbps for mbps in speeds if mbps)
    return Path(row.get("name") or name, row["codec"], work_ns, 1 / ratio)


def best_paths(paths: Sequence[Path]) -> list[Range]:
    """The fastest path over each link, slow links first.

    A path's time is a line over the inverse of the link's speed, so that these are the
    lower envelope of lines. Of equal paths the first stays.

    >>> slow = Path("zstd:19", "zstd", 500.0, 0.2)
    >>> for each in best_paths([slow, Path("uncompressed", "none", 0.0, 1.0)]):
    ...     print(each.path.name, each.low_mbps, each.high_mbps)
    zstd:19 None 1.6
    uncompressed 1.6 None
    """
    found: list[Range] = []
    # Over a link without speed, what sends least is first.
    current = min(paths, key=lambda path: (path.sent, path.work_ns), default=None)
    low_mbps: float | None = None
    while current is not None:
        # The next is the one that overtakes at the slowest link.
        following = None
        high_mbps: float | None = None
        for path in paths:
            saved_ns = current.work_ns - path.work_ns
            if saved_ns <= 0:
                continue
            crossing = (path.sent - current.sent) * 1e3 / saved_ns
            if (
                high_mbps is None
                or following is None
                or (crossing, path.work_ns) < (high_mbps, following.work_ns)
            ):
                following, high_mbps = path, crossing
        found.append(Range(current, low_mbps, high_mbps))
        current, low_mbps = following, high_mbps
    return found


def format_link(link_mbps: float) -> str:
    """The speed of a link as networks name it.

    >>> format_link(125), format_link(3.2)
    ('1.00 Gbit/s', '25.6 Mbit/s')
    """
    mbit = link_mbps * _MBIT_PER_MB
    if float(f"{mbit:.3g}") < 1000:  # noqa: PLR2004 - a thousand of them is the next
        return f"{format_number(mbit)} Mbit/s"
    return f"{format_number(mbit / 1000)} Gbit/s"


def speed_over_links(
    rows: Iterable[Mapping[str, Any]], *, width: int = 680, height: int = 320
) -> "alt.ChartType":
    """Draw how many times as fast as uncompressed each codec is, over the link's speed.

    A line is a codec at its best level for each link; the strip on top names the best
    of all. Rows are those of ``ratio_against_speed``; both speeds are needed.
    ``ChartLibraryError`` where altair is not installed.
    """
    require_altair()
    import altair as alt

    told = [(path, row) for row in rows if (path := path_of(row)) is not None]
    points = _points(told)
    scale = alt.Scale(type="log", domain=_DOMAIN_MBIT, nice=False)
    link = alt.X(
        "mbit:Q",
        title="speed of the link, log scale",
        scale=scale,
        axis=alt.Axis(
            values=[10.0**power for power in range(1, 5)],
            labelExpr="datum.value < 1000 ? datum.value + ' Mbit/s' : "
            "datum.value / 1000 + ' Gbit/s'",
            labelFlush=True,
            labelOverlap="greedy",
            labelSeparation=24,
        ),
    )
    colour = coloured(
        [*points, _UNCOMPRESSED_POINT], "codec", words="codec_words", width=width
    )
    lines = alt.Chart(alt.InlineData(values=points)).encode(
        link,
        alt.Y(
            "speedup:Q",
            title="times as fast as uncompressed",
            scale=alt.Scale(type="log", domain=_speedup_domain(points), nice=False),
            axis=alt.Axis(values=list(_SPEEDUP_TICKS), format="~r"),
        ),
        colour,
        alt.Detail("series:N"),
        *dashed(points, "variant", width=width),
        tooltip=[
            alt.Tooltip("name:N", title="best row"),
            alt.Tooltip("link:N"),
            alt.Tooltip("speedup:Q", title="times as fast", format=".3~r"),
        ],
    )
    even = alt.Chart(alt.InlineData(values=[{"speedup": 1}]))
    strip = alt.Chart(alt.InlineData(values=_strip(best_paths_of(told), width)))
    on_strip = strip.encode(
        alt.X("from_mbit:Q", scale=scale, axis=None), alt.X2("to_mbit:Q")
    )
    best = alt.layer(
        on_strip.mark_bar(height=_STRIP_PX, stroke="#ffffff", strokeWidth=1).encode(
            colour, alt.Description("told:N"), tooltip=[alt.Tooltip("told:N")]
        ),
        strip.transform_filter("datum.text != null")
        .mark_text(color="#ffffff", fontWeight="bold", aria=False)
        .encode(alt.X("middle_mbit:Q", scale=scale, axis=None), text="text:N"),
    ).properties(
        width=width,
        height=_STRIP_PX,
        title=alt.Title("fastest of all", fontSize=12, offset=4, fontWeight="normal"),
    )
    drawn = alt.layer(
        even.mark_rule(strokeDash=[2, 3], aria=False).encode(alt.Y("speedup:Q")),
        lines.mark_line(strokeWidth=2, clip=True, aria=False),
    ).properties(width=width, height=height)
    return alt.vconcat(best, drawn, spacing=8).properties(
        title=alt.Title(
            "Which pays over which link",
            subtitle=textwrap.wrap(
                "Compressing, sending and decompressing in turn, one core a side; each "
                "codec at its best level for the link.",
                max(30, width // 6),
            ),
        )
    )


def best_paths_of(
    told: Iterable[tuple[Path, Mapping[str, Any]]],
) -> list[Range]:
    """The best paths of rows and of sending uncompressed."""
    return best_paths([*(path for path, _ in told), UNCOMPRESSED])


def _points(told: Sequence[tuple[Path, Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """Each series at steps of the link's speed, by its best path."""
    first, last = (math.log10(end) for end in _DOMAIN_MBIT)
    count = round((last - first) * _STEPS_PER_DECADE)
    links_mbit = [10 ** (first + (last - first) * i / count) for i in range(count + 1)]
    found = []
    for series in dict.fromkeys(_series(row) for _, row in told):
        members = [(path, row) for path, row in told if _series(row) == series]
        for mbit in links_mbit:
            mbps = mbit / _MBIT_PER_MB
            path, row = min(members, key=lambda member: member[0].total_ns(mbps))
            found.append(
                {
                    "mbit": mbit,
                    "link": format_link(mbps),
                    "speedup": UNCOMPRESSED.total_ns(mbps) / path.total_ns(mbps),
                    "name": path.name,
                    "series": series,
                    "codec": row["codec"],
                    "codec_words": row.get("codec_words") or row["codec"],
                    "variant": row.get("variant"),
                }
            )
    return found


def _series(row: Mapping[str, Any]) -> str:
    return str(row.get("series") or row["codec"])


def _speedup_domain(points: Sequence[Mapping[str, Any]]) -> list[float]:
    most = max((row["speedup"] for row in points), default=1.0)
    return [_LEAST_SPEEDUP, max(most, 2 * _LEAST_SPEEDUP) * 1.1]


def _strip(ranges: Sequence[Range], width: int) -> list[dict[str, Any]]:
    """The best paths as stretches of the axis, named where there is room."""
    low, high = _DOMAIN_MBIT
    px_per_decade = width / math.log10(high / low)
    found = []
    for each in ranges:
        start = max(low, (each.low_mbps or 0) * _MBIT_PER_MB)
        end = high if each.high_mbps is None else each.high_mbps * _MBIT_PER_MB
        end = min(high, end)
        if end <= start:
            continue
        room_px = math.log10(end / start) * px_per_decade
        name = each.path.name
        found.append(
            {
                "from_mbit": start,
                "to_mbit": end,
                "middle_mbit": math.sqrt(start * end),
                "codec": each.path.codec,
                "text": name if len(name) * _STRIP_CHARACTER_PX < room_px else None,
                "told": f"{name} is the fastest {tell_range(each)}",
            }
        )
    return found


def tell_range(each: Range) -> str:
    """Over which links, in words.

    >>> tell_range(Range(UNCOMPRESSED, 125.0, None))
    'from 1.00 Gbit/s'
    """
    if each.low_mbps is None and each.high_mbps is None:
        return "over any link"
    if each.low_mbps is None:
        return f"up to {format_link(each.high_mbps or 0)}"
    if each.high_mbps is None:
        return f"from {format_link(each.low_mbps)}"
    return f"from {format_link(each.low_mbps)} to {format_link(each.high_mbps)}"
