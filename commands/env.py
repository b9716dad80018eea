"""``env N``: one environment: its host, its seeds, its last decisions, what they earned."""

from __future__ import annotations

import itertools

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
from sanctum.command.advice import no_actions, records
from sanctum.command.readings import listed, said, times
from sanctum.model.answers import Curve, EnvAnswer
from sanctum.model.readings import NOT_MEASURED, number

RECENT_STEPS, RECENT_DECISIONS = 64, 3
LOSSES = ("loss", "val_loss")
BESIDE = "context/"
ELSEWHERE = ("action/", "reward/", "confidence.", "entropy.", "forced.", "probability.")
"""What other blocks, or `rewards` and `decision`, show of an environment."""

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
    slots = moment.run().header.slots
    taken = [seed for seed in answer.seeds if not columns.is_empty(seed)]
    free = [slot for slot in slots if slot not in {seed.slot for seed in taken}]
    decisions = sorted(answer.decisions, key=lambda one: one.step)
    recent = decisions if more else decisions[-RECENT_DECISIONS:]
    unknown = "" if decisions else no_actions(moment)
    blocks: list[Block] = [
        columns.course(curve, name) for name, curve in _courses(moment, answer, env)
    ]
    if slots or answer.seeds:
        seeds = (*SEEDS, columns.IMPROVEMENT) if more else SEEDS
        blocks.append(Table(seeds, taken, empty="no seed in any slot"))
    blocks.append(columns.decisions(recent, unknown, answer.units))
    if more and decisions:
        used = [one for one in decisions[-1].choices if one.option is not None]
        blocks.append(columns.choices(used))
    blocks.append(Facts(_facts(moment, answer, free, more)))
    if more:
        blocks += _readings(answer)
        events = columns.events(answer.at, answer.events)
        blocks.append(Table(events, answer.events, empty="no event"))
    row = answer.row
    return Report(
        _title(answer),
        *blocks,
        headline=_headline(answer),
        verdict=row.health.verdict,
        at=answer.at,
        next=_next(env, answer),
    )


def _next(env: int, answer: EnvAnswer) -> str:
    if answer.row.health.verdict == "ok":
        return f"rewards {env}"
    return f"actions {env}" if answer.decisions else f"episodes --env {env}"


def _courses(moment: Moment, answer: EnvAnswer, env: int) -> list[tuple[str, Curve]]:
    """How it went of late: accuracy and loss, or the reward where neither is measured."""

    def of(name: str) -> Curve | None:
        return said(lambda: moment.series(name, env=env, last=RECENT_STEPS), UsageError)

    losses = ((name, curve) for name in LOSSES if (curve := of(name)) and curve.values)
    found = [("accuracy", answer.accuracy), *itertools.islice(losses, 1)]
    known = [(name, curve) for name, curve in found if curve is not None]
    if not known and (reward := of("reward")) is not None and reward.values:
        known = [("reward", reward)]
    return known


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


def _facts(moment: Moment, answer: EnvAnswer, free: list[str], more: bool) -> list[Fact]:
    row = answer.row
    facts = [Fact("free slots", ", ".join(free))] if free else []
    facts.append(Fact("reward", row.reward, note=_parts(moment, answer)))
    return facts if more else [*facts, columns.last_event(answer.events, answer.at)]


def _readings(answer: EnvAnswer) -> list[Block]:
    """Every reading that stands nowhere else: the environment's own, those beside the reward."""
    row = answer.row
    own = {"value": row.value, "entropy": row.entropy, "loss": row.loss, **row.columns}
    rest = {name: one for name, one in own.items() if not name.startswith(ELSEWHERE)}
    beside = {name: one for name, one in rest.items() if name.startswith(BESIDE)}
    units = answer.units
    facts = [Fact(name, one, units.get(name, "")) for name, one in rest.items()]
    blocks: list[Block] = [Facts([one for one in facts if one.name not in beside], "readings")]
    if beside:
        named = [Fact(name.removeprefix(BESIDE), one) for name, one in beside.items()]
        blocks.append(Facts(named, "beside the reward"))
    return blocks


def _parts(moment: Moment, answer: EnvAnswer) -> str:
    """The largest components of the last reward, as they enter it."""
    if answer.rewards is None or not answer.rewards.components:
        return f"components: not measured{records(moment, 'run.step(rewards=...)')}"
    summands = [one for one in answer.rewards.components if one.inside is None]
    parts = [(one.name, times(one.last, one.sign)) for one in summands]
    parts.sort(key=lambda part: -abs(number(part[1]) or 0.0))
    made = [part for part in parts if number(part[1]) not in (None, 0.0)]
    return listed([f"{name} {cell(value, 3)}" for name, value in made or parts], 2)
