"""``blueprints.list``: what became of the seeds so far, by blueprint and in all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from sanctum.model.answers import RECENT_SEEDS, Blueprint, BlueprintsAnswer, SeedRow
from sanctum.model.readings import MASKED, Measured, Reading, number, reading
from sanctum.record.moments import Scope
from sanctum.record.questions.graveyard import graves
from sanctum.record.questions.lives import UNNAMED, Life, lives
from sanctum.record.questions.seeds import rows as seed_rows
from sanctum.record.stages import BLENDING, FOSSILIZED, HOLDING, is_alive

AFTER_BLENDING = frozenset({HOLDING, FOSSILIZED})
ALL = "all"


def blueprints_list(of: Scope, graveyard: bool = False, env: int | None = None) -> BlueprintsAnswer:
    """Every seed that ever was, by blueprint, the most frequent first."""
    if env is not None:
        of.check_env(env)
    everyone = lives(of, env)
    now: dict[str, list[float]] = {}
    for row in seed_rows(of, env) if of.at.step is not None else []:
        value = _adds(row)
        if value is not None:
            now.setdefault(row.blueprint or UNNAMED, []).append(value)
    by: dict[str, list[Life]] = {}
    for one in everyone:
        by.setdefault(one.blueprint, []).append(one)
    picked = Counter(one.blueprint for one in everyone[-RECENT_SEEDS:])
    order = sorted(by, key=lambda name: (-len(by[name]), name))
    found = [_told(name, by[name], now.get(name, []), picked[name]) for name in order]
    every = [value for values in now.values() for value in values]
    total = _told(ALL, everyone, every, picked.total())
    return BlueprintsAnswer(of.at, found, total, graves(of, everyone) if graveyard else [])


def is_blended(life: Life) -> bool | None:
    """Whether its blending succeeded; None where it never began or goes on."""
    if BLENDING not in life.stages:
        return None
    if not AFTER_BLENDING.isdisjoint(life.stages):
        return True
    return False if life.ended is not None else None


def _told(name: str, seeds: list[Life], adds: list[float], recent: int) -> Blueprint:
    kept = sum(one.was_kept for one in seeds)
    removed = [one for one in seeds if one.was_removed]
    over = [blended for one in seeds if (blended := is_blended(one)) is not None]
    alive = sum(one.ended is None and not one.was_kept for one in seeds)
    spans = [one.ended - one.born for one in removed if one.ended is not None]
    return Blueprint(
        name,
        len(seeds),
        alive,
        kept,
        len(removed),
        len(seeds) - alive - kept - len(removed),
        sum(BLENDING in one.stages for one in seeds),
        _share(kept, kept + len(removed)),
        _share(sum(over), len(over)),
        _mean(spans),
        _mean(adds),
        recent,
    )


def _adds(row: SeedRow) -> float | None:
    value = number(row.contribution) if is_alive(row.stage) else None
    return None if value is None or value != value else value


def _share(part: int, whole: int) -> Reading:
    return Measured(part / whole) if whole else MASKED


def _mean(values: Iterable[float]) -> Reading:
    every = list(values)
    return reading(sum(every) / len(every)) if every else MASKED
