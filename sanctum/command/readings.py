"""What commands do with readings and verdicts before they stand in a report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from sanctum.errors import NoDataYet, SanctumError
from sanctum.model.answers import PolicyReading, Verdict
from sanctum.model.readings import NOT_MEASURED, Measured, NonFinite, Reading, number, reading
from sanctum.view.numbers import cell

T = TypeVar("T")

_BADNESS: dict[Verdict | None, int] = {None: 0, "ok": 1, "warn": 2, "crit": 3}


def said(ask: Callable[[], T], *unsaid: type[SanctumError]) -> T | None:
    """The answer, or None when the run has not said this: for answers made of several.

    `unsaid` are further errors that mean just that, as UsageError where a name may be unknown.
    """
    silent: tuple[type[SanctumError], ...] = (NoDataYet, *unsaid)
    try:
        return ask()
    except silent:
        return None


def measured(one: PolicyReading) -> bool:
    """Whether it has a value, nan and infinities included."""
    return number(one.value) is not None


def picked(readings: Iterable[PolicyReading], names: Iterable[str]) -> list[PolicyReading]:
    """The readings of some names, in that order; entropy in nats where only that was said."""
    named = {one.name: one for one in readings}
    share, nats = named.get("entropy"), named.get("entropy_nats")
    if nats is not None and measured(nats) and (share is None or not measured(share)):
        named["entropy"] = nats
    return [named[name] for name in names if name in named]


def badness(verdict: Verdict | None) -> int:
    """How bad a verdict is: 3 crit, 2 warn, 1 ok, 0 not judged."""
    return _BADNESS[verdict]


def worst(verdicts: Iterable[Verdict | None]) -> Verdict | None:
    """The worst of some verdicts; None when none was judged."""
    return max(verdicts, key=badness, default=None)


def is_zero(one: Reading, within: float = 0.0) -> bool:
    """Whether it was measured and is no farther from zero than `within`."""
    return isinstance(one, Measured) and abs(one.value) <= within


def times(one: Reading, factor: float) -> Reading:
    """A reading times a plain number; an absent one stays absent, for the same reason."""
    if isinstance(one, Measured):
        return Measured(one.value * factor, one.age_steps, one.stale)
    if isinstance(one, NonFinite):
        return reading(float(one.kind) * factor, one.age_steps)
    return one


def mean(some: Iterable[Reading]) -> Reading:
    """The mean of what was measured, nan and infinities included; absent when nothing was."""
    values = [value for value in map(number, some) if value is not None]
    return reading(sum(values) / len(values)) if values else NOT_MEASURED


def percent(one: Reading) -> str:
    """A share of 0 to 1 as percent, or the word why there is none: ``88 %``."""
    value = number(one)
    if not isinstance(one, Measured) or value is None:
        return cell(one)
    return "<1 %" if 0 < 100 * value <= 0.5 else f"{cell(float(round(100 * value)), 0)} %"


def listed(words: Sequence[str], most: int = 3) -> str:
    """Some words in a sentence, the first `most` of them: ``a, b, c and 4 more``."""
    shown = ", ".join(words[:most])
    return f"{shown} and {len(words) - most} more" if len(words) > most else shown


def counted(count: int, one: str, many: str | None = None) -> str:
    """A count with its noun: ``1 seed``, ``3 seeds``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
