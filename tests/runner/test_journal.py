"""The journal: what is on disk when a run breaks off, and what is made of it."""

import json
import resource
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from complab.codecs import specs
from complab.codecs.catalogue import Catalogue
from complab.core import Calibration, Direction, Epoch
from complab.errors import JournalMismatchError, OutputExistsError, ResultError
from complab.plan import Plan, make_plan
from complab.results.model import FAILED, SKIPPED
from complab.runner.events import (
    Calibrated,
    Dropped,
    EpochMeasured,
    Event,
    Interrupted,
    RoundFinished,
    RoundStarted,
    Settled,
    Verified,
)
from complab.runner.journal import Journal, journal_path, remove_journal
from complab.runner.measure import measure
from complab.runner.wire import decode, encode

_RUN = {"plan": {"seed": 1}, "configurations": [{"id": 0, "level": None}]}

_VERIFIED = Verified(0, 1234, (10, 20), (4096, None))
_FAILED = Dropped(1, FAILED, "compressing ended by SIGSEGV")


def epoch(round_number: int, configuration: int = 0, process: int = 0) -> EpochMeasured:
    """An epoch that took 3 ms in a round."""
    times = Epoch(2_900_000 + round_number, 5, 3500, 3600)
    return EpochMeasured(
        configuration, Direction.DECOMPRESS, round_number, times, process, 0.003
    )


def run_of(*rounds: Sequence[Event]) -> list[Event]:
    """What a run says: a verified row, a failed one, and rounds of events."""
    events: list[Event] = [_VERIFIED, _FAILED]
    for number, members in enumerate(rounds, 1):
        events += [
            RoundStarted(number, len(members), 1.0),
            *members,
            RoundFinished(number, 0, 0.01),
        ]
    return events


def written(path: Path, events: Sequence[Event]) -> str:
    """A journal of events, closed."""
    with Journal.create(str(path), _RUN, may_overwrite=False) as journal:
        for event in events:
            journal.note(event)
    return str(path)


def resumed(path: str) -> list[Event]:
    """What a journal gives to the run that goes on."""
    with Journal.resume(path, _RUN) as journal:
        return list(journal.earlier)


@pytest.mark.parametrize(
    "event",
    [
        _VERIFIED,
        _FAILED,
        epoch(3, 7, 2),
        RoundFinished(4, 1, 0.25),
        Settled(2, Direction.COMPRESS),
        Calibrated(5, 1, (Calibration(3, 1e6), Calibration(1, 0.5))),
    ],
)
def test_events_survive_json(event: Event) -> None:
    """An event comes back equal, and of the same types, from JSON."""
    back = decode(json.loads(json.dumps(encode(event))))
    assert back == event
    assert repr(back) == repr(event)


def test_finished_rounds_are_kept(tmp_path: Path) -> None:
    """What was verified, what failed, and every epoch of finished rounds come back."""
    events = run_of([epoch(1), epoch(1, 2)], [epoch(2)])
    found = resumed(written(tmp_path / "j", events))
    assert found == [_VERIFIED, _FAILED, epoch(1), epoch(1, 2), epoch(2)]


def test_round_is_written_when_it_is_over(tmp_path: Path) -> None:
    """The line of a round is in the file as soon as the next event could come."""
    path = tmp_path / "j"
    with Journal.create(str(path), _RUN, may_overwrite=False) as journal:
        for event in run_of([epoch(1)], [epoch(2)])[:-1]:
            journal.note(event)
        lines = path.read_text("utf-8").splitlines()
        assert len(lines) == 4  # head, verified, failed, round 1
        journal.note(RoundFinished(2, 0, 0.01))
        assert len(path.read_text("utf-8").splitlines()) == 5


def test_interrupt_keeps_the_round_in_flight(tmp_path: Path) -> None:
    """After Ctrl-C the epochs of the unfinished round are kept, too."""
    events = [*run_of([epoch(1)], [epoch(2)])[:-1], Interrupted()]
    assert epoch(2) in resumed(written(tmp_path / "j", events))


