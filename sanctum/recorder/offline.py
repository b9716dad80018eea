"""Writing a record without a trainer: importers hand frames over, each with its own time.

What is not finished is not there: the record is written aside and takes its place at the end.
"""

from __future__ import annotations

import contextlib
import os
import socket
from pathlib import Path

from sanctum.errors import RecordError, UsageError
from sanctum.record.hall import Hall
from sanctum.record.writer import Writer
from sanctum.recorder.clock import Clock
from sanctum.recorder.fame import Fame
from sanctum.recorder.ingest import Ingest
from sanctum.telemetry import Frame, RunStarted
from sanctum.wire.places import (
    SUFFIX,
    RunFile,
    fit_run_id,
    hall_path,
    home,
    read_run_file,
    record_path,
    run_file_path,
    write_run_file,
)
from sanctum.wire.processes import boot_id

TICK_FRAMES = 512


class _Told(Clock):
    """The wall time of the newest frame, however long ago that was."""

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time

    def at(self, monotonic: float) -> float:
        return self.time


class Offline:
    """One record in the making. `finish` puts it in its place, `discard` leaves nothing.

    Raises UsageError when a record of that id is there already, unless `replace`.
    """

    def __init__(self, run_id: str, *, replace: bool = False) -> None:
        self.run_id = fit_run_id(run_id)
        self.record = record_path(self.run_id)
        self._replace = replace
        self.check()
        home().mkdir(parents=True, exist_ok=True)
        self._aside = self.record.with_name(f".{self.run_id}.{os.getpid()}.importing{SUFFIX}")
        self._remove()
        self._writer = Writer(self._aside)
        self._clock = _Told()
        self._ingest = Ingest(self._writer, self._clock)
        self._fame: Fame | None = None
        self._header: RunStarted | None = None
        self._began = 0.0
        self._taken = 0

    def check(self) -> None:
        """Refuse an id that is taken. Raises UsageError."""
        file = read_run_file(run_file_path(self.record))
        if file is not None and (file.has_trainer or file.has_recorder):
            raise UsageError(
                f"run {self.run_id} is open: a trainer or a shell uses it",
                "give another name with --run-id, or leave it first",
            )
        if self.record.exists() and not self._replace:
            raise UsageError(
                f"there is a run {self.run_id} already: {self.record}",
                "give another name with --run-id, or --force to replace it",
            )

    def begin(self, header: RunStarted, time: float) -> None:
        """A run begins, or its next attempt; `time` is when, in seconds since the epoch."""
        self._clock.time = header.time = time
        header.run_id = self.run_id
        header.pid, header.pid_started, header.host = 0, 0.0, socket.gethostname()
        header.argv, header.directory, header.python = [], "", ""
        if self._header is None:
            self._began = time
            hall = Hall(hall_path(header.task), header.task)
            self._fame = Fame(hall, self._ingest.reader, lambda text: self._warn(text))
            self._ingest.on_episode = self._fame.ended
        self._header = header
        self._ingest.begin(header, 0.0, boot_id())

    def take(self, frame: Frame) -> None:
        """Write one frame."""
        self._clock.time = getattr(frame, "time", 0.0) or self._clock.time
        self._ingest.take(frame)
        self._taken += 1
        if self._taken % TICK_FRAMES == 0:
            self._ingest.tick()
            if self._fame is not None:
                self._fame.tick()

    @property
    def refused(self) -> int:
        """How many frames made no sense."""
        return self._ingest.refused

    def finish(self) -> Path:
        """Everything is said; the record at its place. Raises RecordError when it cannot be."""
        if self._header is None:
            self.discard()
            raise RecordError("nothing was imported")
        if self._ingest.ended is None:
            self._ingest.end("ended")
        if self._fame is not None:
            self._fame.settle()
        self._writer.close(self._clock.now())
        try:
            self.check()
            self._aside.replace(self.record)
        except OSError as error:
            self._remove()
            raise RecordError(f"{self.record} cannot be written: {error.strerror}") from error
        except UsageError:
            self._remove()
            raise
        write_run_file(self._file())
        return self.record

    def discard(self) -> None:
        """Leave nothing behind."""
        with contextlib.suppress(Exception):
            self._writer.close(self._clock.now())
        self._remove()

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
        )

    def _remove(self) -> None:
        for tail in ("", "-wal", "-shm", "-journal"):
            Path(f"{self._aside}{tail}").unlink(missing_ok=True)
