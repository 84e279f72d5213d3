"""The progress line of what reads a log: what is done, and how much of it."""

import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self, TextIO

from complab.render import terminal_width

_EVERY_S = 0.25
_CLEAR_LINE = "\r\x1b[K"


class ScanProgress:
    """Shows how far a log is read, on a terminal; elsewhere nothing."""

    def __init__(
        self, stream: TextIO, *, is_quiet: bool, environ: Mapping[str, str]
    ) -> None:
        """Decide whether there is anyone to see it."""
        self._stream = stream
        self._width = terminal_width(stream, environ) or 80
        self._is_shown = (
            not is_quiet and stream.isatty() and environ.get("TERM") != "dumb"
        )
        # A small log is read before anyone could look.
        self._next_s = time.monotonic() + _EVERY_S

    def __enter__(self) -> Self:
        """Nothing to set up."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave a clean line behind."""
        if self._is_shown:
            self._stream.write(_CLEAR_LINE)
            self._stream.flush()

    def show(self, what: str, done_bytes: int, total_bytes: int) -> None:
        """Draw the line anew if it is time to."""
        now_s = time.monotonic()
        if not self._is_shown or now_s < self._next_s:
            return
        self._next_s = now_s + _EVERY_S
        share = done_bytes / total_bytes if total_bytes else 1.0
        line = f"{what}: {done_bytes / 1e6:,.0f} of {total_bytes / 1e6:,.0f} MB"
        self._stream.write(f"{_CLEAR_LINE}{f'{line} ({share:.0%})'[: self._width - 1]}")
        self._stream.flush()
