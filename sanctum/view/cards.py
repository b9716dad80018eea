"""Cards: a few short lines each, side by side, as many as there is room for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sanctum.view.report import Text

ACROSS = 4


class Card(NamedTuple):
    """One card: its lines, and the same said in fewer cells."""

    full: tuple[str, ...]
    small: tuple[str, ...]


class Cards(Text):
    """Cards in rows; `beside` are others that stand to their right, or below where that is narrow.

    As a text it has the full cards, `ACROSS` a line, and the others below them.
    """

    __slots__ = ("beside", "cards")

    def __init__(self, cards: Iterable[Card], *, title: str = "", beside: Cards | None = None):
        self.cards = tuple(cards)
        self.beside = beside
        lines = rows([card.full for card in self.cards], ACROSS)
        if beside is not None:
            lines += ["", *([beside.title] if beside.title else []), *beside.lines]
        super().__init__(lines, title)


def rows(cards: Sequence[Sequence[str]], across: int) -> list[str]:
    """Cards as lines, `across` of them side by side; each as wide as the widest, rows apart."""
    width = max((len(line) for card in cards for line in card), default=0)
    lines: list[str] = []
    for first in range(0, len(cards), across):
        row = cards[first : first + across]
        height = max(map(len, row))
        padded = [[f"{line:{width}}" for line in [*card, *[""] * height][:height]] for card in row]
        lines += [" ".join(parts).rstrip() for parts in zip(*padded, strict=True)]
        lines.append("")
    return lines[:-1]
