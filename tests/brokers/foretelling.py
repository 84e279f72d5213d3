"""What complab foretells of a stored segment, beside what is stored.

The segment is replayed at its own batch boundaries, with the client, codec and level
that wrote it; nothing of its compressed bytes goes into that.
"""

import platform
import zipfile
from dataclasses import dataclass
from pathlib import Path

from kafka_broker import JAVA_FOLDER

import complab
from complab import core

# Nothing is to be timed here: each stage runs the one time that it always does.
_BUDGET_S = 0.001


@dataclass(frozen=True, slots=True)
class Foretold:
    """Bytes of a log that were stored, and those that complab foretells for it.

    ``identical_count`` are the batches whose payload is foretold byte for byte.
    """

    library_version: str
    batch_count: int
    message_count: int
    stored_bytes: int
    foretold_bytes: int
    identical_count: int

    @property
    def deviation_pct(self) -> float:
        """How far the foretold bytes are off, in % of the stored ones."""
        return 100 * (self.foretold_bytes / self.stored_bytes - 1)


def java_libraries() -> list[str]:
    """The C libraries in the Java client's jars that others can call, as ``--lib``.

    That is LZ4's: zstd-jni and snappy-java hand out nothing but Java's entry points.
    """
    jars = sorted((JAVA_FOLDER / "lib").glob("lz4-java-*.jar"))
    if not jars or (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        return []
    library = JAVA_FOLDER / "native" / "liblz4-java.so"
    if not library.exists():
        library.parent.mkdir(exist_ok=True)
        with zipfile.ZipFile(jars[0]) as jar:
            library.write_bytes(jar.read("net/jpountz/util/linux/amd64/liblz4-java.so"))
    return [f"lz4:lz4-java={library}"]


def foretell(
    path: Path, client: str, codec: str, level: int | None, library: str | None = None
) -> Foretold:
    """Replay a log of what a client wrote in one codec at one level.

    ``library`` is one of the user's in place of the system's, as ``--lib`` takes it.
    """
    words = codec if level is None else f"{codec}:{level}"
    result = complab.replay(
        str(path),
        words,
        client=client,
        libraries=[library] if library else (),
        max_input_bytes=1 << 30,
        budget_s=_BUDGET_S,
    )
    (found,) = (
        (row, delivery)
        for row, delivery in zip(result.rows, result.deliveries, strict=True)
        if row.codec == codec
    )
    row, delivery = found
    assert row.status == "ok", row.message
    assert delivery is not None
    log = complab.kafka.open(str(path))
    payloads = [batch[core.BATCH_HEADER_BYTES :] for batch in delivery.stored.batches]
    assert len(payloads) == len(log)
    identical = [
        payload == log.stored_payload(number) for number, payload in enumerate(payloads)
    ]
    return Foretold(
        row.library_version or "",
        row.batch_count,
        row.message_count,
        int(log.index["batch_bytes"].sum()),
        row.disk_bytes,
        sum(identical),
    )
