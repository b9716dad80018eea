"""The last decisions of one environment: what was chosen, how surely, and what came of it."""

from __future__ import annotations

import numpy as np

from sanctum.model.answers import Choice, Decision
from sanctum.model.readings import LATE, MASKED, NOT_MEASURED, Reading, number, reading
from sanctum.record.ahead import ENDINGS, ahead, endings
from sanctum.record.cells import VALUE
from sanctum.record.columns import absent
from sanctum.record.moments import Scope
from sanctum.record.questions.choices import head_of
from sanctum.record.reader import Window

_OF_HEADS = ("confidence", "entropy", "forced")
_SINGLE = ("value", "reward", "entropy", "executed", "success")
RETURN_STEPS = 5
TOGETHER_STEPS = 32
"""Decisions that lie no farther apart are read at once."""

ABOUT = 40
"""Decisions about one seed."""


def decisions(of: Scope, env: int, count: int) -> list[Decision]:
    """The last decisions of one environment, newest last."""
    head = head_of(of)
    if head is None:
        return []
    attempt = of.attempt.attempt
    first = of.reader.steps_back(attempt, of.step, count - 1)
    rows = of.reader.window(_names(of, head), attempt, first, of.step)
    if f"action/{head}" not in rows.cells:
        return []
    told = _Told(of, rows, head, env)
    made = [row for row in range(rows.steps.size) if told.is_said(f"action/{head}", row)]
    return [told.decision(row, row == made[-1]) for row in made]


def decisions_about(of: Scope, env: int, slot: str, first: int) -> list[Decision]:
    """The newest decisions of one environment that named a slot, from the step `first` on."""
    head, slots = head_of(of), of.header.actions.get("slot", [])
    if head is None or head == "slot" or slot not in slots:
        return []
    attempt = of.attempt.attempt
    named_slots = of.reader.window(["action/slot"], attempt, first, of.step)
    if "action/slot" not in named_slots.cells:
        return []
    values, states = named_slots.cells["action/slot"]
    here = (states[:, env] == VALUE) & (values[:, env, 0] == slots.index(slot))
    steps = named_slots.steps[here][-ABOUT:].tolist()
    found: list[Decision] = []
    for together in _together(steps):
        last = together[-1] + RETURN_STEPS - 1
        rows = of.reader.window(_names(of, head), attempt, together[0], min(last, of.step))
        if f"action/{head}" in rows.cells:
            told = _Told(of, rows, head, env)
            places = np.searchsorted(rows.steps, together).tolist()
            made = [row for row in places if told.is_said(f"action/{head}", row)]
            found += [told.decision(row, False) for row in made]
    return found


def _together(steps: list[int]) -> list[list[int]]:
    """Steps in groups that lie close to each other."""
    found: list[list[int]] = []
    for step in steps:
        if not found or step - found[-1][-1] > TOGETHER_STEPS:
            found.append([])
        found[-1].append(step)
    return found


def named(one: Reading, options: list[str]) -> str | None:
    """The name of an index that a head chose."""
    index = number(one)
    if index is None or index != index:
        return None
    return options[int(index)] if 0 <= index < len(options) else f"#{int(index)}"


def _names(of: Scope, head: str) -> list[str]:
    heads = of.header.actions
    names = [f"action/{one}" for one in heads]
    names += [f"{kind}.{one}" for kind in _OF_HEADS for one in heads]
    names += [f"probability.{op}" for op in heads[head]]
    return [*names, f"probability/{head}", f"mask/{head}", *_SINGLE, *ENDINGS]


