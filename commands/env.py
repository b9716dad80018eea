"""``env N``: one environment in full: its host, its seeds, its last decisions, what they earned."""

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
    cell,
    columns,
    inspect_command,
)
from sanctum.command.readings import said, times
from sanctum.model.answers import Component, EnvAnswer, SeedRow
from sanctum.model.readings import Reading, number

RECENT_STEPS, RECENT_DECISIONS, RECENT_EVENTS = 64, 4, 3
SEEDS = (columns.SLOT, *columns.SEEDS, columns.GRADIENT, columns.GATE)


@inspect_command("env", group="look", examples=("env 7", "env 7 --more", "env 7 --at -50"))
@click.argument("env", type=ENV, metavar="N")
@click.option("--more", is_flag=True, help="every reading, all recent decisions and events")
def command(moment: Moment, env: int, more: bool) -> Report:
    """Show one environment: accuracy, loss, seeds, decisions, reward, events.

    The probability of a decision is the policy's own for the action taken; its value is the
    critic's estimate before it, its reward what followed. A gate reads: inputs passed of all.
    """
    answer = moment.env(env)
    loss = said(lambda: moment.series("loss", env=env, last=RECENT_STEPS))
    slots = moment.run().header.slots
    blocks: list[Block] = [columns.course(curve) for curve in (answer.accuracy, loss) if curve]
    blocks.append(_seeds(answer, slots))
    blocks.append(_decisions(answer, more))
    blocks.append(_rewards(answer))
    if more:
        blocks.append(_readings(answer))
    blocks.append(_events(answer, more))
    row = answer.row
    return Report(
        f"env {env}",
        *blocks,
        headline=_headline(answer),
        verdict=row.health.verdict,
        at=answer.at,
        next=f"rewards {env}" if row.health.verdict == "ok" else f"actions {env}",
    )


def _headline(answer: EnvAnswer) -> str:
    row = answer.row
    health = f"{row.health.word}: {row.health.reason}" if row.health.reason else row.health.word
    best = f" (best {cell(row.best_accuracy, 1)})" if number(row.best_accuracy) is not None else ""
    place = f"episode {cell(row.episode, 0)}, step {cell(row.env_step, 0)}"
    old = f"; heard {row.age_steps:,} steps ago" if row.age_steps else ""
    return f"{health}; accuracy {cell(row.accuracy, 1)} %{best}; {place}{old}"


def _seeds(answer: EnvAnswer, slots: list[str]) -> Table:
    taken = {seed.slot: seed for seed in answer.seeds}
    n = answer.row.env
    rows = [taken.pop(s) if s in taken else SeedRow(n, s, "empty") for s in slots]
    empty = "seeds: not measured; run.seed(...) records them"
    return Table(SEEDS, [*rows, *taken.values()], empty=empty)


def _decisions(answer: EnvAnswer, more: bool) -> Table:
    found = sorted(answer.decisions, key=lambda one: one.step)
    empty = "decisions: not measured; run.step(actions=...) records them"
    shown = found if more else found[-RECENT_DECISIONS:]
    return Table(columns.DECISIONS, shown, empty=empty, total=len(found))


def _rewards(answer: EnvAnswer) -> Table:
    """One row, a column a component; the smaller ones give way first."""
    if answer.rewards is None:
        return Table((), (), empty="reward components: not measured; run.step(rewards=...)")
    last = {one.name: _signed(one) for one in answer.rewards.components}
    sizes = sorted(last, key=lambda name: -abs(number(last[name]) or 0.0))
    parts = [_part(name, sizes.index(name) + 1) for name in last]
    total = Column("reward", lambda row: row["total"], priority=0, digits=3)
    row = {**last, "total": answer.rewards.total.last}
    return Table((total, *parts), [row])


def _part(name: str, priority: int) -> Column:
    return Column(name, lambda row: row[name], priority=priority, digits=3)


def _signed(one: Component) -> Reading:
    return times(one.last, one.sign)


def _readings(answer: EnvAnswer) -> Facts:
    row = answer.row
    named = {"value": row.value, "entropy": row.entropy, **row.columns}
    return Facts((Fact(name, value) for name, value in named.items()), "all readings")


def _events(answer: EnvAnswer, more: bool) -> Table:
    shown = answer.events if more else answer.events[-RECENT_EVENTS:]
    return Table(
        columns.events(answer.at, placed=False),
        shown,
        empty="no event of this environment",
        total=len(answer.events),
    )
