"""How far independent runs of one sweep lie apart, for each way to estimate a speed.

``run`` makes sweeps one after the other, each a program of its own, and keeps their
result files. ``reduce`` derives every estimator from the same stored epochs of each
run, so that estimators are compared on the same noise, and writes one small CSV.
``tell`` prints spreads and coverage of such a CSV; the notebook ``repeatability`` reads
it too. What it is not for: comparing machines.

    python tests/studies/repeatability.py run --runs 10 --budget 26 runs/
    python tests/studies/repeatability.py reduce runs/*.json --output repeatability.csv
    python tests/studies/repeatability.py tell repeatability.csv
"""

import argparse
import contextlib
import csv
import math
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median

from complab.estimation import EpochFacts, corrected_time_ns, estimate_corrected
from complab.results.contention import canary_reference_ns, contention_of, epochs_of
from complab.results.files import load
from complab.results.model import COMPRESS, RunRecord

CODECS = "memcpy,zstd:1-22,lz4,snappy"
SAMPLE = "samples/http-requests-1m-none.bin"

# What ratios are taken to: in the middle of the speeds, and what clients write.
_RATIO_ROW = "zstd:3"

Estimator = Callable[[Sequence[EpochFacts], float | None], float]


def _plain(epoch: EpochFacts) -> float:
    return epoch.elapsed_ns / epoch.iteration_count


def _unstalled(epoch: EpochFacts) -> float:
    return (epoch.elapsed_ns - epoch.stalled_ns) / epoch.iteration_count


def _headline(epochs: Sequence[EpochFacts], reference_ns: float | None) -> float:
    found = estimate_corrected(epochs, reference_ns, 0.0)  # which moves the bar alone
    return found.value if found else math.nan


# From what lzbench does to what complab does, one device more each time.
ESTIMATORS: dict[str, Estimator] = {
    "fastest": lambda epochs, _: min(map(_plain, epochs)),
    "median": lambda epochs, _: median(map(_plain, epochs)),
    "unstalled": lambda epochs, _: median(map(_unstalled, epochs)),
    "corrected": lambda epochs, reference_ns: median(
        corrected_time_ns(epoch, reference_ns) for epoch in epochs
    ),
    "headline": _headline,
}

FIELDS = (
    *("run", "row", "direction", "epoch_count", "process_count"),
    *(f"{name}_ns" for name in ESTIMATORS),
    *("low_ns", "high_ns", "clean_share", "stalled_share"),
)


# Compresses all the time: a neighbour that uses caches and memory, as a codec's would.
_NEIGHBOUR = """
import os, zlib
data = os.urandom(1 << 19) + bytes(range(256)) * 2048
while os.getppid() == {parent}:
    zlib.compress(data)
"""


@contextlib.contextmanager
def busy_neighbour() -> Iterator[None]:
    """A process that keeps a core busy until the block ends."""
    code = _NEIGHBOUR.format(parent=os.getpid())
    with subprocess.Popen([sys.executable, "-c", code]) as process:
        try:
            yield
        finally:
            process.kill()


def make_runs(
    folder: Path, sample: str, codecs: str, *, run_count: int, budget_s: float
) -> None:
    """Sweep ``run_count`` times, each time in a fresh program."""
    folder.mkdir(parents=True, exist_ok=True)
    program = Path(sys.executable).with_name("complab")
    for number in range(run_count):
        path = folder / f"run-{number:02}.json"
        options = ["--framing", "raw", "--codecs", codecs, "--budget", str(budget_s)]
        # No row leaves early: what spreads is then the same for all.
        options += ["--precision", "0.01", "--seed", str(number), "--save", str(path)]
        options += ["--quiet", "--force", "--format", "csv"]
        subprocess.run(
            [program, "sweep", sample, *options], check=True, stdout=subprocess.DEVNULL
        )
        record = load(str(path))
        load_average = os.getloadavg()[0]
        sys.stdout.write(
            f"{path}: {_contention_text(record)}, load {load_average:.1f}\n"
        )


def _contention_text(record: RunRecord) -> str:
    found = contention_of(record)
    if found is None:
        return "not watched"
    return f"{found.clean:.0%} clean, {found.stalled:.0%} stalled"


def reduce_run(number: int, record: RunRecord) -> Iterator[dict[str, object]]:
    """One mapping for each row and direction of a run that has epochs."""
    reference_ns = canary_reference_ns(record.measurements)
    found = contention_of(record)
    stalled_share = found.stalled if found else 0.0
    names = {c.id: _name(c.codec, c.level) for c in record.configurations}
    for measurement in record.measurements:
        epochs = list(epochs_of(measurement))
        if not epochs:
            continue
        interval = estimate_corrected(epochs, reference_ns, stalled_share)
        yield {
            "run": number,
            "row": names[measurement.configuration],
            "direction": measurement.direction,
            "epoch_count": len(epochs),
            "process_count": len({epoch.process for epoch in epochs}),
            **{
                f"{name}_ns": round(estimator(epochs, reference_ns), 1)
                for name, estimator in ESTIMATORS.items()
            },
            "low_ns": round(interval.low, 1) if interval else "",
            "high_ns": round(interval.high, 1) if interval else "",
            "clean_share": round(found.clean, 3) if found else "",
            "stalled_share": round(found.stalled, 3) if found else "",
        }


def _name(codec: str, level: int | None) -> str:
    return codec if level is None else f"{codec}:{level}"


