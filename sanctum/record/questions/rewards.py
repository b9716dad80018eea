"""``rewards.read``: reward components, the identity they obey, and what each action brought."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

from sanctum.model.answers import ActionReward, Component, RewardsAnswer
from sanctum.model.readings import MASKED, NOT_MEASURED, Reading, number, reading
from sanctum.record.cells import MASKED_CELL, VALUE
from sanctum.record.columns import known, mean, spread
from sanctum.record.moments import Scope
from sanctum.record.questions.choices import WINDOW_STEPS, head_of
from sanctum.record.reader import Window

PREFIX = "reward/"


@np.errstate(all="ignore")
def rewards_read(
    of: Scope, env: int | None = None, window: int | None = None, *, by_action: bool = True
) -> RewardsAnswer:
    """Components at the last step and over the last `window`; means over all without env."""
    if env is not None:
        of.check_env(env)
    attempt = of.attempt.attempt
    length = window or of.header.rollout_steps or WINDOW_STEPS
    first = of.reader.steps_back(attempt, of.step, length - 1)
    names = component_names(of)
    head = head_of(of)
    columns = ["reward", *(PREFIX + name for name in names)]
    rows = of.reader.window([*columns, f"action/{head}"], attempt, first, of.step)
    components = [_component(of, name, PREFIX + name, env, rows) for name in names]
    weight = sum(
        abs(value)
        for one in components
        if one.inside is None and (value := number(one.mean)) is not None
    )
    components = [_with_share(one, weight) for one in components]
    total = _component(of, "total", "reward", env, rows)
    summands = _summands(of, names)
    residuals = _residuals(of, summands, env, rows)
    last = _last_residual(of, summands, env)
    return RewardsAnswer(
        of.at,
        env,
        components,
        total,
        last,
        reading(float(np.max(np.abs(residuals)))) if residuals.size else NOT_MEASURED,
        int(rows.steps[0]) if rows.steps.size else None,
        int(rows.steps[-1]) if rows.steps.size else None,
        int(rows.steps.size),
        _by_action(of, head, names, env, rows) if by_action else [],
    )


def component_names(of: Scope) -> list[str]:
    """Components announced, then others that were sent by then."""
    sent = [name.removeprefix(PREFIX) for name in of.columns.said(PREFIX)]
    return list(dict.fromkeys([*of.header.rewards, *sent]))


def _summands(of: Scope, names: list[str]) -> list[str]:
    """The components that add up: those that are not part of another one."""
    return [name for name in names if name not in of.header.inside]


def _component(of: Scope, name: str, column: str, env: int | None, rows: Window) -> Component:
    cells = rows.cells.get(column)
    values = np.zeros(0) if cells is None else known(cells, env)
    return Component(
        name,
        _last(of, column, env),
        mean(values),
        spread(values),
        NOT_MEASURED,
        of.header.rewards.get(name, 1),
        of.header.inside.get(name),
    )


def _last(of: Scope, column: str, env: int | None) -> Reading:
    """The last value of one environment, or the mean of all environments' last values."""
    if env is not None:
        return of.columns.reading(column, env)
    readings = [of.columns.reading(column, one) for one in of.envs]
    values = [value for one in readings if (value := number(one)) is not None]
    if not values:
        return readings[0] if readings else NOT_MEASURED
    return reading(float(np.mean(values)))


def _with_share(one: Component, weight: float) -> Component:
    value = number(one.mean)
    share = NOT_MEASURED if value is None or not weight > 0 else reading(abs(value) / weight)
    if one.inside is not None and share != NOT_MEASURED:
        share = MASKED
    return msgspec.structs.replace(one, share=share)


def _last_residual(of: Scope, names: list[str], env: int | None) -> Reading:
    """The last total minus the signed sum of the last components, or its mean over all.

    Absent where total and components were not said together: rows of different steps do not add up.
    A component that is masked had no meaning at that step, and adds nothing.
    """
    found = []
    for one in of.envs if env is None else (env,):
        spoken = {of.columns.step_of(name, one) for name in ("reward", *map(_column, names))}
        whole = number(of.columns.reading("reward", one))
        parts = [_addend(of.columns.reading(_column(name), one)) for name in names]
        if len(spoken) != 1 or whole is None or not parts or None in parts:
            continue
        signs = [of.header.rewards.get(name, 1) for name in names]
        found.append(
            whole - sum(sign * (part or 0.0) for sign, part in zip(signs, parts, strict=True))
        )
    return mean(np.array(found))


def _addend(part: Reading) -> float | None:
    return 0.0 if part == MASKED else number(part)


def _column(name: str) -> str:
    return PREFIX + name


def _residuals(of: Scope, names: list[str], env: int | None, rows: Window) -> Any:
    """Total minus signed sum at every cell of the window where all of them are there, or masked."""
    whole = rows.cells.get("reward")
    parts = [rows.cells.get(PREFIX + name) for name in names]
    if whole is None or not parts or any(one is None for one in parts):
        return np.zeros(0)
    pick = slice(None) if env is None else slice(env, env + 1)
    there = whole[1][:, pick] == VALUE
    summed = np.zeros(there.shape)
    for name, one in zip(names, parts, strict=True):
        assert one is not None
        states = one[1][:, pick]
        there &= (states == VALUE) | (states == MASKED_CELL)
        part = np.where(states == VALUE, one[0][:, pick, 0].astype(np.float64), 0.0)
        summed += of.header.rewards.get(name, 1) * part
    return (whole[0][:, pick, 0].astype(np.float64) - summed)[there]


def _by_action(
    of: Scope, head: str | None, names: list[str], env: int | None, rows: Window
) -> list[ActionReward]:
    """Mean reward of the steps at which each op was taken."""
    ops, whole = rows.cells.get(f"action/{head}"), rows.cells.get("reward")
    if head is None or ops is None or whole is None:
        return []
    pick = slice(None) if env is None else slice(env, env + 1)
    there = (ops[1][:, pick] == VALUE) & (whole[1][:, pick] == VALUE)
    chosen, total = ops[0][:, pick, 0][there], whole[0][:, pick, 0][there]
    parts = {
        name: (cells[0][:, pick, 0][there], cells[1][:, pick][there] == VALUE)
        for name in names
        if (cells := rows.cells.get(PREFIX + name)) is not None
    }
    found = []
    for index, name in enumerate(of.header.actions[head]):
        taken = chosen == index
        means = {part: mean(values[taken & known]) for part, (values, known) in parts.items()}
        found.append(ActionReward(name, int(taken.sum()), mean(total[taken]), means))
    return found
