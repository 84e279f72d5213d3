"""The formats that `--format` names, and putting a table on a stream in one of them."""

import os
from typing import Final, Literal, TextIO, get_args

from complab.render.delimited import render_csv
from complab.render.markdown import render_markdown
from complab.render.structured import render_json
from complab.render.table import Table
from complab.render.terminal import render_terminal, terminal_width, wants_colour

__all__ = ["FORMATS", "Format", "format_from_path", "render_as", "write"]

Format = Literal["table", "markdown", "csv", "json"]

FORMATS: Final[tuple[Format, ...]] = get_args(Format)
"""Every format, the default one first."""

_FORMAT_BY_SUFFIX: Final[dict[str, Format]] = {
    ".txt": "table",
    ".md": "markdown",
    ".markdown": "markdown",
    ".csv": "csv",
    ".json": "json",
}


def format_from_path(path: str | os.PathLike[str]) -> Format | None:
    """Return the format that a file's suffix stands for; None if it stands for none.

    >>> format_from_path("sweep.csv"), format_from_path("sweep.xlsx")
    ('csv', None)
    """
    return _FORMAT_BY_SUFFIX.get(os.path.splitext(path)[1].lower())  # noqa: PTH122


def render_as(
    table: Table,
    format_name: str,
    *,
    width: int | None = None,
    is_colour: bool = False,
) -> str:
    r"""Render a table in a format of `FORMATS`, its last line ended.

    `width` (character cells, None for no limit) and `is_colour` concern "table" alone.

    Raises ValueError, with the formats that there are, for any other name.

    >>> table = Table(columns=[], rows=[])
    >>> render_as(table, "json")
    '{"rows": []}\n'
    """
    match format_name:
        case "table":
            return render_terminal(table, width=width, is_colour=is_colour)
        case "markdown":
            return render_markdown(table)
        case "csv":
            return render_csv(table)
        case "json":
            return render_json(table)
    message = f"unknown format {format_name!r}: expected {', '.join(FORMATS)}"
    raise ValueError(message)


def write(
    table: Table,
    format_name: str,
    stream: TextIO,
    *,
    width: int | None = None,
    is_colour: bool | None = None,
) -> None:
    r"""Write a table to a stream in a format of `FORMATS`.

    Unless given, width and colour are what the stream is: a terminal's own, else no
    limit and no colour. A character that the stream's encoding lacks is spelled out.

    Raises ValueError for an unknown format, OSError from the stream.

    >>> import io
    >>> stream = io.StringIO()
    >>> write(Table(columns=[], rows=[]), "json", stream)
    >>> stream.getvalue()
    '{"rows": []}\n'
    """
    text = render_as(
        table,
        format_name,
        width=terminal_width(stream, os.environ) if width is None else width,
        is_colour=(
            wants_colour(stream, os.environ) if is_colour is None else is_colour
        ),
    )
    encoding = getattr(stream, "encoding", None)
    if encoding and not text.isascii():
        text = text.encode(encoding, "backslashreplace").decode(encoding)
    stream.write(text)
