"""Files that are written whole or not at all: a temporary name, then a rename.

Not for standard output, which the callers know as ``-``.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from complab.errors import OutputExistsError, ResultError

# What an ordinary file's mode is before the umask takes its bits away.
_ORDINARY_MODE = 0o666


@contextmanager
def open_whole(
    path: str, *, may_overwrite: bool, is_private: bool = False
) -> Iterator[BinaryIO]:
    """Open a file to write that gets its name when the context ends without an error.

    Until then, and after an error, there is what was there before. ``is_private``
    makes the file its owner's alone (mode 0600). A device or a pipe is written to as
    it stands: to rename a file over ``/dev/null`` would take it away from everyone. A
    link stays, and what it leads to is replaced. Raises ``OutputExistsError`` if the
    file is there and may not be overwritten, also if it came while the context ran;
    ``ResultError`` if it cannot be written, for which any ``OSError`` that leaves the
    context is taken.
    """
    check_output(path, may_overwrite=may_overwrite)
    if _is_special(Path(path)):
        try:
            with Path(path).open("wb") as stream:
                yield stream
        except OSError as error:
            raise _unwritable(path, error) from None
        return
    target = Path(path).resolve()
    try:
        handle, name = tempfile.mkstemp(
            dir=target.parent, prefix=f".{target.name}.", suffix=".part"
        )
    except OSError as error:
        raise _unwritable(path, error) from None
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        if not is_private:  # as which mkstemp made it
            mask = os.umask(0)
            os.umask(mask)
            temporary.chmod(_ORDINARY_MODE & ~mask)
        check_output(path, may_overwrite=may_overwrite)
        temporary.replace(target)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise _unwritable(path, error) from None
        raise


def write_text_whole(path: str, text: str, *, may_overwrite: bool) -> None:
    """Write text as UTF-8, as ``open_whole`` writes, with its errors."""
    with open_whole(path, may_overwrite=may_overwrite) as file:
        file.write(text.encode())


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


def _unwritable(path: str, error: OSError) -> ResultError:
    message = f"cannot be written: {error.strerror or error}"
    return ResultError(message, path=path)
