"""Text from outside (file names, error messages) made safe for a display.

A file name may hold an escape sequence that rewrites the terminal, a newline that
forges a row, a direction mark that turns a name around, or bytes that are no text at
all (`surrogateescape`). Each is shown as Python would spell it.
"""

import unicodedata
from typing import Final

__all__ = ["escape_controls", "escape_surrogates"]

# Control, format (direction marks), surrogate, line and paragraph separator.
_UNSAFE_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})

# os.fsdecode maps the undecodable byte 0x80+n to U+DC80+n (PEP 383).
_FIRST_ESCAPED_BYTE: Final = 0xDC80
_LAST_ESCAPED_BYTE: Final = 0xDCFF


def _spell(character: str) -> str:
    code = ord(character)
    if _FIRST_ESCAPED_BYTE <= code <= _LAST_ESCAPED_BYTE:
        return f"\\x{code - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")


def escape_controls(text: str) -> str:
    r"""Spell out every character that would steer a display instead of being shown.

    >>> print(escape_controls("a\x1b[2Jb\udcff.log"))
    a\x1b[2Jb\xff.log
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        _spell(character)
        if unicodedata.category(character) in _UNSAFE_CATEGORIES
        else character
        for character in text
    )


def escape_surrogates(text: str) -> str:
    r"""Spell out only what UTF-8 cannot hold; for CSV and JSON, which quote the rest.

    >>> print(escape_surrogates("b\udcff.log"))
    b\xff.log
    """
    if text.isascii():
        return text
    return "".join(
        _spell(character) if unicodedata.category(character) == "Cs" else character
        for character in text
    )
