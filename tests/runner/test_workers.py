"""Worker processes: what they measure, what they survive, what is left of them."""

import gc
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from complab.codecs import specs
from complab.codecs.catalogue import Catalogue
from complab.core import Direction
from complab.errors import MeasurementError
from complab.plan import Plan, make_plan
from complab.results.model import FAILED
from complab.runner.events import (
    Calibrated,
    Dropped,
    EpochMeasured,
    Event,
    Interrupted,
    RoundFinished,
    Settled,
    Verified,
    WorkerStarted,
)
from complab.runner.measure import measure

MakeBadSnappy = Callable[[str, int], Path]

_BLOCKS = (b"a payload " * 400, bytes(3000), b"of two blocks " * 300)

# Long enough for a machine with much else to do: a run ends when its rows are known.
_BUDGET_S = 120.0
_PRECISION_PCT = 90.0


def plan_of(
    codecs: str,
    *,
    libraries: Sequence[str] = (),
    budget_s: float = _BUDGET_S,
    precision_pct: float = _PRECISION_PCT,
    worker_count: int | None = 1,
    time_limit_s: float | None = None,
    memory_limit_bytes: int | None = None,
    framing: str = "raw",
) -> Plan:
    """A plan for a codec list, with one worker unless told otherwise."""
    catalogue = Catalogue.with_libraries(libraries)
    return make_plan(
        specs.select(codecs, framing=framing, libraries=catalogue),
        budget_s=budget_s,
        precision_pct=precision_pct,
        worker_count=worker_count,
        time_limit_s=time_limit_s,
        memory_limit_bytes=memory_limit_bytes,
    )


