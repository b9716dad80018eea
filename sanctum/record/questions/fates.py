"""What became of seeds, counted: sums that can be added to, so that nobody is looked at twice."""

from __future__ import annotations

import math
from collections.abc import Iterable

import msgspec

from sanctum.model.answers import RECENT_SEEDS
from sanctum.model.readings import NOT_MEASURED, Reading, reading
from sanctum.record.questions.lives import Following, Life, Row, Stay
from sanctum.record.stages import BLENDING, FOSSILIZED, HOLDING

AFTER_BLENDING = frozenset({HOLDING, FOSSILIZED})
UNSAID = "nobody said why"


class Adds(msgspec.Struct):
    """Last contributions: `count` finite ones with their sum, and how many were not finite."""

    total: float = 0.0
    count: int = 0
    odd: int = 0

    def add(self, value: float | None) -> None:
        """One more; None where there was none."""
        if value is None:
            return
        if math.isfinite(value):
            self.total += value
            self.count += 1
        else:
            self.odd += 1

    @property
    def mean(self) -> Reading:
        """Of the finite ones; nan where there are others alone."""
        if self.count:
            return reading(self.total / self.count)
        return reading(math.nan) if self.odd else NOT_MEASURED


class Dead(msgspec.Struct):
    """Seeds that ended for one reason without having been kept."""

    count: int = 0
    age_steps: int = 0
    adds: Adds = msgspec.field(default_factory=Adds)


class Fates(msgspec.Struct):
    """What became of seeds of one blueprint; `lifespans` is the sum of those of the removed."""

    germinated: int = 0
    alive: int = 0
    kept: int = 0
    pruned: int = 0
    blended: int = 0
    blends_over: int = 0
    blends_made: int = 0
    lifespans: int = 0
    adds: Adds = msgspec.field(default_factory=Adds)
    dead: dict[str, Dead] = {}

    def add(self, life: Life, contribution: float | None) -> None:
        """Count a seed, ended or not, and the last that was measured of it."""
        self.germinated += 1
        self.adds.add(contribution)
        kept = life.was_kept
        self.kept += kept
        self.alive += life.ended is None and not kept
        blends = is_blended(life)
        self.blended += BLENDING in life.stages
        self.blends_over += blends is not None
        self.blends_made += blends is True
        if life.ended is None or kept:
            return
        age = life.ended - life.born
        if life.was_removed:
            self.pruned += 1
            self.lifespans += age
        dead = self.dead.setdefault(life.reason or UNSAID, Dead())
        dead.count += 1
        dead.age_steps += age
        dead.adds.add(contribution)


class Tally(msgspec.Struct):
    """Every seed so far: those that ended are counted, those `there` are known one by one.

    `stays` counts by stage and steps how long those were in a stage that got past it; `late` are
    the newest births among those that ended, with their blueprints.
    """

    ended: dict[str, Fates] = {}
    there: dict[tuple[int, str], Life] = {}
    born: int = 0
    stays: dict[str, dict[int, int]] = {}
    late: list[tuple[int, str]] = []

    def take(self, rows: Iterable[Row]) -> None:
        """Go on with the changes of stage that were told next."""
        told = Following(self.there, self.born)
        ended, stays = told.take(rows)
        self.there, self.born = told.there, told.born
        for life in ended:
            self.ended.setdefault(life.blueprint, Fates()).add(life, life.contribution)
            self.late.append((life.number, life.blueprint))
        for one in stays:
            self._stayed(one)
        self.late = [one for one in self.late if one[0] >= self.born - RECENT_SEEDS]

    def _stayed(self, one: Stay) -> None:
        counts = self.stays.setdefault(one.stage, {})
        counts[one.steps] = counts.get(one.steps, 0) + 1


def is_blended(life: Life) -> bool | None:
    """Whether its blending succeeded; None where it never began or goes on."""
    if BLENDING not in life.stages:
        return None
    if not AFTER_BLENDING.isdisjoint(life.stages):
        return True
    return False if life.ended is not None else None


def frozen(tally: Tally) -> bytes:
    """A tally as it is put aside."""
    return msgspec.msgpack.encode(tally)


def thawed(data: bytes) -> Tally:
    """A tally that was put aside."""
    return _decoder.decode(data)


def in_all(every: Iterable[Fates]) -> Fates:
    """The sum of several."""
    found = Fates()
    for one in every:
        for name in _COUNTS:
            setattr(found, name, getattr(found, name) + getattr(one, name))
        found.adds.total += one.adds.total
        found.adds.count += one.adds.count
        found.adds.odd += one.adds.odd
    return found


_COUNTS = [one for one in Fates.__struct_fields__ if one not in ("adds", "dead")]
_decoder = msgspec.msgpack.Decoder(Tally)
