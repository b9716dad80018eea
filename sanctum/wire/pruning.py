"""Pruning the record directory: what runs take on disk, what may go, and its deletion.

Only runs of this machine that have ended go, and only files of the record directory itself; never
one that a trainer or a recorder is at, nor the hall of fame.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from sanctum.model.answers import DiskUse, Prunable
from sanctum.wire.places import (
    IMPORTING,
    SUFFIX,
    RunFile,
    hall_files,
    home,
    run_file_path,
    run_files,
    summary,
)
from sanctum.wire.processes import is_alive

_ENDED = ("finished", "interrupted", "ended", "failed", "killed", "died", "silent")
_TAILS = ("-wal", "-shm", "-journal")
LEFT_ALONE_S, LOG_LEFT_ALONE_S = 60.0, 24 * 3600.0
"""How old a file without a record has to be: a younger one may be of a run that begins or goes on.
"""


def disk_use() -> list[DiskUse]:
    """What each run takes, the largest first; then the halls of fame."""
    free = {run.run_id for run in prunable(0.0, 0).runs}
    found = []
    for file in run_files():
        record = Path(file.record)
        wal = sum(_size(Path(f"{record}{tail}")) for tail in _TAILS)
        beside = sum(map(_size, _beside(record)))
        state = summary(file).state
        found.append(DiskUse(file.run_id, state, _size(record), wal, beside, file.run_id in free))
    found.sort(key=lambda one: -one.used_bytes)
    halls = [DiskUse(path.name, "hall of fame", _size(path), 0, 0, False) for path in hall_files()]
    return found + halls


def prunable(older_s: float, keep: int) -> Prunable:
    """What may be deleted of runs that ended longer than `older_s` ago, but for the newest `keep`.

    With them go files that lost their record, if they are as old.
    """
    now = time.time()
    ended = [file for file in run_files() if _has_ended(file)]
    old = [file for file in ended[keep:] if now - _ended_at(file) >= older_s]
    runs = [
        msgspec.structs.replace(
            summary(file),
            used_bytes=sum(map(_size, _files(file))),
            ended=_ended_at(file),
        )
        for file in old
    ]
    orphans = [path for path in _orphans() if now - _written_at(path) >= _least_age(path, older_s)]
    return Prunable(runs, [str(path) for path in orphans], sum(map(_size, orphans)))


def prune(found: Prunable) -> int:
    """Delete what was found, where it may still go; gives the bytes that became free."""
    names = {run.run_id for run in found.runs}
    freed = 0
    for file in run_files():
        if file.run_id in names and _has_ended(file):
            with _locked(Path(file.record)) as is_ours:
                if is_ours:
                    freed += sum(map(_deleted, _files(file)))
    wanted = set(found.orphans)
    return freed + sum(_deleted(path) for path in _orphans() if str(path) in wanted)


def delete(file: RunFile) -> None:
    """Delete a run, whatever it is of; for who holds its lock."""
    for path in _files(file):
        _deleted(path)


def _has_ended(file: RunFile) -> bool:
    """Whether it is of this machine and folder, has ended, and nobody is at it."""
    return (
        file.host == socket.gethostname()
        and (file.state in _ENDED or file.how is not None)
        and not file.has_recorder
        and not file.has_trainer
        and Path(file.record).absolute().parent == home()
    )


def _ended_at(file: RunFile) -> float:
    """When it ended; of one that nobody saw end, when its record was last written.

    What was imported is as old as its import, however long ago the run was.
    """
    written = _written_at(Path(file.record))
    imported = written if file.origin is not None else 0.0
    return max(file.ended or 0.0, imported) or written or file.started


def _files(file: RunFile) -> Iterator[Path]:
    """Everything of a run: its record first, its run file and its lock last."""
    record = Path(file.record)
    yield record
    for tail in _TAILS:
        yield Path(f"{record}{tail}")
    yield from _beside(record)


def _beside(record: Path) -> tuple[Path, ...]:
    stem = record.name.removesuffix(SUFFIX)
    return record.with_name(f"{stem}.log"), run_file_path(record), _lock(record)


def _lock(record: Path) -> Path:
    return record.with_name(f".{record.name}.lock")


def _orphans() -> Iterator[Path]:
    """Files of the record directory whose record is not there, and logs of trainings by name."""
    try:
        paths = sorted(home().iterdir())
    except OSError:
        return
    names = {path.name for path in paths}
    runs = {name.removesuffix(SUFFIX) for name in names if name.endswith(SUFFIX)}
    runs |= {name.removesuffix(".json") for name in names if name.endswith(".json")}
    for path in paths:
        name = path.name
        if name.startswith(".") and name.endswith(f"{SUFFIX}.lock"):
            if name[1:].removesuffix(".lock") not in names and not _is_held(path):
                yield path
        elif name.startswith(".") and ".json." in name:
            if not is_alive(_number(name.rpartition(".")[2]), 0.0):
                yield path
        elif name.startswith(".") and IMPORTING in name:
            if not is_alive(_number(name.rpartition(IMPORTING)[0].rpartition(".")[2]), 0.0):
                yield path
        elif name.endswith(tuple(SUFFIX + tail for tail in _TAILS)):
            if name.rpartition("-")[0] not in names:
                yield path
        elif name.endswith(".log") and name.removesuffix(".log") not in runs:
            yield path


def _least_age(path: Path, older_s: float) -> float:
    return max(older_s, LOG_LEFT_ALONE_S if path.suffix == ".log" else LEFT_ALONE_S)


def _is_held(lock: Path) -> bool:
    """Whether a recorder has that lock."""
    with _flock(lock) as is_ours:
        return not is_ours


@contextlib.contextmanager
def _locked(record: Path) -> Iterator[bool]:
    with _flock(_lock(record)) as is_ours:
        yield is_ours


@contextlib.contextmanager
def _flock(path: Path) -> Iterator[bool]:
    """Whether the lock could be had; it is let go at the end. A lock that is not there is free."""
    try:
        lock = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        yield True
        return
    except OSError:
        yield False
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        yield False
    else:
        yield True
    finally:
        os.close(lock)


def _deleted(path: Path) -> int:
    """Delete a file; gives its bytes, 0 when that cannot be done."""
    used = _size(path)
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return 0
    return used


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0


def _written_at(path: Path) -> float:
    try:
        return path.lstat().st_mtime
    except OSError:
        return 0.0


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0