class Study:
    """The CSV of a study: for each run, row and direction every estimator's time."""

    def __init__(self, rows: Sequence[dict[str, str]]) -> None:
        """Keep what every run has: a row that one lacks cannot be compared."""
        self.runs = sorted({row["run"] for row in rows}, key=int)
        self._cells = {(r["run"], r["row"], r["direction"]): r for r in rows}
        keys = dict.fromkeys((row["row"], row["direction"]) for row in rows)
        self.keys = [
            key for key in keys if all((run, *key) in self._cells for run in self.runs)
        ]

    @classmethod
    def read(cls, path: str) -> "Study":
        """Read the CSV that ``reduce`` wrote."""
        with Path(path).open(encoding="utf-8", newline="") as file:
            return cls(list(csv.DictReader(file)))

    def value(self, run: str, key: tuple[str, str], column: str) -> float:
        """One cell as a number."""
        return float(self._cells[run, *key][column])

    def spread_pct(self, key: tuple[str, str], estimator: str) -> float:
        """Largest less smallest of the runs' speeds in percent of their median."""
        return _spread_pct(
            [1 / self.value(run, key, f"{estimator}_ns") for run in self.runs]
        )

    def ratio_spread_pct(self, key: tuple[str, str], estimator: str) -> float:
        """The same for the speed in times of that of another row inside the run."""
        column, reference = f"{estimator}_ns", (_RATIO_ROW, key[1])
        return _spread_pct(
            [
                self.value(run, reference, column) / self.value(run, key, column)
                for run in self.runs
            ]
        )

    def coverage(self) -> float:
        """How many intervals hold the median of the other runs' headlines."""
        held = [
            self.value(run, key, "low_ns") <= rest <= self.value(run, key, "high_ns")
            for key in self.keys
            for run in self.runs
            for rest in [self._median_of_others(run, key)]
        ]
        return sum(held) / len(held)

    def _median_of_others(self, run: str, key: tuple[str, str]) -> float:
        return median(
            self.value(other, key, "headline_ns") for other in self.runs if other != run
        )

    def error_pct(self, key: tuple[str, str]) -> float:
        """Half the interval of the typical run in percent of its headline."""
        return median(
            50
            * (self.value(run, key, "high_ns") - self.value(run, key, "low_ns"))
            / self.value(run, key, "headline_ns")
            for run in self.runs
        )


def _spread_pct(values: Sequence[float]) -> float:
    return 100 * (max(values) - min(values)) / median(values)


def group_of(key: tuple[str, str]) -> str:
    """The group of a row: decompression, or how long a compressing pass takes."""
    name, direction = key
    if direction != COMPRESS:
        return "decompression"
    level = int(name.partition(":")[2] or 0)
    for last, group in ((4, "fast"), (12, "zstd 5-12"), (15, "zstd 13-15")):
        if level <= last:
            return group
    return "zstd 16-22"


def tell(study: Study) -> Iterator[str]:
    """The study in lines: median row / worst row of each group."""
    groups: dict[str, list[tuple[str, str]]] = {"compression": []}
    for key in study.keys:
        groups.setdefault(group_of(key), []).append(key)
        if key[1] == COMPRESS:
            groups["compression"].append(key)
    stalled = [study.value(run, study.keys[0], "stalled_share") for run in study.runs]
    yield (
        f"{len(study.runs)} runs, rows compared: {len(study.keys)}; the core was taken "
        f"away {min(stalled):.0%} to {max(stalled):.0%} of the time"
    )
    yield f"{'spread, median row / worst row in %':38}" + "".join(
        f"{name:>16}" for name in ESTIMATORS
    )
    for what, measure in (("", study.spread_pct), ("ratios, ", study.ratio_spread_pct)):
        for group, keys in groups.items():
            cells = []
            for estimator in ESTIMATORS:
                spreads = [measure(key, estimator) for key in keys]
                cells.append(f"{median(spreads):8.1f} /{max(spreads):6.1f}")
            yield f"{what + group:38}" + "".join(cells)
    errors = [study.error_pct(key) for key in study.keys]
    yield (
        f"error bar of the headline: ±{median(errors):.1f} % in the median row, "
        f"±{max(errors):.1f} % at most; {study.coverage():.1%} of them hold the median "
        "of the other runs"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Run, reduce or tell, as the first word says."""
    parser = argparse.ArgumentParser(description="How far runs of a sweep lie apart.")
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="make runs, one after the other")
    run.add_argument("folder", type=Path)
    run.add_argument("--runs", type=int, default=10)
    run.add_argument("--budget", type=float, default=26.0)
    run.add_argument("--sample", default=SAMPLE)
    run.add_argument("--codecs", default=CODECS)
    run.add_argument("--busy", action="store_true", help="with a core kept busy")
    reducer = commands.add_parser("reduce", help="one CSV of many result files")
    reducer.add_argument("files", nargs="+")
    reducer.add_argument("--output", required=True)
    teller = commands.add_parser("tell", help="spreads and coverage of a CSV")
    teller.add_argument("file")
    told = parser.parse_args(arguments)
    if told.command == "run":
        with busy_neighbour() if told.busy else contextlib.nullcontext():
            make_runs(
                *(told.folder, told.sample, told.codecs),
                run_count=told.runs,
                budget_s=told.budget,
            )
    elif told.command == "reduce":
        with Path(told.output).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
            writer.writeheader()
            for number, path in enumerate(told.files):
                writer.writerows(reduce_run(number, load(path)))
    else:
        for line in tell(Study.read(told.file)):
            sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
