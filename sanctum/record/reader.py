"""The reader: moments, cells as of a moment, windows; the same for a live run and a file.

Steps are per attempt; a reader looks at one attempt at a time, the newest unless told otherwise.
"""

from __future__ import annotations

import copy
import sqlite3
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from sanctum.record.blocks import OPEN, SEALED, Block, Cells, Steps, Times
from sanctum.record.cells import NOT_MEASURED, States, Values
from sanctum.record.late import Hiddens, Veiled, hidden
from sanctum.record.opened import OpenBlock
from sanctum.record.schema import has_causes, has_said
from sanctum.record.sealed import SealedBlock
from sanctum.record.segments import restored
from sanctum.record.sizes import Sizes
from sanctum.telemetry import RunStarted, Source

KEPT_BLOCKS = 8
_header = msgspec.msgpack.Decoder(RunStarted)
_source = msgspec.json.Decoder(Source)
_CLOSED = f"sealed != {OPEN}"
_ATTEMPT = (
    "attempt, pid, pid_started, boot_id, started, last_time, ended, how, exception, traceback"
)


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One row of ``attempts``."""

    attempt: int
    header: RunStarted
    pid: int
    pid_started: float
    boot_id: str
    started: float
    last_time: float | None
    ended: float | None
    how: str | None
    exception: str | None
    traceback: str | None
    signal: str | None
    why: str | None


@dataclass(frozen=True, slots=True)
class Window:
    """Rows of several columns: values (rows, envs, width) and states (rows, envs) by name."""

    steps: Steps
    times: Times
    cells: dict[str, tuple[Values, States]]


def source_key(attempt: int) -> str:
    """Where in ``meta`` it stands from whom the telemetry of an attempt is."""
    return f"source/{attempt}"


class Reader:
    """Reads a record through `db`; `open_block` gives the block that is still in memory.

    `before_reading` makes queued rows visible (the writer's `settle`), `sizes` are the writer's.
    What never changes (headers, words, names of columns) is read once. `only_env` is the one
    environment a record of the hall of fame holds, None in a run's own. In `remembered` questions
    keep what they need not work out again; readers as of a moment share it.
    """

    def __init__(
        self,
        db: sqlite3.Connection,
        open_block: Callable[[], OpenBlock | None] | None = None,
        before_reading: Callable[[], None] = lambda: None,
        sizes: Sizes | None = None,
    ) -> None:
        self.db = db
        self._sizes = sizes or Sizes(db)
        self._open_block = open_block
        self._before = before_reading
        self._kept: OrderedDict[int, SealedBlock] = OrderedDict()
        self._restored: OpenBlock | None = None
        self._headers: dict[int, RunStarted] = {}
        self._words: dict[int, str] = {}
        self._names: list[str] = []
        self._names_of: tuple[int, int, int] = (0, 0, 0)
        self._of_attempts = f"{_ATTEMPT}, {'signal, why' if has_causes(db) else 'NULL, NULL'}"
        found = db.execute("SELECT value FROM meta WHERE key = 'env'").fetchall()
        self.only_env: int | None = int(found[0][0]) if found else None
        self._has_said = has_said(db)
        self._lags: dict[int, tuple[int, int]] = {}
        self.remembered: dict[str, Any] = {}
        self._hidden: Hiddens = {}
        self._hidden_span: tuple[int, int, int] | None = None
        if open_block is None:
            self._restore()

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """All rows of a query, read to the end."""
        self._before()
        return self.db.execute(sql, values).fetchall()

    def source(self, attempt: int) -> Source | None:
        """Where an attempt's telemetry comes from; None: from the trainer itself."""
        found = self.rows("SELECT value FROM meta WHERE key = ?", source_key(attempt))
        return _source.decode(found[0][0]) if found else None

    def as_of(self, attempt: int, step: int) -> Reader:
        """This reader without the cells of an attempt that were said only after `step`.

        Whatever gives out a block gives it out `veiled`.
        """
        lag = self._lag(attempt)
        later = hidden(self, attempt, step, lag) if lag else {}
        if not later:
            return self
        every = [one for cells in later.values() for one in cells]
        seen = copy.copy(self)
        seen._hidden = later
        seen._hidden_span = attempt, min(one.first_step for one in every), step
        return seen

    @property
    def whole(self) -> Reader:
        """This reader with all that was said so far, whenever: what `as_of` began with."""
        if self._hidden_span is None:
            return self
        seen = copy.copy(self)
        seen._hidden, seen._hidden_span = {}, None
        return seen

    def said(self, table: str) -> str:
        """SQL for the step at which a row of `table` was said; -1 before the first."""
        step = "first_step" if table == "gaps" else "step"
        return f"coalesce(said, {step}, -1)" if self._has_said else f"coalesce({step}, -1)"

    def has_table(self, name: str) -> bool:
        """Whether the file has that table: the first ones lack some."""
        return bool(self.rows("SELECT 1 FROM sqlite_master WHERE name = ?", name))

    @property
    def open(self) -> OpenBlock | None:
        """The block that is not in chunks yet."""
        return self._restored if self._open_block is None else self._open_block()

    @property
    def sizes(self) -> Sizes:
        """What the record holds, by class of data."""
        self._before()
        return self._sizes

    def attempts(self) -> list[AttemptRow]:
        """Every attempt, oldest first."""
        rows = self.rows(f"SELECT {self._of_attempts} FROM attempts ORDER BY attempt")
        return [AttemptRow(row[0], self.header(row[0]), *row[1:]) for row in rows]

    def last_attempt(self) -> AttemptRow | None:
        """The newest attempt; None in an empty record."""
        rows = self.rows(f"SELECT {self._of_attempts} FROM attempts ORDER BY attempt DESC LIMIT 1")
        return AttemptRow(rows[0][0], self.header(rows[0][0]), *rows[0][1:]) if rows else None

    def header(self, attempt: int) -> RunStarted:
        """What the trainer said at the start of an attempt."""
        found = self._headers.get(attempt)
        if found is None:
            ((data,),) = self.rows("SELECT header FROM attempts WHERE attempt = ?", attempt)
            found = self._headers[attempt] = _header.decode(data)
        return found

    def forget_header(self, attempt: int) -> None:
        """The header of an attempt was written anew."""
        self._headers.pop(attempt, None)

    def envs(self, attempt: int) -> int:
        """How many environments an attempt has."""
        return self.header(attempt).envs

    def words(self) -> dict[int, str]:
        """The texts that columns hold as codes."""
        for id, word in self.rows("SELECT id, word FROM words WHERE id > ?", len(self._words)):
            self._words[int(id)] = str(word)
        return self._words

    def column_names(self) -> list[str]:
        """Every column that was ever said, sorted."""
        block = self.open
        ((count,),) = self.rows("SELECT coalesce(max(id), 0) FROM columns")
        now = (count, block.id, len(block.buffers)) if block is not None else (count, 0, 0)
        if now != self._names_of:
            names = {str(name) for (name,) in self.rows("SELECT name FROM columns")}
            if block is not None:
                names |= {*block.buffers, *block.carry}
            self._names, self._names_of = sorted(names), now
        return self._names

    def columns_before(self, block: int) -> list[str]:
        """The columns that were said in blocks before that one, as far as this reader sees them."""
        found = self.rows(
            "SELECT name, (SELECT min(block) FROM chunks WHERE column = n.id) FROM columns n"
        )
        return [
            str(name)
            for name, first in found
            if first is not None
            and first < block
            and (name not in self._hidden or self._is_seen(str(name), block))
        ]

    def _is_seen(self, name: str, before: int) -> bool:
        """Whether anything is left of a column in the blocks before, without what is hidden."""
        ids = self.rows(
            "SELECT DISTINCT block FROM chunks WHERE column = (SELECT id FROM columns"
            " WHERE name = ?) AND block < ? ORDER BY block",
            name,
            before,
        )
        return any(self.veiled(self.sealed(int(id))).cells(name) is not None for (id,) in ids)

    def span(self, attempt: int, *, kept: bool = True) -> tuple[int, int] | None:
        """First and last step of an attempt that are kept (or ever were); None without any."""
        ends: list[int] = []
        which = f"sealed = {SEALED}" if kept else _CLOSED
        for end, order in (("first_step", ""), ("last_step", "DESC")):
            found = self.rows(
                f"SELECT {end} FROM blocks WHERE attempt = ? AND {which}"
                f" ORDER BY first_step {order} LIMIT 1",
                attempt,
            )
            ends += [int(one) for (one,) in found]
        block = self.open
        if block is not None and block.attempt == attempt and block.rows:
            ends += [int(block.steps[0]), int(block.steps[-1])]
        return (min(ends), max(ends)) if ends else None

    def block_at(self, attempt: int, step: int) -> tuple[Block, int] | None:
        """The block and the row that hold `step`, or the nearest step before it.

        None before the first step, and where the nearest step before it gave way.
        """
        block = self.open
        if block is not None and block.attempt == attempt and block.rows and block.steps[0] <= step:
            return self.veiled(block), int(np.searchsorted(block.steps, step, "right")) - 1
        found = self.rows(
            f"SELECT id, sealed FROM blocks WHERE attempt = ? AND first_step <= ? AND {_CLOSED}"
            " ORDER BY first_step DESC LIMIT 1",
            attempt,
            step,
        )
        if not found or found[0][1] != SEALED:
            return None
        sealed = self.sealed(int(found[0][0]))
        return self.veiled(sealed), int(np.searchsorted(sealed.steps, step, "right")) - 1

    def veiled(self, block: Block) -> Block:
        """A block without the cells that this reader must not see."""
        span = self._hidden_span
        if span is None or block.attempt != span[0] or not block.steps.size:
            return block
        if block.steps[-1] < span[1] or block.steps[0] > span[2]:
            return block
        return Veiled(block, self._hidden, self)

    def veil(self, id: int, attempt: int, first: int, last: int) -> Block | None:
        """A sealed block with those steps where this reader must not see all of it; else None."""
        span = self._hidden_span
        if span is None or attempt != span[0] or last < span[1] or first > span[2]:
            return None
        return self.veiled(self.sealed(id))

    def sealed(self, id: int) -> SealedBlock:
        """A block of the file; the last few stay in memory."""
        block = self._kept.get(id)
        if block is None:
            ((attempt,),) = self.rows("SELECT attempt FROM blocks WHERE id = ?", id)
            block = self._kept[id] = SealedBlock(self.db, id, self.envs(int(attempt)))
            if len(self._kept) > KEPT_BLOCKS:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(id)
        return block

    def time_of(self, attempt: int, step: int) -> float | None:
        """The wall time of the last row at or before `step`."""
        found = self.block_at(attempt, step)
        return None if found is None else float(found[0].times[found[1]])

    def step_at_time(self, attempt: int, moment: float) -> int | None:
        """The last step at or before a wall time, be it one that gave way."""
        block = self.open
        if block is not None and block.attempt == attempt and block.rows:
            place = int(np.searchsorted(block.times, moment, "right")) - 1
            if place >= 0:
                return int(block.steps[place])
        found = self.rows(
            "SELECT id, sealed, last_step FROM blocks WHERE attempt = ? AND first_time <= ?"
            f" AND {_CLOSED} ORDER BY first_step DESC LIMIT 1",
            attempt,
            moment,
        )
        if not found:
            return None
        if found[0][1] != SEALED:
            return int(found[0][2])
        sealed = self.sealed(int(found[0][0]))
        place = int(np.searchsorted(sealed.times, moment, "right")) - 1
        return int(sealed.steps[max(place, 0)])

    def steps_back(self, attempt: int, step: int, count: int) -> int:
        """The step `count` rows before `step`; the first one when there are not so many.

        Rows that gave way count; the step is then one of theirs.
        """
        found = self.block_at(attempt, step)
        if found is None:
            span = self.span(attempt)
            return span[0] if span else step
        block, row = found
        if count <= row:
            return int(block.steps[row - count])
        left, first = count - row, int(block.steps[0])
        while found_before := self.rows(
            "SELECT id, rows, first_step, last_step, sealed FROM blocks WHERE attempt = ?"
            f" AND first_step < ? AND {_CLOSED} ORDER BY first_step DESC LIMIT 32",
            attempt,
            first,
        ):
            for id, rows, first_step, last_step, how in found_before:
                if left <= rows and how != SEALED:
                    return max(int(first_step), int(last_step) - left + 1)
                if left <= rows:
                    return int(self.sealed(int(id)).steps[rows - left])
                left, first = left - rows, int(first_step)
        return first

    def steps_on(self, attempt: int, step: int, count: int) -> int | None:
        """The step `count` rows after the one at or before `step`; None: there are not so many."""
        found = self.block_at(attempt, step)
        if found is None:
            return None
        block, row = found
        while row + count >= block.steps.size:
            after = self._block_after(attempt, int(block.steps[-1]))
            if after is None:
                return None
            count -= int(block.steps.size) - row
            block, row = after, 0
        return int(block.steps[row + count])

    def _block_after(self, attempt: int, step: int) -> Block | None:
        """The block that begins after `step`."""
        found = self.rows(
            "SELECT id FROM blocks WHERE attempt = ? AND first_step > ? AND sealed = 1"
            " ORDER BY first_step LIMIT 1",
            attempt,
            step,
        )
        if found:
            return self.sealed(int(found[0][0]))
        block = self.open
        there = block is not None and block.attempt == attempt and block.rows
        return block if there and block is not None and block.steps[0] > step else None

    def rows_between(self, attempt: int, first: int, last: int) -> int:
        """How many vector steps were recorded from `first` to `last`, `first` not counted."""
        start, end = self.block_at(attempt, first), self.block_at(attempt, last)
        if start is None or end is None:
            return 0
        if start[0].id == end[0].id:
            return end[1] - start[1]
        ((between,),) = self.rows(
            "SELECT coalesce(sum(rows), 0) FROM blocks WHERE attempt = ? AND id > ? AND id < ?",
            attempt,
            start[0].id,
            end[0].id,
        )
        return start[0].steps.size - start[1] - 1 + int(between) + end[1] + 1

    def pieces(self, attempt: int, first: int, last: int) -> list[tuple[Block, slice]]:
        """The blocks that hold steps `first` to `last`, oldest first, and which of their rows."""
        found = self.rows(
            "SELECT id FROM blocks WHERE attempt = ? AND first_step <= ? AND last_step >= ?"
            f" AND sealed = {SEALED} ORDER BY first_step",
            attempt,
            last,
            first,
        )
        blocks: list[Block] = [self.sealed(int(id)) for (id,) in found]
        if self.open is not None and self.open.attempt == attempt:
            blocks.append(self.open)
        pieces: list[tuple[Block, slice]] = []
        for block in blocks:
            start, stop = np.searchsorted(block.steps, (first, last + 1))
            if start < stop:
                pieces.append((self.veiled(block), slice(int(start), int(stop))))
        return pieces

    def window(self, names: Iterable[str], attempt: int, first: int, last: int) -> Window:
        """All rows of some columns from step `first` to `last`; a column never said is left out.

        Cells of the open block are views: copy what outlives the question.
        """
        return self.windows(names, attempt, [(first, last)])

    def windows(
        self, names: Iterable[str], attempt: int, spans: Iterable[tuple[int, int]]
    ) -> Window:
        """`window` over several spans of steps, which are ascending and do not overlap."""
        pieces = [one for first, last in spans for one in self.pieces(attempt, first, last)]
        envs = self.envs(attempt)
        cells = {name: one for name in names if (one := _joined(name, pieces, envs)) is not None}
        if not pieces:
            return Window(np.zeros(0, np.int64), np.zeros(0), cells)
        return Window(
            np.concatenate([block.steps[part] for block, part in pieces]),
            np.concatenate([block.times[part] for block, part in pieces]),
            cells,
        )

    def _lag(self, attempt: int) -> int:
        """By how many steps at most something was said late; only what is new is looked at."""
        if not self._has_said:
            return 0
        last_id, lag = self._lags.get(attempt, (0, 0))
        ((newest, found),) = self.rows(
            "SELECT max(id), max(said - first_step) FROM late NOT INDEXED"
            " WHERE attempt = ? AND id > ?",
            attempt,
            last_id,
        )
        if newest is not None:
            last_id, lag = int(newest), max(lag, int(found))
            self._lags[attempt] = last_id, lag
        return lag

    def _restore(self) -> None:
        """Put the last block of a file together that was not sealed when its recorder died."""
        found = self.rows(
            "SELECT id, attempt FROM blocks WHERE sealed = 0 ORDER BY id DESC LIMIT 1"
        )
        if found:
            id, attempt = (int(one) for one in found[0])
            self._restored = restored(self.db, id, attempt, self.envs(attempt))


def _joined(name: str, pieces: list[tuple[Block, slice]], envs: int) -> Cells | None:
    """One column's cells over parts of blocks; a view where one block holds them all."""
    parts = [block.cells(name) for block, _ in pieces]
    known = [one for one in parts if one is not None]
    if not known or not _is_said(parts, pieces):
        return None
    if len(pieces) == 1:
        rows = pieces[0][1]
        return known[0][0][rows], known[0][1][rows]
    like = known[-1][0]
    values, states = [], []
    for one, (_, rows) in zip(parts, pieces, strict=True):
        if one is None or one[0].shape[2] != like.shape[2]:
            count = rows.stop - rows.start
            values.append(np.zeros((count, envs, like.shape[2]), like.dtype))
            states.append(np.full((count, envs), NOT_MEASURED, np.uint8))
        else:
            values.append(one[0][rows])
            states.append(one[1][rows])
    return np.concatenate(values), np.concatenate(states)


def _is_said(parts: list[Cells | None], pieces: list[tuple[Block, slice]]) -> bool:
    """Whether any of the rows says something; the newest are looked at first."""
    return any(
        one is not None and (one[1][rows] != NOT_MEASURED).any()
        for one, (_, rows) in zip(reversed(parts), reversed(pieces), strict=True)
    )
