"""The recorder's loop: one thread, one selector, a tick every 0.8 seconds.

Frames come in from the trainer, questions from shells; both are handled in turn, so nothing needs a
lock. It leaves when trainer and last shell have been gone for a while.
"""

from __future__ import annotations

import logging
import selectors
import signal
import socket
import time
from collections.abc import Callable
from types import FrameType

from sanctum.errors import SanctumError
from sanctum.recorder.cause import cause
from sanctum.recorder.ingest import Ingest
from sanctum.recorder.oom import OomFiles
from sanctum.recorder.trainer import TrainerWatch
from sanctum.recorder.witness import Witness
from sanctum.telemetry.frames import FrameReader
from sanctum.telemetry.signs import ALIVE, LEAVING
from sanctum.wire.server import Server

log = logging.getLogger(__name__)
TICK_S = 0.8
"""Between two flushes: a kill loses at most that, and what a flush on a busy machine takes."""
READ_BYTES = 1 << 20
READS_A_TURN = 2
STATUS_TICKS = 3
"""How long to ask for the status that a trainer left with, before it is taken as not known."""


class Loop:
    """Runs callbacks of a selector and a tick every 0.8 seconds, until told to stop."""

    def __init__(self) -> None:
        self.selector = selectors.DefaultSelector()
        self.stopping = False
        self.failures = 0
        self._ticks: list[Callable[[], None]] = []
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, self._stop)
        self._waker, told = socket.socketpair()
        told.setblocking(False)
        self._told = told
        signal.set_wakeup_fd(told.fileno(), warn_on_full_buffer=False)
        self.selector.register(self._waker, selectors.EVENT_READ, lambda _: self._waker.recv(64))

    def every_tick(self, call: Callable[[], None]) -> None:
        """Call it at every tick."""
        self._ticks.append(call)

    def run(self) -> None:
        """Until `stopping`."""
        due = time.monotonic() + TICK_S
        while not self.stopping:
            for key, events in self.selector.select(max(0.0, due - time.monotonic())):
                self._call(key.data, events)
            now = time.monotonic()
            if now >= due:
                due = now + TICK_S
                for tick in self._ticks:
                    self._call(tick)

    def _call(self, call: Callable[..., object], *given: object) -> None:
        """The last resort: what fails is logged and counted, and the recorder goes on."""
        try:
            call(*given)
        except Exception:
            self.failures += 1
            log.exception("something failed in the recorder; it goes on")

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self.stopping = True


class Intake:
    """The trainer's end: reads its socket, hands frames to `ingest`, notices its death.

    What ended a trainer that did not say so is looked for in its exit status, in its `witness` and
    in the kernel's counts of processes that were killed for memory.
    """

    def __init__(
        self,
        loop: Loop,
        link: socket.socket,
        frames: FrameReader,
        ingest: Ingest,
        witness: Witness,
    ) -> None:
        self._loop = loop
        self._link: socket.socket | None = link
        self._frames = frames
        self._ingest = ingest
        self._witness = witness
        self._ticks_dead = 0
        assert ingest.header is not None
        self._oom = OomFiles(ingest.header.pid)
        self._killed_before = self._oom.kills()
        self.trainer = TrainerWatch(
            loop.selector, ingest.header.pid, ingest.header.pid_started, self._died
        )
        link.setblocking(False)
        loop.selector.register(link, selectors.EVENT_READ, lambda _: self._read())
        loop.every_tick(self._tick)

    def say(self, sign: bytes) -> bool:
        """Say a sign to the trainer's probe; False when it cannot be reached."""
        try:
            return self._link is not None and self._link.send(sign) == len(sign)
        except OSError:
            return False

    def leave(self) -> None:
        """This recorder was told to end: read what the socket holds, and say so to the probe."""
        self.drain()
        if self._ingest.ended is None:
            self.say(LEAVING)

    def drain(self) -> None:
        """Read what the socket still holds."""
        while self._link is not None and self._read():
            pass

    def _read(self) -> bool:
        """Some of what waits; True when there may be more."""
        for _ in range(READS_A_TURN):
            assert self._link is not None
            try:
                data = self._link.recv(READ_BYTES)
            except BlockingIOError:
                return False
            except OSError:
                data = b""
            if not data:
                self._hang_up()
                return False
            try:
                for frame in self._frames.feed(data):
                    self._ingest.take(frame)
            except SanctumError as error:
                log.error("the trainer's stream is broken: %s", error)
                self._hang_up()
                return False
        return True

    def _hang_up(self) -> None:
        if self._link is not None:
            self._loop.selector.unregister(self._link)
            self._link.close()
            self._link = None

    def _tick(self) -> None:
        self.trainer.poll()
        self.say(ALIVE)
        if self._ticks_dead:
            self._look_into_it()

    def _died(self) -> None:
        self.drain()
        self._hang_up()
        self._look_into_it()

    def _look_into_it(self) -> None:
        """Why the trainer is gone: at once, or with the next ticks when the status comes late."""
        status = self.trainer.status()
        self._ticks_dead += 1
        if status is None and self._ticks_dead <= STATUS_TICKS:
            return
        self._ticks_dead = 0
        found = cause(status, self._witness, self._killed_before, self._oom.kills())
        self._ingest.end(found.how, cause=found)
        if status is not None:
            self._ingest.amend(found)


class Lifetime:
    """When to leave: `linger_s` after the trainer and the last shell have gone."""

    def __init__(
        self, loop: Loop, server: Server, linger_s: float, is_needed: Callable[[], bool]
    ) -> None:
        self._loop = loop
        self._server = server
        self._linger_s = linger_s
        self._is_needed = is_needed
        self._idle_since = time.monotonic()
        loop.every_tick(self._tick)

    def _tick(self) -> None:
        self._server.keep_reachable()
        if self._is_needed() or self._server.peers:
            self._idle_since = time.monotonic()
        elif time.monotonic() - self._idle_since >= self._linger_s:
            log.info("nobody is here any more")
            self._loop.stopping = True
