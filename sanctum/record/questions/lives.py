"""The lives of seeds, told by the changes of stage, which the recorder writes for every trainer."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from sanctum.record.moments import Scope
from sanctum.record.questions.events import as_of
from sanctum.record.reader import Reader
from sanctum.record.stages import ENDED, FOSSILIZED, is_alive

UNNAMED = "unnamed"
_Row = tuple[int, int | None, int, str, bytes]


class Change(msgspec.Struct):
    """What is read of an event of type ``stage``."""

    to: str
    blueprint: str | None = None
    cause: str | None = None


_decoder = msgspec.msgpack.Decoder(Change)


@dataclass(slots=True)
class Life:
    """One seed, from its birth on: the stages it lived in, each from which step on, and its end.

    `stage` is the last that was said of it, `reason` what changed its stage to the first that is no
    longer a life.
    """

    env: int
    slot: str
    blueprint: str
    born: int
    stage: str
    ended: int | None = None
    reason: str | None = None
    stages: dict[str, int] = field(default_factory=dict)

    @property
    def was_kept(self) -> bool:
        """Whether it was fossilized."""
        return FOSSILIZED in self.stages

    @property
    def was_removed(self) -> bool:
        """Whether it was pruned or culled."""
        return self.stage.upper() in ENDED and not self.was_kept


def lives(of: Scope, env: int | None = None, slot: str | None = None) -> list[Life]:
    """Every seed of this attempt by the moment, in the order of their births.

    What is known as of now is kept, and only what is new is read.
    """
    attempt = of.attempt.attempt
    if env is not None:
        mine, values = ("", []) if slot is None else (" AND slot = ?", [slot])
        told = _Told()
        told.take(_changes(of, f"env = ? AND attempt = ?{mine}", [env, attempt, *values]))
        return told.found
    if not of.is_now:
        told = _Told()
        told.take(_changes(of, "attempt = ?", [attempt]))
        return told.found
    kept = _kept.setdefault(of.reader, {})
    told = kept.setdefault(attempt, _Told())
    told.take(_changes(of, "attempt = ? AND id > ?", [attempt, told.last_id]))
    return told.found


def stays(some: Iterable[Life], stage: str) -> list[int]:
    """How many steps each of those seeds spent in a stage that got past it."""
    return [
        then - first
        for one in some
        if stage in one.stages
        for (name, first), (_, then) in itertools.pairwise(one.stages.items())
        if name == stage
    ]


class _Told:
    """Lives as far as changes of stage were read, by id up to `last_id`."""

    def __init__(self) -> None:
        self.found: list[Life] = []
        self.last_id = 0
        self._there: dict[tuple[int, str], Life] = {}

    def take(self, rows: Iterator[_Row]) -> None:
        """Go on with what was told next."""
        there = self._there
        for id, step, env, slot, data in rows:
            self.last_id = id
            change, place = _decoder.decode(data), (env, slot)
            lives_on = is_alive(change.to)
            life = there.get(place)
            if life is None:
                if not lives_on:
                    continue
                life = Life(env, slot, change.blueprint or UNNAMED, step or 0, change.to)
                there[place] = life
                self.found.append(life)
            life.stage = change.to
            if life.blueprint == UNNAMED and change.blueprint:
                life.blueprint = change.blueprint
            if lives_on:
                life.stages.setdefault(change.to.upper(), step or 0)
            else:
                life.ended, life.reason = step, change.cause
                del there[place]


_kept: weakref.WeakKeyDictionary[Reader, dict[int, _Told]] = weakref.WeakKeyDictionary()


def _changes(of: Scope, where: str, values: list[Any]) -> Iterator[_Row]:
    sql, seen = as_of(of)
    rows = of.reader.rows(
        f"SELECT id, step, env, slot, data FROM events WHERE {sql} AND {where}"
        " AND type = 'stage' ORDER BY id",
        *seen,
        *values,
    )
    yield from rows