def test_any_torn_end_is_dropped(tmp_path: Path) -> None:
    """Cut at any byte, a journal gives the lines that are whole, and goes on."""
    events = run_of([epoch(1), epoch(1, 2)], [epoch(2)])
    data = Path(written(tmp_path / "whole", events)).read_bytes()
    everything = [_VERIFIED, _FAILED, epoch(1), epoch(1, 2), epoch(2)]
    known = {1: 0, 2: 1, 3: 2, 4: 4, 5: 5}
    for size in range(len(data) + 1):
        path = tmp_path / "torn"
        path.write_bytes(data[:size])
        whole = data[:size].count(b"\n")
        with Journal.resume(str(path), _RUN) as journal:
            assert list(journal.earlier) == everything[: known.get(whole, 0)]
            journal.note(RoundStarted(9, 1, 1.0))
            journal.note(epoch(9))
            journal.note(RoundFinished(9, 0, 0.01))
        assert resumed(str(path))[-1] == epoch(9)


def test_zeros_at_the_end_are_dropped(tmp_path: Path) -> None:
    """What a power cut left of the last lines is no damage."""
    path = written(tmp_path / "j", run_of([epoch(1)]))
    with Path(path).open("ab") as file:
        file.write(bytes(100) + b"\n")
    assert resumed(path)[-1] == epoch(1)


@pytest.mark.parametrize("line", [2, 4])
def test_damage_before_whole_lines_is_told(tmp_path: Path, line: int) -> None:
    """A line that makes no sense before others that do is damage, told by number."""
    path = Path(written(tmp_path / "j", run_of([epoch(1)], [epoch(2)])))
    lines = path.read_bytes().splitlines(keepends=True)
    lines[line - 1] = b'[["NoEvent",1]]\n'
    path.write_bytes(b"".join(lines))
    with pytest.raises(ResultError, match=f"line {line} is damaged.*--force"):
        Journal.resume(str(path), _RUN)


@pytest.mark.parametrize(
    "head", [b"{}\n", b"[]\n", b'{"journal_version": 99, "run": {}}\n']
)
def test_foreign_file_is_no_journal(tmp_path: Path, head: bytes) -> None:
    """A file of another kind, or of another complab, is not gone on from."""
    path = tmp_path / "j"
    path.write_bytes(head)
    with pytest.raises(ResultError, match="is no journal that this complab knows"):
        Journal.resume(str(path), _RUN)
    assert path.read_bytes() == head


def test_other_run_is_refused(tmp_path: Path) -> None:
    """What differs from the run that began the journal is named, then and now."""
    path = written(tmp_path / "j", run_of([epoch(1)]))
    other = {"plan": {"seed": 2}, "configurations": [{"id": 0, "level": 3}]}
    with pytest.raises(JournalMismatchError) as caught:
        Journal.resume(path, other)
    assert caught.value.differences == (
        "plan.seed: 1 then, 2 now",
        "configurations[0].level: None then, 3 now",
    )
    more = {"plan": {"seed": 1}, "configurations": [], "input": "x"}
    with pytest.raises(JournalMismatchError) as caught:
        Journal.resume(path, more)
    assert caught.value.differences == (
        "configurations: 1 then, 0 now",
        "input: None then, 'x' now",
    )
    assert resumed(path)[-1] == epoch(1)


def test_many_differences_are_counted() -> None:
    """The message names five differences and counts the others."""
    error = JournalMismatchError(path="j", differences=[f"d{i}" for i in range(8)])
    assert "(d0; d1; d2; d3; d4; and 3 more)" in str(error)


def test_journal_is_not_overwritten(tmp_path: Path) -> None:
    """A journal that is there is begun anew on demand only."""
    path = written(tmp_path / "j", run_of([epoch(1)]))
    with pytest.raises(OutputExistsError, match="--resume"):
        Journal.create(path, _RUN, may_overwrite=False)
    assert resumed(path)[-1] == epoch(1)
    Journal.create(path, _RUN, may_overwrite=True).close()
    assert resumed(path) == []


