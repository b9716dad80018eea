"""``env N``: one environment: its host, its seeds, its last decisions, what they earned."""

from __future__ import annotations

import click

from sanctum.command import (
    ENV,
    Block,
    Fact,
    Facts,
    Moment,
    Report,
    Table,
    UsageError,
    cell,
    columns,
    inspect_command,
)
from sanctum.command.readings import listed, said, times
from sanctum.model.answers import EnvAnswer
from sanctum.model.readings import NOT_MEASURED, number

RECENT_STEPS, RECENT_DECISIONS = 64, 3
SEEDS = (
    columns.SLOT,
    columns.STAGE,
    columns.BLUEPRINT,
    columns.ALPHA,
    columns.CONTRIBUTION,
    columns.AGE,
    columns.GATE,
    columns.GRADIENT,
)


@inspect_command("env", group="look", examples=("env 7", "env 7 --more", "env 7 --at -50"))
@click.argument("env", type=ENV, metavar="N")
@click.option("--more", is_flag=True, help="every reading, all recent decisions and events")
def command(moment: Moment, env: int, more: bool) -> Report:
    """Show one environment: accuracy, loss, seeds, decisions, reward, events.

    The probability of a decision is the policy's own for the action taken, its value the critic's
    estimate before it, its reward what followed. Contribution is in points of accuracy, age in
    steps, gradient 1 healthy and 0 dead; gate: how many inputs of the seed's next gate pass.
    """
    answer = moment.env(env)
    loss = said(lambda: moment.series("loss", env=env, last=RECENT_STEPS), UsageError)
    slots = moment.run().header.slots
    seeds = (*SEEDS, columns.IMPROVEMENT) if more else SEEDS
    taken = [seed for seed in answer.seeds if not columns.is_empty(seed)]
    free = [slot for slot in slots if slot not in {seed.slot for seed in taken}]
    nothing = "no seed in any slot" if slots else "seeds: not measured; run.seed(...) records them"
    decisions = sorted(answer.decisions, key=lambda one: one.step)
    recent = decisions if more else decisions[-RECENT_DECISIONS:]
    unknown = "decisions: not measured; run.step(actions=...) records them"
    courses = (("accuracy", answer.accuracy), ("loss", loss))
    blocks: list[Block] = [columns.course(curve, name) for name, curve in courses if curve]
    blocks += [
        Table(seeds, taken, empty=nothing),
        Table(columns.DECISIONS, recent, empty=unknown),
        Facts(_facts(answer, free, more)),
    ]
    if more:
        blocks.append(
            Table(columns.events(answer.at, answer.events), answer.events, empty="no event")
        )
    row = answer.row
    return Report(
        _title(answer),
        *blocks,
        headline=_headline(answer),
        verdict=row.health.verdict,
        at=answer.at,
        next=f"rewards {env}" if row.health.verdict == "ok" else f"actions {env}",
    )


def _title(answer: EnvAnswer) -> str:
    row = answer.row
    if number(row.episode) is None:
        return f"env {row.env}"
    step = "" if number(row.env_step) is None else f", its step {cell(row.env_step, 0)}"
    return f"env {row.env}: episode {cell(row.episode, 0)}{step}"


def _headline(answer: EnvAnswer) -> str:
    row = answer.row
    health = f"{row.health.word}: {row.health.reason}" if row.health.reason else row.health.word
    best = f" (best {cell(row.best_accuracy, 1)})" if number(row.best_accuracy) is not None else ""
    old = f"; {row.age_steps:,} steps old" if (row.age_steps or 0) > 1 else ""
    now = f"; accuracy {cell(row.accuracy, 1)} %{best}" if row.accuracy != NOT_MEASURED else ""
    return f"{health}{now}{old}"


def _facts(answer: EnvAnswer, free: list[str], more: bool) -> list[Fact]:
    row = answer.row
    facts = [Fact("free slots", ", ".join(free))] if free else []
    facts.append(Fact("reward", row.reward, note=_parts(answer)))
    if not more:
        return [*facts, columns.last_event(answer.events, answer.at)]
    named = {"value": row.value, "entropy": row.entropy, "loss": row.loss, **row.columns}
    return facts + [Fact(name, reading) for name, reading in named.items()]


def _parts(answer: EnvAnswer) -> str:
    """The largest components of the last reward, as they enter it."""
    if answer.rewards is None or not answer.rewards.components:
        return "components: not measured; run.step(rewards=...) records them"
    parts = [(one.name, times(one.last, one.sign)) for one in answer.rewards.components]
    parts.sort(key=lambda part: -abs(number(part[1]) or 0.0))
    return listed([f"{name} {cell(value, 3)}" for name, value in parts], 2)
