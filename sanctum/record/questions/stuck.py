"""Stuck seeds: those that their gate keeps although their time has come."""

from __future__ import annotations

import itertools
import math
from bisect import bisect_right
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from sanctum.model.answers import GateInput, SeedRow, Standing
from sanctum.model.readings import Measured, number, reading
from sanctum.record.cells import VALUE
from sanctum.record.moments import Scope
from sanctum.record.reader import Window
from sanctum.record.stages import BLENDING, FOSSILIZED, is_alive

CLOCKS = frozenset({"stage_steps", "age_steps", "training"})
"""Inputs of gates that grow by themselves as steps pass."""

NO_GATE, IN_TIME, OPEN = "with no gate said", "short of time alone", "with an open gate"
LOOK_BACK_STEPS = 512


def stuck(of: Scope, rows: list[SeedRow]) -> tuple[list[SeedRow], dict[str, int]]:
    """The stuck ones among some seeds, and how many are left out why.

    A seed whose gate lacks nothing but time (steps, or an alpha that moves) will get there by
    itself; one that lacks more is not late as long as it lacks time, too.
    """
    found: list[SeedRow] = []
    left_out: dict[str, int] = {}
    for row in rows:
        if not is_alive(row.stage) or row.stage.upper() == FOSSILIZED:
            continue
        why = _moves(row)
        if why is None:
            found.append(row)
        else:
            left_out[why] = left_out.get(why, 0) + 1
    return found, left_out


def standing(of: Scope, row: SeedRow, stays: Mapping[str, Mapping[int, int]]) -> Standing:
    """Since when a gate keeps a seed, and how long others were in its stage.

    `stays` counts by stage and steps those that got past it.
    """
    entered = number(of.columns.reading(f"seed/{row.slot}/since", row.env))
    first = 0 if entered is None else int(entered)
    usual = stays.get(row.stage.upper(), {})
    return Standing(
        reading(of.step - _shut_since(of, row, first)),
        usual_steps=reading(_median(usual)),
        usual_count=sum(usual.values()),
    )


def _median(counts: Mapping[int, int]) -> float | None:
    """Of numbers that were each counted so often; None of none."""
    values = sorted(counts)
    upto = list(itertools.accumulate(counts[one] for one in values))
    if not values:
        return None
    middle = (upto[-1] - 1) // 2, upto[-1] // 2
    low, high = (values[bisect_right(upto, place)] for place in middle)
    return (low + high) / 2


def _moves(row: SeedRow) -> str | None:
    """Why a seed is not stuck; None: it is."""
    if not row.gate_inputs:
        return NO_GATE
    lacking = [one for one in row.gate_inputs if one.passed is not True]
    if not lacking:
        return OPEN
    return IN_TIME if any(_comes(row, one) for one in lacking) else None


def _comes(row: SeedRow, one: GateInput) -> bool:
    """Whether an input that a gate lacks is still to come as steps pass."""
    if one.name in CLOCKS and isinstance(one.value, Measured):
        needed = number(one.needed)
        return needed is not None and one.value.value + one.value.age_steps < needed
    if one.name != "alpha" or row.stage.upper() != BLENDING:
        return False
    left = number(row.alpha_to_go_steps)
    return left is None or math.isfinite(left)


def _shut_since(of: Scope, row: SeedRow, first: int) -> int:
    """The step from which on every report says that the gate lacks something but time."""
    attempt = of.attempt.attempt
    first = max(first, of.reader.steps_back(attempt, of.step, LOOK_BACK_STEPS - 1))
    prefix = f"seed/{row.slot}/"
    names = [one.name for one in row.gate_inputs]
    columns = [f"{prefix}{kind}/{name}" for kind in ("gate", "needs") for name in names]
    seen = of.reader.window(columns, attempt, first, of.step)
    reported = np.zeros(seen.steps.size, np.bool_)
    late, lacks = reported.copy(), reported.copy()
    for name in names:
        said, passed = _passed(seen, prefix, name, row.env)
        reported |= said
        if name in CLOCKS:
            late |= said & ~passed
        else:
            lacks |= said & ~passed
    shut = np.flatnonzero(reported & lacks & ~late)
    other = np.flatnonzero(reported & (~lacks | late))
    if not shut.size:
        return of.step
    since = shut if not other.size else shut[shut > other[-1]]
    return int(seen.steps[since[0]]) if since.size else of.step


def _passed(
    seen: Window, prefix: str, name: str, env: int
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """At which rows an input was said, and at which it was at least as much as needed."""
    none = np.zeros(seen.steps.size, np.bool_)
    needs = seen.cells.get(f"{prefix}needs/{name}")
    if needs is None:
        return none, none
    said = needs[1][:, env] == VALUE
    value = seen.cells.get(f"{prefix}gate/{name}")
    if value is None:
        return said, none
    there = said & (value[1][:, env] == VALUE)
    return said, there & (value[0][:, env, 0] >= needs[0][:, env, 0])
