"""A Chart drawn in characters: curves over one clock, an axis for each unit, notes below.

Where more than ASCII can be shown and a curve has an axis for itself it is drawn in dots, two by
four a character; else with a mark for each curve, told apart without colour. What was not measured,
nan or infinite is a gap, never 0 and never joined over; ``!`` on the axis says where not finite.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from sanctum.render import safe
from sanctum.render.lines import Line, Space, joined, toned
from sanctum.render.sheet import short_unit, shown
from sanctum.view import Chart, ChartLine, Text, Value, absence
from sanctum.view.numbers import finite

MARKS = "*o+x#@%&"
WIDTH, ROWS, PIPED_ROWS, LEAST_ROWS, LEAST_WIDTH = 79, 15, 8, 4, 12
MARKS_SHOWN = 3
IN_A_FILE = Space(width=79, ascii=True, height=19)
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
_APART = 3.0
"""A hole this many times wider than points commonly are apart is a gap."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What is drawn where: `width` by `rows` characters from `first` to `last` of the clock."""

    width: int
    rows: int
    first: int
    last: int
    low: float
    high: float

    def column(self, at: float, cells: int) -> int:
        """The column of a moment, of so many."""
        if self.last <= self.first:
            return cells // 2
        return min(int((at - self.first) / (self.last - self.first) * cells), cells - 1)

    def height(self, value: float, cells: int) -> int:
        """The row of a value from the bottom, of so many."""
        if self.high <= self.low:
            return cells // 2
        share = (value / 2 - self.low / 2) / (self.high / 2 - self.low / 2)
        return min(max(int(share * cells), 0), cells - 1)


def written(block: Chart, space: Space) -> list[Line]:
    """The panels of a chart, one a unit, then its axis and its notes."""
    drawn = [line for line in block.lines if any(finite(one) is not None for one in line.values)]
    empty = [line.name for line in block.lines if line not in drawn]
    lines = [toned(space.text(block.title), "title")] if block.title else []
    if drawn:
        lines += _panels(block, drawn, space)
    if empty:
        names = ", ".join(empty)
        lines += [toned(one) for one in space.folded(space.text(f"nothing to draw of {names}"), 2)]
    return lines


def in_characters(block: Chart) -> Text:
    """A chart for a file that cannot hold a picture: marks that every font has in one width."""
    return Text([joined(line) for line in written(block, IN_A_FILE)])


