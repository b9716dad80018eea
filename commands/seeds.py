"""``seeds``: rank the live seeds and show which of them earn their keep."""

from __future__ import annotations

import click

from sanctum.command import ENV, Moment, Report, Table, columns, inspect_command
from sanctum.command.readings import counted
from sanctum.model.answers import SeedsAnswer

RANKINGS = {"top": "-contribution", "bottom": "contribution", "oldest": "-age_steps"}
COLUMNS = (
    columns.SEED,
    columns.STAGE,
    columns.BLUEPRINT,
    columns.ALPHA,
    columns.CONTRIBUTION,
    columns.IMPROVEMENT,
    columns.AGE,
    columns.GATE,
    columns.GRADIENT,
)


@inspect_command(
    "seeds",
    group="look",
    examples=("seeds top", "seeds bottom -n 5", "seeds oldest --stage TRAINING", "seeds --env 7"),
)
@click.argument("ranking", type=click.Choice(tuple(RANKINGS)), default="top")
@click.option("--stage", metavar="STAGE", help="only seeds in this stage")
@click.option("--env", type=ENV, metavar="N", help="only seeds of this environment")
@click.option("-n", "--limit", type=click.IntRange(1), default=14, show_default=True)
def command(moment: Moment, ranking: str, stage: str | None, env: int | None, limit: int) -> Report:
    """Rank seeds by what they add to their host.

    Contribution is the counterfactual gain in validation accuracy, in points: accuracy with the
    seed minus without it; below zero the seed harms. Improvement is accuracy now minus at
    germination, age in steps; gate: how many inputs of its next gate pass. A seed without a
    reading comes last.
    """
    found = moment.seeds(sort=RANKINGS[ranking], limit=limit, stage=stage, env=env)
    notes = []
    if found.unranked:
        reading = "age" if ranking == "oldest" else "contribution"
        have = "has" if found.unranked == 1 else "have"
        notes.append(f"{counted(found.unranked, 'seed')} {have} no {reading} yet: listed last")
    first = found.rows[0] if found.rows else None
    return Report(
        f"seeds, {ranking} first",
        Table(COLUMNS, found.rows, empty=_empty(moment, found, stage, env), total=found.total),
        headline=_headline(found),
        notes=notes,
        at=found.at,
        next=f"seed {first.env}.{first.slot}" if first else "actions",
    )


def _headline(found: SeedsAnswer) -> str:
    stages = [f"{count} {stage}" for stage, count in found.stages.items() if count]
    if not stages:
        return ""
    harmful = [seed for seed in found.rows if columns.harms(seed) == "warn"]
    harm = f"{counted(len(harmful), 'seed')} below zero; " if harmful else ""
    return harm + ", ".join(stages)


def _empty(moment: Moment, found: SeedsAnswer, stage: str | None, env: int | None) -> str:
    """What no rows mean: a filter, an idle moment, or a trainer that says nothing of seeds."""
    if found.rows:
        return ""
    place = f" in env {env}" if env is not None else ""
    if stage is not None and found.stages:
        return f"no seed in stage {stage}{place}"
    known = any("seed" in size.what and size.rows for size in moment.run().sizes)
    if known:
        return f"no live seed{place} at this moment"
    return "seeds: not measured; run.seed(...) records them"
