"""What a run will measure, and the rules by which it does: frozen and validated.

A plan holds no buffers and opens nothing; the runner does. The constants are the
measuring rules, each with its reason.
"""

import math
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

from complab.core import ClockFacts, Writing, can_evict
from complab.errors import PlanError

if TYPE_CHECKING:
    # A worker process needs the rules and none of what finds codecs.
    from complab.codecs.specs import Selection

# An epoch is no shorter than this, nor than a thousand steps of the clock: one step
# more or less is then within 0.1 %.
EPOCH_NS = 1_000_000
EPOCH_CLOCK_STEPS = 1_000

# A shorter iteration is preceded by an untimed one: the codec that ran before left its
# own data in the caches. A longer one warms itself within its first percent.
WARM_UP_BELOW_NS = 10_000_000

# Fewer epochs have no error bar (Student's interval at n = 3 is already 4.3 errors).
EPOCHS_AT_LEAST = 3

# More tell nothing new: the interval of a median shrinks with the root of their number.
EPOCHS_AT_MOST = 2_000

# A configuration whose single pass takes more of the budget than this is skipped, since
# even three epochs in each direction would starve all others.
SHARE_OF_BUDGET_AT_MOST = 0.1

# Verifying and calibrating take no more of the budget than this: what is verified and
# has no time left to be measured tells a ratio, and no speed.
PREPARATION_SHARE_AT_MOST = 0.5

# Layout and address randomisation move speeds from process to process by more than the
# noise inside one, so the rounds are spread over several. Each pays about 0.1 s for its
# start and 8 ms a row for its counts: it should have this long to be worth it.
WORKERS_AT_MOST = 3
WORKER_SHARE_AT_LEAST_S = 5.0

# In a run shorter than this the start of a worker would be a tenth of it.
WORKERLESS_BELOW_S = 2.0

# A call of the core takes no longer than a pass may, which is a tenth of the budget; on
# a busy machine three times that. What takes longer than both hangs.
HANGING_AFTER_PASSES = 3
HANGING_AFTER_AT_LEAST_S = 1.0

# The words of policies: what a row does beside compressing. A context is made for each
# batch or kept; the size is told ahead or not; batches and outputs are in the caches or
# were taken out of them.
FRESH, REUSED = "fresh", "reused"
KNOWN, UNKNOWN = "known", "unknown"
WARM, COLD = "warm", "cold"

KAFKA = "kafka"

DEFAULT_BUDGET_AT_MOST_S = 60.0
QUICK_BUDGET_S = 12.0
DEFAULT_PRECISION_PCT = 1.0

# Raised whenever figures of before and after are not the same measure any more.
# 2: stalls and contention are corrected for, error bars speak of other runs.
METHOD_VERSION = 2

# The ways to measure: with a canary in flight and its correction, or as lzbench does.
CORRECTED = "corrected"
PLAIN = "plain"
METHODS = (CORRECTED, PLAIN)

# The canary in flight sings so often: the machine's states last from 0.2 ms on, and a
# reading takes 7 us, 1.5 % of the time.
FLIGHT_PERIOD_NS = 500_000


def own_policies(selection: "Selection") -> tuple[str, str]:
    """Whether its framing, as its client writes it, has fresh contexts, known sizes.

    Raw is lzbench's work: a context reused, the size known. Kafka is the Java client's:
    a fresh context for each batch, the size not known ahead.
    """
    writer = selection.writer
    if writer is not None:
        context = FRESH if writer.is_context_fresh else REUSED
        return context, KNOWN if writer.is_size_known else UNKNOWN
    is_kafka = selection.codec.framing == KAFKA
    return (FRESH, UNKNOWN) if is_kafka else (REUSED, KNOWN)


