"""Facts as aligned lines: name, value, unit, verdict, age, note."""

from __future__ import annotations

from dataclasses import dataclass

from sanctum.render import safe
from sanctum.render.lines import TONES, Line, Space, Tone, joined, shortened, spread
from sanctum.render.sheet import LOUD, is_number, short_unit, shown
from sanctum.view import Fact, Facts, absence

_WORDY = 16
"""Strings up to this wide keep the columns after them aligned."""
_NOTE_LEAST = 20


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    value: str
    unit: str
    number: bool
    verdict: str | None
    word: str
    age: str
    note: str


@dataclass(frozen=True, slots=True)
class _Widths:
    name: int
    number: int
    value: int
    word: int
    age: int


def written(block: Facts, space: Space) -> list[Line]:
    """The facts of `block`, one a line, notes folded below themselves.

    Where text may be cut, it is only the notes beside what is well.
    """
    rows = [_row(fact, space) for fact in block.facts]
    numbers = [safe.width(row.value) for row in rows if row.number]
    values = [
        max(numbers, default=0) + 1 + safe.width(row.unit) if row.number else safe.width(row.value)
        for row in rows
        if row.number or safe.width(row.value) <= _WORDY
    ]
    cap = None if space.width is None else max(10, space.width // 2)
    names = [safe.width(row.name) for row in rows]
    widths = _Widths(
        name=max((name for name in names if cap is None or name <= cap), default=0),
        number=max(numbers, default=0),
        value=max(values, default=0),
        word=max((len(row.word) for row in rows), default=0),
        age=max((len(row.age) for row in rows), default=0),
    )
    return [line for row in rows for line in _lines(row, widths, space)]


def has_unmeasured(block: Facts) -> bool:
    """Whether some value of `block` was never sent."""
    return any(absence(fact.value) == "not measured" for fact in block.facts)


def _row(fact: Fact, space: Space) -> _Row:
    age = fact.age
    ages = ["stale"] if absence(fact.value) == "stale" else []
    if age:
        ages.append(f"age {age:,}")
    return _Row(
        name=space.text(fact.name),
        value=shown(fact.value, fact.unit, fact.digits, space.ascii),
        unit=space.text(short_unit(fact.unit)) if is_number_like(fact) else "",
        number=is_number_like(fact),
        verdict=fact.verdict,
        word=LOUD.get(fact.verdict or "", fact.verdict or ""),
        age=" ".join(ages),
        note=space.text(fact.note),
    )


def is_number_like(fact: Fact) -> bool:
    """Whether its value stands among the numbers: absences do."""
    return is_number(fact.value) or absence(fact.value) is not None


def _lines(row: _Row, widths: _Widths, space: Space) -> list[Line]:
    tone: Tone = TONES.get(row.verdict, "") if row.verdict != "ok" else ""
    value = row.value
    if row.number:
        value = f"{safe.pad(value, widths.number, right=True)} {row.unit}"
    spans: list[tuple[str, Tone]] = [(safe.pad(row.name, widths.name) + "  ", "")]
    start = safe.width(spans[0][0])
    tail: list[tuple[str, Tone]] = []
    if row.word or row.age or row.note:
        if widths.word:
            tail.append((f"  {row.word.ljust(widths.word)}", tone or TONES.get(row.verdict, "")))
        if widths.age:
            tail.append((f"  {row.age.ljust(widths.age)}", "quiet"))
        if row.note:
            tail.append(("  ", ""))
    used = start + max(safe.width(value), widths.value) + sum(safe.width(text) for text, _ in tail)
    if space.width is None or used <= space.width:
        spans.append((safe.pad(value, widths.value) if tail else value, tone))
        return _noted((*spans, *tail), used, row, space)
    return _stacked(row, widths.name + 2, space, tone)


def _noted(line: Line, used: int, row: _Row, space: Space) -> list[Line]:
    """`line` and its note after it, folded below it, or cut."""
    if space.width is None or used + safe.width(row.note) <= space.width:
        return [(*line, (row.note, "quiet"))]
    left = space.width - used
    if space.cuts and row.verdict not in LOUD and left >= 8:
        return [(*line, (safe.cut(row.note, left), "quiet"))]
    bare = joined(line)
    if safe.width(bare) + 2 + safe.width(row.note) <= space.width:
        return [(*shortened(line, len(bare)), ("  ", ""), (row.note, "quiet"))]
    indent = used if left >= _NOTE_LEAST else 4
    if indent == used:
        head, *others = space.folded(row.note, indent, used)
        return [(*line, (head, "quiet")), *(((text, "quiet"),) for text in others)]
    below = space.folded(" " * indent + row.note, indent)
    return [line, *(((text, "quiet"),) for text in below)]


def _stacked(row: _Row, start: int, space: Space, tone: Tone) -> list[Line]:
    """What is too wide for its line: the value under itself, then the rest below."""
    value = f"{row.value} {row.unit}".rstrip()
    rest = spread((row.word, row.age, row.note))
    if safe.width(row.name) <= start - 2:
        indent = start
        head, *others = space.folded(value, start, start)
        lines: list[Line] = [((safe.pad(row.name, start), ""), (head, tone))]
    else:
        indent = 4
        lines = [((text, ""),) for text in space.folded(row.name, 4)]
        others = space.folded(" " * 4 + value, 4)
    lines += [((text, tone),) for text in others]
    if rest:
        lines += [((text, "quiet"),) for text in space.folded(" " * indent + rest, indent)]
    return lines
