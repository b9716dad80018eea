"""Glances: what the columns of a sealed block last said at or before a row.

The state of a run at a moment asks for one row of every column: the chunks of all of them are
fetched by one query, and of the values only that row is put together.
"""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from typing import NamedTuple

import numpy as np
from zstandard import ZstdError

from sanctum.record.blocks import Latest, Steps
from sanctum.record.cells import (
    GONE,
    NOT_MEASURED,
    VALUE,
    States,
    Values,
    damage,
    unpack_states,
    unsqueeze,
)

KEPT_BYTES = 8 * 1024 * 1024
_SQL = (
    "SELECT n.name, c.env0, c.envs, c.dtype, c.states, c.data FROM chunks c"
    " JOIN columns n ON n.id = c.column WHERE c.block = ? ORDER BY c.column, c.env0"
)
Piece = tuple[str, int, int, str, bytes | None, bytes]


class _Part(NamedTuple):
    """One chunk, decompressed: planes (bytes a cell, envs, rows); None: the cells were dropped.

    Without `states` (envs, rows) every cell is a value.
    """

    here: slice
    kind: np.dtype[np.generic]
    planes: Values | None
    states: States | None


class Glances:
    """The chunks of one block, fetched when first looked at; the last ones stay decompressed."""

    def __init__(self, db: sqlite3.Connection, block: int, steps: Steps, envs: int) -> None:
        self._db = db
        self._block = block
        self._steps = steps
        self._envs = envs
        self._pieces: dict[str, list[Piece]] | None = None
        self._parts: OrderedDict[str, tuple[list[_Part], int]] = OrderedDict()
        self._used_bytes = 0

    def latest(self, name: str, row: int) -> Latest | None:
        """What each environment said of a column in this block at or before `row`.

        A step of -1: nothing. None for a column without chunks or with several values a cell.
        """
        parts = self._opened(name)
        if not parts:
            return None
        found = Latest(
            np.zeros((self._envs, 1), np.result_type(*(part.kind for part in parts))),
            np.full(self._envs, NOT_MEASURED, np.uint8),
            np.full(self._envs, -1, np.int64),
        )
        for part in parts:
            self._look(part, row, found)
        return found

    def forget(self) -> None:
        """The chunks were written anew."""
        self._pieces = None
        self._parts.clear()
        self._used_bytes = 0

    def _look(self, part: _Part, row: int, into: Latest) -> None:
        here, steps = part.here, self._steps
        if part.planes is None:
            into.states[here], into.steps[here] = GONE, steps[row]
            return
        if part.states is None:
            cells = part.planes[:, :, row]
            into.states[here], into.steps[here] = VALUE, steps[row]
        else:
            said = part.states[:, row::-1] != NOT_MEASURED
            every = np.arange(said.shape[0])
            back = said.argmax(axis=1)
            never = ~said[every, back]
            rows = row - back
            cells = part.planes[:, every, rows]
            into.states[here] = np.where(never, NOT_MEASURED, part.states[every, rows])
            into.steps[here] = np.where(never, -1, steps[rows])
        values = np.ascontiguousarray(cells.T).view(part.kind)[:, 0]
        into.values[here, 0] = np.where(into.steps[here] < 0, 0, values)

    def _opened(self, name: str) -> list[_Part]:
        known = self._parts.get(name)
        if known is not None:
            self._parts.move_to_end(name)
            return known[0]
        if self._pieces is None:
            self._pieces = {}
            for piece in self._db.execute(_SQL, (self._block,)).fetchall():
                self._pieces.setdefault(piece[0], []).append(piece)
        parts = [self._part(piece) for piece in self._pieces.get(name, ())]
        whole = [part for part in parts if part is not None]
        if len(whole) < len(parts):
            whole = []
        used = sum(_size(part) for part in whole)
        self._parts[name] = whole, used
        self._used_bytes += used
        while self._used_bytes > KEPT_BYTES and len(self._parts) > 1:
            self._used_bytes -= self._parts.popitem(last=False)[1][1]
        return whole

    def _part(self, piece: Piece) -> _Part | None:
        """A chunk decompressed; None where a cell has several values."""
        name, env0, envs, dtype, packed, data = piece
        here, kind, rows = slice(env0, env0 + envs), np.dtype(dtype), self._steps.size
        if not data:
            return _Part(here, kind, None, None)
        try:
            raw = np.frombuffer(unsqueeze(data), np.uint8)
            states = None if packed is None else unpack_states(packed, (envs, rows))
        except (ZstdError, ValueError) as error:
            raise damage(name, self._steps, error) from error
        if raw.size != kind.itemsize * envs * rows:
            return None
        return _Part(here, kind, raw.reshape(kind.itemsize, envs, rows), states)


def _size(part: _Part) -> int:
    return sum(one.nbytes for one in (part.planes, part.states) if one is not None)
