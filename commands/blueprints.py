"""``blueprints``: what became of the seeds of each blueprint: kept, removed, how soon."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import click

from sanctum.command import Column, Moment, Report, Table, cell, inspect_command
from sanctum.command.advice import records
from sanctum.command.readings import counted, percent, times
from sanctum.model.answers import Blueprint, BlueprintsAnswer, Verdict
from sanctum.model.readings import number

FAIR, ENOUGH = 0.25, 4
"""Share of success from which a blueprint does well, after Esper's panel; seeds it takes to say."""

LOCKED = 0.5
"""Share of the picks of late from which a policy is locked on a blueprint; on a bad one where its
success is below the median (R08 of the rules)."""


def verdict(one: Blueprint) -> Verdict | None:
    """Whether the seeds of a blueprint are kept often enough to be worth the trouble."""
    value = number(one.success)
    if value is None or one.fossilized + one.pruned < ENOUGH:
        return None
    return "ok" if value >= FAIR else "warn"


COLUMNS = (
    Column("blueprint", lambda b: b.blueprint, priority=0),
    Column("germinated", lambda b: b.germinated, priority=0, digits=0),
    Column("fossilized", lambda b: b.fossilized, priority=0, digits=0),
    Column("pruned", lambda b: b.pruned, priority=0, digits=0),
    Column("success", lambda b: times(b.success, 100), "percent", 0, digits=0, verdict=verdict),
    Column("alive", lambda b: b.alive, priority=1, digits=0),
    Column("contribution", lambda b: b.contribution, unit="points", priority=2, digits=2),
)
DETAIL = (
    Column("recent", lambda b: b.recent, priority=1, digits=0),
    Column("lifespan", lambda b: b.lifespan, unit="steps", priority=2, digits=1),
    Column("blended", lambda b: b.blended, priority=3, digits=0),
    Column("blend_success", lambda b: times(b.blend_success, 100), "percent", 3, digits=0),
    Column("measured", lambda b: b.measured, priority=4, digits=0),
    Column("lost", lambda b: b.lost, priority=4, digits=0),
)


@inspect_command(
    "blueprints", group="look", examples=("blueprints", "blueprints --more", "blueprints --at u41")
)
@click.option("--more", is_flag=True, help="picks of late, how soon they went, how they blended")
def command(moment: Moment, more: bool) -> Report:
    """Count what became of the seeds so far, by blueprint.

    recent: of the last 100 that were germinated, what the policy picks of late; locked: more than
    half of those are of a blueprint whose success is below the median. success: those fossilized
    among those fossilized or removed. lost: alive when their environment began anew. blended: began
    to blend; blend_success: got past it, among those whose blending is over. lifespan: mean age at
    which they were removed. contribution: mean of the last that was measured of each seed so far,
    alive, kept or ended; measured: of how many.
    """
    found = moment.blueprints()
    rows = [*found.rows, *([found.total] if len(found.rows) > 1 else [])]
    empty = "no seed so far" + ("" if rows else records(moment, "run.seed(...)"))
    return Report(
        "blueprints",
        Table(COLUMNS, rows, empty=empty, detail=DETAIL),
        *([Table((COLUMNS[0], *DETAIL), rows)] if more and rows else []),
        headline=_headline(found),
        verdict="warn" if locked(found.rows) else None,
        at=found.at,
        next="seeds graveyard" if found.rows else "overwatch",
    )


def locked(rows: Sequence[Blueprint]) -> Blueprint | None:
    """The blueprint that most picks of late are of although others do better; None: there is none.

    The median is over the blueprints of which enough seeds were kept or removed to say.
    """
    judged = [one for one in rows if one.fossilized + one.pruned >= ENOUGH]
    top = max(judged, key=lambda one: one.recent, default=None)
    picked = sum(one.recent for one in rows)
    if top is None or len(judged) < 2 or top.recent <= LOCKED * picked:
        return None
    own, success = number(top.success), [number(one.success) or 0.0 for one in judged]
    return top if own is not None and own < statistics.median(success) else None


def _headline(found: BlueprintsAnswer) -> str:
    total = found.total
    if not found.rows:
        return ""
    top = locked(found.rows)
    if top is not None:
        picked = sum(one.recent for one in found.rows)
        return (
            f"locked on {top.blueprint}: {top.recent} of the last {counted(picked, 'seed')}, though"
            f" {percent(top.success)} of its seeds are kept, fewer than of the median blueprint"
        )
    fate = [
        f"{total.fossilized:,} fossilized",
        f"{total.pruned:,} removed",
        *([f"{total.lost:,} lost as episodes ended"] if total.lost else []),
        f"{total.alive:,} alive",
    ]
    life = number(total.lifespan)
    after = "" if life is None else f"; removed after {cell(life, 1)} steps on average"
    blends = number(total.blend_success)
    blend = "" if blends is None else f"; {percent(total.blend_success)} of blendings succeed"
    return f"{counted(total.germinated, 'seed')}: {', '.join(fate)}{after}{blend}"
