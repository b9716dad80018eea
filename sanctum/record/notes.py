"""Notes: lines that a person puts on the timeline of a run."""

from __future__ import annotations

import os
import socket
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sanctum.errors import SanctumError, UsageError
from sanctum.model.answers import Event
from sanctum.record.moments import Scope
from sanctum.record.questions.events import event
from sanctum.record.writer import Writer
from sanctum.telemetry import NOTE, SEVERITIES

MAX_CHARACTERS = 1000
_INSERT = (
    "INSERT INTO events (attempt, step, time, severity, type, text)"
    f" VALUES (?, ?, ?, {SEVERITIES.index('info')}, '{NOTE}', ?)"
)


def note_add(of: Scope, path: Path, writer: Writer | None, text: str) -> Event:
    """Put `text` on the timeline at the moment of `of`; gives the event as it was written.

    In a live run through its `writer`, in a recorded one by a connection that is closed at once.
    Raises UsageError for what is no note, SanctumError where the record cannot be written.
    """
    line = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    if not line:
        raise UsageError("an empty note", "as in note 'learning rate halved'")
    if len(line) > MAX_CHARACTERS:
        raise UsageError(
            f"a note has at most {MAX_CHARACTERS:,} characters; this one has {len(line):,}"
        )
    if of.at.hall is not None:
        raise UsageError(
            "an entry of the hall of fame is kept as it was: notes go on the timeline of a run",
            "at live",
        )
    moment = of.now if of.is_now or of.at.time is None else of.at.time
    row = (of.attempt.attempt, of.at.step, moment, line)
    id = _written(of, path, row) if writer is None else _queued(of, writer, row)
    return event(
        (id, row[0], row[1], row[2], SEVERITIES.index("info"), NOTE, None, None, line, b"")
    )


def _queued(of: Scope, writer: Writer, row: tuple[Any, ...]) -> int:
    """Its number, once the database has it; 0 while a full disk keeps it in memory alone."""
    writer.insert(_INSERT, *row)
    found = of.reader.rows(
        "SELECT max(id) FROM events WHERE attempt = ? AND type = ? AND text = ?",
        row[0],
        NOTE,
        row[-1],
    )
    return int(found[0][0] or 0)


def _written(of: Scope, path: Path, row: tuple[Any, ...]) -> int:
    host, name = of.header.host, of.header.run_id
    if of.attempt.ended is None and host not in ("", socket.gethostname()):
        raise SanctumError(
            f"{name} was recorded on {host}, where it may still be written to: note it there",
            f"ssh -t {host} sanctum shell {name}",
        )
    if not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
        raise SanctumError(f"{path} cannot be written to, so it takes no note")
    try:
        place = f"file:{quote(str(path.absolute()))}?mode=rw"
        db = sqlite3.connect(place, uri=True, isolation_level=None)
        try:
            db.execute("PRAGMA busy_timeout=1000")
            return int(db.execute(_INSERT, row).lastrowid or 0)
        finally:
            db.close()
    except sqlite3.Error as error:
        raise SanctumError(f"{path} takes no note: {error}") from error
