"""Colours that can be told apart, on white, on black, and by colour-blind eyes."""

import itertools
import math

import pytest

from complab.charts import CODEC_LOOKS, THEMES, look_of
from complab.codecs import catalogue

# Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB.
_PROTANOPIA = (
    (0.152286, 1.052583, -0.204868),
    (0.114503, 0.786281, 0.099216),
    (-0.003882, -0.048116, 1.051998),
)
_DEUTERANOPIA = (
    (0.367322, 0.860646, -0.227968),
    (0.280085, 0.672501, 0.047413),
    (-0.011820, 0.042940, 0.968881),
)
_NORMAL = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))

# Those of the default sweep, which stand in one picture.
_TOGETHER = ("zstd", "gzip", "lz4", "snappy", "brotli")


def linear(colour: str) -> tuple[float, ...]:
    """The linear RGB of ``#rrggbb`` (IEC 61966-2-1)."""
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    return tuple(
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in parts
    )


def luminance(colour: str) -> float:
    """WCAG's relative luminance."""
    red, green, blue = linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG's contrast ratio, from 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def lab(rgb: tuple[float, ...]) -> tuple[float, float, float]:
    """CIE L*a*b* of linear RGB, D65."""
    red, green, blue = (min(1.0, max(0.0, part)) for part in rgb)
    xyz = (
        (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047,
        0.2126 * red + 0.7152 * green + 0.0722 * blue,
        (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883,
    )
    x, y, z = (
        part ** (1 / 3) if part > 216 / 24389 else (24389 / 27 * part + 16) / 116
        for part in xyz
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def seen(colour: str, eye: tuple[tuple[float, ...], ...]) -> tuple[float, float, float]:
    """A colour in L*a*b* as an eye sees it."""
    rgb = linear(colour)
    return lab(tuple(sum(a * b for a, b in zip(row, rgb, strict=True)) for row in eye))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("codec", CODEC_LOOKS)
def test_every_codec_stands_out_on_the_page(codec: str, theme: str) -> None:
    """A mark has the contrast that WCAG wants of graphics, 3:1, on either page."""
    assert contrast(CODEC_LOOKS[codec].colour, THEMES[theme].paper) >= 3


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_stand_out_on_the_page(theme: str) -> None:
    """Text has a contrast of 7:1."""
    assert contrast(THEMES[theme].ink, THEMES[theme].paper) >= 7


@pytest.mark.parametrize("eye", [_NORMAL, _PROTANOPIA, _DEUTERANOPIA])
def test_codecs_of_one_picture_are_told_apart_by_colour(
    eye: tuple[tuple[float, ...], ...],
) -> None:
    """Two codecs differ by 30 and more (CIE 1976), colour-blind or not."""
    for one, other in itertools.combinations(_TOGETHER, 2):
        colours = (seen(CODEC_LOOKS[name].colour, eye) for name in (one, other))
        assert math.dist(*colours) >= 30, (one, other)


def test_codecs_of_one_picture_are_told_apart_by_shape() -> None:
    """In grey print the shape is all that is left."""
    shapes = [CODEC_LOOKS[name].shape for name in _TOGETHER]
    assert len(set(shapes)) == len(shapes)


def test_every_codec_of_the_lab_has_a_look_of_its_own() -> None:
    """A codec that is added gets a colour, too."""
    assert set(catalogue.names()) <= set(CODEC_LOOKS)


def test_other_names_get_looks_by_their_place() -> None:
    """What is no codec is told apart as well."""
    among = ["first", "zstd", "second"]
    first, second = (look_of(name, among=among) for name in ("first", "second"))
    assert first.colour != second.colour
    assert first.shape != second.shape
    assert look_of("zstd", among=among) == CODEC_LOOKS["zstd"]
