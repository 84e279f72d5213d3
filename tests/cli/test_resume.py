"""``--resume``: the journal beside a result, from the outside."""

import json
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from complab.results.files import load

Run = Callable[..., subprocess.CompletedProcess[str]]

_CODECS = ("--codecs", "zstd:1,lz4:9", "--workers", "1")
_ENDLESS = ("--precision", "0.0001", "--budget", "600")


def rounds_in(journal: Path) -> set[tuple[int, str, int, int]]:
    """Every epoch that a journal holds: configuration, direction, round, time."""
    found = set()
    if journal.exists():
        for line in journal.read_text("utf-8").split("\n")[1:-1]:
            for kind, *values in json.loads(line):
                if kind == "EpochMeasured":
                    direction = ("compress", "decompress")[values[1]]
                    found.add((values[0], direction, values[2], values[3][0]))
    return found


def epochs_in(result: Path) -> set[tuple[int, str, int, int]]:
    """Every epoch that a result holds, likewise."""
    return {
        (each.configuration, each.direction, number, elapsed_ns)
        for each in load(str(result)).measurements
        for number, elapsed_ns in zip(each.round, each.epoch_times_ns, strict=True)
    }


@pytest.fixture
def broken_off(
    program: str, environ: Mapping[str, str], small: str, tmp_path: Path
) -> Callable[[int], Path]:
    """Begin a sweep, end it by a signal after some rounds, and give its result."""

    def begin(number: int) -> Path:
        result = tmp_path / "result.json"
        journal = Path(f"{result}.journal")
        arguments = (small, *_CODECS, *_ENDLESS, "--save", str(result))
        process = subprocess.Popen(
            ["env", "--default-signal=INT", program, "sweep", *arguments],
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        with process:
            while len(rounds_in(journal)) < 20 and process.poll() is None:
                time.sleep(0.02)
            process.send_signal(number)
            process.communicate(timeout=60)
        assert process.returncode in {-number, 130}
        return result

    return begin


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_run_goes_on_after_a_signal(
    run: Run, small: str, broken_off: Callable[[int], Path], number: int
) -> None:
    """However a run ended, --resume completes it, and uses every finished round."""
    result = broken_off(number)
    journal = Path(f"{result}.journal")
    kept = rounds_in(journal)
    assert kept
    arguments = (*_CODECS, "--precision", "0.0001", "--save", str(result))
    done = run("sweep", small, *arguments, "--budget", "3", "--resume")
    assert (done.returncode, done.stderr) == (0, "")
    assert load(str(result)).is_complete
    assert epochs_in(result) > kept
    assert not journal.exists()
    assert "the run was broken off after round " in done.stdout


def test_interrupted_run_tells_how_to_go_on(
    run: Run, small: str, broken_off: Callable[[int], Path]
) -> None:
    """A second run beside an unfinished one is refused, and both ways are named."""
    result = broken_off(signal.SIGKILL)
    before = rounds_in(Path(f"{result}.journal"))
    arguments = (small, *_CODECS, "--budget", "0.5", "--save", str(result))
    done = run("sweep", *arguments)
    assert done.returncode == 1
    assert done.stderr == (
        f"complab: {result}.journal: an earlier run did not end: go on from it with "
        "--resume, or start anew with --force\n"
    )
    assert rounds_in(Path(f"{result}.journal")) == before
    done = run("sweep", *arguments, "--force")
    assert done.returncode == 0
    assert not before & epochs_in(result)
    assert not Path(f"{result}.journal").exists()


def test_other_run_is_not_gone_on_with(
    run: Run, small: str, broken_off: Callable[[int], Path]
) -> None:
    """Another plan, or another input, is told by what differs."""
    result = broken_off(signal.SIGKILL)
    arguments = (*_CODECS, "--save", str(result), "--resume")
    done = run("sweep", small, *arguments, "--precision", "7")
    assert done.returncode == 1
    assert "(plan.precision_pct: 0.0001 then, 7.0 now)" in done.stderr
    done = run("sweep", small, *arguments, "--precision", "0.0001", "--opaque")
    assert done.returncode == 1
    assert "input.opaque: False then, True now" in done.stderr


def test_finished_run_leaves_no_journal(run: Run, small: str, tmp_path: Path) -> None:
    """A run that ends well leaves its result and nothing else."""
    result = tmp_path / "result.json"
    done = run("sweep", small, *_CODECS, "--budget", "0.5", "--save", str(result))
    assert done.returncode == 0
    assert list(tmp_path.iterdir()) == [result]


def test_resume_of_nothing_begins(run: Run, small: str, tmp_path: Path) -> None:
    """Without a journal --resume is an ordinary run, so that scripts may repeat it."""
    result = tmp_path / "result.json"
    arguments = (small, *_CODECS, "--budget", "0.5", "--save", str(result), "--resume")
    done = run("sweep", *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    done = run("sweep", *arguments)
    assert done.returncode == 1
    assert "exists already" in done.stderr


def test_resume_needs_a_name(run: Run, small: str) -> None:
    """--resume without --save has no journal to look for."""
    done = run("sweep", small, "--resume")
    assert done.returncode == 2
    assert done.stderr == (
        "complab: --resume goes on from the journal beside a result: name it by "
        "--save\n"
    )


def test_device_has_no_journal(run: Run, small: str) -> None:
    """A result that goes to a device is written, and nothing lies beside it."""
    done = run("sweep", small, *_CODECS, "--budget", "0.5", "--save", "/dev/null")
    assert (done.returncode, done.stderr) == (0, "")
    assert not Path("/dev/null.journal").exists()
