"""The writer: rows into the open block, a segment a flush, chunks when a block is full.

One transaction from flush to flush. A flush that fails (a full disk) loses nothing that memory has
room for: rows and cells are kept and tried again at the next one.

What a byte costs: it is written to the WAL with its segment, again with its chunk, and into the
file. So the WAL goes into the file when a block was sealed, not before: pages of segments are by
then pages of chunks.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np

from sanctum.record import schema
from sanctum.record.blocks import BLOCK_ROWS, OPEN, Latest
from sanctum.record.carry import pack_carry
from sanctum.record.cells import NOT_MEASURED
from sanctum.record.dropping import Retention, give_back
from sanctum.record.opened import OpenBlock
from sanctum.record.sealed import SealedBlock
from sanctum.record.sealing import Sealing, chunk_rows
from sanctum.record.segments import flushed, restored, segment
from sanctum.record.sizes import Sizes, class_of
from sanctum.record.waiting import Row, Waiting

log = logging.getLogger(__name__)
BLOCK_BYTES = 64 * 1024 * 1024
WAL_BYTES = 16 * 1024 * 1024
BLOCKS_KEPT = 32
"""A record that may hold few bytes has smaller blocks, so that it holds so many; and a smaller WAL,
an eighth of it. By these two it may be larger than it should: the open block and the WAL.
"""

SHRINK_PAGES = 256
FOLD_PAGES, FOLD_S = 65536, 3.0
MARGIN_BYTES = 256 * 1024
"""What has to be free on a full disk, beside what waits, before writing is tried again."""


class Writer:
    """Owns the file while a run is recorded. One thread's.

    `open` is the open block, None before the first step of an attempt. `stopped` says since when
    and why nothing reaches the disk; `gave_way` what memory could not hold of that time, once it
    has ended. A block has at most `block_rows` rows; without `keep_bytes` nothing is ever dropped.
    """

    def __init__(
        self,
        path: Path,
        *,
        block_rows: int = BLOCK_ROWS,
        keep_bytes: int | None = None,
        waiting: Waiting | None = None,
    ) -> None:
        self.path = path
        self._block_rows = block_rows
        keep = keep_bytes or BLOCKS_KEPT * BLOCK_BYTES
        self._block_bytes = min(BLOCK_BYTES, keep // BLOCKS_KEPT)
        self._wal_bytes = min(WAL_BYTES, keep // 8)
        self.db = schema.create(path)
        self.db.execute(f"PRAGMA journal_size_limit={self._wal_bytes}").fetchall()
        self.open: OpenBlock | None = None
        self.stopped: tuple[float, str] | None = None
        self.gave_way = ""
        self.sizes = Sizes(self.db)
        self._retention = (
            None if keep_bytes is None else Retention(self.db, path, self.sizes, keep_bytes)
        )
        self._waiting = Waiting() if waiting is None else waiting
        self._waiting.uncounted = lambda what, used: self.sizes.add(what, -used, -1, 0, 0)
        self._sealing: Sealing | None = None
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

    @property
    def refused(self) -> int:
        """How many rows the file could not take."""
        return self._waiting.refused

    def insert(self, sql: str, *values: Any, minor: bool = False) -> None:
        """Queue a row; visible to this connection after `settle`, on disk after `flush`.

        A `minor` one may go when the disk is full and memory has no more room.
        """
        self._waiting.add(Row(sql, values, minor=minor))

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
            block.is_full or (block.rows > 0 and block.used_bytes + row_bytes > self._block_bytes)
        )

    def begin_block(self, attempt: int, envs: int, step: int, time: float) -> None:
        """Open a block whose first row will be `step`; the one before must be sealed."""
        carry = {} if self._carry is None or self._carry[0] != attempt else self._carry[1]
        self._last_block += 1
        self.open = OpenBlock(self._last_block, attempt, envs, self._block_rows, carry)
        self._of_block(
            self.open.id,
            "INSERT INTO blocks (id, attempt, first_step, last_step, first_time, last_time, rows,"
            f" sealed, carry) VALUES (?, ?, ?, ?, ?, ?, 0, {OPEN}, ?)",
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
        self._finish_sealing()
        if self._waiting.is_settled:
            return
        try:
            self._waiting.settle(self.db)
        except sqlite3.Error as error:
            self._undo(error)

    def flush(self, now: float) -> bool:
        """Everything to the disk; False when that failed (it is kept and tried again)."""
        sealed = self._waiting.has_whole or self._sealing is not None
        if self._may_write():
            self.settle()
            if self._waiting.is_settled:
                try:
                    self._commit(sealed)
                except sqlite3.Error as error:
                    self._undo(error)
                else:
                    self._written()
                    return True
        self.stopped = self.stopped or (now, _reason(self._why))
        if self._waiting.is_too_much:
            self._undo(None)
            if self._waiting.make_room(self.stopped[1], now):
                self.sizes.recount()
        return False

    def seal(self, *, at_once: bool = True) -> None:
        """Turn the open block into chunks; its segments go at the same time.

        Unless `at_once`, `work` does it bit by bit; a question or a flush does what is left.
        """
        self._finish_sealing()
        block = self.open
        if block is None:
            return
        self._carry = (block.attempt, block.carry_on()) if block.rows else None
        self.open = None
        if not block.rows:
            self.insert("DELETE FROM blocks WHERE id = ?", block.id)
            return
        self._sealing = Sealing(block, self._column)
        if at_once:
            self._finish_sealing()

    def work(self) -> None:
        """Seal a little more of a full block; called once a row."""
        if self._sealing is not None and self._sealing.work():
            self._finish_sealing()

    def amend(self, block: SealedBlock, name: str, rows: slice, values: Any, states: Any) -> None:
        """Set whole rows of a column in a sealed block: what was known only later.

        What gave way to hold the record to its size does not come back.
        """
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
        ((used, count, gone),) = self.db.execute(
            "SELECT coalesce(sum(bytes), 0), count(*), coalesce(sum(length(data) = 0), 0)"
            " FROM chunks WHERE block = ? AND column = ?",
            (block.id, column),
        ).fetchall()
        if gone:
            return
        what = class_of(name)
        self.sizes.add(what, -int(used), -int(count), first, last)
        self._of_block(
            block.id, "DELETE FROM chunks WHERE block = ? AND column = ?", block.id, column
        )
        for row in chunk_rows(block.id, column, what, new_values, new_states):
            self._chunk(row, first, last)
        block.amended(name, (new_values, new_states))

    def carry_into(self, block: SealedBlock | OpenBlock | None, name: str, one: Latest) -> None:
        """Change what was said of a column before `block` (None: the one that will be begun)."""
        if block is None:
            if self._carry is not None:
                self._carry[1][name] = one
            return
        block.set_carried(name, one)
        carry = pack_carry(block.carry)
        self._of_block(block.id, "UPDATE blocks SET carry = ? WHERE id = ?", carry, block.id)

    def restore(self, id: int, attempt: int, envs: int) -> None:
        """Take up an unsealed block of the file again."""
        self.open = restored(self.db, id, attempt, envs, self._block_rows)

    def fold(self, now: float) -> None:
        """Write everything and leave WAL mode where that can be done: one file holds all."""
        self.flush(now)
        try:
            if self._retention is not None and self.stopped is None:
                self._retention.work(FOLD_S)
            give_back(self.db, FOLD_PAGES)
            schema.finish(self.db)
        except sqlite3.Error as error:
            log.info("the file stays in WAL mode: %s", error)

    def close(self, now: float) -> None:
        """Write everything, leave WAL mode where that can be done, close."""
        self.fold(now)
        self.db.close()

    def _commit(self, sealed: bool) -> None:
        data = None if self.open is None else segment(self.open)
        if data is not None and self.open is not None:
            if not self.db.in_transaction:
                self.db.execute("BEGIN IMMEDIATE")
            self.db.execute(
                "INSERT INTO segments (block, data) VALUES (?, ?)", (self.open.id, data)
            )
        if self.db.in_transaction:
            self.sizes.store()
            self._fold_beyond(self._wal_bytes // 4 if sealed else self._wal_bytes)
            self.db.execute("COMMIT")

    def _fold_beyond(self, wal_bytes: int) -> None:
        """Let the commits to come fold the WAL into the file when it is larger than that."""
        pages = max(16, wal_bytes // schema.PAGE_BYTES)
        self.db.execute(f"PRAGMA wal_autocheckpoint={pages}").fetchall()

    def _written(self) -> None:
        """All is on disk: forget the queue; then drop what the record may not hold."""
        if self.stopped is not None:
            self.gave_way = self._waiting.gave_way()
        self._waiting.written()
        self.sizes.stored()
        self.stopped = None
        if self.open is not None:
            flushed(self.open)
        if self._retention is not None:
            try:
                self._fold_beyond(self._wal_bytes)
                self._retention.work()
                self._retention.shrink(SHRINK_PAGES)
            except sqlite3.Error as error:
                log.warning("nothing could be dropped: %s", error)

    def _may_write(self) -> bool:
        """False on a disk that is known to be full, so that nothing is tried in vain."""
        if self.stopped is None:
            return True
        try:
            there = os.statvfs(self.path.parent)
        except OSError:
            return True
        free = there.f_bavail * there.f_frsize
        return free >= self._waiting.used_bytes + MARGIN_BYTES

    def _undo(self, error: sqlite3.Error | None) -> None:
        if error is not None:
            if self.stopped is None:
                log.warning("the record cannot be written: %s", error)
            self._why = str(error)
        self._waiting.unsettle()
        if self.db.in_transaction:
            self.db.execute("ROLLBACK")

    def _finish_sealing(self) -> None:
        sealing, self._sealing = self._sealing, None
        if sealing is None:
            return
        whole = sealing.whole
        for row in sealing.rows():
            self._chunk(row, whole.first_step, whole.last_step)
        self._waiting.sealed(whole)

    def _chunk(self, row: Row, first: int, last: int) -> None:
        """Queue a row of a block, and count it when it is a chunk."""
        if row.chunk is not None:
            self.sizes.add(*row.chunk, 1, first, last)
        self._waiting.add(row)

    def _of_block(self, block: int, sql: str, *values: Any) -> None:
        """Queue a row that goes with a block when that has to go."""
        self._waiting.add(Row(sql, values, block))

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


def _reason(why: str) -> str:
    """What the disk said, for people."""
    if "full" in why:
        return "the disk is full"
    return f"the disk takes nothing: {why or 'no reason given'}"
