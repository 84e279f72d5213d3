"""Numbers out of many heads at once: one column of bytes, or one place per head."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from complab.kafka.frames.model import Head, Integers, Mask, Words


def byte_at(heads: "Head", at: "int | Integers") -> "Integers":
    """One byte of each head, as a number that can be shifted.

    ``at`` is the place in all heads, or one place for each.
    """
    import numpy as np

    if isinstance(at, int):
        return heads[:, at].astype(np.int64)
    return heads[np.arange(len(heads)), at].astype(np.int64)


def little_endian(heads: "Head", at: "int | Integers", size_bytes: int) -> "Integers":
    """A number of so many bytes, lowest first; of 8 bytes a large one is negative."""
    value = byte_at(heads, at)
    for i in range(1, size_bytes):
        value |= byte_at(heads, at + i) << 8 * i
    return value


def big_endian(heads: "Head", at: int, size_bytes: int) -> "Integers":
    """A number of so many bytes, highest first."""
    value = byte_at(heads, at)
    for i in range(1, size_bytes):
        value = (value << 8) | byte_at(heads, at + i)
    return value


def begins_with(heads: "Head", magic: bytes) -> "Mask":
    """Whether a head begins with these bytes."""
    import numpy as np

    expected = np.frombuffer(magic, dtype=np.uint8)
    found: Mask = (heads[:, : len(magic)] == expected).all(axis=1)
    return found


def varint32(heads: "Head", at: int) -> "tuple[Integers, Integers]":
    """An LEB128 number of at most 32 bits at a place: the values and their sizes.

    The size is in bytes, and 0 where the number does not end within five of them or
    is of more than 32 bits.
    """
    import numpy as np

    value = np.zeros(len(heads), dtype=np.int64)
    size_bytes = np.zeros(len(heads), dtype=np.int64)
    for i in range(5):
        byte = byte_at(heads, at + i)
        is_open = size_bytes == 0
        value[is_open] |= (byte[is_open] & 0x7F) << 7 * i
        size_bytes[is_open & (byte < 0x80)] = i + 1  # noqa: PLR2004 - the last byte
    size_bytes[value >= 1 << 32] = 0
    return value, size_bytes


_PRIME_1 = 0x9E3779B1
_PRIME_2 = 0x85EBCA77
_PRIME_3 = 0xC2B2AE3D
_PRIME_4 = 0x27D4EB2F
_PRIME_5 = 0x165667B1
_ONES_32 = 0xFFFFFFFF


def xxhash32(bytes_of: "Head") -> "Integers":
    """XXH32 with seed 0 of each row, of fewer than 16 bytes.

    Source: the xxHash specification, the part for short inputs.
    """
    import numpy as np

    size_bytes = bytes_of.shape[1]
    # Unsigned, since products of 32-bit numbers need all 64 bits.
    hashed = np.full(len(bytes_of), _PRIME_5 + size_bytes, dtype=np.uint64)
    at = 0
    while at + 4 <= size_bytes:
        word = little_endian(bytes_of, at, 4).astype(np.uint64)
        hashed = (hashed + word * np.uint64(_PRIME_3)) & np.uint64(_ONES_32)
        hashed = _rotated(hashed, 17) * np.uint64(_PRIME_4) & np.uint64(_ONES_32)
        at += 4
    for i in range(at, size_bytes):
        byte = bytes_of[:, i].astype(np.uint64)
        hashed = (hashed + byte * np.uint64(_PRIME_5)) & np.uint64(_ONES_32)
        hashed = _rotated(hashed, 11) * np.uint64(_PRIME_1) & np.uint64(_ONES_32)
    for shift, prime in ((15, _PRIME_2), (13, _PRIME_3)):
        hashed ^= hashed >> np.uint64(shift)
        hashed = hashed * np.uint64(prime) & np.uint64(_ONES_32)
    hashed ^= hashed >> np.uint64(16)
    return hashed.astype(np.int64)


def _rotated(words: "Words", left: int) -> "Words":
    import numpy as np

    turned = (words << np.uint64(left)) | (words >> np.uint64(32 - left))
    return turned & np.uint64(_ONES_32)
