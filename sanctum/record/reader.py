"""The reader: moments, cells as of a moment, windows; the same for a live run and a file.

Steps are per attempt; a reader looks at one attempt at a time, the newest unless told otherwise.
"""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from sanctum.record.blocks import Block, Latest, OpenBlock, SealedBlock, Steps, Times, latest
from sanctum.record.cells import NOT_MEASURED, States, Values
from sanctum.record.writer import restored
from sanctum.telemetry import RunStarted

KEPT_BLOCKS = 8
_header = msgspec.msgpack.Decoder(RunStarted)


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


@dataclass(frozen=True, slots=True)
class Window:
    """Rows of several columns: values (rows, envs, width) and states (rows, envs) by name."""

    steps: Steps
    times: Times
    cells: dict[str, tuple[Values, States]]


class Reader:
    """Reads a record through `db`; `open_block` gives the block that is still in memory.

    `before_reading` makes queued rows visible (the writer's `settle`).
    """

    def __init__(
        self,
        db: sqlite3.Connection,
        open_block: Callable[[], OpenBlock | None] | None = None,
        before_reading: Callable[[], None] = lambda: None,
    ) -> None:
        self.db = db
        self._open_block = open_block
        self._before = before_reading
        self._kept: OrderedDict[int, SealedBlock] = OrderedDict()
        self._restored: OpenBlock | None = None
        self._headers: dict[bytes, RunStarted] = {}
        if open_block is None:
            self._restore()

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """All rows of a query, read to the end."""
        self._before()
        return self.db.execute(sql, values).fetchall()

    @property
    def open(self) -> OpenBlock | None:
        """The block that is not in chunks yet."""
        return self._restored if self._open_block is None else self._open_block()

    def attempts(self) -> list[AttemptRow]:
        """Every attempt, oldest first."""
        rows = self.rows(
            "SELECT attempt, header, pid, pid_started, boot_id, started, last_time, ended, how,"
            " exception, traceback FROM attempts ORDER BY attempt"
        )
        return [AttemptRow(row[0], self._decoded(row[1]), *row[2:]) for row in rows]

    def words(self) -> dict[int, str]:
        """The texts that columns hold as codes."""
        return {int(id): str(word) for id, word in self.rows("SELECT id, word FROM words")}

    def column_names(self) -> list[str]:
        """Every column that was ever said, sorted."""
        names = {str(name) for (name,) in self.rows("SELECT name FROM columns")}
        if self.open is not None:
            names |= {*self.open.buffers, *self.open.carry}
        return sorted(names)

    def span(self, attempt: int) -> tuple[int, int] | None:
        """First and last step of an attempt; None without any."""
        ((first, last),) = self.rows(
            "SELECT min(first_step), max(last_step) FROM blocks WHERE attempt = ? AND"
            " (sealed = 1 OR rows > 0)",
            attempt,
        )
        block = self.open
        if block is not None and block.attempt == attempt and block.rows:
            first = int(block.steps[0]) if first is None else first
            last = int(block.steps[-1])
        return None if first is None else (int(first), int(last))

    def block_at(self, attempt: int, step: int) -> tuple[Block, int] | None:
        """The block and the row that hold `step`, or the nearest step before it."""
        block = self.open
        if block is not None and block.attempt == attempt and block.rows and block.steps[0] <= step:
            return block, int(np.searchsorted(block.steps, step, "right")) - 1
        found = self.rows(
            "SELECT id FROM blocks WHERE attempt = ? AND first_step <= ? AND sealed = 1"
            " ORDER BY first_step DESC LIMIT 1",
            attempt,
            step,
        )
        if not found:
            return None
        sealed = self.sealed(int(found[0][0]))
        return sealed, int(np.searchsorted(sealed.steps, step, "right")) - 1

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

    def envs(self, attempt: int) -> int:
        """How many environments an attempt has."""
        ((header,),) = self.rows("SELECT header FROM attempts WHERE attempt = ?", attempt)
        return self._decoded(header).envs

    def latest(self, name: str, attempt: int, step: int) -> Latest | None:
        """What each environment last said of a column at or before `step`."""
        found = self.block_at(attempt, step)
        return None if found is None else latest(found[0], name, found[1])

    def time_of(self, attempt: int, step: int) -> float | None:
        """The wall time of the last row at or before `step`."""
        found = self.block_at(attempt, step)
        return None if found is None else float(found[0].times[found[1]])

    def step_at_time(self, attempt: int, moment: float) -> int | None:
        """The last step at or before a wall time."""
        block = self.open
        if block is not None and block.attempt == attempt and block.rows:
            place = int(np.searchsorted(block.times, moment, "right")) - 1
            if place >= 0:
                return int(block.steps[place])
        found = self.rows(
            "SELECT id FROM blocks WHERE attempt = ? AND first_time <= ? AND sealed = 1"
            " ORDER BY first_time DESC LIMIT 1",
            attempt,
            moment,
        )
        if not found:
            return None
        sealed = self.sealed(int(found[0][0]))
        place = int(np.searchsorted(sealed.times, moment, "right")) - 1
        return int(sealed.steps[max(place, 0)])

    def steps_back(self, attempt: int, step: int, count: int) -> int:
        """The step `count` rows before `step`; the first one when there are not so many."""
        span = self.span(attempt)
        if span is None:
            return step
        at = step
        left = count
        while True:
            found = self.block_at(attempt, at)
            if found is None:
                return span[0]
            block, row = found
            if left <= row:
                return int(block.steps[row - left])
            left -= row + 1
            at = int(block.steps[0]) - 1

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

    def window(self, names: Iterable[str], attempt: int, first: int, last: int) -> Window:
        """All rows of some columns from step `first` to `last`; a column never said is left out."""
        wanted = list(names)
        pieces: list[tuple[Block, slice]] = []
        at = last
        while at >= first:
            found = self.block_at(attempt, at)
            if found is None:
                break
            block, row = found
            start = int(np.searchsorted(block.steps, first, "left"))
            pieces.append((block, slice(start, row + 1)))
            at = int(block.steps[0]) - 1
        pieces.reverse()
        envs = self.envs(attempt)
        cells = {}
        for name in wanted:
            parts = [(block.cells(name), part) for block, part in pieces]
            known = [one[0].shape[2] for one, _ in parts if one is not None]
            if not known:
                continue
            values, states = [], []
            for one, part in parts:
                if one is None:
                    rows = part.stop - part.start
                    values.append(np.zeros((rows, envs, known[0])))
                    states.append(np.full((rows, envs), NOT_MEASURED, np.uint8))
                else:
                    values.append(one[0][part])
                    states.append(one[1][part])
            cells[name] = (np.concatenate(values), np.concatenate(states))
        none = np.zeros(0, np.int64)
        return Window(
            np.concatenate([block.steps[part] for block, part in pieces]) if pieces else none,
            np.concatenate([block.times[part] for block, part in pieces])
            if pieces
            else none.astype(np.float64),
            cells,
        )

    def _restore(self) -> None:
        """Put the last block of a file together that was not sealed when its recorder died."""
        found = self.rows("SELECT id, attempt FROM blocks WHERE sealed = 0 ORDER BY id DESC")
        if found:
            id, attempt = (int(one) for one in found[0])
            self._restored = restored(self.db, id, attempt, self.envs(attempt))

    def _decoded(self, header: object) -> RunStarted:
        assert isinstance(header, bytes)
        found = self._headers.get(header)
        if found is None:
            found = self._headers[header] = _header.decode(header)
        return found
