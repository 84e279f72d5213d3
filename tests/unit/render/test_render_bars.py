"""Histograms as text: whole lines, at fixed widths."""

import io

import pytest

from complab.render import BarChart, can_draw_blocks, render_bars

CHART = BarChart(
    "stored bytes of a batch",
    "from",
    [("8 KiB", 1), ("16 KiB", 800), ("32 KiB", 0), ("64 KiB", 399)],
    note="12 unknown",
)


def test_blocks_are_drawn_in_eighths() -> None:
    """The longest bar is the largest count, and a small count can still be seen."""
    assert render_bars(CHART, width=36) == (
        "stored bytes of a batch\n"
        "  from  count     %\n"
        " 8 KiB      1  0.08  ▏\n"
        "16 KiB    800  66.7  ███████████████\n"
        "32 KiB      0  0.00\n"
        "64 KiB    399  33.2  ███████▌\n"
        "12 unknown\n"
    )


def test_ascii_is_drawn_with_hashes() -> None:
    """Where there are no blocks, whole cells are drawn."""
    assert render_bars(CHART, width=36, is_ascii=True) == (
        "stored bytes of a batch\n"
        "  from  count     %\n"
        " 8 KiB      1  0.08  #\n"
        "16 KiB    800  66.7  ###############\n"
        "32 KiB      0  0.00\n"
        "64 KiB    399  33.2  #######\n"
        "12 unknown\n"
    )


@pytest.mark.parametrize("width", [10, 20, 40, 60, 80, None])
def test_lines_fit_the_width(width: int | None) -> None:
    """Bars end at the width or after 40 cells, and keep 8 in a narrow terminal."""
    longest = max(map(len, render_bars(CHART, width=width).splitlines()[1:]))
    cells = longest - len("16 KiB    800  66.7  ")
    expected = 40 if width is None else max(8, min(40, width - 21))
    assert cells == expected


def test_no_bars_say_so() -> None:
    """A chart of nothing says that there is nothing."""
    assert render_bars(BarChart("ratios", "from", [])) == "ratios\n(none)\n"
    assert (
        render_bars(BarChart("ratios", "from", [], note="3 unknown"))
        == "ratios\n(none)\n3 unknown\n"
    )


def test_zeros_alone_have_no_bars() -> None:
    """Counts that are all zero are drawn without a bar."""
    text = render_bars(BarChart("t", "from", [("1", 0)]), is_ascii=True)
    assert "#" not in text
    assert text.splitlines()[2] == "   1      0  0.00"


@pytest.mark.parametrize(
    ("encoding", "is_drawn"),
    [("utf-8", True), ("ascii", False), ("latin-1", False), ("cp437", False)],
)
def test_encodings_that_have_blocks(encoding: str, is_drawn: bool) -> None:
    """Blocks are drawn where every one of them can be encoded."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    assert can_draw_blocks(stream) is is_drawn


def test_stream_without_encoding_has_no_blocks() -> None:
    """A stream that does not name its encoding gets ASCII."""
    assert can_draw_blocks(io.StringIO()) is False
