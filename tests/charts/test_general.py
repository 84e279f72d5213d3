"""The charts that take any rows: what they draw is what they were given."""

from typing import Any

import pytest
from chart_specs import marks, spec_of, values

from complab import charts


def test_curves_draw_each_number_in_its_place() -> None:
    """Batch sizes of two codecs: a line for each, points with bars where told."""
    rows = [
        {"codec": codec, "batch_bytes": size, "ratio": ratio, "ratio_low": low,
         "ratio_high": ratio + 0.1}
        for codec, size, ratio, low in (
            ("zstd", 1024, 2.0, 1.9),
            ("zstd", 16384, 4.0, None),
            ("lz4", 1024, 1.5, 1.4),
        )
    ]  # fmt: skip
    rows.append({"codec": "lz4", "batch_bytes": 16384, "ratio": None})
    spec = spec_of(
        charts.curves(
            rows, x="batch_bytes", y="ratio", title="t", x_title="size", y_title="ratio"
        )
    )
    drawn = values(marks(spec, "point")[0])
    assert [(r["by"], r["x"], r["y"], r["low"]) for r in drawn] == [
        ("zstd", 1024, 2.0, 1.9),
        ("zstd", 16384, 4.0, None),
        ("lz4", 1024, 1.5, 1.4),
    ]
    (bar,) = marks(spec, "rule")
    assert bar["transform"] == [{"filter": "isValid(datum.low) && isValid(datum.high)"}]
    assert [bar["encoding"][end]["field"] for end in ("y", "y2")] == ["low", "high"]
    colour = marks(spec, "line")[0]["encoding"]["color"]["scale"]
    assert colour["domain"] == ["zstd", "lz4"]
    assert colour["range"][0] == charts.look_of("zstd").colour


def test_curves_have_the_axes_that_were_asked_for() -> None:
    """Logarithmic or not, each by itself, and sizes in the units of bytes."""
    rows = [{"codec": "zstd", "x": 1024, "y": 2.0}]

    def scales(**chosen: Any) -> list[str]:
        spec = spec_of(
            charts.curves(
                rows, x="x", y="y", title="t", x_title="x", y_title="y", **chosen
            )
        )
        encoding = marks(spec, "point")[0]["encoding"]
        is_named = "KiB" in encoding["x"]["axis"].get("labelExpr", "")
        return [*(encoding[axis]["scale"]["type"] for axis in "xy"), str(is_named)]

    assert scales() == ["log", "linear", "False"]
    assert scales(is_x_log=False, is_y_log=True) == ["linear", "log", "False"]
    assert scales(is_x_bytes=True) == ["log", "linear", "True"]


def test_stages_stack_in_their_order() -> None:
    """Parts of a bar lie as they first came, whatever the alphabet says."""
    rows = [
        {"name": "zstd:3", "stage": stage, "value": value}
        for stage, value in (("produce", 3.0), ("network", 5.0), ("broker", 1.0))
    ]
    spec = spec_of(charts.stages(rows, title="t", value_title="ms"))
    (bar,) = marks(spec, "bar")
    assert bar["encoding"]["color"]["scale"]["domain"] == [
        "produce", "network", "broker",
    ]  # fmt: skip
    assert bar["encoding"]["order"]["field"] == "place"
    drawn = values(bar)
    assert [(r["stage"], r["value"], r["place"]) for r in drawn] == [
        ("produce", 3.0, 0),
        ("network", 5.0, 1),
        ("broker", 1.0, 2),
    ]


def test_percentiles_are_as_far_apart_as_their_tails() -> None:
    """p90, p99 and p99.9 are one, two and three nines."""
    rows = [
        {"codec": "zstd", "percentile": p, "value": v}
        for p, v in ((50, 1.0), (90, 2.0), (99, 4.0), (99.9, 9.0))
    ]
    spec = spec_of(charts.percentiles(rows, title="t", value_title="ms"))
    drawn = values(marks(spec, "line")[0])
    assert [row["nines"] for row in drawn] == pytest.approx([0.30103, 1, 2, 3])
    assert [row["value"] for row in drawn] == [1.0, 2.0, 4.0, 9.0]
    assert drawn[-1]["told"] == "zstd: p99.9 9.00"


@pytest.mark.parametrize("percentile", [-1, 100])
def test_a_percentile_outside_the_axis_is_refused(percentile: float) -> None:
    """p100 has no place: it is infinitely many nines away."""
    rows = [{"codec": "zstd", "percentile": percentile, "value": 1.0}]
    with pytest.raises(ValueError, match="percentile"):
        charts.percentiles(rows, title="t", value_title="ms")


