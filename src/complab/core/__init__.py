"""The C core as typed Python: the only package that imports ``complab._core``.

What it is *not* for: choosing what to measure, or making sense of the numbers. The
contract is ``csrc/complab.h``.
"""

from complab.core.coding import (
    JAVAS_STYLE,
    Arena,
    CodecInfo,
    Coder,
    Crew,
    Direction,
    Levels,
    Sources,
    Style,
    Work,
    Writing,
    can_evict,
    codec_levels,
    codecs,
)
from complab.core.dictionaries import Trainer, train_dictionary
from complab.core.libraries import Library, LibraryKind, library_kinds
from complab.core.path import (
    checking_work,
    encoding_work,
    reading_work,
    sealing_work,
)
from complab.core.payloads import PayloadArena
from complab.core.records import (
    header_dtype,
    iter_batch_records,
    iter_records,
    read_headers,
    read_records,
    record_dtype,
    write_batch,
    write_records,
)
from complab.core.segments import (
    BATCH_HEADER_BYTES,
    HEAD_BYTES,
    GapReason,
    Scan,
    ScanStep,
    Source,
    batch_dtype,
    crc32,
    crc32c,
    gap_dtype,
    scan_all,
)
from complab.core.status import Buffer, build_flags, end_with_parent
from complab.core.timing import (
    Calibration,
    ClockFacts,
    Epoch,
    Timer,
    canary_ns,
    clock_facts,
)

__all__ = [
    "BATCH_HEADER_BYTES",
    "HEAD_BYTES",
    "JAVAS_STYLE",
    "Arena",
    "Buffer",
    "Calibration",
    "ClockFacts",
    "CodecInfo",
    "Coder",
    "Crew",
    "Direction",
    "Epoch",
    "GapReason",
    "Levels",
    "Library",
    "LibraryKind",
    "PayloadArena",
    "Scan",
    "ScanStep",
    "Source",
    "Sources",
    "Style",
    "Timer",
    "Trainer",
    "Work",
    "Writing",
    "batch_dtype",
    "build_flags",
    "can_evict",
    "canary_ns",
    "checking_work",
    "clock_facts",
    "codec_levels",
    "codecs",
    "crc32",
    "crc32c",
    "encoding_work",
    "end_with_parent",
    "gap_dtype",
    "header_dtype",
    "iter_batch_records",
    "iter_records",
    "library_kinds",
    "read_headers",
    "read_records",
    "reading_work",
    "record_dtype",
    "scan_all",
    "sealing_work",
    "train_dictionary",
    "write_batch",
    "write_records",
]
