"""A small input, and a terminal of the tests' own to run the program in."""

import os
import pty
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fcntl import ioctl
from pathlib import Path
from select import select

import pytest

# No run of these tests lasts so long: it is a bound for hangs.
_PATIENCE_S = 60.0


@pytest.fixture(scope="session")
def one_batch(samples: Path) -> bytes:
    """The first batch of about 15 KB of a sample, as it is stored."""
    data = (samples / "http-requests-16k-none.bin").read_bytes()
    (length,) = struct.unpack(">i", data[8:12])
    return data[: 12 + length]


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory, one_batch: bytes) -> str:
    """A file of that one batch."""
    path = tmp_path_factory.mktemp("small") / "small.bin"
    path.write_bytes(one_batch)
    return str(path)


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


@pytest.fixture
def terminal(
    program: str, environ: dict[str, str]
) -> Iterator[Callable[..., Terminal]]:
    """Start complab in a terminal of 40 lines of ``width`` cells.

    Standard output goes to ``stdout`` instead where that is given.
    """
    running: list[Terminal] = []

    def start(
        *arguments: str,
        width: int = 120,
        stdout: Path | None = None,
        **extra_environ: str,
    ) -> Terminal:
        display, inside = pty.openpty()
        ioctl(display, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
        redirected = stdout.open("wb") if stdout else None
        # Whoever started the tests may have had SIGINT ignored, as in a background job.
        process = subprocess.Popen(
            ["env", "--default-signal=INT", program, *arguments],
            stdin=inside,
            stdout=redirected or inside,
            stderr=inside,
            env={**environ, "TERM": "xterm-256color", **extra_environ},
        )
        os.close(inside)
        if redirected:
            redirected.close()
        running.append(Terminal(process, display))
        return running[-1]

    yield start
    for each in running:
        if each.process.poll() is None:
            each.process.kill()
            each.process.wait()
        os.close(each.display)
