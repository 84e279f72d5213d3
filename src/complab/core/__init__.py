"""The C core as typed Python: the only package that imports ``complab._core``.

What it is *not* for: choosing what to measure, or making sense of the numbers. The
contract is ``csrc/complab.h``.
"""

from complab.core.coding import (
    Arena,
    CodecInfo,
    Coder,
    Crew,
    Direction,
    Levels,
    Sources,
    Work,
    can_evict,
    codec_levels,
    codecs,
)
from complab.core.libraries import Library, LibraryKind, library_kinds
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
    "Timer",
    "Work",
    "batch_dtype",
    "build_flags",
    "can_evict",
    "canary_ns",
    "clock_facts",
    "codec_levels",
    "codecs",
    "crc32",
    "crc32c",
    "end_with_parent",
    "gap_dtype",
    "header_dtype",
    "iter_batch_records",
    "iter_records",
    "library_kinds",
    "read_headers",
    "read_records",
    "record_dtype",
    "scan_all",
    "write_batch",
    "write_records",
]
