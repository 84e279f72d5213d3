"""What a run has measured so far, on disk: one line a round, for ``--resume``.

A line is appended by a single ``write`` when its round is over, while nothing is being
timed. What is written survives the end of the program, however it comes: SIGKILL loses
the round in flight and no more. Against the end of the machine the file is synced, but
once a second at the most: a sync takes milliseconds, in which small rounds would be
measured several times over, and wakes threads of the kernel beside the codecs. A power
cut so loses up to a second.

The first line says what the run is: plan, libraries with their digests, input, machine.
Whoever goes on must find the same, or what differs is named. Each further line is a
list of events (``complab.runner.wire``). A last line that breaks off is dropped; one
that makes no sense before others that do is damage.

History of the form: 1, the first.
"""

import fcntl
import json
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from complab.errors import JournalMismatchError, OutputExistsError, ResultError
from complab.runner.events import (
    Dropped,
    EpochMeasured,
    Event,
    Interrupted,
    RoundFinished,
    RoundStarted,
    Verified,
)
from complab.runner.wire import decode, encode

SUFFIX = ".journal"

_VERSION = 1
_SYNC_EVERY_S = 1.0


def journal_path(result_path: str) -> str:
    """Where the journal of a result lies: beside it."""
    return result_path + SUFFIX


class Journal:
    """An open journal; ``earlier`` is what it held when it was opened.

    ``problem`` says why nothing is written any more, if the disk took no more: a run
    goes on without its journal.
    """

    def __init__(self, path: str, descriptor: int, earlier: Sequence[Event]) -> None:
        """Take an open and locked file."""
        self.path = path
        self.earlier = tuple(earlier)
        self.problem = ""
        self._descriptor = descriptor
        self._round: list[Any] | None = None
        self._next_sync_s = 0.0

    @classmethod
    def create(
        cls, path: str, identity: Mapping[str, Any], *, may_overwrite: bool
    ) -> Self:
        """Begin a journal.

        ``OutputExistsError`` if one is there that may not be overwritten;
        ``ResultError`` if it cannot be written, or another run writes it.
        """
        if not may_overwrite and Path(path).exists():
            message = (
                "an earlier run did not end: go on from it with --resume, or start "
                "anew with --force"
            )
            raise OutputExistsError(message, path=path)
        descriptor = _open(path)
        journal = cls(path, descriptor, ())
        try:
            os.ftruncate(descriptor, 0)
            journal._write({"journal_version": _VERSION, "run": identity})
            os.fsync(descriptor)
            _sync_folder(path)
        except OSError as error:
            os.close(descriptor)
            raise ResultError(_cannot_be_written(error), path=path) from None
        return journal

    @classmethod
    def resume(cls, path: str, identity: Mapping[str, Any]) -> Self:
        """Go on with a journal, or begin it if there is none or its head is torn.

        ``JournalMismatchError`` if it is of another run; ``ResultError`` if it is
        damaged, cannot be read or written, or another run writes it.
        """
        if not Path(path).exists():
            return cls.create(path, identity, may_overwrite=False)
        descriptor = _open(path)
        try:
            head, earlier, whole_bytes = _read(path, descriptor)
            if head is not None:
                _check(path, head, identity)
                os.ftruncate(descriptor, whole_bytes)
        except OSError as error:
            os.close(descriptor)
            raise ResultError(_cannot_be_written(error), path=path) from None
        except ResultError:
            os.close(descriptor)
            raise
        if head is None:
            os.close(descriptor)
            return cls.create(path, identity, may_overwrite=True)
        return cls(path, descriptor, earlier)

    def note(self, event: Event) -> None:
        """Keep an event: at once, or with its round."""
        if isinstance(event, RoundStarted):
            self._round = []
        elif isinstance(event, Verified | Dropped | EpochMeasured):
            if self._round is None:
                self._append([encode(event)])
            else:
                self._round.append(encode(event))
        elif isinstance(event, RoundFinished | Interrupted) and self._round is not None:
            if self._round:
                self._append(self._round)
            self._round = None

    def _append(self, line: object) -> None:
        if self.problem:
            return
        try:
            self._write(line)
            if time.monotonic() >= self._next_sync_s:
                os.fdatasync(self._descriptor)
                self._next_sync_s = time.monotonic() + _SYNC_EVERY_S
        except OSError as error:
            self.problem = f"{self.path}: {_cannot_be_written(error)}"

    def _write(self, line: object) -> None:
        rest = memoryview(json.dumps(line, separators=(",", ":")).encode() + b"\n")
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]

    def __enter__(self) -> Self:
        """The journal itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the file."""
        self.close()

    def close(self) -> None:
        """Sync and close the file; it stays."""
        if self._descriptor < 0:
            return
        with suppress(OSError):  # what cannot be synced was written all the same
            os.fdatasync(self._descriptor)
        os.close(self._descriptor)
        self._descriptor = -1


