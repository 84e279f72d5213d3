"""A page that the process which measures and the one which waits both see.

It says what is being done at this moment, so that a worker that dies or hangs in the
middle of a codec's code has told whose code that was, and it holds the stop flag that
the loop reads between codec calls. Nothing is sent and nobody is woken: a store to
memory costs the measurement nothing. In a process that measures by itself it is a
page of its own.
"""

import mmap
import time
from dataclasses import dataclass

from complab.core import Direction
from complab.errors import StoppedError

BOARD_BYTES = mmap.PAGESIZE

# Places of 64-bit words; the stop flag is a 32-bit one at the very beginning.
_WHO, _DIRECTION, _BEGAN_NS, _LIMIT_NS = 1, 2, 3, 4


@dataclass(frozen=True, slots=True)
class Step:
    """What was being done: whose codec, which way, since when, for how long at most.

    ``began_ns`` is of the monotonic clock, which all processes of a machine share.
    """

    configuration: int
    direction: Direction
    began_ns: int
    limit_ns: int

    @property
    def overdue_ns(self) -> int:
        """By how much the limit is passed; negative while it is not."""
        return time.monotonic_ns() - self.began_ns - self.limit_ns


class Board:
    """The page; ``descriptor`` is that of shared memory, -1 for a page of one's own."""

    def __init__(self, descriptor: int = -1) -> None:
        """Map the page."""
        page = memoryview(mmap.mmap(descriptor, BOARD_BYTES))
        self.flag = page[:4].cast("i")
        self._words = page.cast("q")

    @property
    def is_stopped(self) -> bool:
        """Whether the flag is up."""
        return self.flag[0] != 0

    def stop(self) -> None:
        """Raise the flag: the loop ends after the codec call that it is in."""
        self.flag[0] = 1

    def lower(self) -> None:
        """Take the flag down again."""
        self.flag[0] = 0

    def check(self) -> None:
        """Raise ``StoppedError`` if the flag is up."""
        if self.is_stopped:
            message = "stopped"
            raise StoppedError(message)

    def begin(self, configuration: int, direction: Direction, limit_s: float) -> None:
        """Say whose code runs from now on, and how long it may at most."""
        self._words[_DIRECTION] = direction
        self._words[_BEGAN_NS] = time.monotonic_ns()
        self._words[_LIMIT_NS] = int(limit_s * 1e9)
        self._words[_WHO] = configuration + 1  # 0: nobody's

    def end(self) -> None:
        """Say that no codec's code runs."""
        self._words[_WHO] = 0

    @property
    def step(self) -> Step | None:
        """What is being done, ``None`` between the codecs' turns."""
        who = self._words[_WHO]
        if who == 0:
            return None
        return Step(
            who - 1,
            Direction(self._words[_DIRECTION]),
            self._words[_BEGAN_NS],
            self._words[_LIMIT_NS],
        )
