"""Takes record batches from a live topic, as the broker stores them, into a file.

``capture`` reads one partition with Fetch requests from a given place on, and writes
whole batches back to back, which is what complab reads everywhere else. It joins no
group, commits nothing and creates no topic.

The broker answers with whole batches, so that the first one can begin before the offset
that was asked for; it is kept, since its records cannot be had without it. Control
batches and batches of aborted transactions are taken as they come.
"""

import asyncio
import re
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import BinaryIO

from complab.errors import CaptureError, PlanError
from complab.kafka.capture_run import Bounds, CaptureProgress, CaptureRun
from complab.kafka.capture_start import Start, parse_start
from complab.kafka.client_properties import ClientProperties, load_client_properties
from complab.kafka.partition_log import PartitionLog, parse_servers
from complab.render.escape import escape_controls
from complab.whole_file import open_whole

DEFAULT_MAX_BYTES = 64 * 1024 * 1024
"""Four times what a sweep measures by default, and an instant's work for a broker."""

DEFAULT_TIMEOUT_S = 30.0
"""As long as Java's clients wait for an answer (request.timeout.ms)."""

_LONGEST_TIMEOUT_S = 366 * 86_400.0

# Source: org.apache.kafka.common.internals.Topic.
_TOPIC = re.compile(r"[a-zA-Z0-9._-]{1,249}")


