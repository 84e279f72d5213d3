"""Events as JSON's values and back: for the pipe from a worker, and for the journal.

An event is a list of its class's name and its fields, in their order.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from complab.core import Calibration, Direction, Epoch
from complab.runner.events import (
    Calibrated,
    Dropped,
    EpochMeasured,
    Event,
    RoundFinished,
    Settled,
    Verified,
)

_KINDS: Mapping[str, Callable[..., Event]] = {
    kind.__name__: kind
    for kind in (Calibrated, Dropped, EpochMeasured, RoundFinished, Settled, Verified)
}


def _plain(value: object) -> Any:  # noqa: ANN401 - any of JSON's values
    if isinstance(value, Epoch | Calibration):
        return [getattr(value, field.name) for field in fields(value)]
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return value


def encode(event: Event) -> list[Any]:
    """The event as a list that JSON takes."""
    values = (getattr(event, field.name) for field in fields(event))
    return [type(event).__name__, *map(_plain, values)]


def decode(values: Sequence[Any]) -> Event:
    """The event that ``encode`` made a list of.

    ``KeyError``, ``TypeError`` or ``ValueError`` if the list is none of its making.
    """
    name, *rest = values
    return _KINDS[name](**dict(_named(_KINDS[name], rest)))


def _named(kind: Any, values: Sequence[Any]) -> list[tuple[str, Any]]:  # noqa: ANN401
    named: list[tuple[str, Any]] = []
    for field, value in zip(fields(kind), values, strict=True):
        if field.name == "direction":
            named.append((field.name, Direction(value)))
        elif field.name == "epoch":
            named.append((field.name, Epoch(*value)))
        elif field.name == "calibrations":
            named.append((field.name, tuple(Calibration(*each) for each in value)))
        elif isinstance(value, list):
            named.append((field.name, tuple(value)))
        else:
            named.append((field.name, value))
    return named
