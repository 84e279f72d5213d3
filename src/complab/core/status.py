"""What the C core says of success and failure, as text and as exceptions.

The contract is ``csrc/complab.h``. A status that only a broken contract can bring is an
``AssertionError``: complab's own fault, and nobody's input.
"""

from mmap import mmap
from typing import Any, TypeAlias

from complab._core import ffi, lib
from complab.errors import (
    CalibrationError,
    ClockError,
    StoppedError,
    TimerError,
)

# collections.abc.Buffer came with Python 3.12.
Buffer: TypeAlias = bytes | bytearray | memoryview | mmap


def text_of(pointer: Any) -> str:
    """The text that a C string holds."""
    return str(ffi.string(pointer).decode("utf-8", "replace"))


def words(status: int, fault_text: str) -> str:
    """A status in words, with what the failure itself had to say."""
    sentence = text_of(lib.complab_status_text(status))
    return f"{sentence}: {fault_text}" if fault_text else sentence


def check(status: int) -> None:
    """Raise what a status means where no fault says more; nothing for success."""
    if status == lib.COMPLAB_OK:
        return
    sentence = words(status, "")
    if status == lib.COMPLAB_STOPPED:
        raise StoppedError(sentence)
    if status == lib.COMPLAB_CLOCK_FAILED:
        raise ClockError(sentence)
    if status == lib.COMPLAB_NO_TIMER:
        message = f"{sentence}: the method plain (--method plain) does without it"
        raise TimerError(message)
    if status == lib.COMPLAB_NOT_CALIBRATED:
        raise CalibrationError(sentence)
    if status == lib.COMPLAB_NO_MEMORY:
        raise MemoryError(sentence)
    message = f"{sentence} (status {status})"
    raise AssertionError(message)


def build_flags() -> str:
    """The compiler and build type that the core was made with."""
    return text_of(lib.complab_build_flags())


def end_with_parent(parent: int) -> None:
    """Have the kernel end this process as soon as its parent ends.

    ``parent`` is the process id that the parent had; ``StoppedError`` if it has ended
    already.
    """
    check(lib.complab_process_end_with_parent(parent))
