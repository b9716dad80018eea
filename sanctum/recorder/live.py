"""Recording a live run: hello to the trainer, claim the record, then the loop."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import socket
import time
from pathlib import Path

from sanctum.errors import SanctumError
from sanctum.record.hall import Hall
from sanctum.record.questions.tallies import go_on
from sanctum.record.record import Record
from sanctum.record.writer import Writer
from sanctum.recorder.answering import Answering
from sanctum.recorder.claim import Claim, claim
from sanctum.recorder.clock import Clock
from sanctum.recorder.fame import Fame
from sanctum.recorder.ingest import Ingest
from sanctum.recorder.loop import Intake, Lifetime, Loop
from sanctum.recorder.pulse import LivePulse
from sanctum.recorder.vitals import Machine
from sanctum.recorder.witness import Witness
from sanctum.telemetry import Frame, RunStarted
from sanctum.telemetry.amounts import KEEP_BYTES
from sanctum.telemetry.frames import FrameReader
from sanctum.telemetry.signs import STACKS, TAKEN
from sanctum.wire.places import Origin, RunFile, hall_path, socket_path, write_run_file
from sanctum.wire.processes import boot_id, started
from sanctum.wire.server import Server

log = logging.getLogger(__name__)
LINGER_S = 30 * 60.0
RUN_FILE_S = 2.0


def record_live(link: socket.socket, witness: Witness) -> None:
    """Record the trainer at the other end of `link` until it and the last shell have gone.

    `witness` are the files in which the trainer's last words will stand.
    """
    frames = FrameReader()
    header, rest = _hello(link, frames)
    if header is None:
        return
    try:
        claimed = claim(header)
    except SanctumError as error:
        link.sendall(json.dumps({"error": error.sentence}).encode() + b"\n")
        return
    _log_beside(claimed.record)
    header.run_id = claimed.run_id
    header.pid_started = header.pid_started or started(header.pid) or 0.0
    _spread_over_all_cores()
    try:
        recorder = LiveRecorder(link, frames, header, rest, claimed, witness)
    except SanctumError as error:
        link.sendall(json.dumps({"error": error.sentence}).encode() + b"\n")
        return
    try:
        recorder.run()
    except Exception:
        log.exception("the recorder failed")
        raise


class LiveRecorder:
    """Everything a live run needs, put together."""

    def __init__(
        self,
        link: socket.socket,
        frames: FrameReader,
        header: RunStarted,
        rest: list[Frame],
        claimed: Claim,
        witness: Witness,
    ) -> None:
        self.loop = Loop()
        self.clock = Clock()
        self.writer = Writer(claimed.record, keep_bytes=header.keep_bytes or KEEP_BYTES)
        self.ingest = Ingest(self.writer, self.clock)
        self.ingest.begin(header, header.pid_started, boot_id())
        self.machine = Machine(header.trainer_pid if header.followed else header.pid)
        hall = Hall(hall_path(header.task), header.task)
        self.fame = Fame(hall, self.ingest.reader, lambda text: self.ingest.warn("hall", text))
        self.fame.recall(self.ingest.attempt)
        self.ingest.on_episode = self.fame.ended
        self.pulse = LivePulse(self.ingest, self.writer, self.clock)
        self.record = Record(
            self.ingest.reader,
            claimed.record,
            self.pulse,
            self.machine.readings,
            hall,
            self.writer,
        )
        answering = Answering(self.record, claimed.record, hall)
        self.jobs = answering.replays.work_in(self.loop.selector)
        self.server = Server(self.loop.selector, socket_path(claimed.record), answering)
        self.file = RunFile(
            claimed.run_id,
            str(claimed.record),
            header.task,
            header.envs,
            header.pid,
            header.pid_started,
            os.getpid(),
            started(os.getpid()) or 0.0,
            boot_id(),
            socket.gethostname(),
            str(self.server.path),
            self.ingest.began,
            origin=Origin(header.followed) if header.followed else None,
        )
        self._written_at = 0.0
        self._claim = claimed
        self.note_run()
        greeting = {
            "run_id": claimed.run_id,
            "record": str(claimed.record),
            "note": claimed.note,
            "pid_started": header.pid_started,
        }
        link.sendall(json.dumps(greeting).encode() + b"\n")
        for frame in rest:
            self.ingest.take(frame)
        self.intake = Intake(self.loop, link, frames, self.ingest, witness)
        self.pulse.trainer, self.pulse.witness = self.intake.trainer, witness
        self.pulse.ask_probe = lambda: self.intake.say(STACKS)
        self.ingest.on_end = self._ended
        if self.ingest.ended is not None:
            self.intake.say(TAKEN)
        linger_s = float(os.environ.get("SANCTUM_LINGER_S", LINGER_S))
        Lifetime(self.loop, self.server, linger_s, self._is_needed)
        self.loop.every_tick(self._tick)
        self.loop.every_tick(self.jobs.tick)

    def run(self) -> None:
        """Until told to stop, or nobody is left."""
        try:
            self.loop.run()
        finally:
            self.intake.leave()
            if self.ingest.ended is None:
                self.ingest.tick()
            try:
                self.fame.settle()
            finally:
                self._close()

    def _close(self) -> None:
        self.server.close()
        self.jobs.close()
        self.writer.close(self.clock.now())
        self.file.recorder = 0
        self.note_run()
        os.close(self._claim.lock)

    def _is_needed(self) -> bool:
        """While the trainer's process is there and its run goes on."""
        return self.intake.trainer.is_alive and self.ingest.ended is None

    def _ended(self) -> None:
        """The run is over, and how is in the record."""
        self.intake.say(TAKEN)
        self.fame.settle()
        self.note_run()

    def note_run(self) -> None:
        """Bring the file beside the record up to date."""
        self._written_at = time.monotonic()
        self.file.last_step = self.ingest.last_step
        if self.ingest.ended not in (None, self.file.how):
            self.file.how, self.file.signal = self.ingest.ended, self.ingest.signal
            self.file.ended = self.file.ended or self.clock.now()
        with contextlib.suppress(OSError):
            write_run_file(self.file)

    def _tick(self) -> None:
        if self.ingest.ended is None:
            self.machine.sample(self.writer, self.ingest)
        self.ingest.tick()
        self.fame.tick()
        go_on(self.writer, self.ingest.reader, self.ingest.attempt)
        ended = self.ingest.ended is not None and self.file.how is None
        if ended or (self.file.how is None and time.monotonic() - self._written_at >= RUN_FILE_S):
            self.note_run()


def _hello(link: socket.socket, frames: FrameReader) -> tuple[RunStarted | None, list[Frame]]:
    """The trainer's first frame; None when it hung up before it."""
    link.settimeout(30.0)
    while True:
        try:
            data = link.recv(65536)
        except OSError:
            return None, []
        if not data:
            return None, []
        found = list(frames.feed(data))
        if found:
            first = found[0]
            return (first if isinstance(first, RunStarted) else None), list(found[1:])


def _log_beside(record: Path) -> None:
    path = record.with_name(record.name.removesuffix(".sanctum.db") + ".log")
    logging.basicConfig(
        filename=path, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )


def _spread_over_all_cores() -> None:
    """Trainers pin themselves to cores; their recorder should not share that fate."""
    with contextlib.suppress(AttributeError, OSError):
        os.sched_setaffinity(0, range(os.cpu_count() or 1))
    with contextlib.suppress(OSError):
        os.nice(5)
