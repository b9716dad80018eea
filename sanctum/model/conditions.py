"""The language of conditions: ``accuracy < 30 and not (seeds is absent)``, ``entropy < 0.3 for 3``.

    condition  = either { "or" either }          either = both { "and" both }
    both       = "not" both | held               held   = compared [ "for" N ]
    compared   = sum [ ("<" | "<=" | ">" | ">=" | "=" | "==" | "!=") sum ]
               | sum "is" ["not"] ("absent" | "nan" | "finite")
    sum        = product { ("+" | "-") product } product = atom { ("*" | "/") atom }
    atom       = NUMBER | 'TEXT' | NAME | "-" atom | "(" condition ")"

Names may hold dots and slashes (``entropy.op``, ``train/approx_kl``); a division needs blanks
around it. A bare word beside a text is a text: ``state = live``. Truth has three values: what
compares with an absent reading, or was divided by 0, is unknown (None). Nothing is ever evaluated
as Python.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from sanctum.errors import ConditionError

MAX_CHARACTERS, MAX_LEVELS, MAX_HELD = 512, 32, 10_000
Term = float | str | bool | None
Truth = bool | None


class UnknownName(LookupError):
    """Raised by a lookup for a name it does not know."""


Lookup = Callable[[str, int], Term]
"""The value of a name, so many updates or steps back (0: now); None when absent."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number as typed."""

    value: float


@dataclass(frozen=True, slots=True)
class Word:
    """A quoted text."""

    text: str


@dataclass(frozen=True, slots=True)
class Name:
    """The name of a reading, or a bare word beside a text."""

    name: str


@dataclass(frozen=True, slots=True)
class Unary:
    """``not x`` or ``-x``."""

    operator: Literal["not", "-"]
    operand: Node


