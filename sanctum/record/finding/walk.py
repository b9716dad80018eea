"""A condition's tree walked once, whatever its values are: arrays of moments or what may be."""

from __future__ import annotations

from typing import Protocol, TypeVar

import numpy as np

from sanctum.model.conditions import Binary, Held, Is, Name, Node, Number, Unary, Word

COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
NO, YES, OPEN, UNNAMED = 0, 1, 2, 3
"""Truth as a code; *open* is unknown, *unnamed* that a name was not known to anybody by then.

A number or a word has the state YES (there), OPEN (absent) or UNNAMED.
"""
_ALL = np.array(
    [[NO] * 4, [NO, YES, OPEN, UNNAMED], [NO, OPEN, OPEN, UNNAMED], [UNNAMED] * 4], np.int8
)
NEGATED = np.array([YES, NO, OPEN, UNNAMED], np.int8)
ALL, ANY = _ALL, NEGATED[_ALL[NEGATED][:, NEGATED]]
"""``and`` and ``or`` of two truths, the left one looked at first: what decides ends the look."""
T = TypeVar("T")


class Algebra(Protocol[T]):
    """What a tree is walked with."""

    def number(self, value: float) -> T:
        """A number as typed."""

    def word(self, text: str) -> T:
        """A text."""

    def name(self, name: str) -> T:
        """The reading of that name."""

    def is_unnamed(self, name: str) -> bool:
        """Whether nobody knows the name."""

    def held(self, node: Held) -> T:
        """So many in a row."""

    def negative(self, one: T) -> T:
        """Minus that."""

    def arithmetic(self, operator: str, left: T, right: T) -> T:
        """A sum, difference, product or quotient."""

    def compared(self, operator: str, left: T, right: T) -> T:
        """A comparison."""

    def beside(self, operator: str, name: str, other: T, *, first: bool) -> T:
        """A comparison of `other` with a name that nobody knows: a text beside a word."""

    def kind(self, one: T, kind: str, negated: bool) -> T:
        """``is absent``, ``is nan`` or ``is finite``, or the negation."""

    def question(self, one: T) -> T:
        """That as the answer to a question. Raises ConditionError for a value."""

    def joined(self, operator: str, left: T, right: T) -> T:
        """``and`` or ``or`` of two questions."""

    def negation(self, one: T) -> T:
        """``not`` of a question."""


def walk(node: Node, by: Algebra[T]) -> T:
    """The value of a tree."""
    match node:
        case Number(value):
            return by.number(value)
        case Word(text):
            return by.word(text)
        case Name(name):
            return by.name(name)
        case Held():
            return by.held(node)
        case Is(operand, kind, negated):
            return by.kind(walk(operand, by), kind, negated)
        case Unary("not", operand):
            return by.negation(by.question(walk(operand, by)))
        case Unary(_, operand):
            return by.negative(walk(operand, by))
        case Binary("and" | "or", left, right):
            both = (by.question(walk(one, by)) for one in (left, right))
            return by.joined(node.operator, *both)
        case Binary(operator, left, right) if operator in COMPARISONS:
            for side, other, first in ((left, right, True), (right, left, False)):
                if isinstance(side, Name) and by.is_unnamed(side.name):
                    return by.beside(operator, side.name, walk(other, by), first=first)
            return by.compared(operator, walk(left, by), walk(right, by))
        case Binary(operator, left, right):
            return by.arithmetic(operator, walk(left, by), walk(right, by))
    raise AssertionError(node)
