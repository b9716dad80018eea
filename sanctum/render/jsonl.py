"""JSON: one object on one line, ASCII, with full precision; absent values are null with a reason.

``schema`` is ``sanctum.report/1``. Wherever a value is null, ``absent`` beside it says why: not
measured, masked, late, stale, nan, inf, -inf. A value that is only stale stands under ``stale``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from sanctum.render import safe
from sanctum.view import (
    Block,
    Chart,
    ChartLine,
    Column,
    Facts,
    Report,
    Series,
    Table,
    Value,
    absence,
    plain,
)
from sanctum.view.numbers import finite

SCHEMA = "sanctum.report/1"
_BESIDE = frozenset({"absent", "stale", "verdicts"})
"""Names in a row that are not columns."""


def render(report: Report) -> str:
    """`report` as one line of JSON, ending with a newline."""
    said: dict[str, Any] = {
        "schema": SCHEMA,
        "command": report.command,
        "run": report.run,
        "at": _at(report),
        "title": report.title,
        "blocks": [_block(block) for block in report.blocks],
        "notes": list(report.notes),
    }
    for name in ("headline", "next", "verdict"):
        if getattr(report, name):
            said[name] = getattr(report, name)
    line = json.dumps(_clean(said), allow_nan=False, separators=(", ", ": "))
    return line.replace("\x7f", "\\u007f") + "\n"


def keys(columns: Sequence[Column]) -> list[str]:
    """The name of each column within a row: its own, made different where two would be the same."""
    taken: set[str] = set(_BESIDE)
    names = []
    for column in columns:
        name, count = column.name, 1
        while name in taken:
            count += 1
            name = f"{column.name}_{count}"
        taken.add(name)
        names.append(name)
    return names


def _at(report: Report) -> dict[str, Any] | None:
    at = report.at
    if at is None:
        return None
    time = at.time if at.time is not None and math.isfinite(at.time) else None
    return {
        "attempt": at.attempt,
        **({} if at.hall is None else {"hall": at.hall, "run_id": at.run_id}),
        "step": at.step,
        "update": at.update,
        "time": time,
        "live": at.live,
    }


def _block(block: Block) -> dict[str, Any]:
    if isinstance(block, Facts):
        return {"kind": "facts", "title": block.title, "rows": _fact_rows(block)}
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Series):
        return _series(block)
    if isinstance(block, Chart):
        return _chart(block)
    return {"kind": "text", "title": block.title, "lines": list(block.lines)}


def _fact_rows(block: Facts) -> list[dict[str, Any]]:
    rows = []
    for fact in block.facts:
        row: dict[str, Any] = {
            "name": fact.name,
            "value": plain(fact.value),
            "unit": fact.unit,
            "verdict": fact.verdict,
            "age_steps": fact.age,
        }
        if fact.note:
            row["note"] = fact.note
        rows.append(row | _reasons({"value": fact.value}))
    return rows


def _table(block: Table) -> dict[str, Any]:
    names = keys(block.all_columns)
    rows = []
    for item in block.all_items:
        values = {
            name: column.get(item) for name, column in zip(names, block.all_columns, strict=True)
        }
        row: dict[str, Any] = {name: plain(value) for name, value in values.items()}
        verdicts = {
            name: word
            for name, column in zip(names, block.all_columns, strict=True)
            if column.verdict is not None and (word := column.verdict(item)) is not None
        }
        rows.append(row | _reasons(values) | ({"verdicts": verdicts} if verdicts else {}))
    units = zip(names, block.all_columns, strict=True)
    return {
        "kind": "table",
        "title": block.title,
        "columns": [{"name": name, "unit": column.unit} for name, column in units],
        "rows": rows,
        "shown": len(block.all_items),
        "total": block.total + len(block.rest),
    }


def _series(block: Series) -> dict[str, Any]:
    values = {str(index): value for index, value in enumerate(block.values)}
    median = {} if block.median is None else {"median": plain(block.median)}
    return {
        "kind": "series",
        "name": block.name,
        "unit": block.unit,
        "clock": block.clock,
        "first": block.first,
        "last": block.last,
        "values": [plain(value) for value in block.values],
        "absent": {},
        **median,
    } | _reasons(values)


def _chart(block: Chart) -> dict[str, Any]:
    return {
        "kind": "chart",
        "title": block.title,
        "clock": block.clock,
        "lines": [_line(line) for line in block.lines],
        "marks": [{"at": mark.at, "text": mark.text} for mark in block.marks],
    }


def _line(line: ChartLine) -> dict[str, Any]:
    said: dict[str, Any] = {
        "name": line.name,
        "unit": line.unit,
        "at": list(line.at),
        "values": [plain(value) for value in line.values],
    }
    for name, ends in (("low", line.low), ("high", line.high)):
        if ends:
            said[name] = [plain(value) for value in ends]
    values = {str(index): value for index, value in enumerate(line.values)}
    return said | {"absent": {}} | _reasons(values)


def _reasons(values: dict[str, Value]) -> dict[str, dict[str, Any]]:
    """Why some of `values` are null, and what the stale ones were."""
    absent = {name: why for name, value in values.items() if (why := absence(value)) is not None}
    stale = {name: finite(values[name]) for name, why in absent.items() if why == "stale"}
    said: dict[str, dict[str, Any]] = {"absent": absent} if absent else {}
    return said | ({"stale": stale} if stale else {})


def _clean(value: Any) -> Any:
    """`value` without lone surrogates, which strict readers refuse: they are shown escaped."""
    if isinstance(value, str):
        if value.isascii() or not any("\ud800" <= one <= "\udfff" for one in value):
            return value
        return "".join(safe.text(one) if "\ud800" <= one <= "\udfff" else one for one in value)
    if isinstance(value, dict):
        return {_clean(name): _clean(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(one) for one in value]
    return value
