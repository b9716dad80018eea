from __future__ import annotations

import pytest

from sanctum.model.readings import LATE, MASKED, NOT_MEASURED, Measured, NonFinite
from sanctum.view import Column, Facts, Report, Table, Text, Value, absence, age_steps, plain
from sanctum.view.report import Fact


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (None, "not measured"),
        (NOT_MEASURED, "not measured"),
        (MASKED, "masked"),
        (LATE, "late"),
        (NonFinite("nan"), "nan"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        (float("-inf"), "-inf"),
        (Measured(0.5, 3, True), "stale"),
        (Measured(0.0), None),
        (0, None),
        (False, None),
        ("", None),
    ],
)
def test_every_absence_has_its_word_and_zero_is_none_of_them(value: Value, why: str | None) -> None:
    assert absence(value) == why
    assert (plain(value) is None) == (why is not None)


def test_readings_have_an_age_and_bare_values_none() -> None:
    assert age_steps(Measured(0.0, 7)) == 7
    assert age_steps(NonFinite("nan", 8)) == 8
    assert age_steps(0.5) is None
    assert age_steps(MASKED) is None


def test_blocks_take_what_is_at_hand() -> None:
    table = Table([Column("n", lambda n: n)], [1, 2], total=9)
    assert (table.shown, table.total) == (2, 9)
    assert Table([], []).total == 0
    assert Text("a\nb").lines == ("a", "b")
    assert Facts(Fact(name, 1) for name in "ab").facts[1].name == "b"
    report = Report("t", table, notes=(note for note in "xy"))
    assert report.blocks == (table,) and report.notes == ("x", "y")
