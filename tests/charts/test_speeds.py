"""Ratio against speed: the picture holds the rows' own numbers."""

from collections.abc import Sequence
from typing import Any

import pytest
from chart_specs import marks, spec_of, values

from complab import charts
from complab.charts import speeds
from complab.charts.axes import Axis
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
    (bar,) = marks(spec, "rule")
    ends = [bar["encoding"][end]["field"] for end in ("x", "x2")]
    assert ends == ["low_mbps", "high_mbps"]


def test_levels_are_joined_along_each_codec() -> None:
    """A line holds the rows of one series, in the order of their ratio."""
    spec = spec_of(charts.ratio_against_speed(ROWS))
    line = marks(spec, "line")[-1]["encoding"]
    assert line["detail"]["field"] == "series"
    assert line["order"]["field"] == "ratio"
    assert {p["series"] for p in points(spec)} == {"zstd", "snappy"}


def test_the_front_is_the_rows_that_nothing_beats() -> None:
    """The dotted line goes through the front's rows, slow ones first, in steps.

    Between two of them nothing is known to be better than the next one's ratio.
    """
    spec = spec_of(charts.ratio_against_speed(ROWS))
    front = marks(spec, "line")[0]
    assert [row["mbps"] for row in values(front)] == [4.0, 400.0, 600.0]
    assert front["mark"]["interpolate"] == "step-before"


def test_levels_stand_beside_their_points() -> None:
    """A codec without levels has its name there."""
    spec = spec_of(charts.ratio_against_speed(ROWS))
    (words,) = marks(spec, "text")
    assert sorted(row["text"] for row in values(words)) == ["1", "19", "3", "snappy"]


def test_the_legend_calls_codecs_by_their_words() -> None:
    """It has as many columns as the chart is wide for."""
    rows = [
        {**ROWS[0], "codec": codec, "codec_words": f"{codec} (not in Kafka)"}
        for codec in ("zstd", "brotli", "xz")
    ]

    def legend(width: int) -> dict[str, Any]:
        spec = spec_of(charts.ratio_against_speed(rows, width=width))
        found: dict[str, Any] = marks(spec, "point")[0]["encoding"]["color"]["legend"]
        return found

    assert '"brotli": "brotli (not in Kafka)"' in legend(700)["labelExpr"]
    assert [legend(width)["columns"] for width in (700, 450, 200)] == [3, 2, 1]
    plain = spec_of(charts.ratio_against_speed(ROWS))
    assert "labelExpr" not in marks(plain, "point")[0]["encoding"]["color"]["legend"]


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
    halves = [6.2 * len(spot.text) / 2 for spot in spots]
    for place, half, own in zip(placed, halves, spots, strict=True):
        if place is None:
            continue
        assert half <= place[0] <= 400 - half
        assert 5.5 <= place[1] <= 400 - 5.5
        for spot in spots:
            across, down = abs(place[0] - spot.x), abs(place[1] - spot.y)
            assert spot is own or across >= half + 4 or down >= 5.5 + 4, (place, spot)
        for other, its_half in zip(placed, halves, strict=True):
            if other is not None and other is not place:
                across, down = abs(place[0] - other[0]), abs(place[1] - other[1])
                assert across >= half + its_half or down >= 11, (place, other)


def test_words_stay_inside_the_plot() -> None:
    """A point in the corner has its word towards the middle; one without room, none."""
    spots = [Spot(4, 4, 4, "19", rank=0), Spot(96, 96, 4, "wide word", rank=1)]
    corner, far = place_labels(spots, width=100, height=100)
    assert corner is not None
    assert corner[0] > 4
    assert corner[1] > 4
    assert far is not None
    assert far[0] < 96
    assert place_labels(spots[:1], width=10, height=10) == [None]


def test_the_most_important_words_are_placed_first() -> None:
    """Of two that want one place, the lower rank has it."""
    spots = [Spot(50, 50, 4, "b", rank=2), Spot(50, 50, 4, "a", rank=0)]
    (best,) = place_labels(spots[:1], width=100, height=100)
    second, first = place_labels(spots, width=100, height=100)
    assert first == best
    assert second not in {None, best}


def test_the_front_has_its_words_before_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Then come the ends of each line, and what lies between them last."""
    ranks: dict[str, int] = {}

    def note(spots: Sequence[Spot], **_: float) -> list[None]:
        ranks.update({spot.text: spot.rank for spot in spots})
        return [None] * len(spots)

    monkeypatch.setattr(speeds, "place_labels", note)
    fronts = (False, True, False, False, False)
    charts.ratio_against_speed(
        {**ROWS[0], "level": level, "compression_ratio": level, "is_compress_front": on}
        for level, on in enumerate(fronts, 1)
    )
    assert ranks == {"1": 1, "2": 0, "3": 2, "4": 2, "5": 1}


def test_ticks_stand_apart() -> None:
    """1, 2 and 5 where there is room, else powers of ten."""
    wide, narrow = (
        Axis.around([1, 1000], length_px=px, is_log=True).ticks() for px in (680, 230)
    )
    assert wide == [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]
    assert narrow == [1, 10, 100, 1000]
