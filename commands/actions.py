"""``actions [N]``: what the policy chooses, in four readings, and how much of it was forced."""

from __future__ import annotations

import click

from sanctum.command import (
    ENV,
    Block,
    Column,
    Fact,
    Facts,
    Moment,
    Report,
    Table,
    columns,
    inspect_command,
)
from sanctum.command.advice import no_actions
from sanctum.command.patterns import LAST, patterns
from sanctum.command.readings import counted, listed, percent, times
from sanctum.model.answers import Decision, EnvAnswer, PolicyAnswer
from sanctum.model.readings import NOT_MEASURED, Reading, number, reading

RECENT_DECISIONS = 5
OP = "op"
"""The head of those that name one, which says what the others are for."""
ROOM = 4
"""Ops beside which the counts have room on a screen."""

COUNTS = (
    Column("action", lambda a: a.action, priority=0),
    Column("count", lambda a: a.count, priority=0, digits=0),
)
OUTCOME = (
    Column("executed_count", lambda a: a.executed_count, priority=1, digits=0),
    Column("success", lambda a: times(a.success, 100), unit="percent", priority=1, digits=1),
    Column("q", lambda a: a.q, priority=2),
)
BY_MASK = (
    Column("unforced_count", lambda a: a.unforced_count, priority=0, digits=0),
    Column("legal_count", lambda a: a.legal_count, priority=0, digits=0),
)
HEADS = (
    Column("head", lambda h: h.head, priority=0),
    Column("used", lambda h: h.used, priority=0, digits=0),
    Column("forced_share", lambda h: times(h.forced_share, 100), unit="percent", digits=1),
    Column("entropy", lambda h: h.entropy, unit="0-1"),
    Column("probability", lambda h: times(h.probability, 100), unit="percent", digits=1),
)


@inspect_command(
    "actions",
    group="look",
    examples=("actions", "actions 7", "actions --window 200", "actions --more"),
)
@click.argument("env", type=ENV, metavar="[N]", required=False)
@click.option("--window", type=click.IntRange(1), metavar="STEPS", help="over the last so many")
@click.option("--more", is_flag=True, help="counts, what came of them, every head; all decisions")
def command(moment: Moment, env: int | None, window: int | None, more: bool) -> Report:
    """Count what the policy chose, over all environments or in one.

    share: of all decisions. unforced_share: of those with more than one legal action.
    opportunity_rate: times taken over times legal. mean_probability: what the policy gave it where
    it was legal. A forced decision had one legal action and says nothing of the policy. With
    --more, executed_count: times it was carried out, also in place of another; success: share of
    its choices that could be done; q: what the critic expects of it; used: decisions a head had a
    part in. In one environment, last ops: * forced, ! not done.
    """
    answer = moment.policy(env=env, window=window)
    call = "run.step(actions=..., probabilities=..., masks=...)"
    empty = "" if answer.actions else no_actions(moment, call)
    blocks: list[Block] = [Table(columns.shares(answer.actions), answer.actions, empty=empty)]
    odd: list[str] = []
    if answer.actions:
        if more or (env is None and len(answer.actions) <= ROOM):
            blocks.append(_counts(answer))
        facts = [_forced_fact(answer), *_undone(answer)]
        if env is not None:
            here = moment.env(env)
            odd = _patterns(moment, here)
            facts.append(_last(here.decisions))
            blocks += [Facts(facts), _recent(here, more)]
        else:
            blocks.append(Facts(facts))
        if more:
            blocks.append(Table(HEADS, answer.heads, title="heads"))
    return Report(
        "actions" if env is None else f"actions of env {env}",
        *blocks,
        headline=_headline(answer, odd),
        notes=_notes(answer),
        verdict="warn" if odd else None,
        at=answer.at,
        next=_next(answer, env),
    )


