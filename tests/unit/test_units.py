"""What quantities look like to people, and what people may type for them."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from complab import units
from complab.units import (
    MAX_SIZE_BYTES,
    format_bytes,
    format_duration_ns,
    format_number,
    format_percent,
    format_ratio,
    format_speed_mbps,
    parse_bytes,
    parse_percent,
)

NOT_FINITE = [float("inf"), float("-inf"), float("nan")]

MICROSECOND_NS = 1e3
MILLISECOND_NS = 1e6
SECOND_NS = 1e9
MINUTE_NS = 60e9
HOUR_NS = 3600e9


def test_documented_examples_hold() -> None:
    """Every example in the docstrings gives what it says."""
    results = doctest.testmod(units)

    assert results.attempted > 0
    assert results.failed == 0


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [(0, "0"), (999, "999"), (1000, "1,000"), (979_368, "979,368"), (-1500, "-1,500")],
)
def test_format_bytes(size_bytes: int, text: str) -> None:
    """A size is exact, its thousands grouped."""
    assert format_bytes(size_bytes) == text


@pytest.mark.parametrize(
    ("speed_mbps", "text"),
    [
        (0.0, "0"),
        (0.01234, "0.0123"),
        (0.9996, "1.00"),
        (5.432, "5.43"),
        (9.994, "9.99"),
        (9.996, "10.0"),
        (98.71, "98.7"),
        (99.96, "100"),
        (734.2, "734"),
        (999.6, "1,000"),
        (1234.4, "1,234"),
        (16332.0, "16,332"),
    ],
)
def test_format_speed(speed_mbps: float, text: str) -> None:
    """A speed has three significant digits, counted after rounding."""
    assert format_speed_mbps(speed_mbps) == text


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0.000123, 3, "0.000123"),
        (0.0000123, 3, "1.23e-05"),
        (-5.432, 3, "-5.43"),
        (1.26, 2, "1.3"),
        (7.6, 1, "8"),
        (1e15, 3, "1,000,000,000,000,000"),
    ],
)
def test_format_number(value: float, digits: int, text: str) -> None:
    """The asked number of digits is kept, whole digits always."""
    assert format_number(value, digits) == text


@given(st.floats(min_value=1e-4, max_value=1e12), st.integers(1, 6))
def test_format_number_loses_no_more_than_half_a_digit(
    value: float, digits: int
) -> None:
    """What is shown differs from the value by half of the last digit at most."""
    shown = float(format_number(value, digits).replace(",", ""))

    assert shown == pytest.approx(value, rel=0.5 * 10 ** (1 - digits) * 1.000001)


@pytest.mark.parametrize(
    ("ratio", "text"),
    [(4.3187, "4.32"), (0.998, "1.00"), (1234.5, "1,234.50"), (-0.001, "0.00")],
)
def test_format_ratio(ratio: float, text: str) -> None:
    """A ratio has two decimals."""
    assert format_ratio(ratio) == text


@pytest.mark.parametrize(
    ("percent", "text"),
    [
        (0.0, "0.00"),
        (-0.001, "0.00"),
        (0.834, "0.83"),
        (0.996, "1.0"),
        (32.71, "32.7"),
        (99.94, "99.9"),
        (99.96, "100"),
        (-4.23, "-4.2"),
        (1250.0, "1,250"),
    ],
)
def test_format_percent(percent: float, text: str) -> None:
    """A share has fewer decimals the larger it is, and there is no minus zero."""
    assert format_percent(percent) == text


@pytest.mark.parametrize(
    ("percent", "text"), [(4.2, "+4.2"), (-4.2, "-4.2"), (0.0, "+0.00")]
)
def test_format_signed_percent(percent: float, text: str) -> None:
    """A difference bears its sign."""
    assert format_percent(percent, is_signed=True) == text


@pytest.mark.parametrize(
    ("duration_ns", "text"),
    [
        (0, "0 ns"),
        (7, "7 ns"),
        (640, "640 ns"),
        (0.25, "0.250 ns"),
        (999.6, "1.00 µs"),
        (1.5 * MICROSECOND_NS, "1.50 µs"),
        (999.6 * MICROSECOND_NS, "1.00 ms"),
        (12.345678 * MILLISECOND_NS, "12.3 ms"),
        (-12.345678 * MILLISECOND_NS, "-12.3 ms"),
        (2 * SECOND_NS, "2.00 s"),
        (59.94 * SECOND_NS, "59.9 s"),
        (59.96 * SECOND_NS, "1 min 00 s"),
        (125 * SECOND_NS, "2 min 05 s"),
        (59.999 * MINUTE_NS, "1 h 00 min"),
        (1.5 * HOUR_NS, "1 h 30 min"),
        (1.9999 * HOUR_NS, "2 h 00 min"),
    ],
)
def test_format_duration(duration_ns: float, text: str) -> None:
    """A time takes the largest unit that it fills, also when rounding fills it."""
    assert format_duration_ns(duration_ns) == text


@pytest.mark.parametrize("value", NOT_FINITE)
@pytest.mark.parametrize(
    "format_value",
    [
        format_duration_ns,
        format_number,
        format_percent,
        format_ratio,
        format_speed_mbps,
    ],
)
def test_not_finite_is_refused(format_value: object, value: float) -> None:
    """No format prints "inf" or "nan"."""
    assert callable(format_value)
    with pytest.raises(ValueError, match="expected a finite number"):
        format_value(value)


@pytest.mark.parametrize(
    ("text", "size_bytes"),
    [
        ("0", 0),
        ("123", 123),
        (" 123 ", 123),
        ("123B", 123),
        ("1MB", 10**6),
        ("1 mb", 10**6),
        ("64KiB", 65_536),
        ("16MiB", 16_777_216),
        ("1.5GiB", 1_610_612_736),
        ("0.1GB", 10**8),
        ("2TB", 2 * 10**12),
        ("1TiB", 2**40),
        ("979,368", 979_368),
        ("1,024KiB", 2**20),
        (str(MAX_SIZE_BYTES), MAX_SIZE_BYTES),
    ],
)
def test_parse_bytes(text: str, size_bytes: int) -> None:
    """Both families of units are taken, in any case, with whole results."""
    assert parse_bytes(text) == size_bytes


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is not a size"),
        ("MiB", "is not a size"),
        ("-1", "is not a size"),
        ("+1", "is not a size"),
        ("1e6", "is not a size"),
        ("0x10", "'x' is not known|is not a size"),
        ("1,00", "is not a size"),
        ("1_000", "is not a size"),
        ("1.", "is not a size"),
        (".5MB", "is not a size"),
        ("٣", "is not a size"),
        ("9" * 5000, "is not a size"),
        ("16M", "unit 'M' is not known"),
        ("16Mbit", "unit 'Mbit' is not known"),
        ("0.3KiB", "is not a whole number of bytes"),
        ("1.5", "is not a whole number of bytes"),
        (str(MAX_SIZE_BYTES + 1), "is more than 9,223,372,036,854,775,807 bytes"),
    ],
)
def test_parse_bytes_refuses_and_says_what_is_allowed(text: str, reason: str) -> None:
    """A text that is no size is refused with the reason and an example."""
    with pytest.raises(ValueError, match=rf"({reason}).*such as 16MiB"):
        parse_bytes(text)


@given(st.integers(0, MAX_SIZE_BYTES))
def test_formatted_sizes_parse_to_themselves(size_bytes: int) -> None:
    """What `format_bytes` shows can be typed back."""
    assert parse_bytes(format_bytes(size_bytes)) == size_bytes


@given(
    st.integers(0, 2**20),
    st.sampled_from([("kB", 10**3), ("MB", 10**6), ("KiB", 2**10), ("MiB", 2**20)]),
)
def test_units_multiply(count: int, unit: tuple[str, int]) -> None:
    """A number with a unit is that many of the unit."""
    name, size_bytes = unit

    assert parse_bytes(f"{count}{name}") == count * size_bytes


@given(st.text())
def test_parse_bytes_raises_nothing_but_value_error(text: str) -> None:
    """Any text is a size or a ValueError."""
    try:
        size_bytes = parse_bytes(text)
    except ValueError:
        return
    assert 0 <= size_bytes <= MAX_SIZE_BYTES


@pytest.mark.parametrize(
    ("text", "percent"),
    [("0", 0.0), ("1", 1.0), ("2.5%", 2.5), ("0.5 %", 0.5), (" 100% ", 100.0)],
)
def test_parse_percent(text: str, percent: float) -> None:
    """The sign is optional."""
    assert parse_percent(text) == percent


@pytest.mark.parametrize(
    "text", ["", "%", "-1", "1e1", "nan", "1,5", "5 per cent", "100.1", "101%", "٣"]
)
def test_parse_percent_refuses_and_says_what_is_allowed(text: str) -> None:
    """A text that is no share is refused with an example."""
    with pytest.raises(ValueError, match=r"percent.*from 0 to 100"):
        parse_percent(text)


@given(st.floats(min_value=0, max_value=100))
def test_formatted_percentages_parse_to_about_themselves(percent: float) -> None:
    """What `format_percent` shows can be typed back, to the digits shown."""
    assert parse_percent(format_percent(percent)) == pytest.approx(percent, abs=0.0501)