def is_alive(pid: int) -> bool:
    """Whether a process of that id runs; one that has ended and waits does not."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    except OSError:
        return False
    return fields[0] not in {"Z", "X"}


def pids(events: Sequence[Event]) -> list[int]:
    """The ids of the workers, in their order."""
    return [event.pid for event in events if isinstance(event, WorkerStarted)]


def dropped(events: Sequence[Event]) -> dict[int, Dropped]:
    """What was dropped, by configuration."""
    return {e.configuration: e for e in events if isinstance(e, Dropped)}


def measured(events: Sequence[Event]) -> set[tuple[int, Direction]]:
    """What has at least one epoch."""
    return {
        (e.configuration, e.direction) for e in events if isinstance(e, EpochMeasured)
    }


def all_of(*numbers: int) -> set[tuple[int, Direction]]:
    """Both directions of configurations."""
    return {(number, direction) for number in numbers for direction in Direction}


# ---- What workers measure -----------------------------------------------------------


def test_no_worker_measures_here() -> None:
    """With no workers no process is started, and epochs are of process 0."""
    events = list(measure(plan_of("zstd:1,memcpy", worker_count=0), _BLOCKS))
    assert not pids(events)
    assert {e.process for e in events if isinstance(e, EpochMeasured)} == {0}


@pytest.mark.parametrize("framing", ["raw", "kafka"])
def test_every_worker_measures_every_row(framing: str) -> None:
    """Three workers, one after the other, each give epochs of every row."""
    plan = plan_of("zstd:1,3,snappy,gzip:1", worker_count=3, framing=framing)
    events = list(measure(plan, _BLOCKS))
    assert not dropped(events)
    assert len(set(pids(events))) == 3
    for process in range(3):
        own = [e for e in events if getattr(e, "process", process) == process]
        assert measured(own) == all_of(0, 1, 2, 3)


def test_verified_once_calibrated_in_each_process() -> None:
    """What one worker has verified the next takes over, and counts for itself.

    In turns from the first on and from the last, so that no row always comes first.
    """
    plan = plan_of("zstd:1,3", worker_count=3)
    events = list(measure(plan, _BLOCKS))
    verified = [e.configuration for e in events if isinstance(e, Verified)]
    assert verified == [0, 1]
    calibrated = [
        (e.process, e.configuration) for e in events if isinstance(e, Calibrated)
    ]
    assert calibrated == [(0, 0), (0, 1), (1, 1), (1, 0), (2, 0), (2, 1)]


def test_rounds_are_told_with_their_process() -> None:
    """Rounds count on from worker to worker, and each says whose it was."""
    events = list(measure(plan_of("zstd:1", worker_count=2), _BLOCKS))
    rounds = [e for e in events if isinstance(e, RoundFinished)]
    assert [event.number for event in rounds] == list(range(1, len(rounds) + 1))
    assert [event.process for event in rounds] == sorted(e.process for e in rounds)
    for event in events:
        if isinstance(event, EpochMeasured):
            assert event.process == rounds[event.round - 1].process


def test_settled_in_each_process() -> None:
    """A row is left when it is known in a process, and taken up in the next."""
    events = list(measure(plan_of("zstd:1", worker_count=2), _BLOCKS))
    settled = [(e.configuration, e.direction) for e in events if isinstance(e, Settled)]
    assert sorted(settled) == sorted([*all_of(0), *all_of(0)])


def test_workers_find_the_same_bytes() -> None:
    """What a worker compresses is what this process compresses."""
    codecs = "zstd:1,lz4,snappy,gzip:6,brotli:1,memcpy"
    sizes = [
        [e.compressed_bytes for e in measure(plan, _BLOCKS) if isinstance(e, Verified)]
        for plan in (plan_of(codecs, worker_count=count) for count in (0, 1))
    ]
    assert sizes[0] == sizes[1]


def test_blocks_of_one_byte_and_many() -> None:
    """Any blocks reach the workers as they are: verified in one, compared in all."""
    blocks = [b"x", *(bytes([i % 251]) * (1 + i % 97) for i in range(3000))]
    events = list(measure(plan_of("zstd:1,memcpy", worker_count=2), blocks))
    assert not dropped(events)
    assert measured(events) == all_of(0, 1)


def test_default_count_goes_by_the_budget() -> None:
    """A worker for each five seconds, from one to three, none in a run of a moment."""
    counts = {
        budget_s: plan_of("memcpy", budget_s=budget_s, worker_count=None).worker_count
        for budget_s in (0.5, 2.0, 9.0, 10.0, 15.0, 60.0, 1e9)
    }
    assert list(counts.values()) == [0, 1, 1, 2, 3, 3, 3]


# ---- What they survive -------------------------------------------------------------


@pytest.mark.parametrize("good_calls", [0, 1000])
def test_crash_costs_its_row_alone(
    make_bad_snappy: MakeBadSnappy, good_calls: int
) -> None:
    """A codec that ends its process fails with the signal and its last words.

    It does so in its first call, or in the middle of the rounds.
    """
    library = make_bad_snappy("crash", good_calls)
    plan = plan_of("zstd:1,snappy,memcpy", libraries=[f"snappy={library}"])
    events = list(measure(plan, _BLOCKS))
    found = dropped(events)
    assert set(found) == {1}
    assert found[1].status == FAILED
    assert found[1].message == (
        "compressing ended by SIGSEGV (segmentation fault): libsnappy: the table is "
        "damaged"
    )
    assert measured(events) >= all_of(0, 2)
    assert len(pids(events)) == 2


def test_several_crashes_cost_their_rows(make_bad_snappy: MakeBadSnappy) -> None:
    """Each bad library costs its own row, and the good ones have their speeds."""
    libraries = [
        f"snappy:{label}={make_bad_snappy('crash', calls)}"
        for label, calls in (("a", 0), ("b", 5), ("c", 500))
    ]
    codecs = "snappy@a,snappy@b,zstd:1,snappy@c,memcpy"
    events = list(measure(plan_of(codecs, libraries=libraries), _BLOCKS))
    assert set(dropped(events)) == {0, 1, 3}
    assert measured(events) >= all_of(2, 4)


def test_hang_costs_its_row_alone(make_bad_snappy: MakeBadSnappy) -> None:
    """A codec that does not come back is ended after the time limit."""
    library = make_bad_snappy("hang", 1)
    plan = plan_of(
        "zstd:1,snappy,memcpy", libraries=[f"snappy={library}"], time_limit_s=0.5
    )
    events = list(measure(plan, _BLOCKS))
    found = dropped(events)
    assert set(found) == {1}
    assert found[1].status == FAILED
    assert found[1].message == (
        "compressing hung: one call took longer than 0.5 s (--time-limit)"
    )
    assert measured(events) >= all_of(0, 2)


def test_hang_costs_the_rows_behind_it_no_time(
    make_bad_snappy: MakeBadSnappy,
) -> None:
    """A codec that hangs until half of the budget is over leaves the others theirs."""
    library = make_bad_snappy("hang", 0)
    plan = plan_of(
        "snappy,zstd:1,memcpy",
        libraries=[f"snappy={library}"],
        time_limit_s=5.0,
        budget_s=9.0,
    )
    events = list(measure(plan, _BLOCKS))
    assert set(dropped(events)) == {0}
    assert measured(events) == all_of(1, 2)


def test_memory_eater_costs_its_row_alone(make_bad_snappy: MakeBadSnappy) -> None:
    """A codec that takes all the memory that it can get finds the limit."""
    library = make_bad_snappy("eat", 0)
    plan = plan_of(
        "zstd:1,snappy,memcpy",
        libraries=[f"snappy={library}"],
        memory_limit_bytes=256 << 20,
    )
    events = list(measure(plan, _BLOCKS))
    found = dropped(events)
    assert set(found) == {1}
    assert "snappy" in found[1].message
    assert measured(events) >= all_of(0, 2)


def test_codec_that_ends_the_process(make_bad_snappy: MakeBadSnappy) -> None:
    """An exit code is told like a signal."""
    library = make_bad_snappy("leave", 0)
    plan = plan_of("snappy,memcpy", libraries=[f"snappy={library}"])
    events = list(measure(plan, _BLOCKS))
    assert dropped(events)[0].message == "compressing ended with exit code 7"
    assert measured(events) == all_of(1)


def test_killed_worker_is_replaced() -> None:
    """A worker that is killed from outside costs a row at most; the run goes on."""
    plan = plan_of("zstd:1,3,memcpy", precision_pct=3.0)
    events: list[Event] = []
    for event in measure(plan, _BLOCKS):
        events.append(event)
        if isinstance(event, RoundFinished) and event.number == 2:
            os.kill(pids(events)[-1], signal.SIGKILL)
    assert len(pids(events)) == 2
    assert len(dropped(events)) <= 1
    assert {e.process for e in events if isinstance(e, EpochMeasured)} == {0, 1}


def test_workers_that_cannot_start_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no worker gets as far as its first codec the run ends with the reason."""
    monkeypatch.setenv("PYTHONHOME", "/nowhere")
    with pytest.raises(MeasurementError) as caught:
        list(measure(plan_of("memcpy"), _BLOCKS))
    assert "the worker process ended with exit code 1" in str(caught.value)
    assert "while no codec ran; --workers 0 measures without" in str(caught.value)


