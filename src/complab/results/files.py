"""A result as a JSON file: written whole or not at all, read back or refused.

The fields are those of ``complab.results.model``; ``rows`` ride along for scripts and
are never read back, since they follow from the measurements.
"""

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from complab.errors import OutputExistsError, ResultError, SchemaVersionError
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


def to_document(record: RunRecord) -> dict[str, Any]:
    """The record as plain lists, mappings and numbers, rows included."""
    fields = asdict(record)
    return {
        "schema_version": SCHEMA_VERSION,
        **fields,
        "rows": [asdict(row) for row in derive_rows(record)],
    }


def write_text_whole(path: str, text: str, *, may_overwrite: bool) -> None:
    """Write under a temporary name and rename, so that no half file is ever there.

    A device or a pipe is written to as it stands: to rename a file over ``/dev/null``
    would take it away from everyone. A link stays, and what it leads to is replaced.

    ``OutputExistsError`` if the file is there and may not be overwritten;
    ``ResultError`` if it cannot be written.
    """
    check_output(path, may_overwrite=may_overwrite)
    try:
        if _is_special(Path(path)):
            with Path(path).open("w", encoding="utf-8", newline="") as stream:
                stream.write(text)
            return
        target = Path(path).resolve()
        handle, temporary = tempfile.mkstemp(
            dir=target.parent, prefix=f".{target.name}.", suffix=".part"
        )
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.write(text)
            # mkstemp's files are the owner's alone; this one is an ordinary file.
            mask = os.umask(0)
            os.umask(mask)
            Path(temporary).chmod(0o666 & ~mask)
            Path(temporary).replace(target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        message = f"cannot be written: {error.strerror or error}"
        raise ResultError(message, path=path) from None


def _is_special(target: Path) -> bool:
    """Whether it is a device, a pipe or a socket: nothing that can be overwritten."""
    return target.exists() and not target.is_file() and not target.is_dir()


def check_output(path: str, *, may_overwrite: bool) -> None:
    """Refuse a file that is there, or a folder that is not, before work is done."""
    target = Path(path)
    if target.is_dir():
        message = "is a directory: name a file"
        raise ResultError(message, path=path)
    if target.exists() and not may_overwrite and not _is_special(target):
        message = "exists already: choose another name, or overwrite it with --force"
        raise OutputExistsError(message, path=path)
    if not target.parent.is_dir():
        message = f"there is no folder {target.parent}"
        raise ResultError(message, path=path)


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
