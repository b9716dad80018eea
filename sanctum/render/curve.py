"""A Series drawn small: a sparkline with the numbers that give it a scale."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sanctum.render import safe
from sanctum.render.lines import Line, Space, spread, toned
from sanctum.render.sheet import short_unit, shown
from sanctum.view import Series, Value, absence
from sanctum.view.numbers import finite

BLOCKS = "▁▂▃▄▅▆▇█"
RAMP = "_.-=*#"
"""What draws a curve where there is only ASCII, low to high."""
WIDEST = 40
_BROKEN = "!"


def spark(values: Sequence[Value], cells: int, ascii_only: bool) -> str:
    """`values` in at most `cells` characters, each the mean of those it covers.

    A gap is a space; ``!`` stands where something was nan or infinite.
    """
    glyphs = RAMP if ascii_only else BLOCKS
    numbers = [number for value in values if (number := finite(value)) is not None]
    low, high = (min(numbers), max(numbers)) if numbers else (0, 0)
    count = min(len(values), cells)
    drawn = []
    for cell in range(count):
        covered = values[cell * len(values) // count : (cell + 1) * len(values) // count]
        drawn.append(_glyph(covered, low, high, glyphs))
    return "".join(drawn)


def _glyph(covered: Sequence[Value], low: float, high: float, glyphs: str) -> str:
    if any(absence(value) in ("nan", "inf", "-inf") for value in covered):
        return _BROKEN
    numbers = [number for value in covered if (number := finite(value)) is not None]
    if not numbers:
        return " "
    if high <= low:
        return glyphs[len(glyphs) // 2]
    # each is scaled before the mean is taken, so that no sum overflows
    scaled = [(number / 2 - low / 2) / (high / 2 - low / 2) for number in numbers]
    place = sum(scaled) / len(scaled)
    if place != place:  # the range is below what a float can divide
        return glyphs[len(glyphs) // 2]
    return glyphs[min(int(place * len(glyphs)), len(glyphs) - 1)]


def written(block: Series, space: Space) -> list[Line]:
    """Name, curve, least, last and greatest value, and the span; two lines where one is too narrow.

    With endless room the values follow, all of them.
    """
    name = space.text(spread((block.name, short_unit(block.unit)), " "))
    if not block.values:
        return [toned(f"{name}  no points")]
    said = scale(block, space.ascii)
    if space.width is None:
        every = ", ".join(shown(value, block.unit, None, space.ascii) for value in block.values)
        return [toned(spread((name, said))), toned(f"  values: {every}")]
    least = min(12, len(block.values))
    left = space.width - safe.width(name) - 2
    beside = left - safe.width(said) - 2
    if beside >= least:
        drawn = spark(block.values, min(beside, WIDEST), not space.blocks)
        return [((f"{name}  ", ""), (drawn, ""), (f"  {said}", ""))]
    below = [toned(line) for line in space.folded(f"  {said}", 4)]
    if left >= least:
        drawn = spark(block.values, min(left, WIDEST), not space.blocks)
        return [((f"{name}  ", ""), (drawn, "")), *below]
    drawn = spark(block.values, min(space.width - 2, WIDEST), not space.blocks)
    return [*(toned(line) for line in space.folded(name, 2)), (("  ", ""), (drawn, "")), *below]


def scale(block: Series, ascii_only: bool) -> str:
    """The numbers of a curve in one line: ``min 0.1  last 0.4  max 0.9  steps 1,000..1,240``."""

    def say(value: Value) -> str:
        return shown(value, block.unit, None, ascii_only)

    numbers = [number for value in block.values if (number := finite(value)) is not None]
    words = [f"min {say(min(numbers))}"] if numbers else []
    if block.median is not None:
        words.append(f"median {say(block.median)}")
    words.append(f"last {say(block.values[-1])}" if block.values else "no points")
    if numbers:
        words.append(f"max {say(max(numbers))}")
    if block.first is not None and block.last is not None:
        words.append(f"{safe.text(block.clock, ascii_only)}s {block.first:,}..{block.last:,}")
    missing = Counter(why for value in block.values if (why := absence(value)) is not None)
    words.append(", ".join(f"{count} {why}" for why, count in missing.items()))
    return spread(words)


def verbatim(lines: Sequence[str], space: Space) -> list[Line]:
    """Free lines as they are, made safe; too long ones go on below."""
    shown_lines = [line for given in lines for line in safe.lines(given, space.ascii)]
    return [toned(part) for line in shown_lines for part in space.folded(line)]
