"""The heads of a decision as tables: every option, whether it was legal, how probable it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sanctum.command.readings import times
from sanctum.model.answers import Choice, PolicyAnswer
from sanctum.model.decisions import DecisionAnswer, Head, HeadOption
from sanctum.model.readings import NOT_MEASURED, Reading, number
from sanctum.view.report import Column, Table

MOST_OPS = 6
"""Of more ops a screen has the likeliest."""


@dataclass(frozen=True, slots=True, eq=False)
class Option:
    """One option of one head, as a row; `q` is what the critic expects of it."""

    head: Head
    of: HeadOption
    q: Reading = NOT_MEASURED


OPTION = (
    Column("legal", lambda o: o.of.legal),
    Column("rule", lambda o: _rule(o)),
    Column("logit", lambda o: o.of.logit, priority=2, digits=2),
    Column("probability", lambda o: times(o.of.probability, 100), "percent", 0, digits=1),
    Column("chosen", lambda o: o.of.chosen),
    Column("q", lambda o: o.q, priority=2),
)
OF_HEAD = (
    Column("head", lambda o: o.head.head),
    Column("entropy", lambda o: o.head.entropy, unit="0-1"),
    Column("forced", lambda o: o.head.forced),
    Column("log_probability", lambda o: o.of.logit if o.head.normalised else NOT_MEASURED),
)


def options(answer: DecisionAnswer, policy: PolicyAnswer | None) -> list[Option]:
    """Every option of every head, the main one's first; of that with what the critic expects."""
    q = {} if policy is None else {one.action: one.q for one in policy.actions}
    main = answer.heads[0]
    return [
        Option(head, one, q.get(one.name, NOT_MEASURED) if head is main else NOT_MEASURED)
        for head in answer.heads
        for one in head.options
    ]


def ops(main: Head, every: Sequence[Option], most: int | None) -> Table:
    """The ops, all of them, or for a screen the `most` that matter; further heads for programs."""
    own = [one for one in every if one.head is main]
    shown = own if most is None else _of_interest(own, most)
    rest = [one for one in every if one not in shown]
    return _table("op", main, own, shown, rest, marked=most is None)


def _of_interest(own: list[Option], most: int) -> list[Option]:
    """What was chosen, what was likely, what could not be: as many as there is room for."""
    told = [one for one in own if one.of.chosen or _is_told(one)] or own
    likely = sorted(told, key=lambda one: (not one.of.chosen, -(number(one.of.probability) or 0.0)))
    return [one for one in told if one in likely[: min(most, MOST_OPS)]]


def _is_told(one: Option) -> bool:
    """Whether a screen would miss it: an op that nobody says could have been taken is not."""
    return one.of.legal is not None or number(one.of.probability) not in (None, 0.0)


def choices(answer: DecisionAnswer) -> list[Choice]:
    """What each head chose that had a part in the decision."""
    return [
        Choice(head.head, option.name, option.probability, head.entropy, head.forced)
        for head in answer.heads
        for option in head.options
        if option.chosen
    ]


def further(head: Head, every: Sequence[Option]) -> Table:
    """Another head, with all its options."""
    own = [one for one in every if one.head is head]
    return _table(head.head, head, own, own)


def _table(
    name: str,
    head: Head,
    every: Sequence[Option],
    shown: Sequence[Option],
    rest: Sequence[Option] = (),
    *,
    marked: bool = True,
) -> Table:
    """Options of a head as rows; what nobody said of any of them has no column on a screen.

    The one that was chosen is `marked` where no line above says which it was.
    """
    told = {
        "chosen": marked,
        "legal": any(one.of.legal is not None for one in every),
        "rule": any(one.of.rule is not None for one in every),
        "logit": not head.normalised and any(number(one.of.logit) is not None for one in every),
        "q": any(number(one.q) is not None for one in every),
    }
    names = Column(name, lambda o: o.of.name, priority=0)
    return Table(
        (names, *(one for one in OPTION if told.get(one.name, True))),
        shown,
        empty=f"{name}s: not measured",
        detail=(*(one for one in OPTION if not told.get(one.name, True)), *OF_HEAD),
        rest=rest,
    )


def _rule(one: Option) -> str | None:
    return "" if one.of.legal else one.of.rule
