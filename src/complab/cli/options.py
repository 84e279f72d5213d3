"""Options that several commands share, word for word."""

import click

from complab.cli.parameters import BYTES
from complab.codecs.writers import CLIENTS
from complab.kafka.log import DEFAULT_MAX_PAYLOAD_BYTES
from complab.kafka.record_files import KINDS

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
