"""Which clients batches are told to be of: by the habits, and on what they wrote."""

import functools
import operator

import numpy as np
import pytest
from index_rows import (
    MESSAGE_SETS,
    NO_FIXTURES,
    TOPICS,
    Rows,
    join,
    make_row,
    message_set_rows,
    payload_row,
    topic_rows,
)

from complab.kafka.clients import (
    Origins,
    client_text,
    is_compacted,
    narrow_origins,
    read_origins,
    shared_clients,
)
from complab.kafka.fingerprints import (
    ALL_CLIENTS,
    CLIENTS,
    FRAME_FINGERPRINTS,
    HEADER_FINGERPRINTS,
    client_bits,
    client_names,
)
from complab.kafka.frames import Framing, read_frames

_IDEMPOTENT = "java, librdkafka, sarama, franz-go, kafka-python, aiokafka or kafkajs"
_LIBZSTD_SIZED = "librdkafka, kafka-python, aiokafka or kafkajs"
_JAVA_LZ4 = "java or librdkafka"

# What the bytes of each topic admit. Never less than the truth, which its name says.
EXPECTED = {
    "aio-gzip-0": {"aiokafka"},
    "aio-lz4-0": {"aiokafka"},
    "aio-snappy-0": {"sarama or aiokafka"},
    "aio-zstd-0": {"aiokafka"},
    "bk-compact-lz4-0": {_JAVA_LZ4, "broker"},
    "bk-compact-none-0": {_IDEMPOTENT, "broker"},
    "bk-compact-zstd19-0": {"java", "broker"},
    "bk-gzip-to-uncompressed-0": {_IDEMPOTENT},
    "bk-logappendtime-lz4-to-zstd-0": {_JAVA_LZ4},
    "bk-logappendtime-zstd-0": {_JAVA_LZ4},
    "bk-lz4-to-zstd9-0": {_JAVA_LZ4},
    "bk-multisegment-none-0": {"java, librdkafka, kafka-go or kafka-python"},
    "bk-noidem-gzip-0": {"java"},
    "bk-none-to-gzip1-0": {"java or franz-go"},
    "bk-producer-zstd1-0": {_JAVA_LZ4},
    "bk-txn-zstd-0": {_JAVA_LZ4, "broker"},
    "bk-zstd1-topic-zstd19-0": {_JAVA_LZ4},
    "franz-gzip-0": {"java or franz-go"},
    "franz-lz4-0": {"franz-go or kafkajs"},
    "franz-none-0": {_IDEMPOTENT},
    "franz-snappy-0": {"librdkafka, franz-go or kafkajs"},
    "franz-zstd-0": {"franz-go"},
    "franz-zstd-best-0": {"franz-go"},
    "java-b512k-gzip-0": {"java or franz-go"},
    "java-b512k-lz4-0": {_JAVA_LZ4},
    "java-b512k-none-0": {_IDEMPOTENT},
    "java-b512k-snappy-0": {"java, sarama, kafka-python or aiokafka"},
    "java-b512k-zstd-0": {_JAVA_LZ4},
    "java-gzip-0": {"java or franz-go"},
    "java-gzip-l1-0": {"java or franz-go"},
    "java-gzip-l9-0": {"java or franz-go"},
    "java-lz4-0": {_JAVA_LZ4},
    "java-lz4-l1-0": {_JAVA_LZ4},
    "java-lz4-l12-0": {_JAVA_LZ4},
    "java-lz4-l17-0": {_JAVA_LZ4},
    "java-none-0": {_IDEMPOTENT},
    "java-snappy-0": {"java, sarama, kafka-python or aiokafka"},
    "java-zstd-0": {_JAVA_LZ4},
    "java-zstd-l-5-0": {_JAVA_LZ4},
    "java-zstd-l1-0": {_JAVA_LZ4},
    "java-zstd-l10-0": {_JAVA_LZ4},
    "java-zstd-l19-0": {"java"},
    "java-zstd-l22-0": {"java"},
    "kafkago-gzip-0": {"kafka-go"},
    "kafkago-lz4-0": {"kafka-go"},
    "kafkago-none-0": {"java, librdkafka, kafka-go or kafka-python"},
    "kafkago-snappy-0": {"kafka-go"},
    "kafkago-zstd-0": {"kafka-go"},
    "kafkajs-GZIP-0": {"kafkajs"},
    "kafkajs-LZ4-0": {"kafkajs"},
    "kafkajs-None-0": {"sarama or kafkajs"},
    "kafkajs-Snappy-0": {"kafkajs"},
    "kpy-gzip-0": {"kafka-python or aiokafka"},
    "kpy-lz4-0": {"kafka-python"},
    "kpy-snappy-0": {"java, sarama, kafka-python or aiokafka"},
    "kpy-zstd-0": {_LIBZSTD_SIZED},
    "rdkafka-gzip-0": {"librdkafka"},
    "rdkafka-gzip-l9-0": {"librdkafka"},
    "rdkafka-idem-zstd-0": {_JAVA_LZ4},
    "rdkafka-lz4-0": {_JAVA_LZ4},
    "rdkafka-lz4-l12-0": {_JAVA_LZ4},
    "rdkafka-none-0": {"java, librdkafka, kafka-go or kafka-python"},
    "rdkafka-snappy-0": {"librdkafka"},
    "rdkafka-zstd-0": {_JAVA_LZ4},
    "rdkafka-zstd-l12-0": {_JAVA_LZ4},
    "sarama-gzip-0": {"sarama or franz-go"},
    "sarama-lz4-0": {"sarama"},
    "sarama-none-0": {"sarama, franz-go or aiokafka"},
    "sarama-snappy-0": {"sarama or aiokafka"},
    "sarama-zstd-0": {"sarama"},
}

