"""How often a comparison cries wolf, and how often it misses a wolf of known size.

``false-alarms`` compares libraries with copies of themselves: every answer but "not
separated" is an error. ``power`` gives B a libzstd that wastes a known share of its
time (``wasteful_zstd.c``): it must be found, and the other codecs must not.

Each comparison is one line of a JSON file, so that a study can be stopped and gone on
with; the table is made from the file. ``make study-false-alarms study-power``.
"""

import argparse
import json
import math
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import complab
from complab.codecs import catalogue
from complab.codecs.catalogue import Catalogue
from complab.paired import LAYOUT_SD, common_variance, variance_between
from complab.render import Column, Table
from complab.results.compared_runs import correction_of, log_ratios
from complab.results.comparison import FASTER, NOT_SEPARATED, SLOWER
from complab.results.contention import contention_of
from complab.stats import median

_FOLDER = Path(__file__).parent
_ROOT = _FOLDER.parents[1]
SAMPLE = _ROOT / "samples" / "http-requests-16k-none.bin"
CODECS = "zstd:1,2,3,4,5,lz4:1,9,snappy,gzip:1,6"
_KINDS = ("zstd", "lz4", "snappy", "gzip")


def library_path(codec: str) -> str:
    """The file of the system's library; the study ends where there is none."""
    found = Catalogue().choose(catalogue.find(codec, catalogue.KAFKA), "system")[0]
    if found.library is None:
        sys.exit(f"this study needs {codec}: {found.problem}")
    return found.path


def build_wasteful(folder: Path, waste_pct: float) -> Path:
    """A libzstd that wastes so much of its time, built with ``cc``."""
    target = folder / "libzstd-wasteful.so"
    command = [
        *("cc", "-shared", "-fPIC", "-O2", "-std=c11", f"-I{_ROOT / 'csrc'}"),
        f"-DWASTE_PER_MILLE={round(10 * waste_pct)}",
        f'-DREAL_ZSTD="{library_path("zstd")}"',
        *("-o", str(target), str(_FOLDER / "wasteful_zstd.c"), "-ldl"),
    ]
    subprocess.run(command, check=True)
    return target


def libraries(folder: Path, waste_pct: float) -> Iterator[str]:
    """A and B of every codec: copies of one file, or B the wasteful one of zstd."""
    for codec in _KINDS:
        path = library_path(codec)
        kind = catalogue.kind_of(catalogue.find(codec, catalogue.KAFKA))
        assert kind is not None
        for side in "ab":
            copy = folder / f"{kind.name}-{side}.so"
            shutil.copy(path, copy)
            if side == "b" and codec == "zstd" and waste_pct:
                copy = build_wasteful(folder, waste_pct)
            yield f"{kind.name}:{side}={copy}"


def compare_once(names: list[str], budget_s: float, seed: int) -> dict[str, Any]:
    """One comparison, as what the file keeps of it."""
    result = complab.compare(
        str(SAMPLE), codecs=CODECS, libraries=names, budget_s=budget_s, seed=seed
    )
    record = result.records[0]
    found = {(m.configuration, m.direction): m for m in record.measurements}
    tests = []
    for row, (a, b) in zip(result.rows, record.plan["pairs"], strict=True):
        for direction in ("compress", "decompress"):
            change = row.change(direction)
            if change is None:
                continue
            groups = log_ratios(
                found[a, direction], found[b, direction], correction_of(record)
            )
            tests.append(
                {
                    "row": row.name,
                    "direction": direction,
                    "verdict": change.verdict,
                    "change_pct": change.change_pct,
                    "low_pct": change.low_pct,
                    "high_pct": change.high_pct,
                    "pair_count": change.count,
                    "process_medians": [median(g) for g in groups if g],
                    "between_sd": math.sqrt(variance_between(groups).variance),
                }
            )
    contention = contention_of(record)
    return {
        "seed": seed,
        "created_at": record.created_at,
        "stalled_share": contention.stalled if contention else None,
        "tests": tests,
    }


