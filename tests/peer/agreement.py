"""Does complab's timing loop agree with a plain loop over the same library?

``plain_loop`` (linked with the distribution's libraries) and complab's C core (which
opens them at run time) take turns in one run, each turn in a process of its own, on
the same bytes with the same count of iterations in an epoch. Rows and, within a row,
the two programs come in a fresh random order each round, so that the machine's slow
states fall on both alike. Per row and direction the fastest epoch of each is compared:
on a machine with neighbours it is what a plain loop has to say.

The result is the median over the rows of ``|ratio - 1|``, for each direction; more than
2 % is a failure. It says nothing about complab's headline estimate, which is another
figure.

By default the payload is one batch of 16 KiB: it is the stricter test, since what
complab does for each call weighs most where a call is short, and the one that
converges. A pass of zstd 13 to 19 over 1 MB takes 50 to 500 ms and is never free of the
neighbours, so that those rows' fastest differ by several percent whatever is compared.
``--control`` shows how much: there, the plain loop takes complab's turns, too.

``zstd -b`` of the same version is shown beside, and has no part in the verdict. Its
fastest is that of runs of a second each (benchzstd.c), which is far below the fastest
epoch of 5 ms on a machine with neighbours. complab's core therefore takes turns with it
in epochs of its own run length, and it is those two that are compared.

    python tests/peer/agreement.py [--rounds 15] [--payload FILE]

Exit codes: 0 they agree, 1 they do not or something could not be run.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from plain_program import SAMPLES, build, first_payload, missing_headers

# The largest median of |ratio - 1| that counts as agreement.
TOLERANCE = 0.02

# Fewer alternations than this say nothing, the noise coming in long states.
ROUNDS_AT_LEAST = 10

# The minimum converges slowly (1.04 times its value after 100 readings, 1.007 after
# 1,000): with the options' defaults a row has 300 to 450 epochs.
DEFAULT_ROUNDS = 15

# How long one run of zstd -b lasts (ns); -i says how many there are.
ZSTD_RUN_NS = 1_000_000_000

# Epochs that calibration reads; the fastest of them decides.
CALIBRATION_EPOCHS = 3

DIRECTIONS = ("compress", "decompress")
PROGRAMS = ("plain", "complab")
SAMPLE = SAMPLES / "http-requests-16k-none.bin"
COMPLAB_LOOP = Path(__file__).with_name("complab_loop.py")


class AgreementError(RuntimeError):
    """The two programs did not do the same work, so that no ratio has a meaning."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What one process said: the library's file and version, and its epochs."""

    library: str
    version: str
    compressed_bytes: int
    epoch_ns: dict[str, list[int]]


@dataclass(slots=True)
class Row:
    """One codec at one level: what a turn is to do, and the fastest iteration (ns)."""

    codec: str
    level: str
    iteration_count: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(DIRECTIONS, 1)
    )
    epoch_count: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(DIRECTIONS, CALIBRATION_EPOCHS)
    )
    library: str = ""
    version: str = ""
    compressed_bytes: int = 0
    planned_ns: dict[str, float] = field(default_factory=dict)
    epochs_seen: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(DIRECTIONS, 0)
    )
    fastest_ns: dict[tuple[str, str], float] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Codec and level as the table shows them."""
        return self.codec if self.level == "-" else f"{self.codec} {self.level}"

    def ratio(self, direction: str) -> float:
        """The fastest speed of complab over the plain loop's."""
        plain_ns = self.fastest_ns["plain", direction]
        return plain_ns / self.fastest_ns["complab", direction]

    def take(self, program: str, turn: Turn) -> None:
        """Keep what a turn adds; raises AgreementError if it did other work."""
        if not self.library:
            self.library, self.version = turn.library, turn.version
            self.compressed_bytes = turn.compressed_bytes
        if not Path(turn.library).samefile(self.library):
            message = f"{self.name}: {turn.library} and {self.library} were compared"
            raise AgreementError(message)
        if turn.compressed_bytes != self.compressed_bytes:
            message = (
                f"{self.name}: {program} wrote {turn.compressed_bytes} bytes,"
                f" {self.compressed_bytes} before"
            )
            raise AgreementError(message)
        for direction in DIRECTIONS:
            epoch_ns = min(turn.epoch_ns[direction])
            iteration_ns = epoch_ns / self.iteration_count[direction]
            known_ns = self.fastest_ns.get((program, direction), math.inf)
            self.fastest_ns[program, direction] = min(known_ns, iteration_ns)


