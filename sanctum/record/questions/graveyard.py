"""The graveyard: seeds that were removed or lost, by blueprint and reason, and what they added."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from sanctum.model.answers import Grave
from sanctum.model.readings import NOT_MEASURED, Reading, number, reading
from sanctum.record.cells import VALUE
from sanctum.record.moments import Scope
from sanctum.record.questions.lives import Life
from sanctum.record.rows import AllRows
from sanctum.record.track import Track

AT_ONCE = 64
"""Blocks that are read together."""

UNSAID = "nobody said why"


def graves(of: Scope, everyone: Sequence[Life]) -> list[Grave]:
    """Those that ended without having been kept, the most frequent first."""
    ended = [one for one in everyone if one.ended is not None and not one.was_kept]
    last = last_contributions(of, ended)
    by: dict[tuple[str, str], list[tuple[Life, Reading]]] = {}
    for one, adds in zip(ended, last, strict=True):
        by.setdefault((one.blueprint, one.reason or UNSAID), []).append((one, adds))
    order = sorted(by, key=lambda key: (-len(by[key]), key))
    return [_grave(*key, by[key]) for key in order]


def last_contributions(of: Scope, some: Sequence[Life]) -> list[Reading]:
    """What each of some seeds added when that was measured last, in points."""
    if not some:
        return []
    rows = AllRows(of.reader, of.attempt.attempt, of.step, min(one.born for one in some))
    found: list[Reading] = [NOT_MEASURED] * len(some)
    by: dict[str, list[int]] = {}
    for place, one in enumerate(some):
        by.setdefault(one.slot, []).append(place)
    for slot, places in by.items():
        track = Track(rows, f"seed/{slot}/contribution", None)
        for place, value in zip(places, _last(track, [some[one] for one in places]), strict=True):
            found[place] = value
    return found


def _last(track: Track, some: Sequence[Life]) -> list[Reading]:
    """For each seed of one slot the last value of a column within its life."""
    rows = track.rows
    born = rows.rows_at(np.array([one.born for one in some], np.int64))
    until = np.array([2**62 if one.ended is None else one.ended for one in some], np.int64)
    ended, envs = rows.rows_at(until), np.array([one.env for one in some], np.int64)
    found: list[Reading] = [NOT_MEASURED] * len(some)
    values, when = np.zeros(rows.envs), np.full(rows.envs, -1, np.int64)
    for start in range(0, len(rows.stretches), AT_ONCE):
        stop = min(start + AT_ONCE, len(rows.stretches))
        cells, states = track.cells(start, stop)
        first = rows.stretches[start].start
        index = np.arange(first, first + len(cells))[:, None]
        said = np.where(states == VALUE, index, -1)
        said = np.maximum(np.maximum.accumulate(said, axis=0), when)
        for place in np.flatnonzero((ended >= first) & (ended < first + len(cells))):
            env = envs[place]
            row = said[ended[place] - first, env]
            if row >= born[place]:
                value = cells[row - first, env] if row >= first else values[env]
                found[place] = reading(float(value))
        if len(cells):
            newest = said[-1]
            here = newest >= first
            last = cells[np.where(here, newest - first, 0), np.arange(rows.envs)]
            values, when = np.where(here, last, values), newest
    return found


def _grave(blueprint: str, reason: str, dead: Sequence[tuple[Life, Reading]]) -> Grave:
    ages = [one.ended - one.born for one, _ in dead if one.ended is not None]
    known = [value for _, last in dead if (value := number(last)) is not None]
    finite = [value for value in known if math.isfinite(value)]
    adds = sum(finite) / len(finite) if finite else math.nan
    return Grave(
        blueprint,
        reason,
        len(dead),
        reading(sum(ages) / len(ages)),
        reading(adds) if known else NOT_MEASURED,
        len(finite),
    )