@dataclass(frozen=True, slots=True)
class Configuration:
    """One row: a codec at a level from a provider, and the policies that go with it.

    ``id`` counts from 0 and ties measurements to their configuration.
    """

    id: int
    selection: "Selection"
    framing: str
    is_context_fresh: bool
    is_size_known: bool
    is_cold: bool = False
    thread_count: int = 1

    @property
    def codec(self) -> str:
        """The codec's name."""
        return self.selection.codec.name

    @property
    def level(self) -> int | None:
        """The level, ``None`` for a codec without."""
        return self.selection.level

    @property
    def writing(self) -> Writing:
        """How its frames are written."""
        writer = self.selection.writer
        return writer.writing if writer else Writing()

    @property
    def native_level(self) -> int:
        """The level as the codec takes it; a client may count otherwise."""
        writer = self.selection.writer
        return writer.native_level(self.level) if writer else self.level or 0

    @property
    def name(self) -> str:
        """The codec with its provider and level, as a codec list would say it."""
        provider = self.selection.provider
        at = f"@{provider.label}" if provider and provider.label != "system" else ""
        level = "" if self.level is None else f":{self.level}"
        return " ".join([f"{self.codec}{at}{level}", *self.unusual])

    @property
    def unusual(self) -> tuple[str, ...]:
        """The policies that are not its framing's own, each in a word or two."""
        own_context, own_size = own_policies(self.selection)
        context = FRESH if self.is_context_fresh else REUSED
        size = KNOWN if self.is_size_known else UNKNOWN
        words = []
        if self.selection.codec.has_context and context != own_context:
            words.append(context)
        if self.selection.codec.heeds_size and size != own_size:
            words.append(f"size {size}")
        if self.is_cold:
            words.append(COLD)
        if self.thread_count > 1:
            words.append(f"{self.thread_count} threads")
        return tuple(words)


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that decides what a run does, besides the input itself.

    ``budget_s`` bounds the whole run, verification included; ``precision_pct`` is the
    half-width at which a row is known well enough; ``seed`` shuffles the rounds;
    ``method`` is one of ``METHODS``.

    ``worker_count`` is the number of fresh processes that measure one after the other,
    0 to measure in the process that runs the plan. A worker in which one call of the
    core takes longer than ``time_limit_s`` is ended (``None``: what the budget allows
    for a pass, three times), and it gets ``memory_limit_bytes`` of memory (``None``:
    four fifths of what is available).

    ``pairs`` are the ids of configurations that are compared: they are measured side by
    side in the same rounds, with the same iteration counts.
    """

    configurations: tuple[Configuration, ...]
    budget_s: float
    precision_pct: float
    seed: int
    method: str = CORRECTED
    worker_count: int = 0
    time_limit_s: float | None = None
    memory_limit_bytes: int | None = None
    pairs: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        """Refuse what cannot be run."""
        if not self.configurations:
            message = "the codec list names nothing to measure"
            raise PlanError(message)
        if not 0 < self.budget_s < math.inf:
            message = f"a budget of {self.budget_s:g} s: more than 0, and finite"
            raise PlanError(message)
        if not 0 < self.precision_pct < 100:  # noqa: PLR2004 - percent
            message = f"a precision of {self.precision_pct:g} %: between 0 and 100"
            raise PlanError(message)
        if self.method not in METHODS:
            message = f"method {self.method!r}: it is {' or '.join(METHODS)}"
            raise PlanError(message)
        if self.worker_count < 0:
            message = f"{self.worker_count} workers: 0 (none) or more"
            raise PlanError(message)
        if self.time_limit_s is not None and not 0 < self.time_limit_s < math.inf:
            message = f"a time limit of {self.time_limit_s:g} s: more than 0, finite"
            raise PlanError(message)

    @property
    def flight_period_ns(self) -> int:
        """How often a canary sings inside an epoch; 0 if none flies."""
        return FLIGHT_PERIOD_NS if self.method == CORRECTED else 0

    @property
    def pass_s(self) -> float:
        """What one pass of a configuration may take."""
        return self.budget_s * SHARE_OF_BUDGET_AT_MOST

    @property
    def step_s(self) -> float:
        """What one call of the core may take before it counts as hanging."""
        if self.time_limit_s is not None:
            return self.time_limit_s
        return max(HANGING_AFTER_AT_LEAST_S, HANGING_AFTER_PASSES * self.pass_s)

    def pair_of(self, configuration: int) -> int | None:
        """The index of the pair that a configuration belongs to, if any."""
        for index, pair in enumerate(self.pairs):
            if configuration in pair:
                return index
        return None

    @property
    def verification_order(self) -> tuple[Configuration, ...]:
        """Each codec's first level, then each one's second, and so on.

        Where the time ends before the list does, the slow levels of every codec go
        without, and not every level of the last codecs.
        """
        counts: Counter[tuple[str, str]] = Counter()
        ranks: dict[int, int] = {}
        for configuration in self.configurations:
            provider = configuration.selection.provider
            key = (configuration.codec, provider.label if provider else "")
            ranks[configuration.id] = counts[key]
            counts[key] += 1
        return tuple(sorted(self.configurations, key=lambda each: ranks[each.id]))


@dataclass(frozen=True, slots=True)
class Policies:
    """The words that were named for each policy; none: the framing's own.

    ``PlanError`` for a word that a policy does not have, cold buffers on a machine
    whose caches a program cannot empty, or more threads than CPUs.
    """

    contexts: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    buffers: tuple[str, ...] = ()
    thread_counts: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Refuse unknown words."""
        for name, words, known in (
            ("context", self.contexts, (FRESH, REUSED)),
            ("size", self.sizes, (KNOWN, UNKNOWN)),
            ("buffers", self.buffers, (WARM, COLD)),
        ):
            for word in words:
                if word not in known:
                    message = f"{name} {word!r}: it is {' or '.join(known)}"
                    raise PlanError(message)
        cpu_count = len(os.sched_getaffinity(0))
        for count in self.thread_counts:
            if not 1 <= count <= cpu_count:
                message = (
                    f"{count} threads: from 1 to {cpu_count}, one for each CPU that "
                    "this process may use"
                )
                raise PlanError(message)
        if COLD in self.buffers and not can_evict():
            message = "cold buffers need an x86-64 or an AArch64 machine"
            raise PlanError(message)

    def of(self, selection: "Selection") -> Iterator[Configuration]:
        """The variants of a selection, all numbered 0; one at least."""
        codec = selection.codec
        own_context, own_size = own_policies(selection)
        contexts = self.contexts if codec.has_context else ()
        sizes = self.sizes if codec.heeds_size else ()
        for context, size, buffers, threads in product(
            dict.fromkeys(contexts or (own_context,)),
            dict.fromkeys(sizes or (own_size,)),
            dict.fromkeys(self.buffers or (WARM,)),
            dict.fromkeys(self.thread_counts or (1,)),
        ):
            yield Configuration(
                id=0,
                selection=selection,
                framing=codec.framing,
                is_context_fresh=context == FRESH,
                is_size_known=size == KNOWN,
                is_cold=buffers == COLD,
                thread_count=threads,
            )


