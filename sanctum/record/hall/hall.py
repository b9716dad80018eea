"""`Hall`: the file that all runs of a task share, and the entries in it.

The ten best episodes of a task by peak accuracy; of two equal ones the earlier stays. An entry
that is pinned stays for good, after the ten when ten others are better. One that is neither goes
when the next is kept. An episode is known by its run, attempt, environment and last step, and by
when that attempt began: a run id that another run takes up later is another run.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections import OrderedDict
from pathlib import Path
from typing import Any

import msgspec

from sanctum.errors import NoDataYet, SanctumError, UsageError
from sanctum.model.answers import HallAnswer, HallEntry
from sanctum.model.readings import number
from sanctum.record.hall.copying import opened, packed, unpacked
from sanctum.record.hall.file import reading, writing
from sanctum.record.reader import Reader

SIZE = 10
KEPT_READERS = 4
_ABOUT = ("accuracy", "final_accuracy", "fall", "episode_return", "growth", "seeds")
_COLUMNS = (
    "run_id",
    "attempt",
    "env",
    "episode",
    "first_step",
    "best_step",
    "last_step",
    "time",
)
_BY_RANK = "ORDER BY accuracy DESC, id"


class Hall:
    """The hall of fame of one task, in the file at `path`, which need not be there yet."""

    def __init__(self, path: Path, task: str) -> None:
        self.path = path
        self.task = task
        self._readers: OrderedDict[tuple[int, float, int, int], Reader] = OrderedDict()

    def list(self, worst: bool = False, limit: int | None = None) -> HallAnswer:
        """The best episodes, then what is pinned beyond them; or by fall, the largest first."""
        with reading(self.path) as db:
            rows = [] if db is None else _entries(db)
        if worst:
            rows.sort(key=_fall)
        return HallAnswer(self.task, str(self.path), rows[:limit], SIZE)

    def entry(self, rank: int) -> HallEntry:
        """One entry. Raises UsageError for a rank that is not there, NoDataYet in an empty hall."""
        return _ranked(self.list().rows, rank, self.task)

    def by_id(self, id: int) -> HallEntry:
        """The entry that is called so whatever its rank. Raises UsageError."""
        for one in self.list().rows:
            if one.id == id:
                return one
        raise UsageError(f"entry e{id} is not in the hall of fame of {self.task}", "hall")

    def pin(self, rank: int, pinned: bool) -> HallEntry:
        """Keep an entry for good, or no longer."""
        if not self.path.exists():
            return self.entry(rank)
        with writing(self.path, self.task) as db:
            found = _ranked(_entries(db), rank, self.task)
            db.execute("UPDATE entries SET pinned = ? WHERE id = ?", (int(pinned), found.id))
        return msgspec.structs.replace(found, pinned=pinned)

    def export(self, rank: int, path: Path, force: bool = False) -> HallEntry:
        """Write an entry as a record of its own. Raises UsageError, SanctumError."""
        found = self.entry(rank)
        if not path.is_absolute():
            raise UsageError(f"{path} is not a whole path")
        if path.is_dir():
            raise UsageError(f"{path} is a folder", f"{path}/NAME.sanctum.db")
        if path.resolve() == self.path.resolve() or Path(f"{path}-wal").exists():
            raise UsageError(f"{path} is in use", "give another name")
        if path.exists() and not force:
            raise UsageError(f"{path} is there already", "--force replaces it")
        aside = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            aside.write_bytes(self._record(found))
            aside.replace(path)
        except OSError as error:
            with contextlib.suppress(OSError):
                aside.unlink(missing_ok=True)
            why = f"no such folder: {path.parent}"
            if path.parent.is_dir():
                why = f"{path} cannot be written: {(error.strerror or str(error)).lower()}"
            raise SanctumError(why) from error
        return found

    def reader(self, entry: HallEntry) -> Reader:
        """The record of an entry; the last few stay open."""
        key = (entry.id, entry.time or 0.0, entry.env, entry.last_step)
        found = self._readers.pop(key, None)
        if found is None:
            found = opened(self._record(entry))
            while len(self._readers) >= KEPT_READERS:
                self._readers.popitem(last=False)[1].db.close()
        self._readers[key] = found
        return found

    def floor(self) -> float:
        """What an accuracy has to exceed to be kept; below everything while there is room."""
        with reading(self.path) as db:
            return float("-inf") if db is None else _floor(db)

    def keep(self, entry: HallEntry, started: float, data: bytes) -> bool:
        """Keep an episode with its record; False when ten are better or it is there already.

        `started` is when its attempt began. Raises RecordError when the file cannot be written.
        """
        accuracy = number(entry.accuracy)
        assert accuracy is not None
        small = packed(data)
        about = msgspec.json.encode({name: getattr(entry, name) for name in _ABOUT}).decode()
        values = [getattr(entry, name) for name in _COLUMNS]
        with writing(self.path, self.task) as db:
            if accuracy <= _floor(db):
                return False
            kept = db.execute(
                f"INSERT OR IGNORE INTO entries ({', '.join(_COLUMNS)}, started, accuracy, bytes,"
                " about) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*values, started, accuracy, len(small), about),
            )
            if not kept.rowcount:
                return False
            db.execute("INSERT INTO records VALUES (?, ?)", (kept.lastrowid, small))
            over = db.execute(f"SELECT id, pinned FROM entries {_BY_RANK}").fetchall()[SIZE:]
            for id, pinned in over:
                if not pinned:
                    db.execute("DELETE FROM records WHERE id = ?", (id,))
                    db.execute("DELETE FROM entries WHERE id = ?", (id,))
        return True

    def _record(self, entry: HallEntry) -> bytes:
        with reading(self.path) as db:
            found = (
                []
                if db is None
                else db.execute("SELECT data FROM records WHERE id = ?", (entry.id,)).fetchall()
            )
        if not found:
            raise UsageError(f"rank {entry.rank} has just left the hall of fame", "hall")
        return unpacked(found[0][0])


def _ranked(rows: list[HallEntry], rank: int, task: str) -> HallEntry:
    if not rows:
        raise NoDataYet(
            f"the hall of fame of {task} is empty",
            "episodes that end with an accuracy fill it; it is kept where SANCTUM_HOME says",
        )
    if not 1 <= rank <= len(rows):
        there = f"{len(rows)} entries, 1 to {len(rows)}" if len(rows) > 1 else "1 entry"
        raise UsageError(f"no rank {rank}: the hall of fame of {task} has {there}", "hall")
    return rows[rank - 1]


def _entries(db: sqlite3.Connection) -> list[HallEntry]:
    """Every entry by rank."""
    rows = db.execute(
        f"SELECT id, pinned, bytes, about, {', '.join(_COLUMNS)} FROM entries {_BY_RANK}"
    ).fetchall()
    return [_entry(rank, row) for rank, row in enumerate(rows, 1)]


def _entry(rank: int, row: tuple[Any, ...]) -> HallEntry:
    id, pinned, used_bytes, about, *values = row
    said: dict[str, Any] = msgspec.json.decode(about)
    said |= dict(zip(_COLUMNS, values, strict=True))
    said |= {"rank": rank, "id": id, "pinned": bool(pinned), "used_bytes": used_bytes}
    return msgspec.convert(said, HallEntry)


def _floor(db: sqlite3.Connection) -> float:
    found = db.execute(
        f"SELECT accuracy FROM entries {_BY_RANK} LIMIT 1 OFFSET ?", (SIZE - 1,)
    ).fetchall()
    return float(found[0][0]) if found else float("-inf")


def _fall(entry: HallEntry) -> tuple[bool, float]:
    fall = number(entry.fall)
    return (True, 0.0) if fall is None or fall != fall else (False, -fall)
