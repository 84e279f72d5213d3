"""Charts as files: made without a network, whole or not at all."""

import json
import struct
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from complab import charts
from complab.errors import ChartLibraryError, OutputExistsError

HOSTILE = "<script>alert(1)</script>\"'&"


def chart(codec: str = "zstd") -> Any:
    """A chart of two rows."""
    rows = [
        {"codec": name, "level": 1, "compression_ratio": 3.0, "compress_mbps": 100.0}
        for name in (codec, "lz4")
    ]
    return charts.ratio_against_speed(rows, width=300, height=200)


def test_svg_holds_the_points_and_their_words() -> None:
    """The picture is well-formed, and a point says what it is."""
    root = ET.fromstring(charts.to_svg(chart()))  # noqa: S314 - our own
    labels = [element.get("aria-label") for element in root.iter()]
    assert "zstd:1: ratio 3.00, compress 100 MB/s" in labels


def test_a_page_has_the_title_itself() -> None:
    """A chart without its title, for a place that has it as a heading."""
    words = "Ratio against compression speed"
    assert words in charts.to_svg(chart())
    assert words not in charts.to_svg(charts.untitled(chart()))


def test_names_are_text_and_no_markup() -> None:
    """A hostile name makes neither an element nor an attribute."""
    text = charts.to_svg(chart(HOSTILE))
    root = ET.fromstring(text)  # noqa: S314 - our own
    assert "<script" not in text
    assert any(HOSTILE in (element.text or "") for element in root.iter())


@pytest.mark.parametrize(
    ("character", "spelling"), [("\x1b", r"\x1b"), ("\0", r"\x00"), ("\udcff", r"\xff")]
)
def test_what_xml_cannot_hold_is_spelled_out(character: str, spelling: str) -> None:
    """A control character or a byte that is no text ends neither file nor process."""
    root = ET.fromstring(charts.to_svg(chart(f"a{character}b")))  # noqa: S314
    assert any(element.text == f"a{spelling}b" for element in root.iter())


@pytest.mark.parametrize("theme", charts.THEMES)
def test_a_theme_has_its_ink_and_paper(theme: str) -> None:
    """Words are written in the theme's ink."""
    assert f'fill="{charts.THEMES[theme].ink}"' in charts.to_svg(chart(), theme=theme)


def test_an_unknown_theme_is_refused() -> None:
    """The message names those that there are."""
    with pytest.raises(ValueError, match="light, dark, page"):
        charts.to_svg(chart(), theme="sepia")


def test_files_are_written_by_their_suffix(tmp_path: Path) -> None:
    """SVG, PNG of twice the pixels, and Vega-Lite's JSON."""
    for suffix in charts.PICTURE_FORMATS:
        charts.save(chart(), str(tmp_path / f"chart{suffix}"))
    assert (tmp_path / "chart.svg").read_text().startswith("<svg")
    png = (tmp_path / "chart.png").read_bytes()
    assert png.startswith(b"\x89PNG")
    assert struct.unpack(">I", png[16:20])[0] > 600
    assert "vega-lite" in json.loads((tmp_path / "chart.json").read_text())["$schema"]


def test_nothing_is_overwritten_unasked(tmp_path: Path) -> None:
    """A file that is there stays, unless forced."""
    path = tmp_path / "chart.svg"
    path.write_text("mine")
    with pytest.raises(OutputExistsError):
        charts.save(chart(), str(path))
    assert path.read_text() == "mine"
    charts.save(chart(), str(path), force=True)
    assert path.read_text().startswith("<svg")


def test_an_unknown_suffix_is_refused(tmp_path: Path) -> None:
    """The message names the suffixes that there are."""
    with pytest.raises(ValueError, match=r"\.svg, \.png, \.json"):
        charts.save(chart(), str(tmp_path / "chart.bmp"))


@pytest.mark.parametrize("missing", ["altair", "vl_convert"])
def test_a_missing_library_is_named(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    """The message says what installs it."""
    drawn = chart()
    monkeypatch.setitem(__import__("sys").modules, missing, None)
    with pytest.raises(ChartLibraryError, match=r"complab\[charts\]"):
        charts.to_svg(drawn)
