"""Whatever a trainer sends: no escape gets out, nothing raises, no line is too wide."""

from __future__ import annotations

import csv
import io
import json
import math
from typing import Any, cast

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from sanctum.model.answers import At, Verdict
from sanctum.model.readings import LATE, MASKED, NOT_MEASURED, Measured, NonFinite
from sanctum.render import FORMATS, Screen, render
from sanctum.view import (
    Chart,
    ChartLine,
    Column,
    Fact,
    Facts,
    Mark,
    Report,
    Series,
    Table,
    Text,
    Value,
    absence,
)

ANY = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
texts = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=40),
    st.text("ab \n\t\x1b[31m]`|\"',\\\u4e16\u0301\u202e\ufe0f\U0001f600\ud800-~", max_size=120),
)
steps = st.integers(0, 2**40)
finites = st.floats(allow_nan=False, allow_infinity=False)
values: st.SearchStrategy[Value] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    texts,
    st.builds(Measured, finites, steps, st.booleans()),
    st.builds(NonFinite, st.sampled_from(("nan", "inf", "-inf")), steps),
    st.sampled_from((NOT_MEASURED, MASKED, LATE)),
)
verdicts: st.SearchStrategy[Verdict | None] = st.sampled_from((None, "ok", "warn", "crit"))
facts = st.builds(
    Fact,
    texts,
    values,
    texts | st.just("bytes"),
    verdicts,
    st.none() | steps,
    texts,
    st.none() | st.integers(0, 6),
)


@st.composite
def tables(draw: st.DrawFn) -> Table:
    count = draw(st.integers(0, 6))
    rows = draw(st.lists(st.tuples(*[st.tuples(values, verdicts)] * count), max_size=4))
    columns = [
        Column(
            draw(texts),
            lambda row, at=at: row[at][0],
            unit=draw(st.sampled_from(("", "percent", "bytes", "nat")) | texts),
            priority=draw(st.integers(0, 4)),
            digits=draw(st.none() | st.integers(0, 6)),
            verdict=(lambda row, at=at: row[at][1]) if draw(st.booleans()) else None,
            align=draw(st.sampled_from(("left", "right", "auto"))),
            flex=draw(st.booleans()),
        )
        for at in range(count)
    ]
    more = draw(st.integers(0, 900))
    return Table(columns, rows, title=draw(texts), empty=draw(texts), total=len(rows) + more)


@st.composite
def chart_lines(draw: st.DrawFn) -> ChartLine:
    at = sorted(draw(st.sets(steps, max_size=30)))
    said = draw(st.lists(values, min_size=len(at), max_size=len(at)))
    ends = draw(st.booleans()) and not any(isinstance(one, str | bool) for one in said)
    return ChartLine(
        draw(texts),
        draw(st.sampled_from(("", "percent", "bytes")) | texts),
        tuple(at),
        tuple(said),
        tuple(said) if ends else (),
        tuple(said) if ends else (),
    )


blocks = st.one_of(
    st.builds(
        Chart,
        st.lists(chart_lines(), max_size=4),
        st.lists(st.builds(Mark, steps, texts), max_size=5),
        clock=st.sampled_from(("step", "update")) | texts,
        title=texts,
        beside=st.integers(1, 2),
    ),
    st.builds(Facts, st.lists(facts, max_size=5), texts),
    tables(),
    st.builds(
        Series,
        texts,
        st.lists(values, max_size=90).map(tuple),
        texts,
        st.none() | steps,
        st.none() | steps,
        st.sampled_from(("step", "update")),
    ),
    st.builds(Text, st.lists(texts, max_size=3), texts),
)
moments = st.builds(
    At, st.none() | steps, st.none() | steps, st.none() | st.floats(), st.booleans(), steps
)


@st.composite
def reports(draw: st.DrawFn) -> Report:
    return Report(
        draw(texts),
        *draw(st.lists(blocks, max_size=3)),
        notes=draw(st.lists(texts, max_size=2)),
        headline=draw(texts),
        at=draw(st.none() | moments),
        run=draw(st.none() | texts),
        next=draw(texts),
        verdict=draw(verdicts),
        command=draw(texts),
    )


screens = st.builds(
    Screen,
    st.integers(20, 200),
    st.integers(1, 60),
    encoding_ascii=st.booleans(),
    escapes=st.booleans(),
    interactive=st.booleans(),
)


