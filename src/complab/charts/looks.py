"""How charts look: a colour and a shape for each codec, inks for each theme.

The colours have a contrast of 3:1 on a white page and on a dark one (WCAG 2.1, 1.4.11),
which lets one picture serve both. Those of the default sweep differ by 36 and more (CIE
1976) for normal, protanopic and deuteranopic eyes: the search took what did best.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from complab.errors import ChartLibraryError

if TYPE_CHECKING:
    import altair as alt


@dataclass(frozen=True, slots=True)
class Look:
    """A codec's colour (``#rrggbb``) and the name of its shape in Vega."""

    colour: str
    shape: str


_PLAIN: Final = Look("#7a7f85", "stroke")

CODEC_LOOKS: Final = {
    "zstd": Look("#2d4efb", "circle"),
    "gzip": Look("#8f582f", "square"),
    "lz4": Look("#38a195", "triangle-up"),
    "snappy": Look("#c68700", "cross"),
    "brotli": Look("#9b3faf", "diamond"),
    "lz4hc": Look("#5b9a1f", "triangle-right"),
    "lz4fast": Look("#1583b0", "triangle-left"),
    "zlib": Look("#cc5a3a", "triangle-down"),
    "zlib-ng": Look("#e0559b", "wedge"),
    "libdeflate": Look("#cc4b4b", "arrow"),
    "isal": Look("#8f8200", "wedge"),
    "xz": Look("#8d6fe0", "triangle-down"),
    "bzip2": Look("#7f6a3a", "arrow"),
    "none": _PLAIN,
    "memcpy": _PLAIN,
}
"""The looks of the codecs that complab knows by name, in the order of legends."""

# For series that are no codecs, and codecs of a later day.
_OTHERS: Final = tuple(
    CODEC_LOOKS[name]
    for name in ("zstd", "gzip", "lz4", "brotli", "snappy", "xz", "lz4fast", "lz4hc")
)


def look_of(name: str, *, among: Iterable[str] = ()) -> Look:
    """The look of a codec; of another name, one by its place ``among`` its like.

    >>> look_of("zstd").colour
    '#2d4efb'
    """
    if name in CODEC_LOOKS:
        return CODEC_LOOKS[name]
    others = [each for each in dict.fromkeys(among) if each not in CODEC_LOOKS]
    place = others.index(name) if name in others else 0
    return _OTHERS[place % len(_OTHERS)]


def in_legend_order(names: Iterable[str]) -> list[str]:
    """Each name once: codecs in their order, then the others as they come."""
    known = list(CODEC_LOOKS)
    return sorted(
        dict.fromkeys(names),
        key=lambda name: known.index(name) if name in CODEC_LOOKS else len(known),
    )


GROUP_COLOURS: Final = (
    "#4f79e6",
    "#c68700",
    "#38a195",
    "#9b3faf",
    "#7a7f85",
    "#c0562a",
    "#8d6fe0",
)
"""Of groups that are no codecs: states, stages, and so on."""


@dataclass(frozen=True, slots=True)
class Theme:
    """The colours of text and lines, and of the page behind them."""

    ink: str
    paper: str


THEMES: Final = {
    "light": Theme("#24292f", "#ffffff"),
    "dark": Theme("#d8dee4", "#14181d"),
    # Inside an HTML page: its own text colour, whatever that is.
    "page": Theme("currentColor", "transparent"),
}
"""The themes by name; ``page`` is for an SVG that stands inside an HTML page."""

# Its metrics are those of Liberation Sans, which the picture maker measures with.
_FONT: Final = "Arial, Helvetica, Liberation Sans, sans-serif"


def themed(chart: "alt.ChartType", theme: str = "light") -> "alt.ChartType":
    """The chart in a theme of ``THEMES``; ``ValueError`` for any other name."""
    if theme not in THEMES:
        message = f"no theme {theme!r}: there are {', '.join(THEMES)}"
        raise ValueError(message)
    require_altair()
    import altair as alt

    colours = THEMES[theme]
    return chart.configure(
        background=colours.paper,
        font=_FONT,
        axis=alt.AxisConfig(
            labelColor=colours.ink,
            titleColor=colours.ink,
            titleFontWeight="normal",
            titlePadding=10,
            tickColor=colours.ink,
            domainColor=colours.ink,
            gridColor=colours.ink,
            gridOpacity=0.12,
            tickOpacity=0.5,
            domainOpacity=0.5,
            labelFontSize=11,
            titleFontSize=12,
        ),
        header=alt.HeaderConfig(labelColor=colours.ink, titleColor=colours.ink),
        legend=alt.LegendConfig(
            labelColor=colours.ink,
            titleColor=colours.ink,
            labelFontSize=12,
            symbolOpacity=1,
            symbolStrokeWidth=2,
            labelLimit=240,
            columnPadding=18,
            padding=4,
        ),
        title=alt.TitleConfig(
            color=colours.ink,
            subtitleColor=colours.ink,
            anchor="start",
            fontSize=15,
            subtitleFontSize=12,
            offset=12,
        ),
        view=alt.ViewConfig(stroke=None),
        line=alt.LineConfig(color=colours.ink),
        rule=alt.RectConfig(color=colours.ink),
        text=alt.MarkConfig(color=colours.ink, fontSize=11),
    )


def untitled(chart: "alt.ChartType") -> "alt.ChartType":
    """The chart without its own title, for a page that has it as a heading."""
    require_altair()
    import altair as alt

    copy = chart.copy(deep=False)
    copy.title = alt.Undefined
    return copy


def require_altair() -> None:
    """``ChartLibraryError`` where altair is not installed."""
    try:
        import altair as alt  # noqa: F401 - whether it is there
    except ImportError as error:
        raise ChartLibraryError(error.name or "altair") from None
