"""Records on their way: what one configuration sends, what a broker stores of it.

A delivery knows every byte of its batches, and has a work for each stage of the path:
the producer encodes, compresses and seals; the broker checks, decompresses and reads,
and where it must, encodes, compresses and seals anew; a consumer checks, decompresses
and reads. Bytes are verified once: what is decompressed is what was compressed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from complab import core
from complab.codecs import catalogue
from complab.codecs.catalogue import KAFKA, KAFKA_CODECS, Catalogue
from complab.codecs.specs import Selection
from complab.codecs.writers import CLIENTS, JAVA, CodecWriter
from complab.core import Direction
from complab.errors import CodecError, RoundTripMismatchError
from complab.kafka.batching import Batching, cut
from complab.kafka.broker import (
    REBUILT,
    REFUSED,
    Arrival,
    Decision,
    decide,
    decide_rebuilt,
)
from complab.kafka.recorded import Recorded, batch_rows
from complab.kafka.topic_settings import TopicSettings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from complab.kafka.log import Rows
    from complab.kafka.recorded import Integers

ENCODE: Final = "encode"
COMPRESS: Final = "compress"
SEAL: Final = "seal"
CHECK: Final = "check"
DECOMPRESS: Final = "decompress"
READ: Final = "read"
REENCODE: Final = "encode anew"
RECOMPRESS: Final = "recompress"
RESEAL: Final = "reseal"
CONSUMER_CHECK: Final = "consumer check"
CONSUMER_DECOMPRESS: Final = "consumer decompress"

PRODUCER_STAGES: Final = (ENCODE, COMPRESS, SEAL)
BROKER_STAGES: Final = (CHECK, DECOMPRESS, READ)
REBUILD_STAGES: Final = (REENCODE, RECOMPRESS, RESEAL)
CONSUMER_STAGES: Final = (CONSUMER_CHECK, CONSUMER_DECOMPRESS, READ)


@dataclass(frozen=True)
class Packed:
    """Batches as they travel: framed payloads, their codecs, and the whole batches.

    ``codecs`` are Kafka's ids, 0 where the client gave up on compressing a batch.
    """

    framed: tuple[bytes, ...] = field(repr=False)
    codecs: tuple[int, ...]
    batches: tuple[bytes, ...] = field(repr=False)

    @property
    def framed_bytes(self) -> int:
        """The payloads' sizes, headers apart."""
        return sum(map(len, self.framed))

    @property
    def batch_bytes(self) -> int:
        """All of it."""
        return sum(map(len, self.batches))


@dataclass(frozen=True)
class Parcel:
    """Records in the batches that a client makes of them, not compressed yet.

    ``rows`` are the batches', ``records`` their records' in ``source``; ``payloads``
    are what they are encoded to.
    """

    source: bytes = field(repr=False)
    rows: "Rows" = field(repr=False)
    records: "Rows" = field(repr=False)
    payloads: tuple[bytes, ...] = field(repr=False)

    @property
    def payload_bytes(self) -> int:
        """The payloads' sizes, uncompressed."""
        return sum(map(len, self.payloads))

    @classmethod
    def encoded(cls, source: bytes, rows: "Rows", records: "Rows") -> "Parcel":
        """Encode the records of each batch."""
        work = core.encoding_work(source, records, rows["record_count"].tolist())
        payloads = tuple(outputs(work, len(rows)))
        return cls(source, rows, records, payloads)

    @classmethod
    def kept(cls, recorded: Recorded) -> "Parcel":
        """The records in the batches that they came in."""
        import numpy as np

        numbers = np.arange(recorded.record_count)
        rows, records = batch_rows(recorded, numbers, recorded.counts.tolist())
        return cls.encoded(recorded.source, rows, records)

    @classmethod
    def cut(
        cls,
        recorded: Recorded,
        batching: Batching,
        compressor: "Compressor",
        run_begins: "Sequence[int] | Integers",
    ) -> "Parcel":
        """The records in the batches that a client with that compressor makes.

        No batch goes over the first record of a run (``complab.kafka.batching.cut``).
        """
        import numpy as np

        def compressed(numbers: "NDArray[np.int64]") -> int:
            rows, records = batch_rows(recorded, numbers, [len(numbers)])
            (payload,) = cls.encoded(recorded.source, rows, records).payloads
            return compressor.framed_bytes(payload)

        batches = cut(recorded, batching, compressed, run_begins)
        counts = [len(batch) for batch in batches]
        rows, records = batch_rows(recorded, np.concatenate(batches), counts)
        return cls.encoded(recorded.source, rows, records)

    def part(self, batches: Sequence[int]) -> "Parcel":
        """Some of its batches."""
        import numpy as np

        batch_of_record = np.repeat(
            np.arange(len(self.rows)), self.rows["record_count"]
        )
        return Parcel(
            self.source,
            self.rows[list(batches)],
            self.records[np.isin(batch_of_record, batches)],
            tuple(self.payloads[index] for index in batches),
        )

    def encoding(self) -> core.Work:
        """The work of encoding its records."""
        counts = self.rows["record_count"].tolist()
        return core.encoding_work(self.source, self.records, counts)

    def works(self) -> dict[str, core.Work]:
        """The stages that no codec has a part in."""
        return {
            ENCODE: self.encoding(),
            READ: core.reading_work(self.rows, self.payloads),
        }


