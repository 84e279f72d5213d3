"""The progress line of what reads a log: what is done, and how much of it."""

from collections.abc import Mapping
from typing import TextIO

from complab.cli.progress_line import ProgressLine

# A small log is read before anyone could look.
_FIRST_AFTER_S = 0.25


class ScanProgress(ProgressLine):
    """Shows how far a log is read, on a terminal; elsewhere nothing."""

    def __init__(
        self, stream: TextIO, *, is_quiet: bool, environ: Mapping[str, str]
    ) -> None:
        """Decide whether there is anyone to see it."""
        super().__init__(
            stream, is_quiet=is_quiet, environ=environ, first_after_s=_FIRST_AFTER_S
        )

    def show(self, what: str, done_bytes: int, total_bytes: int) -> None:
        """Draw the line anew if it is time to."""
        if self.is_due:
            share = done_bytes / total_bytes if total_bytes else 1.0
            line = f"{what}: {done_bytes / 1e6:,.0f} of {total_bytes / 1e6:,.0f} MB"
            self.draw(f"{line} ({share:.0%})")
