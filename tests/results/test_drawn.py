"""Rows for charts: the result's own numbers, and who is on the front."""

from collections.abc import Callable
from dataclasses import asdict, replace

import pytest

from complab.results.drawn import compared_rows, drawn_rows
from complab.results.epochs import epoch_bins, epoch_speeds, spread_rows
from complab.results.model import FAILED, RunRecord
from complab.results.rows import derive_rows

MakeRecord = Callable[..., RunRecord]


def row(codec: str, size: int, compress: int, decompress: int, **more: object) -> dict:  # type: ignore[type-arg]
    """A row of six equal epochs."""
    return {
        "codec": codec,
        "compressed_bytes": size,
        "compress": [[compress] * 6],
        "decompress": [[decompress] * 6],
        **more,
    }


@pytest.fixture
def record(make_record: MakeRecord) -> RunRecord:
    """A small and slow row, a large and fast one, one that both beat, a broken one."""
    return make_record(
        row("zstd", 1000, 5000, 900),
        row("lz4", 2000, 1000, 1000),
        row("gzip", 2500, 6000, 800),
        row("snappy", 2500, 500, 100, status=FAILED),
    )


def test_rows_that_went_well_keep_their_numbers(record: RunRecord) -> None:
    """Every column of the table is there, as it is."""
    drawn = drawn_rows(record)
    assert [each["codec"] for each in drawn] == ["zstd", "lz4", "gzip"]
    for each, own in zip(drawn, derive_rows(record), strict=False):
        assert {key: each[key] for key in asdict(own)} == asdict(own)


def test_fronts_are_of_their_direction(record: RunRecord) -> None:
    """gzip is beaten in compression and is the fastest to decompress."""
    fronts = [
        (each["is_compress_front"], each["is_decompress_front"])
        for each in drawn_rows(record)
    ]
    assert fronts == [(True, True), (True, False), (False, True)]


def test_what_compresses_nothing_is_on_no_front(make_record: MakeRecord) -> None:
    """``none`` would be the fastest of all; it is not drawn."""
    record = make_record(
        row("zstd", 1000, 5000, 900), row("none", 5000, 1, 1, level=None)
    )
    assert [each["is_compress_front"] for each in drawn_rows(record)] == [True, False]


def test_codecs_that_kafka_lacks_are_marked(make_record: MakeRecord) -> None:
    """Beside Kafka's codecs brotli is a stranger, and on no front of theirs."""
    record = make_record(row("zstd", 1000, 5000, 900), row("brotli", 500, 1, 1))
    framings = ("kafka", "raw")
    record = replace(
        record,
        configurations=tuple(
            replace(each, framing=framing)
            for each, framing in zip(record.configurations, framings, strict=True)
        ),
    )
    zstd, brotli = drawn_rows(record)
    assert brotli["codec_words"] == "brotli (not in Kafka)"
    assert (zstd["is_compress_front"], brotli["is_compress_front"]) == (True, False)


def test_a_label_parts_the_series_of_two_results(record: RunRecord) -> None:
    """Rows of results A and B in one picture are lines of their own."""
    drawn = drawn_rows(record, label="A")
    assert drawn[0]["name"] == "A zstd:3"
    assert drawn[0]["series"] == "A zstd"
    assert drawn[0]["variant"] == "A"


def test_epochs_are_in_percent_of_the_headline(make_record: MakeRecord) -> None:
    """Half as long an epoch is twice as fast as the median; groups are kept apart."""
    record = make_record(
        {"codec": "zstd", "compress": [[1000, 1000, 1000, 500, 2000]], "decompress": []}
    )
    measurement = replace(
        record.measurements[0], is_clean=(True, True, True, True, False)
    )
    record = replace(record, measurements=(measurement, *record.measurements[1:]))
    clean, disturbed = epoch_speeds(record)
    assert clean.group == "undisturbed"
    assert clean.speeds_pct == pytest.approx((100, 100, 100, 200))
    assert disturbed.speeds_pct == pytest.approx((50,))
    spread = spread_rows([clean])[0]
    assert (spread["p50"], spread["count"]) == (pytest.approx(100), 4)
    assert spread["p75"] == pytest.approx(125)


def test_bins_hold_every_epoch(make_record: MakeRecord) -> None:
    """What lies outside is counted in the outermost bins."""
    record = make_record(
        {"codec": "zstd", "compress": [[1000, 1000, 1000, 1, 9000]], "decompress": []}
    )
    bins = epoch_bins(epoch_speeds(record))
    assert [(each["low"], each["count"]) for each in bins] == [
        (60, 1),
        (100, 3),
        (118, 1),
    ]


def test_failed_rows_have_no_epochs(record: RunRecord) -> None:
    """Only rows that went well are drawn."""
    assert {each.name for each in epoch_speeds(record)} == {"zstd:3", "lz4:3", "gzip:3"}


def test_changes_without_a_figure_are_left_out() -> None:
    """A comparison of nothing draws nothing."""
    assert compared_rows([]) == []
