"""``complab batching``: ratio, speed and latency as batches grow."""

import click

from complab.cli import options, output
from complab.cli.parameters import (
    BYTE_STEPS,
    MILLISECONDS_LIST,
    SECONDS,
    complete_codecs,
)
from complab.cli.talk import tell
from complab.studies.batching import DEFAULT_CODECS, batching


@click.command("batching")
@click.argument("path", metavar="FILE")
@click.option(
    "--codecs",
    metavar="LIST",
    default=DEFAULT_CODECS,
    show_default=True,
    shell_complete=complete_codecs,
    help="Kafka's codecs, in the client's levels.",
)
@options.CLIENT
@options.LIBRARIES
@click.option(
    "--sizes",
    type=BYTE_STEPS,
    default="1KiB-1MiB",
    show_default=True,
    metavar="SIZE-SIZE|SIZE,...",
    help="Batch sizes, uncompressed: from one to another by doubling, or a list.",
)
@click.option(
    "--lingers",
    type=MILLISECONDS_LIST,
    default="",
    metavar="TIME,...",
    help="Close batches by time instead, e.g. 0ms,5ms,100ms, at the rate of --arrival.",
)
@click.option(
    "--arrival",
    default="timestamps",
    show_default=True,
    metavar="timestamps|N/s",
    help="The topic's rate: its records' own times, or so many a second.",
)
@options.RECORDS
@options.MAX_INPUT
@options.MAX_PAYLOAD
@click.option(
    "--budget",
    type=SECONDS,
    metavar="SECONDS",
    help="Time for all of it. [default: 1 per row, at most 50]",
)
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
    client: str | None,
    libraries: tuple[str, ...],
    sizes: tuple[int, ...],
    lingers: tuple[float, ...],
    arrival: str,
    records: str | None,
    max_input: int,
    max_payload: int,
    budget: float | None,
    seed: int,
    format_name: str | None,
    output_path: str | None,
    force: bool,
    quiet: bool,
) -> None:
    r"""Show ratio, speed and time per batch of FILE's records as batches grow.

    FILE is a segment, a captured batch, a folder of segments, or "-" (standard input).

    \b
    complab batching segment.log --codecs zstd:3,lz4,snappy --sizes 1KiB-1MiB
    complab batching segment.log --lingers 0ms,5ms,20ms,100ms --arrival 20000/s
    """
    goal = output.Output(output_path, format_name, force=force)
    result = batching(
        path,
        codecs,
        client=client or "java",
        libraries=libraries,
        sizes=sizes,
        lingers_ms=lingers,
        arrival=arrival,
        records=records,
        max_input_bytes=max_input,
        max_payload_bytes=max_payload,
        budget_s=budget,
        seed=seed,
    )
    goal.write(result)
    if goal.is_bare and not quiet:
        for note in result.notes:
            tell(note)
    ctx.exit(1 if result.has_failures else 0)