def remove_journal(path: str) -> None:
    """Remove the journal of a result that is whole; nothing if there is none."""
    try:
        Path(path).unlink(missing_ok=True)
    except OSError as error:
        message = f"cannot be removed: {error.strerror or error}"
        raise ResultError(message, path=path) from None


def _cannot_be_written(error: OSError) -> str:
    return f"cannot be written: {error.strerror or error}"


def _open(path: str) -> int:
    """Open for appending, and keep other runs out for as long as it is open."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
    except OSError as error:
        raise ResultError(_cannot_be_written(error), path=path) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        message = "another run writes it: wait for its end, or save under another name"
        raise ResultError(message, path=path) from None
    return descriptor


def _sync_folder(path: str) -> None:
    """Make the file's name as durable as its content."""
    folder = os.open(Path(path).parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _read(path: str, descriptor: int) -> tuple[Any, list[Event], int]:
    """The head (``None`` if torn), the events, and how many bytes are whole lines."""
    with os.fdopen(os.dup(descriptor), "rb") as file:
        file.seek(0)
        data = file.read()
    lines = data.split(b"\n")[:-1]  # behind the last end of a line: torn, or nothing
    head: Any = None
    earlier: list[Event] = []
    whole_bytes = 0
    for number, line in enumerate(lines, 1):
        try:
            if number == 1:
                head = _head(path, json.loads(line))
            else:
                earlier += [decode(values) for values in json.loads(line)]
        except (ValueError, KeyError, TypeError):
            if any(_is_json(later) for later in lines[number:]):
                message = f"line {number} is damaged: start anew with --force"
                raise ResultError(message, path=path) from None
            break
        whole_bytes += len(line) + 1
    return head, earlier, whole_bytes


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def _head(path: str, values: Any) -> Mapping[str, Any]:  # noqa: ANN401 - JSON's values
    if not isinstance(values, dict) or values.get("journal_version") != _VERSION:
        message = (
            "is no journal that this complab knows: go on with the one that wrote it, "
            "or start anew with --force"
        )
        raise ResultError(message, path=path)
    run = values["run"]
    if not isinstance(run, dict):
        raise TypeError(run)
    return run


def _check(path: str, head: Mapping[str, Any], identity: Mapping[str, Any]) -> None:
    """Refuse to go on with another run than the one that the head describes."""
    wanted = json.loads(json.dumps(identity))
    found = list(_differences("", head, wanted))
    if found:
        raise JournalMismatchError(path=path, differences=found)


def _differences(place: str, then: object, now: object) -> list[str]:
    """Where two values differ, as sentences."""
    if then == now:
        return []
    if isinstance(then, Mapping) and isinstance(now, Mapping):
        keys = [*then, *(key for key in now if key not in then)]
        parts = [(f"{place}.{k}".strip("."), then.get(k), now.get(k)) for k in keys]
    elif isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        pairs = zip(then, now, strict=True)
        parts = [(f"{place}[{i}]", a, b) for i, (a, b) in enumerate(pairs)]
    elif isinstance(then, list) and isinstance(now, list):
        return [f"{place}: {len(then)} then, {len(now)} now"]
    else:
        return [f"{place}: {then!r} then, {now!r} now"]
    return [line for part in parts for line in _differences(*part)]
