"""``complab dictionary``: what a trained zstd dictionary would give."""

import os
import sys

import click

from complab.cli import options, output
from complab.cli.parameters import BYTE_STEPS, BYTES, PERCENT, complete_codecs
from complab.cli.progress_line import ProgressLine
from complab.studies.dictionary import (
    DEFAULT_CODECS,
    DEFAULT_SIZES,
    DEFAULT_TRAIN_SHARE,
    TRAINERS,
    DictionaryStudy,
    dictionary,
)


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
@options.RECORDS
@click.option("--batch-size", type=BYTES, help="Of the batches they are put into.")
@options.LIBRARIES
@options.MAX_INPUT
@options.MAX_PAYLOAD
@options.SEED
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
    goal = output.Output(output_path, format_name, force=force)
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
    goal.write(found, lambda kind, on_screen: _ages(found, kind, on_screen))
    ctx.exit(1 if found.has_failures else 0)


def _ages(found: DictionaryStudy, format_name: str, is_for_screen: bool) -> str:
    if not found.ages:
        return ""
    table = found.ages_table()
    return output.render(table, format_name, is_for_screen=is_for_screen)
