"""Where a command's result goes: standard output and ``--output``, in a format."""

import os
import sys

from complab.errors import PlanError
from complab.render import (
    Table,
    format_from_path,
    render_as,
    terminal_width,
    wants_colour,
)


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
