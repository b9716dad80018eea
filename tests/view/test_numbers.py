from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sanctum.model.readings import LATE, MASKED, NOT_MEASURED, Measured, NonFinite
from sanctum.view.numbers import body, cell, duration, finite, number, size


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0.0, None, "0"),
        (-0.0, None, "0"),
        (-0.0, 2, "0.00"),
        (0.004, 2, "4.0e-03"),
        (1234.5678, 1, "1,234.6"),
        (0.12345, None, "0.123"),
        (1.5e9 + 0.5, None, "1.50e+09"),
        (1e300, 2, "1.00e+300"),
        (12345678901234567, None, "12,345,678,901,234,567"),
        (7, 2, "7.00"),
        (float("nan"), 2, "nan"),
        (float("-inf"), None, "-inf"),
    ],
)
def test_a_number_reads_like_this(value: float, digits: int | None, text: str) -> None:
    assert number(value, digits) == text


@given(st.floats(allow_nan=False, allow_infinity=False), st.none() | st.integers(0, 6))
def test_nothing_but_zero_reads_as_zero(value: float, digits: int | None) -> None:
    read = float(number(value, digits).replace(",", ""))
    assert (read == 0) == (value == 0)


@given(st.integers(), st.none() | st.integers(0, 6))
def test_whole_numbers_keep_their_digits(value: int, digits: int | None) -> None:
    text = number(value, digits).replace(",", "")
    assert int(text.split(".")[0]) == value


def test_a_cell_says_why_it_is_empty() -> None:
    assert [cell(one) for one in (None, NOT_MEASURED, MASKED, LATE)] == ["-", "-", "masked", "late"]
    assert cell(NonFinite("-inf")) == "-inf"
    assert cell(Measured(0.5, 9, True)) == "0.500 stale"
    assert body(Measured(0.5, 9, True)) == "0.500"
    assert [cell(one) for one in (True, False, "word")] == ["yes", "no", "word"]


def test_a_finite_number_is_found_in_a_stale_reading_and_in_no_word() -> None:
    assert finite(Measured(0.5, 9, True)) == 0.5
    assert finite(3) == 3
    absent = (None, True, "3", float("nan"), NonFinite("inf"), MASKED)
    assert [finite(one) for one in absent] == [None] * 6


def test_sizes_and_durations_are_short() -> None:
    assert [size(512), size(1536), size(3 * 2**40)] == ["512 B", "1.5 KiB", "3.0 TiB"]
    assert [duration(s) for s in (0.42, 59.9, 200, 7500, 3e5)] == [
        "0.4s",
        "59s",
        "3m20s",
        "2h05m",
        "3d11h",
    ]