def test_one_run_at_a_time(tmp_path: Path) -> None:
    """A journal that a run writes is not opened by another."""
    path = str(tmp_path / "j")
    with (
        Journal.create(path, _RUN, may_overwrite=False),
        pytest.raises(ResultError, match="another run writes it"),
    ):
        Journal.resume(path, _RUN)
    assert resumed(path) == []


def test_resume_without_journal_begins_one(tmp_path: Path) -> None:
    """Nothing to go on from is no error: the run begins."""
    path = tmp_path / "j"
    assert resumed(str(path)) == []
    assert path.exists()


def test_removed_with_the_result(tmp_path: Path) -> None:
    """A journal is removed, and one that is not there does not matter."""
    path = written(tmp_path / "r.json.journal", [])
    assert path == journal_path(str(tmp_path / "r.json"))
    remove_journal(path)
    assert not Path(path).exists()
    remove_journal(path)


def test_unwritable_place_is_told(tmp_path: Path) -> None:
    """A folder that is not there is told with the journal's name."""
    path = str(tmp_path / "none" / "j")
    with pytest.raises(ResultError, match="cannot be written: No such file"):
        Journal.create(path, _RUN, may_overwrite=False)


@contextmanager
def files_of_at_most(size_bytes: int) -> Iterator[None]:
    """A disk that takes no more than so many bytes a file."""
    earlier = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, earlier[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, earlier)


def test_full_disk_costs_no_run(tmp_path: Path) -> None:
    """A journal that finds no room says so and keeps quiet from then on."""
    path = tmp_path / "j"
    with Journal.create(str(path), _RUN, may_overwrite=False) as journal:
        journal.note(_VERIFIED)
        with files_of_at_most(path.stat().st_size + 10):
            for event in run_of([epoch(1)], [epoch(2)])[2:]:
                journal.note(event)
        assert "j: cannot be written: File too large" in journal.problem
        size = path.stat().st_size
        for event in run_of([epoch(1)])[2:]:
            journal.note(event)
        assert path.stat().st_size == size
    assert resumed(str(path)) == [_VERIFIED]


# ---- Going on ----------------------------------------------------------------------

_BLOCKS = (b"a payload " * 400, bytes(3000))


def plan_of(worker_count: int, budget_s: float = 120.0) -> Plan:
    """A plan of two codecs and memcpy."""
    chosen = specs.select("zstd:1,snappy,memcpy", framing="raw", libraries=Catalogue())
    return make_plan(
        chosen, budget_s=budget_s, precision_pct=90.0, worker_count=worker_count
    )


@pytest.mark.parametrize("worker_count", [0, 2])
def test_run_goes_on(worker_count: int) -> None:
    """Rounds and processes count on, and what failed is not tried again."""
    earlier: list[Event] = [
        Dropped(1, FAILED, "it crashed"),
        *(epoch(number, 0, process) for number, process in ((1, 0), (2, 1), (3, 1))),
    ]
    events = list(measure(plan_of(worker_count), _BLOCKS, earlier=earlier))
    assert [e.configuration for e in events if isinstance(e, Verified)] == [0, 2]
    epochs = [event for event in events if isinstance(event, EpochMeasured)]
    assert {event.configuration for event in epochs} == {0, 2}
    assert min(event.round for event in epochs) == 4
    assert min(event.process for event in epochs) == 2


def test_skipped_row_is_tried_again() -> None:
    """What had no time before the run broke off may have it now."""
    earlier = [Dropped(1, SKIPPED, "no time was left")]
    events = list(measure(plan_of(0), _BLOCKS, earlier=earlier))
    assert 1 in {e.configuration for e in events if isinstance(e, EpochMeasured)}


def test_spent_budget_is_spent() -> None:
    """A run whose earlier epochs took the budget measures nothing more."""
    earlier = [epoch(number) for number in range(1, 40)]
    assert list(measure(plan_of(1, budget_s=0.1), _BLOCKS, earlier=earlier)) == []
