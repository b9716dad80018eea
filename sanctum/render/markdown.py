"""Markdown: GitHub tables, for an issue or a notebook; all columns, numbers as on the screen."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import compress

from sanctum.render import curve, safe
from sanctum.render.chart import in_characters, values_at
from sanctum.render.page import moment
from sanctum.render.screen import Screen
from sanctum.render.sheet import LOUD, short_unit, shown, strips
from sanctum.view import Block, Chart, Facts, Report, Series, Table, absence

_ACTIVE = re.compile(r"([\\|`*\[\]<>&~])")
_OUTER = re.compile(r"(?<!\w)(_+)|(_+)(?!\w)")
_FIRST = re.compile(r"\A(\d*)(?=(#{1,6}|[-+]|(?<=\d)[.)])(\s|\Z)|[-=]+\s*\Z)")
"""Where a line would begin a heading, a list or a rule; a number before it is kept."""
_CALLING = re.compile(r"(?<!\w)([@#])(?=\w)")
_UNSEEN = "&#8203;"
"""A space of no width: what keeps ``@name`` and ``#12`` from calling somebody in an issue."""


def render(report: Report, screen: Screen) -> str:
    """`report` as Markdown, ending with one newline."""
    ascii_only = screen.encoding_ascii
    when = moment(report)
    parts = [f"### {inline(report.title, ascii_only)}"]
    if when:
        parts.append(inline(when, ascii_only))
    parts += body(report, ascii_only)
    if report.next:
        parts.append(f"next: {_code(safe.text(report.next, ascii_only))}")
    return "\n\n".join(part for part in parts if part) + "\n"


def body(report: Report, ascii_only: bool, *, drawn: bool = False) -> list[str]:
    """What stands between the title of `report` and what to type next, as paragraphs.

    Charts are tables of their points, or `drawn` in characters.
    """
    parts = []
    word = LOUD.get(report.verdict or "", "")
    said = ": ".join(part for part in (word, report.headline) if part)
    if said:
        parts.append(f"**{inline(said, ascii_only)}**")
    blocks = [
        in_characters(one) if drawn and isinstance(one, Chart) else one for one in report.page
    ]
    parts += ["\n\n".join(filter(None, _block(block, ascii_only))) for block in blocks]
    notes = [inline(note, ascii_only) for note in report.notes]
    if any(map(has_unmeasured, report.page)):
        notes.insert(0, "`-` not measured")
    if notes:
        parts.append("\n".join(f"- {note}" for note in notes))
    return [part for part in parts if part]


def inline(given: str, ascii_only: bool) -> str:
    """`given` as a line that Markdown leaves alone; it calls nobody."""
    return _FIRST.sub(r"\1\\", cell(given, ascii_only), count=1)


def cell(given: str, ascii_only: bool) -> str:
    """`given` within a line or a table, with all that Markdown would obey there escaped."""
    text = _ACTIVE.sub(r"\\\1", safe.text(given, ascii_only).strip(" "))
    text = _OUTER.sub(lambda found: "\\_" * len(found[0]), text)
    return _CALLING.sub(rf"\1{_UNSEEN}", text)


def _code(shown_text: str) -> str:
    ticks = "`" * (max(map(len, re.findall("`+", shown_text)), default=0) + 1)
    edge = " " if len(ticks) > 1 else ""
    return f"{ticks}{edge}{shown_text}{edge}{ticks}"


def _block(block: Block, ascii_only: bool) -> Iterable[str]:
    if isinstance(block, Series):
        named = " ".join(part for part in (block.name, short_unit(block.unit)) if part)
        drawn = curve.spark(block.values, curve.WIDEST, ascii_only)
        yield f"{inline(named, ascii_only)}: {inline(curve.scale(block, ascii_only), ascii_only)}"
        if drawn:
            yield f"`{drawn}`"
        return
    if block.title:
        yield f"**{inline(block.title, ascii_only)}**"
    if isinstance(block, Facts):
        yield _facts(block, ascii_only)
    elif isinstance(block, Table):
        yield from _table(block, ascii_only)
    elif isinstance(block, Chart):
        yield _chart(block, ascii_only)
    else:
        lines = [line for given in block.lines for line in safe.lines(given, ascii_only)]
        longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
        fence = "`" * max(3, longest + 1)
        yield "\n".join([fence, *lines, fence])


def _facts(block: Facts, ascii_only: bool) -> str:
    rows = []
    for fact in block.facts:
        stale = " stale" if absence(fact.value) == "stale" else ""
        age = fact.age
        rows.append(
            [
                cell(fact.name, ascii_only),
                cell(shown(fact.value, fact.unit, fact.digits, ascii_only) + stale, ascii_only),
                cell(short_unit(fact.unit), ascii_only),
                LOUD.get(fact.verdict or "", fact.verdict or ""),
                f"{age:,}" if age else "",
                cell(fact.note, ascii_only),
            ]
        )
    heads = ["name", "value", "unit", "verdict", "age", "note"]
    said = [place < 2 or any(row[place] for row in rows) for place in range(len(heads))]
    kept = [list(compress(row, said)) for row in (heads, *rows)]
    return _rows(kept[0], list(compress([False, True, False, False, True, False], said)), kept[1:])


def _table(block: Table, ascii_only: bool) -> Iterable[str]:
    if not block.items:
        yield inline(block.empty, ascii_only)
        return
    columns = strips(block, ascii_only)
    rows = [
        [cell(strip.cells[row], ascii_only) for strip in columns] for row in range(len(block.items))
    ]
    heads = [cell(strip.head, ascii_only) for strip in columns]
    yield _rows(heads, [strip.right for strip in columns], rows)
    if block.total is not None and block.total > block.shown:
        yield f"{block.shown:,} of {block.total:,} shown"


def _chart(block: Chart, ascii_only: bool) -> str:
    """The points of a chart as a table, then its notes."""
    units = [f"{line.name} {short_unit(line.unit)}".strip() for line in block.lines]
    heads = [cell(one, ascii_only) for one in (block.clock, *units)]
    rows = [
        [
            f"{at:,}",
            *(
                cell(shown(value, line.unit, None, ascii_only), ascii_only)
                for line, value in zip(block.lines, values, strict=True)
            ),
        ]
        for at, values in values_at(block)
    ]
    notes = [inline(f"{block.clock} {one.at:,}: {one.text}", ascii_only) for one in block.marks]
    table = _rows(heads, [True] * len(heads), rows)
    return "\n\n".join([table, *(f"- {note}" for note in notes)])


def _rows(heads: Sequence[str], right: Sequence[bool], rows: Sequence[Sequence[str]]) -> str:
    rules = ["---:" if one else "---" for one in right]
    return "\n".join(f"| {' | '.join(row)} |" for row in (heads, rules, *rows))


def has_unmeasured(block: Block) -> bool:
    """Whether some value of `block` was never sent."""
    if isinstance(block, Facts):
        return any(absence(fact.value) == "not measured" for fact in block.facts)
    if not isinstance(block, Table):
        return False
    return any(
        absence(column.get(item)) == "not measured"
        for item in block.items
        for column in block.columns
    )
