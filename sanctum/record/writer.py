"""The writer: rows into the open block, a segment a second, chunks when a block is full.

One transaction from flush to flush. A flush that fails (a full disk) loses nothing that memory
still holds: rows and cells are kept and tried again at the next one.
"""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np

from sanctum.record import schema
from sanctum.record.blocks import BLOCK_ROWS, Latest
from sanctum.record.carry import pack_carry
from sanctum.record.cells import NOT_MEASURED, chunk, squeeze
from sanctum.record.opened import OpenBlock
from sanctum.record.sealed import SealedBlock
from sanctum.record.segments import flushed, restored, segment
from sanctum.record.sizes import Sizes, class_of

log = logging.getLogger(__name__)
BLOCK_BYTES = 64 * 1024 * 1024
CHUNK_BYTES = 128 * 1024
UNFIT = (
    sqlite3.IntegrityError,
    sqlite3.DataError,
    sqlite3.InterfaceError,
    sqlite3.ProgrammingError,
    OverflowError,
    ValueError,
)
"""What one row raises that no later try can write; any other error is the disk's."""


class Writer:
    """Owns the file while a run is recorded. One thread's.

    `open` is the open block, None before the first step of an attempt. `stopped` says since when
    and why nothing reaches the disk; `refused` counts rows that the file could not take. A block
    has at most `block_rows` rows.
    """

    def __init__(self, path: Path, *, block_rows: int = BLOCK_ROWS) -> None:
        self.path = path
        self._block_rows = block_rows
        self.db = schema.create(path)
        self.open: OpenBlock | None = None
        self.stopped: tuple[float, str] | None = None
        self.refused = 0
        self.sizes = Sizes(self.db)
        self._rows: list[tuple[str, tuple[Any, ...]]] = []
        self._settled = 0
        self._why = ""
        self._carry: tuple[int, dict[str, Latest]] | None = None
        self._last_block = int(
            self.db.execute("SELECT coalesce(max(id), 0) FROM blocks").fetchall()[0][0]
        )
        self._columns: dict[str, int] = {
            name: id for id, name in self.db.execute("SELECT id, name FROM columns").fetchall()
        }
        self._words: dict[str, int] = {
            word: id for id, word in self.db.execute("SELECT id, word FROM words").fetchall()
        }

    def insert(self, sql: str, *values: Any) -> None:
        """Queue a row; visible to this connection after `settle`, on disk after `flush`."""
        self._rows.append((sql, values))

    def code(self, word: str) -> int:
        """The code of a text that columns hold."""
        found = self._words.get(word)
        if found is None:
            found = self._words[word] = len(self._words) + 1
            self.insert("INSERT OR IGNORE INTO words (id, word) VALUES (?, ?)", found, word)
        return found

    def is_full(self, row_bytes: int) -> bool:
        """Whether the open block takes no further row, of so many bytes."""
        block = self.open
        return block is not None and (
            block.is_full or (block.rows > 0 and block.used_bytes + row_bytes > BLOCK_BYTES)
        )

    def begin_block(self, attempt: int, envs: int, step: int, time: float) -> None:
        """Open a block whose first row will be `step`; the one before must be sealed."""
        carry = {} if self._carry is None or self._carry[0] != attempt else self._carry[1]
        self._last_block += 1
        self.open = OpenBlock(self._last_block, attempt, envs, self._block_rows, carry)
        self.insert(
            "INSERT INTO blocks (id, attempt, first_step, last_step, first_time, last_time, rows,"
            " sealed, carry) VALUES (?, ?, ?, ?, ?, ?, 0, 0, ?)",
            self.open.id,
            attempt,
            step,
            step,
            time,
            time,
            pack_carry(carry),
        )

    def settle(self) -> None:
        """Give queued rows to the database, uncommitted, so that queries see them."""
        if self._settled == len(self._rows):
            return
        try:
            if not self.db.in_transaction:
                self.db.execute("BEGIN IMMEDIATE")
            while self._settled < len(self._rows):
                sql, values = self._rows[self._settled]
                try:
                    self.db.execute(sql, values)
                except UNFIT as error:
                    log.error("a row was left out (%s): %s", error, sql)
                    self.refused += 1
                    del self._rows[self._settled]
                else:
                    self._settled += 1
        except sqlite3.Error as error:
            self._undo(error)

    def flush(self, now: float) -> bool:
        """Everything to the disk; False when that failed (it is kept and tried again)."""
        self.settle()
        if self._settled == len(self._rows):
            try:
                self._commit()
            except sqlite3.Error as error:
                self._undo(error)
            else:
                self._rows.clear()
                self._settled = 0
                self.stopped = None
                if self.open is not None:
                    flushed(self.open)
                return True
        self.stopped = self.stopped or (now, self._why)
        return False

    def seal(self) -> None:
        """Turn the open block into chunks; its segments go at the same time."""
        block = self.open
        if block is None:
            return
        self._carry = (block.attempt, block.carry_on()) if block.rows else None
        self.open = None
        if not block.rows:
            self.insert("DELETE FROM blocks WHERE id = ?", block.id)
            return
        first, last = int(block.steps[0]), int(block.steps[-1])
        for name, buffer in block.buffers.items():
            values, states = buffer.values[: block.rows], buffer.states[: block.rows]
            self._chunks(block.id, name, values, states, first, last)
        self.insert("DELETE FROM segments WHERE block = ?", block.id)
        self.insert(
            "UPDATE blocks SET last_step = ?, last_time = ?, rows = ?, sealed = 1, steps = ?,"
            " times = ? WHERE id = ?",
            last,
            float(block.times[-1]),
            block.rows,
            squeeze(block.steps.tobytes()),
            squeeze(block.times.tobytes()),
            block.id,
        )

    def amend(self, block: SealedBlock, name: str, rows: slice, values: Any, states: Any) -> None:
        """Set whole rows of a column in a sealed block: what was known only later."""
        cells = block.cells(name)
        if cells is None:
            shape = (block.rows, block.envs, values.shape[2])
            cells = np.zeros(shape, values.dtype), np.full(shape[:2], NOT_MEASURED, np.uint8)
        new_values = cells[0].astype(np.promote_types(cells[0].dtype, values.dtype))
        new_states = cells[1].copy()
        new_values[rows], new_states[rows] = values, states
        column = self._column(name, new_values)
        first, last = int(block.steps[0]), int(block.steps[-1])
        self.settle()
        ((used, count),) = self.db.execute(
            "SELECT coalesce(sum(bytes), 0), count(*) FROM chunks WHERE block = ? AND column = ?",
            (block.id, column),
        ).fetchall()
        self.sizes.add(class_of(name), -int(used), -int(count), first, last)
        self.insert("DELETE FROM chunks WHERE block = ? AND column = ?", block.id, column)
        self._chunks(block.id, name, new_values, new_states, first, last)
        block.keep(name, (new_values, new_states))

    def carry_into(self, block: SealedBlock | OpenBlock | None, name: str, one: Latest) -> None:
        """Change what was said of a column before `block` (None: the one that will be begun)."""
        if block is None:
            if self._carry is not None:
                self._carry[1][name] = one
            return
        block.carry[name] = one
        carry = pack_carry(block.carry)
        self.insert("UPDATE blocks SET carry = ? WHERE id = ?", carry, block.id)

    def restore(self, id: int, attempt: int, envs: int) -> None:
        """Take up an unsealed block of the file again."""
        self.open = restored(self.db, id, attempt, envs, self._block_rows)

    def fold(self, now: float) -> None:
        """Write everything and leave WAL mode where that can be done: one file holds all."""
        self.flush(now)
        try:
            schema.finish(self.db)
        except sqlite3.Error as error:
            log.info("the file stays in WAL mode: %s", error)

    def close(self, now: float) -> None:
        """Write everything, leave WAL mode where that can be done, close."""
        self.fold(now)
        self.db.close()

    def _commit(self) -> None:
        data = None if self.open is None else segment(self.open)
        if data is not None and self.open is not None:
            block = self.open
            if not self.db.in_transaction:
                self.db.execute("BEGIN IMMEDIATE")
            self.db.execute("INSERT INTO segments (block, data) VALUES (?, ?)", (block.id, data))
            self.db.execute(
                "UPDATE blocks SET last_step = ?, last_time = ?, rows = ? WHERE id = ?",
                (int(block.steps[-1]), float(block.times[-1]), block.rows, block.id),
            )
        if self.db.in_transaction:
            self.db.execute("COMMIT")

    def _undo(self, error: sqlite3.Error) -> None:
        if self.stopped is None:
            log.warning("the record cannot be written: %s", error)
        self._why = str(error)
        self._settled = 0
        if self.db.in_transaction:
            self.db.execute("ROLLBACK")

    def _column(self, name: str, values: Any) -> int:
        found = self._columns.get(name)
        if found is None:
            found = self._columns[name] = len(self._columns) + 1
            self.insert(
                "INSERT INTO columns (id, name, dtype, width, class) VALUES (?, ?, ?, ?, ?)",
                found,
                name,
                values.dtype.str,
                values.shape[2],
                class_of(name),
            )
        return found

    def _chunks(
        self, block: int, name: str, values: Any, states: Any, first: int, last: int
    ) -> None:
        """Queue the chunks of one column, split by environments where it is large."""
        rows, envs, width = values.shape
        column = self._column(name, values)
        per_env = max(rows * width * values.dtype.itemsize, 1)
        group = min(envs, max(1, CHUNK_BYTES // per_env))
        for env0 in range(0, envs, group):
            part = values[:, env0 : env0 + group]
            marks = states[:, env0 : env0 + group]
            if (marks == NOT_MEASURED).all():
                continue
            dtype, *numbers, used_bytes, packed, data = chunk(part, marks)
            self.sizes.add(class_of(name), used_bytes, 1, first, last)
            self.insert(
                "INSERT INTO chunks (block, column, env0, envs, dtype, low, high, nonfinite,"
                " absent, bytes, states, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                block,
                column,
                env0,
                part.shape[1],
                dtype,
                *numbers,
                used_bytes,
                packed,
                data,
            )
