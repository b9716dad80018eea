"""Lines of toned spans, and the room there is for them: what plain and table have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sanctum.render import safe

Tone = Literal["", "title", "ok", "warn", "crit", "quiet"]
Line = tuple[tuple[str, Tone], ...]

TONES: dict[str | None, Tone] = {"ok": "ok", "warn": "warn", "crit": "crit"}
"""The tone of a verdict; words come first, this second."""


@dataclass(frozen=True, slots=True)
class Space:
    """Where lines go.

    `width` is in cells, None is endless. `ascii` is about text, `blocks` says that curves may be
    drawn with more than ASCII, `cuts` that quiet notes and flexible columns may be cut. `height` is
    the screen's, None where nobody sits before one.
    """

    width: int | None = None
    ascii: bool = False
    blocks: bool = False
    cuts: bool = False
    height: int | None = None

    def text(self, given: str) -> str:
        """`given` made safe on one line."""
        return safe.text(given, self.ascii)

    def folded(self, shown: str, indent: int = 0, first: int = 0) -> list[str]:
        """`shown` in as many lines as it takes, the first after `first` cells, others indented."""
        if self.width is None:
            return [shown]
        head, *others = safe.fold(shown, self.width - first, self.width - indent)
        return [head, *(" " * indent + line for line in others)]


def toned(text: str, tone: Tone = "") -> Line:
    """One line in one tone."""
    return ((text, tone),)


def joined(line: Line) -> str:
    """`line` without its tones, nothing but spaces trimmed from its end."""
    return "".join(text for text, _ in line).rstrip(" ")


def shortened(line: Line, length: int) -> Line:
    """The first `length` characters of `line`."""
    kept: list[tuple[str, Tone]] = []
    for text, tone in line:
        if length > 0:
            kept.append((text[:length], tone))
        length -= len(text)
    return tuple(kept)


def paragraph(given: str, space: Space, tone: Tone = "", indent: int = 2) -> list[Line]:
    """`given` as one safe line, folded where the space is narrow."""
    return [toned(line, tone) for line in space.folded(space.text(given), indent)]


def spread(parts: Sequence[str], gap: str = "  ") -> str:
    """`parts` that say something, apart from each other."""
    return gap.join(part for part in parts if part)
