"""Policies as rows tell them: in which of them a row differs from its framing's own."""

from collections.abc import Mapping
from typing import Protocol

from complab.plan import FRESH, KAFKA, KNOWN, REUSED, UNKNOWN, WARM


class HasPolicies(Protocol):
    """What rows and their facts have in common."""

    @property
    def framing(self) -> str:
        """Whose frames it writes."""
        ...

    @property
    def context(self) -> str:
        """Whether a context is fresh for each batch."""
        ...

    @property
    def buffers(self) -> str:
        """Whether batches are in the caches."""
        ...

    @property
    def size_known(self) -> bool:
        """Whether a codec is told the size ahead."""
        ...

    @property
    def threads(self) -> int:
        """How many threads are measured together."""
        ...


def policies_in_words(row: HasPolicies) -> dict[str, str]:
    """Each policy of a row in a word or two."""
    return {
        "context": f"{row.context} context",
        "buffers": f"{row.buffers} buffers",
        "size_known": f"size {KNOWN if row.size_known else UNKNOWN}",
        "threads": f"{row.threads} thread{'s' if row.threads > 1 else ''}",
    }


def unusual_policies(row: HasPolicies) -> Mapping[str, str]:
    """Those that a row's framing does not have by itself, in words."""
    is_kafka = row.framing == KAFKA
    is_unusual = {
        "context": row.context != (FRESH if is_kafka else REUSED),
        "buffers": row.buffers != WARM,
        "size_known": row.size_known == is_kafka,
        "threads": row.threads > 1,
    }
    words = policies_in_words(row)
    return {name: words[name] for name, is_told in is_unusual.items() if is_told}
