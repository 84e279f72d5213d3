"""zstd dictionaries, trained by the library's own trainers (``csrc/codecs``)."""

from collections.abc import Sequence
from enum import IntEnum

from complab._core import ffi, lib
from complab.core.libraries import Library
from complab.core.status import Buffer, check, text_of, words
from complab.errors import TrainingError


class Trainer(IntEnum):
    """How a dictionary is trained (``complab_trainer``)."""

    DEFAULT = 0
    FAST_COVER = 1
    COVER = 2


def train_dictionary(
    library: Library,
    samples: Sequence[Buffer],
    size_bytes: int,
    *,
    trainer: Trainer = Trainer.DEFAULT,
    level: int = 3,
) -> bytes:
    """Train a dictionary of at most ``size_bytes`` for blocks like the samples.

    ``level`` is the one that it is to be used at. ``TrainingError`` if the library
    cannot, or too little is in the samples. With the trainers that search, several
    megabytes take a minute or more.
    """
    sizes = ffi.new("size_t[]", [len(sample) for sample in samples])
    joined = b"".join(samples)
    out = bytearray(size_bytes)
    written = ffi.new("size_t *")
    fault = ffi.new("complab_fault *")
    status = lib.complab_dictionary_train(
        library.handle,
        int(trainer),
        level,
        ffi.from_buffer("uint8_t[]", joined),
        sizes,
        len(samples),
        ffi.from_buffer("uint8_t[]", out),
        size_bytes,
        written,
        fault,
    )
    if status in {lib.COMPLAB_TRAIN_FAILED, lib.COMPLAB_SYMBOL_MISSING}:
        raise TrainingError(
            words(status, text_of(fault.text)),
            codec="zstd",
            native_code=int(fault.native_code),
        )
    check(status)
    return bytes(memoryview(out)[: written[0]])
