"""``complab sweep``: measure codecs and levels on a file of record batches."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import click

from complab.cli import options, output
from complab.cli.parameters import BYTES, SECONDS, complete_codecs
from complab.cli.progress import Progress
from complab.cli.talk import tell
from complab.errors import PlanError, ResultError
from complab.plan import CORRECTED, METHODS
from complab.results.model import OK
from complab.results.rows import COLUMN_NAMES
from complab.runner.journal import journal_path as journal_of
from complab.studies.sweep import SweepResult, sweep
from complab.whole_file import check_output, write_text_whole

_FORMATS = ("table", "markdown", "csv", "json", "lzbench")


@click.command("sweep")
@click.argument("path", metavar="FILE")
@click.option(
    "--codecs",
    metavar="LIST",
    shell_complete=complete_codecs,
    help="What to measure, e.g. zstd:1-9,lz4,snappy or kafka or zstd@wheel:3. "
    "[default: kafka,brotli]",
)
@options.FRAMING
@options.CLIENT
@options.LIBRARIES
@options.POLICIES
@options.OPAQUE
@options.RECORDS
@click.option(
    "--batch-size",
    type=BYTES,
    help="The producer's batch.size for --records. [default: 16KiB]",
)
@options.MAX_INPUT
@options.MAX_PAYLOAD
@click.option("--quick", is_flag=True, help="Fewer levels, within 15 s.")
@click.option(
    "--budget",
    type=SECONDS,
    metavar="SECONDS",
    help="Bound the whole run. [default: 1 per row, at most 60]",
)
@click.option(
    "--precision",
    type=float,
    metavar="PCT",
    default=1.0,
    show_default=True,
    help="Leave a row when its error bar is inside this.",
)
@click.option(
    "--method",
    type=click.Choice(METHODS),
    default=CORRECTED,
    show_default=True,
    help="corrected: for stalls and contention of the machine. plain: as lzbench.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=0),
    metavar="N",
    help="Fresh processes that measure one after the other; 0: none. "
    "[default: one for each 5 s, 1 to 3, none below 2 s]",
)
@click.option(
    "--time-limit",
    type=SECONDS,
    metavar="SECONDS",
    help="End a codec call that takes longer. [default: three tenths of the budget]",
)
@click.option(
    "--memory-limit",
    type=BYTES,
    help="What a worker may take. [default: four fifths of what is available]",
)
@options.SEED
@click.option(
    "--sort",
    metavar="COLUMN",
    type=click.Choice(COLUMN_NAMES),
    help="Order of the rows. [default: compression_ratio]",
)
@click.option(
    "--relative-to",
    metavar="ITEM",
    help="Show every row as a ratio to one, e.g. lz4 or zstd:3.",
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(_FORMATS),
    help="What standard output shows. [default: table]",
)
@options.OUTPUT
@options.SAVE
@click.option(
    "--resume",
    is_flag=True,
    help="Go on from the journal that a run with the same --save left behind.",
)
@options.FORCE
@options.QUIET
@click.pass_context
def command(
    ctx: click.Context,
    *,
    path: str,
    codecs: str | None,
    framing: str,
    client: str | None,
    libraries: tuple[str, ...],
    contexts: tuple[str, ...],
    sizes: tuple[str, ...],
    buffers: tuple[str, ...],
    thread_counts: tuple[int, ...],
    opaque: bool,
    records: str | None,
    batch_size: int | None,
    max_input: int,
    max_payload: int,
    quick: bool,
    budget: float | None,
    precision: float,
    method: str,
    workers: int | None,
    time_limit: float | None,
    memory_limit: int | None,
    seed: int,
    sort: str | None,
    relative_to: str | None,
    format_name: str | None,
    output_path: str | None,
    save_path: str | None,
    resume: bool,
    force: bool,
    quiet: bool,
) -> None:
    r"""Measure codecs and levels on the record batches of FILE.

    FILE is a captured batch, a segment, a folder of segments, or "-" (standard input).

    \b
    complab sweep batch.bin
    complab sweep batch.bin --codecs zstd:1-22,lz4,snappy
    complab sweep batch.bin --codecs zstd@system:3,zstd@new:3 --lib zstd:new=libzstd.so
    complab sweep batch.bin --format csv --output table.csv --save result.json
    complab sweep access.log --records lines --batch-size 16KiB
    complab sweep batch.bin --save result.json --resume
    """
    if output_path == "-":  # it is where the result goes anyway
        output_path = None
    if relative_to and (format_name == "lzbench" or sort):
        message = "--relative-to goes with neither --format lzbench nor --sort"
        raise PlanError(message)
    if resume and not save_path:
        message = "--resume goes on from the journal beside a result: name it by --save"
        raise PlanError(message)
    journal_path = _journal_beside(save_path)
    # A result that lies beside its journal is the part that was saved at Ctrl-C.
    is_continued = bool(resume and journal_path and Path(journal_path).exists())
    may_save = force or is_continued
    file_format = _check_files(
        output_path, save_path, format_name, force=force, may_save=may_save
    )
    with Progress(sys.stderr, is_quiet=quiet, environ=os.environ) as progress:
        result = sweep(
            path,
            codecs,
            framing=framing,
            client=client,
            libraries=libraries,
            contexts=contexts,
            sizes=sizes,
            buffers=buffers,
            thread_counts=thread_counts,
            is_opaque=opaque,
            records=records,
            batch_bytes=batch_size,
            max_input_bytes=max_input,
            max_payload_bytes=max_payload,
            budget_s=budget,
            precision_pct=precision,
            is_quick=quick,
            seed=seed,
            method=method,
            worker_count=workers,
            time_limit_s=time_limit,
            memory_limit_bytes=memory_limit,
            relative_to=relative_to,
            journal_path=journal_path,
            is_resumed=resume,
            force=force,
            on_start=progress.start,
            on_event=progress.show,
        )
    # Files first: a reader of standard output may have gone away.
    problems = []
    if save_path:
        problems += _attempt(lambda: result.save(save_path, force=may_save))
    if output_path and file_format:
        text = _render(result, file_format, sort, relative_to, is_for_screen=False)
        problems += _attempt(
            lambda: write_text_whole(output_path, text, may_overwrite=force)
        )
    shown = _render(
        result, format_name or "table", sort, relative_to, is_for_screen=True
    )
    sys.stdout.write(shown)
    if not quiet:
        _tell_what_is_not_shown(result, format_name)
    for problem in problems:
        tell(problem)
    if not result.record.is_complete and journal_path and not quiet:
        tell(f"the same command with --resume goes on from {journal_path}")
    if not result.record.is_complete:
        ctx.exit(130)
    ctx.exit(1 if result.has_failures or problems else 0)


def _journal_beside(save_path: str | None) -> str | None:
    """The journal of a result that is an ordinary file; a device has none."""
    if save_path is None or save_path == "-":
        return None
    target = Path(save_path)
    is_special = target.exists() and not target.is_file()
    return None if is_special else journal_of(save_path)


def _attempt(write: Callable[[], None]) -> list[str]:
    """Write a file; a full disk must not cost what was measured, so tell it later."""
    try:
        write()
    except ResultError as error:
        return [str(error)]
    return []


def _check_files(
    output_path: str | None, save_path: str | None, format_name: str | None, *,
    force: bool, may_save: bool,
) -> str | None:  # fmt: skip
    """Refuse output files before anything is measured; the format of ``--output``."""
    if save_path == "-":
        message = "--save needs a file; --format json prints to standard output"
        raise PlanError(message)
    if save_path and save_path == output_path:
        message = f"--save and --output both name {save_path}: name two files"
        raise PlanError(message)
    for path, may_overwrite in ((output_path, force), (save_path, may_save)):
        if path:
            check_output(path, may_overwrite=may_overwrite)
    return output.format_for(output_path, format_name) if output_path else None


def _tell_what_is_not_shown(result: SweepResult, format_name: str | None) -> None:
    """Say on stderr what the layouts of other programs have no place for."""
    if format_name in {"csv", "lzbench"}:
        for warning in result.record.warnings:
            place = "" if warning.subject == "run" else f"{warning.subject}: "
            tell(f"{place}{warning.message}")
        if not result.record.is_complete:
            tell("interrupted: the rows hold what was measured until then")
    if format_name == "lzbench":
        for row in result.rows:
            if row.status != OK:
                level = "" if row.level is None else f":{row.level}"
                tell(f"{row.codec}{level}: {row.status}: {row.message}")


def _render(
    result: SweepResult,
    format_name: str,
    sort: str | None,
    relative_to: str | None,
    *,
    is_for_screen: bool,
) -> str:
    if relative_to is not None:
        table = result.relative_to(relative_to)
        return output.render(table, format_name, is_for_screen=is_for_screen)
    if format_name == "lzbench":
        return result.to_lzbench(sort=sort)
    if format_name == "json":
        return result.to_json()
    return output.render(
        result.table(sort=sort), format_name, is_for_screen=is_for_screen
    )