def _counts(answer: PolicyAnswer) -> Table:
    """The counts; what was never said is absent, since 0 would be made up."""
    by_mask: tuple[Column, ...] = BY_MASK
    if answer.unforced is None:
        by_mask = tuple(one._replace(get=lambda _: NOT_MEASURED) for one in BY_MASK)
    elif not any(one.legal_count for one in answer.actions):
        by_mask = (by_mask[0], by_mask[1]._replace(get=lambda _: NOT_MEASURED, priority=3))
    is_said = any(
        one.executed_count is not None or number(one.success) is not None for one in answer.actions
    )
    if is_said:
        return Table((*COUNTS, *OUTCOME, *by_mask), answer.actions)
    return Table((*COUNTS, *by_mask), answer.actions, detail=OUTCOME)


def _recent(here: EnvAnswer, more: bool) -> Table:
    known = sorted(here.decisions, key=lambda one: one.step)
    recent = known if more else known[-RECENT_DECISIONS:]
    return columns.decisions(recent, "no decision yet", here.units)


def _patterns(moment: Moment, here: EnvAnswer) -> list[str]:
    slots = moment.run().header.slots
    taken = {seed.slot for seed in here.seeds if not columns.is_empty(seed)}
    known = sorted(here.decisions, key=lambda one: one.step)
    return patterns(known, here.seeds, sum(slot not in taken for slot in slots))


def _last(decisions: list[Decision]) -> Fact:
    known = sorted(decisions, key=lambda one: one.step)[-LAST:]
    words = [f"{one.action}{'*' if one.forced else ''}{_mark(one)}" for one in known]
    return Fact("last ops", " ".join(words) or None)


def _mark(one: Decision) -> str:
    return "!" if columns.done(one) not in (None, "yes") else ""


def _undone(answer: PolicyAnswer) -> list[Fact]:
    """Ops that often could not be done, where that is said."""
    tried = [
        (one, round(one.count * (1 - value)))
        for one in answer.actions
        if (value := number(one.success)) is not None and value == value and one.count
    ]
    if not tried:
        return []
    failed = sorted(((n, one) for one, n in tried if n), key=lambda pair: -pair[0])
    words = [f"{one.action} {n:,} of {one.count:,}" for n, one in failed]
    return [Fact("not done", sum(n for n, _ in failed), note=listed(words))]


def _forced(answer: PolicyAnswer) -> Reading:
    if answer.unforced is None or not answer.decisions:
        return NOT_MEASURED
    return reading(1 - answer.unforced / answer.decisions)


def _forced_fact(answer: PolicyAnswer) -> Fact:
    if answer.unforced is None:
        return Fact("forced_share", NOT_MEASURED, "percent", note="run.step(masks=...) records it")
    note = f"{answer.decisions - answer.unforced:,} of {counted(answer.decisions, 'decision')}"
    return Fact("forced_share", times(_forced(answer), 100), "percent", note=note, digits=1)


def _next(answer: PolicyAnswer, env: int | None) -> str:
    if not answer.actions:
        return "overwatch"
    return "rewards --actions" if env is None else f"decision {env}"


def _headline(answer: PolicyAnswer, odd: list[str]) -> str:
    if odd:
        return "; ".join(odd)
    if not answer.actions or not answer.decisions:
        return ""
    top = max(answer.actions, key=lambda one: one.count)
    said = f"{top.action} is {percent(top.share)} of {counted(answer.decisions, 'decision')}"
    if answer.unforced is None:
        return f"{said}; how many were forced is not known"
    return f"{said}, {percent(top.unforced_share)} of the {answer.unforced:,} unforced ones"


def _notes(answer: PolicyAnswer) -> list[str]:
    notes = []
    if len(answer.heads) > 1 and answer.heads[0].head != OP:
        notes.append(f"of {answer.heads[0].head} alone, one of {len(answer.heads)} heads: --more")
    never = [one.action for one in answer.actions if one.legal_count and not one.count]
    if never:
        notes.append(f"legal but never chosen: {', '.join(never)}")
    if answer.first_step is not None and answer.last_step is not None:
        notes.append(f"steps {answer.first_step:,}-{answer.last_step:,}")
    if answer.told is not None and answer.told < answer.decisions:
        notes.append(f"probabilities known at {answer.told:,} of {answer.decisions:,} decisions")
    return ["; ".join(notes)] if notes else []