def _panels(block: Chart, drawn: list[ChartLine], space: Space) -> list[Line]:
    panels = _by_unit(drawn)
    every = [at for line in drawn for at in line.at]
    first, last = min(every), max(every)
    ends = [_ends(panel) for panel in panels]
    labels = [_labels(panel, *end, space) for panel, end in zip(panels, ends, strict=True)]
    margin = max(safe.width(one) for pair in labels for one in pair)
    width = max((space.width or WIDTH) - margin - 2, LEAST_WIDTH)
    total = ROWS if space.height is None else max(space.height - 9, LEAST_ROWS) // block.beside
    least = PIPED_ROWS if space.height is None else LEAST_ROWS - 1
    rows = max(total // len(panels) - 1, least)
    lines: list[Line] = []
    for panel, (low, high), (bottom, top) in zip(panels, ends, labels, strict=True):
        lines += [toned(one) for one in space.folded(space.text(_legend(panel)), 2)]
        frame = Frame(width, rows, first, last, low, high)
        body = _drawn(panel, frame, space)
        for place, row in enumerate(body):
            label = top if place == 0 else bottom if place == rows - 1 else ""
            edge = "|" if space.ascii or not space.blocks else "│"
            lines.append(toned(f"{label.rjust(margin)} {edge}{row}".rstrip()))
    frame = Frame(width, rows, first, last, 0.0, 1.0)
    lines += [toned(" " * (margin + 1) + one) for one in _axis(block, drawn, frame, space)]
    return lines + _notes(block, frame, space)


def _by_unit(lines: Sequence[ChartLine]) -> list[list[ChartLine]]:
    """Curves of one unit share a panel; those without a unit have one each."""
    panels: dict[str, list[ChartLine]] = {}
    for line in lines:
        panels.setdefault(line.unit or f"\0{line.name}", []).append(line)
    return list(panels.values())


def _ends(panel: Sequence[ChartLine]) -> tuple[float, float]:
    """Least and greatest finite value."""
    every = [
        float(number)
        for line in panel
        for one in (*line.values, *line.low, *line.high)
        if (number := finite(one)) is not None
    ]
    return min(every), max(every)


def _labels(panel: Sequence[ChartLine], low: float, high: float, space: Space) -> tuple[str, str]:
    unit = panel[0].unit
    return shown(low, unit, None, space.ascii), shown(high, unit, None, space.ascii)


def _legend(panel: Sequence[ChartLine]) -> str:
    """Which mark is which curve, the unit, and how much of it is not finite."""
    several = len(panel) > 1
    named = []
    for place, line in enumerate(panel):
        mark = f"{MARKS[place % len(MARKS)]} " if several else ""
        odd = sum(absence(one) in ("nan", "inf", "-inf") for one in line.values)
        named.append(f"{mark}{line.name}" + (f" ({odd} not finite)" if odd else ""))
    return "  ".join([*named, short_unit(panel[0].unit)]).rstrip()


def _drawn(panel: Sequence[ChartLine], frame: Frame, space: Space) -> list[str]:
    """The rows of one panel, top first."""
    if len(panel) == 1 and space.blocks and not space.ascii:
        return _dotted(_lit(panel[0], frame, frame.width * 2, frame.rows * 4), frame)
    cells = [[" "] * frame.width for _ in range(frame.rows)]
    for place, line in enumerate(panel):
        for column, row in _lit(line, frame, frame.width, frame.rows):
            cells[frame.rows - 1 - row][column] = MARKS[place % len(MARKS)]
    return ["".join(row) for row in cells]


def _dotted(lit: set[tuple[int, int]], frame: Frame) -> list[str]:
    """Dots put together, two by four a character."""
    cells = [[0] * frame.width for _ in range(frame.rows)]
    for column, row in lit:
        down = frame.rows * 4 - 1 - row
        cells[down // 4][column // 2] |= _DOTS[column % 2][down % 4]
    return ["".join(chr(0x2800 + bits) if bits else " " for bits in row) for row in cells]


def _lit(line: ChartLine, frame: Frame, columns: int, rows: int) -> set[tuple[int, int]]:
    """The cells that a curve goes through: its points, joined where nothing is missing."""
    lit: set[tuple[int, int]] = set()
    far = _hole(line.at)
    before: tuple[int, int, int] | None = None
    for place, (at, value) in enumerate(zip(line.at, line.values, strict=True)):
        number = finite(value)
        if number is None:
            before = None
            continue
        here = frame.column(at, columns), frame.height(number, rows)
        ends = [finite(one[place]) for one in (line.low, line.high) if one]
        span = [frame.height(one, rows) for one in ends if one is not None] or [here[1]]
        lit.update((here[0], row) for row in range(min(span), max(span) + 1))
        lit.add(here)
        if before is not None and at - before[0] <= far:
            lit.update(_joined(before[1:], here))
        before = at, *here
    return lit


def _hole(at: Sequence[int]) -> float:
    """How far two neighbours may be apart and still be joined."""
    apart = sorted(later - earlier for earlier, later in itertools.pairwise(at))
    return _APART * apart[len(apart) // 2] if apart else 0.0


def _joined(start: tuple[int, int], end: tuple[int, int]) -> set[tuple[int, int]]:
    """The cells of a straight line between two cells."""
    across, up = end[0] - start[0], end[1] - start[1]
    count = max(abs(across), abs(up))
    return {
        (start[0] + round(across * one / count), start[1] + round(up * one / count))
        for one in range(1, count)
    }


def _axis(block: Chart, drawn: Sequence[ChartLine], frame: Frame, space: Space) -> list[str]:
    """The time axis with its ends and middle, where notes are and what was not finite."""
    plain = space.ascii or not space.blocks
    line = ["-" if plain else "─"] * frame.width
    for one in drawn:
        for at, value in zip(one.at, one.values, strict=True):
            if absence(value) in ("nan", "inf", "-inf"):
                line[frame.column(at, frame.width)] = "!"
    for mark in block.marks:
        if frame.first <= mark.at <= frame.last:
            line[frame.column(mark.at, frame.width)] = "^"
    first, last = f"{block.clock} {frame.first:,}", f"{frame.last:,}"
    middle = f"{(frame.first + frame.last) // 2:,}"
    under = [" "] * frame.width
    under[: len(first)] = first
    if frame.last > frame.first and len(first) + len(last) + 1 <= frame.width:
        under[frame.width - len(last) :] = last
        place = frame.width // 2 - len(middle) // 2
        if len(first) + 2 <= place and place + len(middle) + 2 <= frame.width - len(last):
            under[place : place + len(middle)] = middle
    corner = "+" if plain else "└"
    return [corner + "".join(line), " " + space.text("".join(under)).rstrip()]


def _notes(block: Chart, frame: Frame, space: Space) -> list[Line]:
    """The notes within the span, the newest of many."""
    within = [one for one in block.marks if frame.first <= one.at <= frame.last]
    said = [f"^ {block.clock} {one.at:,}: {one.text}" for one in within[-MARKS_SHOWN:]]
    if len(within) > MARKS_SHOWN:
        said.append(f"{len(within) - MARKS_SHOWN} more notes before them: events --type note")
    return [toned(one) for text in said for one in space.folded(space.text(text), 2)]


def values_at(block: Chart) -> list[tuple[int, list[Value]]]:
    """Every moment that some curve has a point at, with the value of each curve, None for none."""
    known = [dict(zip(line.at, line.values, strict=True)) for line in block.lines]
    moments = sorted({at for one in known for at in one})
    return [(at, [one.get(at) for one in known]) for at in moments]
