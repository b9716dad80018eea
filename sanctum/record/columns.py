"""Readings out of cells: one environment's, or a mean over all, with ages and what is stale."""

from __future__ import annotations

from typing import Any

import numpy as np

from sanctum.model.readings import (
    DROPPED,
    LATE,
    MASKED,
    NOT_MEASURED,
    Reading,
    number,
    reading,
)
from sanctum.record.blocks import Latest
from sanctum.record.cells import GONE, MASKED_CELL, VALUE, States, Values
from sanctum.record.cells import LATE as LATE_CELL
from sanctum.record.reader import Reader

STALE_AFTER_STEPS = 50
_Cells = tuple[list[float], list[int], list[int]]
_NEVER: _Cells = ([], [], [])


class Columns:
    """The latest cells of columns as of one moment; each column is looked up once.

    Without a `step` (before the first one) nothing was said. Matrices have no reading.
    """

    def __init__(self, reader: Reader, attempt: int, step: int | None) -> None:
        self._reader = reader
        self._step = 0 if step is None else step
        self._place = None if step is None else reader.block_at(attempt, step)
        self._found: dict[str, Latest | None] = {}
        self._cells: dict[str, _Cells] = {}
        self._said: dict[tuple[str, str], list[str]] = {}
        self._newest: list[int] | None = None

    def said(self, prefix: str = "", suffix: str = "") -> list[str]:
        """The single-valued columns of that spelling that were said by then, sorted."""
        wanted = (prefix, suffix)
        if wanted not in self._said:
            self._said[wanted] = [
                name
                for name in self._reader.column_names()
                if name.startswith(prefix) and name.endswith(suffix) and self.cells(name)[0]
            ]
        return self._said[wanted]

    @property
    def own(self) -> list[str]:
        """The environments' own columns that were said by then, sorted.

        All but those of seeds and of the trainer as a whole.
        """
        wanted = ("own", "")
        if wanted not in self._said:
            self._said[wanted] = [
                name
                for name in self._reader.column_names()
                if not name.startswith(("seed/", "vital/")) and self.cells(name)[0]
            ]
        return self._said[wanted]

    @property
    def names(self) -> list[str]:
        """Every single-valued column that was said by then, sorted."""
        return self.said()

    @property
    def every(self) -> list[str]:
        """Every column that was said by then, of any width and in any attempt, sorted."""
        place = self._place
        sealed = set(self._reader.columns_before(place[0].id)) if place is not None else set()
        return [
            name
            for name in self._reader.column_names()
            if name in sealed or self.latest(name) is not None
        ]

    @property
    def newest(self) -> list[int]:
        """For each environment the step of the newest cell of any column but a seed's."""
        if self._newest is None:
            steps = [self.cells(name)[2] for name in self.own]
            self._newest = [max(one) for one in zip(*steps, strict=True)]
        return self._newest

    def latest(self, name: str) -> Latest | None:
        """What each environment last said of a column; None when none ever did."""
        if name not in self._found:
            place = self._place
            found = None if place is None else place[0].latest(name, place[1])
            if found is not None and found.steps.max() < 0:
                found = None
            self._found[name] = found
        return self._found[name]

    def cells(self, name: str) -> _Cells:
        """Values, states and steps by environment of a single-valued column; empty if never said.

        A step of -1 goes with *not measured*.
        """
        known = self._cells.get(name)
        if known is None:
            found = self.latest(name)
            known = self._cells[name] = (
                _NEVER
                if found is None or found.values.shape[1] != 1
                else (
                    found.values[:, 0].tolist(),
                    found.states.tolist(),
                    found.steps.tolist(),
                )
            )
        return known

    def reading(self, name: str, env: int, *, not_before: int = 0) -> Reading:
        """One environment's reading of a single-valued column.

        What was said before the step `not_before` belongs to something else and does not count.
        """
        values, states, steps = self.cells(name)
        if not values or steps[env] < not_before:
            return NOT_MEASURED
        if states[env] != VALUE:
            return absent(states[env])
        age = self._step - steps[env]
        return reading(values[env], age, age > STALE_AFTER_STEPS)

    def word(self, name: str, env: int, *, not_before: int = 0) -> str | None:
        """The text behind a coded column."""
        code = number(self.reading(name, env, not_before=not_before))
        if code is None or not np.isfinite(code):
            return None
        return self._reader.words().get(int(code))

    def step_of(self, name: str, env: int) -> int | None:
        """When an environment last said something of a column."""
        steps = self.cells(name)[2]
        return steps[env] if steps and steps[env] >= 0 else None


def absent(state: int) -> Reading:
    """The absent reading of a cell state."""
    if state == MASKED_CELL:
        return MASKED
    if state == GONE:
        return DROPPED
    return LATE if state == LATE_CELL else NOT_MEASURED


@np.errstate(all="ignore")
def mean(values: Any) -> Reading:
    """The mean of numbers; *not measured* of none. Infinities are answers, not warnings."""
    count = len(values)
    return (
        reading(float(np.add.reduce(values, dtype=np.float64)) / count) if count else NOT_MEASURED
    )


@np.errstate(all="ignore")
def spread(values: Any) -> Reading:
    """The population standard deviation; *not measured* of none."""
    return reading(float(np.std(values, dtype=np.float64))) if len(values) else NOT_MEASURED


def known(cells: tuple[Values, States], env: int | None) -> Any:
    """The measured numbers of a window's single-valued column: all, or of one environment."""
    values, states = cells
    if env is not None:
        values, states = values[:, env : env + 1], states[:, env : env + 1]
    return values[..., 0][states == VALUE].astype(np.float64)
