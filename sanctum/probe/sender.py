"""The sender: a daemon thread that wakes 20 times a second, encodes what waits and sends it.

Polled on purpose: a thread that is woken for every step costs the trainer ten times more. It also
starts the recorder again when that has died; frames wait meanwhile.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable

from sanctum.probe.backlog import Backlog
from sanctum.probe.copies import arrive
from sanctum.probe.launch import hang_up
from sanctum.probe.restarts import GivenUp, Restarts
from sanctum.probe.witness import Witness
from sanctum.telemetry import Backfill, Beat, Frame, RunEnded, Step
from sanctum.telemetry.frames import encode
from sanctum.telemetry.signs import LEAVING, STACKS, TAKEN

WAKE_S = 0.05
BEAT_S = 1.0
BATCH_BYTES = 1 << 20
SEND_TIMEOUT_S = 30.0
HUNG_AFTER_BEATS = 30
"""Heartbeats of our own without a sign of the recorder; not seconds, since both may be frozen."""


class Sender:
    """Empties a backlog into a socket until told to stop, or until nobody can be there to listen.

    `on_loss` is called once, on this thread, with a sentence when the recorder has gone for good;
    `complain` once, when a message cannot be encoded. `restarts` finds another recorder.
    """

    def __init__(
        self,
        backlog: Backlog,
        link: socket.socket,
        on_loss: Callable[[str], None],
        complain: Callable[[str], None],
        restarts: Restarts | None = None,
        witness: Witness | None = None,
    ) -> None:
        self._backlog = backlog
        self._link = link
        self._on_loss = on_loss
        self._complain = complain
        self._restarts = restarts or Restarts(None, complain)
        self._witness = witness
        self._complained = False
        self._stop = threading.Event()
        self._beaten_at = 0.0
        self._unheard_beats = 0
        self._threads: dict[int, str] = {}
        self._end = b""
        self._taken = False
        self._abandoned = False
        self.sent = 0
        self.alive = True
        self._thread = threading.Thread(target=self._run, name="sanctum-probe", daemon=True)

    def start(self) -> None:
        """Begin sending."""
        self._link.settimeout(SEND_TIMEOUT_S)
        self._thread.start()

    def finish(self, within_s: float) -> bool:
        """Send what waits, at most `within_s` long. True when the recorder has all of it."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(within_s)
        done = self.alive and not self._thread.is_alive()
        if self._thread.is_alive() and not self._restarts.under_way:
            self._abandoned = True
            hang_up(self._link)
        return done

    def let_go(self) -> None:
        """In a forked child: close our copy of the socket without a word to the other end."""
        self.alive = False
        self._link.close()

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                time.sleep(WAKE_S)
                self._turn()
            self._finish()
        except Exception as error:
            self.alive = False
            self._backlog.forget()
            if not self._abandoned:
                self._on_loss(str(error))
        finally:
            hang_up(self._link)

    def _turn(self) -> None:
        try:
            self._listen()
            self._send_waiting()
        except OSError as error:
            self._again(error)

    def _finish(self) -> None:
        """Send the rest, the end last, and wait until the recorder says that it is written."""
        unconfirmed = b""
        while True:
            try:
                self._link.sendall(unconfirmed)
                self._send_waiting(all_of_them=True)
                while self._end and not self._taken:
                    self._heed(self._link.recv(4096))
                return
            except OSError as error:
                self._again(error)
                unconfirmed = self._end

    def _again(self, error: OSError) -> None:
        """Go on with another recorder. Raises GivenUp when there can be none."""
        hang_up(self._link)
        if self._abandoned:
            raise GivenUp("the recorder was given up") from error
        self._link = self._restarts.link(error, self._stop)
        self._link.settimeout(SEND_TIMEOUT_S)
        self._threads, self._unheard_beats = {}, 0

    def _listen(self) -> None:
        """Heed what the recorder says, without waiting for it."""
        try:
            self._heed(os.read(self._link.fileno(), 4096))
        except BlockingIOError:
            if self._unheard_beats > HUNG_AFTER_BEATS:
                raise TimeoutError("it says nothing any more") from None

    def _heed(self, said: bytes) -> None:
        if not said:
            raise ConnectionResetError("it died")
        self._unheard_beats = 0
        if TAKEN in said:
            self._taken = True
        if STACKS in said and self._witness is not None:
            self._witness.write_stacks()
        if LEAVING in said and not self._taken:
            raise GivenUp("the recorder was told to end")

    def _send_waiting(self, *, all_of_them: bool = False) -> None:
        """What waits now, gaps and the heartbeat included; frames put meanwhile wait their turn."""
        batch = bytearray()
        for frame in self._backlog.gaps(all_of_them=all_of_them):
            batch += self._encoded(frame)
        for _ in range(len(self._backlog)):
            frame_or_none = self._backlog.take()
            if frame_or_none is None:
                break
            batch += self._encoded(frame_or_none)
            if len(batch) >= BATCH_BYTES:
                self._link.sendall(batch)
                batch = bytearray()
        if time.monotonic() - self._beaten_at >= BEAT_S:
            batch += self._beat()
        if batch:
            self._link.sendall(batch)

    def _beat(self) -> bytes:
        self._beaten_at = time.monotonic()
        self._unheard_beats += 1
        now = {one.native_id or 0: one.name for one in threading.enumerate()}
        changed, self._threads = now if now != self._threads else {}, now
        backlog = self._backlog
        return self._encoded(
            Beat(backlog.queued_bytes, self.sent, backlog.lost, self._beaten_at, changed)
        )

    def _encoded(self, frame: Frame) -> bytes:
        """A frame as bytes; none of one that cannot be encoded, which is lost."""
        try:
            if isinstance(frame, Step):
                arrive(frame.columns)
                arrive(frame.matrices)
            elif isinstance(frame, Backfill):
                arrive(frame.columns)
            data = encode(frame)
        except Exception as error:
            self._backlog.lost += 1
            if not self._complained:
                self._complained = True
                self._complain(f"a {type(frame).__name__} message could not be sent: {error}")
            return b""
        self.sent += 1
        if isinstance(frame, RunEnded):
            self._end = data
        return data
