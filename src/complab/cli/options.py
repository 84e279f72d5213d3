"""Options that several commands share, word for word."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from complab.cli.parameters import BYTES, COUNTS, WORDS
from complab.codecs.writers import CLIENTS
from complab.kafka.log import DEFAULT_MAX_PAYLOAD_BYTES
from complab.kafka.record_files import KINDS

_Command = TypeVar("_Command", bound=Callable[..., Any])

LIBRARIES = click.option(
    "--lib",
    "libraries",
    metavar="NAME[:LABEL]=PATH",
    multiple=True,
    help="A codec library of your own; repeat for several.",
)
FRAMING = click.option(
    "--framing",
    type=click.Choice(["kafka", "raw"]),
    default="kafka",
    show_default=True,
    help="kafka: what the Java client writes. raw: one-shot blocks, as lzbench.",
)
CLIENT = click.option(
    "--client",
    type=click.Choice(tuple(CLIENTS)),
    metavar="NAME",
    help="Write frames as this client does, levels in its numbers; complab codecs "
    "--clients lists them. [default: java]",
)
_POLICIES = (
    click.option(
        "--context",
        "contexts",
        type=WORDS,
        default="",
        metavar="reused|fresh",
        help="Keep a codec's context, or make one for each batch. "
        "[default: the framing's]",
    ),
    click.option(
        "--size",
        "sizes",
        type=WORDS,
        default="",
        metavar="known|unknown",
        help="Tell a codec a batch's size ahead, or not. [default: the framing's]",
    ),
    click.option(
        "--buffers",
        type=WORDS,
        default="",
        metavar="warm|cold",
        help="Batches and outputs in the caches, or not: cold,warm measures both. "
        "[default: warm]",
    ),
    click.option(
        "--threads",
        "thread_counts",
        type=COUNTS,
        default="",
        metavar="N,...",
        help="Measure so many threads together, each with its own context and batches. "
        "[default: 1]",
    ),
)


def POLICIES(command: _Command) -> _Command:  # noqa: N802 - used like the others
    """All policies, in the order of the help."""
    for option in reversed(_POLICIES):
        command = option(command)
    return command


OPAQUE = click.option(
    "--opaque", is_flag=True, help="Take any file as one block of bytes."
)
RECORDS = click.option(
    "--records",
    type=click.Choice(KINDS),
    help="Take a file of records without a log: its lines, or records behind 32-bit "
    "lengths, batched as a producer would.",
)
FORMAT = click.option(
    "--format",
    "format_name",
    type=click.Choice(["table", "markdown", "csv", "json"]),
    help="What standard output shows. [default: table]",
)
FORCE = click.option("--force", is_flag=True, help="Overwrite files that exist.")
MAX_INPUT = click.option(
    "--max-input",
    type=BYTES,
    default="16MiB",
    show_default=True,
    help="Measure at most so much payload, batches spread evenly over the file.",
)
SEED = click.option(
    "--seed", type=int, default=0, show_default=True, help="Of all choices."
)
OUTPUT = click.option(
    "--output",
    "output_path",
    metavar="FILE",
    help="Write the same to a file, in the format of its suffix unless given.",
)
SAVE = click.option(
    "--save", "save_path", metavar="FILE", help="Write the result file."
)
QUIET = click.option(
    "--quiet", is_flag=True, help="No progress and no remarks on stderr."
)
MAX_PAYLOAD = click.option(
    "--max-payload",
    type=BYTES,
    default=DEFAULT_MAX_PAYLOAD_BYTES,
    help="What one batch may decompress to. [default: 100MiB]",
)
