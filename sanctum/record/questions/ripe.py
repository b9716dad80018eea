"""Ripe seeds: those that add to their host and that FOSSILIZE may take, while the policy waits."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from sanctum.model.answers import SeedRow, Standing
from sanctum.model.readings import NOT_MEASURED, Reading, number, reading
from sanctum.record.cells import VALUE
from sanctum.record.moments import Scope
from sanctum.record.questions.choices import head_of
from sanctum.record.questions.rules import BY_SLOT, FOSSILIZE, is_legal, probability
from sanctum.record.reader import Window
from sanctum.record.stages import FOSSILIZED, HOLDING, is_alive

Legality = Literal["", "slot", "env", "unsaid"]
LOOK_BACK_STEPS = 512
SHUT = "with a shut gate"
UNSEEN = "that came there after the newest decision"


def ripe(of: Scope, rows: list[SeedRow]) -> tuple[list[SeedRow], Legality, dict[str, int]]:
    """The ripe ones among some seeds, what their legality rests on, and how many are left out why.

    Where the mask says of no slot what is legal in it, those that hold and whose gate has nothing
    against it stand for them, but for environments whose mask forbids FOSSILIZE altogether.
    """
    able = [row for row in rows if is_alive(row.stage) and row.stage.upper() != FOSSILIZED]
    adding = [row for row in able if (number(row.contribution) or 0.0) > 0]
    legality: Legality = "unsaid"
    if any(row.rules for row in rows):
        legality = "slot"
    elif any(is_legal(of, row.env, FOSSILIZE) is not None for row in rows):
        legality = "env"
    found: list[SeedRow] = []
    left_out: dict[str, int] = {}
    for row in adding:
        why = _against(of, row)
        if why is None:
            found.append(row)
        elif row.stage.upper() == HOLDING:
            left_out[why] = left_out.get(why, 0) + 1
    found.sort(key=lambda row: -(number(row.contribution) or 0.0))
    return found, legality, left_out


def standing(of: Scope, row: SeedRow) -> Standing:
    """For how long FOSSILIZE could have taken a seed, and what the policy gives it now."""
    return Standing(_legal_steps(of, row), probability(of, row.env, FOSSILIZE))


def _against(of: Scope, row: SeedRow) -> str | None:
    """Why FOSSILIZE may not take a seed; None: nothing is known against it."""
    legal = is_legal(of, row.env, FOSSILIZE)
    if (row.rules or legal is not None) and number(row.stage_steps) == 0:
        return UNSEEN
    if row.rules:
        rule = row.rules.get(FOSSILIZE, "nobody said why")
        return None if rule is None else f"forbidden: {rule}"
    if legal is False:
        return "forbidden in their environment"
    if row.stage.upper() != HOLDING:
        return "not in HOLDING"
    return SHUT if any(one.passed is not True for one in row.gate_inputs) else None


def _legal_steps(of: Scope, row: SeedRow) -> Reading:
    """How many of the newest decisions in a row could have been FOSSILIZE, and were not, there.

    By the mask of the slot, or of the environment since the seed came to its stage.
    """
    head = head_of(of)
    ops = [] if head is None else of.header.actions[head]
    slots = of.header.actions.get("slot", [])
    if FOSSILIZE not in ops:
        return NOT_MEASURED
    op = ops.index(FOSSILIZE)
    mask = BY_SLOT if row.rules else f"mask/{head}"
    column = op * len(slots) + slots.index(row.slot) if row.rules else op
    seen = _decisions(of, row, [mask, f"action/{head}", "action/slot"])
    if mask not in seen.cells:
        return NOT_MEASURED
    values, states = seen.cells[mask]
    said = states[:, row.env] == VALUE
    if not said[-1]:
        return NOT_MEASURED
    value = values[:, row.env, column]
    legal = said & ((value < 0) if row.rules else (value > 0.5))
    taken = _chose(seen, f"action/{head}", row.env, op)
    if row.slot in slots:
        taken &= _chose(seen, "action/slot", row.env, slots.index(row.slot))
    broken = np.flatnonzero(~legal | taken)
    return reading(int(legal.size - 1 - broken[-1] if broken.size else legal.size))


def _decisions(of: Scope, row: SeedRow, names: list[str]) -> Window:
    """The newest rows of decisions since a seed is in its stage."""
    attempt = of.attempt.attempt
    first = of.reader.steps_back(attempt, of.step, LOOK_BACK_STEPS - 1)
    entered = number(of.columns.reading(f"seed/{row.slot}/since", row.env))
    if entered is not None:
        first = max(first, int(entered) + 1)
    return of.reader.window(names, attempt, first, of.step)


def _chose(seen: Window, name: str, env: int, index: int) -> npt.NDArray[np.bool_]:
    """At which rows a head chose an option."""
    if name not in seen.cells:
        return np.zeros(seen.steps.size, np.bool_)
    values, states = seen.cells[name]
    return np.asarray((states[:, env] == VALUE) & (values[:, env, 0] == index))
