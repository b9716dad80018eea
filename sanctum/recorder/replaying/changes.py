"""``replay.whatif`` and ``replay.sweep``: the same decision with features that are others."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import numpy.typing as npt

from sanctum.errors import SanctumError, UsageError
from sanctum.model.jobs import Done, Evaluate, Rows
from sanctum.model.replayed import (
    Change,
    OptionMoved,
    SweepAnswer,
    SweepPoint,
    WhatIfAnswer,
)
from sanctum.record.questions.grounds import matrix
from sanctum.recorder.replaying.case import Case
from sanctum.recorder.replaying.evaluation import readings_of
from sanctum.recorder.replaying.likeness import Likeness
from sanctum.recorder.replaying.outlook import outlook
from sanctum.recorder.replaying.plan import Plan, evaluated

MOST_POINTS = 500
Observations = npt.NDArray[np.float32]


def replay_whatif(case: Case, changes: dict[str, float], which: str) -> Plan:
    """The decision as it was, and with features changed. Raises UsageError, NoDataYet."""
    if not changes:
        raise UsageError("no change was given", "one is expected, as in growth=0.2")
    chosen = case.choose(which)
    before = case.grounds.observation(0)
    after, likeness = before.copy(), Likeness(case)
    told: list[Change] = []
    for name, value in changes.items():
        at = case.features.place(name)
        after[at] = _number(case.features.names[at], value)
        was = recorded(case, at)
        distance = likeness.distance(at, float(after[at]) - was)
        told.append(Change(case.features.names[at], was, value, distance))
    rows = _altered(case, np.stack([before, after]))
    notes = case.notes(chosen)

    def finish(done: list[Done]) -> WhatIfAnswer:
        again = readings_of(case.grounds, evaluated(done[0]).readings[0])
        was, now = (outlook(case.grounds, again, place) for place in (0, 1))
        moved = zip(was.names, was.legal, was.chances, now.chances, strict=True)
        return WhatIfAnswer(
            case.of.at,
            case.grounds.env,
            int(case.grounds.steps[0]),
            which,
            chosen.weights.update,
            told,
            was.head,
            [OptionMoved(*one) for one in moved],
            was.choice,
            now.choice,
            was.value,
            now.value,
            notes,
        )

    return Plan(case.place, [lambda: Evaluate([chosen.policy()], [rows])], finish)


def replay_sweep(case: Case, feature: str, low: float, high: float, count: int, which: str) -> Plan:
    """The decision with one feature from `low` to `high`. Raises UsageError, NoDataYet."""
    at = case.features.place(feature)
    name = case.features.names[at]
    if not 2 <= count <= MOST_POINTS:
        raise UsageError(f"{count} points: 2 to {MOST_POINTS} can be asked for")
    ends = _number(name, low), _number(name, high)
    if ends[0] == ends[1]:
        raise UsageError(f"{name} from {low:g} to {high:g} is no range", "low and high differ")
    chosen, was = case.choose(which), recorded(case, at)
    values = np.linspace(*ends, count).astype(np.float32)
    observations = np.repeat(case.grounds.observation(0)[None], count, axis=0)
    observations[:, at] = values
    rows = _altered(case, observations)
    notes = case.notes(chosen)

    def finish(done: list[Done]) -> SweepAnswer:
        again = readings_of(case.grounds, evaluated(done[0]).readings[0])
        found = [outlook(case.grounds, again, place) for place in range(count)]
        return SweepAnswer(
            case.of.at,
            case.grounds.env,
            int(case.grounds.steps[0]),
            which,
            chosen.weights.update,
            name,
            was,
            found[0].head,
            found[0].names,
            [
                SweepPoint(float(value), one.chances, one.choice, one.value)
                for value, one in zip(values, found, strict=True)
            ],
            notes,
        )

    return Plan(case.place, [lambda: Evaluate([chosen.policy()], [rows])], finish)


def recorded(case: Case, at: int) -> float:
    """What a feature was. Raises SanctumError where that is no number to start from."""
    value = float(case.grounds.observation(0)[at])
    if not math.isfinite(value):
        raise SanctumError(
            f"{case.features.names[at]} was {value} at step {case.grounds.steps[0]:,}:"
            " no change of it has a size"
        )
    return value


def _number(name: str, value: float) -> float:
    """A value that a feature can take. Raises UsageError."""
    with np.errstate(over="ignore"):
        if not np.isfinite(np.float32(value)):
            raise UsageError(f"{name}={value} is not a finite number")
    return value


def _altered(case: Case, observations: Observations) -> Rows:
    """The decision's row as often as there are observations, each with its own."""
    rows = case.grounds.rows([0] * len(observations))
    return msgspec.structs.replace(rows, observation=matrix(observations))
