"""A result as a JSON file: written whole or not at all, read back or refused.

The fields are those of ``complab.results.model``; ``rows`` ride along for scripts and
are never read back, since they follow from the measurements.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from complab.errors import ResultError, SchemaVersionError
from complab.results.fields import FieldError, make
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
    fields = asdict(record)
    return {
        "schema_version": SCHEMA_VERSION,
        **fields,
        "rows": [asdict(row) for row in derive_rows(record)],
    }


def save(record: RunRecord, path: str, *, may_overwrite: bool = False) -> None:
    """Write the record as JSON; numbers are finite, unknown values ``null``."""
    text = json.dumps(to_document(record), indent=1, allow_nan=False)
    write_text_whole(path, text + "\n", may_overwrite=may_overwrite)


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
        message = f"is damaged: {error}"
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
        parts = (each.epoch_times_ns, each.iteration_count, each.canary_times_ns)
        if len({*map(len, (*parts, each.is_clean, each.round, each.process))}) > 1:
            message = (
                f"configuration {each.configuration}, {each.direction}: its lists "
                "differ in length"
            )
            raise FieldError(message)
    return record


def _configuration(values: object) -> ConfigurationFacts:
    if isinstance(values, Mapping) and values.get("provider") is not None:
        values = {**values, "provider": make(ProviderFacts, values["provider"])}
    return make(ConfigurationFacts, values)
