"""The live runs of a file that is followed, begun beside its trainer."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Unpack

from sanctum.errors import SanctumError, UsageError
from sanctum.probe.hello import About, hello
from sanctum.probe.openings import beside
from sanctum.probe.run import Run
from sanctum.recorder.claim import make_way
from sanctum.wire.places import fit_run_id, read_run_file, record_path, run_file_path
from sanctum.wire.writing import Process

QUEUED_BYTES = 4 << 20
"""Beyond this the recorder is waited for: of a file, nothing has to be lost."""

Say = Callable[[str], None]


class Beside:
    """Begins the live runs of a followed file; an `Opens` for adapters is its `open`."""

    def __init__(self, place: str, *, replace: bool, say: Say) -> None:
        self.writer: Process | None = None
        self.failed: SanctumError | None = None
        self._place = place
        self._replace = replace
        self._say = say
        self._begun: dict[str, Run] = {}

    def open(self, run_id: str, time: float, **about: Unpack[About]) -> Run:
        """Begin a run or its next attempt. Raises SanctumError, which `failed` keeps."""
        try:
            if run_id not in self._begun:
                self._take_over(fit_run_id(run_id))
            header = hello(run_id, about)
            header.followed, header.time = self._place, time
            header.argv, header.directory = [], ""
            if self.writer is not None:
                header.trainer_pid = self.writer.pid
                header.argv, header.directory = self.writer.argv, self.writer.directory
            run = beside(header, time)
            if not run.recording:
                raise SanctumError("nothing is recorded, so nothing is followed")
        except SanctumError as error:
            self.failed = error
            raise
        if run_id not in self._begun:
            self._say(f"run {run.run_id} is live; to ask it: sanctum shell {run.run_id}")
        self._begun[run_id] = run
        return run

    def wait(self) -> None:
        """Until the recorders have taken most of what was said. Raises what `open` raised."""
        if self.failed is not None:
            raise self.failed
        while any(
            run.recording and run.queued_bytes > QUEUED_BYTES for run in self._begun.values()
        ):
            time.sleep(0.01)

    def _take_over(self, run_id: str) -> None:
        """Let an earlier run of the same file give way, or any when told to replace it."""
        record = record_path(run_id)
        file = read_run_file(run_file_path(record))
        if file is not None and file.has_trainer:
            is_same = file.origin is not None and file.origin.path == self._place
            what = "follows this file already" if is_same else "is its trainer"
            raise UsageError(
                f"run {run_id} is live: process {file.pid} {what}",
                f"sanctum shell {run_id}" if is_same else "give another name with --run-id",
            )
        if not record.exists():
            return
        is_same = file is not None and file.origin is not None and file.origin.path == self._place
        if not (is_same or self._replace):
            raise UsageError(
                f"there is a run {run_id} already: {record}",
                "give another name with --run-id, or --force to replace it",
            )
        if not make_way(run_id):
            raise UsageError(f"run {run_id} is being written by another process")
