"""The writer: rows into the open block, a segment a second, chunks when a block is full.

One transaction from flush to flush. A flush that fails (a full disk) loses nothing that memory
still holds: rows and cells are kept and tried again at the next one.
"""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from sanctum.record import schema
from sanctum.record.blocks import (
    BLOCK_ROWS,
    Latest,
    OpenBlock,
    SealedBlock,
    pack_carry,
    unpack_carry,
)
from sanctum.record.cells import NOT_MEASURED, pack_states, pack_values, squeeze, unsqueeze

log = logging.getLogger(__name__)
BLOCK_BYTES = 64 * 1024 * 1024
CHUNK_BYTES = 128 * 1024
_CLASSES = {"observation": "observations", "recurrent": "recurrent"}


class Piece(msgspec.Struct, array_like=True):
    """Some rows of one column in a segment: values (rows, envs, width) and states, C order."""

    name: str
    dtype: str
    width: int
    row: int
    rows: int
    values: bytes
    states: bytes


class Segment(msgspec.Struct, array_like=True):
    """What one flush adds to the open block: steps and times of its new rows, and cells."""

    row: int
    steps: bytes
    times: bytes
    pieces: list[Piece]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Segment)


def class_of(name: str) -> str:
    """The class of data a column belongs to, as ``run --sizes`` shows it."""
    stem = name.partition("/")[0]
    if stem in ("probability", "mask"):
        return "matrices"
    return _CLASSES.get(stem, "seeds" if stem == "seed" else "columns")


