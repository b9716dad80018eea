"""Rows that wait for the disk, in order; and what gives way when the disk is full for long.

Memory holds so many bytes of them. Then the oldest blocks that are not on disk go, whole, then rows
that can be done without; the blocks that went are one row each stretch, so that readers know.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sanctum.record.blocks import UNWRITTEN

log = logging.getLogger(__name__)
MAX_WAITING_BYTES = 64 * 1024 * 1024
ROW_BYTES = 200
_GAPS = -1

UNFIT = (
    sqlite3.IntegrityError,
    sqlite3.DataError,
    sqlite3.InterfaceError,
    sqlite3.ProgrammingError,
    OverflowError,
    ValueError,
)
"""What one row raises that no later try can write; any other error is the disk's."""


@dataclass(frozen=True, slots=True)
class Row:
    """One statement; of which block it is, and whether the record can do without it.

    `chunk` is the class and the bytes of the chunk that it writes.
    """

    sql: str
    values: tuple[Any, ...]
    block: int | None = None
    minor: bool = False
    chunk: tuple[str, int] | None = None

    @property
    def used_bytes(self) -> int:
        """About what it takes in memory."""
        return ROW_BYTES + sum(len(one) for one in self.values if isinstance(one, bytes | str))


@dataclass(slots=True)
class Whole:
    """A block that is sealed and not on disk; or several in a row that gave way together."""

    id: int
    attempt: int
    first_step: int
    last_step: int
    first_time: float
    last_time: float
    rows: int


class Waiting:
    """The queue. `refused` counts rows that the file could not take.

    `uncounted` is told the class and bytes of every chunk that gave way.
    """

    def __init__(
        self,
        max_bytes: int = MAX_WAITING_BYTES,
        uncounted: Callable[[str, int], None] = lambda what, used_bytes: None,
    ) -> None:
        self.uncounted = uncounted
        self._max_bytes = max_bytes
        self._rows: list[Row] = []
        self._settled = 0
        self._whole: list[Whole] = []
        self._gone: list[Whole] = []
        self._minor_gone = 0
        self.used_bytes = 0
        self.refused = 0

    @property
    def is_settled(self) -> bool:
        """Whether the database has all of them, uncommitted."""
        return self._settled == len(self._rows)

    @property
    def has_whole(self) -> bool:
        """Whether a block was sealed that is not on disk."""
        return bool(self._whole)

    @property
    def is_too_much(self) -> bool:
        """Whether memory has no room for all of them."""
        return self.used_bytes > self._max_bytes

    def add(self, row: Row) -> None:
        """One more."""
        self._rows.append(row)
        self.used_bytes += row.used_bytes

    def sealed(self, whole: Whole) -> None:
        """All of a block is in the queue: it may give way as a whole."""
        self._whole.append(whole)

    def settle(self, db: sqlite3.Connection) -> None:
        """Give the rows to the database, uncommitted. Raises what the disk raises."""
        if not db.in_transaction:
            db.execute("BEGIN IMMEDIATE")
        while self._settled < len(self._rows):
            row = self._rows[self._settled]
            try:
                db.execute(row.sql, row.values)
            except UNFIT as error:
                log.error("a row was left out (%s): %s", error, row.sql)
                self.refused += 1
                self._remove([self._settled])
            else:
                self._settled += 1

    def unsettle(self) -> None:
        """The database has forgotten them."""
        self._settled = 0

    def written(self) -> None:
        """All are on disk."""
        self._rows.clear()
        self._whole.clear()
        self._gone.clear()
        self._settled = self.used_bytes = self._minor_gone = 0

    def make_room(self, reason: str, now: float) -> bool:
        """Let go what memory has no room for; True when something went. For unsettled rows."""
        before = len(self._rows)
        while self.is_too_much and self._whole:
            self._let_go(self._whole.pop(0))
        if self.is_too_much:
            over, places = self.used_bytes - self._max_bytes // 2, []
            for place, row in enumerate(self._rows):
                if row.minor and over > 0:
                    places.append(place)
                    over -= row.used_bytes
            self._minor_gone += len(places)
            self._remove(places)
        went = len(self._rows) < before
        if went and self._gone:
            self._remove([place for place, row in enumerate(self._rows) if row.block == _GAPS])
            self._say_gone(reason, now)
        return went

    def gave_way(self) -> str:
        """What went since the disk took the last rows, in words; empty: nothing did."""
        parts = [
            f"steps {one.first_step:,} to {one.last_step:,}"
            + (f" of attempt {one.attempt}" if len({one.attempt for one in self._gone}) > 1 else "")
            for one in self._gone
        ]
        if self._minor_gone:
            parts.append(f"{self._minor_gone:,} events and vitals")
        return " and ".join(parts)

    def _say_gone(self, reason: str, now: float) -> None:
        """Queue what readers need to know of blocks that gave way: their steps, and a gap."""
        for one in self._gone:
            place = (one.id, one.attempt, one.first_step, one.last_step)
            self._replace(
                "INSERT OR REPLACE INTO blocks (id, attempt, first_step, last_step, first_time,"
                f" last_time, rows, sealed) VALUES (?, ?, ?, ?, ?, ?, ?, {UNWRITTEN})",
                *place,
                one.first_time,
                one.last_time,
                one.rows,
            )
            self._replace("DELETE FROM segments WHERE block = ?", one.id)
            self._replace(
                "INSERT INTO gaps (attempt, what, first_step, last_step, time, count, reason)"
                " VALUES (?, 'columns', ?, ?, ?, ?, ?)",
                *place[1:],
                now,
                one.rows,
                reason,
            )

    def _replace(self, sql: str, *values: Any) -> None:
        self.add(Row(sql, values, _GAPS))

    def _let_go(self, whole: Whole) -> None:
        places = [place for place, row in enumerate(self._rows) if row.block == whole.id]
        for place in places:
            chunk = self._rows[place].chunk
            if chunk is not None:
                self.uncounted(*chunk)
        self._remove(places)
        last = self._gone[-1] if self._gone else None
        if last is not None and last.attempt == whole.attempt:
            last.last_step, last.last_time = whole.last_step, whole.last_time
            last.rows += whole.rows
        else:
            self._gone.append(whole)

    def _remove(self, places: list[int]) -> None:
        for place in reversed(places):
            self.used_bytes -= self._rows[place].used_bytes
            del self._rows[place]
