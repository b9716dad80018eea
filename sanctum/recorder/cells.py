"""What a trainer says of environments becomes cells: vector steps, seeds, and what came later."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from sanctum.record.backfill import backfill
from sanctum.record.cells import MASKED_CELL, VALUE
from sanctum.record.late import note_late
from sanctum.record.reader import Reader
from sanctum.record.writer import Writer
from sanctum.recorder.lifecycles import Lifecycles
from sanctum.telemetry import Array, Backfill, SeedState, Step
from sanctum.telemetry.arrays import unpack

MAX_COLUMNS = 4096
MAX_STEP = 2**62


class Cells:
    """Writes cells of one attempt; `last_step` is its newest row, None before the first.

    `event` writes to the timeline; `refuse` is told of every column that made no sense.
    """

    def __init__(
        self,
        writer: Writer,
        reader: Reader,
        event: Callable[..., None],
        refuse: Callable[[str], None],
    ) -> None:
        self._writer = writer
        self._reader = reader
        self._refuse = refuse
        self._lifecycles = Lifecycles(writer, event)
        self._pending: list[SeedState] = []
        self._waited = False
        self._widths: dict[str, int] = {}
        self.attempt = 0
        self.envs = 0
        self.last_step: int | None = None

    def begin(self, attempt: int, envs: int) -> None:
        """Nothing was said in this attempt so far."""
        self.attempt, self.envs, self.last_step = attempt, envs, None
        self._pending, self._widths, self._waited = [], {}, False
        self._lifecycles.forget()

    def resume(self, attempt: int, envs: int) -> None:
        """Go on with an attempt that an earlier recorder wrote."""
        self.begin(attempt, envs)
        span = self._reader.span(attempt)
        if span is not None:
            self.last_step = span[1]
            self._lifecycles.recall(self._reader, attempt, span[1])
        for name, width in self._reader.rows("SELECT name, width FROM columns"):
            self._widths[str(name)] = int(width)
        for name, buffer in self._writer.open.buffers.items() if self._writer.open else ():
            self._widths[name] = buffer.values.shape[2]

    def step(self, frame: Step, time: float) -> None:
        """One row, for every environment or for some."""
        if not 0 <= frame.step < MAX_STEP:
            raise ValueError(f"step {frame.step}: a step is a number from 0 on")
        envs = self._chosen(frame.envs)
        self._writer.work()
        self.settle_seeds(frame.step - 1, time)
        parts = (*frame.columns.items(), *frame.matrices.items())
        row = self._row(frame.step, time, sum(len(array.data) for _, array in parts))
        self.last_step = frame.step
        for name, array in parts:
            try:
                self._put(name, array, row, envs)
            except ValueError as error:
                self._refuse(f"column {name} was left out: {error}")
        self.settle_seeds(frame.step, time)

    def seed(self, state: SeedState, time: float) -> None:
        """The state of a seed; one for a step that is still to come waits for that step's row."""
        if not 0 <= state.env < self.envs:
            raise ValueError(f"seed of environment {state.env}; there are {self.envs}")
        if not 0 <= state.step < MAX_STEP:
            raise ValueError(f"seed at step {state.step}: a step is a number from 0 on")
        if self.last_step is None or state.step > self.last_step:
            self._pending.append(state)
        else:
            self._seed(state, time)

    def settle_seeds(self, upto: int | None, time: float) -> None:
        """Write the seeds that wait for steps up to `upto` (None: all)."""
        if not self._pending:
            return
        due = [one for one in self._pending if upto is None or one.step <= upto]
        self._pending = [one for one in self._pending if upto is not None and one.step > upto]
        for state in sorted(due, key=lambda one: one.step):
            self._seed(state, time)

    def tick(self, time: float) -> None:
        """Seeds of a trainer that never says a step wait for one for a second, no longer."""
        if self.last_step is None and self._pending:
            if self._waited:
                self.settle_seeds(None, time)
            self._waited = True

    def later(self, frame: Backfill) -> None:
        """Cells of earlier rows, wherever those are by now."""
        for name, array in frame.columns.items():
            values, states = unpack(array)
            if values.ndim < 2 or values.shape[1] != self.envs or not values.size:
                raise ValueError(
                    f"{name} has the shape {values.shape}; (steps, {self.envs}) was expected"
                )
            cells = values.reshape(values.shape[0], self.envs, -1)
            self._check_width(name, cells.shape[2])
            marks = np.zeros(cells.shape[:2], np.uint8)
            if states is not None:
                marks = states.reshape(cells.shape).min(axis=2)
            about = (self.attempt, frame.first_step, name, cells, marks, self.last_step)
            backfill(self._writer, self._reader, *about)

    def _chosen(self, envs: list[int] | None) -> list[int] | None:
        """Environments of a partial row, checked; None means all."""
        if envs is None:
            return None
        if len(set(envs)) != len(envs) or not all(0 <= env < self.envs for env in envs):
            raise ValueError(f"environments {envs}; there are 0 to {self.envs - 1}, each once")
        return envs

    def _put(self, name: str, array: Array, row: int, envs: list[int] | None) -> None:
        block = self._writer.open
        assert block is not None
        values, states = unpack(array)
        count = self.envs if envs is None else len(envs)
        if (values.shape[0] if values.ndim else 1) != count or not values.size:
            raise ValueError(f"the shape {values.shape} for {count} environments")
        cells = values.reshape(count, -1)
        self._check_width(name, cells.shape[1])
        if envs is None and states is None:
            block.put_row(name, row, cells)
            return
        marks = np.zeros(count, np.uint8)
        if states is not None:
            marks = states.reshape(count, -1).min(axis=1)
        where = slice(None) if envs is None else envs
        block.put(name, slice(row, row + 1), where, cells[None], marks[None])

    def _check_width(self, name: str, width: int) -> None:
        known = self._widths.get(name)
        if known is None:
            if len(self._widths) >= MAX_COLUMNS:
                raise ValueError(f"more than {MAX_COLUMNS} columns")
            self._widths[name] = width
        elif known != width:
            raise ValueError(f"{width} values a cell where there were {known}")

    def _row(self, step: int, time: float, row_bytes: int) -> int:
        """The row of `step` in the open block; seals a full block and begins the next."""
        block = self._writer.open
        if block is not None and self._writer.is_full(row_bytes) and block.steps[-1] != step:
            self._writer.seal(at_once=False)
            block = None
        if block is None:
            self._writer.begin_block(self.attempt, self.envs, step, time)
            block = self._writer.open
            assert block is not None
        block.used_bytes += row_bytes
        return block.row(step, time)

    def _seed(self, state: SeedState, time: float) -> None:
        block = self._writer.open
        row = block.row_at(state.step) if block is not None else None
        if row is None:
            newest = int(block.steps[-1]) if block is not None and block.rows else None
            step = state.step if newest is None else max(state.step, newest)
            row = self._row(step, time, 0)
            self.last_step = step if self.last_step is None else max(step, self.last_step)
        block = self._writer.open
        assert block is not None
        put = functools.partial(block.put_cell, row=row, env=state.env)
        is_late = row < block.rows - 1
        for name, value in self._lifecycles.columns(state, time):
            if is_late:
                rows = slice(row, row + 1)
                note_late(self._writer, block, name, rows, state.env, self.last_step)
            if name not in self._widths:
                self._check_width(name, 1)
            if value is None:
                put(name, value=0.0, state=MASKED_CELL)
            else:
                put(name, value=value, state=VALUE)
