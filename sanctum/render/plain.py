"""Plain text: aligned, without borders or escapes, and nothing lost.

A pipe is as wide as the widest line. On a terminal, long text goes on below itself, and columns
that do not fit follow in a second panel, of the same rows, or go one value a line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sanctum.render import safe
from sanctum.render.layout import GAP, panels
from sanctum.render.lines import Space, joined
from sanctum.render.page import Grid, compose
from sanctum.render.screen import Screen
from sanctum.render.sheet import Strip, strips
from sanctum.view import Report, Table


def render(report: Report, screen: Screen) -> str:
    """`report` as plain text, ending with one newline."""
    width = screen.width - 1 if screen.interactive else None
    height = screen.height if screen.interactive else None
    space = Space(width, screen.encoding_ascii, height=height)
    return "\n".join(compose(report, space, joined, _grid)).rstrip("\n") + "\n"


def _grid(table: Table, space: Space) -> Grid[str]:
    columns = strips(table, space.ascii)
    seen = any(strip.unmeasured for strip in columns)
    if space.width is None:
        pages = [{index: strip.width for index, strip in enumerate(columns)}]
        return Grid(tuple(_page(columns, pages[0])), unmeasured=seen)
    found = panels([strip.need for strip in columns], space.width)
    if found is None:
        return Grid(tuple(stacked(columns, space)), unmeasured=seen)
    lines = [line for page in found for line in ["", *_page(columns, page)]]
    return Grid(tuple(lines[1:]), unmeasured=seen)


def _page(columns: Sequence[Strip], widths: Mapping[int, int]) -> list[str]:
    """The head and the rows of some columns; a cell too long goes on in the lines below it."""
    kept = [(columns[index], width) for index, width in widths.items()]
    lines = [_joined([safe.pad(strip.head, width, strip.right) for strip, width in kept])]
    for row in range(len(columns[0].cells) if columns else 0):
        folded = [_parts(strip.cells[row], width) for strip, width in kept]
        for depth in range(max(map(len, folded))):
            parts = [
                safe.pad(cell[depth] if depth < len(cell) else "", width, strip.right)
                for cell, (strip, width) in zip(folded, kept, strict=True)
            ]
            lines.append(_joined(parts))
    return lines


def _parts(cell: str, width: int) -> list[str]:
    return [cell] if safe.width(cell) <= width else safe.fold(cell.strip(" "), width)


def _joined(parts: Sequence[str]) -> str:
    return (" " * GAP).join(parts).rstrip(" ")


def stacked(columns: Sequence[Strip], space: Space) -> list[str]:
    """The rows one below the other, a value a line as ``name: value``, rows apart by a blank."""
    lines: list[str] = []
    for row in range(len(columns[0].cells) if columns else 0):
        if row:
            lines.append("")
        for strip in columns:
            lines += space.folded(f"{strip.head}: {strip.cells[row].strip(' ')}", 4)
    return lines