_CLIENT_OF_PREFIX = {
    "aio": "aiokafka",
    "bk": "java",
    "franz": "franz-go",
    "java": "java",
    "kafkago": "kafka-go",
    "kafkajs": "kafkajs",
    "kpy": "kafka-python",
    "rdkafka": "librdkafka",
    "sarama": "sarama",
}

# First bytes of frames, as clients write them; what follows does not matter.
JAVA_GZIP = bytes.fromhex("1f8b08000000000000ff") + bytes(30)
RDKAFKA_GZIP = bytes.fromhex("1f8b0800000000000003") + bytes(30)
SARAMA_LZ4 = bytes.fromhex("04224d186440a7") + bytes(30)
JAVA_LZ4 = bytes.fromhex("04224d18604082") + bytes(30)
STREAMED_ZSTD = bytes.fromhex("28b52ffd0058") + bytes(30)


def origins_of(rows: Rows) -> Origins:
    """The origins of rows, from their own frames."""
    return read_origins(rows, read_frames(rows))


# ---- What clients wrote -------------------------------------------------------------


@pytest.mark.skipif(not TOPICS, reason=NO_FIXTURES)
def test_every_topic_has_its_expectation() -> None:
    """No topic of the fixtures is left out below."""
    assert sorted(EXPECTED) == TOPICS


@pytest.mark.parametrize("topic", TOPICS)
def test_clients_of_a_topic(topic: str) -> None:
    """A topic's bytes admit the client that wrote them, and no more than expected."""
    rows = topic_rows(topic)
    frames = read_frames(rows)
    assert not (frames["framing"] == Framing.MALFORMED).any()
    origins = narrow_origins(rows, read_origins(rows, frames))
    assert set(origins.words()) == EXPECTED[topic]
    assert not origins.is_rebuilt.any()
    truth = _CLIENT_OF_PREFIX[topic.split("-", maxsplit=1)[0]]
    assert truth in client_names(shared_clients(origins))


@pytest.mark.parametrize("name", MESSAGE_SETS)
def test_message_sets_are_of_no_client(name: str) -> None:
    """The habits of today's clients say nothing of message sets."""
    rows = message_set_rows(name)
    frames = read_frames(rows)
    assert not (frames["framing"] == Framing.MALFORMED).any()
    assert set(read_origins(rows, frames).words()) == {"unknown"}


@pytest.mark.skipif(not TOPICS, reason=NO_FIXTURES)
def test_every_fingerprint_was_seen() -> None:
    """Each line of the tables matches bytes of a client that it names.

    But for those whose case no topic holds: batches of up to 64 KiB of franz-go, of up
    to 1 KiB of any Go client and of more than 4 MiB of sarama.
    """
    unseen = {p.tells for p in (*FRAME_FINGERPRINTS, *HEADER_FINGERPRINTS)}
    for topic in TOPICS:
        rows = topic_rows(topic)
        frames = read_frames(rows)
        client = _CLIENT_OF_PREFIX[topic.split("-")[0]]
        for fingerprint in FRAME_FINGERPRINTS:
            of_framing = frames[frames["framing"] == fingerprint.framing]
            if client in fingerprint.clients and fingerprint.matches(of_framing).any():
                unseen.discard(fingerprint.tells)
        for fingerprint in HEADER_FINGERPRINTS:
            if client in fingerprint.clients and fingerprint.matches(rows).any():
                unseen.discard(fingerprint.tells)
    assert unseen == {
        "EncodeAll of what fits a window of 64 KiB",
        "EncodeAll of more than its window",
        "klauspost/compress' EncodeAll of up to 1 KiB",
    }


