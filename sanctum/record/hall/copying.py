"""Copying an episode out of a run's record: one environment's rows become a small record.

The copy has the tables of any record and holds what was said of that environment from the first
step of its episode to the last: every cell, its events, its end; the policy updates of that time
and as many before it as a question looks back; and what was last said of every column before the
first step, so that a seed that lived by then is known; and the weights that acted at its best, so
that it can be replayed. Not in it: what was said of steps before the first only after that.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import numpy as np
import zstandard

from sanctum.errors import RecordError
from sanctum.record import schema
from sanctum.record.blocks import Block, Latest
from sanctum.record.carry import pack_carry
from sanctum.record.cells import (
    NOT_MEASURED,
    Chunk,
    States,
    Values,
    chunk,
    squeeze,
    unpack_one,
    unpack_states,
    unpack_values,
)
from sanctum.record.hall.candidate import Candidate
from sanctum.record.hall.weights import copy_weights
from sanctum.record.late import part_of
from sanctum.record.opened import OpenBlock
from sanctum.record.questions.policy import LOOK_BACK_UPDATES
from sanctum.record.reader import Reader
from sanctum.record.sizes import class_of

PAGE_BYTES = 1024
COLUMNS_AT_ONCE = 16
_EVENTS = "id, attempt, step, time, severity, type, env, slot, text, data, said"
_UPDATES = "id, attempt, number, step, first_step, last_step, time, data, said"
_EPISODES = "id, attempt, env, episode, step, time, data, said"
_GAPS = "id, attempt, what, first_step, last_step, time, count, reason, said"
_LATE = "id, attempt, name, env, first_step, last_step, said, before"
_ATTEMPT = "attempt, header, pid, pid_started, boot_id, started"


def packed(data: bytes) -> bytes:
    """A record's bytes as the hall keeps them."""
    return zstandard.ZstdCompressor(level=3).compress(data)


def unpacked(data: bytes) -> bytes:
    """The bytes of the record that `packed` was given."""
    return zstandard.ZstdDecompressor().decompress(data)


def opened(data: bytes) -> Reader:
    """A reader of the record with those bytes, in memory."""
    db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    try:
        db.deserialize(data)
        db.execute("PRAGMA query_only=1")
        return Reader(db)
    except sqlite3.DatabaseError as error:
        db.close()
        raise RecordError(f"an entry of the hall of fame is damaged: {error}") from error


