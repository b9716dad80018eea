"""What the words that ask a decision again share: which decision, whose weights, exact numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from sanctum.command.types import is_moment
from sanctum.errors import UsageError
from sanctum.model.answers import At
from sanctum.model.readings import Reading, number, reading

F = TypeVar("F", bound=Callable[..., Any])
THEN = "then"

_ACTED = {True: ", which acted", False: ", the nearest kept before", None: ""}
_PLAIN = re.compile(r"[\w./:+=,@%-]+\Z", re.ASCII)
_SPECIAL = re.compile(r'["\\$]')
_CHANGE = re.compile(r"(.+?)([+-]?=)([^=]*)\Z", re.DOTALL)


def weights_options(function: F) -> F:
    """``--with`` and ``--trust``: whose weights, and whether foreign code may run."""
    trust = click.option(
        "--trust", is_flag=True, help="run the code named by a record that is not yours"
    )
    which = click.option(
        "--with",
        "which",
        metavar="WEIGHTS",
        default=THEN,
        show_default=True,
        help="then (those that acted), now (the newest), or hall:K",
    )
    return which(trust(function))


def trust_option(function: F) -> F:
    """``--trust`` alone."""
    return click.option(
        "--trust", is_flag=True, help="run the code named by a record that is not yours"
    )(function)


def placed(words: Sequence[str]) -> tuple[str | None, str | None]:
    """``[STEP] [ACTION]``: a single word is a step where it has the form of a moment.

    Of two the order is free where only one has it. Raises UsageError for more.
    """
    if len(words) > 2:
        raise UsageError(
            f"one word too many: '{words[2]}'", "a step and an action, as in 1200 GERMINATE"
        )
    if len(words) == 2:
        swapped = is_moment(words[1]) and not is_moment(words[0])
        return (words[1], words[0]) if swapped else (words[0], words[1])
    if not words:
        return None, None
    return (words[0], None) if is_moment(words[0]) else (None, words[0])


def changes(words: Sequence[str]) -> list[tuple[str, str, float]]:
    """``feature=0.7``, ``feature+=0.1`` and ``feature-=0.1`` as feature, operator and number.

    Raises UsageError for what is none of these, or changes a feature twice.
    """
    found: list[tuple[str, str, float]] = []
    for word in words:
        typed = _CHANGE.match(word)
        if typed is None:
            raise UsageError(
                f"'{word}' changes no feature", "feature=0.7, feature+=0.1 or feature-=0.1"
            )
        name, operator, value = typed[1].strip(), typed[2], _number(typed[3], word)
        if any(name == other for other, _, _ in found):
            raise UsageError(f"'{name}' is changed twice", "one change of each feature")
        found.append((name, operator, value))
    return found


def swept(word: str, count: int) -> tuple[str, float, float, int]:
    """``feature=LOW:HIGH`` or ``feature=LOW:HIGH:COUNT``; `count` unless said."""
    name, equals, rest = word.rpartition("=")
    parts = rest.split(":")
    if not equals or len(parts) not in (2, 3):
        raise UsageError(
            f"'{word}' is no range", "a feature, its range and how many: accuracy=0:1:11"
        )
    if len(parts) == 3:
        if not parts[2].isdecimal() or int(parts[2]) < 2:
            raise UsageError(f"'{parts[2]}' is no number of points", "two or more, as in 0:1:11")
        count = int(parts[2])
    return name.strip(), _number(parts[0], word), _number(parts[1], word), count


def _number(text: str, word: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UsageError(f"'{text}' in '{word}' is no number", "a finite one, as in 0.7")
    return value


def weights(which: str, update: int, acted: bool | None = None) -> str:
    """Whose weights, after "with": ``u12, which acted``."""
    if which == THEN:
        return f"u{update}{_ACTED[acted]}"
    if which == "now":
        return f"u{update}, the newest"
    return f"u{update} of {which}"


def when(at: At, step: int) -> str:
    """How a step of an answer is named in the next line: in an entry of the hall with its rank."""
    return str(step) if at.hall is None else f"hall:{at.hall}:{step}"


def options(which: str, trust: bool) -> str:
    """What has to stand at the end of the next line so that it means the same weights."""
    return f"{'' if which == THEN else f' --with {which}'}{' --trust' if trust else ''}"


def exact(value: float) -> str:
    """`value` so that it reads back as the very same number, as short as that goes."""
    text = repr(float(value))
    return text.removesuffix(".0")


def word(text: str) -> str:
    """`text` as one word of a line, quoted where it has to be."""
    if _PLAIN.match(text):
        return text
    if "'" not in text:
        return f"'{text}'"
    return '"' + _SPECIAL.sub(r"\\\g<0>", text) + '"'


def points(before: Reading, after: Reading) -> Reading:
    """By how many percentage points a probability moved; absent where one of them is."""
    first, last = number(before), number(after)
    return before if first is None else after if last is None else reading(100 * (last - first))


def spans(updates: Sequence[int]) -> str:
    """Updates in a line: ``u0-u12, u15, u20-u30``; the middle left out where there are many."""
    parts: list[list[int]] = []
    for one in updates:
        if parts and one == parts[-1][-1] + 1:
            parts[-1][1:] = [one]
        else:
            parts.append([one])
    named = ["-".join(f"u{end}" for end in part) for part in parts]
    return ", ".join(named if len(named) <= 6 else [*named[:2], "...", *named[-3:]])
