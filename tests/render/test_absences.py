from __future__ import annotations

import csv
import io
import json

import pytest

from sanctum.model.readings import LATE, MASKED, NOT_MEASURED, Measured, NonFinite
from sanctum.render import FORMATS, Screen, render
from sanctum.view import Column, Fact, Facts, Report, Series, Table, Value

KINDS: dict[str, Value] = {
    "zero": Measured(0.0),
    "nan": NonFinite("nan"),
    "inf": NonFinite("inf"),
    "-inf": NonFinite("-inf"),
    "masked": MASKED,
    "late": LATE,
    "not measured": NOT_MEASURED,
    "stale": Measured(0.0, 40, True),
}


def table() -> Report:
    columns = [Column("kind", lambda kind: kind), Column("value", lambda kind: KINDS[kind])]
    return Report("t", Table(columns, list(KINDS)))


def facts() -> Report:
    return Report("t", Facts(Fact(kind, value) for kind, value in KINDS.items()))


@pytest.mark.parametrize("report", [table, facts])
@pytest.mark.parametrize("format", ["table", "plain", "csv", "md"])
def test_no_two_kinds_of_cell_look_alike(report: object, format: str) -> None:
    assert callable(report)
    said = render(report(), format, Screen())
    shown = [
        line.replace("|", " ").replace(",", " ").strip().removeprefix(kind).strip()
        for kind in KINDS
        for line in said.splitlines()
        if line.replace("|", " ").strip().startswith((f"{kind} ", f"{kind},"))
    ]
    assert len(shown) == len(KINDS)
    assert len(set(shown)) == len(KINDS)
    assert all(shown)


@pytest.mark.parametrize("report", [table, facts])
def test_json_says_null_and_why(report: object) -> None:
    assert callable(report)
    rows = json.loads(render(report(), "json", Screen()))["blocks"][0]["rows"]
    assert rows[0]["value"] == 0.0 and "absent" not in rows[0]
    for kind, row in list(zip(KINDS, rows, strict=True))[1:]:
        assert row["value"] is None
        assert row["absent"] == {"value": kind}
    assert rows[-1]["stale"] == {"value": 0.0}


def test_the_points_of_a_curve_say_why_they_are_missing() -> None:
    report = Report("t", Series("entropy", tuple(KINDS.values()), "nat", 1, 8))
    said = json.loads(render(report, "json", Screen()))["blocks"][0]
    assert said["values"] == [0.0] + [None] * 7
    assert list(said["absent"].values()) == list(KINDS)[1:]
    shown = render(report, "plain", Screen(120, interactive=True))
    assert "1 nan, 1 inf, 1 -inf, 1 masked, 1 late, 1 not measured, 1 stale" in shown


def test_the_legend_stands_once() -> None:
    columns = [Column("value", lambda value: value)]
    report = Report("t", Table(columns, [None]), Table(columns, [None]))
    for format in ("table", "plain", "md"):
        assert render(report, format, Screen()).count("not measured") == 1
    without = Report("t", Table(columns, [Measured(0.0)]))
    assert all("not measured" not in render(without, format, Screen()) for format in FORMATS)


def test_csv_follows_a_judged_column_with_its_verdict() -> None:
    columns = [Column("mean reward", lambda n: n, verdict=lambda n: "warn" if n else None)]
    said = render(Report("t", Table(columns, [1.5, 0])), "csv", Screen())
    rows = list(csv.reader(io.StringIO(said)))
    assert rows == [["mean_reward", "mean_reward_verdict"], ["1.5", "warn"], ["0", ""]]
