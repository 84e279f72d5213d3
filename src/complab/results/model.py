"""The result of a run: frozen, complete, and able to say everything again.

What is measured is kept raw (epoch times, canaries); every figure that people read is
derived from it by ``complab.results.rows`` and can be derived anew.

History of the JSON form: 1, the first.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SCHEMA_VERSION = 1

OK = "ok"
FAILED = "failed"
SKIPPED = "skipped"

COMPRESS = "compress"
DECOMPRESS = "decompress"


@dataclass(frozen=True, slots=True)
class ProviderFacts:
    """Where a codec came from: ``name`` is ``system``, ``wheel`` or a label."""

    name: str
    path: str
    version: str
    sha256: str


@dataclass(frozen=True, slots=True)
class ConfigurationFacts:
    """What was measured in a row, as data."""

    id: int
    codec: str
    level: int | None
    parameters: Mapping[str, Any]
    framing: str
    client: str | None
    context: str
    size_known: bool
    buffers: str
    threads: int
    provider: ProviderFacts | None


@dataclass(frozen=True, slots=True)
class Measurement:
    """All epochs of one configuration in one direction.

    ``epoch_times_ns[i]`` is the time of ``iteration_count[i]`` iterations over the
    whole input; ``canary_times_ns[i]`` the canary before and after it,
    ``canary_in_flight_ns[i]`` its mean inside (0 where none flew), ``stalled_times_ns``
    the part of the epoch in which the core was taken away. ``is_clean`` is ``None``
    where no method has judged it.
    """

    configuration: int
    direction: str
    compressed_bytes: int | None
    memory_bytes: int | None
    status: str
    message: str
    epoch_times_ns: tuple[int, ...] = ()
    iteration_count: tuple[int, ...] = ()
    canary_times_ns: tuple[tuple[int, int], ...] = ()
    canary_in_flight_ns: tuple[float, ...] = ()
    stalled_times_ns: tuple[int, ...] = ()
    is_clean: tuple[bool | None, ...] = ()
    round: tuple[int, ...] = ()
    process: tuple[int, ...] = ()
    warm_up_times_ns: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class InputFacts:
    """What was read.

    ``batch_count`` and ``record_count`` are those of the whole input, the latter
    ``None`` where nobody counted; ``measured_batch_count`` and ``uncompressed_bytes``
    are those of what was measured, and ``sha256`` is the digest of those batches as
    they are stored: of a sound file that was measured whole, the file's.
    """

    path: str
    sha256: str
    batch_count: int
    measured_batch_count: int
    record_count: int | None
    uncompressed_bytes: int
    opaque: bool


@dataclass(frozen=True, slots=True)
class ResultWarning:
    """Something a reader should know: its kind, what it concerns, and the facts."""

    kind: str
    subject: str
    facts: Mapping[str, Any]

    @property
    def message(self) -> str:
        """The sentence for people."""
        return str(self.facts.get("message", self.kind))


@dataclass(frozen=True)
class RunRecord:
    """Everything that one run found out."""

    complab_version: str
    method_version: int
    created_at: str
    command: str
    plan: Mapping[str, Any]
    environment: Mapping[str, Any]
    inputs: tuple[InputFacts, ...]
    configurations: tuple[ConfigurationFacts, ...]
    measurements: tuple[Measurement, ...]
    warnings: tuple[ResultWarning, ...] = field(default=())
    is_complete: bool = True
