"""``blueprints.list``: what became of the seeds so far, by blueprint and in all.

Counted from the changes of stage, which the recorder writes for every trainer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import msgspec

from sanctum.model.answers import Blueprint, BlueprintsAnswer, SeedRow
from sanctum.model.readings import MASKED, Measured, Reading, number, reading
from sanctum.record.moments import Scope
from sanctum.record.questions.events import as_of
from sanctum.record.questions.seeds import rows as seed_rows
from sanctum.record.stages import ENDED, is_alive

FOSSILIZED, BLENDING = "FOSSILIZED", "BLENDING"
AFTER_BLENDING = ("HOLDING", FOSSILIZED)
ALL, UNNAMED = "all", "unnamed"


class Change(msgspec.Struct):
    """What is read of an event of type ``stage``."""

    to: str
    blueprint: str | None = None


_decoder = msgspec.msgpack.Decoder(Change)


@dataclass(slots=True)
class Life:
    """One seed, from its birth on."""

    blueprint: str
    born: int
    stage: str
    ended: int | None = None
    reached: set[str] = field(default_factory=set)

    @property
    def was_kept(self) -> bool:
        """Whether it was fossilized."""
        return FOSSILIZED in self.reached

    @property
    def was_removed(self) -> bool:
        """Whether it was pruned or culled."""
        return self.stage.upper() in ENDED and not self.was_kept

    @property
    def is_blended(self) -> bool | None:
        """Whether its blending succeeded; None where it never began or goes on."""
        if BLENDING not in self.reached:
            return None
        if self.reached.intersection(AFTER_BLENDING):
            return True
        return False if self.ended is not None else None


def blueprints_list(of: Scope) -> BlueprintsAnswer:
    """Every seed that ever was, by blueprint, the most frequent first."""
    everyone = list(lives(of))
    now: dict[str, list[float]] = {}
    for row in seed_rows(of) if of.at.step is not None else []:
        value = _adds(row)
        if value is not None:
            now.setdefault(row.blueprint or UNNAMED, []).append(value)
    by: dict[str, list[Life]] = {}
    for one in everyone:
        by.setdefault(one.blueprint, []).append(one)
    order = sorted(by, key=lambda name: (-len(by[name]), name))
    found = [_told(name, by[name], now.get(name, [])) for name in order]
    every = [value for values in now.values() for value in values]
    return BlueprintsAnswer(of.at, found, _told(ALL, everyone, every))


def lives(of: Scope) -> Iterator[Life]:
    """Every seed of this attempt by the moment, in the order of their births."""
    sql, values = as_of(of)
    changes = of.reader.rows(
        f"SELECT step, env, slot, data FROM events WHERE {sql} AND attempt = ? AND type = 'stage'"
        " ORDER BY id",
        *values,
        of.attempt.attempt,
    )
    there: dict[tuple[int, str], Life] = {}
    found: list[Life] = []
    for step, env, slot, data in changes:
        change, place = _decoder.decode(data), (env, slot)
        life = there.get(place)
        if life is None:
            if not is_alive(change.to):
                continue
            life = there[place] = Life(change.blueprint or UNNAMED, step or 0, change.to)
            found.append(life)
        life.stage = change.to
        life.reached.add(change.to.upper())
        if life.blueprint == UNNAMED and change.blueprint:
            life.blueprint = change.blueprint
        if not is_alive(change.to):
            life.ended = step
            del there[place]
    yield from found


def _told(name: str, seeds: list[Life], adds: list[float]) -> Blueprint:
    kept = sum(one.was_kept for one in seeds)
    removed = [one for one in seeds if one.was_removed]
    over = [one.is_blended for one in seeds if one.is_blended is not None]
    alive = sum(one.ended is None and not one.was_kept for one in seeds)
    spans = [one.ended - one.born for one in removed if one.ended is not None]
    return Blueprint(
        name,
        len(seeds),
        alive,
        kept,
        len(removed),
        len(seeds) - alive - kept - len(removed),
        sum(BLENDING in one.reached for one in seeds),
        _share(kept, kept + len(removed)),
        _share(sum(over), len(over)),
        _mean(spans),
        _mean(adds),
    )


def _adds(row: SeedRow) -> float | None:
    value = number(row.contribution) if is_alive(row.stage) else None
    return None if value is None or value != value else value


def _share(part: int, whole: int) -> Reading:
    return Measured(part / whole) if whole else MASKED


def _mean(values: Iterable[float]) -> Reading:
    every = list(values)
    return reading(sum(every) / len(every)) if every else MASKED
