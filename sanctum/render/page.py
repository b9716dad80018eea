"""The order of an answer on a page: title, headline, blocks, notes, what to type next."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from sanctum.render import cards, chart, curve, facts, safe
from sanctum.render.lines import TONES, Line, Space, paragraph, spread, toned
from sanctum.render.sheet import LOUD
from sanctum.view import Block, Chart, Facts, Report, Series, Table, Text
from sanctum.view.cards import Cards
from sanctum.view.numbers import clock

LEGEND = "- not measured"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Grid(Generic[T]):
    """A table drawn: its pieces, the names of the columns it left out, whether a - is in it."""

    pieces: tuple[T, ...]
    left_out: tuple[str, ...] = ()
    unmeasured: bool = False


def compose(
    report: Report,
    space: Space,
    draw: Callable[[Line], T],
    grid: Callable[[Table, Space], Grid[T]],
) -> list[T]:
    """All pieces of `report`, top to bottom: lines through `draw`, tables through `grid`."""
    pieces = [draw(line) for line in _top(report, space)]
    explained = False
    blocks = report.page
    for place, block in enumerate(blocks):
        if place and not _stands_with(blocks[place - 1], block, space):
            pieces.append(draw(toned("")))
        if isinstance(block, Table):
            drawn, below, unmeasured = _table(block, space, draw, grid)
            pieces += drawn
        else:
            below, unmeasured = [], isinstance(block, Facts) and facts.has_unmeasured(block)
            pieces += [draw(line) for line in _block(block, space)]
        if unmeasured and not explained:
            below, explained = [LEGEND, *below], True
        if below:
            pieces += [draw(line) for line in paragraph("; ".join(below), space, "quiet")]
    for note in report.notes:
        pieces += [draw(line) for line in paragraph(note, space)]
    if report.next:
        pieces += [draw(line) for line in paragraph(f"next: {report.next}", space, indent=6)]
    return pieces


def _stands_with(before: Block, block: Block, space: Space) -> bool:
    """Whether a block needs no blank line before it: curves of one stretch stand together."""
    both = isinstance(before, Series) and isinstance(block, Series)
    return both and space.width is not None


def moment(report: Report) -> str:
    """When and where the answer is from: ``demo-3  step 1,240  u41  live``; empty without.

    Of an entry of the hall of fame, its rank first.
    """
    titled = report.run in re.split(r"[\s:;,()]+", report.title)
    parts = [report.run] if report.run and not titled else []
    at = report.at
    if at is not None:
        if at.hall is not None and f"hall:{at.hall}" not in report.title:
            parts.insert(0, f"hall:{at.hall}")
        if at.attempt > 1:
            parts.append(f"attempt {at.attempt:,}")
        if at.step is not None:
            parts.append(f"step {at.step:,}")
        if at.update is not None:
            parts.append(f"u{at.update}")
        if at.live:
            parts.append("live")
        elif at.time is not None:
            parts.append(_time(at.time))
    return spread(parts)


def _time(seconds: float) -> str:
    try:
        return f"at {clock(seconds)}"
    except (ValueError, OverflowError, OSError):  # nan, or a year no calendar has
        return ""


def title(report: Report, space: Space) -> Line:
    """The first line, always one line: the title gives way to the moment."""
    when = space.text(moment(report))
    what = space.text(report.title)
    if space.width is not None:
        when = safe.cut(when, space.width - 8)
        what = safe.cut(what, space.width - safe.width(when) - 2 if when else space.width)
    return ((what, "title"), (f"  {when}" if when else "", "quiet"))


def _top(report: Report, space: Space) -> list[Line]:
    word = LOUD.get(report.verdict or "", "")
    said = spread((word, report.headline), ": ") if report.headline else word
    lines = [title(report, space)]
    if said:
        lines += paragraph(said, space, TONES.get(report.verdict, ""))
    return lines


def _block(block: Facts | Series | Chart | Text, space: Space) -> list[Line]:
    if isinstance(block, Cards):
        return [*_heading(block.title, space), *cards.written(block, space)]
    if isinstance(block, Series):
        return curve.written(block, space)
    if isinstance(block, Chart):
        return chart.written(block, space)
    body = (
        facts.written(block, space)
        if isinstance(block, Facts)
        else curve.verbatim(block.lines, space)
    )
    return [*_heading(block.title, space), *body]


def _heading(text: str, space: Space) -> list[Line]:
    return paragraph(text, space, "title") if text else []


def _table(
    block: Table, space: Space, draw: Callable[[Line], T], grid: Callable[[Table, Space], Grid[T]]
) -> tuple[list[T], list[str], bool]:
    """The pieces of a table, what is to be said below it, and whether a - is in it."""
    pieces = [draw(line) for line in _heading(block.title, space)]
    below = []
    total = block.shown if block.total is None else block.total
    if total > block.shown:
        below.append(f"{block.shown:,} of {total:,} shown")
    if not block.items:
        empty = space.text(block.empty)
        return [*pieces, *(draw(toned(line)) for line in space.folded(empty))], below, False
    drawn = grid(block, space)
    if drawn.left_out:
        below.append(f"not shown: {', '.join(drawn.left_out)} (--format json has all)")
    return [*pieces, *drawn.pieces], below, drawn.unmeasured
