"""A small input, and a terminal of the tests' own to run the program in."""

import os
import pty
import struct
import subprocess
import termios
from collections.abc import Callable, Iterator
from fcntl import ioctl
from pathlib import Path

import pytest
from terminals import Terminal


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
