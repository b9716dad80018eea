"""Blocks: stretches of vector steps. The open one is in memory, sealed ones are in the file.

Both answer the same two questions: all cells of a column, and what each environment last said of it
at or before a row. Values are (rows, envs, width), states (rows, envs) uint8.
"""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from sanctum.record.cells import (
    NOT_MEASURED,
    States,
    Values,
    squeeze,
    unpack_states,
    unpack_values,
    unsqueeze,
)

BLOCK_ROWS = 512
Steps = npt.NDArray[np.int64]
Times = npt.NDArray[np.float64]
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


def latest(block: Block, name: str, row: int) -> Latest | None:
    """What each environment last said of `name` at or before `row` of `block`."""
    cells, before = block.cells(name), block.carried(name)
    if cells is None:
        return before
    values, states = cells
    said = states[: row + 1] != NOT_MEASURED
    if said[row].all():
        steps = np.full(states.shape[1], block.steps[row], np.int64)
        return Latest(values[row], states[row], steps)
    ever = said.any(axis=0)
    rows = row - np.argmax(said[::-1], axis=0)
    envs = np.arange(states.shape[1])
    found = Latest(
        values[rows, envs].copy(),
        np.where(ever, states[rows, envs], np.uint8(NOT_MEASURED)),
        np.where(ever, block.steps[rows], -1),
    )
    if before is not None:
        missing = ~ever
        found.values[missing] = before.values[missing]
        found.states[missing] = before.states[missing]
        found.steps[missing] = before.steps[missing]
    return found


@dataclass(slots=True)
class Buffer:
    """The cells of one column in the open block, and which rows were not flushed yet."""

    values: Values
    states: States
    dirty: tuple[int, int] | None = None

    def touch(self, first: int, last: int) -> None:
        """Note that rows `first`..`last` changed."""
        self.dirty = (
            (first, last)
            if self.dirty is None
            else (min(first, self.dirty[0]), max(last, self.dirty[1]))
        )


@dataclass(slots=True)
class OpenBlock:
    """The newest block, in memory. `rows` of its `capacity` are used."""

    id: int
    attempt: int
    envs: int
    capacity: int
    carry: dict[str, Latest] = field(default_factory=dict)
    rows: int = 0
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
        """Wall times of the used rows."""
        return self.all_times[: self.rows]

    @property
    def is_full(self) -> bool:
        """Whether no further row fits."""
        return self.rows >= self.capacity

    def row(self, step: int, time: float) -> int:
        """The row of `step`, added at the end when it is new; steps must not fall."""
        if self.rows and self.all_steps[self.rows - 1] == step:
            return self.rows - 1
        self.all_steps[self.rows] = step
        self.all_times[self.rows] = time
        self.rows += 1
        return self.rows - 1

    def row_at(self, step: int) -> int | None:
        """The row of exactly `step`, if it is in this block."""
        place = int(np.searchsorted(self.steps, step))
        return place if place < self.rows and self.all_steps[place] == step else None

    def put(self, name: str, rows: slice, envs: Any, values: Values, states: Any) -> None:
        """Set cells: `values` fit (rows, envs, width); `states` fit (rows, envs), or one for all.

        Numbers of a wider kind than the column's own make the column wider.
        """
        width = values.shape[-1]
        buffer = self.buffers.get(name)
        if buffer is None:
            buffer = self.buffers[name] = Buffer(
                np.zeros((self.capacity, self.envs, width), values.dtype),
                np.full((self.capacity, self.envs), NOT_MEASURED, np.uint8),
            )
        elif buffer.values.dtype != values.dtype:
            wider = np.promote_types(buffer.values.dtype, values.dtype)
            if wider != buffer.values.dtype:
                buffer.values = buffer.values.astype(wider)
        buffer.values[rows, envs] = values
        buffer.states[rows, envs] = states
        buffer.touch(rows.start, rows.stop - 1)

    def cells(self, name: str) -> Cells | None:
        """All cells of a column; None when nothing was said of it in this block."""
        buffer = self.buffers.get(name)
        return None if buffer is None else (buffer.values[: self.rows], buffer.states[: self.rows])

    def carried(self, name: str) -> Latest | None:
        """What was last said of a column before this block."""
        return self.carry.get(name)

    def carry_on(self) -> dict[str, Latest]:
        """What the next block has to know of this one and all before: single-valued columns only.

        Matrices are not carried; a reader that needs them looks into the block before.
        """
        names = {*self.carry, *self.buffers}
        found = {
            name: one for name in names if (one := latest(self, name, self.rows - 1)) is not None
        }
        return {name: one for name, one in found.items() if one.values.shape[1] == 1}


