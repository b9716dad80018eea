"""``seeds``: rank the live seeds and show which of them earn their keep."""

from __future__ import annotations

from collections import Counter

import click

from sanctum.command import ENV, Column, Moment, Report, Table, columns, inspect_command
from sanctum.command.readings import counted
from sanctum.model.answers import SeedsAnswer
from sanctum.model.readings import number

RANKINGS = {"top": "-contribution", "bottom": "contribution", "oldest": "-age_steps"}

COLUMNS = (
    columns.SEED,
    columns.STAGE,
    columns.BLUEPRINT,
    columns.ALPHA,
    columns.CONTRIBUTION,
    columns.IMPROVEMENT,
    columns.AGE,
)
DETAIL = (
    columns.GATE,
    columns.GRADIENT,
    Column("parameters", lambda s: s.parameters, priority=5, digits=0),
    Column("reported", lambda s: s.said_age_steps, unit="steps ago", priority=6, digits=0),
)


@inspect_command(
    "seeds",
    group="look",
    examples=("seeds top", "seeds bottom -n 5", "seeds oldest --stage TRAINING", "seeds --env 7"),
)
@click.argument("ranking", type=click.Choice(tuple(RANKINGS)), default="top")
@click.option("--stage", metavar="STAGE", help="only seeds in this stage")
@click.option("--env", type=ENV, metavar="N", help="only seeds of this environment")
@click.option("-n", "--limit", type=click.IntRange(1), default=12, show_default=True)
@click.option("--more", is_flag=True, help="gate, gradient, parameters, age of the report too")
def command(
    moment: Moment, ranking: str, stage: str | None, env: int | None, limit: int, more: bool
) -> Report:
    """Rank seeds by what they add to their host.

    Contribution is the counterfactual gain in validation accuracy, in points: accuracy with the
    seed minus without it; below zero the seed harms. Improvement is accuracy now minus at
    germination, age in steps. A seed without a reading comes last. With --more, gate: how many
    inputs of its next gate pass; gradient: its health, 1 good and 0 dead.
    """
    found = moment.seeds(sort=RANKINGS[ranking], stage=stage, env=env)
    rows, notes = found.rows[:limit], []
    ranked_by = RANKINGS[ranking].lstrip("-")
    if unknown := sum(number(getattr(seed, ranked_by)) is None for seed in found.rows):
        reading = "age" if ranking == "oldest" else "contribution"
        have = "has" if unknown == 1 else "have"
        notes.append(f"{counted(unknown, 'seed')} {have} no {reading} yet: listed last")
    first = rows[0] if rows else None
    table = Table(
        (*COLUMNS, *DETAIL) if more else COLUMNS,
        rows,
        empty=_empty(found, env),
        total=found.total,
        detail=() if more else DETAIL,
    )
    return Report(
        f"seeds, {ranking} first",
        table,
        headline=_headline(found),
        notes=notes,
        at=found.at,
        next=f"seed {first.env}.{first.slot}" if first else "actions",
    )


def _headline(found: SeedsAnswer) -> str:
    stages = [f"{count} {stage}" for stage, count in found.stages.items() if count]
    if not stages:
        return ""
    judged = Counter(columns.harms(seed) for seed in found.rows)
    alarms = [f"{judged['crit']} not finite"] if judged["crit"] else []
    alarms += [f"{judged['warn']} below zero"] if judged["warn"] else []
    return "; ".join([*alarms, f"seeds by stage: {', '.join(stages)}"])


def _empty(found: SeedsAnswer, env: int | None) -> str:
    """What no rows mean: none that match, or a trainer that never spoke of seeds."""
    if not found.stages:
        return "seeds: not measured; run.seed(...) records them"
    return "no such seed is alive" if env is None else f"no such seed is alive in env {env}"
