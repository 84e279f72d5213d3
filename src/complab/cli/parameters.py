"""Kinds of option values that several commands share."""

import click
from click.shell_completion import CompletionItem

from complab.units import parse_bytes


class _Bytes(click.ParamType[int]):
    """A size: ``16MiB``, ``64KiB``, ``1MB``, ``123``."""

    name = "bytes"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """Read the size; a usage error says what is allowed."""
        if isinstance(value, int):
            return value
        try:
            size_bytes = parse_bytes(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)
        if size_bytes < 1:
            self.fail(f"{value!r}: at least 1 byte", param, ctx)
        return size_bytes


BYTES = _Bytes()
SECONDS = click.FloatRange(min=0, min_open=True)


def complete_codecs(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Complete the last item of a codec list by the names that there are."""
    del ctx, param
    from complab.codecs import catalogue, specs

    head, comma, last = incomplete.rpartition(",")
    names = (*catalogue.names(), *specs.SETS, specs.ALL)
    return [
        CompletionItem(f"{head}{comma}{name}")
        for name in dict.fromkeys(names)
        if name.startswith(last)
    ]
