"""The pytest plug-in: codecs in pytest-benchmark, and a gate on ratios and speeds.

pytest-benchmark times Python calls. Here the C loop has done the timing already: a
virtual clock, which nothing but epochs advance, hands their times over, one a round, so
that saving, comparing, histograms and ``--benchmark-compare-fail`` work on exactly
those. The fixture ``complab`` measures (once a session for the same words), feeds
pytest-benchmark, and asserts.

pytest imports this file in every project that has complab installed: it must load
nothing that it does not use.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from complab.results.rows import Row
    from complab.studies.compare import Comparison
    from complab.studies.sweep import SweepResult

__all__ = ["Gate", "VirtualClock"]

# What a sweep may take where benchmarks are disabled: it is a test that the codecs run.
_PLAIN_BUDGET_S = 2.0

_SWEEPS = pytest.StashKey[dict[tuple[Any, ...], "SweepResult"]]()


class VirtualClock:
    """A timer for ``@pytest.mark.benchmark(timer=...)`` that stands still by itself."""

    __name__ = "epochs"

    def __init__(self) -> None:
        """Begin at zero."""
        self._now_s = 0.0

    def __call__(self) -> float:
        """The time in seconds."""
        return self._now_s

    def advance(self, duration_s: float) -> None:
        """Let so much time pass."""
        self._now_s += duration_s

    def reset(self) -> None:
        """Go back to zero, where a difference of readings is exact."""
        self._now_s = 0.0


class Gate:
    """What the fixture ``complab`` gives a test.

    A codec is named as in a codec list (``"zstd:3"``, ``"lz4"``); without a level it is
    the only row of its codec, or the one at its default level.
    """

    def __init__(self, request: pytest.FixtureRequest) -> None:
        """Belong to the test that asks."""
        self._request = request
        self._config = request.config

    # ---- Measuring ---------------------------------------------------------------

    def sweep(
        self,
        path: str | Path,
        codecs: str | None = None,
        **options: Any,  # noqa: ANN401 - what complab.sweep takes
    ) -> "SweepResult":
        """Measure as ``complab.sweep`` does, once a session for the same arguments.

        So one interleaved run serves many tests. Where benchmarks are disabled it
        takes 2 s at most and its speeds mean little. Errors are those of
        ``complab.sweep``.
        """
        from complab.studies.sweep import sweep

        if self._is_disabled:
            asked_s = options.get("budget_s") or _PLAIN_BUDGET_S
            options["budget_s"] = min(asked_s, _PLAIN_BUDGET_S)
        known = self._config.stash.setdefault(_SWEEPS, {})
        key = (str(path), codecs, *sorted((k, str(v)) for k, v in options.items()))
        if key not in known:
            known[key] = sweep(str(path), codecs, **options)
        return known[key]

    @property
    def _is_disabled(self) -> bool:
        if self._config.getoption("benchmark_enable", False):
            return False
        return bool(self._config.getoption("benchmark_disable", False))

    def row(self, result: "SweepResult", codec: str) -> "Row":
        """A codec's row; the test is skipped or fails with the row."""
        return result.rows[self._index(result, codec)]

    @staticmethod
    def _index(result: "SweepResult", codec: str) -> int:
        from complab.results.model import FAILED, OK
        from complab.studies.sweep import find_reference

        configurations = result.record.configurations
        number = find_reference(configurations, codec)
        index = [facts.id for facts in configurations].index(number)
        row = result.rows[index]
        if row.status == FAILED:
            pytest.fail(f"{codec}: {row.message}", pytrace=False)
        elif row.status != OK:
            pytest.skip(f"{codec}: {row.message}")
        return index

    # ---- pytest-benchmark --------------------------------------------------------

    def benchmark(
        self, result: "SweepResult", codec: str, direction: str = "compress"
    ) -> "Row":
        """Hand the epochs of a row to pytest-benchmark, each as a round.

        A round's time is that of one iteration over the whole input, in seconds. What
        was measured stands in ``extra_info``.
        """
        index = self._index(result, codec)
        facts = result.record.configurations[index]
        measurement = next(
            m
            for m in result.record.measurements
            if (m.configuration, m.direction) == (facts.id, direction)
        )
        times_s = [
            elapsed_ns / count / 1e9
            for elapsed_ns, count in zip(
                measurement.epoch_times_ns, measurement.iteration_count, strict=True
            )
        ]
        clock = VirtualClock()
        benchmark = self._benchmark_on(clock)
        row = result.rows[index]
        benchmark.extra_info |= {
            "codec": row.codec,
            "level": row.level,
            "direction": direction,
            "library_version": row.library_version,
            "library_sha256": facts.provider.sha256 if facts.provider else None,
            "input_sha256": [item.sha256 for item in result.record.inputs],
            "uncompressed_bytes": row.uncompressed_bytes,
            "compressed_bytes": row.compressed_bytes,
            "compression_ratio": row.compression_ratio,
        }
        rest: Iterator[float] = iter(times_s)
        benchmark.pedantic(
            lambda: clock.advance(next(rest)), setup=clock.reset, rounds=len(times_s)
        )
        return row

    def _benchmark_on(self, clock: VirtualClock) -> Any:  # noqa: ANN401 - not typed
        """pytest-benchmark's fixture, reading this clock."""
        if not self._config.pluginmanager.hasplugin("benchmark"):
            pytest.fail("pytest-benchmark is not installed", pytrace=False)
        if "benchmark" in self._request.fixturenames:
            pytest.fail(
                "complab.benchmark drives the fixture benchmark itself: a test asks "
                "for one of them",
                pytrace=False,
            )
        node = self._request.node
        marker = node.get_closest_marker("benchmark")
        settings = {**(marker.kwargs if marker else {}), "timer": clock}
        node.add_marker(pytest.mark.benchmark(**settings), append=False)
        return self._request.getfixturevalue("benchmark")

    # ---- Assertions --------------------------------------------------------------

    def assert_ratio(
        self, result: "SweepResult", codec: str, *, at_least: float
    ) -> None:
        """Fail if a codec's compression ratio is below ``at_least``."""
        ratio = self.row(result, codec).compression_ratio
        if ratio is None or ratio < at_least:
            pytest.fail(
                f"{codec} compresses {ratio or 0:.4f} times, at least {at_least} are "
                "asked for",
                pytrace=False,
            )

    def assert_compressed_bytes(
        self,
        result: "SweepResult",
        codec: str,
        *,
        exactly: int | None = None,
        at_most: int | None = None,
    ) -> None:
        """Fail if a codec's output has not exactly so many bytes, or has more."""
        size_bytes = self.row(result, codec).compressed_bytes
        if exactly is not None and size_bytes != exactly:
            text = f"{codec} writes {size_bytes:,} bytes, expected {exactly:,}"
            pytest.fail(text, pytrace=False)
        if at_most is not None and (size_bytes is None or size_bytes > at_most):
            text = f"{codec} writes {size_bytes:,} bytes, at most {at_most:,} allowed"
            pytest.fail(text, pytrace=False)

    def assert_no_regression(
        self,
        result: "SweepResult | Comparison",
        baseline: str | Path | None = None,
        *,
        beyond_pct: float = 0.0,
        force: bool = False,
    ) -> None:
        """Fail if a speed fell by more than ``beyond_pct`` percent, beyond the noise.

        ``result`` is what ``complab.compare`` returned, or a sweep that is compared
        with the result file ``baseline``. ``pytest --complab-save`` writes that file;
        without one the test is skipped and says so.

        ``IncomparableResultsError`` if the baseline differs in more than libraries,
        unless ``force``.
        """
        from complab.studies.compare import Comparison, compare

        if isinstance(result, Comparison):
            found = result
        elif baseline is None:
            pytest.fail("a sweep is compared with a baseline: name its file")
        elif self._config.getoption("complab_save"):
            result.save(str(baseline), force=True)
            pytest.skip(f"{baseline}: this run is the baseline now")
        elif not Path(baseline).exists():
            pytest.skip(f"{baseline} is not there yet: pytest --complab-save writes it")
        else:
            found = compare(str(baseline), result, force=force)
        regressions: Sequence[object] = found.regressions(beyond_pct)
        if regressions:
            told = "\n".join(map(str, regressions))
            pytest.fail(f"{told}\n\n{found}", pytrace=False)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--complab-save``."""
    parser.getgroup("complab").addoption(
        "--complab-save",
        action="store_true",
        help="Write this run's results as the baselines that the fixture complab's "
        "assert_no_regression compares with, instead of comparing.",
    )


@pytest.fixture
def complab(request: pytest.FixtureRequest) -> Gate:
    """Codecs measured by complab: for pytest-benchmark, and for assertions."""
    return Gate(request)
