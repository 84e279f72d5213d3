"""Quantities as people read and type them: bytes, speeds, ratios, shares, times.

The `format_` functions give the number alone where a table's column names the unit
(bytes, MB/s, %), and number and unit where the unit follows the size of the number
(times). Thousands are grouped with commas, since a space would split a cell for
`awk` and a dot would be read as a decimal point. 1 MB is 10⁶ bytes, 1 MiB is 2²⁰.

Not for files: CSV and JSON carry plain numbers (`complab.render`).
"""

import math
import re
from typing import Final

__all__ = [
    "format_bytes",
    "format_count",
    "format_duration_ns",
    "format_number",
    "format_percent",
    "format_ratio",
    "format_speed_mbps",
    "format_tick",
    "parse_bytes",
    "parse_percent",
]

_BYTES_PER_UNIT: Final = {
    "": 1,
    "b": 1,
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
    "tb": 10**12,
    "kib": 2**10,
    "mib": 2**20,
    "gib": 2**30,
    "tib": 2**40,
}

MAX_SIZE_BYTES: Final = 2**63 - 1
"""The largest size that `parse_bytes` returns, in bytes: what an int64 can hold."""

_SIZE: Final = re.compile(
    r"(?P<whole>[0-9]{1,3}(?:,[0-9]{3}){1,6}|[0-9]{1,19})"
    r"(?:\.(?P<decimals>[0-9]{1,12}))?[ ]?(?P<unit>[A-Za-z]*)"
)
_PERCENT: Final = re.compile(r"(?P<number>[0-9]{1,3}(?:\.[0-9]{1,12})?)[ ]?%?")

_SIZE_HELP: Final = (
    "give a whole number of bytes, or a number with B, kB, MB, GB, TB (powers of 1000) "
    "or KiB, MiB, GiB, TiB (powers of 1024), such as 16MiB"
)
_PERCENT_HELP: Final = "give a number from 0 to 100, such as 1, 0.5 or 2.5%"

# Each unit with the number of them that makes the next one.
_DURATION_UNITS: Final = (("ns", 1_000.0), ("µs", 1_000.0), ("ms", 1_000.0))

_SCIENTIFIC_BELOW_EXPONENT: Final = -4  # 0.000123 is readable, 0.0000123 is not


def _require_finite(value: float) -> None:
    if not math.isfinite(value):
        message = f"cannot format {value!r}: expected a finite number"
        raise ValueError(message)


def format_bytes(size_bytes: int) -> str:
    """Format an exact size, without its unit.

    >>> format_bytes(979368)
    '979,368'
    """
    return f"{size_bytes:,d}"


def format_count(count: int, one: str, many: str) -> str:
    """Format how many there are with the noun that fits.

    >>> format_count(1, "batch", "batches"), format_count(1700, "batch", "batches")
    ('1 batch', '1,700 batches')
    """
    return f"{count:,d} {one if count == 1 else many}"


def format_number(value: float, significant_digits: int = 3) -> str:
    """Format a measured number to so many significant digits, whole part kept.

    A number with more whole digits than that is rounded to a whole number; one closer
    to zero than 0.0001 is written with an exponent. Zero is "0".

    Raises ValueError for infinity and NaN.

    >>> [format_number(value) for value in (12345.6, 98.71, 5.432, 0.05, 0.00001234)]
    ['12,346', '98.7', '5.43', '0.0500', '1.23e-05']
    """
    _require_finite(value)
    if value == 0:
        return "0"
    scientific = f"{value:.{significant_digits - 1}e}"
    # The exponent after rounding: 9.996 is 1.00e+01, so "10.0" and not "10.00".
    exponent = int(scientific.partition("e")[2])
    if exponent < _SCIENTIFIC_BELOW_EXPONENT:
        return scientific
    decimals = max(0, significant_digits - 1 - exponent)
    return f"{value:,.{decimals}f}"


def format_tick(value: float) -> str:
    """Format a round number, of an axis or a bin: three digits, no zeros at the end.

    Raises ValueError for infinity and NaN.

    >>> [format_tick(value) for value in (1_000_000.0, 16384, 60.0, 2.5, 0.1)]
    ['1,000,000', '16,384', '60', '2.5', '0.1']
    """
    text = format_number(value)
    is_decimal = "." in text and "e" not in text
    return text.rstrip("0").rstrip(".") if is_decimal else text


def format_speed_mbps(speed_mbps: float) -> str:
    """Format a speed in MB/s of uncompressed bytes, without its unit.

    Three significant digits, from 1,000 MB/s on whole numbers.

    Raises ValueError for infinity and NaN.

    >>> [format_speed_mbps(speed) for speed in (11650.4, 734.2, 98.71, 5.432)]
    ['11,650', '734', '98.7', '5.43']
    """
    return format_number(speed_mbps)


