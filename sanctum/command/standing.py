"""Seeds that wait: ripe ones that the policy does not take, and those that their gate keeps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from sanctum.command import columns, gates
from sanctum.command.advice import records
from sanctum.command.moment import Moment
from sanctum.command.readings import counted, listed, percent, times
from sanctum.model.answers import SeedRow, SeedsAnswer, Standing, Verdict
from sanctum.model.readings import NOT_MEASURED, Reading, number
from sanctum.view.numbers import cell
from sanctum.view.report import Column, Report, Table

PATIENCE_STEPS = 5
"""Steps from which it is worth a warning that a seed waits (R75 of the rules)."""

CALL = "run.step(mask_rules=...)"


class Waiting(NamedTuple):
    """A seed and how it stands."""

    seed: SeedRow
    stands: Standing


def _most(one: Waiting) -> Reading:
    shut = gates.lacking(one.seed)
    return gates.missing(shut[0]) if shut else NOT_MEASURED


SEED = Column("seed", lambda w: f"{w.seed.env}.{w.seed.slot}", priority=0)
BLUEPRINT = Column("blueprint", lambda w: w.seed.blueprint, priority=2)
STAGE = Column("stage", lambda w: w.seed.stage, priority=3)
ALPHA = Column("alpha", lambda w: w.seed.alpha, digits=2)
AGE = Column("age", lambda w: w.seed.age_steps, digits=0)
CONTRIBUTION = Column(
    "contribution",
    lambda w: w.seed.contribution,
    unit="points",
    priority=0,
    digits=2,
    verdict=lambda w: columns.harms(w.seed),
)
RIPE = (
    SEED,
    BLUEPRINT,
    CONTRIBUTION,
    Column("gate", lambda w: columns.gate(w.seed) or "", priority=2),
    Column("legal", lambda w: w.stands.since_steps, unit="steps", priority=0, digits=0),
    Column(
        "probability",
        lambda w: times(w.stands.probability, 100),
        unit="percent",
        priority=0,
        digits=1,
    ),
)
RIPE_DETAIL = (STAGE, ALPHA, AGE, Column("lacks", lambda w: gates.lacks(w.seed)))
STUCK = (
    SEED,
    BLUEPRINT,
    Column("gate", lambda w: w.seed.gate, priority=0),
    Column("lacks", lambda w: gates.lacks(w.seed), priority=0, flex=True, least=18),
    Column("shut", lambda w: w.stands.since_steps, unit="steps", priority=0, digits=0),
    Column("usual", lambda w: w.stands.usual_steps, unit="steps", priority=1, digits=0),
)
STUCK_DETAIL = (
    STAGE,
    Column("missing", _most),
    Column("usual_count", lambda w: w.stands.usual_count, digits=0),
    AGE,
    CONTRIBUTION,
)


def ripe(moment: Moment, found: SeedsAnswer, limit: int, more: bool) -> Report:
    """Seeds that FOSSILIZE may take and that add to their host, while the policy waits."""
    rows = _waiting(found)
    return Report(
        "seeds ripe",
        *_tables(RIPE, RIPE_DETAIL, rows, limit, more, _none(moment, found, "ripe")),
        headline=_ripe_headline(rows, found),
        notes=[*_forbidden(found), *_legality(moment, found)],
        verdict=_verdict(rows),
        at=found.at,
        next=f"seed {rows[0].seed.env}.{rows[0].seed.slot}" if rows else "seeds stuck",
    )


def stuck(moment: Moment, found: SeedsAnswer, limit: int, more: bool) -> Report:
    """Seeds whose gate keeps them although their time has come."""
    rows = _waiting(found)
    notes = [f"{count:,} {why}" for why, count in found.left_out.items()]
    said = ["not stuck: " + ", ".join(notes) + _gates(moment)] if notes else []
    return Report(
        "seeds stuck",
        *_tables(STUCK, STUCK_DETAIL, rows, limit, more, _none(moment, found, "stuck")),
        headline=_stuck_headline(rows),
        notes=said,
        verdict=_verdict(rows),
        at=found.at,
        next=f"seed {rows[0].seed.env}.{rows[0].seed.slot}" if rows else "seeds top",
    )


def _none(moment: Moment, found: SeedsAnswer, what: str) -> str:
    """What no rows mean."""
    if found.stages:
        return f"no seed is {what}"
    return f"seeds: not measured{records(moment, 'run.seed(...)')}"


def _waiting(found: SeedsAnswer) -> list[Waiting]:
    return [Waiting(*both) for both in zip(found.rows, found.standing, strict=True)]


def _tables(
    shown: Sequence[Column],
    detail: Sequence[Column],
    rows: Sequence[Waiting],
    limit: int,
    more: bool,
    empty: str,
) -> list[Table]:
    first = rows[:limit]
    tables = [Table(shown, first, empty=empty, total=len(rows), detail=detail)]
    return [*tables, Table((SEED, *detail), first)] if more and first else tables


def _verdict(rows: Sequence[Waiting]) -> Verdict | None:
    waits = max((number(one.stands.since_steps) or 0 for one in rows), default=0)
    return "warn" if waits >= PATIENCE_STEPS else None


def _ripe_headline(rows: Sequence[Waiting], found: SeedsAnswer) -> str:
    if not rows:
        return ""
    top = rows[0]
    adds = f"{top.seed.env}.{top.seed.slot} adds {cell(top.seed.contribution, 2)} points"
    said = f"{counted(len(rows), 'ripe seed')}: {adds}"
    steps, chance = number(top.stands.since_steps), number(top.stands.probability)
    where = "legal" if found.legality == "slot" else "legal in its environment"
    waits = "" if steps is None else f", {where} for {counted(int(steps), 'step')},"
    if chance is None:
        return said if steps is None else f"{said}; FOSSILIZE{waits} was not taken"
    return f"{said}; FOSSILIZE{waits} gets {percent(top.stands.probability)}"


def _forbidden(found: SeedsAnswer) -> list[str]:
    """Seeds in HOLDING that add to their host and that are not ripe, by why."""
    if not found.left_out:
        return []
    why = [f"{count:,} {reason}" for reason, count in found.left_out.items()]
    return [f"not ripe, though they hold and add: {', '.join(why)}"]


def _legality(moment: Moment, found: SeedsAnswer) -> list[str]:
    """What the legality of FOSSILIZE rests on, where it is not the mask of each slot."""
    if not found.stages:
        return []
    if found.legality == "env":
        said = "where FOSSILIZE is legal is known of environments alone; by slot: not measured"
    elif found.legality == "unsaid":
        said = "where FOSSILIZE is legal: not measured; these hold, add, and no gate is shut"
    else:
        return []
    return [f"{said}{records(moment, CALL)}"]


def _gates(moment: Moment) -> str:
    """What would tell of gates, where nobody ever spoke of one."""
    if any(name.startswith("seed/") and name.endswith("/gate") for name in moment.run().columns):
        return ""
    return f"; gates: not measured{records(moment, 'run.seed(gate=..., gate_inputs=...)')}"


def _stuck_headline(rows: Sequence[Waiting]) -> str:
    if not rows:
        return ""
    by_gate = Counter(one.seed.gate for one in rows).most_common()
    where = listed([f"{count:,} at {gate}" for gate, count in by_gate])
    top = rows[0].seed
    steps = int(number(rows[0].stands.since_steps) or 0)
    since = f"for {counted(steps, 'step')}" if steps else "since this step"
    longest = f"{top.env}.{top.slot} lacks {gates.lacks(top)} {since}"
    return f"{counted(len(rows), 'stuck seed')}, {where}; {longest}"