class CarryRow(msgspec.Struct, array_like=True):
    """One column of a stored carry."""

    name: str
    dtype: str
    values: bytes
    states: bytes
    steps: bytes


_carry_encoder = msgspec.msgpack.Encoder()
_carry_decoder = msgspec.msgpack.Decoder(list[CarryRow])


def pack_carry(carry: dict[str, Latest]) -> bytes:
    """A carry as bytes for the file."""
    rows = [
        CarryRow(
            name,
            one.values.dtype.str,
            one.values.tobytes(),
            one.states.tobytes(),
            one.steps.tobytes(),
        )
        for name, one in sorted(carry.items())
    ]
    return squeeze(_carry_encoder.encode(rows))


def unpack_carry(data: bytes | None) -> dict[str, Latest]:
    """The carry that `pack_carry` was given."""
    if data is None:
        return {}
    return {
        row.name: Latest(
            np.frombuffer(row.values, row.dtype).reshape(-1, 1),
            np.frombuffer(row.states, np.uint8),
            np.frombuffer(row.steps, np.int64),
        )
        for row in _carry_decoder.decode(unsqueeze(data))
    }


class SealedBlock:
    """A block in the file; its columns are read when asked for, the last few are kept."""

    KEPT_COLUMNS = 64

    def __init__(self, db: sqlite3.Connection, id: int, envs: int) -> None:
        self._db = db
        self.id: int = id
        self.envs = envs
        row = db.execute(
            "SELECT attempt, rows, steps, times, carry FROM blocks WHERE id = ?", (id,)
        ).fetchall()[0]
        self.attempt = int(row[0])
        self.rows = int(row[1])
        self.steps: Steps = np.frombuffer(unsqueeze(row[2]), np.int64)
        self.times: Times = np.frombuffer(unsqueeze(row[3]), np.float64)
        self._carry_data: bytes | None = row[4]
        self._carry: dict[str, Latest] | None = None
        self._kept: OrderedDict[str, Cells | None] = OrderedDict()

    def cells(self, name: str) -> Cells | None:
        """All cells of a column; None when nothing was said of it in this block."""
        if name in self._kept:
            self._kept.move_to_end(name)
            return self._kept[name]
        found = self._kept[name] = self._read(name)
        if len(self._kept) > self.KEPT_COLUMNS:
            self._kept.popitem(last=False)
        return found

    def forget(self) -> None:
        """Drop what was read, since the file has changed."""
        self._kept.clear()

    def carried(self, name: str) -> Latest | None:
        """What was last said of a column before this block."""
        if self._carry is None:
            self._carry = unpack_carry(self._carry_data)
        return self._carry.get(name)

    def _read(self, name: str) -> Cells | None:
        pieces = self._db.execute(
            "SELECT c.env0, c.envs, c.dtype, n.width, c.states, c.data FROM chunks c"
            " JOIN columns n ON n.id = c.column WHERE n.name = ? AND c.block = ? ORDER BY c.env0",
            (name, self.id),
        ).fetchall()
        if not pieces:
            return None
        dtype = np.result_type(*[piece[2] for piece in pieces])
        values = np.zeros((self.rows, self.envs, pieces[0][3]), dtype)
        states = np.full((self.rows, self.envs), NOT_MEASURED, np.uint8)
        for env0, envs, kind, width, packed, data in pieces:
            cells = unpack_values(data, kind, (envs, width, self.rows))
            values[:, env0 : env0 + envs] = cells.transpose(2, 0, 1)
            states[:, env0 : env0 + envs] = unpack_states(packed, (envs, self.rows)).T
        return values, states
