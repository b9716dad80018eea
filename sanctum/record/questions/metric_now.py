"""What a metric is now: of the newest update, over environments, seeds or episodes."""

from __future__ import annotations

import math
from collections.abc import Iterable

import msgspec
import numpy as np

from sanctum.errors import NoDataYet
from sanctum.model.answers import Verdict
from sanctum.model.explained import Extreme
from sanctum.model.readings import (
    NOT_MEASURED,
    Measured,
    NonFinite,
    Reading,
    number,
    reading,
)
from sanctum.record.moments import Scope, moved
from sanctum.record.questions.episodes import episodes_list
from sanctum.record.questions.policy import policy_read
from sanctum.record.questions.rewards import rewards_read
from sanctum.record.questions.seeds import FIELDS, seeds_list
from sanctum.telemetry.metrics import Metric

_BADNESS: dict[Verdict, int] = {"ok": 0, "warn": 1, "crit": 2}


class Now(msgspec.Struct, frozen=True):
    """A metric's value at a moment; the fields are those of `MetricAnswer`."""

    value: Reading = NOT_MEASURED
    previous: Reading = NOT_MEASURED
    verdict: Verdict | None = None
    count: int = 0
    least: Extreme | None = None
    greatest: Extreme | None = None
    broken: list[str] = []
    judged: dict[str, int] = {}


def of_updates(of: Scope, name: str) -> Now:
    """The newest update's that said it."""
    for one in policy_read(of, window=1).readings if of.at.update is not None else ():
        if one.name == name:
            return Now(one.value, one.previous, one.verdict)
    return Now()


def of_environments(of: Scope, about: Metric, column: str) -> Now:
    """Over the environments, each with its newest cell; the step before is `previous`."""
    if of.at.step is None:
        return Now()
    now = _over(about, _cells(of, column))
    back = of.reader.steps_back(of.attempt.attempt, of.step, 1)
    if back >= of.step or not now.count:
        return now
    before = _over(about, _cells(moved(of, back), column)).value
    return msgspec.structs.replace(now, previous=before)


def of_seeds(of: Scope, about: Metric) -> Now:
    """Over the seeds that live."""
    if of.at.step is None:
        return Now()
    name = about.name
    return _over(
        about,
        (
            (
                f"{one.env}.{one.slot}",
                getattr(one, name) if name in FIELDS else one.numbers.get(name, NOT_MEASURED),
            )
            for one in seeds_list(of).rows
        ),
    )


def of_trainer(of: Scope, about: Metric, column: str) -> Now:
    """What the trainer last said of itself, in whichever environment's row."""
    if of.at.step is None:
        return Now()
    newest = max(of.envs, key=lambda env: of.columns.step_of(column, env) or -1)
    return _single(about, of.columns.reading(column, newest))


def of_episodes(of: Scope, about: Metric) -> Now:
    """Over the last episodes that ended, as many as there are environments."""
    try:
        rows = episodes_list(of, limit=len(of.envs)).rows
    except NoDataYet:
        return Now()
    if about.name == "fall":
        said = [(_where(one.env), _minus(one.best_accuracy, one.final_accuracy)) for one in rows]
    else:
        said = [(_where(one.env), one.episode_return) for one in rows]
    return _over(about, said)


def of_identity(of: Scope, about: Metric) -> Now:
    """The largest residual of the reward's components over the last rollout."""
    if of.at.step is None:
        return Now()
    return _single(about, rewards_read(of, by_action=False).worst_residual)


def _where(env: int) -> str:
    return str(env)


def _minus(whole: Reading, part: Reading) -> Reading:
    best, final = number(whole), number(part)
    return NOT_MEASURED if best is None or final is None else reading(best - final)


def _cells(of: Scope, column: str) -> list[tuple[str, Reading]]:
    return [(_where(env), of.columns.reading(column, env)) for env in of.envs]


def _single(about: Metric, one: Reading) -> Now:
    value = number(one)
    return Now(one, verdict=None if value is None else about.verdict(value))  # type: ignore[arg-type]


def _over(about: Metric, found: Iterable[tuple[str, Reading]]) -> Now:
    """The mean of what was measured, as old as the oldest of it; absent for the reason given."""
    every = list(found)
    said = [(where, one) for where, one in every if isinstance(one, Measured | NonFinite)]
    if not said:
        return Now(every[0][1] if every else NOT_MEASURED)
    age = max(one.age_steps for _, one in said)
    stale = any(isinstance(one, Measured) and one.stale for _, one in said)
    values = [(where, number(one) or 0.0) for where, one in said]
    with np.errstate(all="ignore"):
        mean = float(np.mean([value for _, value in values]))
    finite = [(value, where) for where, value in values if math.isfinite(value)]
    judged: dict[str, int] = {}
    for _, value in values:
        if (word := about.verdict(value)) is not None:
            judged[word] = judged.get(word, 0) + 1
    worst = max(judged, key=lambda word: _BADNESS[word], default=None)  # type: ignore[index]
    return Now(
        reading(mean, age, stale),
        verdict=worst,  # type: ignore[arg-type]
        count=len(values),
        least=_extreme(min(finite, key=lambda one: one[0], default=None)),
        greatest=_extreme(max(finite, key=lambda one: one[0], default=None)),
        broken=[where for where, value in values if not math.isfinite(value)],
        judged=judged,
    )


def _extreme(found: tuple[float, str] | None) -> Extreme | None:
    return None if found is None else Extreme(found[1], found[0])
