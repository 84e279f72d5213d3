"""What a rule is, what it needs, and what it finds."""

import enum
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from complab.kafka.subject import Subject

if TYPE_CHECKING:
    from complab.kafka.frames.model import Mask


class Severity(enum.StrEnum):
    """How much it matters."""

    ERROR = "error"
    """Somebody cannot read it, or a broker refuses it."""
    WARN = "warn"
    """It costs CPU, memory or bytes that need not be spent."""
    INFO = "info"
    """Worth knowing, and perhaps as it was meant."""


@dataclass(frozen=True, slots=True)
class Need:
    """Something that a rule cannot do without; `words` says what to give."""

    words: str
    is_met: Callable[[Subject], bool]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: what it is about, what that costs, where it is written, what helps.

    `check` gives the batches concerned; `detail` adds to the title what was seen in
    them. Nothing is reported for fewer than `least_count` batches or less than
    `least_share` of all.
    """

    id: str
    severity: Severity
    title: str
    cost: str
    source: str
    remedy: str
    check: "Callable[[Subject], Mask]"
    needs: tuple[Need, ...] = ()
    detail: "Callable[[Subject, Mask], str] | None" = None
    least_count: int = 1
    least_share: float = 0.0


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found: `share` is of all batches of the index, from 0 to 1."""

    rule: str
    severity: Severity
    batch_count: int
    share: float
    message: str
    remedy: str
    title: str
    source: str
    mask: "Mask" = field(repr=False, compare=False)

    def as_json(self) -> dict[str, str | int | float]:
        """The fields that `inspect`'s JSON has."""
        return {
            "rule": self.rule,
            "severity": self.severity.value,
            "batch_count": self.batch_count,
            "share": self.share,
            "message": self.message,
            "remedy": self.remedy,
        }


@dataclass(frozen=True, slots=True)
class Unchecked:
    """A rule that could not look: `needs` says what to give it."""

    rule: str
    title: str
    needs: str

    def __str__(self) -> str:
        """The line that a report has for it."""
        return f"{self.rule} not checked ({self.title}): needs {self.needs}"


@dataclass(frozen=True, slots=True)
class LintReport:
    """What was found, worst first, and what was not looked for."""

    findings: tuple[Finding, ...]
    unchecked: tuple[Unchecked, ...]