def make_plan(
    selections: "tuple[Selection, ...]",
    *,
    budget_s: float | None = None,
    precision_pct: float = DEFAULT_PRECISION_PCT,
    seed: int = 0,
    method: str = CORRECTED,
    worker_count: int | None = None,
    time_limit_s: float | None = None,
    memory_limit_bytes: int | None = None,
    policies: Policies | None = None,
) -> Plan:
    """Give each selection its policies: its own, unless others are named.

    Its own are those of ``own_policies``, and warm buffers.
    Where a policy has several words, each selection has a row for each of them that
    makes a difference to its codec.

    Unless given, ``budget_s`` is a second a row, at most 60, and ``worker_count`` one
    for each 5 seconds of it, from one to three, none below 2 seconds.
    """
    variants = (
        variant
        for selection in selections
        for variant in (policies or Policies()).of(selection)
    )
    configurations = tuple(
        replace(variant, id=index) for index, variant in enumerate(variants)
    )
    if budget_s is None:
        budget_s = min(float(len(configurations)), DEFAULT_BUDGET_AT_MOST_S)
    if worker_count is None:
        worker_count = _worthwhile_workers(budget_s)
    return Plan(
        configurations,
        budget_s,
        precision_pct,
        seed,
        method,
        worker_count,
        time_limit_s,
        memory_limit_bytes,
    )


def _worthwhile_workers(budget_s: float) -> int:
    if not budget_s >= WORKERLESS_BELOW_S:
        return 0
    if budget_s >= WORKERS_AT_MOST * WORKER_SHARE_AT_LEAST_S:
        return WORKERS_AT_MOST
    return max(1, int(budget_s // WORKER_SHARE_AT_LEAST_S))


def epoch_target_ns(facts: ClockFacts) -> int:
    """The shortest epoch that this clock allows."""
    return max(EPOCH_NS, EPOCH_CLOCK_STEPS * facts.resolution_ns)
