"""A sealed block: read from the file, column by column, when it is asked for."""

from __future__ import annotations

import sqlite3
from collections import OrderedDict

import numpy as np
import zstandard

from sanctum.record.blocks import Cells, Latest, Steps, Times, last_rows, latest, merged
from sanctum.record.carry import unpack_carry
from sanctum.record.cells import GONE, NOT_MEASURED, damage, unpack_states, unpack_values, unsqueeze
from sanctum.record.glance import Glances

KEPT_BYTES = 16 * 1024 * 1024


class SealedBlock:
    """A block in the file; the columns that were read last are kept, up to `KEPT_BYTES`."""

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
        self._kept_bytes = 0
        self._glances = Glances(db, id, self.steps, envs)

    def cells(self, name: str) -> Cells | None:
        """All cells of a column; None when nothing was said of it in this block."""
        if name in self._kept:
            self._kept.move_to_end(name)
            return self._kept[name]
        found = self._read(name)
        self._keep(name, found)
        return found

    def amended(self, name: str, cells: Cells) -> None:
        """A column was written anew: these are its cells."""
        self._glances.forget()
        self._keep(name, cells)

    def set_carried(self, name: str, one: Latest) -> None:
        """What was said of a column before this block was changed."""
        self.carry[name] = one

    def _keep(self, name: str, cells: Cells | None) -> None:
        self._kept_bytes += _size(cells) - _size(self._kept.pop(name, None))
        self._kept[name] = cells
        while self._kept_bytes > KEPT_BYTES and len(self._kept) > 1:
            self._kept_bytes -= _size(self._kept.popitem(last=False)[1])

    def carried(self, name: str) -> Latest | None:
        """What was last said of a column before this block."""
        return self.carry.get(name)

    @property
    def carry(self) -> dict[str, Latest]:
        """What was last said of every column before this block."""
        if self._carry is None:
            self._carry = unpack_carry(self._carry_data)
        return self._carry

    def latest(self, name: str, row: int) -> Latest | None:
        """What each environment last said of a column at or before `row`, to be read only."""
        if name not in self._kept:
            seen = self._glances.latest(name, row)
            if seen is not None:
                never = seen.steps < 0
                before = self.carried(name) if never.any() else None
                return seen if before is None else merged(seen, before, never)
        cells = self.cells(name)
        return self.carried(name) if cells is None else latest(self, name, last_rows(cells[1], row))

    def _read(self, name: str) -> Cells | None:
        try:
            return self._unpacked(name)
        except (zstandard.ZstdError, ValueError) as error:
            raise damage(name, self.steps, error) from error

    def _unpacked(self, name: str) -> Cells | None:
        pieces = self._db.execute(
            "SELECT c.env0, c.envs, c.dtype, c.states, c.data, n.width FROM chunks c"
            " JOIN columns n ON n.id = c.column WHERE n.name = ? AND c.block = ? ORDER BY c.env0",
            (name, self.id),
        ).fetchall()
        if not pieces:
            return None
        parts = [unpack_values(data, kind, envs, self.rows) for _, envs, kind, _, data, _ in pieces]
        width = max(part.shape[1] for part in parts) or int(pieces[0][5])
        values = np.zeros((self.rows, self.envs, width), np.result_type(*parts))
        states = np.full((self.rows, self.envs), NOT_MEASURED, np.uint8)
        for (env0, envs, _, packed, _, _), part in zip(pieces, parts, strict=True):
            if not part.size:
                states[:, env0 : env0 + envs] = GONE
                continue
            values[:, env0 : env0 + envs] = part.transpose(2, 0, 1)
            states[:, env0 : env0 + envs] = unpack_states(packed, (envs, self.rows)).T
        return values, states


def _size(cells: Cells | None) -> int:
    return 0 if cells is None else cells[0].nbytes + cells[1].nbytes
