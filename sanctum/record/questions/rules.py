"""Which rule forbids which op in a slot, as the mask of the newest decision had it."""

from __future__ import annotations

import math

from sanctum.model.readings import MASKED, NOT_MEASURED, Reading, reading
from sanctum.record.cells import VALUE
from sanctum.record.columns import absent
from sanctum.record.moments import Scope
from sanctum.record.questions.choices import head_of

FOSSILIZE = "FOSSILIZE"
BY_SLOT = "mask_rule/slot"
"""For every op and slot the index of the rule that forbids it there, op by op."""

NO_SLOT = frozenset({"WAIT", "NOOP"})
"""Ops that name no slot."""


def rules_of(of: Scope, env: int, slot: str) -> dict[str, str | None]:
    """For each op that names a slot the rule that forbids it there; None: it is legal.

    Empty where the newest decision of the environment did not say so.
    """
    found = of.columns.latest(BY_SLOT)
    if found is None or found.states[env] != VALUE:
        return {}
    head = head_of(of)
    ops, slots = of.header.actions.get(head or "", []), of.header.actions.get("slot", [])
    if found.values.shape[1] != len(ops) * len(slots) or slot not in slots:
        return {}
    decided = of.columns.step_of(f"action/{head}", env)
    if decided is not None and decided != found.steps[env]:
        return {}
    place = slots.index(slot)
    said = found.values[env, place :: len(slots)].tolist()
    names = of.header.mask_rules
    return {
        op: _named(rule, names)
        for op, rule in zip(ops, said, strict=True)
        if op not in NO_SLOT and math.isfinite(rule)
    }


def is_legal(of: Scope, env: int, op: str) -> bool | None:
    """Whether an op was legal in an environment at its newest decision; None: nobody said."""
    one = _option(of, f"mask/{head_of(of)}", env, op)
    return None if one is None else one > 0.5


def probability(of: Scope, env: int, op: str) -> Reading:
    """What the policy gave an op at an environment's newest decision, with its age."""
    matrix = f"probability/{head_of(of)}"
    found = of.columns.latest(matrix)
    if found is None or found.states[env] != VALUE:
        alone = of.columns.reading(f"probability.{op}", env)
        return absent(found.states[env]) if found is not None and alone == NOT_MEASURED else alone
    value = _option(of, matrix, env, op)
    return MASKED if value is None else reading(value, of.step - int(found.steps[env]))


def _option(of: Scope, matrix: str, env: int, op: str) -> float | None:
    """An environment's latest value for an op in a matrix of the main head."""
    found, ops = of.columns.latest(matrix), of.header.actions.get(head_of(of) or "", [])
    if found is None or found.states[env] != VALUE or op not in ops:
        return None
    place = ops.index(op)
    return float(found.values[env, place]) if place < found.values.shape[1] else None


def _named(rule: float, names: list[str]) -> str | None:
    index = int(rule)
    if index < 0:
        return None
    return names[index] if index < len(names) else f"rule {index}"
