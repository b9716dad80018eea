"""Tables for a capable terminal, through Rich, which is told everything and guesses nothing."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO

from rich.box import Box
from rich.console import Console
from rich.style import Style
from rich.table import Table as RichTable
from rich.text import Text as RichText

from sanctum.render import safe
from sanctum.render.layout import GAP, fit
from sanctum.render.lines import TONES, Line, Space, Tone, joined, shortened, toned
from sanctum.render.page import Grid, compose
from sanctum.render.plain import stacked
from sanctum.render.screen import Screen
from sanctum.render.sheet import Strip, strips
from sanctum.view import Report, Table

Piece = RichTable | RichText

_NOTHING = "    \n"
_RULED = Box(_NOTHING * 2 + " ── \n" + _NOTHING * 5)
_RULED_ASCII = Box(_NOTHING * 2 + " -- \n" + _NOTHING * 5, ascii=True)
_LONG = 200
"""Rows from which a table is written without Rich's own layout."""
_STYLES = {
    "": Style.null(),
    "title": Style(bold=True),
    "ok": Style(color="green"),
    "warn": Style(color="yellow", bold=True),
    "crit": Style(color="red", bold=True),
    "quiet": Style.null(),
}


def render(report: Report, screen: Screen) -> str:
    """`report` for `screen`, at exactly its size, ending with one newline."""
    space = Space(
        screen.width - 1,
        screen.encoding_ascii,
        not screen.encoding_ascii,
        cuts=True,
        height=screen.height,
    )
    pieces = compose(report, space, _drawn, _grid)
    page = StringIO()
    console = _console(page, screen)
    for piece in pieces:
        console.print(piece, no_wrap=True, overflow="ignore", crop=True)
    lines = page.getvalue().split("\n")
    return "\n".join(line.rstrip(" ") for line in lines).rstrip("\n") + "\n"


def _console(page: StringIO, screen: Screen) -> Console:
    dressed = screen.escapes and (screen.color or screen.bold)
    return Console(
        file=page,
        width=screen.width,
        height=screen.height,
        force_terminal=dressed,
        force_interactive=False,
        force_jupyter=False,
        color_system="standard" if dressed else None,
        no_color=not screen.color,
        legacy_windows=False,
        markup=False,
        emoji=False,
        highlight=False,
        safe_box=False,
        _environ={},
    )


def _drawn(line: Line) -> Piece:
    text = RichText(end="\n", no_wrap=True, overflow="ignore")
    for part, tone in shortened(line, len(joined(line))):
        text.append(part, _STYLES[tone])
    return text


def _grid(table: Table, space: Space) -> Grid[Piece]:
    columns = strips(table, space.ascii)
    widths = fit([strip.need for strip in columns], space.width)
    if widths is None:
        seen = any(strip.unmeasured for strip in columns)
        return Grid(tuple(RichText(line) for line in stacked(columns, space)), unmeasured=seen)
    kept = [(columns[index], width) for index, width in widths.items()]
    left_out = tuple(strip.name for at, strip in enumerate(columns) if at not in widths)
    seen = any(strip.unmeasured for strip, _ in kept)
    if not kept:
        return Grid((), left_out)
    rows = len(table.items)
    if rows > _LONG:
        return Grid(tuple(map(_drawn, _lined(kept, rows, space))), left_out, seen)
    return Grid((_ruled(kept, rows, space),), left_out, seen)


def _ruled(kept: list[tuple[Strip, int]], rows: int, space: Space) -> RichTable:
    """A Rich table of which every width is fixed and every cell already fits."""
    drawn = RichTable(
        box=_RULED_ASCII if space.ascii else _RULED,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        header_style=_STYLES[""],
    )
    for strip, width in kept:
        head = RichText(_filled(strip.head, strip, width))
        drawn.add_column(head, width=width, no_wrap=True, overflow="crop")
    for row in range(rows):
        drawn.add_row(*(_cell(strip, row, width) for strip, width in kept))
    return drawn


def _lined(kept: list[tuple[Strip, int]], rows: int, space: Space) -> Iterator[Line]:
    """The same table line by line, for long ones: Rich takes 0.7 s for a thousand rows."""
    yield toned((" " * GAP).join(_filled(strip.head, strip, width) for strip, width in kept))
    across = sum(width for _, width in kept) + GAP * (len(kept) - 1)
    yield toned(("-" if space.ascii else "─") * across)
    for row in range(rows):
        line: list[tuple[str, Tone]] = []
        for strip, width in kept:
            line += [(" " * GAP, ""), (_filled(strip.cells[row], strip, width), _tone(strip, row))]
        yield tuple(line[1:])


def _cell(strip: Strip, row: int, width: int) -> RichText:
    return RichText(_filled(strip.cells[row], strip, width), _STYLES[_tone(strip, row)])


def _tone(strip: Strip, row: int) -> Tone:
    verdict = strip.verdicts[row]
    return "" if verdict == "ok" else TONES.get(verdict, "")


def _filled(shown: str, strip: Strip, width: int) -> str:
    """`shown` in exactly `width` cells; Rich would trim what keeps numbers under each other."""
    return safe.pad(safe.cut(shown, width), width, strip.right)
