"""``blueprints.list``: what became of the seeds so far, by blueprint and in all."""

from __future__ import annotations

from collections import Counter

from sanctum.model.answers import RECENT_SEEDS, Blueprint, BlueprintsAnswer
from sanctum.model.readings import MASKED, Measured, Reading, number, reading
from sanctum.record.moments import Scope
from sanctum.record.questions.fates import Fates, Tally, in_all
from sanctum.record.questions.graveyard import graves
from sanctum.record.questions.lives import last_contribution
from sanctum.record.questions.tallies import tally

ALL = "all"


def blueprints_list(of: Scope, graveyard: bool = False, env: int | None = None) -> BlueprintsAnswer:
    """Every seed that ever was, by blueprint, the most frequent first."""
    if env is not None:
        of.check_env(env)
    told = tally(of, env)
    by = {name: in_all([fates]) for name, fates in told.ended.items()}
    for life in told.there.values():
        fates = by.setdefault(life.blueprint, Fates())
        fates.add(life, number(last_contribution(of, life)))
    picked = _picked(told)
    order = sorted(by, key=lambda name: (-by[name].germinated, name))
    found = [_told(name, by[name], picked[name]) for name in order]
    total = _told(ALL, in_all(by.values()), picked.total())
    return BlueprintsAnswer(of.at, found, total, graves(told) if graveyard else [])


def _picked(told: Tally) -> Counter[str]:
    """The blueprints of the newest births."""
    births = [*told.late, *((one.number, one.blueprint) for one in told.there.values())]
    first = told.born - RECENT_SEEDS
    return Counter(blueprint for number, blueprint in births if number >= first)


def _told(name: str, fates: Fates, recent: int) -> Blueprint:
    return Blueprint(
        name,
        fates.germinated,
        fates.alive,
        fates.kept,
        fates.pruned,
        fates.germinated - fates.alive - fates.kept - fates.pruned,
        fates.blended,
        _share(fates.kept, fates.kept + fates.pruned),
        _share(fates.blends_made, fates.blends_over),
        reading(fates.lifespans / fates.pruned) if fates.pruned else MASKED,
        fates.adds.mean,
        recent,
        fates.adds.count,
    )


def _share(part: int, whole: int) -> Reading:
    return Measured(part / whole) if whole else MASKED
