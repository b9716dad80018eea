"""Conditions over many moments at once: numpy arrays in place of single values.

Means what `sanctum.model.conditions` means for one moment, which is the reference.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from sanctum.errors import ConditionError
from sanctum.model.conditions import Held
from sanctum.record.finding.walk import ALL, ANY, NEGATED, NO, OPEN, UNNAMED, YES

Codes = npt.NDArray[np.int8]
_COMPARE: dict[str, Any] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
}
_COMPUTE: dict[str, Any] = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide}


@dataclass(frozen=True, slots=True)
class Vector:
    """A value at each of many moments (or one for all): numbers, codes of words, or truths.

    `state` is YES where there is one, else OPEN or UNNAMED; of truths it is the truth itself.
    """

    kind: Literal["number", "word", "truth"]
    data: npt.NDArray[Any]
    state: Codes


class Words:
    """Codes for texts that compare without regard to case."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}

    def code(self, text: str) -> int:
        """The code of a text."""
        return self._codes.setdefault(text.lower(), len(self._codes))


def numbers(data: npt.NDArray[np.float64], state: Codes | None = None) -> Vector:
    """Numbers, all there unless `state` says otherwise."""
    return Vector("number", data, np.full(1, YES, np.int8) if state is None else state)


def truths(codes: Codes) -> Vector:
    """Truths."""
    return Vector("truth", codes, codes)


ABSENT = numbers(np.zeros(1), np.full(1, OPEN, np.int8))
NOBODYS = numbers(np.zeros(1), np.full(1, UNNAMED, np.int8))


class Vectors:
    """Walks a tree over arrays; `look` gives a name's readings, None when nobody knows it."""

    def __init__(
        self,
        look: Callable[[str], Vector | None],
        held: Callable[[Held], Codes],
        words: Words,
    ) -> None:
        self._look = look
        self._held = held
        self._words = words

    def number(self, value: float) -> Vector:
        """A number as typed."""
        return numbers(np.full(1, value))

    def word(self, text: str) -> Vector:
        """A text."""
        return Vector("word", np.full(1, self._words.code(text)), np.full(1, YES, np.int8))

    def name(self, name: str) -> Vector:
        """The readings of that name."""
        found = self._look(name)
        return NOBODYS if found is None else found

    def is_unnamed(self, name: str) -> bool:
        """Whether nobody knows the name."""
        return self._look(name) is None

    def held(self, node: Held) -> Vector:
        """So many in a row."""
        return truths(self._held(node))

    def negative(self, one: Vector) -> Vector:
        """Minus that."""
        number = _number(one)
        return numbers(-number.data, number.state)

    @np.errstate(all="ignore")
    def arithmetic(self, operator: str, left: Vector, right: Vector) -> Vector:
        """A sum, difference, product or quotient; absent what was divided by 0."""
        a, b = _number(left), _number(right)
        state = np.maximum(a.state, b.state)
        if operator == "/":
            state = np.where((b.data == 0) & (state == YES), np.int8(OPEN), state)
        return numbers(_COMPUTE[operator](a.data, b.data), state)

    @np.errstate(all="ignore")
    def compared(self, operator: str, left: Vector, right: Vector) -> Vector:
        """A comparison."""
        a, b = _compared(left), _compared(right)
        state = np.maximum(a.state, b.state)
        there = state == YES
        if a.kind != b.kind and there.any():
            raise ConditionError("a word and a number do not compare")
        if "word" in (a.kind, b.kind) and operator not in ("==", "!="):
            if there.any():
                raise ConditionError("words compare by = and != only")
            return truths(state)
        return truths(np.where(there, _COMPARE[operator](a.data, b.data), state).astype(np.int8))

    def beside(self, operator: str, name: str, other: Vector, *, first: bool) -> Vector:
        """A comparison of `other` with a name that nobody knows: a text beside a word."""
        if other.kind == "word":
            sides = (self.word(name), other) if first else (other, self.word(name))
            return self.compared(operator, *sides)
        state = _number(other).state
        return truths(np.where(state == OPEN, np.int8(OPEN), np.int8(UNNAMED)))

    def kind(self, one: Vector, kind: str, negated: bool) -> Vector:
        """``is absent``, ``is nan`` or ``is finite``, or the negation."""
        value = _compared(one)
        there = value.state == YES
        if kind == "absent":
            codes = np.where(there, NO, np.where(value.state == OPEN, YES, UNNAMED))
        elif value.kind == "word":
            codes = np.where(there, NO, value.state)
        else:
            found = np.isnan(value.data) if kind == "nan" else np.isfinite(value.data)
            codes = np.where(there, found, value.state)
        return truths(NEGATED[codes] if negated else codes.astype(np.int8))

    def question(self, one: Vector) -> Vector:
        """That as the answer to a question. Raises ConditionError for a value."""
        if one.kind != "truth":
            if (one.state == YES).any():
                raise ConditionError(
                    "the condition is a value, not a question: compare it with something",
                    "for example: accuracy < 30; 'and', 'or', 'not' and 'for' join questions",
                )
            return truths(one.state)
        return one

    def joined(self, operator: str, left: Vector, right: Vector) -> Vector:
        """``and`` or ``or`` of two questions."""
        return truths((ALL if operator == "and" else ANY)[left.data, right.data])

    def negation(self, one: Vector) -> Vector:
        """``not`` of a question."""
        return truths(NEGATED[one.data])


def _number(one: Vector) -> Vector:
    """That as numbers: a truth counts 1 or 0. Raises ConditionError for words."""
    if one.kind == "word":
        if (one.state == YES).any():
            raise ConditionError("a word stands where a number was expected")
        return numbers(np.zeros(1), one.state)
    return _compared(one)


def _compared(one: Vector) -> Vector:
    """That as it stands in a comparison: truths as numbers."""
    if one.kind != "truth":
        return one
    state = np.where(one.data == NO, np.int8(YES), one.data)
    return numbers((one.data == YES).astype(np.float64), state.astype(np.int8))


def run_of(codes: Codes, count: int, before: int = YES) -> Codes:
    """At each moment whether `codes` held at the last `count` of them, it included.

    The newest decides that is false (or unnamed); `before` stands for moments before the first,
    YES where there are none.
    """
    place = np.arange(codes.size)
    ending = (codes == NO) | (codes == UNNAMED)
    stop = np.maximum.accumulate(np.where(ending, place, -1))
    unsure = np.maximum.accumulate(np.where(codes == OPEN, place, -1))
    found = np.where((unsure >= 0) & (place - unsure < count), OPEN, YES).astype(np.int8)
    if before != YES:
        early = place < count - 1
        found = np.where(early, ALL[found, before], found)
    return np.where((stop >= 0) & (place - stop < count), codes[stop], found).astype(np.int8)
