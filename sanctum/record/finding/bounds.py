"""What may be true where, from the least and the greatest value alone: where not to look.

Everything is an array over stretches of rows. Conservative: what is said to be impossible is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sanctum.model.conditions import Held
from sanctum.record.finding.walk import ALL, ANY, NEGATED, NO, OPEN, UNNAMED, YES
from sanctum.record.track import Flags, Floats

Possible = npt.NDArray[np.bool_]
"""Whether each of the four codes is possible: (4, stretches)."""


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from `low` to `high` (none where low is above high), `nan` whether nan is possible.

    `state` says which states are possible. Words have no range, truths a state alone.
    """

    low: Floats
    high: Floats
    nan: Flags
    state: Possible
    kind: str = "number"


def anything(count: int, kind: str = "number") -> Range:
    """Nothing is known, but that it has a name."""
    state = np.ones((4, count), np.bool_)
    state[UNNAMED] = state[NO] = False
    return Range(
        np.full(count, -np.inf), np.full(count, np.inf), np.ones(count, np.bool_), state, kind
    )


def certain(count: int, code: int) -> Possible:
    """Only that code is possible."""
    found = np.zeros((4, count), np.bool_)
    found[code] = True
    return found


class Bounds:
    """Walks a tree over `count` stretches; `look` gives a name's range, None: nobody knows it."""

    def __init__(
        self,
        count: int,
        look: Callable[[str], Range | None],
        held: Callable[[Held], Possible],
    ) -> None:
        self._count = count
        self._look = look
        self._held = held

    def number(self, value: float) -> Range:
        """A number as typed."""
        one = np.full(self._count, value)
        return Range(one, one, np.isnan(one), certain(self._count, YES))

    def word(self, text: str) -> Range:
        """A text."""
        one = anything(self._count, "word")
        return Range(one.low, one.high, one.nan, certain(self._count, YES), "word")

    def name(self, name: str) -> Range:
        """The range of that name."""
        found = self._look(name)
        if found is not None:
            return found
        one = anything(self._count)
        return Range(one.low, one.high, one.nan, certain(self._count, UNNAMED))

    def is_unnamed(self, name: str) -> bool:
        """Whether nobody knows the name."""
        return self._look(name) is None

    def held(self, node: Held) -> Range:
        """So many in a row."""
        return self._truth(self._held(node))

    def negative(self, one: Range) -> Range:
        """Minus that."""
        of = _number(one)
        return Range(-of.high, -of.low, of.nan, of.state)

    @np.errstate(all="ignore")
    def arithmetic(self, operator: str, left: Range, right: Range) -> Range:
        """A sum, difference, product or quotient: extremes lie at the corners."""
        a, b = _number(left), _number(right)
        state = _paired(a.state, b.state)
        corners = np.array(
            [_computed(operator, x, y) for x in (a.low, a.high) for y in (b.low, b.high)]
        )
        low, high = corners.min(axis=0), corners.max(axis=0)
        nan = a.nan | b.nan | ~np.isfinite(corners).all(axis=0)
        wild = np.isnan(corners).any(axis=0)
        for end in (a.low, a.high, b.low, b.high):
            wild |= ~np.isfinite(end)
        if operator == "/":
            zero = (b.low <= 0) & (b.high >= 0)
            state = state.copy()
            state[OPEN] |= zero & state[YES]
            wild |= zero
        empty = (a.low > a.high) | (b.low > b.high)
        low = np.where(wild, -np.inf, low)
        high = np.where(wild, np.inf, high)
        low, high = np.where(empty, np.inf, low), np.where(empty, -np.inf, high)
        return Range(low, high, nan | wild, state)

    def compared(self, operator: str, left: Range, right: Range) -> Range:
        """A comparison."""
        if "word" in (left.kind, right.kind):
            possible = _paired(left.state, right.state)
            possible[NO] = possible[YES]
            return self._truth(possible)
        a, b = _number(left), _number(right)
        possible = _paired(a.state, b.state)
        there = possible[YES] & (a.low <= a.high) & (b.low <= b.high)
        odd = possible[YES] & (a.nan | b.nan)
        if operator in (">", ">="):
            a, b = b, a
        if operator in ("<", ">"):
            yes, no = a.low < b.high, a.high >= b.low
        elif operator in ("<=", ">="):
            yes, no = a.low <= b.high, a.high > b.low
        else:
            yes = (a.low <= b.high) & (b.low <= a.high)
            no = ~((a.low == a.high) & (b.low == b.high) & (a.low == b.low))
        yes, no = there & yes, (there & no) | odd
        if operator == "!=":
            yes, no = no, there & yes
        possible = possible.copy()
        possible[YES], possible[NO] = yes, no
        return self._truth(possible)

    def beside(self, operator: str, name: str, other: Range, *, first: bool) -> Range:
        """A comparison of `other` with a name that nobody knows: a text beside a word."""
        if other.kind == "word":
            return self.compared(operator, other, other)
        state = _number(other).state
        possible = np.zeros_like(state)
        possible[OPEN] = state[OPEN]
        possible[UNNAMED] = state[YES] | state[UNNAMED]
        return self._truth(possible)

    def kind(self, one: Range, kind: str, negated: bool) -> Range:
        """``is absent``, ``is nan`` or ``is finite``, or the negation."""
        of = one if one.kind == "word" else _number(one)
        found = np.zeros_like(of.state)
        found[UNNAMED] = of.state[UNNAMED]
        if kind == "absent":
            found[YES], found[NO] = of.state[OPEN], of.state[YES]
        else:
            found[OPEN] = of.state[OPEN]
            found[NO] = of.state[YES]
            if of.kind != "word":
                infinite = of.nan | ~np.isfinite(of.low) | ~np.isfinite(of.high)
                empty = of.low > of.high
                found[YES] = of.state[YES] & (of.nan if kind == "nan" else ~empty)
                found[NO] = of.state[YES] & (~empty if kind == "nan" else infinite)
        if negated:
            found = found[[YES, NO, OPEN, UNNAMED]]
        return self._truth(found)

    def question(self, one: Range) -> Range:
        """That as the answer to a question; of a value anything, so that it is looked at."""
        if one.kind == "truth":
            return one
        return self._truth(np.ones((4, self._count), np.bool_))

    def joined(self, operator: str, left: Range, right: Range) -> Range:
        """``and`` or ``or`` of two questions."""
        table = ALL if operator == "and" else ANY
        found = np.zeros_like(left.state)
        for one in range(4):
            for other in range(4):
                found[table[one, other]] |= left.state[one] & right.state[other]
        return self._truth(found)

    def negation(self, one: Range) -> Range:
        """``not`` of a question."""
        return self._truth(one.state[NEGATED])

    def _truth(self, possible: Possible) -> Range:
        ends = np.zeros(self._count), np.ones(self._count)
        return Range(*ends, np.zeros(self._count, np.bool_), possible, "truth")


def _number(one: Range) -> Range:
    """That as numbers: a truth counts 1 or 0."""
    if one.kind != "truth":
        return one
    state = one.state.copy()
    state[YES] |= state[NO]
    state[NO] = False
    return Range(one.low, one.high, one.nan, state)


def _paired(one: Possible, other: Possible) -> Possible:
    """Which states two values may have together: the worse of both."""
    found = np.zeros_like(one)
    for a in (YES, OPEN, UNNAMED):
        for b in (YES, OPEN, UNNAMED):
            found[max(a, b)] |= one[a] & other[b]
    return found


def _computed(operator: str, a: Floats, b: Floats) -> Floats:
    found: Floats
    if operator == "+":
        found = a + b
    elif operator == "-":
        found = a - b
    elif operator == "*":
        found = a * b
    else:
        found = a / b
    return found
