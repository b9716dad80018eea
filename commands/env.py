"""``env N``: one environment: its host, its seeds, its last decisions, what they earned."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

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
    earnings,
    gates,
    inspect_command,
    story,
)
from sanctum.command.advice import no_actions
from sanctum.command.grown import size
from sanctum.command.matters import Matter, matter
from sanctum.command.readings import badness, said, worst
from sanctum.model.answers import Curve, EnvAnswer, SeedRow
from sanctum.model.readings import NOT_MEASURED, number

RECENT_STEPS = 64
ROWS, FEWEST = 5, 2
"""Seeds and decisions that a screen has room for together; decisions at least."""

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
    gates.LACKS,
)
FURTHER = (
    columns.TARGET,
    columns.TO_GO,
    columns.IMPROVEMENT,
    columns.GRADIENT,
    columns.STAGE_STEPS,
    columns.PARAMETERS,
)


@inspect_command("env", group="look", examples=("env 7", "env 7 --more", "env 7 --at -50"))
@click.argument("env", type=ENV, metavar="N")
@click.option("--more", is_flag=True, help="every reading, all recent decisions and events")
def command(moment: Moment, env: int, more: bool) -> Report:
    """Show one environment: accuracy, loss, seeds, decisions, reward, events.

    The probability of a decision is the policy's own for the action taken, its value the critic's
    estimate before it, its reward what followed, return_5 what five steps brought; outcome: what
    came of it. Contribution is in points of accuracy, age in steps; lacks: the input that a seed's
    next gate misses most, by how much, and how many more. With --more, to_go: steps until alpha is
    at its target at its pace; gradient: 1 healthy and 0 dead.
    """
    answer = moment.env(env)
    header = moment.run().header
    slots = header.slots
    taken = [seed for seed in answer.seeds if not columns.is_empty(seed)]
    free = [slot for slot in slots if slot not in {seed.slot for seed in taken}]
    thing = matter(answer, free)
    blocks: list[Block] = [
        columns.course(curve, name) for name, curve in _courses(moment, answer, env)
    ]
    if slots or answer.seeds:
        blocks += _seeds(taken, more)
    blocks += _decisions(moment, answer, len(taken), more)
    facts = [*size(answer, header, free), *earnings.facts(moment, answer)]
    blocks.append(Facts(facts if more else [*facts, columns.last_event(answer.events, answer.at)]))
    if more:
        if answer.rewards is not None and answer.rewards.components:
            blocks.append(earnings.table(answer.rewards))
        blocks += _readings(answer)
        events = columns.events(answer.at, answer.events)
        blocks.append(Table(events, answer.events, empty="no event"))
    return Report(
        _title(answer),
        *blocks,
        headline=_headline(answer, thing),
        verdict=worst((answer.row.health.verdict, thing.verdict if thing else None)),
        at=answer.at,
        next=_next(env, answer, thing),
    )


def _next(env: int, answer: EnvAnswer, thing: Matter | None) -> str:
    if thing is not None:
        return thing.next
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


def _seeds(taken: Sequence[SeedRow], more: bool) -> list[Block]:
    """The seeds; with `more` their further readings, and every input of their next gates."""
    if not more:
        first = sorted(taken, key=columns.urgency)[: ROWS - FEWEST]
        shown = [seed for seed in taken if seed in first]
        empty = "no seed in any slot"
        detail = (columns.GATE, *FURTHER)
        return [Table(SEEDS, shown, empty=empty, total=len(taken), detail=detail)]
    blocks: list[Block] = [Table(SEEDS, taken, empty="no seed in any slot")]
    if taken:
        blocks.append(Table((columns.SLOT, *FURTHER), taken))
    return [*blocks, *gates.tables(taken)]


def _decisions(moment: Moment, answer: EnvAnswer, taken: int, more: bool) -> list[Block]:
    """The last decisions and what came of them; with `more` all of them, and every head."""
    known = sorted(answer.decisions, key=lambda one: one.step)
    recent = known if more else known[-max(FEWEST, ROWS - taken) :]
    came = story.outcomes(answer.changes, known)
    unknown = "" if known else no_actions(moment)
    table = columns.outcomes(recent, came, unknown, answer.units)
    if not more or not known:
        return [table]
    used = [one for one in known[-1].choices if one.option is not None]
    elsewhere = ("reward", "return_5")
    made = Table([one for one in table.columns if one.name not in elsewhere], recent)
    followed = Table((table.columns[0], *columns.FOLLOWED), recent, title="what followed")
    return [made, followed, columns.choices(used)]


def _title(answer: EnvAnswer) -> str:
    row = answer.row
    if number(row.episode) is None:
        return f"env {row.env}"
    step = "" if number(row.env_step) is None else f", its step {cell(row.env_step, 0)}"
    return f"env {row.env}: episode {cell(row.episode, 0)}{step}"


def _headline(answer: EnvAnswer, thing: Matter | None) -> str:
    row = answer.row
    health = f"{row.health.word}: {row.health.reason}" if row.health.reason else row.health.word
    if row.accuracy == NOT_MEASURED and number(row.reward) is not None:
        health = f"reward {cell(row.reward)}{earnings.so_far(answer)}; health {health}"
    best = f" (best {cell(row.best_accuracy, 1)})" if number(row.best_accuracy) is not None else ""
    old = f"; {row.age_steps:,} steps old" if (row.age_steps or 0) > 1 else ""
    now = f"; accuracy {cell(row.accuracy, 1)} %{best}" if row.accuracy != NOT_MEASURED else ""
    if thing is None:
        return f"{health}{now}{old}"
    first, then = health, thing.text
    if badness(thing.verdict) > badness(row.health.verdict):
        first, then = then, first
    return f"{first}; {then}{old}"


def _readings(answer: EnvAnswer) -> list[Block]:
    """Every reading that stands nowhere else: the environment's own, those beside the reward."""
    row = answer.row
    best = {"best_accuracy": row.best_accuracy} if row.best_accuracy != NOT_MEASURED else {}
    own = {**best, "value": row.value, "entropy": row.entropy, "loss": row.loss, **row.columns}
    rest = {name: one for name, one in own.items() if not name.startswith(ELSEWHERE)}
    beside = {name: one for name, one in rest.items() if name.startswith(BESIDE)}
    units = answer.units
    facts = [Fact(name, one, units.get(name, "")) for name, one in rest.items()]
    blocks: list[Block] = [Facts([one for one in facts if one.name not in beside], "readings")]
    if beside:
        named = [Fact(name.removeprefix(BESIDE), one) for name, one in beside.items()]
        blocks.append(Facts(named, "beside the reward"))
    return blocks
