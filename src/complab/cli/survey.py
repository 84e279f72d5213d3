"""``complab survey``: a broker's data folder, topic by topic."""

import os
import sys

import click

from complab.cli import options, output
from complab.cli.parameters import PERCENT, RATE, complete_codecs
from complab.cli.progress_line import ProgressLine
from complab.render import terminal_width
from complab.studies.survey import (
    DEFAULT_CODECS,
    DEFAULT_PRECISION_PCT,
    Survey,
    survey,
)
from complab.whole_file import check_output, write_text_whole


@click.command("survey")
@click.argument("path", metavar="FOLDER")
@click.option(
    "--codecs",
    metavar="LIST",
    default=DEFAULT_CODECS,
    show_default=True,
    shell_complete=complete_codecs,
    help="Kafka's codecs that each topic is tried with, such as zstd:3,lz4,snappy.",
)
@click.option(
    "--precision",
    "precision_pct",
    type=PERCENT,
    metavar="PCT",
    default=DEFAULT_PRECISION_PCT,
    help="Draw batches until what is saved of a topic's bytes is known to so many "
    "percent to either side. [default: 1]",
)
@click.option(
    "--max-rate",
    type=RATE,
    metavar="BYTES",
    help="Read no more than so many bytes a second, such as 20MB/s.",
)
@options.LIBRARIES
@options.SEED
@options.MAX_PAYLOAD
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["table", "markdown", "csv", "json"]),
    help="What standard output shows. [default: table]",
)
@options.OUTPUT
@click.option("--force", is_flag=True, help="Overwrite a file that exists.")
@options.QUIET
@click.pass_context
def command(
    ctx: click.Context,
    *,
    path: str,
    codecs: str,
    precision_pct: float,
    max_rate: int | None,
    libraries: tuple[str, ...],
    seed: int,
    max_payload: int,
    format_name: str | None,
    output_path: str | None,
    force: bool,
    quiet: bool,
) -> None:
    r"""Survey the topics in FOLDER, one of a broker's log.dirs, worst first.

    For each topic: its size, codecs and writers, how deep its batches are, what other
    codecs would save of it and how sure that is, and what lint finds. Small topics are
    read whole, of others a sample of batches; no link in FOLDER is followed.

    \b
    complab survey /var/lib/kafka/data
    complab survey /var/lib/kafka/data --codecs zstd:3,lz4 --max-rate 20MB/s
    complab survey /var/lib/kafka/data --precision 0.5% --format csv --output topics.csv
    """
    file_format = output.format_for(output_path, format_name) if output_path else None
    if output_path:
        check_output(output_path, may_overwrite=force)
    with ProgressLine(sys.stderr, is_quiet=quiet, environ=os.environ) as line:

        def show(topic: str, number: int, count: int) -> None:
            if line.is_due:
                line.draw(f"topic {number + 1:,} of {count:,}: {topic}")

        found = survey(
            path,
            codecs,
            libraries=libraries,
            precision_pct=precision_pct,
            max_rate=max_rate,
            max_payload_bytes=max_payload,
            seed=seed,
            on_progress=show,
        )
    if output_path and file_format:
        text = _render(found, file_format, is_for_screen=False)
        write_text_whole(output_path, text, may_overwrite=force)
    sys.stdout.write(_render(found, format_name or "table", is_for_screen=True))
    if not found.is_complete:
        ctx.exit(130)
    ctx.exit(1 if found.has_failures else 0)


def _render(found: Survey, format_name: str, *, is_for_screen: bool) -> str:
    if format_name == "json":
        return found.to_json()
    table = output.render(found.table(), format_name, is_for_screen=is_for_screen)
    if format_name == "csv":
        return table
    if format_name == "markdown":
        findings = output.render(
            found.findings_table(), format_name, is_for_screen=is_for_screen
        )
    else:
        width = terminal_width(sys.stdout, os.environ) if is_for_screen else None
        findings = found.findings_text(width=width)
    return f"{table}\n{findings}"
