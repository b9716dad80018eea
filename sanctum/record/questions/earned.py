"""What an environment earned since its episode began, by component of the reward."""

from __future__ import annotations

import msgspec
import numpy as np

from sanctum.model.answers import Component, RewardsAnswer
from sanctum.model.readings import NOT_MEASURED, Reading, number, reading
from sanctum.record.ahead import ENDINGS, endings
from sanctum.record.cells import VALUE
from sanctum.record.moments import Scope
from sanctum.record.questions.rewards import PREFIX
from sanctum.record.reader import Window

LOOK_BACK_STEPS = 512
"""How far back an end is looked for that only the steps tell."""


def episode_first_step(of: Scope, env: int) -> int | None:
    """The first step of the episode an environment is in; None where nobody says.

    The step that ends an episode belongs to it.
    """
    attempt = of.attempt.attempt
    by_then = "1" if of.is_now else f"{of.reader.said('episodes')} <= {of.step:d}"
    ended = of.reader.rows(
        f"SELECT step FROM episodes WHERE attempt = ? AND env = ? AND step < ? AND {by_then}"
        " ORDER BY step DESC LIMIT 1",
        attempt,
        env,
        of.step,
    )
    if ended:
        return of.reader.steps_on(attempt, int(ended[0][0]), 1)
    first = of.reader.steps_back(attempt, of.step, LOOK_BACK_STEPS - 1)
    rows = of.reader.window(ENDINGS, attempt, first, of.step)
    if rows.cells:
        ends = np.flatnonzero(endings(of.reader, attempt, rows)[:-1, env])
        if ends.size:
            return int(rows.steps[ends[-1] + 1])
    passed = number(of.columns.reading("env_step", env))
    if passed is not None and np.isfinite(passed):
        return of.reader.steps_back(attempt, of.step, max(int(passed), 0))
    span = of.reader.span(attempt)
    return first if rows.cells and span is not None and first == span[0] else None


def with_episode(of: Scope, env: int, rewards: RewardsAnswer, first: int) -> RewardsAnswer:
    """An answer about rewards with what each component came to since the step `first`."""
    names = [PREFIX + one.name for one in rewards.components]
    rows = of.reader.window(["reward", *names], of.attempt.attempt, first, of.step)

    def summed(component: Component, column: str) -> Component:
        return msgspec.structs.replace(component, episode=_sum(rows, column, env))

    return msgspec.structs.replace(
        rewards,
        components=[summed(one, PREFIX + one.name) for one in rewards.components],
        total=summed(rewards.total, "reward"),
    )


@np.errstate(all="ignore")
def _sum(rows: Window, column: str, env: int) -> Reading:
    """What was said of a column, added up; what was masked adds nothing."""
    cells = rows.cells.get(column)
    if cells is None:
        return NOT_MEASURED
    there = cells[1][:, env] == VALUE
    if not there.any():
        return NOT_MEASURED
    return reading(float(cells[0][there, env, 0].sum(dtype=np.float64)))
