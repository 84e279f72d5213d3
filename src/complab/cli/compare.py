"""``complab compare``: two libraries in one run, or two stored results."""

import json
import os
import sys

import click

from complab.cli import options, output
from complab.cli.parameters import PERCENT, SECONDS, complete_codecs
from complab.cli.progress import Progress
from complab.cli.talk import tell
from complab.errors import PlanError
from complab.render import FORMATS
from complab.studies.compare import Comparison, compare
from complab.whole_file import check_output, write_text_whole

_EXIT_REGRESSION = 3


@click.command("compare")
@click.argument("path", metavar="FILE")
@click.argument("after", metavar="[AFTER]", required=False)
@click.option(
    "--codecs",
    metavar="LIST",
    shell_complete=complete_codecs,
    help="What to measure with A and with B, e.g. zstd:1-9. A codec without levels "
    "is its default level. [default: the codecs of --lib]",
)
@click.option(
    "--lib",
    "libraries",
    metavar="NAME[:LABEL]=PATH",
    multiple=True,
    help="A codec's libraries: A, then B. One alone is B, and the system's is A.",
)
@click.option(
    "--a",
    "a",
    metavar="LIST",
    shell_complete=complete_codecs,
    help="With --b instead of --codecs: the first of this list against the first of "
    "the other, and so on.",
)
@click.option(
    "--b",
    "b",
    metavar="LIST",
    shell_complete=complete_codecs,
    help="The other list.",
)
@options.FRAMING
@options.POLICIES
@options.OPAQUE
@options.MAX_INPUT
@click.option(
    "--budget",
    type=SECONDS,
    metavar="SECONDS",
    help="Bound the whole run. [default: 1 for each of A and B per row, at most 60]",
)
@click.option(
    "--workers",
    type=click.IntRange(min=0),
    metavar="N",
    help="Fresh processes that measure one after the other; 0: none. "
    "[default: one for each 2.5 s, 1 to 8]",
)
@options.SEED
@click.option(
    "--fail-above",
    type=PERCENT,
    metavar="PCT",
    default=0.0,
    help="Exit with 3 only when a speed fell by more than this. [default: 0%]",
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(FORMATS),
    help="What standard output shows. [default: table]",
)
@options.OUTPUT
@options.SAVE
@click.option(
    "--force",
    is_flag=True,
    help="Overwrite files that exist; compare results although they differ in more "
    "than their libraries.",
)
@options.QUIET
@click.pass_context
def command(
    ctx: click.Context,
    *,
    path: str,
    after: str | None,
    codecs: str | None,
    libraries: tuple[str, ...],
    a: str | None,
    b: str | None,
    framing: str,
    contexts: tuple[str, ...],
    sizes: tuple[str, ...],
    buffers: tuple[str, ...],
    thread_counts: tuple[int, ...],
    opaque: bool,
    max_input: int,
    budget: float | None,
    workers: int | None,
    seed: int,
    fail_above: float,
    format_name: str | None,
    output_path: str | None,
    save_path: str | None,
    force: bool,
    quiet: bool,
) -> None:
    r"""Compare B with A: faster, slower or not separated, row by row.

    With FILE alone, record batches: A and B are measured side by side in one run. With
    AFTER, both are result files of sweeps.

    \b
    complab compare batch.bin --codecs zstd:1-9 --lib zstd:old=A.so --lib zstd:new=B.so
    complab compare batch.bin --a zstd@system:3 --b zstd@wheel:3 --context fresh,reused
    complab compare before.json after.json --fail-above 5%
    """
    policies = (contexts, sizes, buffers, thread_counts)
    if after is not None and (codecs or libraries or a or b or any(policies)):
        message = (
            "two stored results hold what was measured: neither codecs nor policies "
            "are named again"
        )
        raise PlanError(message)
    if output_path == "-":  # it is where the result goes anyway
        output_path = None
    file_format = _check_files(output_path, save_path, format_name, force=force)
    with Progress(sys.stderr, is_quiet=quiet, environ=os.environ) as progress:
        result = compare(
            path,
            after,
            codecs=codecs,
            libraries=libraries,
            a=a,
            b=b,
            framing=framing,
            contexts=contexts,
            sizes=sizes,
            buffers=buffers,
            thread_counts=thread_counts,
            is_opaque=opaque,
            max_input_bytes=max_input,
            budget_s=budget,
            seed=seed,
            worker_count=workers,
            force=force,
            on_start=progress.start,
            on_event=progress.show,
        )
    # Files first: a reader of standard output may have gone away.
    if save_path:
        result.save(save_path, force=force)
    if output_path and file_format:
        text = _render(result, file_format, is_for_screen=False)
        write_text_whole(output_path, text, may_overwrite=force)
    sys.stdout.write(_render(result, format_name or "table", is_for_screen=True))
    found = result.regressions(fail_above)
    if not quiet:
        remarks = result.remarks if format_name == "csv" else ()
        for line in (*remarks, *found):
            tell(str(line))
    ctx.exit(_exit_code(result, is_regression=bool(found)))


def _exit_code(result: Comparison, *, is_regression: bool) -> int:
    if not result.is_complete:
        return 130
    if result.has_failures:
        return 1
    return _EXIT_REGRESSION if is_regression else 0


def _check_files(
    output_path: str | None, save_path: str | None, format_name: str | None, *,
    force: bool,
) -> str | None:  # fmt: skip
    """Refuse output files before anything is measured; the format of ``--output``."""
    if save_path == "-":
        message = "--save needs a file; --format json prints to standard output"
        raise PlanError(message)
    if save_path and save_path == output_path:
        message = f"--save and --output both name {save_path}: name two files"
        raise PlanError(message)
    for path in (output_path, save_path):
        if path:
            check_output(path, may_overwrite=force)
    return output.format_for(output_path, format_name) if output_path else None


def _render(result: Comparison, format_name: str, *, is_for_screen: bool) -> str:
    if format_name == "json":
        return json.dumps(result.to_document(), indent=1, allow_nan=False) + "\n"
    return output.render(result.table(), format_name, is_for_screen=is_for_screen)