@dataclass(frozen=True, slots=True)
class Capture:
    """What was captured: whole batches, ``size_bytes`` in all, in the file ``path``.

    ``first_offset`` and ``last_offset`` are those of the first and the last record.
    ``record_count`` leaves out message sets (v0, v1), whose headers do not count.
    ``notes`` are sentences about what a reader of the file should know. ``problem`` is
    the error that ended it early, ``is_interrupted`` says that Ctrl-C did; what was
    complete is in the file either way.
    """

    path: str
    topic: str
    partition: int
    batch_count: int
    record_count: int
    size_bytes: int
    first_offset: int
    last_offset: int
    notes: tuple[str, ...] = ()
    problem: CaptureError | None = None
    is_interrupted: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether it ended as it was meant to."""
        return self.problem is None and not self.is_interrupted


def capture(
    bootstrap_servers: str | None,
    topic: str,
    output: str,
    *,
    partition: int = 0,
    from_offset: int | str | None = None,
    from_timestamp: int | str | None = None,
    max_batch_count: int | None = None,
    max_bytes: int = DEFAULT_MAX_BYTES,
    timeout_s: float = DEFAULT_TIMEOUT_S,
    client_properties: ClientProperties | str | None = None,
    may_overwrite: bool = False,
    on_progress: Callable[[CaptureProgress], None] | None = None,
) -> Capture:
    """Write the batches of a topic's partition into the file ``output``.

    ``bootstrap_servers`` are ``host:port``, separated by commas, or ``None`` if the
    client properties name them; those are a file's path, or what
    ``load_client_properties`` made of it. It begins at ``from_offset``: a number, a
    negative one for so many offsets before the end, ``"earliest"`` (the default) or
    ``"latest"``; or at the first record of ``from_timestamp``, milliseconds since 1970
    or ISO 8601, of UTC unless it says otherwise.

    It ends after ``max_batch_count`` batches; before the batch with which it would be
    longer than ``max_bytes``; or where the partition ended when it began. From
    ``"latest"`` on there is no such end: it waits for new batches, until none came
    for ``timeout_s`` seconds, which is also how long it waits for any answer.

    The file has mode 0600 and gets its name when it is whole; ``"-"`` is standard
    output. ``on_progress`` is called from another thread. Ctrl-C and a failing cluster
    leave the batches that are complete in the file, and the result says so; before the
    first batch, they are raised. Raises ``PlanError`` for words that make no sense,
    ``CaptureError`` and its kin if the cluster does not give what was asked for,
    ``ClientPropertiesError`` and ``InputError`` for the client properties, and
    ``ResultError`` if the file cannot be written.
    """
    start = parse_start(from_offset, from_timestamp)
    bounds = Bounds(max_batch_count, max_bytes, timeout_s)
    _check_topic(topic)
    _check_numbers(partition, bounds)
    if isinstance(client_properties, str):
        client_properties = load_client_properties(client_properties)
    properties = client_properties or ClientProperties()
    log = PartitionLog(
        _choose_servers(bootstrap_servers, properties),
        topic,
        partition,
        properties=properties,
        timeout_s=timeout_s,
    )
    with _open_sink(output, may_overwrite=may_overwrite) as sink:
        run = CaptureRun(log, sink, bounds, on_progress=on_progress)
        worker = _Worker(log, run, start)
        worker.work()
        if run.taken.batch_count == 0:
            if worker.problem is not None:
                raise worker.problem
            if worker.is_interrupted:
                raise KeyboardInterrupt
    return Capture(
        path=output,
        topic=topic,
        partition=partition,
        batch_count=run.taken.batch_count,
        record_count=run.taken.record_count,
        size_bytes=run.taken.size_bytes,
        first_offset=run.taken.first_offset,
        last_offset=run.taken.next_offset - 1,
        notes=run.notes,
        problem=worker.problem,
        is_interrupted=worker.is_interrupted,
    )


class _Worker:
    """Runs a capture's event loop in a thread of its own.

    A notebook's main thread has a loop already, and one thread cannot run two. Ctrl-C
    still arrives in the main thread, which then cancels the capture and waits for it.
    """

    def __init__(self, log: PartitionLog, run: CaptureRun, start: Start) -> None:
        self.problem: CaptureError | None = None
        self.is_interrupted = False
        self._log = log
        self._run = run
        self._start = start
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None

    def work(self) -> None:
        """Run to the end; what ended it early is in ``problem`` or told by the flag."""
        with ThreadPoolExecutor(1, "complab-capture") as executor:
            done = executor.submit(lambda: asyncio.run(self._work()))
            try:
                done.result()
            except KeyboardInterrupt:
                self.is_interrupted = True
                if self._loop is not None and self._task is not None:
                    # A loop that is closed came to its end by itself just now.
                    with suppress(RuntimeError):
                        self._loop.call_soon_threadsafe(self._task.cancel)
                done.result()

    async def _work(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        try:
            if not self.is_interrupted:
                async with self._log:
                    await self._run.run(self._start)
        except CaptureError as error:
            self.problem = error
        except asyncio.CancelledError:
            if not self.is_interrupted:
                raise


def _check_topic(topic: str) -> None:
    if _TOPIC.fullmatch(topic) is None:
        message = (
            f"--topic {escape_controls(topic)}: a topic's name has up to 249 letters, "
            'digits, ".", "_" and "-"'
        )
        raise PlanError(message)


def _check_numbers(partition: int, bounds: Bounds) -> None:
    if partition < 0:
        message = f"partition {partition}: partitions are numbered from 0"
        raise PlanError(message)
    if bounds.max_batch_count is not None and bounds.max_batch_count < 1:
        message = f"{bounds.max_batch_count} batches: at least 1"
        raise PlanError(message)
    if bounds.max_bytes < 1:
        message = f"{bounds.max_bytes} bytes: at least 1"
        raise PlanError(message)
    if not 0 < bounds.timeout_s <= _LONGEST_TIMEOUT_S:
        message = f"a time-out of {bounds.timeout_s:g} s: more than 0, a year at most"
        raise PlanError(message)


def _choose_servers(servers: str | None, properties: ClientProperties) -> str:
    """The servers to ask, in words that are known to be hosts and ports."""
    chosen = servers or properties.bootstrap_servers
    if chosen is None:
        message = (
            "no server to ask: give --bootstrap-server host:port, or bootstrap.servers "
            "in the client properties"
        )
        raise PlanError(message)
    try:
        parse_servers(chosen)
    except ValueError as error:
        message = f"--bootstrap-server: {error}"
        raise PlanError(message) from None
    return chosen


@contextmanager
def _open_sink(output: str, *, may_overwrite: bool) -> Iterator[BinaryIO]:
    if output == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with open_whole(output, may_overwrite=may_overwrite, is_private=True) as file:
        yield file
