"""What a program shows on a terminal, read as it comes."""

import os
import signal
import subprocess
import time
from dataclasses import dataclass, field
from select import select

# No run of these tests lasts so long: it is a bound for hangs.
_PATIENCE_S = 60.0


@dataclass
class Terminal:
    """A running program whose streams are a terminal; ``shown`` is what it showed."""

    process: subprocess.Popen[bytes]
    display: int
    shown: bytearray = field(default_factory=bytearray)

    def read(self) -> bool:
        """Take what is shown next; false when the program has closed the terminal."""
        if not select([self.display], [], [], 0.1)[0]:
            return True
        try:
            data = os.read(self.display, 65536)
        except OSError:  # Linux says EIO when the last program has left
            return False
        self.shown += data
        return bool(data)

    def wait_for(self, words: bytes) -> None:
        """Read until the words are shown."""
        end_s = time.monotonic() + _PATIENCE_S
        while words not in self.shown:
            assert self.read(), f"ended without {words!r}: {self.shown!r}"
            assert time.monotonic() < end_s, f"no {words!r} in {self.shown!r}"

    def finish(self) -> tuple[int, str]:
        """Read to the end; the exit code and all that was shown."""
        end_s = time.monotonic() + _PATIENCE_S
        while self.read():
            assert time.monotonic() < end_s, f"hangs: {self.shown!r}"
        return self.process.wait(_PATIENCE_S), self.shown.decode()

    def interrupt(self) -> None:
        """Send what Ctrl-C sends."""
        self.process.send_signal(signal.SIGINT)
