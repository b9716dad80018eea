"""What differs between two answers: their values side by side, largest relative change first.

Works on any two reports of one command: facts are matched by name, rows of tables by their first
column. Sentences are not compared, nor are rows that stand for moments (events, decisions).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from sanctum.model.readings import Absent, Measured, NonFinite
from sanctum.view.numbers import cell, finite, size
from sanctum.view.report import Block, Column, Facts, Report, Table
from sanctum.view.values import Value

TIMELINES = ("step", "time", "attempt", "id")
"""Names of first columns whose rows are moments."""

ASIDE = ("unit", "verdict", "previous")
"""Names of columns that tell of another value of their row."""

LONGEST_WORD = 24
THERE, NO_ROW = "there", "no row"


class Item(NamedTuple):
    """A named value of an answer, as it would be shown; `row` is the row of a table it is in."""

    value: Value
    unit: str = ""
    digits: int | None = None
    row: str = ""


Items = Mapping[str, Item]


class Difference(NamedTuple):
    """One value that differs; `change` and `relative` (to the first) where both are numbers.

    `relative` is infinite from zero.
    """

    name: str
    first: Item
    second: Item
    change: float | None = None
    relative: float | None = None

    @property
    def unit(self) -> str:
        """Its unit."""
        return self.first.unit or self.second.unit


def items(report: Report) -> dict[str, Item]:
    """Every value of a report that can be compared, by a name a person can read."""
    found: dict[str, Item] = {}
    for block in report.blocks:
        for name, one in _of_block(block):
            while name in found:  # two of one name are told apart by how often it was there
                name += "'"
            found[name] = one
    return found


def differences(first: Items, second: Items) -> tuple[list[Difference], int]:
    """What differs, in order; and how many values are the same.

    A row that only one side has is one difference.
    """
    rows = {one.row for one in first.values()} ^ {one.row for one in second.values()}
    rows.discard("")
    here = {one.row for one in first.values()}
    found, same = [_lone(row, row in here) for row in sorted(rows)], 0
    for name in dict.fromkeys((*first, *second)):
        a, b = first.get(name, Item(None)), second.get(name, Item(None))
        if rows.intersection((a.row, b.row)):
            continue
        if _same(a.value, b.value):
            same += 1
        else:
            found.append(_difference(name, a, b))
    found.sort(key=_order)
    return found, same


def table(found: Sequence[Difference], first: str, second: str, total: int | None = None) -> Table:
    """Differences as a table under the names of the two sides; numbers raw for programs."""
    return Table(
        (
            Column("what", lambda d: d.name, priority=0),
            Column(first, lambda d: _written(d.first), align="right", priority=0),
            Column(second, lambda d: _written(d.second), align="right", priority=0),
            Column("difference", _change, align="right", priority=1),
            Column("relative", _relative, align="right", priority=0),
            Column("unit", lambda d: d.unit, priority=2),
        ),
        found,
        empty="nothing differs",
        total=total,
        detail=(
            Column("first", lambda d: d.first.value),
            Column("second", lambda d: d.second.value),
            Column("change", lambda d: d.change),
            Column("ratio", lambda d: d.relative),
        ),
    )


def _of_block(block: Block) -> Iterator[tuple[str, Item]]:
    if isinstance(block, Facts):
        for fact in block.facts:
            if _is_comparable(fact.value):
                name = f"{block.title} {fact.name}" if block.title else fact.name
                yield name, Item(fact.value, fact.unit, fact.digits)
    elif isinstance(block, Table) and block.columns and block.columns[0].name not in TIMELINES:
        for item in block.all_items:
            yield from _of_row(block, item)


def _of_row(block: Table, item: object) -> Iterator[tuple[str, Item]]:
    key, *columns = block.all_columns
    row = _spelled(key, item)
    units = [str(one.get(item) or "") for one in columns if one.name == "unit"]
    for column in columns:
        value = column.get(item)
        if column.flex or column.name in ASIDE or not _is_comparable(value):
            continue
        is_all = bool(units) and column.name == "value"  # a row that is one reading
        unit = column.unit or (units[0] if is_all else "")
        yield row if is_all else f"{row} {column.name}", Item(value, unit, column.digits, row)


def _spelled(key: Column, item: object) -> str:
    """A row's name: its number with the column's name before it, or its word."""
    value = key.get(item)
    number = finite(value)
    return cell(value) if number is None else f"{key.name} {cell(value, 0).replace(',', '')}"


def _is_comparable(value: Value) -> bool:
    """Numbers, absences and words; not a sentence."""
    return not isinstance(value, str) or (len(value) <= LONGEST_WORD and value.count(" ") < 2)


def _plain(value: Value) -> Value:
    """Without what says how old it is."""
    if isinstance(value, Measured):
        return value.value
    if isinstance(value, NonFinite):
        return value.kind
    if isinstance(value, Absent):
        return None if value.why == "not measured" else value.why
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    return value


def _same(first: Value, second: Value) -> bool:
    return _plain(first) == _plain(second)


def _difference(name: str, first: Item, second: Item) -> Difference:
    a, b = finite(first.value), finite(second.value)
    if a is None or b is None:
        return Difference(name, first, second)
    relative = (b - a) / abs(a) if a else math.copysign(math.inf, b - a)
    return Difference(name, first, second, b - a, relative)


def _lone(row: str, is_first: bool) -> Difference:
    there, gone = Item(THERE), Item(NO_ROW)
    return Difference(row, there, gone) if is_first else Difference(row, gone, there)


def _order(one: Difference) -> tuple[int, float, float]:
    """What is not finite first, then numbers by relative change, absences, words."""
    values = (_plain(one.first.value), _plain(one.second.value))
    if any(value in ("nan", "inf", "-inf") for value in values):
        return 0, 0.0, 0.0
    if one.relative is not None and one.change is not None:
        return 1, -abs(one.relative), -abs(one.change)
    numbers = (finite(one.first.value), finite(one.second.value))
    return (2 if any(value is not None for value in numbers) else 3), 0.0, 0.0


def _written(one: Item) -> str:
    value, number = one.value, finite(one.value)
    if one.unit == "bytes" and number is not None:
        return size(number)
    if value is None or (isinstance(value, Absent) and value.why == "not measured"):
        return "not measured"
    return cell(value, one.digits)


def _change(one: Difference) -> str | None:
    if one.change is None:
        return None
    text = _written(Item(float(one.change), one.unit, one.first.digits))
    return text if one.change < 0 else f"+{text}"


def _relative(one: Difference) -> str | None:
    if one.relative is None:
        return None
    if not math.isfinite(one.relative):
        return "from 0"
    percent = 100 * one.relative
    if abs(percent) >= 1e6:
        return f"{percent:+.1e} %"
    return f"{percent:+,.{0 if abs(percent) >= 10 else 1}f} %"


def merged(*parts: Iterable[tuple[str, Item]]) -> dict[str, Item]:
    """Named values of several answers in one."""
    return {name: one for part in parts for name, one in part}
