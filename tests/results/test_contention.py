"""What stored canaries say, and the figures that follow from corrected epochs."""

from dataclasses import replace

import pytest

from complab.estimation import EpochFacts, estimate_corrected
from complab.plan import CORRECTED, PLAIN
from complab.results.compared_runs import log_ratios
from complab.results.contention import (
    canary_reference_ns,
    contention_of,
    epochs_of,
    judged,
)
from complab.results.model import (
    COMPRESS,
    DECOMPRESS,
    OK,
    ConfigurationFacts,
    InputFacts,
    Measurement,
    RunRecord,
)
from complab.results.rows import derive_rows
from complab.results.tables import sweep_table

BYTES = 1_000_000

# Quiet, slowed by half, and stalled for 3 ms: the same work in 10 ms each time.
EPOCH_TIMES_NS = (10_000_000, 15_000_000, 13_000_000)
STALLED_TIMES_NS = (0, 0, 3_000_000)
CANARY_IN_FLIGHT_NS = (100.0, 150.0, 100.0)


def measurement_of(direction: str) -> Measurement:
    """Three epochs of ten iterations that agree once they are corrected."""
    return Measurement(
        configuration=0,
        direction=direction,
        compressed_bytes=BYTES // 4,
        memory_bytes=None,
        status=OK,
        message="",
        epoch_times_ns=EPOCH_TIMES_NS,
        iteration_count=(10, 10, 10),
        canary_times_ns=((100, 100), (150, 100), (100, 100)),
        canary_in_flight_ns=CANARY_IN_FLIGHT_NS,
        stalled_times_ns=STALLED_TIMES_NS,
        is_clean=(None, None, None),
        round=(1, 2, 3),
        process=(0, 0, 0),
    )


def record_of(method: str) -> RunRecord:
    """A run of one codec by a method; by ``plain`` no canary flew."""
    measurements = tuple(map(measurement_of, (COMPRESS, DECOMPRESS)))
    if method == PLAIN:
        measurements = tuple(
            replace(each, stalled_times_ns=(0,) * 3, canary_in_flight_ns=(0.0,) * 3)
            for each in measurements
        )
    return RunRecord(
        complab_version="0",
        method_version=2,
        created_at="2026-01-01T00:00:00+00:00",
        command="complab",
        plan={"method": method},
        environment={},
        inputs=(InputFacts("x.bin", "", 1, 1, 1, BYTES, opaque=False),),
        configurations=(
            ConfigurationFacts(
                *(0, "zstd", 3, {}, "raw", None, "reused"),
                *(True, "warm", 1, None),
            ),
        ),
        measurements=measurements,
    )


def test_the_reference_is_that_of_the_whole_run() -> None:
    """The canaries before and after all epochs of both directions count."""
    found = canary_reference_ns(record_of(CORRECTED).measurements)
    assert found == pytest.approx(100.0)


def test_epochs_are_judged() -> None:
    """Quiet is clean; slowed or stalled is not; unwatched is neither."""
    corrected, plain = (judged(record_of(m).measurements) for m in (CORRECTED, PLAIN))
    assert [each.is_clean for each in corrected] == [(True, False, False)] * 2
    assert [each.is_clean for each in plain] == [(None, None, None)] * 2


def test_epochs_that_took_no_time_are_left_out() -> None:
    """An epoch that a coarse clock read as nothing has no speed."""
    stopped = replace(measurement_of(COMPRESS), epoch_times_ns=(0, 15_000_000, 13_000))
    assert [epoch.elapsed_ns for epoch in epochs_of(stopped)] == [15_000_000]


def test_the_headline_is_the_corrected_speed() -> None:
    """Slow and stalled epochs agree with the quiet one; the median does not."""
    (row,) = derive_rows(record_of(CORRECTED))
    assert row.compress_mbps == pytest.approx(1_000.0)
    assert row.compress_median_mbps == pytest.approx(BYTES * 1e3 / 1.3e6)
    assert row.compress_fastest_mbps == pytest.approx(1_000.0)
    expected = estimate_corrected(
        [EpochFacts(1e7, 10, 0.0, 100.0)] * 2 + [EpochFacts(1.3e7, 10, 3e6, 100.0)],
        100.0,
        6 / 76,
    )
    assert expected is not None
    assert row.compress_error_pct == pytest.approx(expected.error_pct, rel=1e-3)


def test_the_plain_headline_is_the_median() -> None:
    """With the method plain nothing is corrected and the bar is the median's own."""
    (row,) = derive_rows(record_of(PLAIN))
    assert row.decompress_mbps == pytest.approx(BYTES * 1e3 / 1.3e6)
    assert row.decompress_mbps == row.decompress_median_mbps
    assert row.decompress_error_pct is not None


def test_a_line_says_how_contended_the_run_was() -> None:
    """Over the table: undisturbed epochs, stolen time, slowdown; nothing for plain."""
    contended = contention_of(record_of(CORRECTED))
    assert contended is not None
    assert contended.stalled == pytest.approx(6 / 76)
    line = next(
        line
        for line in str(sweep_table(record_of(CORRECTED))).splitlines()
        if line.startswith("the machine")
    )
    assert line == (
        "the machine: 33% of the epochs undisturbed, the core taken away 8% of the "
        "time, 16.7% slower than usual"
    )
    assert contention_of(record_of(PLAIN)) is None
    assert "the machine" not in str(sweep_table(record_of(PLAIN)))


@pytest.mark.parametrize(
    ("factor", "words"),
    [
        (1.0, "at its usual speed"),
        (1.004, "at its usual speed"),
        (0.9, "10.0% faster than usual"),
        (1.1, "10.0% slower than usual"),
    ],
)
def test_pace_is_told_in_plain_words(factor: float, words: str) -> None:
    """A machine is slower, faster or neither; no figure bears a sign."""
    calm = record_of(CORRECTED)
    canaries = [
        t for m in calm.measurements for pair in m.canary_times_ns for t in pair
    ]
    usual_ns = max(set(canaries), key=canaries.count)
    record = replace(
        calm,
        measurements=tuple(
            replace(
                m,
                canary_in_flight_ns=tuple(
                    usual_ns * factor for _ in m.canary_in_flight_ns
                ),
                canary_times_ns=tuple((usual_ns, usual_ns) for _ in m.canary_times_ns),
            )
            for m in calm.measurements
        ),
    )
    assert f"of the time, {words}\n" in str(sweep_table(record))


def test_comparisons_are_of_times_without_stalls() -> None:
    """Against a side that was never stalled, a stalled one of equal speed is equal."""
    calm = replace(
        measurement_of(COMPRESS),
        epoch_times_ns=(10_000_000, 15_000_000, 10_000_000),
        stalled_times_ns=(0, 0, 0),
    )
    groups = log_ratios(calm, measurement_of(COMPRESS))
    assert [value for group in groups for value in group] == pytest.approx([0.0] * 3)
