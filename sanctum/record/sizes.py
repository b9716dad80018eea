"""Sizes: how many bytes and rows a record holds by class of data, kept as they are written.

Counting anew would read the whole file; a question about the run is asked ten times a second. What
was counted stands in the file itself (``sizes`` in ``meta``), so that opening it is quick.
"""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import dataclass, field

import msgspec

from sanctum.model.answers import Size

GROWING = ("updates", "episodes", "vitals", "weights", "events", "gaps")
ROW_BYTES = 64
"""About what a row takes beside its texts and data: numbers, and its place in every index."""

_BYTES = {"events": "length(text) + coalesce(length(data), 0)", "gaps": "length(reason)"}


def class_of(name: str) -> str:
    """The class of data a column belongs to."""
    stem = name.partition("/")[0]
    if stem in ("probability", "mask", "logit", "mask_rule"):
        return "matrices"
    return {"observation": "observations", "recurrent": "recurrent", "seed": "seeds"}.get(
        stem, "columns"
    )


@dataclass(slots=True)
class Tally:
    """What is known of one growing table: its last row, bytes, and rows by attempt."""

    last_id: int = 0
    used_bytes: int = 0
    rows: dict[int, int] = field(default_factory=dict)


class Stored(msgspec.Struct):
    """What was counted, as the file keeps it."""

    chunks: dict[str, Size]
    tallies: dict[str, Tally]
    event_types: list[str]


_KEY = "sizes"
_stored = msgspec.json.Decoder(Stored)

Counts = tuple[dict[str, Size], dict[str, Tally]]


class Sizes:
    """Counts a record once, then what is new. One thread's.

    The chunks of a file that is written are counted by its writer through `add`.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._tallies = {table: Tally() for table in GROWING}
        self._event_types: set[str] = set()
        self._chunks: dict[str, Size] = {}
        self._changed = False
        if self._recalled():
            return
        with contextlib.suppress(sqlite3.DatabaseError):  # damage: what cannot be counted is not
            for what, used, rows, first, last in db.execute(
                "SELECT n.class, sum(c.bytes), count(*), min(b.first_step), max(b.last_step)"
                " FROM chunks c JOIN columns n ON n.id = c.column JOIN blocks b ON b.id = c.block"
                " GROUP BY n.class"
            ).fetchall():
                self._chunks[what] = Size(what, int(used), int(rows), int(first), int(last))

    def add(self, what: str, used_bytes: int, chunks: int, first_step: int, last_step: int) -> None:
        """Chunks of a class were written (or taken away, with negative numbers)."""
        self._changed = True
        size = self._chunks.get(what, Size(what, 0, 0, first_step, last_step))
        self._chunks[what] = Size(
            what,
            size.used_bytes + used_bytes,
            size.rows + chunks,
            min(first_step, size.first_step or 0),
            max(last_step, size.last_step or 0),
        )

    def store(self) -> None:
        """Put the counts into the file when chunks have come or gone; within a transaction."""
        if not self._changed:
            return
        tallies = {table: self._counted(table) for table in GROWING}
        data = msgspec.json.encode(Stored(self._chunks, tallies, sorted(self._event_types)))
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_KEY, data.decode()))

    def stored(self) -> None:
        """What `store` put into the file is committed."""
        self._changed = False

    def used_bytes(self, what: str) -> int:
        """Bytes of one class of data."""
        if what in GROWING:
            return self._counted(what).used_bytes
        return self._chunks[what].used_bytes if what in self._chunks else 0

    def row_bytes(self, table: str) -> str:
        """What counts as the bytes of a row of a growing table, in SQL."""
        return _BYTES.get(table, "length(data)") + f" + {ROW_BYTES}"

    def kept_from(self, what: str, step: int) -> None:
        """What was there of a class before `step` is gone."""
        size = self._chunks.get(what)
        if size is not None:
            self._changed = True
            self._chunks[what] = msgspec.structs.replace(size, first_step=step)

    def drop_rows(self, table: str, attempt: int, rows: int, used_bytes: int) -> None:
        """Rows of a growing table are gone."""
        self._changed = True
        tally = self._counted(table)
        tally.used_bytes -= used_bytes
        tally.rows[attempt] = tally.rows.get(attempt, 0) - rows

    def copy(self) -> Counts:
        """The counts as they are, for `take`."""
        return (
            dict(self._chunks),
            {
                name: Tally(one.last_id, one.used_bytes, dict(one.rows))
                for name, one in self._tallies.items()
            },
        )

    def take(self, counts: Counts) -> None:
        """Go back to counts that were copied: what came after did not happen."""
        self._changed = True
        self._chunks, self._tallies = counts

    def recount(self) -> None:
        """Rows that were counted are gone or have other ids: count growing tables anew."""
        self._changed = True
        self._tallies = {table: Tally() for table in GROWING}

    def rows(self, table: str, attempt: int) -> int:
        """How many rows of a growing table belong to an attempt."""
        return self._counted(table).rows.get(attempt, 0)

    def event_types(self) -> list[str]:
        """Every type of event in the record."""
        self._counted("events")
        return sorted(self._event_types)

    def all(self) -> list[Size]:
        """Bytes and rows by class of data, the largest first."""
        found = [one for one in self._chunks.values() if one.rows]
        ((used, rows),) = self._db.execute(
            "SELECT coalesce(sum(length(data)), 0), count(*) FROM segments"
        ).fetchall()
        if rows:
            found.append(Size("segments", int(used), int(rows)))
        for table in GROWING:
            tally = self._counted(table)
            if tally.rows:
                found.append(Size(table, tally.used_bytes, sum(tally.rows.values())))
        return sorted(found, key=lambda size: -size.used_bytes)

    def _recalled(self) -> bool:
        """Take the counts that the file keeps; False when it keeps none."""
        try:
            rows = self._db.execute("SELECT value FROM meta WHERE key = ?", (_KEY,)).fetchall()
            kept = _stored.decode(rows[0][0]) if rows else None
        except (sqlite3.DatabaseError, msgspec.MsgspecError):
            return False
        if kept is None:
            return False
        self._chunks, self._event_types = kept.chunks, set(kept.event_types)
        self._tallies |= {name: one for name, one in kept.tallies.items() if name in GROWING}
        return True

    def _counted(self, table: str) -> Tally:
        tally = self._tallies[table]
        used = self.row_bytes(table)
        new = self._db.execute(
            f"SELECT attempt, max(id), count(*), sum({used}) FROM {table} NOT INDEXED"
            " WHERE id > ? GROUP BY +attempt",  # by rowid: only rows that are new are read
            (tally.last_id,),
        ).fetchall()
        if new and table == "events":
            self._event_types |= {
                str(one)
                for (one,) in self._db.execute(
                    "SELECT DISTINCT type FROM events NOT INDEXED WHERE id > ?", (tally.last_id,)
                ).fetchall()
            }
        for attempt, last_id, rows, used_bytes in new:
            tally.last_id = max(tally.last_id, int(last_id))
            tally.used_bytes += int(used_bytes or 0)
            tally.rows[attempt] = tally.rows.get(attempt, 0) + int(rows)
        return tally
