"""The command that measures a study again, whoever called it.

A script or a notebook has a command line of its own, that measures nothing here. So
this is made of a study's arguments: all that decide what is measured and are not the
study's defaults, as ``complab``'s options.
"""

from collections.abc import Callable, Iterator, Mapping
from inspect import signature
from typing import Any, Final

from complab.render import shell_line

OPTIONS: Final = {
    "codecs": "--codecs",
    "a": "--a",
    "b": "--b",
    "libraries": "--lib",
    "framing": "--framing",
    "client": "--client",
    "contexts": "--context",
    "sizes": "--size",
    "buffers": "--buffers",
    "thread_counts": "--threads",
    "is_opaque": "--opaque",
    "records": "--records",
    "batch_bytes": "--batch-size",
    "max_input_bytes": "--max-input",
    "max_payload_bytes": "--max-payload",
    "is_quick": "--quick",
    "budget_s": "--budget",
    "precision_pct": "--precision",
    "method": "--method",
    "worker_count": "--workers",
    "time_limit_s": "--time-limit",
    "memory_limit_bytes": "--memory-limit",
    "seed": "--seed",
}
"""The options by the names of the studies' arguments."""

# Given once for each value; other lists are one value with commas.
_REPEATED: Final = "libraries"


def command_of(study: Callable[..., object], arguments: Mapping[str, Any]) -> str:
    """The command line of a call of ``sweep`` or ``compare`` with these arguments.

    ``arguments`` are by their names, defaults among them.
    """
    path = arguments["path"]
    # A file's name is no option; "-" alone is standard input.
    if path.startswith("-") and path != "-":
        path = f"./{path}"
    words = ["complab", study.__name__, path]
    for name, parameter in signature(study).parameters.items():
        if name in OPTIONS and arguments[name] != parameter.default:
            words += _option(name, arguments[name])
    return shell_line(words)


def _option(name: str, value: object) -> Iterator[str]:
    if isinstance(value, bool):
        yield OPTIONS[name]
    elif isinstance(value, list | tuple):
        told = list(map(str, value))
        for each in told if name == _REPEATED else [",".join(told)] * bool(told):
            yield from (OPTIONS[name], each)
    else:
        yield from (
            OPTIONS[name],
            f"{value:.15g}" if type(value) is float else str(value),
        )
