"""Sizes: how many bytes and rows a record holds by class of data, kept as they are written.

Counting anew would read the whole file; a question about the run is asked ten times a second.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field

from sanctum.model.answers import Size

GROWING = ("updates", "episodes", "vitals", "weights", "events", "gaps")
_BYTES = {"events": "length(text) + coalesce(length(data), 0)", "gaps": "length(reason)"}


def class_of(name: str) -> str:
    """The class of data a column belongs to."""
    stem = name.partition("/")[0]
    if stem in ("probability", "mask"):
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


class Sizes:
    """Counts a record once, then what is new. One thread's.

    The chunks of a file that is written are counted by its writer through `add`.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._tallies = {table: Tally() for table in GROWING}
        self._event_types: set[str] = set()
        self._chunks: dict[str, Size] = {}
        for what, used, rows, first, last in db.execute(
            "SELECT n.class, sum(c.bytes), count(*), min(b.first_step), max(b.last_step)"
            " FROM chunks c JOIN columns n ON n.id = c.column JOIN blocks b ON b.id = c.block"
            " GROUP BY n.class"
        ).fetchall():
            self._chunks[what] = Size(what, int(used), int(rows), int(first), int(last))

    def add(self, what: str, used_bytes: int, chunks: int, first_step: int, last_step: int) -> None:
        """Chunks of a class were written (or taken away, with negative numbers)."""
        size = self._chunks.get(what, Size(what, 0, 0, first_step, last_step))
        self._chunks[what] = Size(
            what,
            size.used_bytes + used_bytes,
            size.rows + chunks,
            min(first_step, size.first_step or 0),
            max(last_step, size.last_step or 0),
        )

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

    def _counted(self, table: str) -> Tally:
        tally = self._tallies[table]
        used = _BYTES.get(table, "length(data)")
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