@dataclass(frozen=True, slots=True)
class Binary:
    """Two operands and what joins them: and, or, a comparison, or arithmetic."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Is:
    """``x is absent``, ``is nan``, ``is finite``, or the negation."""

    operand: Node
    kind: str
    negated: bool


@dataclass(frozen=True, slots=True)
class Held:
    """``x for N``: so many in a row, the newest included."""

    operand: Node
    count: int


Node = Number | Word | Name | Unary | Binary | Is | Held

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<text>'[^']*'|\"[^\"]*\")"
    r"|(?P<name>[A-Za-z_]\w*(?:[./][A-Za-z_0-9]\w*)*)"
    r"|(?P<operator><=|>=|==|!=|[<>=+\-*/()]))"
)
_COMPARISONS = ("<", "<=", ">", ">=", "=", "==", "!=")


def parse(text: str) -> Node:
    """The condition that `text` spells. Raises ConditionError, with the place it stopped at."""
    if len(text) > MAX_CHARACTERS:
        raise ConditionError(f"the condition has {len(text)} characters; {MAX_CHARACTERS} may be")
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(_tokens(text))
        self._at = 0
        self._level = 0

    def whole(self) -> Node:
        if not self._tokens:
            raise ConditionError("an empty condition", "for example: accuracy < 30")
        node = self._either()
        if self._at < len(self._tokens):
            raise self._stopped("an operator")
        if _looks(node) > MAX_HELD:
            raise ConditionError(f"the condition looks back more than {MAX_HELD} times")
        return node

    def _either(self) -> Node:
        self._level += 1
        if self._level > MAX_LEVELS:
            raise ConditionError(f"the condition is nested deeper than {MAX_LEVELS} levels")
        node = self._both()
        while self._took("or"):
            node = Binary("or", node, self._both())
        self._level -= 1
        return node

    def _both(self) -> Node:
        node = self._negated()
        while self._took("and"):
            node = Binary("and", node, self._negated())
        return node

    def _negated(self) -> Node:
        count = 0
        while self._took("not"):
            count += 1
        if count > MAX_LEVELS:
            raise ConditionError(f"the condition is nested deeper than {MAX_LEVELS} levels")
        node = self._held()
        for _ in range(count):
            node = Unary("not", node)
        return node

    def _held(self) -> Node:
        node = self._compared()
        if self._took("for"):
            kind, text = self._next("how many in a row")
            if kind != "number" or not text.isdigit() or not 1 <= int(text) <= MAX_HELD:
                self._at -= 1
                raise self._stopped(f"a count from 1 to {MAX_HELD} after 'for'")
            return Held(node, int(text))
        return node

    def _compared(self) -> Node:
        left = self._sum()
        if self._took("is"):
            negated = self._took("not")
            for kind in ("absent", "nan", "finite"):
                if self._took(kind):
                    return Is(left, kind, negated)
            raise self._stopped("absent, nan or finite after 'is'")
        for operator in _COMPARISONS:
            if self._took(operator):
                return Binary("==" if operator == "=" else operator, left, self._sum())
        return left

    def _sum(self) -> Node:
        node = self._product()
        while (operator := self._peek()) in ("+", "-"):
            self._at += 1
            node = Binary(operator, node, self._product())
        return node

    def _product(self) -> Node:
        node = self._atom()
        while (operator := self._peek()) in ("*", "/"):
            self._at += 1
            node = Binary(operator, node, self._atom())
        return node

    def _atom(self) -> Node:
        signs = 0
        while self._took("-"):
            signs += 1
        kind, text = self._next("a name or a number")
        node: Node
        if kind == "number":
            node = Number(float(text))
        elif kind == "text":
            node = Word(text[1:-1])
        elif kind == "name" and text not in ("and", "or", "not", "for", "is"):
            node = Name(text)
        elif text == "(":
            node = self._either()
            if not self._took(")"):
                raise self._stopped("a closing parenthesis")
        else:
            self._at -= 1
            raise self._stopped("a name or a number")
        return Unary("-", node) if signs % 2 else node

    def _peek(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _took(self, word: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at][1] == word:
            self._at += 1
            return True
        return False

    def _next(self, wanted: str) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise self._stopped(wanted)
        self._at += 1
        return self._tokens[self._at - 1]

    def _stopped(self, wanted: str) -> ConditionError:
        found = self._peek()
        where = f"at '{found}'" if found else "at its end"
        return ConditionError(
            f"cannot read the condition '{self._text}' {where}: {wanted} was expected",
            "for example: accuracy < 30 and loss > 2",
        )


def _tokens(text: str) -> Iterable[tuple[str, str]]:
    at = 0
    stripped = text.rstrip()
    while at < len(stripped):
        found = _TOKEN.match(stripped, at)
        if found is None:
            raise ConditionError(
                f"cannot read the condition '{text}' at '{stripped[at:].strip()[:12]}'",
                "for example: accuracy < 30 and loss > 2",
            )
        at = found.end()
        yield str(found.lastgroup), found.group(str(found.lastgroup))


def truth(node: Node, lookup: Lookup) -> Truth:
    """Whether the condition holds; None when an absent reading leaves it open.

    Raises ConditionError for a condition that is no yes-or-no question; UnknownName comes through.
    """
    value = _value(node, lookup, 0)
    if value is None or isinstance(value, bool):
        return value
    raise ConditionError(
        "the condition is a value, not a question: compare it with something",
        "for example: accuracy < 30",
    )


def names(node: Node) -> list[str]:
    """The names it uses, in order."""
    if isinstance(node, Name):
        return [node.name]
    if isinstance(node, Binary):
        return list(dict.fromkeys(names(node.left) + names(node.right)))
    if isinstance(node, Unary | Is | Held):
        return names(node.operand)
    return []


def reach(node: Node) -> int:
    """How many moments it looks at, now included."""
    if isinstance(node, Held):
        return node.count + reach(node.operand) - 1
    if isinstance(node, Binary):
        return max(reach(node.left), reach(node.right))
    return reach(node.operand) if isinstance(node, Unary | Is) else 1


def _looks(node: Node) -> int:
    """How often names are looked up in the past, at most."""
    if isinstance(node, Held):
        return node.count * max(_looks(node.operand), 1)
    if isinstance(node, Binary):
        return _looks(node.left) + _looks(node.right)
    return _looks(node.operand) if isinstance(node, Unary | Is) else 0


def _value(node: Node, lookup: Lookup, back: int) -> Term:
    match node:
        case Number(value):
            return value
        case Word(text):
            return text
        case Name(name):
            return lookup(name, back)
        case Held(operand, count):
            return _all(_question(operand, lookup, back + one) for one in range(count))
        case Is(operand, kind, negated):
            found = _is(_value(operand, lookup, back), kind)
            return None if found is None else found != negated
        case Unary("not", operand):
            held = _question(operand, lookup, back)
            return None if held is None else not held
        case Unary(_, operand):
            number = _number(_value(operand, lookup, back))
            return None if number is None else -number
        case Binary("and", left, right):
            return _all(_question(one, lookup, back) for one in (left, right))
        case Binary("or", left, right):
            both = _all(_negation(_question(one, lookup, back)) for one in (left, right))
            return _negation(both)
        case Binary(operator, left, right) if operator in _COMPARISONS:
            return _compare(operator, *_sides(left, right, lookup, back))
        case Binary(operator, left, right):
            return _arithmetic(
                operator,
                _number(_value(left, lookup, back)),
                _number(_value(right, lookup, back)),
            )
    raise AssertionError(node)


def _question(node: Node, lookup: Lookup, back: int) -> Truth:
    value = _value(node, lookup, back)
    if value is None or isinstance(value, bool):
        return value
    raise ConditionError("'and', 'or', 'not' and 'for' join questions, such as accuracy < 30")


def _all(held: Iterable[Truth]) -> Truth:
    open_ = False
    for one in held:
        if one is False:
            return False
        open_ = open_ or one is None
    return None if open_ else True


def _negation(held: Truth) -> Truth:
    return None if held is None else not held


def _is(value: Term, kind: str) -> Truth:
    if kind == "absent":
        return value is None
    if value is None:
        return None
    if isinstance(value, str):
        return False
    return math.isnan(value) if kind == "nan" else math.isfinite(value)


def _sides(left: Node, right: Node, lookup: Lookup, back: int) -> tuple[Term, Term]:
    """Both sides of a comparison; a name that nobody knows is a text beside a text."""
    found: list[Term] = []
    unknown: UnknownName | None = None
    for node in (left, right):
        try:
            found.append(_value(node, lookup, back))
        except UnknownName as error:
            if unknown is not None or not isinstance(node, Name):
                raise
            unknown = error
            found.append(node.name)
    if unknown is not None:
        texts = [isinstance(one, str) for one in found]
        absent = [one is None for one in found]
        if not all(texts) and not any(absent):
            raise unknown
    return found[0], found[1]


def _compare(operator: str, left: Term, right: Term) -> Truth:
    if left is None or right is None:
        return None
    if isinstance(left, str) != isinstance(right, str):
        raise ConditionError(f"'{left}' and '{right}' do not compare: one is a word")
    if isinstance(left, str) and isinstance(right, str):
        same = left.lower() == right.lower()
        if operator not in ("==", "!="):
            raise ConditionError("words compare by = and != only")
        return same if operator == "==" else not same
    a, b = float(left), float(right)
    return {
        "<": a < b,
        "<=": a <= b,
        ">": a > b,
        ">=": a >= b,
        "==": a == b,
        "!=": a != b,
    }[operator]


def _number(value: Term) -> float | None:
    if isinstance(value, str):
        raise ConditionError(f"'{value}' is a word; a number was expected")
    return None if value is None else float(value)


def _arithmetic(operator: str, left: float | None, right: float | None) -> float | None:
    if left is None or right is None:
        return None
    if operator == "+":
        return left + right
    if operator == "-":
        return left - right
    if operator == "*":
        return left * right
    if right == 0:
        return None
    return left / right
