"""A process that measures: ``python -m complab.runner.worker CHANNEL``.

``CHANNEL`` is the descriptor of a socket. The first line that comes through it is a
``Setup``, each further one a command; every line is JSON. What happens is sent back in
portions, and after each one the worker waits for a word: the one who reads it would
otherwise do so on the other core while a codec is being timed. Blocks come in shared
memory, and compressed ones go there for the worker that comes next; both are copied
into memory of the worker's own, so that they lie as they would in any program.

Its imports are few: three workers start in a run.
"""

import json
import mmap
import os
import resource
import signal
import struct
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, Self

from complab import core
from complab.core import Direction
from complab.errors import StoppedError
from complab.runner.bench import Bench, Limits, Visit
from complab.runner.board import Board
from complab.runner.events import Calibrated, Event, Verified
from complab.runner.own_copy import open_own_copy
from complab.runner.subject import Task
from complab.runner.wire import encode

# A portion is sent at least so often, for a display to have something to show.
_PORTION_S = 0.2

_CHUNK_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Setup:
    """All that a worker must know before it can begin.

    ``payload``, ``vault`` and ``board`` are descriptors of shared memory, ``sizes``
    those of the blocks in the payload, ``libraries`` the kinds and files of each.
    """

    parent: int
    process: int
    payload: int
    vault: int
    board: int
    sizes: Sequence[int]
    libraries: Sequence[tuple[int, Sequence[str]]]
    tasks: Sequence[Task]
    limits: Limits
    memory_limit_bytes: int

    def to_line(self) -> bytes:
        """The setup as a line."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Self:
        """Read it back from what JSON made of it."""
        return cls(
            **{
                **values,
                "tasks": [_task(task) for task in values["tasks"]],
                "limits": Limits(**values["limits"]),
            }
        )


def _task(values: Mapping[str, Any]) -> Task:
    return Task(**{**values, "writing": core.Writing(**values["writing"])})


class Channel:
    """Lines of JSON over a descriptor."""

    def __init__(self, descriptor: int) -> None:
        """Take the descriptor."""
        self._descriptor = descriptor
        self._rest = bytearray()

    def read(self) -> Any:  # noqa: ANN401 - any of JSON's values
        """The next line's value, ``None`` when the other end is closed."""
        while b"\n" not in self._rest:
            chunk = os.read(self._descriptor, _CHUNK_BYTES)
            if not chunk:
                return None
            self._rest += chunk
        line, _, self._rest = self._rest.partition(b"\n")
        return json.loads(line)

    def write(self, value: object) -> None:
        """Send a value as a line."""
        line = memoryview(json.dumps(value).encode() + b"\n")
        while line:
            line = line[os.write(self._descriptor, line) :]


class Vault:
    """Compressed blocks in shared memory: the sizes of them all, then their bytes."""

    def __init__(self, descriptor: int, block_count: int) -> None:
        """Take the descriptor."""
        self._descriptor = descriptor
        self._sizes = struct.Struct(f"={block_count}Q")

    def put(self, blocks: Sequence[core.Buffer]) -> int:
        """Append the blocks; where they are."""
        place = position = os.fstat(self._descriptor).st_size
        for piece in (self._sizes.pack(*map(len, blocks)), *blocks):
            rest = memoryview(piece)
            while rest:
                written = os.pwrite(self._descriptor, rest, position)
                position += written
                rest = rest[written:]
        return place

    def get(self, place: int) -> list[bytes]:
        """Copies of the blocks at a place."""
        sizes = self._sizes.unpack(self._read(self._sizes.size, place))
        position = place + self._sizes.size
        blocks = []
        for size in sizes:
            blocks.append(self._read(size, position))
            position += size
        return blocks

    def _read(self, size_bytes: int, position: int) -> bytes:
        read = os.pread(self._descriptor, size_bytes, position)
        while len(read) < size_bytes:  # 2 GiB at a time is the most that Linux gives
            read += os.pread(
                self._descriptor, size_bytes - len(read), position + len(read)
            )
        return read


