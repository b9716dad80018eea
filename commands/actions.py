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
from sanctum.command.readings import counted, percent
from sanctum.model.answers import PolicyAnswer
from sanctum.model.readings import NOT_MEASURED, Reading, reading

COUNTS = (
    Column("action", lambda a: a.action, priority=0),
    Column("count", lambda a: a.count, priority=0, digits=0),
    Column("unforced_count", lambda a: a.unforced_count, priority=0, digits=0),
    Column("legal_count", lambda a: a.legal_count, priority=0, digits=0),
)


@inspect_command("actions", group="look", examples=("actions", "actions 7", "actions --window 200"))
@click.argument("env", type=ENV, metavar="[N]", required=False)
@click.option("--window", type=click.IntRange(1), metavar="STEPS", help="over the last so many")
def command(moment: Moment, env: int | None, window: int | None) -> Report:
    """Count what the policy chose, over all environments or in one.

    share: of all decisions. unforced_share: of those with more than one legal action.
    opportunity_rate: times taken over times legal. mean_probability: what the policy gave it where
    it was legal. A forced decision had one legal action and says nothing of the policy.
    """
    answer = moment.policy(env=env, window=window)
    empty = "not measured: run.step(actions=..., probabilities=..., masks=...) records them"
    blocks: list[Block] = [Table(columns.SHARES, answer.actions, empty=empty)]
    if answer.actions:
        blocks += [Table(COUNTS, answer.actions, title="out of"), Facts(_facts(answer))]
    if env is not None:
        decisions = sorted(moment.env(env).decisions, key=lambda one: one.step)
        blocks.append(
            Table(columns.DECISIONS, decisions[-4:], empty="no decision", total=len(decisions))
        )
    return Report(
        "actions" if env is None else f"actions of env {env}",
        *blocks,
        headline=_headline(answer),
        notes=_notes(answer),
        at=answer.at,
        next="rewards --actions" if env is None else f"rewards {env} --actions",
    )


def _forced(answer: PolicyAnswer) -> Reading:
    if answer.unforced is None or not answer.decisions:
        return NOT_MEASURED
    return reading(1 - answer.unforced / answer.decisions)


def _facts(answer: PolicyAnswer) -> list[Fact]:
    note = "" if answer.unforced is not None else "masks were not recorded"
    return [
        Fact("decisions", answer.decisions),
        Fact("unforced", answer.unforced, note=note),
        Fact("forced_share", _forced(answer), "0-1", digits=3),
    ]


def _headline(answer: PolicyAnswer) -> str:
    if not answer.actions or not answer.decisions:
        return ""
    top = max(answer.actions, key=lambda one: one.count)
    said = f"{top.action} is {percent(top.share)} of {counted(answer.decisions, 'decision')}"
    if answer.unforced is None:
        return f"{said}; how many were forced is not known: no masks were recorded"
    chosen = f", {percent(top.unforced_share)} of the {answer.unforced:,} that were free to choose"
    return f"{said}{chosen}; {percent(_forced(answer))} were forced"


def _notes(answer: PolicyAnswer) -> list[str]:
    notes = []
    never = [one.action for one in answer.actions if one.legal_count and not one.count]
    if never:
        notes.append(f"legal but never chosen: {', '.join(never)}")
    if answer.first_step is not None and answer.last_step is not None:
        notes.append(f"steps {answer.first_step:,}-{answer.last_step:,}")
    return notes
