"""The health of environments: a word, its reason and how bad, from their last steps.

Thresholds follow Esper's environment monitor: a fall of 5 points is degraded, no new best for 20
steps is stalled.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from sanctum.model.answers import Health
from sanctum.model.readings import Measured, NonFinite, Reading, number, reading
from sanctum.record.cells import VALUE
from sanctum.record.moments import Scope

LOOK_BACK_STEPS = 64
SILENT_AFTER_STEPS = 50
DEGRADED_POINTS = 5.0
STALLED_STEPS = 20
NEW_STEPS = 3


class HealthCheck:
    """Judges rows as of a scope's moment; the last steps are read once for all."""

    def __init__(self, scope: Scope) -> None:
        attempt = scope.attempt.attempt
        first = scope.reader.steps_back(attempt, scope.step, LOOK_BACK_STEPS - 1)
        self._window = scope.reader.window(("accuracy", "episode"), attempt, first, scope.step)

    def __call__(self, env: int, age_steps: int | None, said: Mapping[str, Reading]) -> Health:
        """The health of one environment, whose newest row is `age_steps` old."""
        for name in ("loss", "accuracy", "reward", "value"):
            one = said[name]
            if isinstance(one, NonFinite):
                return Health("non-finite", f"{name} is {one.kind}", "crit")
        if age_steps is not None and age_steps > SILENT_AFTER_STEPS:
            return Health("silent", f"no row for {age_steps} steps", "warn")
        if not isinstance(said["accuracy"], Measured):
            return Health("unknown", "accuracy is not measured")
        age = number(said["env_step"])
        if age is not None and age < NEW_STEPS:
            return Health("new", f"episode began {_steps(age)} ago", "ok")
        return self._by_course(env, number(said["best_accuracy"]))

    def _by_course(self, env: int, said: float | None) -> Health:
        course = self._course(env)
        if course.size < 2:
            return Health("new", "one step so far", "ok")
        now, best = float(course[-1]), float(course.max())
        since = course.size - 1 - int(np.argmax(course))
        if said is not None and np.isfinite(said) and said > best + 1e-6:
            best, since = said, course.size
        back = reading(since)
        if best - now > DEGRADED_POINTS:
            return Health("degraded", f"{_points(best - now)} points below its best", "warn", back)
        if since >= STALLED_STEPS:
            at_least = ">=" if since >= course.size - 1 else ""
            return Health("stalled", f"no new best for {at_least}{since} steps", "warn", back)
        if since == 0:
            return Health("rising", "a new best now", "ok", back)
        return Health("steady", f"best {_steps(since)} ago", "ok", back)

    def _course(self, env: int) -> npt.NDArray[np.float64]:
        """Its accuracies of this episode, as far back as the window goes."""
        cells = self._window.cells.get("accuracy")
        if cells is None:
            return np.zeros(0)
        measured = cells[1][:, env] == VALUE
        episodes = self._window.cells.get("episode")
        if episodes is not None:
            said = episodes[1][:, env] == VALUE
            if said.any():
                current = episodes[0][said, env, 0][-1]
                measured &= said & (episodes[0][:, env, 0] == current)
        course: npt.NDArray[np.float64] = cells[0][measured, env, 0].astype(np.float64)
        return course[np.isfinite(course)]


def _steps(count: float) -> str:
    return "1 step" if count == 1 else f"{count:g} steps"


def _points(value: float) -> str:
    return f"{value:.1f}" if value < 1e6 else f"{value:.2e}"