def outputs(work: core.Work, count: int) -> list[bytes]:
    """Run every block once, and copy what came out."""
    found = []
    for index in range(count):
        work.run_block(index)
        found.append(work.output(index))
    return found


class Compressor:
    """A client's way to write a codec at a level, and to read it back."""

    def __init__(self, selection: Selection) -> None:
        """Make both coders; ``CodecError`` and its kin if the codec refuses."""
        provider, codec = selection.provider, selection.codec
        library = provider.library if provider else None
        writer = selection.writer or CodecWriter()
        self.codec_id = codec.kafka_id or 0
        self.name = codec.name
        self._client = selection.client or CLIENTS[JAVA]
        self.encoder = core.Coder(
            codec,
            library,
            Direction.COMPRESS,
            level=writer.native_level(selection.level),
            is_context_fresh=writer.is_context_fresh,
            is_size_known=writer.is_size_known,
            writing=writer.writing,
        )
        self.decoder = core.Coder(
            codec,
            library,
            Direction.DECOMPRESS,
            level=writer.native_level(selection.level),
            is_context_fresh=writer.is_context_fresh,
        )
        # Outputs of timed passes are looked at by nobody: all works share the memory.
        self._arenas = (core.Arena(), core.Arena())

    def compressing(self, payloads: Sequence[bytes]) -> core.Work:
        """The work of compressing."""
        capacities = [self.encoder.bound_bytes(len(payload)) for payload in payloads]
        sources = core.Sources(payloads)
        return core.Work(self.encoder, sources, capacities, self._arenas[0])

    def decompressing(
        self, framed: Sequence[bytes], payloads: Sequence[bytes]
    ) -> core.Work:
        """The work of decompressing what is compressed to its payloads."""
        sources = core.Sources(framed)
        sizes = [len(payload) for payload in payloads]
        return core.Work(self.decoder, sources, sizes, self._arenas[1])

    def framed_bytes(self, payload: bytes) -> int:
        """What a batch of that payload takes without its header."""
        if self.codec_id == 0:
            return len(payload)
        work = self.compressing([payload])
        return self._kept_bytes(len(payload), work.run_block(0))

    def _kept_bytes(self, payload_bytes: int, framed_bytes: int) -> int:
        if self._client.stores_uncompressed(payload_bytes, framed_bytes):
            return payload_bytes
        return framed_bytes

    def pack(self, parcel: Parcel) -> Packed:
        """Compress, seal, and verify.

        ``RoundTripMismatchError`` if the codec does not give back what it got.
        """
        framed = list(parcel.payloads)
        codecs = [0] * len(framed)
        if self.codec_id:
            framed = outputs(self.compressing(parcel.payloads), len(framed))
            self._verify(framed, parcel.payloads)
            codecs = [self.codec_id] * len(framed)
            for index, payload in enumerate(parcel.payloads):
                if self._client.stores_uncompressed(len(payload), len(framed[index])):
                    framed[index], codecs[index] = payload, 0
        work = core.sealing_work(with_codecs(parcel.rows, codecs), framed)
        return Packed(tuple(framed), tuple(codecs), tuple(outputs(work, len(framed))))

    def _verify(self, framed: Sequence[bytes], payloads: Sequence[bytes]) -> None:
        work = self.decompressing(framed, payloads)
        for index in range(len(framed)):
            work.run_block(index)
        difference = work.first_difference(core.Sources(payloads))
        if difference is not None:
            raise RoundTripMismatchError(
                "decompression does not give back what was compressed",
                codec=self.name,
                block_index=difference[0],
                byte_offset=difference[1],
            )


def with_codecs(rows: "Rows", codecs: Sequence[int]) -> "Rows":
    """The rows as a client sends them: codec bits, and nothing else, in attributes."""
    rows = rows.copy()
    rows["attributes"] = codecs
    rows["codec_id"] = codecs
    return rows


@dataclass(frozen=True)
class Rebuilt:
    """The batches of a parcel that a broker makes anew, and what it makes of them."""

    parcel: Parcel
    packed: Packed
    compressor: Compressor

    def works(self) -> dict[str, core.Work]:
        """The stages of making them."""
        stages = {
            REENCODE: self.parcel.encoding(),
            RESEAL: _sealing(self.parcel, self.packed),
        }
        if self.compressor.codec_id:
            stages[RECOMPRESS] = self.compressor.compressing(self.parcel.payloads)
        return stages