class _Told:
    """One environment's rows of a window, by column: values and state by row."""

    def __init__(self, of: Scope, rows: Window, head: str, env: int) -> None:
        self._heads = of.header.actions
        self._head = head
        self._ops = of.header.actions[head]
        self._steps = rows.steps.tolist()
        self._cells = {
            name: (values[:, env].tolist(), states[:, env].tolist())
            for name, (values, states) in rows.cells.items()
        }
        self._returns = _returns(of, rows, env)

    def is_said(self, name: str, row: int) -> bool:
        """Whether a row has a value of a column."""
        return name in self._cells and self._cells[name][1][row] == VALUE

    def decision(self, row: int, is_newest: bool) -> Decision:
        """The decision of a row; of the newest with all heads."""
        head = self._head
        return Decision(
            self._steps[row],
            self._option(head, row),
            self._option("slot", row) if head != "slot" else None,
            self._option("blueprint", row) if head != "blueprint" else None,
            self._probability(row),
            self._cell("value", row),
            self._cell("reward", row),
            self._forced(row),
            named(self._cell("executed", row), self._ops),
            self._flag("success", row),
            self._cell("entropy", row),
            self._probabilities(row),
            [self._choice(one, row) for one in self._heads] if is_newest else [],
            self._returns[row],
        )

    def _choice(self, head: str, row: int) -> Choice:
        if head == self._head:
            chances = self._probability(row), self._own_entropy(row)
            return Choice(head, self._option(head, row), *chances, self._forced(row))
        return Choice(
            head,
            self._option(head, row),
            self._cell(f"confidence.{head}", row),
            self._cell(f"entropy.{head}", row),
            self._flag(f"forced.{head}", row),
        )

    def _own_entropy(self, row: int) -> Reading:
        own = self._cell(f"entropy.{self._head}", row)
        return self._cell("entropy", row) if own == NOT_MEASURED else own

    def _probability(self, row: int) -> Reading:
        """Of what was chosen: from the whole distribution, or as it was said."""
        chosen = self._cells[f"action/{self._head}"][0][row][0]
        place = int(chosen) if chosen == chosen else -1
        whole = self._cell(f"probability/{self._head}", row, place)
        return self._cell(f"confidence.{self._head}", row) if whole == NOT_MEASURED else whole

    def _probabilities(self, row: int) -> dict[str, Reading]:
        matrix = f"probability/{self._head}"
        if self.is_said(matrix, row):
            return {op: self._cell(matrix, row, place) for place, op in enumerate(self._ops)}
        said = [op for op in self._ops if self.is_said(f"probability.{op}", row)]
        return {op: self._cell(f"probability.{op}", row) for op in said}

    def _forced(self, row: int) -> bool | None:
        mask = f"mask/{self._head}"
        if self.is_said(mask, row):
            return sum(map(bool, self._cells[mask][0][row])) <= 1
        return self._flag(f"forced.{self._head}", row)

    def _flag(self, name: str, row: int) -> bool | None:
        value = number(self._cell(name, row))
        return None if value is None or value != value else value > 0.5

    def _option(self, head: str, row: int) -> str | None:
        options = self._heads.get(head)
        return None if options is None else named(self._cell(f"action/{head}", row), options)

    def _cell(self, name: str, row: int, place: int = 0) -> Reading:
        if name not in self._cells:
            return NOT_MEASURED
        values, states = self._cells[name]
        if states[row] != VALUE:
            return absent(states[row])
        return reading(values[row][place]) if 0 <= place < len(values[row]) else MASKED


def _returns(of: Scope, rows: Window, env: int) -> list[Reading]:
    """For each row what the next `RETURN_STEPS` steps brought."""
    cells = rows.cells.get("reward")
    if cells is None:
        return [NOT_MEASURED] * int(rows.steps.size)
    said = (cells[1][:, env] == VALUE)[:, None]
    ended = endings(of.reader, of.attempt.attempt, rows)[:, env : env + 1]
    rewards = np.where(said, cells[0][:, env], 0.0)
    total = ahead(rewards, ended, RETURN_STEPS)[:, 0].tolist()
    unsaid = ahead(~said, ended, RETURN_STEPS)[:, 0].tolist()
    return [
        LATE if silent != silent else NOT_MEASURED if silent else reading(value)
        for value, silent in zip(total, unsaid, strict=True)
    ]
