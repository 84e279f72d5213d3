"""Where a command's result goes: standard output and ``--output``, in a format."""

import json
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from complab.errors import PlanError
from complab.render import (
    Table,
    format_from_path,
    render_as,
    terminal_width,
    wants_colour,
)
from complab.whole_file import check_output, write_text_whole

CSV = "csv"
JSON = "json"
TABLE = "table"


def format_for(path: str, chosen: str | None) -> str:
    """The format of an output file: ``chosen``, else what the suffix says."""
    found = chosen or format_from_path(path)
    if found is None:
        message = (
            f"--output {path}: the suffix names no format; use .txt, .md, .csv or "
            ".json, or give --format"
        )
        raise PlanError(message)
    return found


def render(table: Table, format_name: str, *, is_for_screen: bool) -> str:
    """The table as text: fitted to the terminal where it goes to one."""
    if not is_for_screen:
        return render_as(table, format_name)
    return render_as(
        table,
        format_name,
        width=terminal_width(sys.stdout, os.environ),
        is_colour=wants_colour(sys.stdout, os.environ),
    )


class Shown(Protocol):
    """A result with a table, and a document for JSON."""

    def table(self) -> Table:
        """The table."""

    def to_document(self) -> Mapping[str, Any]:
        """JSON's lists and mappings."""


class Output:
    """Where a study's result goes: checked before anything is measured.

    ``path`` is ``--output``'s, ``None`` or "-" for standard output alone.
    """

    def __init__(
        self, path: str | None, format_name: str | None, *, force: bool
    ) -> None:
        """Refuse a file that is there, or whose format nobody knows."""
        self._path = None if path == "-" else path
        self._format = format_name or TABLE
        self._force = force
        self._file_format = self._format
        if self._path:
            check_output(self._path, may_overwrite=force)
            self._file_format = format_for(self._path, format_name)

    @property
    def is_bare(self) -> bool:
        """Whether standard output has no place for remarks."""
        return self._format == CSV

    def write(
        self, result: Shown, more: Callable[[str, bool], str] | None = None
    ) -> None:
        """Write the file, then standard output, whose reader may have gone away.

        ``more`` gives what stands below the table where there is room for it, by format
        and by whether it is for the screen.
        """
        if self._path:
            text = _text(result, self._file_format, more, is_for_screen=False)
            write_text_whole(self._path, text, may_overwrite=self._force)
        sys.stdout.write(_text(result, self._format, more, is_for_screen=True))


def _text(
    result: Shown,
    format_name: str,
    more: Callable[[str, bool], str] | None,
    *,
    is_for_screen: bool,
) -> str:
    if format_name == JSON:
        return json.dumps(result.to_document(), indent=1) + "\n"
    text = render(result.table(), format_name, is_for_screen=is_for_screen)
    if format_name == CSV or more is None:
        return text
    return f"{text}\n{more(format_name, is_for_screen)}".rstrip("\n") + "\n"
