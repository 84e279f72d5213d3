"""``complab inspect``: look into a log."""

import json
import os
import sys

import click

from complab import kafka
from complab.cli import options, output
from complab.cli.parameters import BATCH, parse_settings
from complab.cli.scan_progress import ScanProgress
from complab.errors import PlanError
from complab.render import (
    BarChart,
    can_draw_blocks,
    render_bars,
    terminal_width,
)
from complab.studies.extract import check_range
from complab.studies.inspect import Inspection, inspect
from complab.studies.inspect_tables import lint_text
from complab.studies.record_listing import list_records
from complab.whole_file import check_output, write_text_whole


@click.command("inspect")
@click.argument("path", metavar="FILE")
@click.option(
    "--batch", type=BATCH, metavar="N", help="One batch, by its number from 0 on."
)
@click.option("--records", is_flag=True, help="List the records of that batch.")
@click.option(
    "--headers-only",
    is_flag=True,
    help="Decompress nothing: sizes are then what the frames tell.",
)
@click.option(
    "--topic-config",
    "topic_config",
    multiple=True,
    metavar="NAME=VALUE",
    help="A topic setting, for the lint rules that need it; repeat for several.",
)
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
    batch: int | None,
    records: bool,
    headers_only: bool,
    topic_config: tuple[str, ...],
    max_payload: int,
    format_name: str | None,
    output_path: str | None,
    force: bool,
    quiet: bool,
) -> None:
    r"""Show what FILE holds: a captured batch, a segment, a folder of them, or "-".

    Every batch in a line, totals by codec, distributions, and what a broker or a
    consumer will have to do because of it. CSV has the batches alone.

    \b
    complab inspect 00000000000000000000.log
    complab inspect topic-3/ --format json
    complab inspect segment.log --batch 17 --records
    complab inspect segment.log --topic-config compression.type=zstd
    """
    if records and batch is None:
        message = "--records lists those of one batch: add --batch N"
        raise PlanError(message)
    file_format = output.format_for(output_path, format_name) if output_path else None
    if output_path:
        check_output(output_path, may_overwrite=force)
    shown = format_name or "table"
    if records and batch is not None:
        log = kafka.open(path, max_payload_bytes=max_payload)
        with ScanProgress(sys.stderr, is_quiet=quiet, environ=os.environ) as progress:
            log.scan(lambda done, total: progress.show("scanning", done, total))
        check_range(log, batch, batch)
        table = list_records(log, batch).table()
        if output_path and file_format:
            text = output.render(table, file_format, is_for_screen=False)
            write_text_whole(output_path, text, may_overwrite=force)
        sys.stdout.write(output.render(table, shown, is_for_screen=True))
        return
    with ScanProgress(sys.stderr, is_quiet=quiet, environ=os.environ) as progress:
        found = inspect(
            path,
            topic=parse_settings(topic_config),
            reads_records=not headers_only,
            max_payload_bytes=max_payload,
            on_progress=progress.show,
        )
    if output_path and file_format:
        text = _render(found, file_format, batch, is_for_screen=False)
        write_text_whole(output_path, text, may_overwrite=force)
    sys.stdout.write(_render(found, shown, batch, is_for_screen=True))
    ctx.exit(1 if found.has_damage else 0)


def _render(
    found: Inspection, format_name: str, batch: int | None, *, is_for_screen: bool
) -> str:
    if batch is not None:
        check_range(found.log, batch, batch)
    if format_name == "json":
        document = found.to_document()
        if batch is not None:
            document["batches"] = [document["batches"][batch]]
        return json.dumps(document, indent=1, allow_nan=False) + "\n"
    batches = found.table(batch)
    if format_name == "csv" or batch is not None:
        return output.render(batches, format_name, is_for_screen=is_for_screen)
    tables = [batches, found.totals_table()]
    if format_name != "table":
        tables.append(found.lint_table())
    texts = [
        output.render(table, format_name, is_for_screen=is_for_screen)
        for table in tables
    ]
    if format_name == "table":
        width = terminal_width(sys.stdout, os.environ) if is_for_screen else None
        texts.append(_charts(found, width, is_for_screen=is_for_screen))
        texts.append(lint_text(found.report, width=width))
    return "\n".join(texts)


def _charts(found: Inspection, width: int | None, *, is_for_screen: bool) -> str:
    """The distributions as bars."""
    is_ascii = is_for_screen and not can_draw_blocks(sys.stdout)
    charts = [
        BarChart(
            histogram.quantity.replace("_", " "),
            "from",
            histogram.filled(),
            note=(
                f"{histogram.unknown_count:,} unknown"
                if histogram.unknown_count
                else ""
            ),
        )
        for histogram in found.histograms
        if histogram.filled()
    ]
    return "\n".join(render_bars(c, width=width, is_ascii=is_ascii) for c in charts)
