r"""Java's property files, as ``java.util.Properties.load`` reads them.

Comments begin with ``#`` or ``!``; a key ends at ``=``, ``:`` or white space; a line
that ends with an odd number of backslashes goes on in the next; ``\n``, ``\t``,
``\r``, ``\f`` and ``\uXXXX`` are escapes, and any other character after a backslash
stands for itself. The file's encoding is ISO 8859-1.

Not for what the keys mean.

Source: the documentation of java.util.Properties.load(Reader).
"""

import re
from collections.abc import Iterator

_BLANKS = " \t\f"
_KEY = re.compile(r"(?:\\.|[^\\=: \t\f])*", re.DOTALL)
_SEPARATOR = re.compile(r"[ \t\f]*[=:]?[ \t\f]*")
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|(.)|$)", re.DOTALL)
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "f": "\f"}


def parse_properties(data: bytes) -> dict[str, str]:
    r"""The keys with their values; of a key that comes twice, the last one.

    >>> parse_properties(b"# a\nuser : me\nlist=a,\\\n  b\n")
    {'user': 'me', 'list': 'a,b'}
    """
    properties = {}
    for line in _logical_lines(data.decode("latin-1")):
        key = _KEY.match(line)
        end = key.end() if key else 0
        separator = _SEPARATOR.match(line, end)
        begin = separator.end() if separator else end
        properties[_unescape(line[:end])] = _unescape(line[begin:])
    return properties


def _logical_lines(text: str) -> Iterator[str]:
    """Lines without comments, each joined with the lines that continue it."""
    whole = ""
    for natural in re.split(r"\r\n|\r|\n", text):
        line = natural.lstrip(_BLANKS)
        if not whole and (not line or line[0] in "#!"):
            continue
        backslash_count = len(line) - len(line.rstrip("\\"))
        if backslash_count % 2:
            whole += line[:-1]
            continue
        yield whole + line
        whole = ""
    if whole:
        yield whole


def _unescape(text: str) -> str:
    def replace(match: re.Match[str]) -> str:
        code, character = match.groups()
        if code:
            return chr(int(code, 16))
        return _CONTROLS.get(character, character) if character else ""

    return _ESCAPE.sub(replace, text)
