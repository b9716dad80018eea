"""Gates: what a seed's next one lacks, by how much, and what those behind it had looked at."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from sanctum.model.answers import Event, GateInput, SeedRow
from sanctum.model.readings import NOT_MEASURED, Reading, number, reading
from sanctum.view.report import Column, Table
from sanctum.view.values import Value

GATELESS = frozenset({"FOSSILIZED", "CULLED", "PRUNED", "EMBARGOED", "RESETTING"})
"""Stages that no gate is ahead of that a seed could care for."""


def missing(one: GateInput) -> Reading:
    """How far an input is from what its gate needs; 0 once it passes."""
    value, needed = number(one.value), number(one.needed)
    if one.passed:
        return reading(0.0)
    return NOT_MEASURED if value is None or needed is None else reading(abs(needed - value))


def lacking(seed: SeedRow) -> list[GateInput]:
    """The inputs that keep a seed's next gate shut, the one missing most for its need first."""
    shut = [one for one in seed.gate_inputs if not one.passed]
    return sorted(shut, key=lambda one: -_share(one))


def lacks(seed: SeedRow) -> str | None:
    """What a seed's next gate lacks in a few words: ``contribution 1.94 +1``; None: nobody says.

    The ``+1`` counts further inputs that lack; of an alpha that moves, when it will be there.
    """
    if not seed.gate_inputs:
        return "" if seed.stage.upper() in GATELESS else None
    shut = lacking(seed)
    if not shut:
        return f"{seed.gate} is open"
    more = f" +{len(shut) - 1}" if len(shut) > 1 else ""
    return f"{_said(shut[0])}{_when(seed, shut[0])}{more}"


def tables(seeds: Sequence[SeedRow]) -> list[Table]:
    """Every input of the next gates of some seeds; nothing where nobody speaks of gates."""
    rows = [_Input(seed.slot, seed.gate, one) for seed in seeds for one in seed.gate_inputs]
    return [Table(OF_SLOTS, rows, title="next gates")] if rows else []


def met(events: Iterable[Event]) -> list[Table]:
    """Every input of the gates that judged a seed: of each gate the last time it let it pass, and
    the last time it did not.
    """
    last: dict[tuple[str, bool], Event] = {}
    for one in events:
        if isinstance(one.data.get("gate"), str) and isinstance(one.data.get("inputs"), dict):
            last[one.data["gate"], one.data.get("passed") is True] = one
    ordered = sorted(last.values(), key=lambda one: one.id)
    rows = [_Looked(one, name, given) for one in ordered for name, given in _pairs(one)]
    return [Table(MET, rows, title="gates it met")] if rows else []


def _pairs(event: Event) -> list[tuple[str, GateInput]]:
    """The inputs that a gate's event tells."""
    said: dict[str, Any] = event.data["inputs"]
    found = []
    for name, pair in said.items():
        if isinstance(pair, list) and len(pair) == 2:
            value, needed = (one if isinstance(one, int | float) else None for one in pair)
            passed = None if value is None or needed is None else value >= needed
            found.append((name, GateInput(name, reading(value), reading(needed), passed)))
    return found


def _said(one: GateInput) -> str:
    amount = number(missing(one))
    return f"no {one.name}" if amount is None else f"{one.name} {amount:.3g}"


def _when(seed: SeedRow, one: GateInput) -> str:
    steps = number(seed.alpha_to_go_steps)
    if one.name != "alpha" or not steps:
        return ""
    return f", {steps:g} steps" if math.isfinite(steps) else ", stands still"


def _share(one: GateInput) -> float:
    lack, needed = number(missing(one)), number(one.needed)
    return math.inf if lack is None else lack / (abs(needed or 0.0) or 1.0)


class _Input(NamedTuple):
    """One input, and whose next gate looks at it."""

    slot: str
    gate: str | None
    input: GateInput


class _Looked(NamedTuple):
    """One input that a gate looked at, and when."""

    event: Event
    name: str
    input: GateInput


LACKS = Column("lacks", lacks, priority=0, flex=True, least=14)
INPUTS = (
    Column("input", lambda g: g.name, priority=0),
    Column("value", lambda g: g.value, priority=0),
    Column("needed", lambda g: g.needed, priority=0),
    Column("missing", missing, priority=0),
    Column("passed", lambda g: g.passed, priority=0),
)


def _of_input(column: Column) -> Callable[[Any], Value]:
    """A column of inputs, of rows that hold one."""
    return lambda one: column.get(one.input)


OF_SLOTS = (
    Column("slot", lambda one: one.slot, priority=0),
    Column("gate", lambda one: one.gate, priority=0),
    *(one._replace(get=_of_input(one)) for one in INPUTS),
)
MET = (
    Column("step", lambda one: one.event.step, priority=0, digits=0),
    Column("gate", lambda one: one.event.data["gate"], priority=0),
    Column("opened", lambda one: one.event.data.get("passed") is True, priority=0),
    *(one._replace(get=_of_input(one)) for one in INPUTS),
)
