"""Ctrl-C while C code runs.

Python's handlers run between bytecodes, so that a codec call of seconds would hold them
up. But the C-level part of them writes the signal's number to the wake-up descriptor at
once: a thread that sleeps on the other end raises the core's stop flag, which the loop
reads between codec calls. It costs nothing while nothing happens.

The first Ctrl-C raises the flag and no exception: one raised while a display is drawn
or an epoch is put away would take everything measured with it. A second one is meant.

Only the main thread gets signals; elsewhere (a worker thread, a notebook's helper) the
flag exists and stays down. So it does where SIGINT is ignored (``nohup``).
"""

import signal
import socket
import threading
from types import FrameType, TracebackType
from typing import Any, Self

from complab.runner.board import Board


class StopFlag:
    """A context in which SIGINT stops a board, and the second time raises."""

    def __init__(self, board: Board) -> None:
        """Take the board whose flag it raises."""
        self._board = board
        self._reader: socket.socket | None = None
        self._writer: socket.socket | None = None
        self._earlier = -1
        self._watcher: threading.Thread | None = None
        self._handler: Any = None

    def __enter__(self) -> Self:
        """Begin to watch, if this is the main thread and someone handles SIGINT."""
        self._handler = signal.getsignal(signal.SIGINT)
        if (
            callable(self._handler)
            and threading.current_thread() is threading.main_thread()
        ):
            signal.signal(signal.SIGINT, self._on_sigint)
            self._reader, self._writer = socket.socketpair()
            self._writer.setblocking(False)
            self._earlier = signal.set_wakeup_fd(
                self._writer.fileno(), warn_on_full_buffer=False
            )
            self._watcher = threading.Thread(target=self._watch, daemon=True)
            self._watcher.start()
        return self

    def _on_sigint(self, number: int, frame: FrameType | None) -> None:
        # The watcher raises the flag, too, and may have been first: the second Ctrl-C
        # is known by the handler, which is by then the one that was there before.
        del number, frame
        self._board.stop()
        signal.signal(signal.SIGINT, self._handler)

    def _watch(self) -> None:
        assert self._reader is not None  # noqa: S101 - set before the thread starts
        while numbers := self._reader.recv(64):
            if signal.SIGINT in numbers:
                self._board.stop()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Put the earlier descriptor back and end the watcher."""
        if self._writer is None or self._reader is None or self._watcher is None:
            return
        signal.signal(signal.SIGINT, self._handler)
        signal.set_wakeup_fd(self._earlier)
        self._writer.close()
        self._watcher.join()
        self._reader.close()
