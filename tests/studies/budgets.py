"""Holds sweeps against the budget that they were given, everything included.

Each sweep is run as a user runs it, with a result that is saved, and no row is ever
known well enough, so that it takes all the time that it may. From what the program took
on the clock on the wall the start of the program is taken off, the interpreter's and
its imports: what a sweep of a file that is not there took just before. The budget
counts from there on: reading, verifying, starting workers, measuring, saving, printing.

    python tests/studies/budgets.py 5        # five rounds over the cases, 5 minutes
"""

import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

_ROOT = Path(__file__).parents[2]
_PROGRAM = str(Path(sys.executable).with_name("complab"))

# Budget in seconds, sample, codec list: short and long, few rows and many, rows that
# take microseconds and rows that take seconds.
_CASES = (
    (1.0, "http-requests-1m-none.bin", "memcpy"),
    (2.0, "http-requests-16k-none.bin", "none,lz4:9"),
    (3.0, "http-requests-1m-none.bin", "kafka,brotli"),
    (5.0, "http-requests-1m-none.bin", "zstd:19-22,brotli:9-11"),
    (10.0, "http-requests-1m-none.bin", "kafka,brotli"),
    (10.0, "http-requests-16k-none.bin", "none,snappy,lz4:9"),
)


def took_s(*arguments: str) -> float:
    """What the program took for arguments, on the clock on the wall."""
    begin_s = time.monotonic()
    done = subprocess.run(
        [_PROGRAM, *arguments], check=False, capture_output=True, stdin=None
    )
    if done.returncode not in {0, 1}:
        sys.exit(f"{arguments} ended with {done.returncode}: {done.stderr.decode()}")
    return time.monotonic() - begin_s


def main(round_count: int) -> int:
    """Run every case so often, print the longest of each, and return the exit code."""
    longest_s = dict.fromkeys(_CASES, 0.0)
    with TemporaryDirectory() as name:
        for case in _CASES * round_count:
            budget_s, sample, codecs = case
            start_s = took_s("sweep", str(Path(name) / "none"), "--quiet")
            sweep_s = took_s(
                *("sweep", str(_ROOT / "samples" / sample), "--codecs", codecs),
                *("--budget", str(budget_s), "--precision", "0.0001"),
                *("--save", str(Path(name) / "result.json"), "--force"),
            )
            longest_s[case] = max(longest_s[case], sweep_s - start_s)
    for (budget_s, sample, codecs), sweep_s in longest_s.items():
        verdict = "kept" if sweep_s <= budget_s else "exceeded"
        print(
            f"{budget_s:5.1f} s {verdict}: {sweep_s:6.2f} s at most  {codecs}, {sample}"
        )
    over = sum(sweep_s > case[0] for case, sweep_s in longest_s.items())
    print(f"{round_count} sweeps each; {over} of {len(_CASES)} budgets were exceeded")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
