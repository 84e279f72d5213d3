"""Dataclasses out of JSON: every field there, none unknown, each of its own type."""

from collections.abc import Mapping
from dataclasses import fields
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


class FieldError(ValueError):
    """A value is not what its field holds; says which field of what."""


def make(kind: type[T], values: object) -> T:
    """An instance of a dataclass from JSON's mapping of its fields.

    Lists become tuples. ``FieldError`` for a field that is missing, unknown or of
    another type.
    """
    if not isinstance(values, Mapping):
        message = f"{kind.__name__}: {shown(values)}, where a mapping belongs"
        raise FieldError(message)
    names = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    for name in sorted(names ^ set(values)):
        what = "is missing" if name in names else "is not known"
        message = f"{kind.__name__}.{name} {what}"
        raise FieldError(message)
    hints = get_type_hints(kind)
    found = {name: _tuples(value) for name, value in values.items()}
    for name, value in found.items():
        if not _fits(value, hints[name]):
            message = f"{kind.__name__}.{name} is {shown(value)}"
            raise FieldError(message)
    return kind(**found)


def shown(value: object) -> str:
    """The beginning of a value."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"  # noqa: PLR2004 - a line's worth


def _tuples(value: object) -> object:
    """Lists as tuples, all the way down: what a frozen record holds."""
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _fits(value: object, hint: Any) -> bool:  # noqa: ANN401 - any annotation
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return any(_fits(value, each) for each in arguments)
    if origin is tuple:
        if not isinstance(value, tuple):
            return False
        if arguments[-1] is not Ellipsis:
            return len(value) == len(arguments) and all(map(_fits, value, arguments))
        # A result holds hundreds of thousands of epoch times.
        if arguments[0] is int:
            return set(map(type, value)) <= {int}
        return all(_fits(each, arguments[0]) for each in value)
    # A boolean is an int to Python, and none to JSON.
    return isinstance(value, origin or hint) and (
        hint is bool or not isinstance(value, bool)
    )
