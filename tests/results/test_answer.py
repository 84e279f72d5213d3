"""The answer of a result says what was found, and no more."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from complab.charts.links import UNCOMPRESSED
from complab.page.answer import LinkChoice, answer_of
from complab.results.drawn import drawn_rows
from complab.results.model import FAILED, RunRecord
from complab.results.rows import derive_rows

MakeRecord = Callable[..., RunRecord]

_STEADY = (0, 0, 0, 0, 0, 0)
_NOISY = (-300, -200, -100, 100, 200, 300)


def row(
    codec: str,
    size: int,
    time_ns: int,
    around: Sequence[int] = _STEADY,
    **more: Any,
) -> dict[str, Any]:
    """A row whose epochs lie around a time, the same in both directions."""
    times = [[time_ns + each for each in around]]
    return {
        "codec": codec,
        "level": None,
        "compressed_bytes": size,
        "compress": times,
        "decompress": times,
        **more,
    }


def test_rows_that_are_surely_beaten_are_counted(make_record: MakeRecord) -> None:
    """gzip is larger and slower than zstd; what compresses nothing is not counted."""
    answer = answer_of(
        make_record(
            row("zstd", 1000, 5000),
            row("lz4", 2000, 1000),
            row("gzip", 1500, 6000),
            row("none", 5000, 10),
        )
    )
    assert [each["name"] for each in answer.front] == ["zstd", "lz4"]
    assert [each["name"] for each in answer.beaten] == ["gzip"]
    assert answer.front_sentence() == (
        "1 other row is both larger and, beyond error bars, slower to compress than "
        "one of these"
    )


def test_rows_whose_error_bars_overlap_beat_none(make_record: MakeRecord) -> None:
    """gzip may be as fast as zstd: it stays on the front, and zstd is not the fastest.

    The middle of gzip's epochs is slower than that of zstd's.
    """
    answer = answer_of(
        make_record(row("zstd", 1000, 5000, _NOISY), row("gzip", 1500, 5010, _NOISY))
    )
    assert answer.beaten == ()
    assert answer.front_sentence() == (
        "none of these is both larger and, beyond error bars, slower to compress than "
        "another"
    )
    _, compress, decompress = answer.statements
    for statement in (compress, decompress):
        assert statement.row == "zstd"
        assert statement.figures.endswith("; not separated: gzip")


def test_rows_without_an_error_bar_are_told(make_record: MakeRecord) -> None:
    """One epoch has no interval: that gzip is slower is what its figure says."""
    answer = answer_of(
        make_record(row("zstd", 1000, 5000), row("gzip", 1500, 6000, (0,)))
    )
    assert answer.front_sentence().endswith(
        "one of these; 1 row has no error bar and went by the figure alone"
    )


def test_what_is_not_in_the_answer_beats_nothing_in_it(make_record: MakeRecord) -> None:
    """A failed row and ``none`` are better than lz4 in both, and change nothing."""
    record = make_record(
        row("zstd", 1000, 5000),
        row("lz4", 6000, 1000),
        row("snappy", 500, 10, status=FAILED),
        row("none", 5000, 10),
    )
    assert [each["name"] for each in answer_of(record).front] == ["zstd", "lz4"]
    assert [each.is_pareto for each in derive_rows(record)] == [
        True,
        False,
        False,
        True,
    ]


def test_failures_are_told_with_their_reasons(make_record: MakeRecord) -> None:
    """The first few by name: a report as text has no table of rows to look into."""
    broken = [row("zstd", 1000, 1000, level=n, status=FAILED) for n in range(5)]
    answer = answer_of(make_record(row("lz4", 2000, 1000), *broken))
    assert answer.problems == (
        "zstd:0 failed: it broke",
        "zstd:1 failed: it broke",
        "zstd:2 failed: it broke",
        "2 more rows failed",
    )


def test_every_row_beside_the_front_is_beaten_by_one_of_it(
    make_record: MakeRecord,
) -> None:
    """The front's rows themselves say so: a better ratio, and surely a better speed."""
    record = make_record(
        *(
            row(f"codec{size}-{time_ns}", size, time_ns, _NOISY)
            for size in range(1000, 4000, 500)
            for time_ns in (1000, 1900, 2100, 5000)
        )
    )
    answer = answer_of(record)
    assert len(answer.beaten) > 10
    assert len(answer.front) + len(answer.beaten) == len(drawn_rows(record))
    for each in answer.beaten:
        high = each["compress_mbps"] * (1 + each["compress_error_pct"] / 100)
        assert any(
            other["compression_ratio"] > each["compression_ratio"]
            and other["compress_mbps"] * (1 - other["compress_error_pct"] / 100) > high
            for other in answer.front
        )


def test_twins_are_named_with_the_smallest(make_record: MakeRecord) -> None:
    """Rows of one size are as small as each other; the first few are named."""
    record = make_record(
        *(row("zstd", 1000, 1000 + n, provider=f"lib{n}") for n in range(6))
    )
    smallest, *_ = answer_of(record).statements
    assert smallest.row == "zstd@lib0"
    assert smallest.figures.endswith(
        "; as small: zstd@lib1, zstd@lib2, zstd@lib3 and 2 more"
    )


def test_codecs_outside_kafka_neither_beat_nor_are_beaten(
    make_record: MakeRecord,
) -> None:
    """brotli has frames of no client: it is named by itself, if it is smaller."""
    record = make_record(row("zstd", 1000, 5000), row("brotli", 500, 10))
    record = replace(
        record,
        configurations=tuple(
            replace(each, framing=framing)
            for each, framing in zip(
                record.configurations, ("kafka", "raw"), strict=True
            )
        ),
    )
    answer = answer_of(record)
    assert [each["name"] for each in answer.front] == ["zstd"]
    assert answer.beaten == ()
    assert answer.front_sentence() == "no other row compresses in its framing"
    assert answer.statements[-1].about == "Smaller still, but not in Kafka"


@pytest.mark.parametrize(
    ("times", "words"), [(4.26, "4.3"), (123.4, "123"), (1234.5, "1,234")]
)
def test_links_tell_times_without_an_exponent(times: float, words: str) -> None:
    """A hundred times as fast is no 1.2e+02."""
    path = replace(UNCOMPRESSED, name="zstd:1")
    choice = LinkChoice(125.0, path, times)
    assert str(choice) == f"over 1.00 Gbit/s zstd:1 ({words} times as fast)"