@dataclass(frozen=True, slots=True)
class Bench:
    """The two programs, and the file that both are given."""

    plain_loop: Path
    payload: Path
    is_control: bool

    def turn(self, program: str, row: Row) -> Turn:
        """Run one program once, in a process of its own."""
        commands = {
            "plain": [str(self.plain_loop)],
            "complab": [sys.executable, str(COMPLAB_LOOP)],
        }
        if self.is_control:
            commands["complab"] = commands["plain"]
        arguments = ["time", str(self.payload), row.codec, row.level]
        for direction in DIRECTIONS:
            arguments.append(str(row.epoch_count[direction]))
            arguments.append(str(row.iteration_count[direction]))
        output = subprocess.run(
            [*commands[program], *arguments], capture_output=True, text=True, check=True
        ).stdout
        facts, *lines = (json.loads(line) for line in output.splitlines())
        return Turn(
            library=facts["library"],
            version=facts["version"],
            compressed_bytes=lines[0]["compressed_bytes"],
            epoch_ns={line["direction"]: line["epoch_ns"] for line in lines},
        )

    def calibrate(self, row: Row, epoch_ns: float) -> None:
        """Fix how many iterations an epoch has, so that it lasts at least epoch_ns.

        What was read for it is no part of the result: shorter epochs find clean
        stretches more easily, and the plain loop alone had them.
        """
        turn = self.turn("plain", row)
        for direction in DIRECTIONS:
            row.planned_ns[direction] = min(turn.epoch_ns[direction])
            count = math.ceil(epoch_ns / row.planned_ns[direction])
            row.iteration_count[direction] = count

    def alternate(self, rows: list[Row], turn_ns: float, dice: random.Random) -> None:
        """Give each row one turn of both programs, all in random order.

        The epochs of a direction fill turn_ns at the fastest speed known so far; there
        is one where an iteration is longer than that.
        """
        for row in dice.sample(rows, len(rows)):
            for way in DIRECTIONS:
                known_ns = row.fastest_ns.get(("plain", way), math.inf)
                row.planned_ns[way] = min(row.planned_ns[way], known_ns)
                epoch_ns = row.iteration_count[way] * row.planned_ns[way]
                row.epoch_count[way] = max(1, round(turn_ns / epoch_ns))
                row.epochs_seen[way] += row.epoch_count[way]
            for program in dice.sample(PROGRAMS, len(PROGRAMS)):
                row.take(program, self.turn(program, row))


def wanted_rows() -> list[Row]:
    """The rows that agreement is judged on: zstd 1 to 19, lz4 and snappy."""
    zstd = [Row("zstd", str(level)) for level in range(1, 20)]
    return [*zstd, Row("lz4", "-"), Row("snappy", "-")]


# "payload : 979368 -> 227044 (x4.314), 264.4 MB/s, 1015.6 MB/s": the last of what it
# overwrites line by line while it runs.
_ZSTD_RESULT = re.compile(r"-> *(\d+) \([^)]*\), *([\d.]+) MB/s, *([\d.]+) MB/s")


