"""A broker's data folder (``log.dirs``): its topics, and their segments with sizes.

A folder of a partition is called ``TOPIC-NUMBER``. What a broker is about to delete or
moves to another disk bears a suffix and is passed over. The broker may be at work:
sizes are those of the listing, and a segment may be gone when it is opened.

No link is followed below the folder, whoever put it there: folders and files are opened
from the folder's own descriptor, each step with ``O_NOFOLLOW``, so that nothing changes
between a look and an open. What could not be listed is a problem of its topic.

Not for what is in a segment. Source: ``LogFileUtils`` and ``UnifiedLog`` of Kafka's
storage module.
"""

import errno
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from complab import core
from complab.errors import InputError

_PARTITION = re.compile(r"(?P<topic>.+)-(?P<number>\d{1,10})")
_LEAVING = re.compile(r".+\.[0-9a-f]{32}-(?P<why>delete|future|stray)")

_LOG_SUFFIX = ".log"
INDEX_SUFFIX = ".index"

_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# A pipe that somebody called .log would keep a plain open waiting for its writer.
_FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment: its partition's folder, its name without suffix, its log's size.

    The folder is ``.`` where it is the data folder itself; the size, in bytes, is that
    of the listing.
    """

    folder: str
    name: str
    log_bytes: int

    @property
    def path(self) -> str:
        """The log's path below the data folder."""
        name = f"{self.name}{_LOG_SUFFIX}"
        return name if self.folder == "." else f"{self.folder}/{name}"


@dataclass(slots=True)
class Topic:
    """A topic's segments; ``problems`` are sentences about what was not listed."""

    name: str
    partition_count: int = 0
    segments: list[Segment] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def log_bytes(self) -> int:
        """The size of its logs, indexes apart."""
        return sum(segment.log_bytes for segment in self.segments)


class DataFolder:
    """A data folder that stays open; to be used as a context.

    ``topics`` are in the order of their names. ``passed_over`` are the folders that a
    broker is about to delete or has not finished moving. A single partition's folder,
    too, is taken: as a data folder of that topic.
    """

    def __init__(self, path: str) -> None:
        """List the folder; ``InputError`` if it is none or holds no log."""
        self.path = path
        self.topics: tuple[Topic, ...] = ()
        self.passed_over: list[str] = []
        try:
            self._root = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except NotADirectoryError:
            message = "is a file: name the broker's data folder, or see inspect"
            raise InputError(message, path=path) from None
        except OSError as error:
            raise InputError(_words(error), path=path) from None
        try:
            self.topics = tuple(self._list())
        except BaseException:
            os.close(self._root)
            raise

    def __enter__(self) -> Self:
        """Nothing is left to set up."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the folder."""
        os.close(self._root)

    # ---- Listing ----------------------------------------------------------------

    def _list(self) -> list[Topic]:
        found: dict[str, Topic] = {}
        try:
            names = sorted(os.listdir(self._root))  # noqa: PTH208 - a descriptor
        except OSError as error:
            raise InputError(_words(error), path=self.path) from None
        if any(name.endswith(_LOG_SUFFIX) for name in names):
            own = os.path.basename(os.path.realpath(self.path))  # noqa: PTH119
            match = _PARTITION.fullmatch(own)
            self._list_partition(found, match["topic"] if match else own, ".")
        for name in names:
            if leaving := _LEAVING.fullmatch(name):
                self.passed_over.append(f"{name} ({leaving['why']})")
            elif match := _PARTITION.fullmatch(name):
                self._list_partition(found, match["topic"], name)
        if not found:
            some = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")  # noqa: PLR2004
            message = (
                "holds no partition, such as orders-0, with segments in it "
                f"({some or 'it is empty'}): name the folder of a broker's log.dirs"
            )
            raise InputError(message, path=self.path)
        return [found[name] for name in sorted(found)]

    def _list_partition(self, found: dict[str, Topic], name: str, folder: str) -> None:
        """Add a partition's segments to its topic."""
        segments = []
        problems = []
        try:
            with self._opened(folder) as place, os.scandir(place) as entries:
                for entry in entries:
                    stem, suffix = os.path.splitext(entry.name)  # noqa: PTH122
                    if suffix != _LOG_SUFFIX:
                        continue
                    try:
                        facts = entry.stat(follow_symlinks=False)
                    except OSError as error:
                        problems.append(f"{folder}/{entry.name} {_words(error)}")
                        continue
                    if stat.S_ISREG(facts.st_mode):
                        segments.append(Segment(folder, stem, facts.st_size))
                    else:
                        problems.append(f"{folder}/{entry.name} {_kind(facts)}")
        except OSError as error:
            if error.errno == errno.ENOTDIR and not self._is_link(folder):
                return  # a file of such a name is no partition
            problems.append(f"{folder} {_words(error)}")
        if not segments and not problems:
            return  # a broker keeps one segment at the least
        topic = found.setdefault(name, Topic(name))
        topic.partition_count += 1
        # Base offsets are written with 20 digits: names sort as numbers.
        topic.segments += sorted(segments, key=lambda segment: segment.name)
        topic.problems += sorted(problems)

    def _is_link(self, folder: str) -> bool:
        facts = os.stat(folder, dir_fd=self._root, follow_symlinks=False)
        return stat.S_ISLNK(facts.st_mode)

    @contextmanager
    def _opened(self, folder: str) -> Iterator[int]:
        place = os.open(folder, _FOLDER_FLAGS, dir_fd=self._root)
        try:
            yield place
        finally:
            os.close(place)

    # ---- Opening ----------------------------------------------------------------

    def open_log(self, segment: Segment) -> core.Source:
        """A segment's log; ``InputError`` if it is gone, a link or cannot be read."""
        return self._open(segment.folder, f"{segment.name}{_LOG_SUFFIX}")

    def open_index(self, segment: Segment) -> core.Source:
        """A segment's offset index; errors as ``open_log``."""
        return self._open(segment.folder, f"{segment.name}{INDEX_SUFFIX}")

    def _open(self, folder: str, name: str) -> core.Source:
        path = name if folder == "." else f"{folder}/{name}"
        descriptor = -1
        try:
            with self._opened(folder) as place:
                descriptor = os.open(name, _FILE_FLAGS, dir_fd=place)
            facts = os.fstat(descriptor)
            if not stat.S_ISREG(facts.st_mode):
                raise InputError(_kind(facts), path=path)
            source = core.Source(descriptor, path=path, is_owner=True)
            descriptor = -1
        except OSError as error:
            raise InputError(_words(error), path=path) from None
        finally:
            if descriptor >= 0:
                os.close(descriptor)
        return source


def _kind(facts: os.stat_result) -> str:
    """What stands where a file should be."""
    return _LINK if stat.S_ISLNK(facts.st_mode) else "is no regular file"


_LINK = "is a link, and links are not followed"


def _words(error: OSError) -> str:
    """Why something could not be opened, as the end of a sentence."""
    if error.errno in {errno.ELOOP, errno.ENOTDIR}:
        return _LINK  # what O_NOFOLLOW says of a link to a file, and to a folder
    if error.errno == errno.ENOENT:
        return "is not there (any more)"
    return f"cannot be read: {error.strerror or error}"
