"""``policy.read``: the last update's readings with verdicts, and what the policy does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sanctum.model.answers import ActionShare, PolicyAnswer, PolicyReading
from sanctum.model.readings import DROPPED, MASKED, NOT_MEASURED, Measured, Reading, number, reading
from sanctum.record.cells import GONE, VALUE
from sanctum.record.columns import mean
from sanctum.record.moments import Scope
from sanctum.record.questions.series import scalars, update_rows
from sanctum.telemetry.metrics import CATALOGUE, Metric, metric

LOOK_BACK_UPDATES = 20
STALE_AFTER_UPDATES = 3
WINDOW_STEPS = 128
CORE = ("health", "losses", "vitals")


def policy_read(of: Scope, env: int | None = None, window: int | None = None) -> PolicyAnswer:
    """Readings as of the moment; actions over the last `window` steps, of one env or all."""
    if env is not None:
        of.check_env(env)
    rows = update_rows(of, LOOK_BACK_UPDATES)
    found = [scalars(row[3]) for row in rows]
    steps = [row[1] for row in rows]
    actions = _actions(of, env, window)
    return PolicyAnswer(
        of.at,
        [_reading(of, one, found, steps) for one in _shown(found)],
        actions.shares,
        actions.decisions,
        actions.unforced,
        actions.first_step,
        actions.last_step,
        rows[0][1] if rows else None,
        max(0.0, (of.now if of.at.live else of.at.time or of.now) - rows[0][2]) if rows else None,
        env,
    )


def head_of(of: Scope) -> str | None:
    """The head whose choice is *the* action: ``op``, or the first one."""
    heads = of.header.actions
    if not heads:
        return None
    return "op" if "op" in heads else next(iter(heads))


def _shown(found: list[tuple[dict[str, float | None], list[str]]]) -> list[Metric]:
    """Metrics to answer: the core ones whether said or not, then whatever was said."""
    said = dict.fromkeys(name for values, masked in found for name in (*values, *masked))
    core = [one for one in CATALOGUE.values() if one.group in CORE and one.name in said]
    core += [one for one in CATALOGUE.values() if one.group in CORE and one.name not in said]
    core.sort(key=lambda one: CORE.index(one.group))
    rest = [metric(name) for name in said if name not in {one.name for one in core}]
    return [one for one in core if one.name in said or one.name in _EXPECTED] + rest


_EXPECTED = frozenset(
    {
        "entropy",
        "clip_fraction",
        "approx_kl",
        "policy_loss",
        "value_loss",
        "grad_norm",
        "learning_rate",
        "explained_variance",
    }
)


def _reading(
    of: Scope,
    one: Metric,
    found: list[tuple[dict[str, float | None], list[str]]],
    steps: list[int | None],
) -> PolicyReading:
    value: Reading = NOT_MEASURED
    age: int | None = None
    previous: Reading = NOT_MEASURED
    for back, (values, masked) in enumerate(found):
        said = values.get(one.name)
        if said is None and one.name not in masked:
            continue
        if age is None:
            age = back
            at = steps[back]
            age_steps = 0 if at is None or of.at.step is None else max(0, of.at.step - at)
            value = MASKED if said is None else reading(said, age_steps, back > STALE_AFTER_UPDATES)
        else:
            previous = MASKED if said is None else reading(said)
            break
    seen = number(value)
    return PolicyReading(
        one.name,
        value,
        one.unit,
        one.group if "." not in one.name else "heads",
        one.meaning,
        None if seen is None else one.verdict(seen),  # type: ignore[arg-type]
        one.thresholds(seen),
        age,
        previous,
    )


@dataclass(frozen=True, slots=True)
class _Actions:
    shares: list[ActionShare]
    decisions: int = 0
    unforced: int | None = None
    first_step: int | None = None
    last_step: int | None = None


def _actions(of: Scope, env: int | None, window: int | None) -> _Actions:
    """The action distribution of the main head over the last steps."""
    head = head_of(of)
    if head is None or of.at.step is None:
        return _Actions([])
    attempt = of.attempt.attempt
    length = window or of.header.rollout_steps or WINDOW_STEPS
    first = of.reader.steps_back(attempt, of.step, length - 1)
    names = (f"action/{head}", f"probability/{head}", f"mask/{head}")
    rows = of.reader.window(names, attempt, first, of.step)
    chosen = rows.cells.get(names[0])
    if chosen is None:
        return _Actions([])
    pick = slice(None) if env is None else slice(env, env + 1)
    made = chosen[1][:, pick] == VALUE
    ops = chosen[0][:, pick, 0][made].astype(np.int64)
    legal = _matrix(rows.cells.get(names[2]), pick, made)
    probable = _matrix(rows.cells.get(names[1]), pick, made)
    unsaid = _unsaid(rows.cells.get(names[2]), pick), _unsaid(rows.cells.get(names[1]), pick)
    legal = None if legal is None else legal > 0.5
    free = None if legal is None else legal.sum(axis=1) > 1
    shares = [
        _share(name, index, ops, free, legal, probable, unsaid)
        for index, name in enumerate(of.header.actions[head])
    ]
    return _Actions(
        shares,
        int(ops.size),
        None if free is None else int(free.sum()),
        int(rows.steps[0]) if rows.steps.size else None,
        int(rows.steps[-1]) if rows.steps.size else None,
    )


def _matrix(cells: Any, pick: slice, made: Any) -> Any:
    """A matrix where decisions were made, (decisions, options); None if one is absent."""
    if cells is None:
        return None
    values, states = cells[0][:, pick][made], cells[1][:, pick][made]
    return values.astype(np.float64) if (states == VALUE).all() else None


def _unsaid(cells: Any, pick: slice) -> Reading:
    """Why a matrix that is absent is."""
    return DROPPED if cells is not None and (cells[1][:, pick] == GONE).any() else NOT_MEASURED


def _share(
    name: str,
    index: int,
    ops: Any,
    free: Any,
    legal: Any,
    probable: Any,
    unsaid: tuple[Reading, Reading],
) -> ActionShare:
    """`unsaid`: why the mask and the probabilities are absent, where they are."""
    taken = ops == index
    count = int(taken.sum())
    unforced = None if free is None else int((taken & free).sum())
    can = None if legal is None or index >= legal.shape[1] else legal[:, index]
    where = np.ones(ops.size, bool) if can is None else can
    chances = (
        unsaid[1]
        if probable is None or index >= probable.shape[1]
        else mean(probable[where, index])
    )
    return ActionShare(
        name,
        count,
        _ratio(count, ops.size),
        unforced or 0,
        unsaid[0] if unforced is None else _ratio(unforced, int(free.sum())),
        0 if can is None else int(can.sum()),
        unsaid[0] if can is None else _ratio(count, int(can.sum())),
        chances,
    )


def _ratio(part: int, whole: int) -> Reading:
    return Measured(part / whole) if whole else MASKED
