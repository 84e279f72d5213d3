"""Charts as files: SVG, PNG and Vega-Lite's JSON, without a browser and a network."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from complab.charts.looks import themed
from complab.errors import ChartLibraryError
from complab.render import escape_controls
from complab.whole_file import open_whole

if TYPE_CHECKING:
    import altair as alt

PICTURE_FORMATS: Final = (".svg", ".png", ".json")
"""The suffixes that ``save`` knows."""

# Twice a screen's pixels, for print and for dense screens.
_PNG_SCALE: Final = 2


def to_svg(chart: "alt.ChartType", *, theme: str = "light") -> str:
    """The chart as the text of an SVG; ``ChartLibraryError`` without vl-convert."""
    vl_convert = _vl_convert()
    spec = _specification(chart, theme)
    text: str = vl_convert.vegalite_to_svg(
        spec, vl_version=_version(spec), allowed_base_urls=[]
    )
    return text


def save(
    chart: "alt.ChartType", path: str, *, theme: str = "light", force: bool = False
) -> None:
    """Write a chart in the format of the file's suffix.

    ``ValueError`` for a suffix that is not of ``PICTURE_FORMATS``;
    ``OutputExistsError`` for a file that is there, unless ``force``;
    ``ChartLibraryError`` without vl-convert.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in PICTURE_FORMATS:
        known = ", ".join(PICTURE_FORMATS)
        message = f"{path}: the suffix names no picture's format; use one of {known}"
        raise ValueError(message)
    if suffix == ".svg":
        content = f"{to_svg(chart, theme=theme)}\n".encode()
    else:
        spec = _specification(chart, theme)
        if suffix == ".json":
            content = f"{json.dumps(spec, indent=1, allow_nan=False)}\n".encode()
        else:
            content = _vl_convert().vegalite_to_png(
                spec,
                vl_version=_version(spec),
                scale=_PNG_SCALE,
                allowed_base_urls=[],
            )
    with open_whole(path, may_overwrite=force) as file:
        file.write(content)


def _vl_convert() -> Any:  # noqa: ANN401 - a module that may not be there
    try:
        import vl_convert
    except ImportError:
        raise ChartLibraryError("vl-convert-python") from None
    return vl_convert


def _specification(chart: "alt.ChartType", theme: str) -> dict[str, Any]:
    """The chart as Vega-Lite has it.

    A control character in a name, which no XML can hold, would end the process inside
    vl-convert 1.9.
    """
    spec: dict[str, Any] = _without_controls(themed(chart, theme).to_dict())
    return spec


def _without_controls(part: Any) -> Any:  # noqa: ANN401 - any part of it
    if isinstance(part, str):
        return escape_controls(part)
    if isinstance(part, dict):
        return {
            escape_controls(name): _without_controls(each)
            for name, each in part.items()
        }
    if isinstance(part, list):
        return [_without_controls(each) for each in part]
    return part


def _version(spec: dict[str, Any]) -> str:
    """Vega-Lite's version behind a specification, such as ``6.1``."""
    version = spec["$schema"].rpartition("/v")[2].removesuffix(".json")
    return ".".join(version.split(".")[:2])
