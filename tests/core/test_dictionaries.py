"""Dictionaries: trained, used both ways, and read by another zstd."""

import random
from collections.abc import Callable

import pytest
import zstandard

from complab import core
from complab.codecs.catalogue import KAFKA, RAW, Catalogue, find
from complab.errors import CodecError, TrainingError


@pytest.fixture(scope="module")
def library() -> core.Library:
    """The zstd that is found first."""
    (provider,) = Catalogue().choose(find("zstd", RAW), None)
    if provider.library is None:
        pytest.skip(provider.problem)
    return provider.library


def _records(seed: int, count: int) -> list[bytes]:
    draw = random.Random(seed)
    names = ("alpha", "bravo", "charlie", "delta")
    return [
        (
            f'{{"timestamp":{draw.randrange(1 << 40)},"service":"{draw.choice(names)}",'
            f'"status":"delivered","latency_us":{draw.randrange(90_000)}}}'
        ).encode()
        for _ in range(count)
    ]


@pytest.fixture(scope="module")
def trained(library: core.Library) -> bytes:
    """A dictionary of other records of the same form."""
    return core.train_dictionary(library, _records(1, 3000), 8192)


def _run(coder: core.Coder, block: bytes, capacity: int) -> bytes:
    work = core.Work(coder, core.Sources([block]), [capacity], core.Arena())
    work.run_block(0)
    return work.output(0)


@pytest.mark.parametrize("framing", [RAW, KAFKA])
@pytest.mark.parametrize("level", [-5, 3, 19])
def test_another_decoder_reads_it(
    library: core.Library, trained: bytes, framing: str, level: int
) -> None:
    """What is compressed with a dictionary comes back by zstandard with the same."""
    codec = find("zstd", framing)
    plain, encoder = (
        core.Coder(
            codec, library, core.Direction.COMPRESS, level=level, dictionary=each
        )
        for each in (None, trained)
    )
    decoder = core.Coder(
        codec, library, core.Direction.DECOMPRESS, level=level, dictionary=trained
    )
    other = zstandard.ZstdDecompressor(dict_data=zstandard.ZstdCompressionDict(trained))
    plain_bytes = small_bytes = 0
    for record in _records(2, 100):
        bound = encoder.bound_bytes(len(record))
        frame = _run(encoder, record, bound)
        plain_bytes += len(_run(plain, record, bound))
        small_bytes += len(frame)
        assert other.decompress(frame, max_output_size=len(record)) == record
        assert _run(decoder, frame, len(record)) == record
    assert small_bytes < 0.6 * plain_bytes


def test_a_frame_names_its_dictionary(library: core.Library, trained: bytes) -> None:
    """The id in the dictionary stands in each frame, so that a reader can find it."""
    encoder = core.Coder(
        find("zstd", RAW), library, core.Direction.COMPRESS, level=3, dictionary=trained
    )
    record = _records(2, 1)[0]
    frame = _run(encoder, record, encoder.bound_bytes(len(record)))
    wanted = zstandard.ZstdCompressionDict(trained).dict_id()
    assert wanted != 0
    assert zstandard.get_frame_parameters(frame).dict_id == wanted


@pytest.mark.parametrize("trainer", list(core.Trainer))
def test_every_trainer_keeps_to_the_size(
    library: core.Library, trainer: core.Trainer
) -> None:
    """What is trained is a dictionary, and no larger than was asked for."""
    try:
        made = core.train_dictionary(library, _records(1, 2000), 2048, trainer=trainer)
    except TrainingError as error:
        if "lacks a function" in str(error):
            pytest.skip(str(error))
        raise
    assert 0 < len(made) <= 2048
    assert made[:4] == (0xEC30A437).to_bytes(4, "little")  # RFC 8878, section 5


def test_too_few_samples_are_an_error(library: core.Library) -> None:
    """Two records train no dictionary, and the library's words say so."""
    with pytest.raises(TrainingError, match="no dictionary can be trained") as caught:
        core.train_dictionary(library, _records(1, 2), 8192)
    assert caught.value.native_code != 0


def test_another_dictionary_is_refused(library: core.Library, trained: bytes) -> None:
    """A decoder without the dictionary says so and gives nothing."""
    codec = find("zstd", RAW)
    encoder = core.Coder(
        codec, library, core.Direction.COMPRESS, level=3, dictionary=trained
    )
    record = _records(2, 1)[0]
    frame = _run(encoder, record, encoder.bound_bytes(len(record)))
    decoder = core.Coder(codec, library, core.Direction.DECOMPRESS)
    with pytest.raises(CodecError, match=r"(?i)dictionary"):
        _run(decoder, frame, len(record))


def test_other_codecs_take_none(trained: bytes, needs: Callable[[str], None]) -> None:
    """A dictionary for lz4 is an error, not silently left out."""
    needs("lz4")
    codec = find("lz4", KAFKA)
    (provider,) = Catalogue().choose(codec, None)
    with pytest.raises(CodecError, match="lz4"):
        core.Coder(
            codec,
            provider.library,
            core.Direction.COMPRESS,
            level=9,
            dictionary=trained,
        )
