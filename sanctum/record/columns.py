"""Readings out of cells: one environment's, or a mean over all, with ages and what is stale."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanctum.model.readings import (
    LATE,
    MASKED,
    NOT_MEASURED,
    Reading,
    number,
    reading,
)
from sanctum.record.blocks import Latest
from sanctum.record.cells import LATE as LATE_CELL
from sanctum.record.cells import MASKED_CELL, VALUE, States, Values
from sanctum.record.moments import Scope

STALE_AFTER_STEPS = 50


class Columns:
    """The latest cells of columns as of a scope's moment; each column is looked up once."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._found: dict[str, Latest | None] = {}

    def latest(self, name: str) -> Latest | None:
        """What each environment last said of a column; None when none ever did."""
        if name not in self._found:
            scope = self._scope
            self._found[name] = scope.reader.latest(name, scope.attempt.attempt, scope.step)
        return self._found[name]

    def reading(self, name: str, env: int, *, not_before: int = 0) -> Reading:
        """One environment's reading of a single-valued column.

        What was said before the step `not_before` belongs to something else and does not count.
        """
        found = self.latest(name)
        if found is None or found.steps[env] < not_before:
            return NOT_MEASURED
        state = int(found.states[env])
        if state != VALUE:
            return absent(state)
        age = self._scope.step - int(found.steps[env])
        return reading(float(found.values[env, 0]), age, age > STALE_AFTER_STEPS)

    def word(
        self, name: str, env: int, words: dict[int, str], *, not_before: int = 0
    ) -> str | None:
        """The text behind a coded column."""
        code = number(self.reading(name, env, not_before=not_before))
        return None if code is None else words.get(int(code))

    def step_of(self, name: str, env: int) -> int | None:
        """When an environment last said something of a column."""
        found = self.latest(name)
        step = -1 if found is None else int(found.steps[env])
        return None if step < 0 else step


def absent(state: int) -> Reading:
    """The absent reading of a cell state."""
    if state == MASKED_CELL:
        return MASKED
    return LATE if state == LATE_CELL else NOT_MEASURED


def mean(values: Any) -> Reading:
    """The mean of numbers; *not measured* of none."""
    return reading(float(np.mean(values, dtype=np.float64))) if len(values) else NOT_MEASURED


def spread(values: Any) -> Reading:
    """The population standard deviation; *not measured* of none."""
    return reading(float(np.std(values, dtype=np.float64))) if len(values) else NOT_MEASURED


def known(cells: tuple[Values, States], env: int | None) -> Any:
    """The measured numbers of a window's single-valued column: all, or of one environment."""
    values, states = cells
    if env is not None:
        values, states = values[:, env : env + 1], states[:, env : env + 1]
    return values[..., 0][states == VALUE].astype(np.float64)
