"""What a run will measure, and the rules by which it does: frozen and validated.

A plan holds no buffers and opens nothing; the runner does. The constants are the
measuring rules, each with its reason.
"""

import math
from collections import Counter
from dataclasses import dataclass

from complab.codecs.specs import Selection
from complab.core import ClockFacts
from complab.errors import PlanError

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

DEFAULT_BUDGET_AT_MOST_S = 60.0
QUICK_BUDGET_S = 12.0
DEFAULT_PRECISION_PCT = 1.0

# Raised whenever figures of before and after are not the same measure any more.
METHOD_VERSION = 1


@dataclass(frozen=True, slots=True)
class Configuration:
    """One row: a codec at a level from a provider, and the policies that go with it.

    ``id`` counts from 0 and ties measurements to their configuration.
    """

    id: int
    selection: Selection
    framing: str
    is_context_fresh: bool
    is_size_known: bool

    @property
    def codec(self) -> str:
        """The codec's name."""
        return self.selection.codec.name

    @property
    def level(self) -> int | None:
        """The level, ``None`` for a codec without."""
        return self.selection.level

    @property
    def name(self) -> str:
        """The codec with its provider and level, as a codec list would say it."""
        provider = self.selection.provider
        at = f"@{provider.label}" if provider and provider.label != "system" else ""
        level = "" if self.level is None else f":{self.level}"
        return f"{self.codec}{at}{level}"


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that decides what a run does, besides the input itself.

    ``budget_s`` bounds the whole run, verification included; ``precision_pct`` is the
    half-width at which a row is known well enough; ``seed`` shuffles the rounds.
    """

    configurations: tuple[Configuration, ...]
    budget_s: float
    precision_pct: float
    seed: int

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


def make_plan(
    selections: tuple[Selection, ...],
    *,
    budget_s: float | None = None,
    precision_pct: float = DEFAULT_PRECISION_PCT,
    seed: int = 0,
) -> Plan:
    """Give each selection its policies: those of its framing.

    Raw is lzbench's work: a context reused, the size known. Kafka is the Java client's:
    a fresh context for each batch, the size not known ahead.
    """
    configurations = tuple(
        Configuration(
            index,
            selection,
            selection.codec.framing,
            is_context_fresh=selection.codec.framing == "kafka",
            is_size_known=selection.codec.framing != "kafka",
        )
        for index, selection in enumerate(selections)
    )
    if budget_s is None:
        budget_s = min(float(len(configurations)), DEFAULT_BUDGET_AT_MOST_S)
    return Plan(configurations, budget_s, precision_pct, seed)


def epoch_target_ns(facts: ClockFacts) -> int:
    """The shortest epoch that this clock allows."""
    return max(EPOCH_NS, EPOCH_CLOCK_STEPS * facts.resolution_ns)
