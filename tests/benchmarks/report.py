"""Runs the benchmarks of the lab's own costs and prints their figures as a table.

``python tests/benchmarks/report.py`` takes about two minutes, and those of one module
are had by its name: ``report.py test_reading.py``. The lowest time is the figure to
quote from a machine that others use, too; the median says how busy it was.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from complab.render import Column, Table
from complab.units import format_number

_FOLDER = Path(__file__).parent


def _measure(names: list[str]) -> dict[str, Any]:
    """What pytest-benchmark says of the modules' tests, or of all of this folder."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "benchmarks.json"
        command = [sys.executable, "-m", "pytest", "-q", "--benchmark-enable"]
        command += ["--benchmark-columns=min,median", f"--benchmark-json={path}"]
        if not names:  # codecs are no cost of the lab's
            command.append(f"--ignore={_FOLDER / 'test_codecs.py'}")
        run = subprocess.run(
            [*command, *(str(_FOLDER / name) for name in names or ["."])],
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if run.returncode:
            sys.stderr.write(run.stdout)
            sys.exit(run.returncode)
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found


def _facts(extra: dict[str, float]) -> str:
    """What a test found besides its time; the names carry the units."""
    return ", ".join(f"{name} {value:,.4g}" for name, value in extra.items())


def _table(found: dict[str, Any]) -> Table:
    columns = [
        Column.text("test", "test"),
        Column.number("lowest_us", "lowest", "µs", format=format_number),
        Column.number("median_us", "median", "µs", format=format_number),
        Column.number("round_count", "rounds"),
        Column.text("facts", "also"),
    ]
    rows = [
        {
            "test": item["name"].removeprefix("test_"),
            "lowest_us": item["stats"]["min"] * 1e6,
            "median_us": item["stats"]["median"] * 1e6,
            "round_count": item["stats"]["rounds"],
            "facts": _facts(item["extra_info"]) or None,
        }
        for item in found["benchmarks"]
    ]
    cpu = found["machine_info"]["cpu"].get("brand_raw", "an unknown CPU")
    python = found["machine_info"]["python_version"]
    return Table.from_rows(columns, rows, title_lines=[f"{cpu}, Python {python}"])


if __name__ == "__main__":
    sys.stdout.write(f"{_table(_measure(sys.argv[1:]))}\n")
