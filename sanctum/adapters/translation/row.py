"""One vector step in the making: what each environment said of it, cell by cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sanctum.probe.run import Run
from sanctum.telemetry import Array, Masked
from sanctum.telemetry.arrays import MASKED_CELL, NOT_MEASURED, VALUE

EXACT = ("reward", "context/")
"""Columns kept in double precision, so that components add up to their total."""

WHOLE = frozenset(
    {"episode", "env_step", "policy_version", "done", "success", "executed", "rollback"}
)


class Row:
    """The cells of one step. What nobody said of a cell stays *not measured*, never 0.

    It may be written more than once: what was said since is added to the row.
    """

    def __init__(self, step: int, envs: int) -> None:
        self.step = step
        self.envs = envs
        self.time: float | None = None
        self.heard: set[int] = set()
        self.decided: set[int] = set()
        self.rolled_back: set[int] = set()
        self._cells: dict[str, list[Any]] = {}
        self._matrices: dict[str, dict[int, Sequence[float]]] = {}
        self._new: set[str] = set()

    @property
    def is_complete(self) -> bool:
        """Whether every environment has spoken and decided."""
        return len(self.decided | self.rolled_back) == self.envs

    def put(self, name: str, env: int, value: Any) -> None:
        """A reading of one environment: a number, `MASKED`, or None: not measured."""
        if value is None:
            return
        column = self._cells.get(name)
        if column is None:
            column = self._cells[name] = [None] * self.envs
        column[env] = value
        self._new.add(name)

    def put_all(self, name: str, value: Any) -> None:
        """A reading of the trainer as a whole."""
        if value is not None:
            self._cells[name] = [value] * self.envs
            self._new.add(name)

    def put_matrix(self, name: str, env: int, values: Sequence[float]) -> None:
        """A row of numbers of one environment."""
        self._matrices.setdefault(name, {})[env] = values
        self._new.add(name)

    def write(self, run: Run) -> None:
        """Say what was not said yet."""
        if not self._new:
            return
        new, self._new = self._new, set()
        columns: dict[str, Any] = {
            name: _column(name, cells) for name, cells in self._cells.items() if name in new
        }
        heads = {name: self._matrix(rows) for name, rows in self._matrices.items() if name in new}
        run.step(self.step, probabilities=heads or None, **columns)

    def _matrix(self, rows: dict[int, Sequence[float]]) -> Array:
        width = len(next(iter(rows.values())))
        values = np.full((self.envs, width), np.nan)
        states = np.full((self.envs, width), NOT_MEASURED, np.uint8)
        for env, row in rows.items():
            values[env] = row
            states[env] = VALUE
        return Array("<f8", values.shape, values.tobytes(), states.tobytes())


def _column(name: str, cells: list[Any]) -> Array:
    """Cells as an array with a state each; whole numbers stay whole."""
    if name in WHOLE or name.startswith("action/"):
        kind: type = np.int64
    elif name.startswith(EXACT):
        kind = np.float64
    else:
        kind = np.float32
    if not any(cell is None or isinstance(cell, Masked) for cell in cells):
        values = _array(cells, kind)
        return Array(values.dtype.str, values.shape, values.tobytes())
    blank = 0 if kind is np.int64 else np.nan
    states = bytearray(len(cells))
    known = []
    for place, cell in enumerate(cells):
        if cell is None:
            states[place] = NOT_MEASURED
            cell = blank
        elif isinstance(cell, Masked):
            states[place] = MASKED_CELL
            cell = blank
        known.append(cell)
    filled = _array(known, kind)
    return Array(filled.dtype.str, filled.shape, filled.tobytes(), bytes(states))


def _array(cells: list[Any], kind: type) -> Any:
    """An array of a kind, or of the widest numbers where one of them is not of that kind."""
    try:
        with np.errstate(over="raise"):
            return np.array(cells, kind)
    except (OverflowError, ValueError, FloatingPointError):
        return np.array([float(cell) for cell in cells])
