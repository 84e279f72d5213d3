"""Measures in fresh processes, one after the other, and outlives each of them.

A codec that crashes, hangs or eats memory takes its worker with it and costs its own
row alone: the board says whose code ran, the row fails with the signal and the last
words, and the others go on in a new worker. Two workers never run at once, and while
one measures this process sleeps.
"""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from complab.core import Buffer
from complab.errors import MeasurementError, StoppedError
from complab.results.model import FAILED
from complab.runner.bench import Limits, Visit
from complab.runner.board import BOARD_BYTES, Board, Step
from complab.runner.events import Calibrated, Dropped, Event, WorkerStarted
from complab.runner.line import Line, Silence
from complab.runner.subject import Task
from complab.runner.wire import decode
from complab.runner.worker import Setup

# What a codec call may still take after a stop before its worker is ended: the user
# waits, or the budget is over.
_STOP_GRACE_S = 0.5

# So much of the memory that is available may be taken.
_MEMORY_SHARE = 0.8
_MEMORY_AT_LEAST_BYTES = 1 << 30

# Nobody's code ran and the worker is gone: once may be anyone's signal, twice in a row
# is a fault that a third one would have, too.
_LOSSES_AT_MOST = 2


class _LostError(Exception):
    """The worker ended; ``step`` is what it was doing, ``words`` say how."""

    def __init__(self, words: str, step: Step | None) -> None:
        super().__init__(words)
        self.step = step


