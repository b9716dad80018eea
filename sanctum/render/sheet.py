"""A Table as strips of text: every value shown, aligned and measured, nothing yet left out."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sanctum.render import safe
from sanctum.render.layout import Need
from sanctum.view import Column, Table, Value, absence
from sanctum.view.numbers import body, finite, size

SHORT_UNITS = {
    "percent": "%",
    "points": "pt",
    "seconds": "s",
    "milliseconds": "ms",
    "bytes": "",  # written with every value, as in 1.4 MiB
    "count": "",
}
LOUD = {"warn": "WARN", "crit": "CRIT"}
"""Verdicts that are written beside a value; ok is silent in a table."""


@dataclass(frozen=True, slots=True)
class Strip:
    """One column as text: its head and its cells, safe to show and all padded to be aligned."""

    name: str
    head: str
    cells: tuple[str, ...]
    verdicts: tuple[str | None, ...]
    right: bool
    flex: bool
    least: int
    priority: int
    unmeasured: bool

    @property
    def width(self) -> int:
        """Cells of the terminal that its widest line takes."""
        return max(map(safe.width, (self.head, *self.cells)))

    @property
    def need(self) -> Need:
        """What it asks of the layout."""
        return Need(self.width, safe.width(self.head), self.priority, self.flex, self.least)


def strips(table: Table, ascii_only: bool) -> list[Strip]:
    """The columns of `table`, each value asked for once."""
    return [_strip(column, table.items, ascii_only) for column in table.columns]


def short_unit(unit: str) -> str:
    """`unit` as it stands in a header: ``%`` for percent."""
    return SHORT_UNITS.get(unit, unit)


def shown(value: Value, unit: str, digits: int | None, ascii_only: bool) -> str:
    """One value as people read it, without ``stale`` or unit; sizes in bytes carry their own."""
    number = finite(value)
    if unit == "bytes" and number is not None and abs(number) < 1e30:
        return size(number)
    return safe.text(body(value, digits), ascii_only)


def is_number(value: Value) -> bool:
    """Whether `value` is a number, nan and infinities included."""
    return finite(value) is not None or absence(value) in ("nan", "inf", "-inf")


def _strip(column: Column, items: tuple[object, ...], ascii_only: bool) -> Strip:
    values = [column.get(item) for item in items]
    verdicts = tuple(column.verdict(item) if column.verdict else None for item in items)
    reasons = [absence(value) for value in values]
    numeric = _is_numeric(values, reasons)
    digits = column.digits
    if digits is None and numeric:  # numbers among words are each of another kind
        digits = _digits(values)
    bodies = [shown(value, column.unit, digits, ascii_only) for value in values]
    right = column.align == "right" or (column.align == "auto" and numeric)
    tails = [_tail(reason, verdict) for reason, verdict in zip(reasons, verdicts, strict=True)]
    if right and any(tails):
        room = max(map(safe.width, bodies))
        behind = max(map(len, tails)) + 1
        bodies = [
            safe.pad(text, room, right=True) + (f" {tail}" if tail else "").ljust(behind)
            for text, tail in zip(bodies, tails, strict=True)
        ]
    else:
        bodies = [f"{text} {tail}".rstrip() for text, tail in zip(bodies, tails, strict=True)]
    unit = short_unit(column.unit)
    return Strip(
        name=safe.text(column.name, ascii_only),
        head=safe.text(f"{column.name} {unit}".strip(), ascii_only),
        cells=tuple(bodies),
        verdicts=verdicts,
        right=right,
        flex=column.flex,
        least=column.least,
        priority=column.priority,
        unmeasured="not measured" in reasons,
    )


def _tail(reason: str | None, verdict: str | None) -> str:
    words = ["stale"] if reason == "stale" else []
    if verdict in LOUD:
        words.append(LOUD[verdict])
    return " ".join(words)


def _digits(values: list[Value]) -> int | None:
    """Decimals that suit a whole column of `values`; None for whole, large and tiny numbers."""
    numbers = [abs(number) for value in values if (number := finite(value)) is not None]
    greatest = max(numbers, default=0)
    if greatest >= 1e5 or greatest < 0.01 or all(number == int(number) for number in numbers):
        return None
    return min(max(2 - math.floor(math.log10(greatest)), 2), 4)


def _is_numeric(values: list[Value], reasons: list[str | None]) -> bool:
    """Whether all that is there is numbers; a column of which nothing is there counts."""
    nothing = ("not measured", "masked", "late")
    there = [value for value, why in zip(values, reasons, strict=True) if why not in nothing]
    return all(map(is_number, there))