def run_study(path: Path, count: int, budget_s: float, waste_pct: float) -> None:
    """Add comparisons to the file until it holds so many."""
    done = load(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, path.open("a") as file:
        names = list(libraries(Path(folder), waste_pct))
        for seed in range(len(done), count):
            line = compare_once(names, budget_s, seed)
            file.write(json.dumps(line) + "\n")
            file.flush()
            sys.stderr.write(f"\r{seed + 1} of {count}")
    sys.stderr.write("\n")


def load(path: Path) -> list[dict[str, Any]]:
    """The comparisons that a file holds; none if it is not there."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def summary(comparisons: list[dict[str, Any]], waste_pct: float) -> Table:
    """Each row of the study, and what the comparisons said of it."""
    names = list(
        dict.fromkeys(
            (test["row"], test["direction"])
            for comparison in comparisons
            for test in comparison["tests"]
        )
    )
    rows = [_summary_row(comparisons, *name) for name in names]
    columns = [
        Column.text("row", "row"),
        Column.text("direction", "direction"),
        Column.number("slower", "slower"),
        Column.number("faster", "faster"),
        Column.number("unseparated", "not sep."),
        Column.number("change_pct", "median", "%", format="{:+.2f}".format),
        Column.number("half_pct", "half width", "%", format="{:.2f}".format),
        Column.number("pair_count", "pairs"),
    ]
    return Table(columns=columns, rows=rows, notes=_verdicts(comparisons, waste_pct))


def _summary_row(
    comparisons: list[dict[str, Any]], row: str, direction: str
) -> dict[str, Any]:
    tests = [
        test
        for comparison in comparisons
        for test in comparison["tests"]
        if (test["row"], test["direction"]) == (row, direction)
    ]
    verdicts = [test["verdict"] for test in tests]
    widths = [
        (test["high_pct"] - test["low_pct"]) / 2
        for test in tests
        if test["high_pct"] is not None
    ]
    return {
        "row": row,
        "direction": direction,
        "slower": verdicts.count(SLOWER),
        "faster": verdicts.count(FASTER),
        "unseparated": verdicts.count(NOT_SEPARATED),
        "change_pct": median([test["change_pct"] for test in tests]),
        "half_pct": median(widths) if widths else None,
        "pair_count": round(median([test["pair_count"] for test in tests])),
    }


def _is_slowed(test: dict[str, Any], waste_pct: float) -> bool:
    return bool(waste_pct) and test["row"].startswith("zstd")


def _verdicts(comparisons: list[dict[str, Any]], waste_pct: float) -> list[str]:
    alarms = hits = 0
    for comparison in comparisons:
        tests = comparison["tests"]
        hits += any(
            test["verdict"] == SLOWER for test in tests if _is_slowed(test, waste_pct)
        )
        alarms += any(
            test["verdict"] != NOT_SEPARATED
            and (not _is_slowed(test, waste_pct) or test["verdict"] == FASTER)
            for test in tests
        )
    count = len(comparisons)
    spreads = [
        variance_between([[value] * 9 for value in test["process_medians"]])
        for comparison in comparisons
        for test in comparison["tests"]
    ]
    notes = [f"{alarms} of {count} comparisons report a difference that is none"]
    if waste_pct:
        notes.append(
            f"{hits} of {count} find the libzstd that wastes {waste_pct:g} % of time"
        )
    if any(spread.freedom for spread in spreads):
        sd_pct = 100 * math.sqrt(common_variance(spreads))
        notes.append(
            f"medians of processes differ by {sd_pct:.2f} % (standard deviation, noise "
            f"in it); the layout's is taken as {100 * LAYOUT_SD:g} %"
        )
    return notes


def main() -> None:
    """Run what the words say and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("study", choices=["false-alarms", "power"])
    parser.add_argument("--count", type=int, required=True, help="comparisons")
    parser.add_argument("--budget", type=float, default=20.0, help="seconds for each")
    parser.add_argument("--waste", type=float, default=5.0, help="percent, for power")
    parser.add_argument("--data", type=Path, required=True, help="the JSON lines")
    words = parser.parse_args()
    waste_pct = words.waste if words.study == "power" else 0.0
    run_study(words.data, words.count, words.budget, waste_pct)
    sys.stdout.write(f"{summary(load(words.data), waste_pct)}\n")


if __name__ == "__main__":
    main()
