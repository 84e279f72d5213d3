"""``complab capture``: take record batches from a live topic into a file."""

import logging
import os
import sys
from collections.abc import Iterator

import click

from complab.cli import options
from complab.cli.parameters import BYTES, SECONDS
from complab.cli.progress_line import ProgressLine
from complab.cli.talk import tell, tell_lines
from complab.kafka.capture import DEFAULT_TIMEOUT_S, Capture, capture
from complab.kafka.capture_run import CaptureProgress
from complab.kafka.client_properties import ClientProperties, load_client_properties
from complab.units import format_bytes, format_count
from complab.whole_file import check_output


@click.command("capture")
@click.option(
    "--bootstrap-server",
    "servers",
    metavar="HOST:PORT,...",
    help="A broker to ask first, or several. [default: the client properties']",
)
@click.option("--topic", required=True, metavar="NAME", help="What to read.")
@click.option(
    "--partition",
    type=click.IntRange(min=0),
    metavar="N",
    default=0,
    help="Which of its partitions. [default: 0]",
)
@click.option(
    "--from-offset",
    metavar="OFFSET",
    help="Begin there: a number, -N for N before the end, earliest, or latest, which "
    "waits for new records. [default: earliest]",
)
@click.option(
    "--from-timestamp",
    metavar="TIME",
    help="Begin at the first record of that time: ISO 8601, of UTC unless it says "
    "otherwise, or milliseconds since 1970.",
)
@click.option(
    "--batches",
    type=click.IntRange(min=1),
    metavar="N",
    help="End after so many. [default: where the partition ends now]",
)
@click.option(
    "--max-bytes",
    type=BYTES,
    default="64MiB",
    show_default=True,
    help="End before the file would be larger.",
)
@click.option(
    "--timeout",
    "timeout_s",
    type=SECONDS,
    metavar="SECONDS",
    default=DEFAULT_TIMEOUT_S,
    show_default=True,
    help="Give up when the cluster gave nothing for so long.",
)
@click.option(
    "--command-config",
    "properties_path",
    metavar="FILE",
    help="A client properties file, as Kafka's tools take it: TLS with PEM files, "
    "SASL PLAIN and SCRAM.",
)
@click.option(
    "--output",
    "output_path",
    required=True,
    metavar="FILE",
    help='Where to write, readable by you alone ("-": standard output).',
)
@click.option("--force", is_flag=True, help="Overwrite a file that exists.")
@options.QUIET
@click.pass_context
def command(
    ctx: click.Context,
    *,
    servers: str | None,
    topic: str,
    partition: int,
    from_offset: str | None,
    from_timestamp: str | None,
    batches: int | None,
    max_bytes: int,
    timeout_s: float,
    properties_path: str | None,
    output_path: str,
    force: bool,
    quiet: bool,
) -> None:
    r"""Take record batches from a live topic, as the broker stores them.

    It joins no group and commits nothing. Batches are kept whole: the first one may
    begin before the offset that was asked for.

    \b
    complab capture --bootstrap-server localhost:9092 --topic requests \
        --from-offset -64000 --batches 64 --output batch.bin
    complab capture --command-config client.properties --topic requests \
        --from-timestamp 2026-11-24T16:00Z --max-bytes 16MiB --output batch.bin
    """
    # Its failures come as errors, in complab's words; Python would print them as well.
    logging.getLogger("aiokafka").addHandler(logging.NullHandler())
    if output_path != "-":
        check_output(output_path, may_overwrite=force)
    properties = ClientProperties()
    if properties_path is not None:
        properties = load_client_properties(properties_path)
        if not quiet:
            _tell_of_properties(properties)
    with ProgressLine(sys.stderr, is_quiet=quiet, environ=os.environ) as line:

        def show(progress: CaptureProgress) -> None:
            if line.is_due:
                line.draw(_describe_progress(progress))

        captured = capture(
            servers,
            topic,
            output_path,
            partition=partition,
            from_offset=from_offset,
            from_timestamp=from_timestamp,
            max_batch_count=batches,
            max_bytes=max_bytes,
            timeout_s=timeout_s,
            client_properties=properties,
            may_overwrite=force,
            on_progress=show,
        )
    if not quiet:
        tell_lines(_described(captured))
    if captured.problem is not None:
        tell(str(captured.problem))
        ctx.exit(1)
    if captured.is_interrupted:
        tell("interrupted; the file holds whole batches")
        ctx.exit(130)


def _tell_of_properties(properties: ClientProperties) -> None:
    """Say what of the client properties is not used, and what is not safe."""
    if properties.unused_keys:
        keys = ", ".join(properties.unused_keys)
        tell(f"{properties.path}: passed over: {keys}")
    if properties.sends_password_in_clear:
        text = "the password goes over the network in the clear (SASL_PLAINTEXT, PLAIN)"
        tell(f"{properties.path}: {text}")


def _described(captured: Capture) -> Iterator[str]:
    """What is in the file, in a line, and a line for each remark."""
    place = "standard output" if captured.path == "-" else captured.path
    batches = format_count(captured.batch_count, "batch", "batches")
    records = format_count(captured.record_count, "record", "records")
    yield (
        f"{place}: {batches}, "
        f"{format_bytes(captured.size_bytes)} bytes, {records} "
        f"of {captured.topic}-{captured.partition}, offsets "
        f"{captured.first_offset:,} to {captured.last_offset:,}"
    )
    yield from (f"  {note}" for note in captured.notes)


def _describe_progress(progress: CaptureProgress) -> str:
    far = f"offset {progress.next_offset:,}"
    if progress.end_offset is not None:
        far += f" of {progress.end_offset:,}"
    size = format_bytes(progress.size_bytes)
    return f"{progress.batch_count:,} batches, {size} bytes, {far}"
