"""Claiming a run id: one recorder writes a record, and a live trainer's id is not shared."""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import signal
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path

from sanctum.errors import RecordError, SanctumError
from sanctum.record.schema import create
from sanctum.telemetry import RunStarted
from sanctum.wire.places import (
    RunFile,
    fit_run_id,
    home,
    read_run_file,
    record_path,
    run_file_path,
)
from sanctum.wire.processes import is_alive
from sanctum.wire.pruning import delete

LEAVE_WITHIN_S = 5.0
HUNG_AFTER_S = 3.0
"""How long a recorder of the same trainer has to leave before it is taken to hang."""
MAX_TRIES = 1000


@dataclass(frozen=True, slots=True)
class Claim:
    """A run id that is ours while `lock` is open, its record, and what the trainer should know."""

    run_id: str
    record: Path
    lock: int
    note: str


def claim(header: RunStarted) -> Claim:
    """The wanted run id, or the next free one (``demo-3-2``) when a live trainer uses it.

    A recorder that lingers after its trainer is asked to leave. A record of the same id whose
    trainer has gone is continued as a new attempt if it has as many environments and the same task,
    and if it can be written.
    Raises SanctumError when nothing can be written.
    """
    try:
        home().mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SanctumError(f"the record directory {home()} cannot be made: {error}") from error
    wanted = fit_run_id(header.run_id)
    why = ""
    for count in itertools.count(1):
        run_id = wanted if count == 1 else f"{wanted}-{count}"
        record = record_path(run_id)
        before = read_run_file(run_file_path(record))
        refusal = _refusal(before, header)
        if refusal is None:
            ours = before is not None and _is_same_trainer(before, header)
            lock = locked(record, before, is_ours=ours)
            if lock is None:
                refusal = f"{run_id} is in use"
            elif refusal := _damage(record):
                os.close(lock)
            else:
                return Claim(run_id, record, lock, _note(header, run_id, why, before, record))
        why = why or refusal or ""
        if count >= MAX_TRIES:
            break
    raise SanctumError(f"no free run id like {wanted} in {home()}")


def make_way(run_id: str) -> bool:
    """Delete the run of that id, which no live trainer may use; False when somebody writes it.

    A recorder that lingers at it is asked to leave.
    """
    record = record_path(run_id)
    file = read_run_file(run_file_path(record)) or RunFile(run_id, str(record))
    lock = locked(record, file, is_ours=False)
    if lock is None:
        return False
    delete(file)
    os.close(lock)
    return True


def _refusal(before: RunFile | None, header: RunStarted) -> str | None:
    """Why the run of `before` cannot be gone on with; None when it can."""
    if before is None:
        return None
    if before.has_trainer and not _is_same_trainer(before, header):
        return f"run {before.run_id} is in use by a live trainer (pid {before.pid})"
    if (before.envs, before.task) != (header.envs, header.task):
        return f"run {before.run_id} is of another task or number of environments"
    return None


def _damage(record: Path) -> str | None:
    """Why the file of a record that we have the lock of cannot be gone on with; None: it can."""
    if not record.exists():
        return None
    try:
        with contextlib.closing(create(record)) as db:
            db.execute("SELECT attempt FROM attempts LIMIT 1").fetchall()
    except (RecordError, sqlite3.DatabaseError) as error:
        return getattr(error, "sentence", str(error))
    return None


def _is_same_trainer(before: RunFile, header: RunStarted) -> bool:
    return (
        before.is_here
        and before.pid == header.pid
        and header.pid_started in (0.0, before.pid_started)
    )


def _note(header: RunStarted, run_id: str, why: str, before: RunFile | None, record: Path) -> str:
    if why:
        return f"{why}; this one is {run_id}"
    if run_id != header.run_id:
        return f"'{header.run_id}' is no run id; this one is {run_id}"
    if before is not None and record.exists() and not _is_going_on(before, header):
        return f"run {run_id} was recorded before; this goes on in its record as a new attempt"
    return ""


def _is_going_on(before: RunFile, header: RunStarted) -> bool:
    """Whether this recorder follows one that died, of the same trainer in the same run."""
    return before.how is None and _is_same_trainer(before, header)


def locked(record: Path, before: RunFile | None, *, is_ours: bool) -> int | None:
    """The lock of a record; None when another recorder keeps it.

    One that does not leave is ended when it `is_ours`: it hangs, and its trainer gave it up.
    """
    lock = os.open(record.with_name(f".{record.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    if _take(lock):
        return lock
    if before is not None and before.has_recorder:
        with contextlib.suppress(OSError):
            os.kill(before.recorder, signal.SIGTERM)
        began = time.monotonic()
        while (waited_s := time.monotonic() - began) < LEAVE_WITHIN_S:
            if is_ours and waited_s > HUNG_AFTER_S and before.has_recorder:
                with contextlib.suppress(OSError):
                    os.kill(before.recorder, signal.SIGKILL)
            if _take(lock):
                return lock
            if not is_alive(before.recorder, before.recorder_started) and _take(lock):
                return lock
            time.sleep(0.02)
    os.close(lock)
    return None


def _take(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
