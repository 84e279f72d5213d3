"""``complab extract``: cut batches out of a log."""

import os
import sys

import click

from complab import kafka
from complab.cli import options
from complab.cli.parameters import BATCH_RANGE
from complab.cli.scan_progress import ScanProgress
from complab.cli.talk import tell_lines
from complab.errors import PlanError
from complab.studies.extract import batch_of_offset, extract
from complab.whole_file import check_output, open_whole


@click.command("extract")
@click.argument("path", metavar="FILE")
@click.option(
    "--batch",
    "batches",
    type=BATCH_RANGE,
    metavar="N[-M]",
    help="Which batches, by the numbers that inspect shows, from 0 on.",
)
@click.option("--offset", type=int, help="The batch that holds this offset.")
@click.option(
    "--payload", is_flag=True, help="The uncompressed records sections instead."
)
@click.option(
    "--output", "output_path", metavar="FILE", required=True, help='"-" is stdout.'
)
@options.MAX_PAYLOAD
@click.option("--force", is_flag=True, help="Overwrite a file that exists.")
@options.QUIET
def command(
    *,
    path: str,
    batches: tuple[int, int] | None,
    offset: int | None,
    payload: bool,
    output_path: str,
    max_payload: int,
    force: bool,
    quiet: bool,
) -> None:
    r"""Cut batches out of FILE (a segment, a folder of them, "-": standard input).

    \b
    complab extract segment.log --batch 17 --output batch.bin
    complab extract segment.log --offset 123456 --payload --output records.bin
    """
    if (batches is None) == (offset is None):
        message = "say which batch: either --batch N[-M] or --offset N"
        raise PlanError(message)
    if output_path != "-":
        check_output(output_path, may_overwrite=force)
    log = kafka.open(path, max_payload_bytes=max_payload)
    with ScanProgress(sys.stderr, is_quiet=quiet, environ=os.environ) as progress:
        log.scan(lambda done, total: progress.show("scanning", done, total))
    if offset is not None:
        batches = (batch_of_offset(log, offset),) * 2
    assert batches is not None  # noqa: S101 - one of the two was given
    first, last = batches
    data = extract(log, first, last, is_payload=payload)
    if output_path == "-":
        sys.stdout.buffer.write(data)
        return
    with open_whole(output_path, may_overwrite=force, is_private=True) as file:
        file.write(data)
    if not quiet:
        what = "payload" if payload else "batch" if first == last else "batches"
        text = f"{output_path}: {len(data):,} bytes, {what} {first}"
        tell_lines([text + (f" to {last}" if last > first else "")])
