"""``env.read``: one environment in full."""

from __future__ import annotations

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
    rewards = rewards_read(of, env, by_action=False)
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
    if f"action/{head}" not in rows.cells:
        return []
    cells = {
        name: (values[:, env].tolist(), states[:, env].tolist())
        for name, (values, states) in rows.cells.items()
    }
    made = cells[f"action/{head}"][1]
    steps = rows.steps.tolist()
    return [
        _decision(of, cells, head, row, step)
        for row, step in enumerate(steps)
        if made[row] == VALUE
    ]


_Cells = dict[str, tuple[list[list[float]], list[int]]]
"""One environment's rows of a window: values and state by row."""


def _decision(of: Scope, cells: _Cells, head: str, row: int, step: int) -> Decision:
    def cell(name: str, place: int = 0) -> Reading:
        if name not in cells:
            return NOT_MEASURED
        values, states = cells[name]
        if states[row] != VALUE:
            return absent(states[row])
        return reading(values[row][place]) if 0 <= place < len(values[row]) else MASKED

    def option(of_head: str) -> str | None:
        options = of.header.actions.get(of_head)
        return None if options is None else named(cell(f"action/{of_head}"), options)

    mask = cells.get(f"mask/{head}")
    forced = None
    if mask is not None and mask[1][row] == VALUE:
        forced = sum(map(bool, mask[0][row])) <= 1
    chosen = cells[f"action/{head}"][0][row][0]
    return Decision(
        step,
        option(head),
        option("slot") if head != "slot" else None,
        option("blueprint") if head != "blueprint" else None,
        cell(f"probability/{head}", int(chosen) if chosen == chosen else -1),
        cell("value"),
        cell("reward"),
        forced,
    )
