"""Kinds of option values that several commands share."""

import re
from collections.abc import Sequence
from typing import Final

import click
from click.shell_completion import CompletionItem

from complab.errors import PlanError
from complab.units import parse_bytes, parse_percent

_UNITS_MS: Final = {"": 1.0, "ms": 1.0, "s": 1000.0}


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


class _Rate(click.ParamType[int]):
    """Bytes a second: ``20MB/s``, ``20MB``."""

    name = "rate"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """Read the rate as a size; a usage error says what is allowed."""
        return BYTES.convert(str(value).removesuffix("/s"), param, ctx)


class _BatchRange(click.ParamType[tuple[int, int]]):
    """Batches by number: ``17``, or ``3-9`` with both ends included."""

    name = "batches"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        """Read one number or two; a usage error says what is allowed."""
        if isinstance(value, tuple):
            return value
        first, dash, last = str(value).partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            self.fail(f"{value!r}: give a number from 0 on, or two as 3-9", param, ctx)
        return int(first), int(last or first)


class _Words(click.ParamType[tuple[str, ...]]):
    """Words with commas between them, each once: ``reused,fresh``."""

    name = "words"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """Split the words; what they may be is checked where they are used."""
        del param, ctx
        if isinstance(value, tuple):
            return value
        words = (word.strip() for word in str(value).split(","))
        return tuple(dict.fromkeys(word for word in words if word))


class _Counts(click.ParamType[tuple[int, ...]]):
    """Numbers with commas between them, each once: ``1,2,4``."""

    name = "counts"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        """Read the numbers; a usage error says which word is none."""
        if isinstance(value, tuple):
            return value
        words = [word.strip() for word in str(value).split(",") if word.strip()]
        for word in words:
            if not word.isdecimal():
                self.fail(f"{word!r} is no number: give them as 1,2", param, ctx)
        return tuple(dict.fromkeys(map(int, words)))


class _Milliseconds(click.ParamType[float]):
    """A time: ``100ms``, ``1s``, ``5``."""

    name = "milliseconds"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read the time; a usage error says what is allowed."""
        if isinstance(value, float):
            return value
        found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)(ms|s|)", str(value).strip())
        if not found:
            self.fail(f"{value!r}: give a time such as 100ms or 1s", param, ctx)
        return float(found[1]) * _UNITS_MS[found[2]]


class _MillisecondsList(click.ParamType[tuple[float, ...]]):
    """Times with commas between them: ``0ms,5ms,1s``."""

    name = "milliseconds"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[float, ...]:
        """Read each; a usage error says which is none."""
        if isinstance(value, tuple):
            return value
        words = [word for word in str(value).split(",") if word.strip()]
        return tuple(MILLISECONDS.convert(word, param, ctx) for word in words)


class _ByteSteps(click.ParamType[tuple[int, ...]]):
    """Sizes: ``1KiB-1MiB`` by doubling, or ``4KiB,16KiB,1MiB``."""

    name = "sizes"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        """Read a list or a range; a usage error says what is allowed."""
        if isinstance(value, tuple):
            return value
        first, dash, last = str(value).partition("-")
        if not dash:
            words = str(value).split(",")
            return tuple(BYTES.convert(word, param, ctx) for word in words)
        size, end = BYTES.convert(first, param, ctx), BYTES.convert(last, param, ctx)
        if size > end:
            self.fail(f"{value!r}: the first is larger than the last", param, ctx)
        steps = [size]
        while steps[-1] * 2 <= end:
            steps.append(steps[-1] * 2)
        return tuple(steps)


def parse_settings(options: Sequence[str]) -> dict[str, str]:
    """``NAME=VALUE`` options as a mapping; ``PlanError`` for one of another form."""
    found = {}
    for option in options:
        name, equals, value = option.partition("=")
        if not equals or not name.strip():
            message = f"{option!r} is not of the form NAME=VALUE"
            raise PlanError(message)
        found[name.strip()] = value
    return found


class _Percent(click.ParamType[float]):
    """A share: ``5%``, ``5``, ``2.5``."""

    name = "percent"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read the share; a usage error says what is allowed."""
        if isinstance(value, float):
            return value
        try:
            return parse_percent(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


BYTES = _Bytes()
RATE = _Rate()
BATCH = click.IntRange(min=0)
BATCH_RANGE = _BatchRange()
PERCENT = _Percent()
MILLISECONDS = _Milliseconds()
MILLISECONDS_LIST = _MillisecondsList()
BYTE_STEPS = _ByteSteps()
WORDS = _Words()
COUNTS = _Counts()
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
