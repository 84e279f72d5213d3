"""Plots in a terminal: points where they belong, in ASCII."""

import math
import re

import pytest

from complab.render import Plot, PlotPoint, escape_controls, render_plot


def place(text: str, mark: str) -> tuple[int, int]:
    """The line and the cell of a mark, behind the vertical axis."""
    for number, line in enumerate(text.splitlines()[2:]):
        behind = re.sub(r"^[ 0-9.,]*[|+]", "", line)
        if mark in behind:
            return number, behind.index(mark)
    message = f"{mark} is not drawn"
    raise AssertionError(message)


def test_points_stand_at_their_values() -> None:
    """Ten times as fast is as far everywhere; a better ratio is higher."""
    points = [
        PlotPoint(10, 1.0, "a"),
        PlotPoint(100, 2.0, "b"),
        PlotPoint(1000, 3.0, "c"),
    ]
    text = render_plot(Plot("t", "x", "y", points))
    places = [place(text, mark) for mark in "abc"]
    lines, cells = zip(*places, strict=True)
    assert lines[0] > lines[1] > lines[2]
    assert cells[1] - cells[0] == pytest.approx(cells[2] - cells[1], abs=1)


@pytest.mark.parametrize("width", [30, 50, 80, 200])
def test_lines_fit_the_terminal(width: int) -> None:
    """No line is wider than the terminal, nor ends in a space, nor leaves ASCII."""
    points = [PlotPoint(10.0**i, math.sqrt(i + 1), "abcdef"[i]) for i in range(6)]
    key = [(each.mark, "a codec") for each in points]
    text = render_plot(Plot("t", "x", "y", points, key), width=width)
    assert text.isascii()
    for line in text.splitlines():
        assert len(line) <= width
        assert line == line.rstrip()


def test_numbers_below_the_axis_stand_apart() -> None:
    """Where 1, 2 and 5 have no room, powers of ten do."""
    points = [PlotPoint(0.1, 1, "a"), PlotPoint(10_000, 2, "b")]
    text = render_plot(Plot("t", "x", "y", points), width=40)
    numbers = text.splitlines()[-2].split()
    assert numbers == ["0.1", "1", "10", "100", "1,000", "10,000"][: len(numbers)]
    assert len(numbers) >= 3


def test_axes_have_no_exponents() -> None:
    """Millions have their commas, ticks or a single point's own value."""
    points = [PlotPoint(900_000, 1, "a"), PlotPoint(11_000_000, 2, "b")]
    numbers = render_plot(Plot("t", "x", "y", points)).splitlines()[-2].split()
    assert numbers == ["1,000,000", "2,000,000", "5,000,000", "10,000,000"]
    points = [PlotPoint(1_200_000, 1, "a"), PlotPoint(1_300_000, 2, "b")]
    numbers = render_plot(Plot("t", "x", "y", points)).splitlines()[-2].split()
    assert numbers == ["1,200,000"]


def test_one_point_and_none_are_plots_too() -> None:
    """A single point stands in the middle; an empty plot says so."""
    text = render_plot(Plot("t", "x", "y", [PlotPoint(5, 1, "a")]))
    assert "a" in text.splitlines()[11]
    assert render_plot(Plot("t", "x", "y", [])) == "t\n(none)\n"


def test_zero_has_no_place_on_a_logarithmic_axis() -> None:
    """A speed of nothing is the caller's mistake."""
    with pytest.raises(ValueError, match="logarithmic"):
        render_plot(Plot("t", "x", "y", [PlotPoint(0, 1, "a")]))


@pytest.mark.parametrize("name", ["\x1b[2J", "\x9b2J", "\u202egzip", "a\nb", "\udcff"])
def test_what_steers_a_terminal_is_spelled_out(name: str) -> None:
    """Escapes, C1 controls, direction marks and line ends in names are shown."""
    points = [PlotPoint(5, 1, "a")]
    spelled = escape_controls(name)
    text = render_plot(Plot(f"t{name}", f"x{name}", f"y{name}", points, [("a", name)]))
    for words in (f"t{spelled}", f"x{spelled}", f"y{spelled}", f"a {spelled}"):
        assert words in text
    assert name not in text
    assert render_plot(Plot(name, "x", "y", [])) == f"{spelled}\n(none)\n"
