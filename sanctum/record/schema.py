"""The file: its tables, its version, and the ways to open it.

    attempts   one row per trainer's process: header, start, end
    columns    what is measured per environment: name, dtype, width, class
    words      texts that columns hold as codes (stages, blueprints, gates)
    blocks     stretches of vector steps: their steps, times, and what was known before them
    chunks     one column's cells in one block, for some environments; shuffled and compressed
    segments   the cells of the newest, still open block, as they were flushed
    updates, events, episodes, vitals, gaps, weights, findings, pins: one row each
    dropped    what gave way to hold the record to its size: one row a class and rule
    tallies    what had become of seeds by some event, so that nobody has to read all of them
    late       cells that were said of earlier steps: which, when, and what was there before

A block's cells are in its chunks once it is full, and in segments until then. `said` is the step at
which a row was said, where that is known. The version changes when an older program could not read
a newer file; what an older file lacks is added when it is written to.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from pathlib import Path
from urllib.parse import quote

from sanctum.errors import RecordError
from sanctum.telemetry.amounts import spelled

APPLICATION_ID = 0x53616E63
VERSION = 1
PAGE_BYTES = 4096
"""Small, since every flush writes the whole of each page it touches."""

_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE attempts (
    attempt INTEGER PRIMARY KEY, header BLOB NOT NULL, pid INTEGER, pid_started REAL, boot_id TEXT,
    started REAL NOT NULL, first_step INTEGER, last_step INTEGER, last_time REAL,
    ended REAL, how TEXT, exception TEXT, traceback TEXT, signal TEXT, why TEXT);
CREATE TABLE columns (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, dtype TEXT NOT NULL, width INTEGER NOT NULL,
    class TEXT NOT NULL);
CREATE TABLE words (id INTEGER PRIMARY KEY, word TEXT NOT NULL UNIQUE);
CREATE TABLE blocks (
    id INTEGER PRIMARY KEY, attempt INTEGER NOT NULL, first_step INTEGER NOT NULL,
    last_step INTEGER NOT NULL, first_time REAL NOT NULL, last_time REAL NOT NULL,
    rows INTEGER NOT NULL, sealed INTEGER NOT NULL, steps BLOB, times BLOB, carry BLOB,
    pinned INTEGER NOT NULL DEFAULT 0);
CREATE INDEX blocks_by_step ON blocks (attempt, first_step);
CREATE TABLE chunks (
    id INTEGER PRIMARY KEY, block INTEGER NOT NULL, column INTEGER NOT NULL, env0 INTEGER NOT NULL,
    envs INTEGER NOT NULL, dtype TEXT NOT NULL, low REAL, high REAL, nonfinite INTEGER NOT NULL,
    absent INTEGER NOT NULL, bytes INTEGER NOT NULL, states BLOB, data BLOB NOT NULL);
CREATE UNIQUE INDEX chunks_by_column ON chunks (column, block, env0);
CREATE INDEX chunks_by_block ON chunks (block);
CREATE TABLE segments (id INTEGER PRIMARY KEY, block INTEGER NOT NULL, data BLOB NOT NULL);
CREATE TABLE updates (
    id INTEGER PRIMARY KEY, attempt INTEGER NOT NULL, number INTEGER NOT NULL, step INTEGER,
    first_step INTEGER, last_step INTEGER, time REAL NOT NULL, data BLOB NOT NULL, said INTEGER);
CREATE INDEX updates_by_step ON updates (attempt, step);
CREATE INDEX updates_by_number ON updates (attempt, number);
CREATE TABLE events (
    id INTEGER PRIMARY KEY, attempt INTEGER NOT NULL, step INTEGER, time REAL NOT NULL,
    severity INTEGER NOT NULL, type TEXT NOT NULL, env INTEGER, slot TEXT, text TEXT NOT NULL,
    data BLOB, said INTEGER);
CREATE INDEX events_by_step ON events (attempt, step);
CREATE INDEX events_by_severity ON events (severity, id);
CREATE INDEX events_by_env ON events (env, id);
CREATE TABLE episodes (
    id INTEGER PRIMARY KEY, attempt INTEGER NOT NULL, env INTEGER NOT NULL,
    episode INTEGER NOT NULL, step INTEGER NOT NULL, time REAL NOT NULL, data BLOB NOT NULL,
    said INTEGER);
CREATE INDEX episodes_by_step ON episodes (attempt, step);
CREATE TABLE vitals (
    id INTEGER PRIMARY KEY, attempt INTEGER NOT NULL, step INTEGER, time REAL NOT NULL,
    data BLOB NOT NULL);
CREATE INDEX vitals_by_time ON vitals (time);
CREATE TABLE gaps (
    id INTEGER PRIMARY KEY, attempt INTEGER NOT NULL, what TEXT NOT NULL, first_step INTEGER,
    last_step INTEGER, time REAL NOT NULL, count INTEGER NOT NULL, reason TEXT NOT NULL,
    said INTEGER);
CREATE TABLE weights (
    id INTEGER PRIMARY KEY, attempt INTEGER NOT NULL, number INTEGER NOT NULL, step INTEGER,
    factory TEXT, pinned INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL, data BLOB NOT NULL);
CREATE TABLE findings (
    id INTEGER PRIMARY KEY, attempt INTEGER NOT NULL, rule TEXT NOT NULL, first_step INTEGER,
    last_step INTEGER, data BLOB NOT NULL);
CREATE TABLE pins (
    id INTEGER PRIMARY KEY, attempt INTEGER NOT NULL, first_step INTEGER, last_step INTEGER,
    env INTEGER, reason TEXT NOT NULL);
"""
_LATE = """
CREATE TABLE late (
    id INTEGER PRIMARY KEY, attempt INTEGER NOT NULL, name TEXT NOT NULL, env INTEGER,
    first_step INTEGER NOT NULL, last_step INTEGER NOT NULL, said INTEGER NOT NULL, before BLOB);
CREATE INDEX late_by_said ON late (attempt, said, first_step);
"""
_DROPPED = """
CREATE TABLE IF NOT EXISTS dropped (
    attempt INTEGER NOT NULL, what TEXT NOT NULL, first_step INTEGER NOT NULL,
    last_step INTEGER NOT NULL, bytes INTEGER NOT NULL, rows INTEGER NOT NULL, rule TEXT NOT NULL,
    PRIMARY KEY (attempt, what, rule));
"""
_TALLIES = """
CREATE TABLE IF NOT EXISTS tallies (
    attempt INTEGER NOT NULL, last INTEGER NOT NULL, newest INTEGER NOT NULL,
    oldest INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (attempt, last));
"""
_SAID = ("updates", "events", "episodes", "gaps")


