"""What each client is said to write: the levels it has, and the frames it makes.

The last tests hold the frames against those that the clients stored, where segments of
them are at hand.
"""

from collections.abc import Callable

import pytest
from index_rows import NO_FIXTURES, TOPICS, payload_row, topic_log

from complab import core
from complab.codecs import catalogue, specs
from complab.codecs.catalogue import Catalogue
from complab.codecs.writers import (
    CLIENTS,
    Client,
    FallBack,
    check_level,
    find_client,
    writer_of,
)
from complab.errors import LevelError, PlanError
from complab.kafka.fingerprints import (
    FRAME_FINGERPRINTS,
    client_names,
    matching_clients,
)
from complab.kafka.frames import read_frames

_CODEC_IDS = {"none": 0, "gzip": 1, "snappy": 2, "lz4": 3, "zstd": 4}
_WRITTEN = [
    (client.name, codec)
    for client in CLIENTS.values()
    for codec in client.codecs
    if codec != "none"
]


def _coder(
    client: Client, codec: str, direction: core.Direction, level: int | None = None
) -> core.Coder:
    """What codes a payload as the client does."""
    writer = writer_of(client, codec)
    info = catalogue.find(codec, catalogue.KAFKA)
    library = None
    if catalogue.kind_of(info):
        (provider,) = Catalogue().choose(info, None)
        if provider.library is None:
            pytest.skip(provider.problem)
        library = provider.library
    return core.Coder(
        info,
        library,
        direction,
        level=writer.native_level(writer.default_level if level is None else level),
        is_context_fresh=writer.is_context_fresh,
        is_size_known=writer.is_size_known,
        writing=writer.writing,
    )


def _run(coder: core.Coder, data: bytes, capacity_bytes: int) -> bytes:
    work = core.Work(coder, core.Sources([data]), [capacity_bytes], core.Arena())
    work.run_block(0)
    return work.output(0)


def write(
    client: Client, codec: str, payload: bytes, level: int | None = None
) -> bytes:
    """The frame that the client makes of a payload."""
    coder = _coder(client, codec, core.Direction.COMPRESS, level)
    return _run(coder, payload, coder.bound_bytes(len(payload)))


@pytest.mark.parametrize(("client", "codec"), _WRITTEN)
def test_every_frame_comes_back(client: str, codec: str, batch_16k: bytes) -> None:
    """At the first, the last and the default level, as every client writes it."""
    chosen = CLIENTS[client]
    writer = chosen.codecs[codec]
    decoder = _coder(chosen, codec, core.Direction.DECOMPRESS)
    for level in {writer.default_level, *(writer.levels or ())}:
        frame = write(chosen, codec, batch_16k, level)
        assert _run(decoder, frame, len(batch_16k)) == batch_16k


@pytest.mark.parametrize(("client", "codec"), _WRITTEN)
def test_the_frame_is_recognised_as_the_clients(
    client: str, codec: str, batch_16k: bytes
) -> None:
    """What tells clients apart tells this one from the frame that is made for it."""
    name = "java" if client == "java-3" else client
    if codec == "gzip" and client in {
        "sarama",
        "kafka-go",
        "kafka-python",
        "aiokafka",
    }:
        pytest.skip("its gzip header bears a time, which is not made up")
    if client == "kafka-go" and codec == "snappy":
        pytest.skip("its chunks end where its records do")
    frame = write(CLIENTS[client], codec, batch_16k[61:])
    frames = read_frames(payload_row(frame, _CODEC_IDS[codec]))
    assert name in client_names(int(matching_clients(FRAME_FINGERPRINTS, frames)[0]))


def test_a_client_that_is_none_is_refused_by_name() -> None:
    """The message names the clients that there are."""
    with pytest.raises(PlanError, match="no client 'kcat': it is java, java-3"):
        find_client("kcat")


def test_levels_are_those_of_the_clients_users() -> None:
    """A level that users of a client cannot set is refused; the range is told."""
    check_level(CLIENTS["librdkafka"], "zstd", 12)
    with pytest.raises(LevelError, match="librdkafka has no level 13 for zstd"):
        check_level(CLIENTS["librdkafka"], "zstd", 13)
    check_level(CLIENTS["kafka-python"], "gzip", 9)
    with pytest.raises(LevelError, match="writes gzip at level 9 alone"):
        check_level(CLIENTS["kafka-python"], "gzip", 6)
    with pytest.raises(LevelError, match="sarama writes lz4 without levels"):
        check_level(CLIENTS["sarama"], "lz4", 3)
    with pytest.raises(PlanError, match="kafkajs does not write zstd"):
        writer_of(CLIENTS["kafkajs"], "zstd")


@pytest.mark.parametrize("client", CLIENTS.values(), ids=lambda each: each.name)
def test_every_default_level_is_one_that_users_may_set(client: Client) -> None:
    """A default outside its own range would be a slip of the table."""
    for codec, writer in client.codecs.items():
        if writer.default_level is not None:
            check_level(client, codec, writer.default_level)


