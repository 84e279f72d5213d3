"""``complab dictionary``: what a trained zstd dictionary would give."""

import os
import sys

import click

from complab.cli import options, output
from complab.cli.parameters import BYTE_STEPS, BYTES, PERCENT, complete_codecs
from complab.cli.progress_line import ProgressLine
from complab.kafka.record_files import KINDS
from complab.studies.dictionary import (
    DEFAULT_CODECS,
    DEFAULT_SIZES,
    DEFAULT_TRAIN_SHARE,
    TRAINERS,
    DictionaryStudy,
    dictionary,
)
from complab.whole_file import check_output, write_text_whole


@click.command("dictionary")
@click.argument("path", metavar="FILE")
@click.option(
    "--codecs",
    metavar="LIST",
    default=DEFAULT_CODECS,
    show_default=True,
    shell_complete=complete_codecs,
    help="Levels of zstd, such as zstd:1,3.",
)
@click.option(
    "--sizes",
    type=BYTE_STEPS,
    metavar="LIST",
    default=DEFAULT_SIZES,
    help="Sizes of dictionaries. [default: 4KiB,16KiB,64KiB,110KiB]",
)
@click.option(
    "--trainer",
    type=click.Choice(list(TRAINERS)),
    default=next(iter(TRAINERS)),
    show_default=True,
    help="zstd's own default, or one that searches farther and takes longer.",
)
@click.option(
    "--train",
    "train_pct",
    type=PERCENT,
    metavar="PCT",
    default=100 * DEFAULT_TRAIN_SHARE,
    help="The share of the batches, from the first on, to train on. [default: 50]",
)
@click.option(
    "--speeds",
    "has_speeds",
    is_flag=True,
    help="Time single values, too, with each dictionary and without.",
)
@click.option(
    "--records", type=click.Choice(KINDS), help="FILE holds records without a log."
)
@click.option("--batch-size", type=BYTES, help="Of the batches they are put into.")
@options.LIBRARIES
@options.MAX_INPUT
@options.MAX_PAYLOAD
@options.SEED
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
    sizes: tuple[int, ...],
    trainer: str,
    train_pct: float,
    has_speeds: bool,
    records: str | None,
    batch_size: int | None,
    libraries: tuple[str, ...],
    max_input: int,
    max_payload: int,
    seed: int,
    format_name: str | None,
    output_path: str | None,
    force: bool,
    quiet: bool,
) -> None:
    r"""Train zstd dictionaries on the earlier batches of FILE, try them on the later.

    For single values, as a client would compress them itself, and for batches of 1, 10
    and 100 records and whole ones; then how a dictionary ages. Kafka itself carries no
    dictionaries. CSV has the first table alone.

    \b
    complab dictionary segment.log
    complab dictionary segment.log --codecs zstd:1,3 --sizes 16KiB,110KiB
    complab dictionary access.log --records lines --trainer cover
    """
    file_format = output.format_for(output_path, format_name) if output_path else None
    if output_path:
        check_output(output_path, may_overwrite=force)
    with ProgressLine(sys.stderr, is_quiet=quiet, environ=os.environ) as line:

        def show(what: str, number: int, count: int) -> None:
            if line.is_due:
                line.draw(f"{what} ({number:,} of {count:,} done)")

        found = dictionary(
            path,
            codecs,
            sizes=sizes,
            trainer=trainer,
            train_share=train_pct / 100,
            has_speeds=has_speeds,
            libraries=libraries,
            records=records,
            batch_bytes=batch_size,
            max_input_bytes=max_input,
            max_payload_bytes=max_payload,
            seed=seed,
            on_progress=show,
        )
    if output_path and file_format:
        text = _render(found, file_format, is_for_screen=False)
        write_text_whole(output_path, text, may_overwrite=force)
    sys.stdout.write(_render(found, format_name or "table", is_for_screen=True))
    ctx.exit(1 if found.has_failures else 0)


def _render(found: DictionaryStudy, format_name: str, *, is_for_screen: bool) -> str:
    if format_name == "json":
        return found.to_json()
    table = output.render(found.table(), format_name, is_for_screen=is_for_screen)
    if format_name == "csv" or not found.ages:
        return table
    ages = output.render(found.ages_table(), format_name, is_for_screen=is_for_screen)
    return f"{table}\n{ages}"
