"""Which rules deny the policy what an episode can begin with, before it has done anything.

Most of what is illegal is so by the policy's own doing: the slots are full since it filled them.
A rule that strikes at states at which nothing was done yet in the episode is of another kind: it
leaves no choice to begin with. An op that is never legal at such states (CULL, where there is
nothing to cull) is no beginning, and its rules do not count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sanctum.record.questions.outcomes.seen import Flags, Ints, Seen

STRIKES = 0.5
"""Share of the states at which nothing was done that a rule must strike at."""
LEAST_STATES = 8


@dataclass(frozen=True, slots=True)
class Denied:
    """At which cells (rows, envs) every beginning was denied, and `by` which op and rule, each."""

    every: Flags
    by: list[tuple[int, int, Flags]]


def denied(seen: Seen, idle: int) -> Denied | None:
    """What was denied to a policy that took op `idle`; None where that cannot be known."""
    if seen.legal is None:
        return None
    fresh = _fresh(seen, idle)
    if fresh is None or int(fresh.sum()) < LEAST_STATES:
        return None
    others = [op for op in range(len(seen.ops)) if op != idle]
    begins = [op for op in others if seen.legal[fresh][:, op].any()] or others
    every, by = np.ones(seen.shape, bool) & seen.masked, []
    for op in begins:
        struck = np.zeros(seen.shape, bool)
        for rule in _rules(seen, op):
            here = seen.masked & ~seen.legal[:, :, op]
            if seen.rule is not None:
                here &= seen.rule[:, :, op] == rule
            if here[fresh].mean() > STRIKES:
                by.append((op, rule, here))
                struck |= here
        every &= struck
    return Denied(every, by)


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


def _rules(seen: Seen, op: int) -> list[Any]:
    """The rules that ever forbade an op; -1 where nobody says which."""
    if seen.rule is None:
        return [-1]
    return [int(one) for one in np.unique(seen.rule[:, :, op]) if one >= 0]
