"""CSV: each block as a header and rows, blocks apart by a blank line, quoted as RFC 4180 says.

Numbers have full precision and a line ends with a newline alone. Where there is no number the cell
holds the word (``nan``, ``not measured``, ``masked``), never nothing and never 0; a stale number is
followed by ``stale``. Judged columns are followed by their verdict. Cells that a spreadsheet would
take for a formula are left as they are: data is data. Only control characters are shown escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sanctum.render import safe
from sanctum.render.chart import values_at
from sanctum.render.jsonl import keys
from sanctum.render.screen import Screen
from sanctum.view import Block, Chart, Facts, Report, Series, Table, Value, absence, plain
from sanctum.view.numbers import finite

Row = Sequence[str]


def render(report: Report, screen: Screen) -> str:
    """The blocks of `report` as CSV, ending with one newline; title and notes are not data."""
    ascii_only = screen.encoding_ascii
    blocks = ["".join(_line(row, ascii_only) for row in _rows(block)) for block in report.blocks]
    return "\n".join(block for block in blocks if block) or "\n"


def name(given: str) -> str:
    """`given` as a program would call it: ``mean_reward``."""
    return re.sub(r"\W+", "_", given).strip("_").lower() or "column"


def raw(value: Value) -> str:
    """`value` in full: the shortest digits that read back the same, or the word for none."""
    why = absence(value)
    if why is not None:
        return f"{finite(value)!r} stale" if why == "stale" else why
    value = plain(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else repr(value)


def _rows(block: Block) -> Iterator[Row]:
    if isinstance(block, Facts):
        yield ("name", "value", "unit", "verdict", "age_steps")
        for fact in block.facts:
            age = fact.age
            shown_age = "" if age is None else str(age)
            yield (fact.name, raw(fact.value), fact.unit, fact.verdict or "", shown_age)
    elif isinstance(block, Table):
        yield from _table_rows(block)
    elif isinstance(block, Series):
        yield ("index", name(block.name))
        for index, value in enumerate(block.values):
            yield (str(index), raw(value))
    elif isinstance(block, Chart):
        yield (name(block.clock), *(name(line.name) for line in block.lines))
        for at, values in values_at(block):
            yield (str(at), *map(raw, values))
    else:
        yield ("text",)
        for line in block.lines:
            yield (line,)


def _table_rows(block: Table) -> Iterator[Row]:
    head: list[str] = []
    for own, column in zip(keys(block.all_columns), block.all_columns, strict=True):
        head += [name(own)] if column.verdict is None else [name(own), f"{name(own)}_verdict"]
    if not head:
        return
    yield head
    for item in block.all_items:
        row: list[str] = []
        for column in block.all_columns:
            row.append(raw(column.get(item)))
            if column.verdict is not None:
                row.append(column.verdict(item) or "")
        yield row


def _line(row: Row, ascii_only: bool) -> str:
    """One line; blank ones stand only between blocks, so an empty cell alone is quoted."""
    return (",".join(_quoted(cell, ascii_only) for cell in row) or '""') + "\n"


def _quoted(cell: str, ascii_only: bool) -> str:
    shown = "\n".join(safe.text(line, ascii_only) for line in cell.split("\n"))
    if re.search(r'[",\n]|^\s|\s$', shown):
        return '"' + shown.replace('"', '""') + '"'
    return shown
