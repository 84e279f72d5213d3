"""What a user says of a topic's settings: the few that decide what a broker does.

They are named and spelled as `kafka-configs` does. Nothing is taken for set that was
not given: a topic's defaults are its cluster's, which complab does not know.

Source: Kafka's TopicConfig and LogConfig; KIP-390 for the levels.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from complab.errors import PlanError

PRODUCER: Final = "producer"
UNCOMPRESSED: Final = "uncompressed"

DEFAULT_LEVELS: Final[Mapping[str, int]] = {"gzip": -1, "lz4": 9, "zstd": 3}
"""The levels of KIP-390 that a codec has when none is set."""

_LEVEL_RANGES: Final = {"gzip": (1, 9), "lz4": (1, 17), "zstd": (-131072, 22)}
_COMPRESSION_TYPES: Final = (PRODUCER, UNCOMPRESSED, "gzip", "snappy", "lz4", "zstd")
_TIMESTAMP_TYPES: Final = ("CreateTime", "LogAppendTime")
_CLEANUP_POLICIES: Final = ("compact", "delete")

# A record's time may lie so far ahead of the broker's (LogConfig, since Kafka 3.6).
_DEFAULT_AFTER_MAX_MS: Final = 3_600_000
_DEFAULT_SEGMENT_MS: Final = 7 * 24 * 3_600_000


@dataclass(frozen=True, slots=True)
class TopicSettings:
    """A topic's settings; None is "not given".

    `levels` has the codecs whose ``compression.CODEC.level`` was given. The last two
    have Kafka's defaults where they were not given.
    """

    compression_type: str | None = None
    levels: Mapping[str, int] = field(default_factory=dict)
    cleanup_policies: frozenset[str] | None = None
    timestamp_type: str | None = None
    max_message_bytes: int | None = None
    timestamp_after_max_ms: int = _DEFAULT_AFTER_MAX_MS
    segment_ms: int = _DEFAULT_SEGMENT_MS

    @property
    def target_codec(self) -> str | None:
        """The codec that the broker makes of every batch; None if it keeps them."""
        if self.compression_type in {None, PRODUCER}:
            return None
        return (
            "none" if self.compression_type == UNCOMPRESSED else self.compression_type
        )


SETTINGS: Final = (
    "compression.type",
    "compression.gzip.level",
    "compression.lz4.level",
    "compression.zstd.level",
    "cleanup.policy",
    "message.timestamp.type",
    "max.message.bytes",
    "message.timestamp.after.max.ms",
    "segment.ms",
)
"""The names that `parse_topic_settings` knows."""


def parse_topic_settings(settings: Mapping[str, str]) -> TopicSettings:
    """Parse settings given as Kafka writes them.

    Raises PlanError for a name that is not in `SETTINGS`, and for a value that Kafka
    would refuse.

    >>> parse_topic_settings({"compression.type": "zstd"}).target_codec
    'zstd'
    """
    unknown = sorted(set(settings) - set(SETTINGS))
    if unknown:
        raise PlanError(
            f"topic setting {unknown[0]!r} decides nothing here; these do: "
            + ", ".join(SETTINGS)
        )
    given = {name: text.strip() for name, text in settings.items()}
    policies = given.get("cleanup.policy")
    return TopicSettings(
        compression_type=_word(given, "compression.type", _COMPRESSION_TYPES),
        levels={
            codec: level
            for codec in _LEVEL_RANGES
            if (level := _level(given, codec)) is not None
        },
        cleanup_policies=None if policies is None else _policies(policies),
        timestamp_type=_word(given, "message.timestamp.type", _TIMESTAMP_TYPES),
        max_message_bytes=_whole(given, "max.message.bytes", least=0),
        timestamp_after_max_ms=_whole(given, "message.timestamp.after.max.ms", least=0)
        or _DEFAULT_AFTER_MAX_MS,
        segment_ms=_whole(given, "segment.ms", least=1) or _DEFAULT_SEGMENT_MS,
    )


def _word(given: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str | None:
    text = given.get(name)
    if text is None or text in allowed:
        return text
    raise PlanError(f"topic setting {name} is {text!r}: give {', '.join(allowed)}")


def _policies(text: str) -> frozenset[str]:
    words = frozenset(word.strip() for word in text.split(",") if word.strip())
    if words <= set(_CLEANUP_POLICIES):
        return words
    raise PlanError(
        f"topic setting cleanup.policy is {text!r}: give compact, delete, or both "
        "with a comma between"
    )


def _whole(given: Mapping[str, str], name: str, *, least: int) -> int | None:
    text = given.get(name)
    if text is None:
        return None
    if text.isascii() and text.isdigit() and int(text) >= least:
        return int(text)
    raise PlanError(
        f"topic setting {name} is {text!r}: give a whole number from {least} on"
    )


def _level(given: Mapping[str, str], codec: str) -> int | None:
    name = f"compression.{codec}.level"
    text = given.get(name)
    if text is None:
        return None
    lowest, highest = _LEVEL_RANGES[codec]
    allowed = f"{lowest} to {highest}" + (", or -1" if codec == "gzip" else "")
    digits = text.removeprefix("-")
    if digits.isascii() and digits.isdigit():
        level = int(text)
        if lowest <= level <= highest or level == DEFAULT_LEVELS[codec]:
            return level
    raise PlanError(f"topic setting {name} is {text!r}: give {allowed}")
