"""What ``why`` and ``why-not`` share: which decisions are meant, and how the answer is shown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from sanctum.command.advice import makes_calls
from sanctum.command.columns import harms
from sanctum.command.moment import Moment
from sanctum.command.readings import listed, percent, times
from sanctum.errors import UsageError
from sanctum.model.answers import ActionShare, Component, SeedRow, Standing
from sanctum.model.readings import MASKED, NOT_MEASURED, Measured, Reading, number
from sanctum.model.why import CHOSEN, NO_SEEDS, Call, Evidence, Question, WhyAnswer
from sanctum.view.numbers import cell
from sanctum.view.report import Block, Column, Fact, Facts, Report, Table

_SEED = re.compile(r"(\d+)\.([^\s.]+)\Z")
ROOM = 10
"""Questions and ops that a screen has room for together."""
MOST_OPS = 6
WIDE = 40
"""How wide the components are beside the reward."""
WORDS = {"no": "no", "yes": "YES", "unknown": "?", "not asked": "not asked"}


def chance(one: ActionShare) -> Reading:
    """The mean probability where it was legal; masked where that was never."""
    if one.opportunity_rate == MASKED and one.mean_probability == NOT_MEASURED:
        return MASKED
    return one.mean_probability


def _count(one: Evidence) -> int | str:
    """How many samples a number is of; nothing for what is no mean."""
    return "" if one.count is None else one.count


def legal(one: ActionShare) -> int | Reading:
    """At how many decisions it was legal; not measured where nobody said."""
    return NOT_MEASURED if one.opportunity_rate == NOT_MEASURED else one.legal_count


class _Piece(NamedTuple):
    """One number of a question's evidence."""

    question: str
    evidence: Evidence


CHAIN = (
    Column("id", lambda q: q.id, priority=0),
    Column("settled", lambda q: q.settled, priority=0),
    Column("number, limit, count", lambda q: q.answer, priority=0),
)
ASKED = (
    Column("question", lambda q: q.text),
    Column("missing", lambda q: q.missing),
    Column("source", lambda q: q.source),
    Column("verdict", lambda q: q.verdict),
)
OPS = (
    Column("op", lambda a: a.action, priority=0),
    Column("probability", lambda a: times(chance(a), 100), "percent", 0, digits=1),
    Column("of unforced", lambda a: times(a.unforced_share, 100), "percent", 1, digits=1),
    Column("taken", lambda a: a.count, priority=1, digits=0),
    Column("legal", lambda a: legal(a), priority=1, digits=0),
)
EVIDENCE = (
    Column("question", lambda p: p.question, priority=0),
    Column("what", lambda p: p.evidence.name, priority=0),
    Column("value", lambda p: p.evidence.value, priority=0),
    Column("limit", lambda p: p.evidence.limit, priority=1),
    Column("n", lambda p: _count(p.evidence), priority=0, digits=0),
    Column("note", lambda p: p.evidence.note, priority=2, flex=True),
)
UNIT = (Column("unit", lambda p: p.evidence.unit),)
CALLS = (
    Column("env", lambda c: c.env, priority=0, digits=0),
    Column("step", lambda c: c.step, priority=0, digits=0),
    Column("first", lambda c: c.action, priority=0),
    Column("probability", lambda c: times(c.probability, 100), "percent", 1, digits=1),
    Column("second", lambda c: c.second, priority=0),
    Column("its", lambda c: times(c.second_probability, 100), "percent", 1, digits=1),
)
RIPE = (
    Column("seed", lambda r: f"{r[0].env}.{r[0].slot}", priority=0),
    Column("blueprint", lambda r: r[0].blueprint, priority=1),
    Column(
        "contribution",
        lambda r: r[0].contribution,
        "points",
        0,
        digits=2,
        verdict=lambda r: harms(r[0]),
    ),
    Column("legal for", lambda r: r[1].since_steps, "steps", 1, digits=0),
    Column("probability", lambda r: times(r[1].probability, 100), "percent", 0, digits=1),
)


def meant(words: Sequence[str]) -> tuple[int | None, str | None, str | None]:
    """The environment, slot and action of ``[N|SEED] [ACTION]``. Raises UsageError."""
    env: int | None = None
    slot: str | None = None
    rest = list(words)
    if rest and rest[0].isdecimal():
        env = int(rest.pop(0))
    elif rest and (found := _SEED.match(rest[0])):
        env, slot = int(found[1]), found[2]
        rest.pop(0)
    if len(rest) > 1 or (rest and rest[0].isdecimal()):
        odd = rest[-1]
        hint = "another moment: --at 1200" if odd.isdecimal() else "an environment and an action"
        raise UsageError(f"one word too many: '{odd}'", hint)
    return env, slot, rest[0] if rest else None


