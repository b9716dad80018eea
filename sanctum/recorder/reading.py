"""Opening a recorded run: the same questions on a file, read-only; leaves after the last shell."""

from __future__ import annotations

import json
import logging
import os
import socket
import sys
from pathlib import Path
from typing import cast

from sanctum.errors import RecordError, SanctumError
from sanctum.model.answers import StacksAnswer
from sanctum.model.queries import Queries
from sanctum.record.hall import Hall, is_hall
from sanctum.record.hall.record import HallRecord
from sanctum.record.pulse import Pulse
from sanctum.record.reader import Reader
from sanctum.record.record import Record
from sanctum.record.schema import open_read_only
from sanctum.recorder.answering import Answering
from sanctum.recorder.careful import Careful
from sanctum.recorder.loop import Lifetime, Loop
from sanctum.wire.places import hall_path, read_run_file, run_file_path, socket_path
from sanctum.wire.processes import boot_id, is_alive
from sanctum.wire.server import Server

LINGER_S = 60.0
log = logging.getLogger(__name__)


class Bystander(Pulse):
    """Of a record that nobody writes: its trainer may still run, when only its recorder died."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def is_trainer_alive(self) -> bool:
        """Whether the trainer's process runs, unheard."""
        last = self._reader.last_attempt()
        return (
            last is not None
            and last.ended is None
            and (last.header.host, last.boot_id) == (socket.gethostname(), boot_id())
            and is_alive(last.pid, last.pid_started)
        )

    def unheard(self) -> str | None:
        """Why nobody heard how it ended, as far as this machine can tell."""
        last = self._reader.last_attempt()
        if last is None or last.header.host != socket.gethostname():
            return None
        if last.boot_id and last.boot_id != boot_id():
            return "the machine was restarted since, and took its trainer and its recorder with it"
        return None

    def stacks(self) -> StacksAnswer:
        """Nobody here can ask the trainer; others can."""
        last = self._reader.last_attempt()
        if last is None or not self.is_trainer_alive():
            return super().stacks()
        return StacksAnswer(
            None,
            "unheard",
            "its recorder has gone, and only that could ask it; without it, and as its user:"
            f" py-spy dump --pid {last.pid}",
        )

    def heard(self) -> float:
        """When the trainer last said something of the run, as far as the record knows."""
        last = self._reader.last_attempt()
        return 0.0 if last is None else last.last_time or last.started

    def is_heard(self) -> bool:
        """Nobody listens to it any more."""
        return False


def opened(path: Path) -> Queries:
    """The record at `path`, or the hall, to be asked. Raises RecordError for what is neither.

    A record that is damaged in part is opened: what cannot be read is said when it is asked for.
    """
    return cast(Queries, Careful(_answering(path), path))


def _answering(path: Path) -> Answering:
    if is_hall(path):
        of_hall = HallRecord(path)
        return Answering(of_hall, path, of_hall.own_hall)
    try:
        reader = Reader(open_read_only(path))
        last = reader.last_attempt()
        if last is None:
            raise RecordError(f"{path} is empty: no trainer has said hello")
        hall = Hall(hall_path(last.header.task), last.header.task)
        record = Record(reader, path, Bystander(reader), hall=hall)
    except RecordError:
        raise
    except Exception as error:
        raise RecordError(f"{path} is damaged: {error}") from error
    return Answering(record, path, hall)


def read_recorded(path: Path) -> None:
    """Answer questions about the record at `path`; says on stdout where, as one JSON line."""
    try:
        there = _file(path)
        answering = _answering(path)
        place = socket_path(path, reading=True)
        if _is_answered(place):
            _say({"socket": str(place)})
            return
        loop = Loop()
        jobs = answering.replays.work_in(loop.selector)
        server = Server(loop.selector, place, Careful(answering, path))
    except SanctumError as error:
        _say({"error": error.sentence, "hint": error.hint})
        return
    _say({"socket": str(server.path)})
    Lifetime(loop, server, float(os.environ.get("SANCTUM_LINGER_S", LINGER_S)), lambda: False)
    loop.every_tick(lambda: _make_way(loop, path, there))
    loop.every_tick(jobs.tick)
    try:
        loop.run()
    finally:
        server.close()
        jobs.close()


def _make_way(loop: Loop, path: Path, there: tuple[int, int] | None) -> None:
    """Leave when a recorder writes the run again, or when the record was replaced or deleted.

    Those who ask find the new one when they connect anew.
    """
    file = read_run_file(run_file_path(path))
    is_written = file is not None and file.how is None and file.has_recorder
    if is_written or _file(path) != there:
        loop.stopping = True


def _file(path: Path) -> tuple[int, int] | None:
    """Which file stands at `path`; None: none does."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _is_answered(place: Path) -> bool:
    """Whether another reader of this record was quicker."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
        try:
            link.connect(os.fspath(place))
        except OSError:
            return False
    return True


def _say(answer: dict[str, str | None]) -> None:
    """The one line that whoever started this process waits for."""
    print(json.dumps(answer), flush=True)
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
