"""The graveyard: seeds that ended without having been kept, by blueprint and reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sanctum.command.advice import records
from sanctum.command.moment import Moment
from sanctum.command.readings import counted, listed, percent
from sanctum.model.answers import BlueprintsAnswer, Grave, Verdict
from sanctum.model.readings import reading
from sanctum.view.report import Column, Report, Table

THRASH, ENOUGH = 0.8, 20
"""Share of those removed among those kept or removed above which seeds are thrashed (R09), and how
many it takes to say."""


def graveyard(moment: Moment, found: BlueprintsAnswer, limit: int) -> Report:
    """Seeds that ended, by blueprint and reason: how many, how old, what they added last."""
    ops = {op for options in moment.run().header.actions.values() for op in options}
    dead = sum(one.count for one in found.graveyard)

    def reason(one: Grave) -> str:
        return f"{one.reason} by the policy" if one.reason in ops else one.reason

    def share(one: Grave) -> float:
        return 100 * one.count / dead

    shown = (
        Column("blueprint", lambda g: g.blueprint, priority=0),
        Column("ended by", reason, priority=0, flex=True),
        Column("count", lambda g: g.count, priority=0, digits=0),
        Column("share", share, unit="percent", priority=1, digits=1),
        Column("age", lambda g: g.age_steps, unit="steps", priority=0, digits=1),
        Column("contribution", lambda g: g.contribution, unit="points", priority=0, digits=2),
    )
    measured = Column("measured", lambda g: g.measured, digits=0)
    rows = found.graveyard
    empty = "no seed has ended so far"
    if not found.rows:
        empty = "no seed so far" + records(moment, "run.seed(...)")
    kept = found.total.fossilized
    notes = ["age and contribution (the last one measured) are means"] if rows else []
    if kept and rows:
        notes.append(f"not here: {counted(kept, 'fossilized seed')}")
    return Report(
        "seeds graveyard",
        Table(shown, rows[:limit], empty=empty, total=len(rows), detail=(measured,)),
        headline=_headline(found, [(reason(one), one.count) for one in rows], dead),
        notes=["; ".join(notes)] if notes else [],
        verdict=_verdict(found),
        at=found.at,
        next="blueprints" if rows else "seeds top",
    )


def _verdict(found: BlueprintsAnswer) -> Verdict | None:
    over = found.total.pruned + found.total.fossilized
    return "warn" if over >= ENOUGH and found.total.pruned > THRASH * over else None


def _headline(found: BlueprintsAnswer, counts: Sequence[tuple[str, int]], dead: int) -> str:
    if not dead:
        return ""
    by: Counter[str] = Counter()
    for reason, count in counts:
        by[reason] += count
    why = [f"{reason} {percent(reading(count / dead))}" for reason, count in by.most_common()]
    said = f"{counted(dead, 'seed')} ended without being kept: {listed(why)}"
    if _verdict(found) is None:
        return said
    share = found.total.pruned / (found.total.pruned + found.total.fossilized)
    return f"{said}; {percent(reading(share))} were removed rather than kept: thrash"
