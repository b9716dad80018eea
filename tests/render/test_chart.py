"""A chart of characters: where its points are, what is missing, and what tells curves apart."""

from __future__ import annotations

import csv
import io
import json

import pytest

from sanctum.model.readings import NOT_MEASURED, Measured, NonFinite
from sanctum.render import Screen, render
from sanctum.view import Chart, ChartLine, Mark, Report, Value

DUMB = Screen(80, 24, encoding_ascii=True, interactive=True)
CAPABLE = Screen(80, 24, escapes=True, interactive=True)


def line(name: str, values: list[Value], unit: str = "points", first: int = 0) -> ChartLine:
    return ChartLine(name, unit, tuple(range(first, first + len(values))), tuple(values))


def drawn(*lines: ChartLine, screen: Screen = DUMB, marks: tuple[Mark, ...] = ()) -> list[str]:
    shown = render(Report("plot", Chart(lines, marks)), "table", screen)
    return [row for row in shown.splitlines() if "|" in row or "│" in row]


def curve(rows: list[str]) -> list[str]:
    return [row.partition("|")[2] for row in rows]


RAMP: list[Value] = [Measured(float(one)) for one in range(100)]


def test_a_rising_curve_goes_from_the_lower_left_to_the_upper_right() -> None:
    rows = drawn(line("gain", RAMP))
    assert rows[0].rstrip().endswith("*") and rows[0].startswith("99 |")
    assert curve(rows)[-1].startswith("*") and rows[-1].startswith(" 0 |")
    columns = [min(at for at, one in enumerate(row) if one == "*") for row in curve(rows)]
    assert columns == sorted(columns, reverse=True)


@pytest.mark.parametrize("missing", [NonFinite("nan"), NonFinite("inf"), NOT_MEASURED])
def test_what_is_missing_is_a_gap_and_not_joined_over(missing: Value) -> None:
    flat: list[Value] = [Measured(5.0)] * 100
    flat[0], flat[99] = Measured(4.0), Measured(6.0)
    whole = curve(drawn(line("loss", flat)))
    holed = curve(drawn(line("loss", [*flat[:40], *[missing] * 20, *flat[60:]])))
    assert " " * 10 not in whole[6].strip() and " " * 10 in holed[6].strip()
    assert not any("*" in row[31:42] for row in holed)


def test_where_it_is_not_finite_stands_on_the_axis() -> None:
    values = [*RAMP[:50], NonFinite("nan"), *RAMP[51:]]
    shown = render(Report("plot", Chart([line("loss", values)])), "table", DUMB)
    assert "loss (1 not finite)" in shown
    (axis,) = [row for row in shown.splitlines() if row.lstrip().startswith("+")]
    assert axis.count("!") == 1


def test_points_far_apart_are_not_joined() -> None:
    at = (*range(20), *range(80, 100))
    holed = ChartLine("loss", "", at, tuple(Measured(float(one)) for one in at))
    assert not any("*" in row[20:50] for row in curve(drawn(holed)))


def test_several_curves_of_one_unit_share_an_axis_and_have_marks_of_their_own() -> None:
    falling: list[Value] = RAMP[::-1]
    shown = render(Report("plot", Chart([line("up", RAMP), line("down", falling)])), "table", DUMB)
    assert "* up  o down" in shown
    assert shown.count("+---") == 1
    rows = curve([row for row in shown.splitlines() if "|" in row])
    assert rows[0].startswith("o") and rows[0].rstrip().endswith("*")


def test_curves_of_different_units_have_an_axis_each() -> None:
    rows = drawn(line("accuracy", RAMP, "percent"), line("loss", RAMP[:50], "nats"))
    labels = [row.partition("|")[0].strip() for row in rows]
    assert [one for one in labels if one] == ["99", "0", "49", "0"]


def test_decimated_points_are_drawn_from_least_to_greatest() -> None:
    flat = tuple([Measured(5.0)] * 10)
    low, high = tuple([Measured(0.0)] * 10), tuple([Measured(10.0)] * 10)
    rows = curve(drawn(ChartLine("loss", "", tuple(range(10)), flat, low, high)))
    assert all(row.startswith("*") for row in rows)


def test_notes_stand_on_the_time_axis_and_below_it() -> None:
    marks = (Mark(50, "lowered the learning rate"), Mark(5000, "not here"))
    shown = render(Report("plot", Chart([line("loss", RAMP)], marks)), "table", DUMB)
    assert "^ step 50: lowered the learning rate" in shown
    assert "not here" not in shown
    (axis,) = [row for row in shown.splitlines() if row.lstrip().startswith("+")]
    assert abs(axis.index("^") - axis.index("+") - 37) <= 2


def test_a_dumb_terminal_gets_ascii_and_a_capable_one_dots() -> None:
    assert all(row.isascii() for row in drawn(line("loss", RAMP)))
    dots = "".join(drawn(line("loss", RAMP), screen=CAPABLE))
    assert any("\u2801" <= one <= "\u28ff" for one in dots)


@pytest.mark.parametrize("screen", [DUMB, CAPABLE, Screen(40, 24, interactive=True)])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_chart_fits_its_screen(screen: Screen, count: int) -> None:
    lines = [line(f"m{one}", RAMP, f"unit {one}") for one in range(count)]
    report = Report("plot", Chart(lines), headline="one line", next="history m0")
    shown = render(report, "table", screen).splitlines()
    assert len(shown) <= 22
    assert max(map(len, shown)) < screen.width


def test_a_constant_curve_and_one_point_can_be_drawn() -> None:
    assert any("*" in row for row in drawn(line("loss", [Measured(3.0)] * 9)))
    assert any("*" in row for row in drawn(line("loss", [Measured(3.0)])))


def test_programs_get_the_points() -> None:
    one = line("loss", [Measured(1.5), NonFinite("nan")], first=7)
    other = line("gain", [Measured(2.0)], first=8)
    report = Report("plot", Chart([one, other], [Mark(7, "hello")]))
    (block,) = json.loads(render(report, "json", Screen()))["blocks"]
    assert block["lines"][0]["at"] == [7, 8]
    assert block["lines"][0]["values"] == [1.5, None]
    assert block["lines"][0]["absent"] == {"1": "nan"}
    assert block["marks"] == [{"at": 7, "text": "hello"}]
    rows = list(csv.DictReader(io.StringIO(render(report, "csv", Screen()))))
    assert rows == [
        {"step": "7", "loss": "1.5", "gain": "not measured"},
        {"step": "8", "loss": "nan", "gain": "2.0"},
    ]
    assert "| 8 | nan | 2 |" in render(report, "md", Screen())