@ANY
@given(reports(), screens, st.sampled_from(FORMATS))
def test_uncoloured_output_holds_no_escape_and_can_be_encoded(
    report: Report, screen: Screen, format: str
) -> None:
    said = render(report, format, screen)
    encoded = said.encode("ascii" if screen.encoding_ascii or format == "json" else "utf-8")
    assert not set(encoded) & ({*range(32)} - {ord("\n")} | {0x7F})
    assert not any("\x80" <= character <= "\x9f" for character in said)
    assert said.endswith("\n") and not said.endswith("\n\n\n")


@ANY
@given(reports(), screens)
def test_no_line_of_a_table_answer_is_wider_than_the_screen(report: Report, screen: Screen) -> None:
    for line in render(report, "table", screen).split("\n"):
        assert cell_len(line) <= screen.width


@ANY
@given(reports(), screens)
def test_colour_adds_escapes_of_our_own_and_changes_no_text(report: Report, screen: Screen) -> None:
    import re

    bare = Screen(screen.width, screen.height, screen.encoding_ascii)
    dressed = Screen(
        screen.width, screen.height, screen.encoding_ascii, True, True, True, interactive=True
    )
    said = render(report, "table", dressed)
    without = re.sub(r"\x1b\[[0-9;]*m", "", said)
    assert [line.rstrip() for line in without.split("\n")] == [
        line.rstrip() for line in render(report, "table", bare).split("\n")
    ]


def strictly(line: str) -> Any:
    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is not JSON")

    msgspec.json.decode(line.encode())
    return json.loads(line, parse_constant=refuse)


@ANY
@given(reports())
def test_json_is_one_strict_line_and_numbers_come_back_the_same(report: Report) -> None:
    line = render(report, "json", Screen())
    assert line.count("\n") == 1 and line.isascii()
    said = strictly(line)
    assert said["schema"] == "sanctum.report/1"
    for block, given_block in zip(said["blocks"], report.blocks, strict=True):
        for value, why, given_value in _pairs(block, given_block):
            assert why == absence(given_value)
            if why is not None:
                assert value is None
            elif isinstance(given_value, Measured):
                assert value == given_value.value
            elif not isinstance(given_value, str):
                assert value == given_value and type(value) is type(given_value)


def _pairs(said: dict[str, Any], block: Any) -> list[tuple[Any, str | None, Value]]:
    if isinstance(block, Facts):
        rows = zip(said["rows"], block.facts, strict=True)
        return [(row["value"], row.get("absent", {}).get("value"), one.value) for row, one in rows]
    if isinstance(block, Series):
        absent = said["absent"]
        return [
            (value, absent.get(str(at)), cast(Value, block.values[at]))
            for at, value in enumerate(said["values"])
        ]
    if isinstance(block, Chart):
        return [
            (value, line["absent"].get(str(at)), cast(Value, given_line.values[at]))
            for line, given_line in zip(said["lines"], block.lines, strict=True)
            for at, value in enumerate(line["values"])
        ]
    if isinstance(block, Table):
        names = [column["name"] for column in said["columns"]]
        return [
            (row[name], row.get("absent", {}).get(name), column.get(item))
            for row, item in zip(said["rows"], block.items, strict=True)
            for name, column in zip(names, block.columns, strict=True)
        ]
    return []


@ANY
@given(tables())
def test_csv_has_a_cell_for_every_column_in_every_row(table: Table) -> None:
    if not table.columns:
        return
    said = render(Report("t", table), "csv", Screen())
    rows = list(csv.reader(io.StringIO(said, newline=""), strict=True))
    assert len({len(row) for row in rows if row}) == 1


@ANY
@given(st.lists(finites, min_size=1, max_size=8))
def test_csv_numbers_read_back_the_same(numbers: list[float]) -> None:
    table = Table([Column("n", lambda n: Measured(n)), Column("again", lambda n: n)], numbers)
    said = render(Report("t", table), "csv", Screen())
    rows = list(csv.DictReader(io.StringIO(said)))
    assert [float(row["n"]) for row in rows] == numbers
    assert [float(row["again"]) for row in rows] == numbers


@ANY
@given(st.floats(-1e300, 1e300))
def test_only_zero_is_shown_as_zero(value: float) -> None:
    report = Report("t", Table([Column("n", lambda n: n)], [value, 1e4, 0.5]))
    shown = render(report, "plain", Screen()).splitlines()[2].strip()
    assert (float(shown.replace(",", "")) == 0) == (value == 0)
    assert math.isclose(float(shown.replace(",", "")), value, rel_tol=0.5)


@pytest.mark.parametrize("format", FORMATS)
def test_a_report_of_nothing_is_still_an_answer(format: str) -> None:
    said = render(Report(""), format, Screen())
    assert said.endswith("\n")