class Workers:
    """Prepares and times in a worker process, as ``Bench`` does in this one.

    ``libraries`` are the kinds and files of the providers, in the order that the tasks
    count them. A stop of the board ends what is being done with ``StoppedError``.
    """

    def __init__(
        self,
        blocks: Sequence[Buffer],
        tasks: Sequence[Task],
        libraries: Sequence[tuple[int, Sequence[str]]],
        limits: Limits,
        *,
        memory_limit_bytes: int | None,
        first_process: int = 0,
    ) -> None:
        """Put the blocks where the workers will find them; none is started yet."""
        self._memories: list[int] = []
        self._payload = self._shared("payload")
        with open(self._payload, "wb", closefd=False) as file:
            file.writelines(blocks)
        self._vault = self._shared("vault")
        page = self._shared("board")
        os.ftruncate(page, BOARD_BYTES)
        self.board = Board(page)
        self._setup = Setup(
            parent=os.getpid(),
            process=first_process - 1,
            payload=self._payload,
            vault=self._vault,
            board=page,
            sizes=[len(block) for block in blocks],
            libraries=libraries,
            tasks=tasks,
            limits=limits,
            memory_limit_bytes=memory_limit_bytes or _available_bytes(),
        )
        self._line: Line | None = None
        self._places: dict[int, int] = {}
        self._iteration_ns: dict[int, tuple[float, float]] = {}
        self._dropped: set[int] = set()
        self._loss_count = 0
        self._lost_s = 0.0

    def _shared(self, name: str) -> int:
        descriptor = os.memfd_create(f"complab-{name}", os.MFD_CLOEXEC)
        self._memories.append(descriptor)
        return descriptor

    @property
    def process(self) -> int:
        """The number of the worker that measures, or measured last."""
        return self._setup.process

    # ---- What Bench does, too ------------------------------------------------------

    def open(self, *, until_s: float) -> Iterator[Event]:
        """Start a worker, and wait until it is ready."""
        yield from self._started(until_s)

    def prepare(
        self, tasks: Sequence[Task], *, until_s: float, by_s: float
    ) -> Iterator[Event]:
        """Verify and calibrate; what is not begun before ``by_s`` is dropped."""
        waiting = [task.id for task in tasks]
        while waiting and time.monotonic() < until_s:
            yield from self._started(until_s)
            # The rows behind a codec that hangs are not to go without for it.
            command = {"do": "prepare", "tasks": waiting, "by_s": by_s + self._lost_s}
            for event in self._command(command, until_s):
                if isinstance(event, Calibrated | Dropped):
                    waiting.remove(event.configuration)
                yield event

    def round(
        self, number: int, visits: Sequence[Visit], *, until_s: float
    ) -> Iterator[Event]:
        """Time one epoch of each visit that still fits, in the given order."""
        yield from self._started(until_s)
        command = {
            "do": "round",
            "number": number,
            "visits": [
                [
                    visit.configuration,
                    visit.direction,
                    visit.cost_s,
                    visit.iteration_count,
                    visit.is_prelude,
                    visit.pass_ns,
                ]
                for visit in visits
                if visit.configuration not in self._dropped
            ],
        }
        yield from self._command(command, until_s)

    def renew(self, *, until_s: float) -> Iterator[Event]:
        """Go on in a fresh process."""
        self._end_line()
        yield from self.open(until_s=until_s)

    def close(self) -> None:
        """End the worker and give the shared memory back."""
        self._end_line()
        while self._memories:
            os.close(self._memories.pop())

    # ---- A worker's life -------------------------------------------------------------

    def _started(self, until_s: float) -> Iterator[Event]:
        """Start a worker if there is none, and hand over what is verified."""
        if self._line is not None:
            return
        self._setup = replace(self._setup, process=self.process + 1)
        self.board.end()
        self._line = Line(self._setup, self._memories)
        yield WorkerStarted(self._setup.process, self._line.pid)
        adopted = [
            [number, place, self._iteration_ns[number]]
            for number, place in self._places.items()
            if number not in self._dropped
        ]
        # What is made first lies elsewhere than what is made second, in every process
        # alike, and caches and predictors know places. So they take turns.
        if self._setup.process % 2:
            adopted.reverse()
        yield from self._command({"do": "adopt", "tasks": adopted}, until_s)

    def _command(self, command: Mapping[str, Any], until_s: float) -> Iterator[Event]:
        """Send a command and give the events until it is done or its worker lost."""
        try:
            yield from self._followed(command, until_s)
        except _LostError as lost:
            self._end_line()
            yield from self._blamed(lost)

    def _followed(self, command: Mapping[str, Any], until_s: float) -> Iterator[Event]:
        line = self._line
        if line is None:
            return
        self._say(line, {**command, "until_s": until_s})
        is_done = False
        while not is_done:
            reply = self._reply(line, until_s)
            if reply is None:  # the budget is over, and the codec was in the middle
                return
            self._places |= dict(reply.get("places", ()))
            for values in reply["events"]:
                event = decode(values)
                self._note(event)
                yield event
            is_done = reply["is_done"]
            if reply.get("is_stopped"):
                self._judge_stop(until_s)
            elif not is_done:
                self._say(line, {})

    def _note(self, event: Event) -> None:
        if isinstance(event, Calibrated):
            first, second = event.calibrations
            known = (first.iteration_ns, second.iteration_ns)
            self._iteration_ns.setdefault(event.configuration, known)
        elif isinstance(event, Dropped):
            self._dropped.add(event.configuration)
        else:  # verified or measured: whatever ends this worker, it was good for that
            self._loss_count = 0

    def _say(self, line: Line, value: object) -> None:
        try:
            line.send(value)
        except OSError:
            raise _LostError(line.ending(), self.board.step) from None

    def _reply(self, line: Line, until_s: float) -> Any:  # noqa: ANN401 - JSON's values
        """What the worker says next; ``None`` when it is ended for lack of time."""
        while True:
            silence = line.wait(self._patience_s(until_s))
            if silence is None:
                reply = line.received()
                if reply is None:
                    raise _LostError(line.ending(), self.board.step)
                return reply
            if silence is Silence.ENDED:
                raise _LostError(line.ending(), self.board.step)
            step, now_s = self.board.step, time.monotonic()
            if step is not None and step.overdue_ns > 0:
                line.kill()
                words = (
                    f"hung: one call took longer than {step.limit_ns / 1e9:.3g} s "
                    f"(--time-limit){line.last_words()}"
                )
                raise _LostError(words, step)
            if self.board.is_stopped and now_s > line.stopped_s + _STOP_GRACE_S:
                line.kill()
                self._end_line()
                self._judge_stop(until_s)
                return None
            if now_s > until_s:
                self.board.stop()

    def _patience_s(self, until_s: float) -> float:
        """How long to sleep before the board is looked at again."""
        now_s = time.monotonic()
        line = self._line
        if self.board.is_stopped and line is not None:
            line.stopped_s = min(line.stopped_s, now_s)
            return 0.02
        step = self.board.step
        wait_s = until_s - now_s
        if step is not None:
            wait_s = min(wait_s, -step.overdue_ns / 1e9)
        # A stop by the user is seen so soon: the flag itself wakes nobody.
        return min(0.2, max(0.001, wait_s + 0.001))

    def _judge_stop(self, until_s: float) -> None:
        """A flag that is up when the time is over was raised for that reason."""
        if time.monotonic() < until_s:
            message = "stopped"
            raise StoppedError(message)

    def _blamed(self, lost: _LostError) -> Iterator[Event]:
        """The row whose code ran, if any did; the fault that nobody's is."""
        if lost.step is None:
            self._loss_count += 1
            if self._loss_count >= _LOSSES_AT_MOST:
                message = (
                    f"the worker process {lost} while no codec ran; --workers 0 "
                    "measures without one"
                )
                raise MeasurementError(message) from None
            return
        what = f"{lost.step.direction.name.lower()}ing"
        dropped = Dropped(lost.step.configuration, FAILED, f"{what} {lost}")
        self._dropped.add(dropped.configuration)
        self._lost_s += (time.monotonic_ns() - lost.step.began_ns) / 1e9
        yield dropped

    def _end_line(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            line.close()


def _available_bytes() -> int:
    """What a worker may take of the memory that the machine has to give now."""
    for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        name, _, value = line.partition(":")
        if name == "MemAvailable":
            available_bytes = int(value.split()[0]) * 1024
            return max(_MEMORY_AT_LEAST_BYTES, int(available_bytes * _MEMORY_SHARE))
    return _MEMORY_AT_LEAST_BYTES
