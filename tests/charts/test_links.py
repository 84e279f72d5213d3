"""Which path is fastest over which link: by brute force, and in the picture."""

import random
from itertools import pairwise
from typing import Any

import pytest
from chart_specs import marks, spec_of, values

from complab import charts
from complab.charts.links import (
    UNCOMPRESSED,
    Path,
    Range,
    best_paths,
    format_link,
    path_of,
    tell_range,
)

ROWS: list[dict[str, Any]] = [
    {
        "codec": codec,
        "level": level,
        "name": f"{codec}:{level}",
        "compression_ratio": ratio,
        "compress_mbps": compress,
        "decompress_mbps": decompress,
    }
    for codec, level, ratio, compress, decompress in (
        ("zstd", 19, 5.5, 40.0, 900.0),
        ("zstd", 1, 4.0, 400.0, 1000.0),
        ("lz4", 9, 2.5, 700.0, 2500.0),
        ("none", None, 1.0, 10_000.0, 10_000.0),
    )
]


def test_a_path_is_the_sum_of_three_times() -> None:
    """A byte through zstd:1 over 125 MB/s: compressed, a quarter sent, decompressed."""
    path = path_of(ROWS[1])
    assert path is not None
    assert path.total_ns(125) == pytest.approx(1e3 / 400 + 1e3 / 125 / 4 + 1e3 / 1000)


def test_what_compresses_nothing_is_the_uncompressed_path() -> None:
    """``none`` and rows without a figure are no paths of their own."""
    assert path_of(ROWS[3]) is None
    assert path_of({**ROWS[0], "decompress_mbps": None}) is None


@pytest.mark.parametrize("seed", range(20))
def test_best_paths_are_those_of_brute_force(seed: int) -> None:
    """Inside each range, no other path is faster."""
    source = random.Random(seed)
    paths = [
        Path(str(i), "zstd", source.lognormvariate(2, 2), source.uniform(0.1, 1.0))
        for i in range(30)
    ] + [UNCOMPRESSED]
    ranges = best_paths(paths)
    assert ranges[0].low_mbps is None
    assert ranges[-1].high_mbps is None
    for one, following in pairwise(ranges):
        assert one.high_mbps == following.low_mbps
    for each in ranges:
        low = each.low_mbps or (each.high_mbps or 1) / 100
        high = each.high_mbps or low * 100
        middle = (low * high) ** 0.5
        fastest = min(path.total_ns(middle) for path in paths)
        assert each.path.total_ns(middle) == pytest.approx(fastest)


def test_of_equal_paths_one_is_enough() -> None:
    """Twins do not take turns."""
    twins = [Path("a", "zstd", 5.0, 0.5), Path("b", "zstd", 5.0, 0.5)]
    assert best_paths(twins) == [Range(twins[0], None, None)]
    assert best_paths([]) == []


def test_lines_are_times_as_fast_as_uncompressed() -> None:
    """Each codec is at its best level for the link, by the same arithmetic."""
    spec = spec_of(charts.speed_over_links(ROWS))
    lines = values(marks(spec, "line")[0])
    assert {row["series"] for row in lines} == {"zstd", "lz4"}
    slowest, *_, fastest = (row for row in lines if row["series"] == "zstd")
    assert (slowest["name"], fastest["name"]) == ("zstd:19", "zstd:1")
    mbps = slowest["mbit"] / 8
    path = path_of(ROWS[0])
    assert path is not None
    assert slowest["speedup"] == pytest.approx(1e3 / mbps / path.total_ns(mbps))
    (line,) = marks(spec, "line")
    scale = line["encoding"]["y"]["scale"]
    assert scale["type"] == "log"
    assert scale["domain"][1] > max(row["speedup"] for row in lines)
    (even,) = marks(spec, "rule")
    assert values(even) == [{"speedup": 1}]


def test_libraries_of_one_codec_are_dashed_apart() -> None:
    """Each is a line of its own, with a dash of its own."""
    rows = [
        {**row, "series": f"zstd@{place}", "variant": place}
        for place in ("system", "wheel")
        for row in ROWS[:2]
    ]
    (line,) = marks(spec_of(charts.speed_over_links(rows)), "line")
    assert line["encoding"]["strokeDash"]["scale"]["domain"] == ["system", "wheel"]
    assert line["encoding"]["detail"]["field"] == "series"


def test_the_strip_names_the_best_over_the_whole_axis() -> None:
    """Its stretches join from the slowest link to the fastest, uncompressed last."""
    spec = spec_of(charts.speed_over_links(ROWS))
    strip = values(marks(spec, "bar")[0])
    assert [row["codec"] for row in strip] == ["zstd", "zstd", "lz4", "none"]
    assert strip[0]["from_mbit"] == 10
    assert strip[-1]["to_mbit"] == 40_000
    for one, following in pairwise(strip):
        assert one["to_mbit"] == following["from_mbit"]


def test_the_strip_has_words_where_they_have_room() -> None:
    """A narrow stretch says what it is to who hovers, and has no words on it."""
    wide, narrow = (
        values(marks(spec_of(charts.speed_over_links(ROWS, width=px)), "bar")[0])
        for px in (1400, 140)
    )
    assert [row["text"] for row in wide] == [
        "zstd:19", "zstd:1", "lz4:9", "uncompressed",
    ]  # fmt: skip
    assert None in [row["text"] for row in narrow]
    assert [row["told"] for row in narrow] == [row["told"] for row in wide]


def test_words_of_links() -> None:
    """Networks are told in bits."""
    assert format_link(124.99) == "1.00 Gbit/s"
    assert tell_range(Range(UNCOMPRESSED, None, 12.5)) == "up to 100 Mbit/s"
    assert tell_range(Range(UNCOMPRESSED, None, None)) == "over any link"