class Worker:
    """Does what the lines say, and tells what happens."""

    def __init__(self, channel: Channel, setup: Setup) -> None:
        """Copy the blocks and make the bench."""
        self._channel = channel
        self._setup = setup
        self._tasks = {task.id: task for task in setup.tasks}
        self._libraries: dict[int, core.Library] = {}
        self._vault = Vault(setup.vault, len(setup.sizes))
        self._board = Board(setup.board)
        self._bench = Bench(
            _blocks(setup),
            self._open_library,
            self._board,
            setup.limits,
            process=setup.process,
        )

    def _open_library(self, index: int) -> core.Library:
        if index not in self._libraries:
            kind, paths = self._setup.libraries[index]
            self._libraries[index] = open_own_copy(core.library_kinds()[kind], paths)
        return self._libraries[index]

    def serve(self) -> None:
        """Follow commands until the other end is closed."""
        while (command := self._channel.read()) is not None:
            try:
                self._tell(self._follow(command))
            except StoppedError:
                self._channel.write({"events": [], "is_done": True, "is_stopped": True})

    def _tell(self, events: Iterator[Event]) -> None:
        """Send events in portions, and wait for a word after each."""
        portion: list[Any] = []
        places: dict[int, int] = {}
        next_s = time.monotonic() + _PORTION_S
        try:
            for event in events:
                portion.append(encode(event))
                if isinstance(event, Verified):
                    blocks = self._bench.packed(event.configuration)
                    places[event.configuration] = self._vault.put(blocks)
                # A row that is ready must not be lost with a worker that the next ends.
                is_ready = bool(places) and isinstance(event, Calibrated)
                if is_ready or time.monotonic() >= next_s:
                    self._send(portion, places, is_done=False)
                    portion, places = [], {}
                    next_s = time.monotonic() + _PORTION_S
        except StoppedError:
            # What was finished before the flag went up is not lost.
            self._send(portion, places, is_done=False)
            raise
        self._send(portion, places, is_done=True)

    def _send(
        self, portion: list[Any], places: dict[int, int], *, is_done: bool
    ) -> None:
        self._channel.write(
            {"events": portion, "places": list(places.items()), "is_done": is_done}
        )
        if not is_done and self._channel.read() is None:
            sys.exit(0)  # nobody listens any more

    def _follow(self, command: Mapping[str, Any]) -> Iterator[Event]:
        until_s = command["until_s"]
        if command["do"] == "prepare":
            tasks = [self._tasks[number] for number in command["tasks"]]
            yield from self._bench.prepare(tasks, until_s=until_s, by_s=command["by_s"])
        elif command["do"] == "adopt":
            for number, place, iteration_ns in command["tasks"]:
                yield from self._bench.adopt(
                    self._tasks[number],
                    self._vault.get(place),
                    (iteration_ns[0], iteration_ns[1]),
                    until_s=until_s,
                )
        else:
            visits = [
                Visit(number, Direction(direction), *others)
                for number, direction, *others in command["visits"]
            ]
            yield from self._bench.round(command["number"], visits, until_s=until_s)


def _blocks(setup: Setup) -> list[bytes]:
    """Copies of the blocks in memory of this process's own."""
    with mmap.mmap(setup.payload, 0, access=mmap.ACCESS_READ) as shared:
        blocks, position = [], 0
        for size in setup.sizes:
            blocks.append(shared[position : position + size])
            position += size
    return blocks


def _bound_memory(limit_bytes: int) -> None:
    """Let the process grow by so much, and let it be the one that the kernel ends."""
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - no pathlib
        used_bytes = int(file.read().split()[0]) * mmap.PAGESIZE
    resource.setrlimit(
        resource.RLIMIT_AS,
        (used_bytes + limit_bytes, resource.getrlimit(resource.RLIMIT_AS)[1]),
    )
    # A crash is told by its signal; a dump of hundreds of megabytes helps nobody.
    resource.setrlimit(
        resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1])
    )
    # Where memory runs out all the same, the row is the lesser loss. Not every
    # container has the file.
    with (
        suppress(OSError),
        open("/proc/self/oom_score_adj", "w", encoding="ascii") as file,  # noqa: PTH123
    ):
        file.write("1000")


def main(arguments: Sequence[str]) -> None:
    """Serve the channel that the only argument names."""
    # Ctrl-C reaches every process of a terminal; the one that started this one decides
    # what it means. Until here the signal was blocked.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    channel = Channel(int(arguments[0]))
    values = channel.read()
    if values is None:
        return
    setup = Setup.from_values(values)
    core.end_with_parent(setup.parent)
    _bound_memory(setup.memory_limit_bytes)
    Worker(channel, setup).serve()


if __name__ == "__main__":
    main(sys.argv[1:])
