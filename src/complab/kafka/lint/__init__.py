"""What of an index makes a broker work, wastes bytes, or cannot be read.

    topic = parse_topic_settings({"compression.type": "zstd"})
    report = lint(Subject(rows, topic=topic))

Each rule is one entry of `RULES`: L1 to L20 are known traps of Kafka's, those from L21
on complab's own. A rule that needs what was not given says so instead of passing.
"""

from collections.abc import Sequence
from typing import Final

from complab.kafka.lint.broker_rules import BROKER_RULES
from complab.kafka.lint.frame_rules import FRAME_RULES
from complab.kafka.lint.model import (
    Finding,
    LintReport,
    Need,
    Rule,
    Severity,
    Unchecked,
)
from complab.kafka.subject import Subject
from complab.units import format_count, format_percent

__all__ = [
    "RULES",
    "Finding",
    "LintReport",
    "Need",
    "Rule",
    "Severity",
    "Subject",
    "Unchecked",
    "lint",
]


RULES: Final[tuple[Rule, ...]] = tuple(
    sorted((*BROKER_RULES, *FRAME_RULES), key=lambda rule: int(rule.id[1:]))
)
"""All rules, by number."""

_SEVERITIES: Final = tuple(Severity)


def lint(subject: Subject, rules: Sequence[Rule] = RULES) -> LintReport:
    """Hold an index against rules.

    Findings come with the worst severity first, and of one severity with the most
    batches first. An index without rows has no findings.
    """
    findings = []
    unchecked = []
    for rule in rules:
        missing = [need.words for need in rule.needs if not need.is_met(subject)]
        if missing:
            entry = Unchecked(rule.id, rule.title, " and ".join(missing))
            unchecked.append(entry)
            continue
        finding = _apply(rule, subject)
        if finding is not None:
            findings.append(finding)
    findings.sort(key=lambda f: (_SEVERITIES.index(f.severity), -f.batch_count))
    return LintReport(tuple(findings), tuple(unchecked))


def _apply(rule: Rule, subject: Subject) -> Finding | None:
    mask = rule.check(subject)
    batch_count = int(mask.sum())
    if batch_count < rule.least_count:
        return None
    share = batch_count / len(subject.rows)
    if share < rule.least_share:
        return None
    detail = rule.detail(subject, mask) if rule.detail else ""
    batches = format_count(batch_count, "batch", "batches")
    message = (
        f"{batches} ({format_percent(100 * share)} %): "
        f"{rule.title}{detail}. {rule.cost[0].upper()}{rule.cost[1:]}."
    )
    return Finding(
        rule=rule.id,
        severity=rule.severity,
        batch_count=batch_count,
        share=share,
        message=message,
        remedy=rule.remedy,
        title=rule.title,
        source=rule.source,
        mask=mask,
    )