class Copy:
    """A copy in the making, some columns at a time: call `go_on` until it says that all is there.

    Raises RecordError when the record has no longer all of the episode.
    """

    def __init__(self, reader: Reader, of: Candidate) -> None:
        self.of = of
        self._reader = reader
        self._env = of.said.env
        self._envs = reader.envs(of.attempt)
        self._columns: dict[str, int] = {}
        self._pieces = reader.pieces(of.attempt, of.first_step, of.said.step)
        if not self._pieces or self._first_step() != of.first_step:
            raise RecordError("its first steps are not in the record any more")
        self._db = sqlite3.connect(":memory:", isolation_level=None)
        schema.lay(self._db, page_bytes=PAGE_BYTES)
        self._db.execute("BEGIN")
        self._head()
        self._parts = self._copying()

    def go_on(self) -> bool:
        """Copy `COLUMNS_AT_ONCE` columns of a block; True when there is nothing more to copy."""
        return next(self._parts, True)

    def done(self) -> bytes:
        """The record as bytes of an SQLite file."""
        self._rows_beside()
        self._db.execute("COMMIT")
        data = self._db.serialize()
        self._db.close()
        return data

    def _first_step(self) -> int:
        block, rows = self._pieces[0]
        return int(block.steps[rows.start])

    def _head(self) -> None:
        """The attempt, as one that ended with the episode, and the words that cells mean."""
        block, rows = self._pieces[-1]
        ended = float(block.times[rows.stop - 1])
        found = self._reader.rows(
            f"SELECT {_ATTEMPT} FROM attempts WHERE attempt = ?", self.of.attempt
        )
        self._db.execute(
            f"INSERT INTO attempts ({_ATTEMPT}, first_step, last_step, last_time, ended, how)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'finished')",
            (*found[0], self.of.first_step, self.of.said.step, ended, ended),
        )
        self._copy("words", "id, word", self._reader.rows("SELECT id, word FROM words"))
        self._db.execute("INSERT INTO meta VALUES ('env', ?)", (str(self._env),))

    def _copying(self) -> Iterator[bool]:
        late = self._reader.rows(
            f"SELECT {_LATE} FROM late WHERE attempt = ? AND first_step <= ? AND last_step >= ?"
            " AND (env IS NULL OR env = ?) ORDER BY id",
            self.of.attempt,
            self.of.said.step,
            self.of.first_step,
            self._env,
        )
        for id, (block, rows) in enumerate(self._pieces, 1):
            yield from self._block(id, block, rows)
            self._late(late, block, rows)
            yield False

    def _block(self, id: int, block: Block, rows: slice) -> Iterator[bool]:
        carry: dict[str, Latest] = {}
        before = block.steps[: rows.start]
        for count, (name, values, states) in enumerate(self._cells(id, block), 1):
            if values.shape[1] == 1:
                said = np.flatnonzero(states[: rows.start] != NOT_MEASURED)
                if said.size:
                    at = int(said[-1])
                    carry[name] = self._only(values[at], states[at], int(before[at]))
            self._chunk(id, name, values[rows], states[rows])
            if count % COLUMNS_AT_ONCE == 0:
                yield False
        for name in self._reader.column_names():
            one = block.carried(name) if name not in carry else None
            if one is not None and one.states[self._env] != NOT_MEASURED:
                value, state = one.values[self._env], int(one.states[self._env])
                carry[name] = self._only(value, state, int(one.steps[self._env]))
        if id == 1:
            self._unsay(carry, block, rows.start)
        for name, one in carry.items():
            self._column(name, one.values.dtype.str, 1)
        steps, times = block.steps[rows], block.times[rows]
        self._db.execute(
            "INSERT INTO blocks (id, attempt, first_step, last_step, first_time, last_time, rows,"
            " sealed, steps, times, carry) VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?)",
            (
                id,
                self.of.attempt,
                int(steps[0]),
                int(steps[-1]),
                float(times[0]),
                float(times[-1]),
                steps.size,
                squeeze(steps.tobytes()),
                squeeze(times.tobytes()),
                pack_carry(carry),
            ),
        )

    def _unsay(self, carry: dict[str, Latest], block: Block, row: int) -> None:
        """Of what was said of steps before the first, only what was said by then."""
        seen = self._reader.as_of(self.of.attempt, self.of.first_step).veiled(block)
        if seen is block:
            return
        for name in list(carry):
            one = seen.latest(name, row - 1) if row else seen.carried(name)
            if one is None or one.states[self._env] == NOT_MEASURED:
                del carry[name]
            else:
                value, state = one.values[self._env], int(one.states[self._env])
                carry[name] = self._only(value, state, int(one.steps[self._env]))

    def _late(self, late: list[tuple[Any, ...]], block: Block, rows: slice) -> None:
        """What was said late of these rows, so that an earlier moment does not see it."""
        for id, attempt, name, env, first, last, said, before in late:
            start = int(np.searchsorted(block.steps, first, "left"))
            begin, end = max(start, rows.start), int(np.searchsorted(block.steps, last, "right"))
            end = min(end, rows.stop)
            if begin >= end or block.steps[end - 1] < first:
                continue
            kept = part_of(
                before, slice(begin - start, end - start), self._env if env is None else None
            )
            steps = int(block.steps[begin]), int(block.steps[end - 1])
            self._copy("late", _LATE, [(id, attempt, name, self._env, *steps, said, kept)])

    def _cells(self, id: int, block: Block) -> Iterator[tuple[str, Values, States]]:
        """One environment's cells of every column: values (rows, width), states (rows,).

        Where the cells gave way to hold the record to its size, that is noted in block `id`.
        """
        if isinstance(block, OpenBlock):
            for name in list(block.buffers):
                cells = block.cells(name)
                assert cells is not None
                yield name, cells[0][:, self._env], cells[1][:, self._env]
            return
        count = block.steps.size
        for name, env0, envs, dtype, states, data, width in self._reader.rows(
            "SELECT n.name, c.env0, c.envs, c.dtype, c.states, c.data, n.width FROM chunks c"
            " JOIN columns n ON n.id = c.column"
            " WHERE c.block = ? AND c.env0 <= ? AND c.env0 + c.envs > ?",
            block.id,
            self._env,
            self._env,
        ):
            if not data:
                gone = (dtype, None, None, 0, 0, 0, None, b"")
                self._put(id, self._column(str(name), dtype, width), gone)
                continue
            at = self._env - int(env0)
            one = unpack_one(data, dtype, envs, count, at)
            values = unpack_values(data, dtype, envs, count)[at].T if one is None else one[:, None]
            yield str(name), values, unpack_states(states, (envs, count))[at]

    def _only(self, value: Values, state: int, step: int) -> Latest:
        """What this environment said, among others that said nothing."""
        found = Latest(
            np.zeros((self._envs, 1), value.dtype),
            np.full(self._envs, NOT_MEASURED, np.uint8),
            np.full(self._envs, -1, np.int64),
        )
        found.values[self._env] = value
        found.states[self._env] = state
        found.steps[self._env] = step
        return found

    def _chunk(self, block: int, name: str, values: Values, states: States) -> None:
        if (states == NOT_MEASURED).all():
            return
        column = self._column(name, values.dtype.str, values.shape[1])
        self._put(block, column, chunk(values[:, None], states[:, None]))

    def _put(self, block: int, column: int, row: Chunk) -> None:
        self._db.execute(
            "INSERT INTO chunks (block, column, env0, envs, dtype, low, high, nonfinite, absent,"
            " bytes, states, data) VALUES (?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?)",
            (block, column, self._env, *row),
        )

    def _column(self, name: str, dtype: str, width: int) -> int:
        found = self._columns.get(name)
        if found is None:
            found = self._columns[name] = len(self._columns) + 1
            self._db.execute(
                "INSERT INTO columns (id, name, dtype, width, class) VALUES (?, ?, ?, ?, ?)",
                (found, name, dtype, width, class_of(name)),
            )
        return found

    def _rows_beside(self) -> None:
        """Updates, events, the end of the episode, and what was lost meanwhile."""
        attempt, first, last = self.of.attempt, self.of.first_step, self.of.said.step
        rows, env = self._reader.rows, self._env
        (within,) = rows(
            "SELECT count(*) FROM updates WHERE attempt = ? AND step BETWEEN ? AND ?",
            attempt,
            first,
            last,
        )[0]
        updates = rows(
            f"SELECT {_UPDATES} FROM updates WHERE attempt = ? AND step <= ?"
            " ORDER BY step DESC, id DESC LIMIT ?",
            attempt,
            last,
            int(within) + LOOK_BACK_UPDATES,
        )
        events = rows(
            f"SELECT {_EVENTS} FROM events WHERE attempt = ? AND step BETWEEN ? AND ?"
            " AND +env = ? ORDER BY id",
            attempt,
            first,
            last,
            env,
        )
        episodes = rows(
            f"SELECT {_EPISODES} FROM episodes WHERE attempt = ? AND step = ? AND env = ?",
            attempt,
            last,
            env,
        )
        gaps = rows(
            f"SELECT {_GAPS} FROM gaps WHERE attempt = ? AND coalesce(first_step, -1) <= ?"
            " AND coalesce(last_step, ?) >= ?",
            attempt,
            last,
            last,
            first,
        )
        self._copy("updates", _UPDATES, updates[::-1])
        self._copy("events", _EVENTS, events)
        self._copy("episodes", _EPISODES, episodes)
        self._copy("gaps", _GAPS, gaps)
        copy_weights(self._reader, self._db, attempt, env, self.of.best_step)

    def _copy(self, table: str, columns: str, rows: list[tuple[object, ...]]) -> None:
        places = ", ".join("?" * (columns.count(",") + 1))
        self._db.executemany(f"INSERT INTO {table} ({columns}) VALUES ({places})", rows)
