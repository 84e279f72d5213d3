"""``complab replay``: what a client would have had a broker store, and the work."""

import click

from complab.cli import options, output
from complab.cli.parameters import (
    BYTES,
    MILLISECONDS,
    SECONDS,
    complete_codecs,
    parse_settings,
)
from complab.cli.talk import tell
from complab.studies.replay import BATCHINGS, KEEP, replay
from complab.whole_file import check_output


@click.command("replay")
@click.argument("path", metavar="FILE")
@click.option(
    "--codecs",
    metavar="LIST",
    shell_complete=complete_codecs,
    help="What to send, in the client's levels, e.g. none,gzip,zstd:1-9. "
    "[default: kafka, each at its default level]",
)
@options.CLIENT
@options.LIBRARIES
@click.option(
    "--batching",
    type=click.Choice(BATCHINGS),
    default=KEEP,
    show_default=True,
    help="keep: the stored boundaries. client: those that the client would choose.",
)
@click.option(
    "--batch-size",
    type=BYTES,
    help="The client's batch.size, with --batching client. [default: the client's]",
)
@click.option(
    "--linger",
    type=MILLISECONDS,
    metavar="TIME",
    help="The client's linger.ms, e.g. 100ms. [default: the client's]",
)
@click.option(
    "--arrival",
    default="asap",
    show_default=True,
    metavar="asap|timestamps|N/s",
    help="How records come: all at once, by their own times, or at a rate.",
)
@click.option(
    "--partitions",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="By key as the client does, else a partition for a batch's worth of bytes.",
)
@click.option(
    "--topic-config",
    multiple=True,
    metavar="NAME=VALUE",
    help="A setting of the topic, which decides what the broker does: "
    "compression.type=zstd; repeat for several.",
)
@options.RECORDS
@options.MAX_INPUT
@options.MAX_PAYLOAD
@click.option(
    "--budget",
    type=SECONDS,
    metavar="SECONDS",
    help="Time for all of it; every stage is timed once in any case. "
    "[default: 1 per row, at most 60]",
)
@options.SEED
@options.FORMAT
@options.OUTPUT
@click.option(
    "--write-segment",
    "segment_path",
    metavar="FILE",
    help="Write what the broker would store, as a segment; of one codec alone.",
)
@options.FORCE
@options.QUIET
@click.pass_context
def command(
    ctx: click.Context,
    *,
    path: str,
    codecs: str | None,
    client: str | None,
    libraries: tuple[str, ...],
    batching: str,
    batch_size: int | None,
    linger: float | None,
    arrival: str,
    partitions: int,
    topic_config: tuple[str, ...],
    records: str | None,
    max_input: int,
    max_payload: int,
    budget: float | None,
    seed: int,
    format_name: str | None,
    output_path: str | None,
    segment_path: str | None,
    force: bool,
    quiet: bool,
) -> None:
    r"""Foretell what a client would have had a broker store of the records of FILE.

    FILE is a segment, a captured batch, a folder of segments, or "-" (standard input).

    \b
    complab replay segment.log --client java --codecs none,gzip,snappy,lz4,zstd:1-9
    complab replay segment.log --client librdkafka --batching client --linger 100ms
    complab replay segment.log --codecs lz4 --topic-config compression.type=zstd
    complab replay segment.log --codecs zstd:3 --write-segment out.log
    """
    goal = output.Output(output_path, format_name, force=force)
    if segment_path:
        check_output(segment_path, may_overwrite=force)
    result = replay(
        path,
        codecs,
        client=client or "java",
        libraries=libraries,
        batching=batching,
        batch_bytes=batch_size,
        linger_ms=linger,
        arrival=arrival,
        partition_count=partitions,
        topic=parse_settings(topic_config),
        records=records,
        max_input_bytes=max_input,
        max_payload_bytes=max_payload,
        budget_s=budget,
        seed=seed,
    )
    if segment_path:
        size_bytes = result.write_segment(segment_path, force=force)
        if not quiet:
            tell(f"{segment_path}: {size_bytes:,} bytes")
    goal.write(result)
    if goal.is_bare and not quiet:
        for note in result.notes:
            tell(note)
    ctx.exit(1 if result.has_failures else 0)
