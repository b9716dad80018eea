"""Dropping: what gives way when a record has grown to what it may hold.

Beyond `keep_bytes`, WAL included, a class that holds more than its share gives way first, its
oldest first: chunks leave their blocks and a mark behind. Then the oldest blocks go, whole. Never:
updates, episodes, gaps, notes, ends, events from warn on, blocks that are pinned or within a pin,
the newest sealed block. So a record is larger than it may be by at most the blocks that are open
and newest, and by what never goes.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from sanctum.record.blocks import DROPPED, SEALED
from sanctum.record.sizes import Sizes, class_of
from sanctum.telemetry import NOTE, SEVERITIES

WORK_S = 0.010
"""How long one flush may drop; what is left to drop waits for the next."""

SHARES = {
    "observations": 1 / 4,
    "matrices": 1 / 4,
    "recurrent": 1 / 8,
    "weights": 1 / 8,
    "events": 1 / 8,
    "vitals": 1 / 16,
}
"""The part of `keep_bytes` that each may hold before it gives way alone."""

ROWS = {
    "weights": "pinned = 0 AND id < (SELECT max(id) FROM weights)",
    "events": f"severity < {SEVERITIES.index('warn')} AND type NOT IN ('{NOTE}', 'end')",
    "vitals": "1",
}
"""Those that are rows of a table, and which of them may go."""

_AT_ONCE = {"weights": 1}
_AT_ONCE_ELSE = 1000
_FREE = (
    f"b.sealed = {SEALED} AND b.pinned = 0 AND NOT EXISTS (SELECT 1 FROM pins p"
    " WHERE p.attempt = b.attempt AND coalesce(p.first_step, b.first_step) <= b.last_step"
    " AND coalesce(p.last_step, b.last_step) >= b.first_step)"
    f" AND b.id < (SELECT max(id) FROM blocks WHERE sealed = {SEALED})"
)


def give_back(db: sqlite3.Connection, pages: int) -> None:
    """Free pages to the disk, so many at most; outside of a transaction."""
    db.executescript(f"PRAGMA incremental_vacuum({pages})")  # `execute` would stop at the first


class Retention:
    """Keeps one record within `keep_bytes`. Works within the writer's transaction."""

    def __init__(self, db: sqlite3.Connection, path: Path, sizes: Sizes, keep_bytes: int) -> None:
        self.keep_bytes = keep_bytes
        self._db = db
        self._wal = Path(f"{path}-wal")
        self._sizes = sizes
        self._from: dict[str, int] = {}
        ((self._page_bytes,),) = db.execute("PRAGMA page_size").fetchall()
        self._last = self.used_bytes()
        for what in SHARES:
            self._from[what] = self._gone_upto(what)

    def used_bytes(self) -> int:
        """What the record takes now: pages in use, and its WAL."""
        ((pages,),) = self._db.execute("PRAGMA page_count").fetchall()
        ((free,),) = self._db.execute("PRAGMA freelist_count").fetchall()
        try:
            wal = self._wal.stat().st_size
        except OSError:
            wal = 0
        return int(pages - free) * int(self._page_bytes) + wal

    def work(self, within_s: float = WORK_S) -> None:
        """Drop until the record fits, in one transaction. Raises sqlite3.Error.

        What it has grown by since the last time goes at once; of more, what `within_s` is time for.
        """
        before, self._last = self._last, self.used_bytes()
        if self._last <= self.keep_bytes:
            return
        places, sizes = dict(self._from), self._sizes.copy()
        until = time.monotonic() + within_s
        self._db.execute("BEGIN IMMEDIATE")
        try:
            while self._last > self.keep_bytes and self._drop_something():
                self._last = self.used_bytes()
                if self._last <= before and time.monotonic() > until:
                    break
            self._sizes.store()
            self._db.execute("COMMIT")
            self._sizes.stored()
        except BaseException:
            self._from = places
            self._sizes.take(sizes)
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def shrink(self, pages: int) -> None:
        """Give so many free pages of a file that is too large back to the disk."""
        ((count,),) = self._db.execute("PRAGMA page_count").fetchall()
        if int(count) * int(self._page_bytes) > self.keep_bytes:
            give_back(self._db, pages)

    def _drop_something(self) -> bool:
        """One class in one block, one block, or some minor rows; False: there is nothing left."""
        return (
            any(self._drop_of(what) for what in self._greedy())
            or self._drop_block()
            or any(self._drop_of(what) for what in SHARES)
        )

    def _greedy(self) -> Iterator[str]:
        """Classes that hold more than their share."""
        for what, share in SHARES.items():
            if self._sizes.used_bytes(what) > share * self.keep_bytes:
                yield what

    def _drop_of(self, what: str) -> bool:
        return self._drop_rows(what, ROWS[what]) if what in ROWS else self._drop_class(what)

    def _drop_class(self, what: str) -> bool:
        """The chunks of a class in the oldest block that has some; a mark stays for each."""
        columns = self._columns(what)
        if not columns:
            return False
        within = f"column IN ({', '.join(map(str, columns))}) AND length(data) > 0"
        while found := self._db.execute(
            "SELECT b.id, b.attempt, b.first_step, b.last_step FROM blocks b"
            f" WHERE b.id > ? AND {_FREE} ORDER BY b.id LIMIT 1",
            (self._from[what],),
        ).fetchall():
            id, attempt, first, last = found[0]
            self._from[what] = id
            ((count, used),) = self._db.execute(
                "SELECT count(*), coalesce(sum(bytes), 0) FROM chunks"
                f" WHERE block = ? AND {within}",
                (id,),
            ).fetchall()
            if count:
                self._db.execute(
                    "UPDATE chunks SET states = NULL, data = x'', bytes = 0"
                    f" WHERE block = ? AND {within}",
                    (id,),
                )
                note_dropped(self._db, what, attempt, first, last, used, _share_rule(what))
                self._sizes.add(what, -used, 0, first, last)
                self._sizes.kept_from(what, last + 1)
                return True
        return False

    def _drop_block(self) -> bool:
        """The oldest block that may go."""
        found = self._db.execute(
            "SELECT b.id, b.attempt, b.first_step, b.last_step FROM blocks b"
            f" WHERE {_FREE} ORDER BY b.id LIMIT 1"
        ).fetchall()
        if not found:
            return False
        id, attempt, first, last = found[0]
        held = self._db.execute(
            "SELECT n.class, count(*), sum(c.bytes) FROM chunks c JOIN columns n ON n.id = c.column"
            " WHERE c.block = ? GROUP BY n.class",
            (id,),
        ).fetchall()
        self._db.execute("DELETE FROM chunks WHERE block = ?", (id,))
        # Of no use: it is asked as of moments before it was said, and those are gone.
        self._db.execute(
            "DELETE FROM late WHERE attempt = ? AND said BETWEEN ? AND ?", (attempt, first, last)
        )
        self._db.execute(
            "UPDATE blocks SET sealed = ?, steps = NULL, times = NULL, carry = NULL WHERE id = ?",
            (DROPPED, id),
        )
        self._merge(attempt, first)
        for what, count, used in held:
            self._sizes.add(what, -used, -count, first, last)
            self._sizes.kept_from(what, last + 1)
            if used:
                note_dropped(self._db, what, attempt, first, last, used, "the oldest steps first")
        return True

    def _merge(self, attempt: int, step: int) -> None:
        """Make one row of the dropped block at `step` and the dropped stretches beside it."""
        rows = [
            row
            for sign, order, count in (("<=", "DESC", 2), (">", "", 1))
            for row in self._db.execute(
                "SELECT id, last_step, last_time, rows FROM blocks"
                f" WHERE attempt = ? AND first_step {sign} ? AND sealed = {DROPPED}"
                # none but the very neighbours: rows that are kept count too
                f" AND id IN (SELECT id FROM blocks WHERE attempt = ? AND first_step {sign} ?"
                f" ORDER BY first_step {order} LIMIT {count})",
                (attempt, step, attempt, step),
            ).fetchall()
        ]
        rows.sort()
        first, last = rows[0], rows[-1]
        if first != last:
            self._db.execute(
                "DELETE FROM blocks WHERE id > ? AND id <= ? AND attempt = ?",
                (first[0], last[0], attempt),
            )
            self._db.execute(
                "UPDATE blocks SET last_step = ?, last_time = ?, rows = ? WHERE id = ?",
                (last[1], last[2], sum(row[3] for row in rows), first[0]),
            )

    def _drop_rows(self, table: str, which: str) -> bool:
        """The oldest rows of a growing table."""
        rows = self._db.execute(
            f"SELECT id, attempt, step, {self._sizes.row_bytes(table)} FROM {table}"
            f" WHERE id > ? AND {which} ORDER BY id"
            f" LIMIT {_AT_ONCE.get(table, _AT_ONCE_ELSE)}",
            (self._from[table],),
        ).fetchall()
        if not rows:
            return False
        self._db.execute(
            f"DELETE FROM {table} WHERE id > ? AND id <= ? AND {which}",
            (self._from[table], rows[-1][0]),
        )
        self._from[table] = rows[-1][0]
        for attempt in {row[1] for row in rows}:
            of = [row for row in rows if row[1] == attempt]
            used, steps = sum(row[3] for row in of), [row[2] or 0 for row in of]
            self._sizes.drop_rows(table, attempt, len(of), used)
            span = min(steps), max(steps)
            note_dropped(self._db, table, attempt, *span, used, _share_rule(table), len(of))
        return True

    def _gone_upto(self, what: str) -> int:
        """The last block whose chunks of a class an earlier recorder dropped."""
        ((id,),) = self._db.execute(
            "SELECT coalesce(max(b.id), 0) FROM dropped d JOIN blocks b ON b.attempt = d.attempt"
            " AND b.last_step <= d.last_step WHERE d.what = ?",
            (what,),
        ).fetchall()
        return 0 if what in ROWS else int(id)

    def _columns(self, what: str) -> list[int]:
        return [
            int(id)
            for id, name in self._db.execute("SELECT id, name FROM columns").fetchall()
            if class_of(name) == what
        ]


def note_dropped(
    db: sqlite3.Connection,
    what: str,
    attempt: int,
    first: int,
    last: int,
    used: int,
    rule: str,
    rows: int = 0,
) -> None:
    """Add to what the record says was dropped; within a transaction."""
    db.execute(
        "INSERT INTO dropped (attempt, what, first_step, last_step, bytes, rows, rule)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (attempt, what, rule) DO UPDATE SET"
        " first_step = min(first_step, excluded.first_step),"
        " last_step = max(last_step, excluded.last_step),"
        " bytes = bytes + excluded.bytes, rows = rows + excluded.rows",
        (attempt, what, first, last, used, rows, rule),
    )


def _share_rule(what: str) -> str:
    share = SHARES[what]
    return f"more than 1/{round(1 / share)} of keep_bytes"