@dataclass(frozen=True)
class Delivery:
    """A parcel that a client sent and a broker stored.

    ``rebuilt`` are the batches that the broker made anew: all, none, or those of the
    one codec of two, where the client gave up on compressing some.
    """

    parcel: Parcel
    sent: Packed
    stored: Packed
    decision: Decision
    compressor: Compressor
    rebuilt: Rebuilt | None = None

    def works(self) -> dict[str, core.Work]:
        """The stages that a codec or its output has a part in."""
        payloads = self.parcel.payloads
        stages = {
            SEAL: _sealing(self.parcel, self.sent),
            CHECK: core.checking_work(self.sent.batches),
        }
        if self.compressor.codec_id:
            stages[COMPRESS] = self.compressor.compressing(payloads)
        _add_decompression(stages, DECOMPRESS, self.compressor, self.sent, payloads)
        if self.rebuilt is None:
            return stages
        stages |= self.rebuilt.works()
        stages[CONSUMER_CHECK] = core.checking_work(self.stored.batches)
        # What was kept beside the rebuilt batches is of the same codec.
        _add_decompression(
            stages,
            CONSUMER_DECOMPRESS,
            self.rebuilt.compressor,
            self.stored,
            payloads,
        )
        return stages

    @property
    def stages(self) -> Mapping[str, tuple[str, ...]]:
        """The stages of each station, by the names of its works."""
        if self.rebuilt is None:
            return {
                "producer": PRODUCER_STAGES,
                "broker": BROKER_STAGES,
                "consumer": BROKER_STAGES,
            }
        return {
            "producer": PRODUCER_STAGES,
            "broker": (*BROKER_STAGES, *REBUILD_STAGES),
            "consumer": CONSUMER_STAGES,
        }


def _sealing(parcel: Parcel, packed: Packed) -> core.Work:
    return core.sealing_work(with_codecs(parcel.rows, packed.codecs), packed.framed)


def _add_decompression(
    stages: dict[str, core.Work],
    name: str,
    compressor: Compressor,
    packed: Packed,
    payloads: Sequence[bytes],
) -> None:
    """Add the stage for the batches that are compressed, if any is."""
    if any(packed.codecs):
        pairs = [
            (framed, payload)
            for framed, payload, codec in zip(
                packed.framed, payloads, packed.codecs, strict=True
            )
            if codec
        ]
        stages[name] = compressor.decompressing(
            [framed for framed, _ in pairs], [payload for _, payload in pairs]
        )


def deliver(
    parcel: Parcel,
    topic: TopicSettings,
    libraries: Catalogue,
    compressor: Compressor,
) -> Delivery:
    """Send a parcel to a topic of these settings.

    ``CodecError`` and its kin if a codec fails, or if the broker would compress by one
    that is not here.
    """
    sent = compressor.pack(parcel)
    decisions = {
        codec_id: _decide(parcel, sent, codec_id, topic)
        for codec_id in sorted(set(sent.codecs), reverse=True)
    }
    refused = [each for each in decisions.values() if each.outcome == REFUSED]
    if refused:
        return Delivery(parcel, sent, sent, refused[0], compressor)
    anew = [
        index
        for index, codec_id in enumerate(sent.codecs)
        if decisions[codec_id].outcome == REBUILT
    ]
    if not anew:
        decision = next(iter(decisions.values()))
        return Delivery(parcel, sent, sent, decision, compressor)
    decision = decisions[sent.codecs[anew[0]]]
    broker = Compressor(_of_the_broker(decision, libraries))
    part = parcel.part(anew)
    packed = broker.pack(part)
    decision = decide_rebuilt(decision, max(map(len, packed.batches)), topic)
    if decision.outcome == REFUSED:
        return Delivery(parcel, sent, sent, decision, compressor)
    rebuilt = Rebuilt(part, packed, broker)
    stored = _with_rebuilt(sent, anew, packed)
    return Delivery(parcel, sent, stored, decision, compressor, rebuilt)


def _decide(
    parcel: Parcel, sent: Packed, codec_id: int, topic: TopicSettings
) -> Decision:
    """What the broker does with the batches that were sent in a codec."""
    numbers = [index for index, each in enumerate(sent.codecs) if each == codec_id]
    largest = max(numbers, key=lambda index: len(sent.batches[index]))
    record_count = int(parcel.rows["record_count"][largest])
    name = KAFKA_CODECS[codec_id]
    return decide(Arrival(name, record_count, len(sent.batches[largest])), topic)


def _with_rebuilt(sent: Packed, anew: Sequence[int], packed: Packed) -> Packed:
    """What was sent, with the batches of these numbers as the broker made them."""
    framed, codecs, batches = list(sent.framed), list(sent.codecs), list(sent.batches)
    for place, index in enumerate(anew):
        framed[index] = packed.framed[place]
        codecs[index] = packed.codecs[place]
        batches[index] = packed.batches[place]
    return Packed(tuple(framed), tuple(codecs), tuple(batches))


def _of_the_broker(decision: Decision, libraries: Catalogue) -> Selection:
    """What the broker compresses with: the Java client's frames."""
    codec = catalogue.find(decision.codec, KAFKA)
    provider = None
    if catalogue.kind_of(codec):
        (provider,) = libraries.choose(codec, None)
        if provider.library is None:
            raise CodecError(provider.problem, codec=codec.name)
    return Selection(
        codec, decision.level, provider, is_named=True, client=CLIENTS[JAVA]
    )
