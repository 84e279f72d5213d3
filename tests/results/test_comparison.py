"""Comparisons of made-up records: which rows, which answer, which words."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from complab.errors import IncomparableResultsError, ResultError
from complab.results import comparable
from complab.results.compared_runs import compare_pairs, compare_records
from complab.results.comparison import (
    FASTER,
    NOT_SEPARATED,
    SLOWER,
    Change,
    describe,
    regressions,
)
from complab.results.comparison_table import comparison_table
from complab.results.model import FAILED, RunRecord
from complab.studies.compare import compare
from complab.studies.sweep import SweepResult

MakeRecord = Callable[..., RunRecord]


def times(middle_ns: float, *, seed: int = 0, processes: int = 4) -> list[list[int]]:
    """Thirty epochs in each process, 1 % of noise."""
    source = random.Random(seed)
    return [
        [round(middle_ns * source.lognormvariate(0, 0.01)) for _ in range(30)]
        for _ in range(processes)
    ]


def test_three_answers(make_record: MakeRecord) -> None:
    """B twice as fast, B a tenth slower, and no difference, each with its interval."""
    record = make_record(
        {"level": 1, "compress": times(1e6), "decompress": times(1e6, seed=1)},
        {"level": 1, "compress": times(5e5, seed=2), "decompress": times(1.1e6)},
        {"level": 2, "compress": times(1e6), "decompress": []},
        {"level": 2, "compress": times(1e6, seed=3), "decompress": []},
    )
    first, second = compare_pairs(record, [(0, 1), (2, 3)])
    assert first.compress_verdict == FASTER
    assert first.compress_change_pct == pytest.approx(100, abs=2)
    assert first.decompress_verdict == SLOWER
    assert first.decompress_change_pct == pytest.approx(-9.09, abs=1)
    assert first.decompress_low_pct is not None
    assert first.decompress_high_pct is not None
    assert first.decompress_low_pct < -9.09 < first.decompress_high_pct < 0
    assert second.compress_verdict == NOT_SEPARATED
    assert second.decompress_verdict is None
    assert second.change("decompress") is None
    assert second.compress_count == 120


def test_regressions_are_beyond_a_threshold(make_record: MakeRecord) -> None:
    """Only what is separated and fell by more than asked for counts."""
    record = make_record(
        {"compress": times(1e6), "decompress": times(1e6)},
        {"compress": times(1.2e6, seed=1), "decompress": times(1e6, seed=2)},
    )
    rows = compare_pairs(record, [(0, 1)])
    found = regressions(rows)
    assert [regression.direction for regression in found] == ["compress"]
    assert "zstd:3 compress: slower by 16." in str(found[0])
    assert regressions(rows, 16.0)
    assert regressions(rows, 17.5) == ()


def test_few_pairs_say_what_it_takes(make_record: MakeRecord) -> None:
    """Eight pairs that all say twice as slow separate nothing; the words say why."""
    record = make_record(
        {"compress": [[100] * 8]},
        {"compress": [[200] * 8]},
    )
    (row,) = compare_pairs(record, [(0, 1)])
    assert row.compress_verdict == NOT_SEPARATED
    assert row.compress_reason == (
        "8 pairs of epochs count as too few, it takes 9: raise --budget"
    )


def test_a_change_of_size_is_always_told(make_record: MakeRecord) -> None:
    """One byte more is one byte more, whatever the speeds say."""
    record = make_record(
        {"compressed_bytes": 4000, "compress": times(1e6)},
        {"compressed_bytes": 4001, "compress": times(1e6, seed=1)},
        {"compressed_bytes": 4000, "compress": times(1e6)},
        {"compressed_bytes": 4000, "compress": times(1e6, seed=1)},
    )
    rows = compare_pairs(record, [(0, 1), (2, 3)])
    assert [row.compressed_change_bytes for row in rows] == [1, 0]
    table = comparison_table(rows)
    assert [row["size"] for row in table.rows] == ["+1 (+0.03 %)", "the same"]
    assert "B compresses to another size in 1 of 2 rows" in table.notes


def test_a_failed_side_is_a_failed_row(make_record: MakeRecord) -> None:
    """A side that could not be measured fails its row, which says which side it is."""
    record = make_record(
        {"compress": times(1e6)},
        {"compress": times(1e6), "status": FAILED},
    )
    (row,) = compare_pairs(record, [(0, 1)])
    assert (row.status, row.message) == (FAILED, "B: it broke")
    assert row.compress_verdict is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (Change(FASTER, 4.24, 3.06, 5.31, 90), "faster by 4.2 % [3.1..5.3]"),
        (Change(SLOWER, -4.8, -5.5, -4.1, 90), "slower by 4.8 % [4.1..5.5]"),
        (Change(NOT_SEPARATED, 0, -0.6, 0.4, 90), "not separated [-0.6..+0.4 %]"),
        (Change(NOT_SEPARATED, 0, None, None, 3, "few"), "not separated: few"),
    ],
)
def test_answers_in_words(change: Change, words: str) -> None:
    """The answer comes first, then how much, then between what."""
    assert describe(change) == words


# ---- Stored results --------------------------------------------------------------


def row(level: int, middle_ns: float, **more: Any) -> dict[str, Any]:
    """A row of a record with both directions at one speed."""
    return {
        "level": level,
        "compress": times(middle_ns, seed=level),
        "decompress": times(middle_ns, seed=level + 50),
        **more,
    }


def test_stored_results_are_compared_by_their_processes(
    make_record: MakeRecord,
) -> None:
    """A large difference is separated, a small one is not, though the noise is 1 %."""
    before = make_record(row(1, 1e6), row(2, 1e6), row(3, 1e6))
    after = make_record(row(3, 1.4e6), row(2, 1.04e6), row(1, 1e6, version="1.5.7"))
    rows, alone = compare_records(before, after)
    assert alone == ()
    verdicts = {r.level: r.compress_verdict for r in rows}
    assert verdicts == {1: NOT_SEPARATED, 2: NOT_SEPARATED, 3: SLOWER}
    assert rows[0].b_version == "1.5.7"
    assert rows[0].compress_count == 4


def test_one_process_is_not_enough(make_record: MakeRecord) -> None:
    """Where the variance between processes is unknown, nothing is separated."""
    one = make_record({"compress": times(1e6, processes=1)})
    other = make_record({"compress": times(3e6)})
    ((found,), _) = compare_records(one, other)
    assert found.compress_verdict == NOT_SEPARATED
    assert "one process measured it" in found.compress_reason


def test_rows_meet_by_all_but_the_provider(make_record: MakeRecord) -> None:
    """A row alone on both sides meets whatever its provider; of two, names decide."""
    before = make_record(
        row(1, 1e6, provider="system"),
        row(2, 1e6, provider="system"),
        row(2, 1e6, provider="wheel"),
        row(9, 1e6),
    )
    after = make_record(
        row(2, 1e6, provider="wheel"),
        row(2, 1e6, provider="other"),
        row(1, 1e6, provider="new"),
    )
    rows, alone = compare_records(before, after)
    met = {(r.level, r.a_provider, r.b_provider) for r in rows}
    assert met == {(1, "system", "new"), (2, "wheel", "wheel")}
    assert set(alone) == {
        "zstd@system:2 is in A only",
        "zstd@other:2 is in B only",
        "zstd@system:9 is in A only",
    }


_OTHER_INPUT = (
    "input: batch.bin (sha256 aaaaaaaaaaaa…), then batch.bin (sha256 bbbbbbbbbbbb…)"
)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"method_version": 2}, "method_version: 1, then 2"),
        ({"plan": {"method": "gated"}}, "method: plain, then gated"),
        ({"environment": {"cpu_model": "another"}}, "CPU: a CPU, then another"),
        ({"sha256": "b" * 64}, _OTHER_INPUT),
    ],
)
def test_what_must_be_the_same(
    make_record: MakeRecord, fields: dict[str, Any], words: str
) -> None:
    """Another method, machine or input is refused by name, and goes on when forced."""
    before = SweepResult(make_record(row(1, 1e6)))
    after = SweepResult(make_record(row(1, 1e6), **fields))
    assert comparable.differences(before.record, after.record) == (words,)
    with pytest.raises(IncomparableResultsError) as raised:
        compare(before, after)
    assert raised.value.differences == (words,)
    assert words in str(raised.value)
    forced = compare(before, after, force=True)
    assert f"compared although it differs: {words}" in str(forced)


def test_what_may_differ_is_told(make_record: MakeRecord) -> None:
    """An upgraded system is compared, and its kernel is named."""
    before = SweepResult(make_record(row(1, 1e6)))
    after = SweepResult(make_record(row(1, 1e6), environment={"kernel": "6.12"}))
    result = compare(before, after)
    assert result.remarks == ("differs besides: kernel: 6.1, then 6.12",)
    assert not result.is_paired


def test_policies_tell_rows_apart(make_record: MakeRecord) -> None:
    """Rows of one codec and level meet by their policies, which are in their names."""
    told: list[dict[str, Any]] = [{}, {"context": "reused"}, {"threads": 2}]
    before = make_record(*({**row(3, 1e6), **each} for each in told))
    after = make_record(*({**row(3, 2e6), **each} for each in reversed(told)))
    rows, alone = compare_records(before, after)
    assert alone == ()
    assert [each.name for each in rows] == [
        "zstd:3",
        "zstd:3 reused context",
        "zstd:3 2 threads",
    ]
    lines = str(comparison_table(rows)).splitlines()
    (heads,) = (line for line in lines if line.startswith("codec"))
    assert "context" in heads
    assert "threads" in heads
    assert "buffers" not in heads
    plain, _ = compare_records(make_record(row(3, 1e6)), make_record(row(3, 2e6)))
    assert "context" not in str(comparison_table(plain))


def test_results_without_a_common_row(make_record: MakeRecord) -> None:
    """Results of other codecs have nothing to compare."""
    before = SweepResult(make_record(row(1, 1e6)))
    after = SweepResult(make_record(row(2, 1e6)))
    with pytest.raises(ResultError, match="no configuration in common"):
        compare(before, after)
