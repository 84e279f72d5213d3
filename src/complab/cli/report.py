"""``complab report``: what results say, as a page to hand on."""

import os
import sys

import click

from complab.cli import options, output
from complab.errors import PlanError
from complab.studies.report import Report, report
from complab.whole_file import check_output, write_text_whole

_FORMATS = ("table", "markdown", "html")
_FORMAT_BY_SUFFIX = {
    ".html": "html",
    ".htm": "html",
    ".md": "markdown",
    ".txt": "table",
}


@click.command("report")
@click.argument("results", metavar="RESULT [RESULT]...", nargs=-1, required=True)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(_FORMATS),
    help="What standard output shows. [default: table]",
)
@options.OUTPUT
@options.FORCE
def command(
    *,
    results: tuple[str, ...],
    format_name: str | None,
    output_path: str | None,
    force: bool,
) -> None:
    r"""Say what result files hold: the answer, charts, rows and how they were made.

    RESULT is what --save wrote. An HTML file has everything inside and needs no
    network. Of several results, each is compared with the first.

    \b
    complab report result.json
    complab report result.json --output report.html
    complab report before.json after.json --output report.html
    """
    if output_path == "-":  # it is where the result goes anyway
        output_path = None
    file_format = _format_for(output_path, format_name) if output_path else None
    if output_path:
        check_output(output_path, may_overwrite=force)
    found = report(*results)
    if output_path and file_format:
        text = _render(found, file_format, output_path, is_for_screen=False)
        write_text_whole(output_path, text, may_overwrite=force)
    sys.stdout.write(
        _render(found, format_name or "table", output_path, is_for_screen=True)
    )


def _format_for(path: str, chosen: str | None) -> str:
    suffix = os.path.splitext(path)[1].lower()  # noqa: PTH122 - a path as it was typed
    format_name = chosen or _FORMAT_BY_SUFFIX.get(suffix)
    if format_name is None:
        message = (
            f"--output {path}: the suffix names no format; use .html, .md or .txt, or "
            "give --format"
        )
        raise PlanError(message)
    return format_name


def _render(
    found: Report, format_name: str, output_path: str | None, *, is_for_screen: bool
) -> str:
    if format_name == "html":
        return found.to_html(output=output_path or "report.html")
    return "\n".join(
        output.render(table, format_name, is_for_screen=is_for_screen)
        for table in found.tables()
    )