# ---- By hand ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("epoch", "sequence", "text"),
    [
        (-1, -1, "librdkafka"),
        (0, 0, "kafkajs"),
        (7, 7, "unknown"),
    ],
)
def test_header_narrows_the_frame(epoch: int, sequence: int, text: str) -> None:
    """Of the clients that a frame fits, those remain that the header fits too."""
    row = payload_row(RDKAFKA_GZIP, 1, producer_epoch=epoch, base_sequence=sequence)
    assert origins_of(row).words() == [text]


def test_java_frame_under_another_header_is_rebuilt() -> None:
    """Java's frame around kafkajs' producer fields was written by a broker."""
    row = payload_row(JAVA_LZ4, 3, producer_epoch=0, base_sequence=0)
    origins = origins_of(row)
    assert origins.is_rebuilt.tolist() == [True]
    assert origins.words() == ["broker"]
    damaged = payload_row(JAVA_LZ4, 3, producer_epoch=0, base_sequence=0, crc_valid=0)
    assert origins_of(damaged).is_rebuilt.tolist() == [False]


@pytest.mark.parametrize(
    "fields",
    [
        {"is_control": 1, "record_count": 1, "last_offset": 0},
        {"record_count": 0},
        {"record_count": 99},
        {"delete_horizon_ms": 1_700_000_000_000},
    ],
)
def test_batches_of_the_broker(fields: dict[str, int]) -> None:
    """Control batches, emptied and compacted ones are the broker's."""
    assert origins_of(make_row(**fields)).words() == ["broker"]


def test_offset_gaps_are_compaction() -> None:
    """Fewer records than offsets mean compaction, but not in a message set."""
    rows = join(
        make_row(),
        make_row(record_count=99),
        make_row(magic=1, record_count=-1, last_offset=500),
    )
    assert is_compacted(rows).tolist() == [False, True, False]


def test_malformed_frame_is_of_nobody() -> None:
    """A frame that cannot be read betrays no client."""
    assert origins_of(payload_row(bytes(40), 4)).words() == ["unknown"]


def test_one_producer_is_one_client() -> None:
    """A producer's batches narrow each other; batches without an id stay."""
    wide = bytes.fromhex("28b52ffd0070") + bytes(30)  # 16 MiB: not librdkafka
    rows = join(
        payload_row(STREAMED_ZSTD, 4, producer_id=1, producer_epoch=0, base_sequence=0),
        payload_row(wide, 4, producer_id=1, producer_epoch=0, base_sequence=100),
        payload_row(STREAMED_ZSTD, 4, producer_id=2, producer_epoch=0, base_sequence=0),
        payload_row(STREAMED_ZSTD, 4),
        payload_row(wide, 4),
    )
    origins = narrow_origins(rows, origins_of(rows))
    assert origins.words() == ["java", "java", _JAVA_LZ4, _JAVA_LZ4, "java"]
    assert client_text(shared_clients(origins)) == "java"


def test_a_producer_that_shares_nothing_is_left_alone() -> None:
    """A producer id that two clients had is not narrowed to nobody."""
    fields = {"producer_id": 1, "producer_epoch": 0, "base_sequence": 0}
    rows = join(
        payload_row(SARAMA_LZ4, 3, **fields), payload_row(RDKAFKA_GZIP, 1, **fields)
    )
    origins = narrow_origins(rows, origins_of(rows))
    assert origins.words() == ["sarama", "librdkafka or kafkajs"]
    assert shared_clients(origins) == 0


def test_no_batch_has_no_client() -> None:
    """An index without rows shares no client and has no words."""
    rows = make_row()[:0]
    origins = narrow_origins(rows, origins_of(rows))
    assert origins.words() == []
    assert shared_clients(origins) == 0


def test_sets_of_clients_as_words() -> None:
    """A set is told by its names, all of them as "any", none as "unknown"."""
    assert client_text(0) == "unknown"
    assert client_text(client_bits(["java"])) == "java"
    assert client_text(client_bits(["kafkajs", "java"])) == "java or kafkajs"
    assert client_text(client_bits(CLIENTS[:3])) == "java, librdkafka or sarama"
    assert client_text(ALL_CLIENTS) == "any"
    every = functools.reduce(operator.or_, (client_bits([c]) for c in CLIENTS))
    assert every == ALL_CLIENTS
    assert client_names(ALL_CLIENTS) == CLIENTS


def test_words_follow_their_rows() -> None:
    """Each row gets its own word, in the order of the rows."""
    kinds = [
        payload_row(RDKAFKA_GZIP, 1),
        make_row(is_control=1),
        payload_row(JAVA_GZIP, 1),
    ]
    order = np.random.default_rng(3).integers(0, 3, 200).tolist()
    words = origins_of(join(*(kinds[i] for i in order))).words()
    assert words == [["librdkafka", "broker", "java"][i] for i in order]