def create(path: Path) -> sqlite3.Connection:
    """A new record, or an existing one to go on with; WAL, ready to write.

    Raises RecordError for a file that is none of ours or newer than this program.
    """
    try:
        fresh = not path.exists() or path.stat().st_size == 0
        db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        db.execute("PRAGMA busy_timeout=2000")
        # Who was killed while it laid the tables left a database without any.
        if fresh or not db.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall():
            db.execute("PRAGMA auto_vacuum=INCREMENTAL")
            lay(db, page_bytes=PAGE_BYTES)
        check(db, path)
        db.executescript(_DROPPED + _TALLIES)
        _add_causes(db)
        _bring_up(db)
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=NORMAL")
        db.execute("PRAGMA cache_spill=OFF")
    except (sqlite3.DatabaseError, OSError) as error:
        raise RecordError(f"{path} cannot be opened as a record: {error}") from error
    return db


def lay(db: sqlite3.Connection, *, page_bytes: int) -> None:
    """Make an empty database a record."""
    db.execute(f"PRAGMA page_size={page_bytes}")
    db.execute(f"PRAGMA application_id={APPLICATION_ID}")
    db.execute(f"PRAGMA user_version={VERSION}")
    db.executescript("BEGIN;" + _TABLES + _LATE + _DROPPED + _TALLIES + "COMMIT;")


def has_said(db: sqlite3.Connection) -> bool:
    """Whether the file knows at which step its rows were said; the first ones did not."""
    return bool(db.execute("SELECT 1 FROM sqlite_master WHERE name = 'late'").fetchall())