# ---- What is left of them -----------------------------------------------------------


def test_nothing_is_left_after_a_run() -> None:
    """After the last event no worker runs, and no descriptor is open."""
    gc.collect()  # what other tests left open is not to be closed meanwhile
    before = set(Path("/proc/self/fd").iterdir())
    events = list(measure(plan_of("zstd:1", worker_count=2), _BLOCKS))
    assert not any(map(is_alive, pids(events)))
    assert set(Path("/proc/self/fd").iterdir()) == before


def test_nothing_is_left_of_a_run_that_is_left() -> None:
    """Who stops listening to a run ends its worker."""
    events = measure(plan_of("zstd:1"), _BLOCKS)
    first = next(events)
    assert isinstance(first, WorkerStarted)
    assert is_alive(first.pid)
    events.close()  # type: ignore[attr-defined]
    assert not is_alive(first.pid)


def start(
    program: str, environ: Mapping[str, str], *arguments: str
) -> subprocess.Popen[bytes]:
    """Start a sweep of hours with SIGINT as a terminal has it."""
    return subprocess.Popen(
        ["env", "--default-signal=INT", program, "sweep", *arguments, "--quiet"],
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii")
    return [int(word) for word in found.split()]


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for what must come, a minute at the most."""
    until_s = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until_s
        time.sleep(0.02)


_ENDLESS = ("--budget", "3600", "--precision", "0.0001", "--framing", "raw")


def test_kill_of_the_program_ends_its_worker(
    program: str, environ: Mapping[str, str], samples: Path
) -> None:
    """SIGKILL of the program leaves no orphan, whatever the worker is doing."""
    path = str(samples / "http-requests-16k-none.bin")
    process = start(program, environ, path, "--codecs", "zstd:1,zstd:3", *_ENDLESS)
    with process:
        wait_until(lambda: bool(children(process.pid)))
        (worker,) = children(process.pid)
        process.kill()
        wait_until(lambda: not is_alive(worker))


def test_interrupt_ends_a_call_that_does_not_end(
    program: str,
    environ: Mapping[str, str],
    samples: Path,
    make_bad_snappy: MakeBadSnappy,
) -> None:
    """Ctrl-C ends a run whose codec hangs: the row has no speed, the others theirs."""
    library = make_bad_snappy("hang", 2)
    path = str(samples / "http-requests-1m-none.bin")
    arguments = (path, "--codecs", "snappy,zstd:1", "--lib", f"snappy={library}")
    process = start(program, environ, *arguments, *_ENDLESS, "--format", "csv")
    with process:
        wait_until(lambda: bool(children(process.pid)))
        (worker,) = children(process.pid)
        wait_until(lambda: "pause" in Path(f"/proc/{worker}/wchan").read_text("ascii"))
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err == b""
    assert b"snappy" in out
    assert not is_alive(worker)


@pytest.mark.parametrize("worker_count", [0, 1])
def test_interrupt_keeps_what_is_measured(worker_count: int) -> None:
    """After Ctrl-C the last event says so, and all others came before it."""
    earlier = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        plan = plan_of("zstd:1", precision_pct=0.0001, worker_count=worker_count)
        events = []
        for event in measure(plan, _BLOCKS):
            events.append(event)
            if isinstance(event, RoundFinished) and event.number == 3:
                signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, earlier)
    assert isinstance(events[-1], Interrupted)
    assert {e.round for e in events if isinstance(e, EpochMeasured)} >= {1, 2, 3}
