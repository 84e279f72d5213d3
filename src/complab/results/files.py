"""A result as a JSON file: written whole or not at all, read back or refused.

The fields are those of ``complab.results.model``; ``rows`` ride along for scripts and
are never read back, since they follow from the measurements.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields, is_dataclass
from pathlib import Path
from typing import Any

from complab.errors import ResultError, SchemaVersionError
from complab.results.fields import FieldError, make, shown
from complab.results.model import (
    SCHEMA_VERSION,
    ConfigurationFacts,
    InputFacts,
    Measurement,
    ProviderFacts,
    ResultWarning,
    RunRecord,
)
from complab.results.rows import derive_rows
from complab.whole_file import write_text_whole


def to_document(record: RunRecord) -> dict[str, Any]:
    """The record as plain lists, mappings and numbers, rows included."""
    return {
        "schema_version": SCHEMA_VERSION,
        **_plain(record),
        "rows": [asdict(row) for row in derive_rows(record)],
    }


def _plain(value: Any) -> Any:  # noqa: ANN401 - any part of a record
    """A part of a record; its rows of numbers, hundreds of thousands, as they are."""
    if is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, tuple):
        return [_plain(each) for each in value] if _has_parts(value) else list(value)
    return value


def _has_parts(values: tuple[Any, ...]) -> bool:
    return bool(values) and is_dataclass(values[0])


def to_text(record: RunRecord) -> str:
    """The record as JSON, a line for each field and for each member of its lists.

    Numbers are finite, unknown values ``null``. Indented to the last number it would
    take twenty times as long to write, at the end of a run whose time is bounded.
    """
    parts = [
        f"{json.dumps(name)}: {_text(value)}"
        for name, value in to_document(record).items()
    ]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _text(value: object) -> str:
    if not isinstance(value, list) or not value:
        return json.dumps(value, allow_nan=False)
    return "[\n" + ",\n".join(json.dumps(v, allow_nan=False) for v in value) + "\n]"


def save(record: RunRecord, path: str, *, may_overwrite: bool = False) -> None:
    """Write the record as JSON; numbers are finite, unknown values ``null``."""
    write_text_whole(path, to_text(record), may_overwrite=may_overwrite)


def load(path: str) -> RunRecord:
    """Read a record back.

    ``ResultError`` if the file cannot be read or is no result;
    ``SchemaVersionError`` if another complab wrote it in a form not known here.
    """
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        message = f"cannot be read: {error.strerror or error}"
        raise ResultError(message, path=path) from None
    except (ValueError, RecursionError) as error:
        message = f"is no JSON: {error}"
        raise ResultError(message, path=path) from None
    if not isinstance(document, Mapping) or "schema_version" not in document:
        message = "is no result of complab: it has no schema_version"
        raise ResultError(message, path=path)
    if document["schema_version"] != SCHEMA_VERSION:
        raise SchemaVersionError(
            path=path, found=document["schema_version"], supported=[SCHEMA_VERSION]
        )
    try:
        return _from_document(document)
    except FieldError as error:
        message = f"is damaged: {error}; take a sound copy, or measure anew"
        raise ResultError(message, path=path) from None


def _from_document(document: Mapping[str, Any]) -> RunRecord:
    """The record of a document; ``FieldError`` where a field is not what it says."""
    names = {field.name for field in fields(RunRecord)}
    told = {name: value for name, value in document.items() if name in names}
    for name in ("inputs", "configurations", "measurements", "warnings"):
        if not isinstance(told.get(name), list):
            message = f"{name} is missing or no list"
            raise FieldError(message)
    record = make(
        RunRecord,
        {
            **told,
            "inputs": [make(InputFacts, each) for each in told["inputs"]],
            "configurations": list(map(_configuration, told["configurations"])),
            "measurements": [make(Measurement, each) for each in told["measurements"]],
            "warnings": [make(ResultWarning, each) for each in told["warnings"]],
        },
    )
    known = {configuration.id for configuration in record.configurations}
    for each in record.measurements:
        if each.configuration not in known:
            message = f"a measurement of configuration {each.configuration}: unknown"
            raise FieldError(message)
        parts = (
            *(each.epoch_times_ns, each.iteration_count, each.canary_times_ns),
            *(each.canary_in_flight_ns, each.stalled_times_ns),
            *(each.is_clean, each.round, each.process),
        )
        if len({*map(len, parts)}) > 1:
            message = (
                f"configuration {each.configuration}, {each.direction}: its lists "
                "differ in length"
            )
            raise FieldError(message)
        if min(each.iteration_count, default=1) < 1:
            message = (
                f"configuration {each.configuration}, {each.direction}: an epoch "
                "without an iteration"
            )
            raise FieldError(message)
    _check_facts(record, known)
    return record


def _check_facts(record: RunRecord, known: set[int]) -> None:
    """``FieldError`` where what is computed with is not what it says.

    ``known`` are the ids of the configurations.
    """
    if sum(each.uncompressed_bytes for each in record.inputs) < 1:
        message = "inputs hold no byte that was measured"
        raise FieldError(message)
    pairs = record.plan.get("pairs", [])
    if not isinstance(pairs, list):
        message = f"plan.pairs is {shown(pairs)}, where a list of pairs belongs"
        raise FieldError(message)
    for number, pair in enumerate(pairs):
        if not _is_pair(pair, known):
            message = (
                f"plan.pairs[{number}] is {shown(pair)}, where the ids of two of its "
                "configurations belong"
            )
            raise FieldError(message)
    budget_s = record.plan.get("budget_s")
    if not isinstance(budget_s, float | int | None):
        message = f"plan.budget_s is {shown(budget_s)}"
        raise FieldError(message)
    caches = record.environment.get("cache_bytes", {})
    if not isinstance(caches, Mapping) or not _are_counts(caches.values()):
        message = f"environment.cache_bytes is {shown(caches)}"
        raise FieldError(message)


def _is_pair(pair: object, known: set[int]) -> bool:
    return (
        isinstance(pair, list)
        and len(pair) == 2  # noqa: PLR2004 - A and B
        and _are_counts(pair)
        and set(pair) <= known
    )


def _are_counts(values: Iterable[object]) -> bool:
    return set(map(type, values)) <= {int}


def _configuration(values: object) -> ConfigurationFacts:
    if isinstance(values, Mapping) and values.get("provider") is not None:
        values = {**values, "provider": make(ProviderFacts, values["provider"])}
    return make(ConfigurationFacts, values)