def _bring_up(db: sqlite3.Connection) -> None:
    """Add to an older record what this version writes."""
    if not has_said(db):
        more = "".join(f"ALTER TABLE {table} ADD COLUMN said INTEGER;" for table in _SAID)
        db.executescript("BEGIN;" + more + _LATE + "COMMIT;")


def _add_causes(db: sqlite3.Connection) -> None:
    """What ended an attempt is kept in columns that the first records lack."""
    if not has_causes(db):
        for column in ("signal", "why"):
            db.execute(f"ALTER TABLE attempts ADD COLUMN {column} TEXT")


def has_causes(db: sqlite3.Connection) -> bool:
    """Whether a record says by which signal an attempt ended, and why."""
    return any(row[1] == "why" for row in db.execute("PRAGMA table_info(attempts)").fetchall())


def open_read_only(path: Path) -> sqlite3.Connection:
    """An existing record, to read only. Raises RecordError with what is the matter.

    A file in WAL mode where nothing may be written is copied with its WAL, recovered, and read from
    the copy, which is gone when the connection is. (``immutable=1`` would silently lose the WAL.)
    """
    if path.is_dir():
        raise RecordError(f"{path} is a folder, not a record")
    if not path.is_file():
        raise RecordError(f"no such file: {path}")
    try:
        with path.open("rb") as start:
            head = start.read(32)
    except OSError as error:
        raise RecordError(f"{path} cannot be read: {(error.strerror or '?').lower()}") from error
    if not head.startswith(b"SQLite format 3\0"):
        raise RecordError(f"{path} is not a record of Sanctum's: it is no SQLite file")
    _check_whole(path, head)
    try:
        try:
            return _checked(path, path)
        except sqlite3.OperationalError:
            if head[18:20] != b"\2\2":
                raise
            return _recovered(path)
    except (sqlite3.DatabaseError, OSError) as error:
        raise RecordError(f"{path} cannot be opened as a record: {error}") from error


def _check_whole(path: Path, head: bytes) -> None:
    """Refuse a file that was cut short. Of one with a WAL its own head does not tell how long."""
    if len(head) == 32 and Path(f"{path}-wal").exists():
        return
    pages, page = int.from_bytes(head[28:32], "big"), int.from_bytes(head[16:18], "big")
    there, wanted = path.stat().st_size, pages * (65536 if page == 1 else page)
    if len(head) < 32 or there < wanted:
        of = f" of {spelled(wanted)}" if len(head) == 32 else ""
        raise RecordError(f"{path} was cut short: {spelled(there)}{of} are there")


def _checked(place: Path, path: Path) -> sqlite3.Connection:
    """The file at `place`, which stands for the record at `path`."""
    db = sqlite3.connect(
        f"file:{quote(str(place.absolute()))}?mode=ro", uri=True, isolation_level=None
    )
    try:
        db.execute("PRAGMA busy_timeout=2000")
        db.execute("PRAGMA query_only=1")
        check(db, path)
    except BaseException:
        db.close()
        raise
    return db


def _recovered(path: Path) -> sqlite3.Connection:
    with tempfile.TemporaryDirectory(prefix="sanctum-") as aside:
        copy = Path(aside) / path.name
        for tail in ("", "-wal"):
            if Path(f"{path}{tail}").exists():
                shutil.copyfile(f"{path}{tail}", f"{copy}{tail}")
        db = sqlite3.connect(copy, isolation_level=None)
        try:
            finish(db)
        finally:
            db.close()
        return _checked(copy, path)


def check(db: sqlite3.Connection, path: Path) -> None:
    """Refuse files that are not records, or are newer. Raises RecordError."""
    (application,) = db.execute("PRAGMA application_id").fetchone()
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise RecordError(f"{path} is an SQLite file, but not a record of Sanctum's")
    if version > VERSION:
        raise RecordError(
            f"{path} was written by a newer Sanctum (format {version}; this one reads {VERSION})",
            "python -m pip install --upgrade sanctum",
        )


def finish(db: sqlite3.Connection) -> None:
    """Fold the WAL into the file and leave WAL mode, so that it opens on read-only media."""
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.execute("PRAGMA journal_mode=DELETE")
