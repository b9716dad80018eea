"""Which rules deny the policy what it could do, though nothing it did stands in the way.

Most of what is illegal is so by the policy's own doing: its slots are full since it filled them. A
rule that strikes at *open* states is of another kind: a slot stands empty, or (where there are no
slots) nothing was done yet in the episode. An op that is never legal at such states (CULL, where
there is nothing to cull) begins nothing, and its rules do not count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sanctum.record.cells import VALUE
from sanctum.record.columns import Columns
from sanctum.record.moments import Scope
from sanctum.record.questions.outcomes.seen import Flags, Ints, Seen
from sanctum.record.stages import EMPTY

STRIKES = 0.5
"""Share of the open states that a rule must strike at."""
LEAST_STATES = 8
MOST_BREAKS = 16
"""Gaps after which it is looked up anew what is in the slots."""
NEVER = -1
"""The code of a slot of which nothing was ever said: it is empty."""


@dataclass(frozen=True, slots=True)
class Denied:
    """At which cells (rows, envs) every beginning was denied, and `by` which op and rule, each."""

    every: Flags
    by: list[tuple[int, int, Flags]]


def denied(seen: Seen, empty: Flags | None, idle: int) -> Denied | None:
    """What was denied to a policy that took op `idle`; None where that cannot be known.

    `empty` are the cells before which a slot stood empty, None in a run without slots. Nothing is
    denied where none ever stood empty: they were filled.
    """
    if seen.legal is None:
        return None
    fresh = _fresh(seen, idle)
    parts = [one & seen.masked for one in (fresh, empty) if one is not None]
    if not parts:
        return None
    states: Flags = np.logical_or.reduce(parts)
    if int(states.sum()) < LEAST_STATES:
        return None if empty is None else Denied(np.zeros_like(states), [])
    others = [op for op in range(len(seen.ops)) if op != idle]
    begun = states if fresh is None or empty is None else fresh & seen.masked
    begins = [op for op in others if seen.legal[begun][:, op].any()] or others
    every, by = states.copy(), []
    for op in begins:
        struck = np.zeros(seen.shape, bool)
        for rule in _rules(seen, op):
            here = states & ~seen.legal[:, :, op]
            if seen.rule is not None:
                here &= seen.rule[:, :, op] == rule
            if here[states].mean() > STRIKES:
                by.append((op, rule, here))
                struck |= here
        every &= struck
    return Denied(every, by)


def empty_slots(of: Scope, seen: Seen) -> Flags | None:
    """The cells before which some slot stood empty, (rows, envs); None: nobody spoke of slots."""
    names = [name for name in of.reader.column_names() if is_stage(name)]
    slots = {name.split("/")[1] for name in names} | set(of.header.slots)
    if not names or not seen.steps.size:
        return None
    codes = [code for code, word in of.reader.words().items() if word.upper() in EMPTY]
    codes.append(NEVER)
    begins = np.union1d([0], seen.breaks[:MOST_BREAKS])
    before = [Columns(of.reader, of.attempt.attempt, int(seen.steps[row])) for row in begins]
    found = np.full(seen.shape, len(names) < len(slots), bool)
    for name in names:
        said = seen.grid(name)
        stage = np.full(seen.shape, np.nan)
        if said is not None:
            stage[1:] = said[:-1]
        stage[begins] = [_held(one, name, seen.shape[1]) for one in before]
        found |= np.isin(_filled(stage), codes)
    if seen.starts is not None:
        found |= seen.starts
    return found


def is_stage(name: str) -> bool:
    """Whether a column is the stage of a slot."""
    return name.startswith("seed/") and name.endswith("/stage")


def _held(columns: Columns, name: str, envs: int) -> Any:
    """What was last said of a coded column, (envs,); NEVER where nothing was."""
    latest = columns.latest(name)
    if latest is None or latest.values.shape[1] != 1:
        return np.full(envs, NEVER)
    return np.where(latest.states == VALUE, latest.values[:, 0], NEVER)


def _filled(values: Any) -> Any:
    """Where nothing was said, what was said last; the first row is whole."""
    rows = np.arange(values.shape[0])[:, None]
    last = np.maximum.accumulate(np.where(np.isnan(values), 0, rows), axis=0)
    return np.take_along_axis(values, last, axis=0)


def _fresh(seen: Seen, idle: int) -> Flags | None:
    """The decisions before which nothing but `idle` was done in their episode; None: unknown."""
    since = seen.since_start()
    if since is None:
        return None
    acted = seen.made & (seen.op != idle)
    before = np.cumsum(acted, axis=0) - acted
    began: Ints = np.arange(seen.steps.size)[:, None] - np.maximum(since, 0)
    at_start = np.take_along_axis(before, began, axis=0)
    fresh: Flags = (since >= 0) & (before == at_start) & seen.masked
    return fresh


def _rules(seen: Seen, op: int) -> list[int]:
    """The rules that ever forbade an op; -1 where nobody says which."""
    if seen.rule is None:
        return [-1]
    return [int(one) for one in np.unique(seen.rule[:, :, op]) if one >= 0]
