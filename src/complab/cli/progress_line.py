"""A line on a terminal that is drawn anew now and then, and cleared at the end."""

import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self, TextIO

from complab.render import terminal_width

_EVERY_S = 0.25
_CLEAR_LINE = "\r\x1b[K"


class ProgressLine:
    """Draws on ``stream`` where that is a terminal; elsewhere nothing.

    It is due at once, or after ``first_after_s`` seconds, and then every quarter of a
    second.
    """

    def __init__(
        self,
        stream: TextIO,
        *,
        is_quiet: bool,
        environ: Mapping[str, str],
        first_after_s: float = 0.0,
    ) -> None:
        """Decide whether there is anyone to see it."""
        self._stream = stream
        self._width = terminal_width(stream, environ) or 80
        self._next_s = time.monotonic() + first_after_s
        self.is_shown = (
            not is_quiet and stream.isatty() and environ.get("TERM") != "dumb"
        )

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
        if self.is_shown:
            self._stream.write(_CLEAR_LINE)
            self._stream.flush()

    @property
    def is_due(self) -> bool:
        """Whether it is worth the caller's while to find words."""
        return self.is_shown and time.monotonic() >= self._next_s

    def draw(self, text: str) -> None:
        """Draw the line, cut to the terminal's width, due or not."""
        if self.is_shown:
            self._next_s = time.monotonic() + _EVERY_S
            self._stream.write(_CLEAR_LINE + text[: self._width - 1])
            self._stream.flush()
