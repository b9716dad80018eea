"""Cards on a screen: side by side where there is room, smaller where there is less, or below."""

from __future__ import annotations

from collections.abc import Sequence

from sanctum.render.lines import Line, Space, toned
from sanctum.view.cards import ACROSS, Cards, rows

BETWEEN = " | "
_Lines = Sequence[Sequence[str]]


def written(block: Cards, space: Space) -> list[Line]:
    """The cards, and those beside them."""
    other = block.beside
    if other is None or not other.cards:
        return [toned(line) for line in _below(block, space)]
    for size in ("full", "small"):
        both = _beside(_of(block, size, space), _of(other, size, space), space.width)
        if both is not None:
            return [toned(line) for line in both]
    lines = [*_below(block, space), ""]
    lines += [space.text(other.title)] if other.title else []
    return [toned(line) for line in [*lines, *_below(other, space)]]


def _of(block: Cards, size: str, space: Space) -> _Lines:
    return [[space.text(line) for line in getattr(card, size)] for card in block.cards]


def _below(block: Cards, space: Space) -> list[str]:
    cards, across = _of(block, "full", space), ACROSS
    if space.width is not None:
        width = max((len(line) for card in cards for line in card), default=0)
        across = max(1, min(ACROSS, (space.width + 1) // (width + 1)))
    return rows(cards, across)


def _beside(left: _Lines, right: _Lines, room: int | None) -> list[str] | None:
    """Both as one page, the right ones in as few columns as are no taller; None: too wide."""
    first = rows(left, ACROSS)
    for across in range(1, len(right) + 1):
        second = rows(right, across)
        if len(second) <= len(first):
            break
    else:
        return None
    width = _width(first)
    if room is not None and width + len(BETWEEN) + _width(second) > room:
        return None
    second += [""] * (len(first) - len(second))
    pairs = zip(first, second, strict=True)
    return [f"{one:{width}}{BETWEEN}{other}".rstrip() for one, other in pairs]


def _width(lines: Sequence[str]) -> int:
    return max(map(len, lines), default=0)
