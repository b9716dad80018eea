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
from sanctum.command.readings import counted, percent, times
from sanctum.model.answers import PolicyAnswer
from sanctum.model.readings import NOT_MEASURED, Reading, reading

RECENT_DECISIONS = 5

COUNTS = (
    Column("action", lambda a: a.action, priority=0),
    Column("count", lambda a: a.count, priority=0, digits=0),
)
BY_MASK = (
    Column("unforced_count", lambda a: a.unforced_count, priority=0, digits=0),
    Column("legal_count", lambda a: a.legal_count, priority=0, digits=0),
)


@inspect_command("actions", group="look", examples=("actions", "actions 7", "actions --window 200"))
@click.argument("env", type=ENV, metavar="[N]", required=False)
@click.option("--window", type=click.IntRange(1), metavar="STEPS", help="over the last so many")
@click.option("--more", is_flag=True, help="of one environment: the counts, all decisions known")
def command(moment: Moment, env: int | None, window: int | None, more: bool) -> Report:
    """Count what the policy chose, over all environments or in one.

    share: of all decisions. unforced_share: of those with more than one legal action.
    opportunity_rate: times taken over times legal. mean_probability: what the policy gave it where
    it was legal. A forced decision had one legal action and says nothing of the policy.
    """
    answer = moment.policy(env=env, window=window)
    empty = "not measured: run.step(actions=..., probabilities=..., masks=...) records them"
    blocks: list[Block] = [Table(columns.SHARES, answer.actions, empty=empty)]
    if answer.actions:
        if env is None or more:
            blocks.append(Table(_counts(answer), answer.actions))
        blocks.append(Facts([_forced_fact(answer)]))
    if env is not None and answer.actions:
        known = sorted(moment.env(env).decisions, key=lambda one: one.step)
        recent = known if more else known[-RECENT_DECISIONS:]
        blocks.append(Table(columns.DECISIONS, recent, empty="no decision yet"))
    return Report(
        "actions" if env is None else f"actions of env {env}",
        *blocks,
        headline=_headline(answer),
        notes=_notes(answer),
        at=answer.at,
        next=_next(answer, env),
    )


def _counts(answer: PolicyAnswer) -> tuple[Column, ...]:
    """The counts; without masks nobody counted what was legal, and 0 would be made up."""
    if answer.unforced is not None:
        return (*COUNTS, *BY_MASK)
    return (*COUNTS, *(one._replace(get=lambda _: NOT_MEASURED) for one in BY_MASK))


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
    return "rewards --actions" if env is None else f"rewards {env} --actions"


def _headline(answer: PolicyAnswer) -> str:
    if not answer.actions or not answer.decisions:
        return ""
    top = max(answer.actions, key=lambda one: one.count)
    said = f"{top.action} is {percent(top.share)} of {counted(answer.decisions, 'decision')}"
    if answer.unforced is None:
        return f"{said}; how many were forced is not known"
    return f"{said}, {percent(top.unforced_share)} of the {answer.unforced:,} unforced ones"


def _notes(answer: PolicyAnswer) -> list[str]:
    notes = []
    never = [one.action for one in answer.actions if one.legal_count and not one.count]
    if never:
        notes.append(f"legal but never chosen: {', '.join(never)}")
    if answer.first_step is not None and answer.last_step is not None:
        notes.append(f"steps {answer.first_step:,}-{answer.last_step:,}")
    return ["; ".join(notes)] if notes else []