def test_a_list_means_the_levels_of_the_client(needs: Callable[[str], None]) -> None:
    """A set leaves out what it does not write; bare names mean its levels."""
    needs("zstd")
    chosen = specs.select(
        "kafka",
        framing="kafka",
        libraries=Catalogue(),
        client=CLIENTS["kafkajs"],
    )
    assert [each.codec.name for each in chosen] == ["none", "gzip", "snappy", "lz4"]
    levels = [
        each.level
        for each in specs.select(
            "zstd",
            framing="kafka",
            libraries=Catalogue(),
            client=CLIENTS["franz-go"],
        )
    ]
    assert levels == [1, 2, 3, 4]
    with pytest.raises(LevelError, match="franz-go has no level 19 for zstd"):
        specs.select(
            "zstd:19",
            framing="kafka",
            libraries=Catalogue(),
            client=CLIENTS["franz-go"],
        )


def test_librdkafkas_fast_lz4_is_one_level(
    needs: Callable[[str], None], batch_16k: bytes
) -> None:
    """0, 1 and 2 write the same, of which a sweep has one row; 12 is the last."""
    needs("lz4")
    client = CLIENTS["librdkafka"]
    frames = [write(client, "lz4", batch_16k, level) for level in range(4)]
    assert frames[0] == frames[1] == frames[2] == write(client, "lz4", batch_16k)
    assert len(frames[3]) < len(frames[0])
    chosen = specs.select("lz4", framing="kafka", libraries=Catalogue(), client=client)
    assert [each.level for each in chosen] == [1, *range(3, 13)]
    with pytest.raises(LevelError, match="no level 13 for lz4: it has 0 to 12, 0 by"):
        check_level(client, "lz4", 13)


@pytest.mark.parametrize(
    ("fall_back", "answers"),
    [
        (FallBack.NEVER, (False, False, False)),
        (FallBack.IF_LARGER, (False, False, True)),
        (FallBack.IF_NOT_SMALLER, (False, True, True)),
    ],
)
def test_clients_give_up_on_a_batch_each_in_their_way(
    fall_back: FallBack, answers: tuple[bool, bool, bool]
) -> None:
    """Smaller, as large, larger than the payload."""
    client = Client("", "", fall_back, {}, "")
    assert (
        tuple(client.stores_uncompressed(100, framed) for framed in (99, 100, 101))
        == answers
    )


# ---- Held against what the clients stored -----------------------------------------

_NAMES = {
    "aio": "aiokafka",
    "java": "java",
    "rdkafka": "librdkafka",
    "franz": "franz-go",
    "kafkago": "kafka-go",
    "kafkajs": "kafkajs",
    "kpy": "kafka-python",
    "sarama": "sarama",
}
# Levels 1 and 2 are another compressor since LZ4 1.10, which wrote this one.
_OF_ANOTHER_LZ4 = "java-lz4-l1-0"

# By how much the nearest C library may be off; a client that calls one itself: 0.5 %.
_DEVIATIONS = {"klauspost/compress": 0.1, "pierrec/lz4": 0.07}
_LARGEST_DEVIATION = 0.01
_DEVIATION_OF_ONE_LIBRARY = 0.005


def codec_and_level(topic: str, client: Client) -> tuple[str, int | None]:
    """What the name of a topic says: ``java-zstd-l-5-0``, ``franz-zstd-best-0``."""
    name, _, level = topic.removesuffix("-0").partition("-l-")
    words = name.lower().split("-")[1:]
    codec = next(word for word in words if word in client.codecs)
    if level:
        return codec, -int(level)
    if words[-1] == "best":
        return codec, 4
    if words[-1][0] == "l" and words[-1] != "lz4":
        return codec, int(words[-1][1:])
    return codec, None


@pytest.mark.skipif(not TOPICS, reason=NO_FIXTURES)
@pytest.mark.parametrize(
    "topic", [name for name in TOPICS if name.split("-", 1)[0] in _NAMES]
)
def test_stored_sizes_are_foretold(topic: str) -> None:
    """Within 0.5 % in all where the client's codec is the same C library."""
    client = CLIENTS[_NAMES[topic.split("-", 1)[0]]]
    codec, level = codec_and_level(topic, client)
    if topic == _OF_ANOTHER_LZ4:
        pytest.skip("the LZ4 that wrote it is newer than those that are found here")
    log = topic_log(topic)
    stored = foretold = 0
    for number, payload in log.payloads():
        assert isinstance(payload, memoryview)
        stored += int(log.index["compressed_bytes"][number])
        foretold += (
            len(payload)
            if codec == "none"
            else len(write(client, codec, bytes(payload), level))
        )
    implementation = writer_of(client, codec).implementation
    allowed = _DEVIATIONS.get(implementation, _LARGEST_DEVIATION)
    if not implementation:
        allowed = _DEVIATION_OF_ONE_LIBRARY
    assert abs(foretold / stored - 1) <= allowed
