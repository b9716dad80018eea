"""The schedule of alpha: when a seed that blends will be where it is going, at its own pace."""

from __future__ import annotations

import math

import numpy as np

from sanctum.model.readings import NOT_MEASURED, Measured, Reading, reading
from sanctum.record.cells import VALUE
from sanctum.record.moments import Scope
from sanctum.record.stages import BLENDING

LOOK_BACK_STEPS = 32
REPORTS = 4
"""The pace is that between the last so many reports of alpha."""

THERE = 1e-6


def to_go(
    of: Scope, env: int, slot: str, stage: str, since: int, alpha: Reading, target: Reading
) -> Reading:
    """The steps until alpha is at its target; inf where it does not move towards it.

    Only of a seed that blends, from what was said of it since it does: two reports at least.
    """
    if not isinstance(alpha, Measured) or not isinstance(target, Measured):
        return NOT_MEASURED
    left = target.value - alpha.value
    if stage.upper() != BLENDING:
        return NOT_MEASURED
    if abs(left) <= THERE:
        return reading(0.0)
    name, attempt = f"seed/{slot}/alpha", of.attempt.attempt
    first = max(since, of.reader.steps_back(attempt, of.step, LOOK_BACK_STEPS - 1))
    rows = of.reader.window([name], attempt, first, of.step)
    if name not in rows.cells:
        return NOT_MEASURED
    values, states = rows.cells[name]
    said = np.flatnonzero(states[:, env] == VALUE)[-REPORTS:]
    if said.size < 2:
        return NOT_MEASURED
    moved = float(values[said[-1], env, 0]) - float(values[said[0], env, 0])
    pace = moved / float(rows.steps[said[-1]] - rows.steps[said[0]])
    if not math.isfinite(pace) or pace * left <= 0:
        return reading(math.inf)
    return reading(float(max(math.ceil(left / pace - THERE) - alpha.age_steps, 0)))
