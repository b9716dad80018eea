"""The closest calls: decisions at which another op was nearly as probable."""

from __future__ import annotations

import numpy as np

from sanctum.model.readings import reading
from sanctum.model.why import Call
from sanctum.record.questions.outcomes.seen import Flags, Seen

CALLS = 5


def calls(seen: Seen, mine: Flags) -> list[Call]:
    """Those of `mine` (rows, envs) with the smallest gap between the two most probable ops.

    A forced decision is none, however its probabilities stand.
    """
    said = seen.probabilities()
    if said is None or len(seen.ops) < 2:
        return []
    chances, there = said
    forced = seen.forced()
    if forced is not None:
        mine = mine & ~forced[0]
    rows, envs = np.nonzero(mine & there)
    known = chances[rows, envs]
    finite = np.isfinite(known).all(axis=1)
    rows, envs, known = rows[finite], envs[finite], known[finite]
    first, second = np.argsort(-known, axis=1)[:, :2].T
    at = np.arange(rows.size)
    gap = known[at, first] - known[at, second]
    closest = np.argsort(gap, kind="stable")[:CALLS]
    return [
        Call(
            int(envs[one]),
            int(seen.steps[rows[one]]),
            seen.ops[first[one]],
            reading(float(known[one, first[one]])),
            seen.ops[second[one]],
            reading(float(known[one, second[one]])),
        )
        for one in closest
    ]
