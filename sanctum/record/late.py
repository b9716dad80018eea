"""What was said late: cells of earlier steps, and at which step they were said.

A question as of step N must not see what was said of N, or of a step before it, only after N. So
the writer notes each stretch of cells that was said late, with what was there before; `hidden`
gives those that were not said by then, and `Veiled` is a block without them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from sanctum.record.blocks import Block, Cells, Latest, Steps, Times, last_rows, latest
from sanctum.record.cells import NOT_MEASURED, States, Values, squeeze, unsqueeze

if TYPE_CHECKING:
    from sanctum.record.reader import Reader
    from sanctum.record.writer import Writer


class Before(msgspec.Struct, array_like=True):
    """Cells as they were: values (rows, envs, width) and states (rows, envs), C order."""

    dtype: str
    shape: tuple[int, int, int]
    values: bytes
    states: bytes


@dataclass(frozen=True, slots=True)
class Hidden:
    """Cells of one column that were said after the moment asked about; `env` None means all.

    `before` is what was there until then, None for nothing.
    """

    env: int | None
    first_step: int
    last_step: int
    before: bytes | None


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Before)
Hiddens = dict[str, list[Hidden]]


def note_late(
    writer: Writer,
    block: Block,
    name: str,
    rows: slice,
    env: int | None,
    said: int | None,
) -> None:
    """Note that cells of `rows` are said now, at step `said`; call it before they are set."""
    first, last = int(block.steps[rows.start]), int(block.steps[rows.stop - 1])
    if said is None or first >= said:
        return
    cells, before = block.cells(name), None
    if cells is not None:
        envs = slice(None) if env is None else slice(env, env + 1)
        values, states = cells[0][rows, envs], cells[1][rows, envs]
        if (states != NOT_MEASURED).any():
            before = _packed(values, states)
    writer.insert(
        "INSERT INTO late (attempt, name, env, first_step, last_step, said, before)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        block.attempt,
        name,
        env,
        first,
        last,
        said,
        before,
    )


def part_of(before: bytes | None, rows: slice, env: int | None) -> bytes | None:
    """Of cells as they were some rows, of one environment or all that there are."""
    if before is None:
        return None
    values, states = _unpacked(before)
    envs = slice(None) if env is None else slice(env, env + 1)
    return _packed(values[rows, envs], states[rows, envs])


def hidden(reader: Reader, attempt: int, step: int, lag: int) -> Hiddens:
    """What was said after `step` of `step` and before, by column, newest first.

    Nothing was ever said more than `lag` steps late.
    """
    found: Hiddens = {}
    for name, env, first, last, before in reader.rows(
        "SELECT name, env, first_step, last_step, before FROM late WHERE attempt = ?"
        " AND said > ? AND said <= ? AND first_step <= ? ORDER BY id DESC",
        attempt,
        step,
        step + lag,
        step,
    ):
        found.setdefault(str(name), []).append(Hidden(env, int(first), int(last), before))
    return found


class Veiled:
    """A block as it was before the `hidden` cells were said.

    `reader` gives the blocks before it, where what was last said must be looked for anew.
    """

    def __init__(self, block: Block, hidden: Hiddens, reader: Reader) -> None:
        self._block = block
        self._hidden = hidden
        self._reader = reader
        self._cells: dict[str, Cells | None] = {}

    @property
    def id(self) -> int:
        """Its row in the file."""
        return self._block.id

    @property
    def attempt(self) -> int:
        """The attempt it belongs to."""
        return self._block.attempt

    @property
    def rows(self) -> int:
        """How many vector steps it has."""
        return int(self._block.steps.size)

    @property
    def steps(self) -> Steps:
        """Its steps, ascending."""
        return self._block.steps

    @property
    def times(self) -> Times:
        """The wall times of its steps."""
        return self._block.times

    def cells(self, name: str) -> Cells | None:
        """All cells of a column; None when nothing was said of it in this block by then."""
        if name not in self._hidden:
            return self._block.cells(name)
        if name not in self._cells:
            self._cells[name] = self._as_it_was(name)
        return self._cells[name]

    def carried(self, name: str) -> Latest | None:
        """What was last said of a column before this block."""
        hidden, first = self._hidden.get(name), int(self.steps[0])
        if hidden is None or min(one.first_step for one in hidden) >= first:
            return self._block.carried(name)
        before = self._reader.block_at(self.attempt, first - 1)
        return None if before is None else before[0].latest(name, before[1])

    def latest(self, name: str, row: int) -> Latest | None:
        """What each environment last said of a column at or before `row`, to be read only."""
        if name not in self._hidden:
            return self._block.latest(name, row)
        cells = self.cells(name)
        return self.carried(name) if cells is None else latest(self, name, last_rows(cells[1], row))

    def _as_it_was(self, name: str) -> Cells | None:
        cells = self._block.cells(name)
        if cells is None:
            return None
        values, states = cells[0].copy(), cells[1].copy()
        for one in self._hidden[name]:
            start = int(np.searchsorted(self.steps, one.first_step, "left"))
            stop = int(np.searchsorted(self.steps, one.last_step, "right"))
            if start >= stop:
                continue
            envs = slice(None) if one.env is None else slice(one.env, one.env + 1)
            was = _unpacked(one.before) if one.before is not None else None
            if was is None:
                values[start:stop, envs], states[start:stop, envs] = 0, NOT_MEASURED
            else:
                values = values.astype(np.promote_types(values.dtype, was[0].dtype), copy=False)
                values[start:stop, envs], states[start:stop, envs] = was
        return None if (states == NOT_MEASURED).all() else (values, states)


def _packed(values: Values, states: States) -> bytes:
    shape = (values.shape[0], values.shape[1], values.shape[2])
    kept = Before(values.dtype.str, shape, values.tobytes(), states.tobytes())
    return squeeze(_encoder.encode(kept))


def _unpacked(data: bytes) -> tuple[Values, States]:
    was = _decoder.decode(unsqueeze(data))
    values: Any = np.frombuffer(was.values, was.dtype).reshape(was.shape)
    return values, np.frombuffer(was.states, np.uint8).reshape(was.shape[:2])
