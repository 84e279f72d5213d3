"""``complab advise``: what to set for a topic, what it saves and what it costs."""

import re
from typing import Final

import click

from complab.cli import options, output
from complab.cli.parameters import (
    BYTE_STEPS,
    BYTES,
    MILLISECONDS,
    SECONDS,
    complete_codecs,
)
from complab.cli.talk import tell_lines
from complab.costs import Machine
from complab.studies.advise import Ingress, advise
from complab.studies.candidates import Constraints

_NUMBER: Final = r"([0-9]+(?:\.[0-9]+)?)"
_BITS: Final = {"k": 1e3, "M": 1e6, "G": 1e9}
_SECONDS_OF: Final = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}


def _bytes_per_s(text: str) -> float | None:
    """``600Mbit/s`` or ``75MB/s`` as bytes a second; ``None`` for anything else."""
    found = re.fullmatch(_NUMBER + r"([kMG])(bit|B)/s", text)
    if not found:
        return None
    return float(found[1]) * _BITS[found[2]] / (8 if found[3] == "bit" else 1)


class _IngressType(click.ParamType[Ingress]):
    """A rate: ``600Mbit/s``, ``75MB/s``, or ``20000/s`` messages."""

    name = "rate"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Ingress:
        """Read the rate; a usage error says what is allowed."""
        if isinstance(value, Ingress):
            return value
        text = str(value).strip()
        size = _bytes_per_s(text)
        if size:
            return Ingress(bytes_per_s=size)
        count = re.fullmatch(_NUMBER + r"/s", text)
        if not count or not float(count[1]):
            self.fail(
                f"{value!r}: give bytes as 600Mbit/s or 75MB/s, or messages as 20000/s",
                param,
                ctx,
            )
        return Ingress(messages_per_s=float(count[1]))


class _Duration(click.ParamType[float]):
    """A time in seconds: ``7d``, ``12h``, ``30m``."""

    name = "time"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read the time; a usage error says what is allowed."""
        if isinstance(value, float):
            return value
        found = re.fullmatch(_NUMBER + "([smhd])", str(value).strip())
        if not found:
            self.fail(f"{value!r}: give a time such as 7d, 12h or 30m", param, ctx)
        return float(found[1]) * _SECONDS_OF[found[2]]


class _MachineType(click.ParamType[Machine]):
    """A machine: ``cores=16,network=10Gbit/s,disk=8TB``."""

    name = "machine"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Machine:
        """Read its parts; a usage error says what is allowed."""
        if isinstance(value, Machine):
            return value
        found = re.fullmatch(
            rf"cores={_NUMBER},network=([^,]+),disk={_NUMBER}TB", str(value).strip()
        )
        network = _bytes_per_s(found[2]) if found else None
        if not found or not network or not float(found[1]) or not float(found[3]):
            self.fail(
                f"{value!r}: give a machine as cores=16,network=10Gbit/s,disk=8TB",
                param,
                ctx,
            )
        return Machine(float(found[1]), network, float(found[3]) * 1e12)


@click.command("advise")
@click.argument("path", metavar="FILE")
@click.option(
    "--ingress",
    type=_IngressType(),
    required=True,
    metavar="RATE",
    help="What the topic gets, uncompressed: 600Mbit/s, 75MB/s, or messages as "
    "20000/s.",
)
@click.option("--replication", type=click.IntRange(min=1), default=3, show_default=True)
@click.option(
    "--consumers",
    type=click.IntRange(min=0),
    default=1,
    show_default=True,
    help="Consumer groups that read all of it.",
)
@click.option("--retention", type=_Duration(), default="7d", show_default=True)
@click.option(
    "--prices",
    metavar="FILE",
    help="Prices as TOML (samples/prices has examples). [default: shares of --machine]",
)
@click.option(
    "--machine",
    type=_MachineType(),
    default="cores=16,network=10Gbit/s,disk=8TB",
    show_default=True,
    help="By whose shares usage is added up where there are no prices.",
)
@options.CLIENT
@click.option(
    "--codecs",
    metavar="LIST",
    shell_complete=complete_codecs,
    help="What to try, in the client's levels. [default: all of the client's, zstd at "
    "some levels]",
)
@options.LIBRARIES
@click.option(
    "--sizes",
    type=BYTE_STEPS,
    default="16KiB,64KiB,256KiB",
    show_default=True,
    metavar="SIZE,...",
    help="The client's batch sizes to try.",
)
@click.option(
    "--producers",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="How many producers share the messages, so that their batches fill slower; "
    "one that writes to several partitions counts once for each.",
)
@click.option(
    "--max-linger",
    type=MILLISECONDS,
    default="100ms",
    show_default=True,
    metavar="TIME",
    help="How long a batch may wait to be filled.",
)
@click.option(
    "--max-producer-cpu",
    type=click.FloatRange(min=0, min_open=True),
    metavar="CORES",
    help="Leave out what takes producers more cores in all.",
)
@click.option(
    "--max-p99",
    type=MILLISECONDS,
    metavar="TIME",
    help="Leave out what takes longer to fill and make in 99 of 100 batches.",
)
@click.option(
    "--min-ratio",
    type=click.FloatRange(min=0, min_open=True),
    metavar="RATIO",
    help="Leave out what compresses less.",
)
@options.RECORDS
@click.option(
    "--max-input",
    type=BYTES,
    default="8MiB",
    show_default=True,
    help="Try at most so much payload; every candidate keeps it in memory.",
)
@options.MAX_PAYLOAD
@click.option(
    "--budget",
    type=SECONDS,
    metavar="SECONDS",
    help="Time for all of it. [default: 1 per candidate, at most 60]",
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
    ingress: Ingress,
    replication: int,
    consumers: int,
    retention: float,
    prices: str | None,
    machine: Machine,
    client: str | None,
    codecs: str | None,
    libraries: tuple[str, ...],
    sizes: tuple[int, ...],
    producers: int,
    max_linger: float,
    max_producer_cpu: float | None,
    max_p99: float | None,
    min_ratio: float | None,
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
    r"""Say which codec, level and batch size the topic of FILE should have.

    FILE is a segment, a captured batch, a folder of segments, or "-" (standard input).

    \b
    complab advise segment.log --ingress 600Mbit/s --consumers 4 --prices prices.toml
    complab advise segment.log --ingress 20000/s --client librdkafka --max-p99 20ms
    """
    goal = output.Output(output_path, format_name, force=force)
    result = advise(
        path,
        ingress=ingress,
        replication=replication,
        consumer_groups=consumers,
        retention_s=retention,
        prices=prices,
        machine=machine,
        constraints=Constraints(max_producer_cpu, max_p99, min_ratio),
        client=client or "java",
        codecs=codecs,
        libraries=libraries,
        sizes=sizes,
        producer_count=producers,
        max_linger_ms=max_linger,
        records=records,
        max_input_bytes=max_input,
        max_payload_bytes=max_payload,
        budget_s=budget,
        seed=seed,
    )
    goal.write(result)
    if goal.is_bare and not quiet:
        tell_lines([*result.answer(), *result.notes])
    ctx.exit(1 if result.has_failures else 0)
