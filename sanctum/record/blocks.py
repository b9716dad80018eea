"""Blocks: stretches of vector steps. The open one is in memory, sealed ones are in the file.

Both answer the same questions: all cells of a column, and what each environment last said of it at
or before a row. Values are (rows, envs, width), states (rows, envs) uint8.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from sanctum.record.cells import NOT_MEASURED, States, Values

BLOCK_ROWS = 512
OPEN, SEALED, DROPPED, UNWRITTEN = range(4)
"""What ``blocks.sealed`` is: cells in segments; in chunks; gone, to hold the record to its size;
never written, since the disk was full. A stretch that is gone is one row.
"""

Steps = npt.NDArray[np.int64]
Times = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
Cells = tuple[Values, States]


@dataclass(slots=True)
class Latest:
    """What each environment last said of a column: values (envs, width), states and steps (envs,).

    A step of -1 goes with *not measured*: it never said anything.
    """

    values: Values
    states: States
    steps: Steps


class Block(Protocol):
    """What a reader needs of a block, wherever it is."""

    @property
    def id(self) -> int:
        """Its row in the file."""

    @property
    def attempt(self) -> int:
        """The attempt it belongs to."""

    @property
    def steps(self) -> Steps:
        """Its steps, ascending."""

    @property
    def times(self) -> Times:
        """The wall times of its steps."""

    def cells(self, name: str) -> Cells | None:
        """All cells of a column; None when nothing was said of it in this block."""

    def carried(self, name: str) -> Latest | None:
        """What was last said of a column before this block."""

    def latest(self, name: str, row: int) -> Latest | None:
        """What each environment last said of a column at or before `row`, to be read only."""


def latest(block: Block, name: str, rows: Rows) -> Latest | None:
    """What each environment said of `name` in its row of `rows`, or before the block (-1)."""
    cells, before = block.cells(name), block.carried(name)
    if cells is None:
        return before
    values, states = cells
    envs = np.arange(rows.size)
    found = Latest(values[rows, envs], states[rows, envs], block.steps[rows])
    never = rows < 0
    if never.any():
        found.values[never], found.states[never], found.steps[never] = 0, NOT_MEASURED, -1
        if before is not None:
            found = merged(found, before, never)
    return found


def merged(newer: Latest, before: Latest, where: npt.NDArray[np.bool_]) -> Latest:
    """`newer`, with what was said `before` in the environments `where` says so."""
    dtype = np.promote_types(newer.values.dtype, before.values.dtype)
    values = newer.values.astype(dtype)
    if values.shape == before.values.shape:
        values[where] = before.values[where]
        newer.states[where] = before.states[where]
        newer.steps[where] = before.steps[where]
    return Latest(values, newer.states, newer.steps)


def last_rows(states: States, row: int) -> Rows:
    """For each environment the last row at or before `row` that says something; -1 if none."""
    if (states[row] != NOT_MEASURED).all():
        return np.full(states.shape[1], row, np.int64)
    said = states[row::-1] != NOT_MEASURED
    return np.where(said.any(axis=0), row - said.argmax(axis=0), -1)