def format_ratio(compression_ratio: float) -> str:
    """Format a compression ratio (uncompressed / compressed) to two decimals.

    Raises ValueError for infinity and NaN.

    >>> format_ratio(4.3187)
    '4.32'
    """
    _require_finite(compression_ratio)
    return f"{compression_ratio:z,.2f}"


def format_percent(percent: float, *, is_signed: bool = False) -> str:
    """Format a share that is already in percent, without the sign "%".

    Two decimals below 1, one below 100, none above. With `is_signed` a share that is
    not negative bears a "+", for differences.

    Raises ValueError for infinity and NaN.

    >>> [format_percent(percent) for percent in (0.834, 1.25, 32.71, 250.3)]
    ['0.83', '1.2', '32.7', '250']
    >>> format_percent(4.2, is_signed=True)
    '+4.2'
    """
    _require_finite(percent)
    if round(abs(percent), 2) < 1:
        decimals = 2
    elif round(abs(percent), 1) < 100:  # noqa: PLR2004 - a hundred percent
        decimals = 1
    else:
        decimals = 0
    sign = "+" if is_signed else ""
    return f"{percent:{sign}z,.{decimals}f}"


def format_duration_ns(duration_ns: float) -> str:
    """Format a time in nanoseconds with the unit that suits its length.

    Three significant digits up to a minute, then minutes and seconds, then hours and
    minutes. Not for a table's column, which has one unit.

    Raises ValueError for infinity and NaN.

    >>> [format_duration_ns(ns) for ns in (640, 12_345_678, 59_990_000_000)]
    ['640 ns', '12.3 ms', '1 min 00 s']
    >>> format_duration_ns(3_720_000_000_000)
    '1 h 02 min'
    """
    _require_finite(duration_ns)
    if duration_ns < 0:
        return "-" + format_duration_ns(-duration_ns)
    value = float(duration_ns)
    for unit, next_unit in _DURATION_UNITS:
        # Judged after rounding, else 999.9 µs would read "1,000 µs".
        rounded = float(f"{value:.2e}")
        if rounded < next_unit:
            is_whole = unit == "ns" and value.is_integer()
            return f"{value:.0f} ns" if is_whole else f"{format_number(value)} {unit}"
        value /= next_unit
    if float(f"{value:.2e}") < 60:  # noqa: PLR2004 - seconds of a minute
        return f"{format_number(value)} s"
    minutes, seconds = divmod(round(value), 60)
    if minutes < 60:  # noqa: PLR2004 - minutes of an hour
        return f"{minutes} min {seconds:02d} s"
    hours, minutes = divmod(round(value / 60), 60)
    return f"{hours:,d} h {minutes:02d} min"


def parse_bytes(text: str) -> int:
    """Parse a size such as "16MiB", "64 KiB", "1MB", "1.5GB", "979,368" or "123".

    The case of the unit does not matter. "16M" is refused, since half of the tools read
    it as 10⁶ and half as 2²⁰.

    Raises ValueError, with what is allowed, for anything else: a sign, an unknown unit,
    a part of a byte, more than `MAX_SIZE_BYTES`.

    >>> parse_bytes("16MiB"), parse_bytes("1.5kB"), parse_bytes("979,368")
    (16777216, 1500, 979368)
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        message = f"{text!r} is not a size: {_SIZE_HELP}"
        raise ValueError(message)
    unit = match["unit"]
    factor = _BYTES_PER_UNIT.get(unit.lower())
    if factor is None:
        message = f"{text!r} is not a size, unit {unit!r} is not known: {_SIZE_HELP}"
        raise ValueError(message)
    decimals = match["decimals"] or ""
    # In integers, since 0.1 as a float times 10**9 need not be whole.
    digits = int(match["whole"].replace(",", "") + decimals)
    scale = int("1" + "0" * len(decimals))
    size_bytes, rest = divmod(digits * factor, scale)
    if rest:
        message = f"{text!r} is not a whole number of bytes: {_SIZE_HELP}"
        raise ValueError(message)
    if size_bytes > MAX_SIZE_BYTES:
        message = f"{text!r} is more than {MAX_SIZE_BYTES:,d} bytes: {_SIZE_HELP}"
        raise ValueError(message)
    return size_bytes


def parse_percent(text: str) -> float:
    """Parse a share from 0 to 100 percent, both included, with or without "%".

    Raises ValueError, with what is allowed, for anything else.

    >>> parse_percent("2.5%"), parse_percent("1")
    (2.5, 1.0)
    """
    match = _PERCENT.fullmatch(text.strip())
    if match is None:
        message = f"{text!r} is not a percentage: {_PERCENT_HELP}"
        raise ValueError(message)
    percent = float(match["number"])
    if percent > 100:  # noqa: PLR2004 - a hundred percent
        message = f"{text!r} is more than 100 percent: {_PERCENT_HELP}"
        raise ValueError(message)
    return percent
