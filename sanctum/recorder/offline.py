"""Writing a record without a trainer: importers hand frames over, each with its own time.

What is not finished is not there: the record is written aside and takes its place at the end, and
so do its episodes in the hall of fame.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from sanctum.errors import RecordError, UsageError
from sanctum.model.answers import HallEntry
from sanctum.model.readings import number
from sanctum.record.hall import SIZE, Busy, Hall
from sanctum.record.writer import Writer
from sanctum.recorder.cause import Cause
from sanctum.recorder.claim import locked
from sanctum.recorder.clock import Clock
from sanctum.recorder.fame import Fame
from sanctum.recorder.ingest import Ingest
from sanctum.telemetry import Frame, RunStarted
from sanctum.wire.places import (
    IMPORTING,
    Origin,
    RunFile,
    fit_run_id,
    hall_path,
    home,
    read_run_file,
    record_path,
    run_file_path,
    socket_path,
    write_run_file,
)
from sanctum.wire.processes import boot_id, is_alive

TICK_FRAMES = 512
WITHIN_S = 2.0
_TAILS = ("", "-wal", "-shm", "-journal")
_UNSAID = "how it ended was not told; the next training begins here"
_NEXT = Cause("ended", None, _UNSAID, None, _UNSAID)


class _Told(Clock):
    """The wall time of the newest frame, however long ago that was."""

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time

    def at(self, monotonic: float) -> float:
        return self.time


class _Held(Hall):
    """A hall of fame that is written at the end: the best episodes wait in memory until then."""

    def __init__(self, path: Path, task: str) -> None:
        super().__init__(path, task)
        self._best: list[tuple[float, HallEntry, float, bytes]] = []

    def floor(self) -> float:
        return max(super().floor(), self._best[-1][0] if len(self._best) == SIZE else -1e300)

    def keep(self, entry: HallEntry, started: float, data: bytes) -> bool:
        accuracy = number(entry.accuracy)
        assert accuracy is not None
        self._best.append((accuracy, entry, started, data))
        self._best.sort(key=lambda one: -one[0])
        del self._best[SIZE:]
        return True

    def write(self) -> None:
        """Put them into the file, unless they are there under the name of another run.

        The same recording may be imported under several. Raises RecordError.
        """
        deadline = time.monotonic() + WITHIN_S
        there = [_episode(one) for one in self.list().rows]
        self._best = [one for one in self._best if _episode(one[1]) not in there]
        while self._best:
            _, *one = self._best[0]
            try:
                super().keep(*one)  # type: ignore[arg-type]
            except Busy:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
            else:
                del self._best[0]


def _episode(entry: HallEntry) -> HallEntry:
    """An entry without what depends on where it stands."""
    return msgspec.structs.replace(
        entry, rank=0, id=0, run_id="", pinned=False, used_bytes=0, time=None
    )


class Made(NamedTuple):
    """What a record that was made holds: how its last attempt ended and why, and rows by kind.

    `lost` counts readings that the sender says are missing.
    """

    run_id: str
    how: str
    why: str | None
    steps: int
    updates: int
    episodes: int
    events: int
    lost: int
    used_bytes: int


class Offline:
    """One record in the making. `finish` puts it in its place, `discard` leaves nothing.

    `origin` is what it is made from. Raises UsageError when a record of that id is there already
    that was made from something else, unless `replace`, or when somebody writes it; RecordError
    where nothing can be written.
    """

    def __init__(self, run_id: str, *, replace: bool = False, origin: Origin | None = None) -> None:
        self.run_id = fit_run_id(run_id)
        self.record = record_path(self.run_id)
        self.trouble: str | None = None
        self._origin = origin
        self._lock: int | None = None
        self._clock = _Told()
        self._fame: Fame | None = None
        self._hall: _Held | None = None
        self._header: RunStarted | None = None
        self._began = 0.0
        self._attempts = 0
        self._taken = 0
        self._closed = False
        self._why: str | None = None
        self._aside = self.record.with_name(f".{self.run_id}.{os.getpid()}{IMPORTING}")
        with self._told():
            home().mkdir(parents=True, exist_ok=True)
            self._claim(replace)
            self._remove_remains()
            try:
                self._writer = Writer(self._aside)
            except RecordError as error:  # it names a file that nobody knows
                raise error.__cause__ or error from None
        self._ingest = Ingest(self._writer, self._clock)

    def begin(self, header: RunStarted, time: float) -> None:
        """A run begins, or its next attempt; `time` is when, in seconds since the epoch."""
        if self._header is not None:
            self._ingest.end(_NEXT.how, cause=_NEXT)
        self._clock.time = header.time = time
        header.run_id = self.run_id
        header.pid, header.pid_started, header.host = 0, 0.0, socket.gethostname()
        header.argv, header.directory, header.python = [], "", ""
        if self._header is None:
            self._began = time
            self._hall = _Held(hall_path(header.task), header.task)
            self._fame = Fame(self._hall, self._ingest.reader, self._warn)
            self._ingest.on_episode = self._fame.ended
        self._header = header
        self._attempts += 1
        self._ingest.begin(header, float(self._attempts), boot_id())

    def take(self, frame: Frame) -> None:
        """Write one frame."""
        self._clock.time = getattr(frame, "time", 0.0) or self._clock.time
        self._ingest.take(frame)
        self._taken += 1
        if self._taken % TICK_FRAMES == 0:
            self._ingest.tick()
            self._look_at_disk()
            if self._fame is not None:
                self._fame.tick()

    @property
    def refused(self) -> int:
        """How many frames made no sense."""
        return self._ingest.refused

    def finish(self) -> Made:
        """Everything is said; the record at its place. Raises RecordError when it cannot be."""
        try:
            if self._header is None:
                raise RecordError("nothing was imported")
            self._ingest.end("ended")
            assert self._fame is not None
            assert self._hall is not None
            self._fame.settle()
            try:
                self._hall.write()
            except RecordError as error:
                self._warn(f"the hall of fame is not written: {error.sentence}")
            steps, updates, episodes, events, lost = self._counts()
            self._close()
            self._look_at_disk()
            if self.trouble is not None:
                raise RecordError(f"{self.record} cannot be written: {self.trouble}")
            with self._told():
                self._take_its_place()
        finally:
            self.discard()
        how, why = self._ingest.ended or "ended", self._why
        used = self.record.stat().st_size
        return Made(self.run_id, how, why, steps, updates, episodes, events, lost, used)

    def discard(self) -> None:
        """Leave nothing behind of what is not finished; harmless when it is."""
        if not self._closed:
            self._close()
        self._let_go()

    def _counts(self) -> tuple[int, int, int, int, int]:
        """Steps, updates, episodes, events and what was lost, over all attempts."""
        reader = self._ingest.reader
        last = reader.last_attempt()
        self._why = last.why if last is not None else None
        (found,) = reader.rows(
            "SELECT (SELECT coalesce(sum(rows), 0) FROM blocks), (SELECT count(*) FROM updates),"
            " (SELECT count(*) FROM episodes), (SELECT count(*) FROM events),"
            " (SELECT coalesce(sum(count), 0) FROM gaps)"
        )
        steps, updates, episodes, events, lost = map(int, found)
        return steps, updates, episodes, events, lost

    def _close(self) -> None:
        self._closed = True
        with contextlib.suppress(sqlite3.Error):
            self._writer.close(self._clock.now())

    def _claim(self, replace: bool) -> None:
        """Refuse an id that is taken; nobody else takes it from here on."""
        file = read_run_file(run_file_path(self.record))
        if file is not None and file.has_trainer:
            raise UsageError(
                f"run {self.run_id} is live: process {file.pid} writes it",
                "give another name with --run-id",
            )
        if self.record.exists() and not (replace or self._is_again(file)):
            raise UsageError(
                f"there is a run {self.run_id} already: {self.record}",
                "give another name with --run-id, or --force to replace it",
            )
        self._lock = locked(self.record, file, is_ours=False)
        if self._lock is None:
            raise UsageError(
                f"run {self.run_id} is being written by another process",
                "wait for it, or give another name with --run-id",
            )

    def _is_again(self, file: RunFile | None) -> bool:
        """Whether the record that is there was made from the same file."""
        before = None if file is None else file.origin
        return before is not None and self._origin is not None and before.path == self._origin.path

    def _take_its_place(self) -> None:
        """Put the record where it belongs, and let nobody answer from the one before it."""
        with self._aside.open("rb") as file:
            os.fsync(file.fileno())
        for tail in _TAILS[1:]:
            Path(f"{self.record}{tail}").unlink(missing_ok=True)
        self._aside.replace(self.record)
        write_run_file(self._file())
        deadline = time.monotonic() + WITHIN_S
        while time.monotonic() < deadline and _is_read(self.record):
            time.sleep(0.05)

    def _look_at_disk(self) -> None:
        """A disk that takes nothing ends an import: half a record would be none."""
        if self._writer.stopped is not None:
            self.trouble = self._writer.stopped[1]

    def _warn(self, text: str) -> None:
        self._ingest.warn("hall", text)

    def _file(self) -> RunFile:
        assert self._header is not None
        return RunFile(
            self.run_id,
            str(self.record),
            self._header.task,
            self._header.envs,
            boot_id=boot_id(),
            host=socket.gethostname(),
            started=self._began,
            ended=self._clock.now(),
            how=self._ingest.ended,
            last_step=self._ingest.last_step,
            origin=self._origin,
        )

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """What the disk refuses as a sentence, with nothing left behind."""
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            self._let_go()
            why = getattr(error, "strerror", None) or str(error)
            raise RecordError(
                f"no record can be written in {home()}: {why[:1].lower()}{why[1:]}",
                "SANCTUM_HOME names another folder",
            ) from error
        except BaseException:
            self._let_go()
            raise

    def _let_go(self) -> None:
        if self._lock is not None:
            self._remove(self._aside)
            if not self.record.exists():
                self.record.with_name(f".{self.record.name}.lock").unlink(missing_ok=True)
            os.close(self._lock)
            self._lock = None

    def _remove_remains(self) -> None:
        """Remove what imports left that were killed."""
        for path in home().glob(f".*{IMPORTING}"):
            pid = path.name.removesuffix(IMPORTING).rpartition(".")[2]
            if path == self._aside or not (pid.isdecimal() and is_alive(int(pid), 0.0)):
                self._remove(path)

    def _remove(self, path: Path) -> None:
        for tail in _TAILS:
            with contextlib.suppress(OSError):
                Path(f"{path}{tail}").unlink(missing_ok=True)


def _is_read(record: Path) -> bool:
    """Whether a reader answers for a record."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
        try:
            link.connect(os.fspath(socket_path(record, reading=True)))
        except OSError:
            return False
    return True
