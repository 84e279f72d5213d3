"""The line to one worker process: its start, its words, its end.

What the worker's libraries print (standard output and error alike) is kept to its last
bytes: when a codec ends the process, they are what it had to say.
"""

import json
import math
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from enum import Enum
from typing import Any

from complab.runner.worker import Channel, Setup

_PROGRAM = "complab.runner.worker"

# So much of what a worker prints is kept, and so much of that is told.
_KEPT_BYTES = 4096
_TOLD_CHARACTERS = 160


class Silence(Enum):
    """Why there is no word of the worker."""

    TIMEOUT = "nothing came in time"
    ENDED = "the process has ended"


class Line:
    """A worker process with the socket to it; ``stopped_s`` is when it was stopped."""

    def __init__(self, setup: Setup, memories: Sequence[int]) -> None:
        """Start the process and send it its setup."""
        self.stopped_s = math.inf
        self._own, theirs = socket.socketpair()
        self._channel = Channel(self._own.fileno())
        # The worker must not see a Ctrl-C before it says that it ignores it: a signal
        # that is blocked stays so over the start of a program.
        earlier = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        self._output, printing = os.pipe()
        os.set_blocking(self._output, False)
        try:
            with theirs:
                self._process = subprocess.Popen(  # noqa: S603 - this very Python
                    [sys.executable, "-P", "-m", _PROGRAM, str(theirs.fileno())],
                    stdin=subprocess.DEVNULL,
                    stdout=printing,
                    stderr=printing,
                    pass_fds=(theirs.fileno(), *memories),
                )
        except BaseException:
            self._own.close()
            os.close(self._output)
            raise
        finally:
            os.close(printing)
            signal.pthread_sigmask(signal.SIG_SETMASK, earlier)
        self._printed = b""
        self._is_printing = True
        self._poll = select.poll()
        self._poll.register(self._own, select.POLLIN)
        self._poll.register(self._output, select.POLLIN)
        with suppress(
            OSError
        ):  # one that has ended already is noticed by the next wait
            self._own.sendall(setup.to_line())

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def send(self, value: object) -> None:
        """Send a line; ``OSError`` if the process has closed its end."""
        self._own.sendall(json.dumps(value).encode() + b"\n")

    def wait(self, timeout_s: float) -> Silence | None:
        """Sleep until the worker says something; the reason if it does not."""
        until_s = time.monotonic() + timeout_s
        while True:
            left_ms = max(0.0, until_s - time.monotonic()) * 1e3
            ready = dict(self._poll.poll(left_ms))
            if not ready:
                return Silence.TIMEOUT
            if self._own.fileno() in ready:
                has_words = bool(self._peek())
                return None if has_words else Silence.ENDED
            self._drain()

    def _peek(self) -> bytes:
        try:
            return self._own.recv(1, socket.MSG_PEEK)
        except ConnectionError:
            return b""

    def received(self) -> Any:  # noqa: ANN401 - any of JSON's values
        """The line that ``wait`` has seen coming; ``None`` if it breaks off."""
        try:
            return self._channel.read()
        except ConnectionError:
            return None

    def _drain(self) -> None:
        """Take what was printed, as far as it is there; keep the end of it."""
        while self._is_printing:
            try:
                chunk = os.read(self._output, _KEPT_BYTES)
            except BlockingIOError:
                return
            self._printed = (self._printed + chunk)[-_KEPT_BYTES:]
            if not chunk:
                self._is_printing = False
                self._poll.unregister(self._output)

    def kill(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()
        self._process.wait()

    def ending(self) -> str:
        """How the process ended, with the last words of what ran in it."""
        self._process.wait()
        code = self._process.returncode
        if code >= 0:
            how = f"ended with exit code {code}"
        else:
            number = -code
            known = {each.value: each.name for each in signal.Signals}
            how = f"ended by {known.get(number, f'signal {number}')}"
            if number == signal.SIGKILL:
                how += " (from outside, or the memory of the machine was used up)"
            elif description := signal.strsignal(number):
                how += f" ({description.lower()})"
        return how + self.last_words()

    def last_words(self) -> str:
        """The last line that was printed, in a form that fits behind a sentence."""
        self._drain()
        text = self._printed.decode("utf-8", "replace")
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        if not lines:
            return ""
        words = re.sub(r"[^\x20-\x7e\u00a0-\uffff]", "?", lines[-1])
        return f": {words[:_TOLD_CHARACTERS]}"

    def close(self) -> None:
        """End the process, if it still runs, and close what leads to it."""
        self.kill()
        os.close(self._output)
        self._own.close()
