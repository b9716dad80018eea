"""``seeds``: rank the live seeds, or pick out those that are ripe, stuck or gone."""

from __future__ import annotations

import functools
from collections import Counter

import click

from sanctum.command import (
    ENV,
    Column,
    Moment,
    Report,
    Table,
    UsageError,
    cell,
    columns,
    inspect_command,
    standing,
)
from sanctum.command.advice import records
from sanctum.command.graveyard import graveyard
from sanctum.command.readings import counted, percent
from sanctum.model.answers import Blueprint, SeedRow, SeedsAnswer
from sanctum.model.readings import NOT_MEASURED, Reading, number

RANKINGS = {"top": "-contribution", "bottom": "contribution", "oldest": "-age_steps"}
CHOICES = {"ripe": standing.ripe, "stuck": standing.stuck}
GRAVEYARD = "graveyard"
NAMES = {"age_steps": "age"}

COLUMNS = (
    columns.SEED,
    columns.STAGE,
    columns.BLUEPRINT,
    columns.ALPHA,
    columns.CONTRIBUTION,
    columns.IMPROVEMENT,
    columns.AGE,
)
EMPTY = ("DORMANT", "EMPTY")
DETAIL = (
    columns.GATE,
    columns.GRADIENT,
    Column("parameters", lambda s: s.parameters, priority=5, digits=0),
    Column("reported", lambda s: s.said_age_steps, unit="steps ago", priority=6, digits=0),
)


@inspect_command(
    "seeds",
    group="look",
    examples=(
        "seeds top",
        "seeds bottom -n 5",
        "seeds oldest --stage TRAINING",
        "seeds ripe",
        "seeds stuck --env 7",
        "seeds graveyard",
    ),
)
@click.argument("ranking", type=click.Choice((*RANKINGS, *CHOICES, GRAVEYARD)), default="top")
@click.option("--sort", metavar="COLUMN", help="by another reading: alpha, -gradient_ratio, ...")
@click.option("--stage", metavar="STAGE", help="only seeds in this stage")
@click.option("--env", type=ENV, metavar="N", help="only seeds of this environment")
@click.option("-n", "--limit", type=click.IntRange(1), default=12, show_default=True)
@click.option("--more", is_flag=True, help="gate, gradient, parameters, age of the report too")
def command(
    moment: Moment,
    ranking: str,
    sort: str | None,
    stage: str | None,
    env: int | None,
    limit: int,
    more: bool,
) -> Report:
    """Rank seeds by what they add to their host.

    Contribution is the counterfactual gain in validation accuracy, in points: accuracy with the
    seed minus without it; below zero the seed harms. Improvement is accuracy now minus at
    germination, age in steps. A seed without a reading comes last. With --more, gate: how many
    inputs of its next gate pass; gradient: its health, 1 good and 0 dead; and how many seeds there
    were so far (blueprints tells more).

    ripe: those that add to their host and that FOSSILIZE may take; legal: for how many steps it
    could have, and was not; probability: what the policy gave it last. stuck: those that their
    gate keeps although their time has come; lacks: what is missing most, by how much; shut: since
    when; usual: the median time in that stage. graveyard: those that ended, by blueprint and
    reason.
    """
    if ranking not in RANKINGS:
        if sort is not None or (ranking == GRAVEYARD and stage is not None):
            option = "--sort" if sort is not None else "--stage"
            raise UsageError(f"seeds {ranking} goes without {option}", "seeds top takes it")
        if ranking == GRAVEYARD:
            return graveyard(moment, moment.blueprints(graveyard=True, env=env), limit)
        chosen = moment.seeds(choice=ranking, stage=stage, env=env)
        return CHOICES[ranking](moment, chosen, limit, more)
    order = RANKINGS[ranking] if sort is None else sort
    found = moment.seeds(sort=order, stage=stage, env=env)
    rows, notes = found.rows[:limit], []
    if unknown := found.unranked:
        have = "has" if unknown == 1 else "have"
        reading = NAMES.get(order.lstrip("-"), order.lstrip("-"))
        notes.append(f"{counted(unknown, 'seed')} {have} no {reading} yet: listed last")
    if more and found.stages:
        notes += _so_far(moment.blueprints().total)
    first = rows[0] if rows else None
    shown, detail = _columns(found, order.lstrip("-"))
    blocks = [
        Table(shown, rows, empty=_empty(moment, found, env), total=found.total, detail=detail)
    ]
    if more and rows:
        blocks.append(Table((columns.SEED, *detail), rows))
    return Report(
        f"seeds, {ranking} first" if sort is None else f"seeds by {sort}",
        *blocks,
        headline=_headline(found),
        notes=notes,
        at=found.at,
        next=f"seed {first.env}.{first.slot}" if first else "actions",
    )


def _columns(found: SeedsAnswer, order: str) -> tuple[tuple[Column, ...], tuple[Column, ...]]:
    """The columns of a screen, that of the ranking among them, and those for programs."""
    names = list(dict.fromkeys(name for seed in found.rows for name in seed.numbers))
    others = [Column(name, functools.partial(_other, name), priority=7) for name in names]
    named = {one.name: one for one in (*DETAIL, *others)}
    ranked_by = named.get(order)
    if ranked_by is None:
        return COLUMNS, tuple(named.values())
    shown = (*COLUMNS[:-2], ranked_by._replace(priority=1), *COLUMNS[-2:])
    return shown, tuple(one for one in named.values() if one is not ranked_by)


def _other(name: str, seed: SeedRow) -> Reading:
    return seed.numbers.get(name, NOT_MEASURED)


def _so_far(total: Blueprint) -> list[str]:
    """What became of all seeds, in a line."""
    if not total.germinated:
        return []
    fate = [f"{total.fossilized:,} fossilized", f"{total.pruned:,} removed"]
    if number(total.lifespan) is not None:
        fate.append(f"after {cell(total.lifespan, 1)} steps on average")
    if number(total.blend_success) is not None:
        fate.append(f"{percent(total.blend_success)} of blendings succeeded")
    return [f"so far {counted(total.germinated, 'seed')}: {', '.join(fate)}"]


def _headline(found: SeedsAnswer) -> str:
    counts = sorted(found.stages.items(), key=lambda one: one[0] in EMPTY)
    stages = [f"{count} {'empty' if stage in EMPTY else stage}" for stage, count in counts if count]
    if not stages:
        return ""
    judged = Counter(columns.harms(seed) for seed in found.rows)
    alarms = [f"{judged['crit']} not finite"] if judged["crit"] else []
    alarms += [f"{judged['warn']} below zero"] if judged["warn"] else []
    return "; ".join([*alarms, f"slots: {', '.join(stages)}"])


def _empty(moment: Moment, found: SeedsAnswer, env: int | None) -> str:
    """What no rows mean: none that match, or a trainer that never spoke of seeds."""
    if not found.stages:
        return f"seeds: not measured{records(moment, 'run.seed(...)')}"
    return "no such seed is alive" if env is None else f"no such seed is alive in env {env}"
