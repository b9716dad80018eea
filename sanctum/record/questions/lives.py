"""The lives of seeds, told by the changes of stage, which the recorder writes for every trainer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from sanctum.model.readings import NOT_MEASURED, Measured, Reading, reading
from sanctum.record.moments import Scope
from sanctum.record.questions.events import as_of
from sanctum.record.stages import ENDED, FOSSILIZED, is_alive

UNNAMED = "unnamed"
Row = tuple[Any, ...]
"""What is read of a change of stage: id, step, environment, slot, data, when it was said."""


class Change(msgspec.Struct):
    """What is read of an event of type ``stage``.

    `contribution` is with the change that ends a seed: the last that was measured of it.
    """

    to: str
    blueprint: str | None = None
    cause: str | None = None
    contribution: float | None = None


_decoder = msgspec.msgpack.Decoder(Change)


class Life(msgspec.Struct, array_like=True):
    """One seed, from its birth on: the stages it lived in, each from which step on, and its end.

    `stage` is the last that was said of it, `reason` what changed its stage to the first that is no
    longer a life, `number` how many were born before it. `contribution` is the last that was
    measured of one that has ended.
    """

    env: int
    slot: str
    blueprint: str
    born: int
    stage: str
    number: int = 0
    ended: int | None = None
    reason: str | None = None
    stages: dict[str, int] = {}
    contribution: float | None = None

    @property
    def was_kept(self) -> bool:
        """Whether it was fossilized."""
        return FOSSILIZED in self.stages

    @property
    def was_removed(self) -> bool:
        """Whether it was pruned or culled."""
        return self.stage.upper() in ENDED and not self.was_kept


class Stay(msgspec.Struct, array_like=True):
    """That a seed got past a stage in which it was for so many steps."""

    stage: str
    steps: int


class Following:
    """Those that live, as far as changes of stage were read; `there` by environment and slot."""

    def __init__(self, there: dict[tuple[int, str], Life] | None = None, born: int = 0) -> None:
        self.there = there or {}
        self.born = born

    def take(self, rows: Iterable[Row]) -> tuple[list[Life], list[Stay]]:
        """Go on with what was told next: who ended by that, and which stages were got past."""
        there, decode = self.there, _decoder.decode
        ended: list[Life] = []
        stays: list[Stay] = []
        for _, step, env, slot, data, _ in rows:
            change, place = decode(data), (env, slot)
            lives_on, now = is_alive(change.to), step or 0
            life = there.get(place)
            if life is None:
                if not lives_on:
                    continue
                kind = change.blueprint or UNNAMED
                life = there[place] = Life(env, slot, kind, now, change.to, self.born)
                self.born += 1
            life.stage = change.to
            if life.blueprint == UNNAMED and change.blueprint:
                life.blueprint = change.blueprint
            if not lives_on:
                life.ended, life.reason = now, change.cause
                life.contribution = change.contribution
                ended.append(there.pop(place))
                continue
            stage, stages = change.to.upper(), life.stages
            if stage not in stages:
                if stages:
                    last = next(reversed(stages))
                    stays.append(Stay(last, now - stages[last]))
                stages[stage] = now
        return ended, stays


def lives(of: Scope, env: int, slot: str) -> list[Life]:
    """Every seed of a slot in this attempt by the moment, in the order of their births."""
    sql, seen = as_of(of)
    told = Following()
    ended, _ = told.take(
        of.reader.rows(
            f"SELECT id, step, env, slot, data, step FROM events WHERE {sql} AND env = ?"
            " AND attempt = ? AND slot = ? AND type = 'stage' ORDER BY id",
            *seen,
            env,
            of.attempt.attempt,
            slot,
        )
    )
    return [*ended, *told.there.values()]


def last_contribution(of: Scope, life: Life) -> Reading:
    """What a seed added when that was measured last, in points."""
    if life.ended is None:
        name = f"seed/{life.slot}/contribution"
        found = of.columns.reading(name, life.env, not_before=life.born)
        return Measured(found.value) if isinstance(found, Measured) else found
    return NOT_MEASURED if life.contribution is None else reading(life.contribution)
