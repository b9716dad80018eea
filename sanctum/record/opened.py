"""The open block: the newest vector steps, in memory, with what was not flushed yet."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sanctum.record.blocks import Cells, Latest, Rows, Steps, Times, last_rows, latest
from sanctum.record.cells import NOT_MEASURED, VALUE, States, Values


@dataclass(slots=True)
class Buffer:
    """The cells of one column in the open block, and which rows were not flushed yet.

    `newest` is each environment's last row that says something, -1 if none does; `whole` the row
    that all of them were set in at last. `latest` is the last answer, None when cells changed.
    """

    values: Values
    states: States
    newest: Rows
    whole: int = -1
    latest: Latest | None = None
    dirty: tuple[int, int] | None = None

    def touch(self, first: int, last: int) -> None:
        """Note that rows `first`..`last` changed."""
        self.latest = None
        dirty = self.dirty
        if dirty is not None:
            first, last = min(first, dirty[0]), max(last, dirty[1])
        self.dirty = (first, last)

    def widen(self, dtype: np.dtype[Any]) -> None:
        """Hold numbers of that kind too."""
        wider = np.promote_types(self.values.dtype, dtype)
        if wider != self.values.dtype:
            self.values = self.values.astype(wider)


@dataclass(slots=True)
class OpenBlock:
    """The newest block, in memory. `rows` of its `capacity` are used."""

    id: int
    attempt: int
    envs: int
    capacity: int
    carry: dict[str, Latest] = field(default_factory=dict)
    rows: int = 0
    used_bytes: int = 0
    buffers: dict[str, Buffer] = field(default_factory=dict)
    all_steps: Steps = field(init=False)
    all_times: Times = field(init=False)
    flushed_rows: int = 0

    def __post_init__(self) -> None:
        self.all_steps = np.zeros(self.capacity, np.int64)
        self.all_times = np.zeros(self.capacity, np.float64)

    @property
    def steps(self) -> Steps:
        """Steps of the used rows, ascending."""
        return self.all_steps[: self.rows]

    @property
    def times(self) -> Times:
        """Wall times of the used rows, never falling."""
        return self.all_times[: self.rows]

    @property
    def is_full(self) -> bool:
        """Whether no further row fits."""
        return self.rows >= self.capacity

    def row(self, step: int, time: float) -> int:
        """The row of `step`, added at the end when it is new; steps must not fall."""
        rows = self.rows
        if rows:
            if self.all_steps[rows - 1] == step:
                return rows - 1
            time = max(time, float(self.all_times[rows - 1]))
        self.all_steps[rows] = step
        self.all_times[rows] = time
        self.rows = rows + 1
        return rows

    def row_at(self, step: int) -> int | None:
        """The row of exactly `step`, if it is in this block."""
        place = int(np.searchsorted(self.steps, step))
        return place if place < self.rows and self.all_steps[place] == step else None

    def put_row(self, name: str, row: int, cells: Values) -> None:
        """Set one row of a column, measured in every environment; `cells` are (envs, width)."""
        buffer = self.buffers.get(name)
        if buffer is None:
            buffer = self._new(name, cells.shape[1], cells.dtype)
        elif buffer.values.dtype != cells.dtype:
            buffer.widen(cells.dtype)
        buffer.values[row] = cells
        buffer.states[row] = VALUE
        if row == self.rows - 1:
            buffer.newest.fill(row)
            buffer.whole = row
        else:
            np.maximum(buffer.newest, row, out=buffer.newest)
        buffer.touch(row, row)

    def put_cell(self, name: str, row: int, env: int, value: float, state: int) -> None:
        """Set one measured (or masked) cell of a single-valued column."""
        buffer = self.buffers.get(name)
        if buffer is None:
            buffer = self._new(name, 1, np.dtype(np.float64))
        elif buffer.values.dtype.char != "d":
            buffer.widen(np.dtype(np.float64))
        buffer.values[row, env, 0] = value
        buffer.states[row, env] = state
        buffer.whole = -1
        if row > buffer.newest[env]:
            buffer.newest[env] = row
        buffer.touch(row, row)

    def put(self, name: str, rows: slice, envs: Any, values: Values, states: States) -> None:
        """Set cells: `values` fit (rows, envs, width), `states` fit (rows, envs).

        `envs` is an index of environments. Numbers of a wider kind make the column wider.
        """
        buffer = self.buffers.get(name)
        if buffer is None:
            buffer = self._new(name, values.shape[2], values.dtype)
        elif buffer.values.dtype != values.dtype:
            buffer.widen(values.dtype)
        buffer.values[rows, envs] = values
        buffer.states[rows, envs] = states
        buffer.touch(rows.start, rows.stop - 1)
        buffer.whole = -1
        buffer.newest = last_rows(buffer.states, max(self.rows, rows.stop) - 1)

    def cells(self, name: str) -> Cells | None:
        """All cells of a column; None when nothing was said of it in this block."""
        buffer = self.buffers.get(name)
        return None if buffer is None else (buffer.values[: self.rows], buffer.states[: self.rows])

    def carried(self, name: str) -> Latest | None:
        """What was last said of a column before this block."""
        return self.carry.get(name)

    def set_carried(self, name: str, one: Latest) -> None:
        """What was said of a column before this block was changed."""
        self.carry[name] = one

    def latest(self, name: str, row: int) -> Latest | None:
        """What each environment last said of a column at or before `row`, to be read only."""
        buffer = self.buffers.get(name)
        if buffer is None:
            return self.carry.get(name)
        if row < self.rows - 1:
            return latest(self, name, last_rows(buffer.states, row))
        if buffer.latest is None:
            if buffer.whole == row:
                steps = np.full(self.envs, self.all_steps[row])
                buffer.latest = Latest(buffer.values[row].copy(), _all_measured(self.envs), steps)
            else:
                buffer.latest = latest(self, name, buffer.newest)
        return buffer.latest

    def carry_on(self) -> dict[str, Latest]:
        """What the next block has to know of this one and all before: single-valued columns only.

        Matrices are not carried; a reader that needs them looks into the block before.
        """
        names = {*self.carry, *self.buffers}
        found = {
            name: one for name in names if (one := self.latest(name, self.rows - 1)) is not None
        }
        return {name: one for name, one in found.items() if one.values.shape[1] == 1}

    def _new(self, name: str, width: int, dtype: np.dtype[Any]) -> Buffer:
        buffer = self.buffers[name] = Buffer(
            np.zeros((self.capacity, self.envs, width), dtype),
            np.full((self.capacity, self.envs), NOT_MEASURED, np.uint8),
            np.full(self.envs, -1, np.int64),
        )
        return buffer


@functools.cache
def _all_measured(envs: int) -> States:
    states = np.full(envs, VALUE, np.uint8)
    states.flags.writeable = False
    return states
