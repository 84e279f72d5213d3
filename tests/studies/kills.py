"""Kills sweeps at random moments and looks at what ``--resume`` makes of them.

Each sweep gets SIGKILL after a time that is drawn evenly over its whole life, from the
start of the interpreter to the writing of the result. What its journal holds then is
read by this program's own reader, the sweep is gone on from, and the result must be
complete and must hold every epoch of every round that was finished. No worker may have
outlived its program.

    python tests/studies/kills.py 100        # what the README states: about 10 minutes
    python tests/studies/kills.py 5          # what CI runs
"""

import json
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

_ROOT = Path(__file__).parents[2]
_PROGRAM = Path(sys.executable).with_name("complab")

# Two workers, so that kills come between them as well; no row is ever known, so that
# the sweep lasts as long as its budget.
_SWEEP = (
    *(str(_PROGRAM), "sweep", str(_ROOT / "samples" / "http-requests-16k-none.bin")),
    *("--codecs", "none,snappy,lz4:9,zstd:1-3", "--budget", "3", "--workers", "2"),
    *("--precision", "0.0001", "--quiet", "--format", "csv"),
)

# An epoch, as both files tell it: configuration, direction, round, process, time.
_Epochs = set[tuple[int, str, int, int, int]]

_HAD_ENDED = "had ended"


def journaled(path: Path) -> _Epochs:
    """The epochs of a journal's whole lines."""
    found: _Epochs = set()
    if not path.exists():
        return found
    for line in path.read_bytes().split(b"\n")[1:-1]:
        for name, *values in json.loads(line):
            if name == "EpochMeasured":
                configuration, number, round_number, times, process, _ = values
                direction = ("compress", "decompress")[number]
                found.add((configuration, direction, round_number, process, times[0]))
    return found


def resulted(path: Path, kept: _Epochs) -> list[str]:
    """What is wrong with a result that must hold the epochs of a journal."""
    document = json.loads(path.read_text("utf-8"))
    wrong = [] if document["is_complete"] else ["it is not complete"]
    found: _Epochs = set()
    for each in document["measurements"]:
        subject = each["configuration"], each["direction"]
        times = zip(each["round"], each["process"], each["epoch_times_ns"], strict=True)
        found |= {(*subject, *epoch) for epoch in times}
        if each["status"] != "ok" and subject in {epoch[:2] for epoch in kept}:
            wrong.append(f"{subject} is {each['status']}: {each['message']}")
    if lost := kept - found:
        wrong.append(f"{len(lost)} of {len(kept)} finished epochs are not used")
    return wrong


def count_workers(folder: Path) -> int:
    """How many workers run that were started in a folder."""
    count = 0
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            is_worker = b"complab.runner.worker" in (entry / "cmdline").read_bytes()
            count += is_worker and (entry / "cwd").resolve() == folder
        except OSError:  # it has ended meanwhile
            continue
    return count


def workers_end(folder: Path) -> bool:
    """Whether no worker is left soon: one that is still starting ends after that."""
    until_s = time.monotonic() + 10.0
    while count_workers(folder):
        if time.monotonic() > until_s:
            return False
        time.sleep(0.05)
    return True


def kill_once(folder: Path, moment_s: float) -> tuple[str, list[str]]:
    """Kill a sweep at a moment and go on; in which state it was, and what is wrong."""
    result = folder / "result.json"
    journal = Path(f"{result}.journal")
    command = [*_SWEEP, "--save", str(result)]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL) as process:
        try:
            process.wait(moment_s)
        except subprocess.TimeoutExpired:
            process.kill()
    if process.returncode >= 0:
        return _HAD_ENDED, [] if result.exists() else ["it left no result"]
    wrong = [] if workers_end(folder) else ["a worker outlived its program"]
    kept = journaled(journal)
    state = "in their rounds" if kept else "before the first round"
    if result.exists():
        state = "when the result was saved"
        if not journal.exists():  # nothing was left to be done
            return state, wrong + resulted(result, kept)
    done = subprocess.run(
        [*command, "--resume"], cwd=folder, capture_output=True, check=False
    )
    if done.returncode != 0:
        words = done.stderr.decode().strip()
        return state, [*wrong, f"--resume ended with {done.returncode}: {words}"]
    wrong += resulted(result, kept)
    if journal.exists():
        wrong.append("the journal was left behind")
    return state, wrong


def main(kill_count: int, seed: int) -> int:
    """Kill so many sweeps, print what was seen, and return the exit code."""
    chance = random.Random(seed)
    states: Counter[str] = Counter()
    fault_count = 0
    with TemporaryDirectory() as name:
        root = Path(name).resolve()

        def fresh_folder(number: int) -> Path:
            folder = root / str(number)
            folder.mkdir()
            return folder

        begin_s = time.monotonic()
        kill_once(fresh_folder(0), 600.0)
        life_s = time.monotonic() - begin_s
        while states.total() - states[_HAD_ENDED] < kill_count:
            moment_s = chance.uniform(0.0, 1.05 * life_s)
            state, wrong = kill_once(fresh_folder(states.total() + 1), moment_s)
            states[state] += 1
            fault_count += bool(wrong)
            for words in wrong:
                print(f"killed after {moment_s:.2f} s, {state}: {words}")
    ended_count = states.pop(_HAD_ENDED, 0)
    told = ", ".join(f"{count} {state}" for state, count in states.most_common())
    print(f"a sweep lives {life_s:.1f} s; {ended_count} ended before their kill came")
    print(f"{states.total()} sweeps killed: {told}")
    print(
        f"after --resume {states.total() - fault_count} results were complete and had "
        f"used every finished round, {fault_count} were not"
    )
    return 1 if fault_count else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0))
