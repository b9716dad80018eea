from __future__ import annotations

import math

import msgspec
import pytest

from sanctum.model.readings import (
    LATE,
    MASKED,
    NOT_MEASURED,
    Measured,
    NonFinite,
    Reading,
    number,
    reading,
)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 0.0, -1.5])
def test_a_number_survives_json_even_when_it_is_not_finite(value):
    one = msgspec.json.decode(msgspec.json.encode(reading(value, 3)), type=Reading)
    assert number(one) == value or (math.isnan(value) and math.isnan(number(one)))
    assert one.age_steps == 3
    assert isinstance(one, Measured if math.isfinite(value) else NonFinite)


@pytest.mark.parametrize("absent", [NOT_MEASURED, MASKED, LATE])
def test_an_absence_survives_json_and_is_no_number(absent):
    assert msgspec.json.decode(msgspec.json.encode(absent), type=Reading) == absent
    assert number(absent) is None


def test_none_is_not_measured():
    assert reading(None) is NOT_MEASURED