class Writer:
    """Owns the file while a run is recorded. One thread's.

    `open` is the open block, None before the first step of an attempt. `stopped` says since when
    and why nothing reaches the disk.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.db = schema.create(path)
        self.open: OpenBlock | None = None
        self.stopped: tuple[float, str] | None = None
        self._rows: list[tuple[str, tuple[Any, ...]]] = []
        self._settled = 0
        self._carry: tuple[int, dict[str, Latest]] | None = None
        self._columns: dict[str, int] = {
            name: id for id, name in self.db.execute("SELECT id, name FROM columns").fetchall()
        }
        self._words: dict[str, int] = {
            word: id for id, word in self.db.execute("SELECT id, word FROM words").fetchall()
        }
        self.word_list: dict[int, str] = {id: word for word, id in self._words.items()}

    def insert(self, sql: str, *values: Any) -> None:
        """Queue a row; visible to this connection after `settle`, on disk after `flush`."""
        self._rows.append((sql, values))

    def code(self, word: str) -> int:
        """The code of a text that columns hold."""
        found = self._words.get(word)
        if found is None:
            found = self._words[word] = len(self._words) + 1
            self.word_list[found] = word
            self.insert("INSERT OR IGNORE INTO words (id, word) VALUES (?, ?)", found, word)
        return found

    def begin_block(self, attempt: int, envs: int, row_bytes: int, step: int, time: float) -> None:
        """Open a block whose first row will be `step`; the one before must be sealed."""
        capacity = BLOCK_ROWS
        while capacity > 32 and capacity * max(row_bytes, 1) > BLOCK_BYTES:
            capacity //= 2
        carry = {} if self._carry is None or self._carry[0] != attempt else self._carry[1]
        (last,) = self.db.execute("SELECT coalesce(max(id), 0) FROM blocks").fetchall()[0]
        queued = sum(1 for sql, _ in self._rows[self._settled :] if "INTO blocks" in sql)
        self.open = OpenBlock(int(last) + queued + 1, attempt, envs, capacity, carry)
        self.insert(
            "INSERT INTO blocks (id, attempt, first_step, last_step, first_time, last_time, rows,"
            " sealed, carry) VALUES (?, ?, ?, ?, ?, ?, 0, 0, ?)",
            self.open.id,
            attempt,
            step,
            step,
            time,
            time,
            pack_carry(carry) if carry else None,
        )

    def settle(self) -> None:
        """Give queued rows to the database, uncommitted, so that queries see them."""
        if self._settled == len(self._rows):
            return
        try:
            if not self.db.in_transaction:
                self.db.execute("BEGIN IMMEDIATE")
            for sql, values in self._rows[self._settled :]:
                self.db.execute(sql, values)
                self._settled += 1
        except sqlite3.Error as error:
            self._undo(error)

    def flush(self, now: float) -> bool:
        """Everything to the disk; False when that failed (it is kept and tried again)."""
        dirty = None if self.open is None else self._segment(self.open)
        self.settle()
        try:
            if dirty is not None and self.open is not None:
                if not self.db.in_transaction:
                    self.db.execute("BEGIN IMMEDIATE")
                data = squeeze(_encoder.encode(dirty))
                block = self.open
                self.db.execute(
                    "INSERT INTO segments (block, data) VALUES (?, ?)", (block.id, data)
                )
                self.db.execute(
                    "UPDATE blocks SET last_step = ?, last_time = ?, rows = ? WHERE id = ?",
                    (int(block.steps[-1]), float(block.times[-1]), block.rows, block.id),
                )
            if self.db.in_transaction:
                self.db.execute("COMMIT")
        except sqlite3.Error as error:
            self._undo(error)
            self.stopped = self.stopped or (now, str(error))
            return False
        if self._settled < len(self._rows):
            self.stopped = self.stopped or (now, "rows could not be written")
            return False
        self._rows.clear()
        self._settled = 0
        self.stopped = None
        if self.open is not None:
            self.open.flushed_rows = self.open.rows
            for buffer in self.open.buffers.values():
                buffer.dirty = None
        return True

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
        for name, buffer in block.buffers.items():
            self._chunks(block.id, name, buffer.values[: block.rows], buffer.states[: block.rows])
        self.insert("DELETE FROM segments WHERE block = ?", block.id)
        self.insert(
            "UPDATE blocks SET last_step = ?, last_time = ?, rows = ?, sealed = 1, steps = ?,"
            " times = ? WHERE id = ?",
            int(block.steps[-1]),
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
            shape = (block.rows, block.envs, values.shape[-1])
            cells = (
                np.zeros(shape, values.dtype),
                np.full(shape[:2], NOT_MEASURED, np.uint8),
            )
        new_values, new_states = cells[0].copy(), cells[1].copy()
        new_values[rows], new_states[rows] = values, states
        self.insert(
            "DELETE FROM chunks WHERE block = ? AND column = ?",
            block.id,
            self._column(name, new_values),
        )
        self._chunks(block.id, name, new_values, new_states)
        self.settle()
        block.forget()

    def restore(self, id: int, attempt: int, envs: int) -> None:
        """Take up an unsealed block of the file again."""
        self.open = restored(self.db, id, attempt, envs)

    def close(self) -> None:
        """Write everything, leave WAL mode where that can be done, close."""
        try:
            schema.finish(self.db)
        except sqlite3.Error as error:
            log.info("the file stays in WAL mode: %s", error)
        self.db.close()

    def _undo(self, error: sqlite3.Error) -> None:
        log.warning("the record cannot be written: %s", error)
        self._settled = 0
        if self.db.in_transaction:
            self.db.execute("ROLLBACK")

    def _segment(self, block: OpenBlock) -> Segment | None:
        pieces = []
        for name, buffer in block.buffers.items():
            if buffer.dirty is None:
                continue
            first, last = buffer.dirty
            values = buffer.values[first : last + 1]
            states = buffer.states[first : last + 1]
            pieces.append(
                Piece(
                    name,
                    values.dtype.str,
                    values.shape[2],
                    first,
                    last + 1 - first,
                    values.tobytes(),
                    states.tobytes(),
                )
            )
        new = slice(block.flushed_rows, block.rows)
        if not pieces and new.start == new.stop:
            return None
        return Segment(
            new.start, block.all_steps[new].tobytes(), block.all_times[new].tobytes(), pieces
        )

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

    def _chunks(self, block: int, name: str, values: Any, states: Any) -> None:
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
            known = part[marks == 0]
            finite = known[np.isfinite(known)] if known.dtype.kind == "f" else known
            data = pack_values(part.transpose(1, 2, 0))
            packed = pack_states(np.ascontiguousarray(marks.T))
            self.insert(
                "INSERT INTO chunks (block, column, env0, envs, dtype, low, high, nonfinite,"
                " absent, bytes, states, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                block,
                column,
                env0,
                part.shape[1],
                values.dtype.str,
                float(finite.min()) if finite.size else None,
                float(finite.max()) if finite.size else None,
                int(known.size - finite.size),
                int((marks != 0).sum()),
                len(data) + len(packed or b""),
                packed,
                data,
            )


def restored(db: sqlite3.Connection, id: int, attempt: int, envs: int) -> OpenBlock:
    """An unsealed block put together again from its segments."""
    (carry,) = db.execute("SELECT carry FROM blocks WHERE id = ?", (id,)).fetchall()[0]
    data = db.execute("SELECT data FROM segments WHERE block = ? ORDER BY id", (id,)).fetchall()
    segments = [_decoder.decode(unsqueeze(one)) for (one,) in data]
    rows = max((one.row + len(one.steps) // 8 for one in segments), default=0)
    block = OpenBlock(id, attempt, envs, max(BLOCK_ROWS, rows), unpack_carry(carry))
    for segment in segments:
        steps = np.frombuffer(segment.steps, np.int64)
        new = slice(segment.row, segment.row + steps.size)
        block.all_steps[new] = steps
        block.all_times[new] = np.frombuffer(segment.times, np.float64)
        block.rows = max(block.rows, new.stop)
        for piece in segment.pieces:
            shape = (piece.rows, envs, piece.width)
            block.put(
                piece.name,
                slice(piece.row, piece.row + piece.rows),
                slice(None),
                np.frombuffer(piece.values, piece.dtype).reshape(shape),
                np.frombuffer(piece.states, np.uint8).reshape(shape[:2]),
            )
    for buffer in block.buffers.values():
        buffer.dirty = None
    block.flushed_rows = block.rows
    return block