def test_histogram_stacks_groups() -> None:
    """A group's bar begins where the one below ends, in each panel by itself."""
    bins = [
        {"panel": panel, "group": group, "low": 0, "high": 10, "count": count}
        for panel, group, count in (
            ("compress", "clean", 5),
            ("compress", "not", 2),
            ("decompress", "clean", 7),
        )
    ]  # fmt: skip
    spec = spec_of(charts.histogram(bins, title="t", value_title="v"))
    drawn = values(marks(spec, "rect")[0])
    assert [(r["base"], r["top"]) for r in drawn] == [(0, 5), (5, 7), (0, 7)]
    assert spec["facet"]["row"]["field"] == "panel"
    (bar,) = marks(spec, "rect")
    ends = [bar["encoding"][end]["field"] for end in ("y", "y2")]
    assert ends == ["base", "top"]


def test_changes_say_which_way() -> None:
    """Faster and slower have colours and shapes of their own, and a line at 0."""
    rows: list[dict[str, Any]] = [
        {"name": "zstd:1", "verdict": "slower", "change_pct": -4.8, "low_pct": -5.5,
         "high_pct": -4.1},
        {"name": "zstd:3", "verdict": "not separated", "change_pct": 0.3},
    ]  # fmt: skip
    spec = spec_of(charts.changes(rows, title="t"))
    (point,) = marks(spec, "point")
    drawn = values(point)
    assert [row["change_pct"] for row in drawn] == [-4.8, 0.3]
    assert drawn[0]["told"] == "zstd:1: slower, -4.8 % [-5.5..-4.1]"
    assert point["encoding"]["shape"]["scale"]["domain"] == ["not separated", "slower"]
    even, interval = marks(spec, "rule")
    assert even["encoding"]["x"] == {"datum": 0}
    assert interval["encoding"]["x"]["field"] == "low_pct"
    assert interval["encoding"]["x2"]["field"] == "high_pct"


def test_each_panel_of_changes_has_its_own_rows() -> None:
    """Compression is not drawn among decompression: the panels share the data out."""
    rows: list[dict[str, Any]] = [
        {"name": "zstd:1", "verdict": "slower", "change_pct": -5.0, "direction": way}
        for way in ("compress", "decompress")
    ]
    spec = spec_of(charts.changes(rows, title="t"))
    assert [row["direction"] for row in spec["data"]["values"]] == [
        "compress",
        "decompress",
    ]
    assert spec["facet"]["row"]["field"] == "direction"
    assert "data" not in spec["spec"]
    assert all("data" not in layer for layer in spec["spec"]["layer"])


def test_spreads_draw_the_quantiles() -> None:
    """A row's line goes from its 5th to its 95th percentile.

    Its middle half is thick, the tick is the median, and a dotted line is where asked.
    """
    row = {"name": "zstd:3", "group": "clean", "p05": 90.0, "p25": 97.0, "p50": 100.0,
           "p75": 101.0, "p95": 103.0}  # fmt: skip
    spec = spec_of(charts.spreads([row], title="t", value_title="%", middle=100.0))
    rules = marks(spec, "rule")
    assert values(rules[0]) == [{"p50": 100.0}]
    for rule, low, high in ((rules[1], "p05", "p95"), (rules[2], "p25", "p75")):
        assert rule["encoding"]["x"]["field"] == low
        assert rule["encoding"]["x2"]["field"] == high
    assert rules[2]["mark"]["strokeWidth"] > rules[1]["mark"]["strokeWidth"]
    assert marks(spec, "tick")[0]["encoding"]["x"]["field"] == "p50"
    (drawn,) = values(rules[1])
    assert {key: drawn[key] for key in row} == row


def test_words_hold_whole_numbers_without_an_exponent() -> None:
    """A mebibyte is no 1.049e+06, in whatever chart it stands."""
    big = {"codec": "zstd", "x": 1048576, "y": 123456.7, "percentile": 50.0,
           "value": 123456.7, "name": "zstd:3", "stage": "broker", "group": "clean",
           "low": 1048576, "high": 2097152, "count": 1, "p05": 1e6, "p25": 1e6,
           "p50": 1e6, "p75": 1e6, "p95": 1234567.8}  # fmt: skip
    drawn = (
        charts.curves([big], x="x", y="y", title="t", x_title="x", y_title="y"),
        charts.percentiles([big], title="t", value_title="v"),
        charts.stages([big], title="t", value_title="v"),
        charts.histogram([big], title="t", value_title="v"),
        charts.spreads([big], title="t", value_title="v"),
    )
    told = [
        values(marks(spec_of(chart), kind)[-1])[0]["told"]
        for chart, kind in zip(
            drawn, ("point", "point", "bar", "rect", "tick"), strict=True
        )
    ]
    assert told == [
        "zstd: x 1,048,576, y 123,457",
        "zstd: p50 123,457",
        "zstd:3, broker: 123,457",
        "1,048,576 to 2,097,152: 1 clean",
        (
            "zstd:3, clean: 5 % 1,000,000, 25 % 1,000,000, median 1,000,000, "
            "75 % 1,000,000, 95 % 1,234,568"
        ),
    ]
