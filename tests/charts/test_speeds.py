"""Ratio against speed: the picture holds the rows' own numbers."""

from typing import Any

import pytest
from chart_specs import marks, spec_of, values

from complab import charts
from complab.charts.labels import Spot, place_labels

ROWS: list[dict[str, Any]] = [
    {
        "codec": "zstd",
        "level": level,
        "compression_ratio": ratio,
        "compress_mbps": mbps,
        "compress_error_pct": 2.0,
        "decompress_mbps": 900.0 + level,
        "decompress_error_pct": None,
        "is_compress_front": level != 3,
        "library_version": "1.5.4",
    }
    for level, ratio, mbps in ((1, 4.0, 400.0), (3, 3.9, 300.0), (19, 5.5, 4.0))
] + [
    {
        "codec": "snappy",
        "level": None,
        "compression_ratio": 2.5,
        "compress_mbps": 600.0,
        "decompress_mbps": 1500.0,
        "is_compress_front": True,
    },
    {"codec": "gzip", "level": 6, "compression_ratio": None, "compress_mbps": None},
]


def points(spec: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows behind the points."""
    return values(marks(spec, "point")[0])


@pytest.mark.parametrize("direction", ["compress", "decompress"])
def test_points_are_the_rows(direction: charts.Direction) -> None:
    """Every measured row is a point at its own ratio and speed; others are none."""
    spec = spec_of(charts.ratio_against_speed(ROWS, direction))
    assert [(p["codec"], p["level"], p["ratio"], p["mbps"]) for p in points(spec)] == [
        (r["codec"], r["level"], r["compression_ratio"], r[f"{direction}_mbps"])
        for r in ROWS
        if r["compression_ratio"]
    ]


def test_the_axis_of_speed_is_logarithmic() -> None:
    """Ten times as fast is as far everywhere."""
    spec = spec_of(charts.ratio_against_speed(ROWS))
    scale = marks(spec, "point")[0]["encoding"]["x"]["scale"]
    assert scale["type"] == "log"
    low, high = scale["domain"]
    assert low < min(p["mbps"] for p in points(spec))
    assert high > max(p["mbps"] for p in points(spec))


def test_error_bars_reach_as_far_as_the_interval() -> None:
    """Ends are the speed times and over one plus the error; without one, the speed."""
    spec = spec_of(charts.ratio_against_speed(ROWS))
    first, *_, last = points(spec)
    assert first["low_mbps"] == pytest.approx(400 / 1.02)
    assert first["high_mbps"] == pytest.approx(400 * 1.02)
    assert last["low_mbps"] == last["high_mbps"] == 600


def test_levels_are_joined_along_each_codec() -> None:
    """A line holds the rows of one series, in the order of their ratio."""
    spec = spec_of(charts.ratio_against_speed(ROWS))
    line = marks(spec, "line")[-1]["encoding"]
    assert line["detail"]["field"] == "series"
    assert line["order"]["field"] == "ratio"
    assert {p["series"] for p in points(spec)} == {"zstd", "snappy"}


def test_the_front_is_the_rows_that_nothing_beats() -> None:
    """The dotted line goes through the front's rows, slow ones first."""
    spec = spec_of(charts.ratio_against_speed(ROWS))
    front = marks(spec, "line")[0]
    assert [row["mbps"] for row in values(front)] == [4.0, 400.0, 600.0]


def test_a_point_tells_its_row_in_words() -> None:
    """Who hovers, or listens, gets name, ratio, speed and error."""
    spec = spec_of(charts.ratio_against_speed(ROWS))
    told = [p["told"] for p in points(spec)]
    assert told[0] == "zstd:1: ratio 4.00, compress 400 MB/s ± 2.0 %"
    assert told[-1] == "snappy: ratio 2.50, compress 600 MB/s"
    assert all(
        part["encoding"]["description"]["field"] == "told"
        for part in marks(spec, "point")
    )


def test_variants_are_dashed_apart() -> None:
    """Lines of one codec from two libraries can be told apart."""
    rows = [
        {**row, "series": f"zstd@{place}", "variant": place}
        for place in ("system", "wheel")
        for row in ROWS[:3]
    ]
    spec = spec_of(charts.ratio_against_speed(rows))
    dash = marks(spec, "line")[-1]["encoding"]["strokeDash"]
    assert dash["scale"]["domain"] == ["system", "wheel"]
    assert dash["scale"]["range"][0] != dash["scale"]["range"][1]


def test_one_row_is_a_picture_too() -> None:
    """An axis around a single point has two ends."""
    spec = spec_of(charts.ratio_against_speed(ROWS[:1]))
    low, high = marks(spec, "point")[0]["encoding"]["x"]["scale"]["domain"]
    assert low < 400 < high


def test_words_lie_on_no_point_and_on_no_other_word() -> None:
    """Of a hundred points in a heap, those have words whose words have room."""
    spots = [
        Spot(150 + 7 * (i % 10), 150 + 7 * (i // 10), 4.0, str(i), rank=i)
        for i in range(100)
    ]
    placed = place_labels(spots, width=400, height=400)
    found = [place for place in placed if place is not None]
    assert 0 < len(found) < len(spots)
    for place in found:
        for spot in spots:
            is_beside = abs(place[0] - spot.x) >= 4 + 3 or abs(place[1] - spot.y) >= 4
            assert is_beside, (place, spot)
        for other in found:
            if other is not place:
                assert abs(place[0] - other[0]) >= 6 or abs(place[1] - other[1]) >= 11
