"""Names that tell the rows of a result apart, and no longer than it takes."""

from collections.abc import Callable
from dataclasses import replace

from complab.results.model import RunRecord
from complab.results.names import row_names
from complab.results.rows import derive_rows

MakeRecord = Callable[..., RunRecord]

TIMES = {"compress": [[1000] * 6], "decompress": [[1000] * 6]}


def test_codec_and_level_are_enough_as_a_rule(make_record: MakeRecord) -> None:
    """Two codecs from two libraries need no more."""
    record = make_record(
        {"codec": "zstd", "level": 3, **TIMES},
        {"codec": "snappy", "level": None, "provider": "wheel", **TIMES},
    )
    names = row_names(derive_rows(record))
    assert [name.full for name in names] == ["zstd:3", "snappy"]
    assert [name.series for name in names] == ["zstd", "snappy"]


def test_the_library_is_named_where_a_codec_has_two(make_record: MakeRecord) -> None:
    """By its provider's name, or by its version where the names are the same."""
    record = make_record(
        {"codec": "zstd", "provider": "system", "version": "1.5.4", **TIMES},
        {"codec": "zstd", "provider": "wheel", "version": "1.5.7", **TIMES},
        {"codec": "lz4", "version": "1.9", **TIMES},
        {"codec": "lz4", "version": "1.10", **TIMES},
    )
    names = [name.full for name in row_names(derive_rows(record))]
    assert names == ["zstd@system:3", "zstd@wheel:3", "lz4@1.9:3", "lz4@1.10:3"]


def test_two_versions_of_one_providers_name_are_told_apart(
    make_record: MakeRecord,
) -> None:
    """Its version stands beside the name where that alone would be another row's."""
    record = make_record(
        {"codec": "zstd", "provider": "system", "version": "1.5.4", **TIMES},
        {"codec": "zstd", "provider": "wheel", "version": "1.5.7", **TIMES},
        {"codec": "zstd", "provider": "wheel", "version": "1.5.6", **TIMES},
    )
    names = [name.full for name in row_names(derive_rows(record))]
    assert names == ["zstd@system:3", "zstd@wheel 1.5.7:3", "zstd@wheel 1.5.6:3"]


def test_policies_are_named_where_they_differ(make_record: MakeRecord) -> None:
    """The same codec and level with fresh and with reused contexts are two rows."""
    rows = derive_rows(
        make_record({"codec": "zstd", **TIMES}, {"codec": "lz4", **TIMES})
    )
    twin = replace(rows[0], context="reused", threads=2)
    names = row_names([*rows, twin])
    assert [name.full for name in names] == [
        "zstd:3 fresh context 1 thread",
        "lz4:3",
        "zstd:3 reused context 2 threads",
    ]
    assert names[0].series != names[2].series
    assert names[2].variant == "reused context 2 threads"


def test_clients_are_named_where_they_differ(make_record: MakeRecord) -> None:
    """Java's zstd and librdkafka's are two series."""
    (row,) = derive_rows(make_record({"codec": "zstd", **TIMES}))
    names = row_names([row, replace(row, client="librdkafka")])
    assert [name.full for name in names] == ["zstd:3 java", "zstd:3 librdkafka"]
