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
@options.FORMAT
@options.OUTPUT
@options.FORCE
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
    goal = output.Output(output_path, format_name, force=force)
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
    goal.write(found, lambda kind, on_screen: _findings(found, kind, on_screen))
    if not found.is_complete:
        ctx.exit(130)
    ctx.exit(1 if found.has_failures else 0)


def _findings(found: Survey, format_name: str, is_for_screen: bool) -> str:
    if format_name != output.TABLE:
        table = found.findings_table()
        return output.render(table, format_name, is_for_screen=is_for_screen)
    width = terminal_width(sys.stdout, os.environ) if is_for_screen else None
    return found.findings_text(width=width)
