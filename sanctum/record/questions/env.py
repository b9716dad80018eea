"""``env.read``: one environment in full."""

from __future__ import annotations

import numpy as np

from sanctum.errors import UsageError
from sanctum.model.answers import Decision, EnvAnswer
from sanctum.model.readings import MASKED, NOT_MEASURED, Reading, reading
from sanctum.record.cells import VALUE
from sanctum.record.columns import absent
from sanctum.record.moments import Scope
from sanctum.record.questions.envs import all_rows, named
from sanctum.record.questions.events import events_of_env
from sanctum.record.questions.policy import head_of
from sanctum.record.questions.rewards import rewards_read
from sanctum.record.questions.seeds import rows as seed_rows
from sanctum.record.questions.series import curve
from sanctum.record.reader import Window

DECISIONS = 20
EVENTS = 10
COURSE_STEPS = 64


def env_read(of: Scope, env: int) -> EnvAnswer:
    """The environment's row, slots, last decisions, rewards, recent accuracy and events."""
    of.check_env(env)
    of.step  # noqa: B018  (before the first step there is nothing to read)
    attempt = of.attempt.attempt
    since = of.reader.steps_back(attempt, of.step, COURSE_STEPS - 1)
    try:
        course = curve(of, "accuracy", env, since=since)
    except UsageError:
        course = None
    rewards = rewards_read(of, env)
    return EnvAnswer(
        of.at,
        all_rows(of, env)[0],
        seed_rows(of, env),
        decisions(of, env, DECISIONS),
        rewards if rewards.components or rewards.total.last != NOT_MEASURED else None,
        course if course is not None and course.values else None,
        events_of_env(of, env, EVENTS),
    )


def decisions(of: Scope, env: int, count: int) -> list[Decision]:
    """The last decisions of one environment, newest last."""
    head = head_of(of)
    if head is None:
        return []
    attempt = of.attempt.attempt
    first = of.reader.steps_back(attempt, of.step, count - 1)
    names = [f"action/{one}" for one in of.header.actions]
    names += [f"probability/{head}", f"mask/{head}", "value", "reward"]
    rows = of.reader.window(names, attempt, first, of.step)
    made = rows.cells.get(f"action/{head}")
    if made is None:
        return []
    return [
        _decision(of, rows, head, row, env)
        for row in range(rows.steps.size)
        if made[1][row, env] == VALUE
    ]


def _decision(of: Scope, rows: Window, head: str, row: int, env: int) -> Decision:
    def cell(name: str) -> Reading:
        cells = rows.cells.get(name)
        if cells is None:
            return NOT_MEASURED
        state = int(cells[1][row, env])
        return reading(float(cells[0][row, env, 0])) if state == VALUE else absent(state)

    def option(of_head: str) -> str | None:
        options = of.header.actions.get(of_head)
        return None if options is None else named(cell(f"action/{of_head}"), options)

    mask = rows.cells.get(f"mask/{head}")
    forced = None
    if mask is not None and mask[1][row, env] == VALUE:
        forced = int(np.count_nonzero(mask[0][row, env])) <= 1
    return Decision(
        int(rows.steps[row]),
        option(head),
        option("slot") if head != "slot" else None,
        option("blueprint") if head != "blueprint" else None,
        _probability(rows, head, row, env),
        cell("value"),
        cell("reward"),
        forced,
    )


def _probability(rows: Window, head: str, row: int, env: int) -> Reading:
    """The probability of the op that was chosen."""
    cells, chosen = rows.cells.get(f"probability/{head}"), rows.cells[f"action/{head}"]
    if cells is None or cells[1][row, env] != VALUE:
        return NOT_MEASURED if cells is None else absent(int(cells[1][row, env]))
    index = int(chosen[0][row, env, 0])
    if not 0 <= index < cells[0].shape[2]:
        return MASKED
    return reading(float(cells[0][row, env, index]))
