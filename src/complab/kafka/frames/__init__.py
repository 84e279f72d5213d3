"""What the first bytes of a stored payload tell: the framing and its facts.

A codec's bits in a batch header say which compressor; the container around its blocks
says how it was used, and often by whom (`complab.kafka.clients`). All of it stands in
the first 32 bytes, which the index keeps, so that no file is read again.

Not a decoder: what is behind the head (later chunks, blocks, members, frames and
checksums) is not looked at, and a size that the head tells is what the writer claimed.
"""

from complab.kafka.frames.describe import describe_frame, framing_words, problem_words
from complab.kafka.frames.model import (
    FRAMINGS,
    HEAD_BYTES,
    PROBLEMS,
    RECORD_BATCH_MAGIC,
    Framing,
    HeaderChecksum,
    Problem,
    frame_dtype,
)
from complab.kafka.frames.read import read_frames

__all__ = [
    "FRAMINGS",
    "HEAD_BYTES",
    "PROBLEMS",
    "RECORD_BATCH_MAGIC",
    "Framing",
    "HeaderChecksum",
    "Problem",
    "describe_frame",
    "frame_dtype",
    "framing_words",
    "problem_words",
    "read_frames",
]