def reasons(moment: Moment, answer: WhyAnswer, more: bool) -> Report:
    """The answer on one screen; `more` with every number of the evidence."""
    asked = [one for one in answer.questions if one.settled != "not asked"]
    calls = makes_calls(moment.run())
    blocks: list[Block] = [
        Table(CHAIN, answer.questions, detail=ASKED)
        if more
        else Facts(Fact(one.text, WORDS[one.settled], note=_words(one, calls)) for one in asked),
        _ops(answer, more or len(asked) + len(answer.actions) <= ROOM),
        Facts(_facts(answer)),
    ]
    pieces = [_Piece(one.id, each) for one in answer.questions for each in one.evidence]
    pairs = list(zip(answer.ripe, answer.ripe_standing, strict=False))
    blocks += _detail(pieces, pairs, answer.calls, more)
    what = "why not" if answer.asked.startswith("not ") else "why"
    where = "" if answer.env is None or "." in answer.asked else f" in env {answer.env}"
    return Report(
        f"{what} {answer.asked.removeprefix('not ') or 'what it does'}{where}",
        *blocks,
        headline=answer.claim,
        verdict=answer.verdict,
        notes=_notes(answer),
        at=answer.at,
        next=answer.try_next,
    )


def _words(one: Question, makes_calls: bool) -> str:
    return f"{one.answer}; {one.missing}" if one.missing and makes_calls else one.answer


def _ops(answer: WhyAnswer, room: bool) -> Table:
    """The ops as rows, or in one line where the chain takes the room."""
    ops = sorted(answer.actions, key=lambda one: -one.count)
    if room and len(ops) <= MOST_OPS:
        return Table(OPS, ops, empty="ops: not measured")
    return Table(OPS, (), empty=_in_a_line(ops), rest=ops)


def _in_a_line(ops: list[ActionShare]) -> str:
    """Mean probabilities where legal, or how often each was taken."""
    if not ops:
        return "ops: not measured"
    if not any(isinstance(one.mean_probability, Measured) for one in ops):
        return listed([f"{one.action} {percent(one.share)}" for one in ops], MOST_OPS)
    chances = [f"{one.action} {percent(chance(one))}" for one in ops]
    known = any(one.opportunity_rate != NOT_MEASURED for one in ops)
    return f"{'p where legal' if known else 'mean p'}: {listed(chances, MOST_OPS)}"


def _facts(answer: WhyAnswer) -> list[Fact]:
    return [
        Fact("entropy", answer.entropy, "0-1", note=f"value {cell(answer.value)}"),
        Fact("reward", answer.reward, "reward", note=_parts(answer.components)),
        *([] if answer.ripe_unknown == NO_SEEDS else [_ripe(answer)]),
    ]


def _parts(components: list[Component]) -> str:
    """The components as they enter the reward, the largest first."""
    made: list[tuple[str, Reading]] = [
        (one.name, times(one.mean, one.sign)) for one in components if one.inside is None
    ]
    known = [(name, value) for name, one in made if (value := number(one)) is not None]
    known.sort(key=lambda one: -abs(one[1]))
    if not known:
        return "components: not measured"
    words = [f"{name} {cell(value, 3)}" for name, value in known if value]
    fits = max(1, sum(len(", ".join(words[:most])) <= WIDE for most in range(1, len(words) + 1)))
    return listed(words, fits)


def _ripe(answer: WhyAnswer) -> Fact:
    """How many seeds FOSSILIZE could take, and the best of them."""
    if answer.ripe_unknown and not answer.ripe:
        return Fact("ripe seeds", None, note=answer.ripe_unknown)
    seeds = [f"{one.env}.{one.slot} {cell(one.contribution, 2)} points" for one in answer.ripe[:2]]
    return Fact("ripe seeds", len(answer.ripe), digits=0, note=", ".join(seeds))


def _detail(
    pieces: list[_Piece], ripe: list[tuple[SeedRow, Standing]], calls: list[Call], more: bool
) -> list[Block]:
    """All evidence, where `more` is asked for."""
    return (
        [
            Table(EVIDENCE, pieces, title="evidence", empty="no evidence", detail=UNIT),
            Table(RIPE, ripe, title="ripe seeds", empty="no ripe seeds"),
            Table(CALLS, calls, title="closest calls", empty="no probabilities, no close calls"),
        ]
        if more
        else []
    )


def _notes(answer: WhyAnswer) -> list[str]:
    notes = list(answer.advice)
    if answer.cause == CHOSEN and answer.calls:
        notes.append(f"closest call: {_call(answer.calls[0])}")
    if answer.first_step is not None and answer.last_step is not None:
        notes.append(f"steps {answer.first_step:,}-{answer.last_step:,}")
    return ["; ".join(notes)] if notes else []


def _call(one: Call) -> str:
    first, second = percent(one.probability), percent(one.second_probability)
    return f"env {one.env} at {one.step:,}, {one.action} {first}, {one.second} {second}"
