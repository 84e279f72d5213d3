"""The settings that make a client write what was chosen, to be pasted.

Only what that client can be told: a level where it has levels and the chosen one is not
its default, a linger and a batch size under its own names.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from complab.codecs.writers import Client


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is to be set: codec, level (``None``: there is none), size and linger."""

    codec: str
    level: int | None
    batch_bytes: int
    linger_ms: int

    def level_to_set(self, client: Client) -> int | None:
        """The level, ``None`` where it is the default or nothing can be set."""
        writer = client.codecs[self.codec]
        is_default = self.level == writer.default_level
        return None if writer.levels is None or is_default else self.level


def producer_settings(client: Client, chosen: Chosen) -> tuple[str, tuple[str, ...]]:
    """A title and lines for the producer."""
    level = chosen.level_to_set(client)
    if client.name in {"java", "java-3"}:
        return f"producer properties ({client.title})", tuple(_java(chosen, level))
    if client.name == "librdkafka":
        return "producer configuration (librdkafka)", tuple(_librdkafka(chosen, level))
    if client.name in {"kafka-python", "aiokafka"}:
        return f"producer arguments ({client.name})", tuple(_python(client, chosen))
    return f"for the producer ({client.name})", tuple(_others(chosen, level))


def topic_settings() -> tuple[str, tuple[str, ...]]:
    """A title and lines for the topic: keep what producers send."""
    return "topic configuration, so that brokers recompress nothing", (
        "compression.type=producer",
    )


def _java(chosen: Chosen, level: int | None) -> Iterator[str]:
    yield f"compression.type={chosen.codec}"
    if level is not None:
        yield f"compression.{chosen.codec}.level={level}"
    yield f"batch.size={chosen.batch_bytes}"
    yield f"linger.ms={chosen.linger_ms}"


# The default of librdkafka's message.max.bytes.
_LIBRDKAFKA_MESSAGE_BYTES: Final = 1_000_000


def _librdkafka(chosen: Chosen, level: int | None) -> Iterator[str]:
    yield f"compression.codec={chosen.codec}"
    if level is not None:
        yield f"compression.level={level}"
    yield f"batch.size={chosen.batch_bytes}"
    if chosen.batch_bytes > _LIBRDKAFKA_MESSAGE_BYTES:
        # Bounds a batch, too.
        yield f"message.max.bytes={chosen.batch_bytes}"
    yield f"linger.ms={chosen.linger_ms}"


def _python(client: Client, chosen: Chosen) -> Iterator[str]:
    size = "max_batch_size" if client.name == "aiokafka" else "batch_size"
    codec = None if chosen.codec == "none" else chosen.codec
    yield f"compression_type={codec!r},"
    yield f"{size}={chosen.batch_bytes},"
    yield f"linger_ms={chosen.linger_ms},"


def _others(chosen: Chosen, level: int | None) -> Iterator[str]:
    name = chosen.codec if level is None else f"{chosen.codec} at level {level}"
    yield f"compression: {name}"
    yield f"batches of up to {chosen.batch_bytes:,} bytes"
    yield f"a linger of {chosen.linger_ms} ms"