def zstd_speeds(payload: Path, level: str, run_count: int) -> tuple[int, float, float]:
    """Compressed bytes and both speeds (MB/s) that ``zstd -b`` gives a level.

    Raises AgreementError if its answer cannot be read.
    """
    command = ["zstd", f"-b{level}", f"-i{run_count}", "--single-thread", str(payload)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = _ZSTD_RESULT.findall(done.stdout + done.stderr)
    if not found:
        message = f"{' '.join(command)}: its answer has another form"
        raise AgreementError(message)
    size_bytes, compress_mbps, decompress_mbps = found[-1]
    return int(size_bytes), float(compress_mbps), float(decompress_mbps)


def why_no_zstd(version: str) -> str:
    """Why ``zstd -b`` cannot be shown beside a libzstd; the empty string if it can."""
    if shutil.which("zstd") is None:
        return "there is no zstd program"
    said = subprocess.run(
        ["zstd", "--version"], capture_output=True, text=True, check=True
    ).stdout
    if f"v{version}," not in said:
        return f"the program is not of the library's version {version}: {said.strip()}"
    return ""


class ZstdBeside:
    """``zstd -b`` and complab in its run length, over passes spread over the run."""

    def __init__(self, version: str, pass_count: int, run_count: int) -> None:
        """Decide whether it can be run at all; why_not says why it cannot."""
        self.why_not = why_no_zstd(version) if pass_count else "not asked for"
        self.pass_count = pass_count
        self.run_count = run_count
        self.other_sizes: dict[str, int] = {}
        self.zstd_mbps: dict[tuple[str, str], float] = {}
        self.complab_mbps: dict[tuple[str, str], float] = {}

    def is_due(self, round_index: int, round_count: int) -> bool:
        """Whether a pass belongs after this round: they are spread evenly."""
        before = round_index * self.pass_count // round_count
        return not self.why_not and (
            (round_index + 1) * self.pass_count // round_count > before
        )

    def run(self, bench: Bench, rows: list[Row], dice: random.Random) -> None:
        """Make one pass over the zstd rows; keeps the faster of old and new."""
        zstd = [row for row in rows if row.codec == "zstd"]
        for row in dice.sample(zstd, len(zstd)):
            for turn in dice.sample((self._zstd_turn, self._complab_turn), 2):
                turn(bench, row)

    def _zstd_turn(self, bench: Bench, row: Row) -> None:
        size_bytes, *both = zstd_speeds(bench.payload, row.level, self.run_count)
        if size_bytes != row.compressed_bytes:
            self.other_sizes[row.level] = size_bytes
        for direction, speed in zip(DIRECTIONS, both, strict=True):
            known = self.zstd_mbps.get((row.level, direction), 0.0)
            self.zstd_mbps[row.level, direction] = max(known, speed)

    def _complab_turn(self, bench: Bench, row: Row) -> None:
        long = Row(row.codec, row.level)
        for direction in DIRECTIONS:
            iteration_ns = row.fastest_ns["plain", direction]
            long.iteration_count[direction] = math.ceil(ZSTD_RUN_NS / iteration_ns)
            long.epoch_count[direction] = self.run_count
        long.take("complab", bench.turn("complab", long))
        payload_bytes = bench.payload.stat().st_size
        for direction in DIRECTIONS:
            speed = mbps(payload_bytes, long.fastest_ns["complab", direction])
            known = self.complab_mbps.get((row.level, direction), 0.0)
            self.complab_mbps[row.level, direction] = max(known, speed)


def mbps(payload_bytes: int, iteration_ns: float) -> float:
    """MB/s (10^6) of uncompressed bytes."""
    return payload_bytes * 1e3 / iteration_ns


def render(rows: list[Row], payload_bytes: int, beside: ZstdBeside) -> str:
    """The table: a line for each row and direction, fastest speeds in MB/s."""
    header = (
        f"{'row':10} {'direction':10} {'iterations':>11} {'epochs':>7}"
        f" {'plain':>10} {'complab':>10} {'ratio':>7} {'zstd -b':>10}"
        f" {'complab 1s':>10}"
    )
    lines = [header]
    for direction in DIRECTIONS:
        for row in rows:
            plain, complab = (
                mbps(payload_bytes, row.fastest_ns[program, direction])
                for program in PROGRAMS
            )
            long_runs = [
                f"{speeds[row.level, direction]:10.1f}"
                for speeds in (beside.zstd_mbps, beside.complab_mbps)
                if (row.level, direction) in speeds
            ]
            lines.append(
                f"{row.name:10} {direction:10} {row.iteration_count[direction]:11}"
                f" {row.epochs_seen[direction]:7} {plain:10.1f} {complab:10.1f}"
                f" {row.ratio(direction):7.4f} {' '.join(long_runs)}"
            )
    return "\n".join(line.rstrip() for line in lines)


def medians(rows: list[Row]) -> dict[str, float]:
    """The median over the rows of |ratio - 1|, by direction."""
    return {
        direction: statistics.median(abs(row.ratio(direction) - 1) for row in rows)
        for direction in DIRECTIONS
    }


def render_verdicts(rows: list[Row]) -> str:
    """A line for each direction: the verdict, and how the ratios lie."""
    lines = []
    for direction, median in medians(rows).items():
        ratios = [row.ratio(direction) for row in rows]
        lines.append(
            f"{direction}: median |ratio - 1| {median:.2%},"
            f" {'within' if median <= TOLERANCE else 'BEYOND'} {TOLERANCE:.0%};"
            f" ratios {min(ratios):.4f} to {max(ratios):.4f},"
            f" their median {statistics.median(ratios):.4f}"
        )
    return "\n".join(lines)


def render_beside(beside: ZstdBeside) -> str:
    """What is to be said about ``zstd -b``: why not, or how complab lies to it."""
    if beside.why_not:
        return f"zstd -b: skipped, {beside.why_not}"
    lines = []
    for direction in DIRECTIONS:
        ratios = [
            speed / beside.zstd_mbps[level, way]
            for (level, way), speed in beside.complab_mbps.items()
            if way == direction
        ]
        lines.append(
            f"zstd -b, {direction}, fastest of {beside.pass_count * beside.run_count}"
            f" runs of 1 s: complab by it {min(ratios):.4f} to {max(ratios):.4f},"
            f" median {statistics.median(ratios):.4f}"
        )
    lines.extend(
        f"zstd -b, level {level}: {size_bytes} bytes, not the library's"
        for level, size_bytes in beside.other_sizes.items()
    )
    return "\n".join(lines)


def parsed(arguments: list[str]) -> argparse.Namespace:
    """The options, checked."""
    parser = argparse.ArgumentParser(
        description="Compare complab's timing loop with a plain loop.",
        epilog="The default takes about eight minutes where a core is free.",
    )
    parser.add_argument("--rounds", type=int, default=DEFAULT_ROUNDS)
    parser.add_argument("--payload", type=Path, help="opaque bytes, one block")
    parser.add_argument(
        "--control", action="store_true", help="the plain loop against itself"
    )
    parser.add_argument("--epoch-ms", type=float, default=5.0, help="the least length")
    parser.add_argument("--turn-ms", type=float, default=150.0, help="per direction")
    parser.add_argument("--zstd-passes", type=int, default=2, help="0: no zstd -b")
    parser.add_argument("--zstd-runs", type=int, default=1, help="of 1 s, -i")
    parser.add_argument("--seed", type=int, help="of the order")
    options = parser.parse_args(arguments)
    if options.rounds < ROUNDS_AT_LEAST:
        parser.error(f"--rounds: at least {ROUNDS_AT_LEAST}")
    if not 0 <= options.zstd_passes <= options.rounds:
        parser.error("--zstd-passes: from 0 to the rounds")
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(1 << 32)
    return options


def say(line: str) -> None:
    """Talk about the progress, on stderr."""
    sys.stderr.write(line + "\n")


def measure(bench: Bench, options: argparse.Namespace) -> tuple[list[Row], ZstdBeside]:
    """Calibrate once, then make all rounds."""
    rows = wanted_rows()
    for row in rows:
        bench.calibrate(row, options.epoch_ms * 1e6)
    dice = random.Random(options.seed)
    beside: ZstdBeside | None = None
    for index in range(options.rounds):
        start_s = time.monotonic()
        bench.alternate(rows, options.turn_ms * 1e6, dice)
        if beside is None:
            version = rows[0].version
            beside = ZstdBeside(version, options.zstd_passes, options.zstd_runs)
        if beside.is_due(index, options.rounds):
            beside.run(bench, rows, dice)
        elapsed_s = time.monotonic() - start_s
        say(f"round {index + 1} of {options.rounds}: {elapsed_s:.0f} s")
    if beside is None:
        message = "no round was made"
        raise AgreementError(message)
    return rows, beside


def main(arguments: list[str]) -> int:
    """Run the comparison; returns the exit code."""
    options = parsed(arguments)
    reason = missing_headers()
    if reason:
        say(reason)
        return 1
    with tempfile.TemporaryDirectory() as directory:
        payload = options.payload
        if payload is None:
            payload = Path(directory) / "payload"
            payload.write_bytes(first_payload(SAMPLE))
        payload_bytes = payload.stat().st_size
        bench = Bench(build(Path(directory)), payload, options.control)
        rows, beside = measure(bench, options)
    if options.control:
        say("a control: what stands under complab is the plain loop again")
    libraries = sorted({f"{row.library} {row.version}".rstrip() for row in rows})
    conditions = (
        f"{options.payload or SAMPLE.name}: {payload_bytes} bytes, one block;"
        f" {options.rounds} alternations, epochs of at least {options.epoch_ms:g} ms,"
        f" seed {options.seed}"
    )
    report = [
        conditions,
        f"both programs: {', '.join(libraries)}",
        render(rows, payload_bytes, beside),
        render_verdicts(rows),
        render_beside(beside),
    ]
    sys.stdout.write("\n".join(report) + "\n")
    return 0 if max(medians(rows).values()) <= TOLERANCE else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
