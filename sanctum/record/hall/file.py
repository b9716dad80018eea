"""The hall's file: one SQLite database a task, which several recorders write at once.

    entries   one row an episode: what it is ranked by, and what else the hall says of it (JSON)
    records   the episodes themselves: compressed SQLite files with the tables of any record

It keeps a rollback journal, so one file holds all, opens on read-only media and outlives a recorder
killed in the middle of a write. Connections are opened for one transaction and closed.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from sanctum.errors import RecordError

APPLICATION_ID = 0x53616E48
VERSION = 1
READ_WITHIN_MS = 1000
WRITE_WITHIN_MS = 50

_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE entries (
    id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL, attempt INTEGER NOT NULL,
    started REAL NOT NULL, env INTEGER NOT NULL, episode INTEGER NOT NULL,
    first_step INTEGER NOT NULL, best_step INTEGER NOT NULL, last_step INTEGER NOT NULL,
    accuracy REAL NOT NULL, time REAL, pinned INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL,
    about TEXT NOT NULL, UNIQUE (run_id, attempt, started, env, last_step));
CREATE INDEX entries_by_rank ON entries (accuracy DESC, id);
CREATE TABLE records (id INTEGER PRIMARY KEY, data BLOB NOT NULL);
"""


class Busy(RecordError):
    """Another recorder is writing just now."""


@contextlib.contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection | None]:
    """A connection to read with; None where there is no file yet. Raises RecordError."""
    if not path.exists():
        yield None
        return
    with contextlib.ExitStack() as held, _told(path):
        try:
            db = held.enter_context(contextlib.closing(_connected(path, READ_WITHIN_MS)))
            is_empty = _is_empty(db, path)
        except sqlite3.OperationalError:
            if not _journal(path).exists():
                raise
            aside = held.enter_context(tempfile.TemporaryDirectory(prefix="sanctum-"))
            db = held.enter_context(contextlib.closing(_recovered(path, Path(aside))))
            is_empty = _is_empty(db, path)
        yield None if is_empty else db


@contextlib.contextmanager
def writing(path: Path, task: str) -> Iterator[sqlite3.Connection]:
    """A connection in a transaction, committed when left; makes the file. Raises RecordError."""
    with _told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.closing(_connected(path, WRITE_WITHIN_MS, "rwc")) as db:
            db.execute("BEGIN IMMEDIATE")
            if _is_empty(db, path):
                for statement in filter(str.strip, _TABLES.split(";")):
                    db.execute(statement)
                db.execute("INSERT INTO meta VALUES ('task', ?)", (task,))
                db.execute(f"PRAGMA application_id={APPLICATION_ID}")
                db.execute(f"PRAGMA user_version={VERSION}")
            yield db
            db.execute("COMMIT")


def is_hall(path: Path) -> bool:
    """Whether the file at `path` is a hall of fame."""
    try:
        with path.open("rb") as start:
            head = start.read(72)
    except OSError:
        return False
    return head.startswith(b"SQLite format 3\0") and head[68:72] == APPLICATION_ID.to_bytes(
        4, "big"
    )


def task_of(path: Path) -> str:
    """The task whose hall is at `path`. Raises RecordError."""
    with reading(path) as db:
        found = db.execute("SELECT value FROM meta WHERE key = 'task'").fetchall() if db else []
    return str(found[0][0]) if found else path.name.partition(".")[0]


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    """Errors of the file as a sentence."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
            raise Busy(f"the hall of fame {path} is being written; try again") from error
        raise RecordError(f"the hall of fame {path} cannot be used: {error}") from error


def _connected(path: Path, within_ms: int, mode: str = "rw") -> sqlite3.Connection:
    place = quote(str(path.absolute()))
    db = sqlite3.connect(f"file:{place}?mode={mode}", uri=True, isolation_level=None)
    db.execute(f"PRAGMA busy_timeout={within_ms}")
    return db


def _is_empty(db: sqlite3.Connection, path: Path) -> bool:
    """Whether nothing is in the file yet. Raises RecordError for one that is no hall of ours."""
    (application,) = db.execute("PRAGMA application_id").fetchone()
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if application == APPLICATION_ID:
        if version > VERSION:
            raise RecordError(
                f"{path} was written by a newer Sanctum (format {version}; this one reads"
                f" {VERSION})",
                "python -m pip install --upgrade sanctum",
            )
        return False
    if application or db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        raise RecordError(f"{path} is not a hall of fame of Sanctum's", "move it aside")
    return True


def _recovered(path: Path, aside: Path) -> sqlite3.Connection:
    """The state before a write that was broken off, where nothing may be written."""
    copy = aside / path.name
    for place, to in ((path, copy), (_journal(path), _journal(copy))):
        shutil.copyfile(place, to)
    return _connected(copy, READ_WITHIN_MS)


def _journal(path: Path) -> Path:
    return path.with_name(f"{path.name}-journal")
