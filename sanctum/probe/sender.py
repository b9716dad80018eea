"""The sender: a daemon thread that wakes 20 times a second, encodes what waits and sends it.

Polled on purpose: a thread that is woken for every step costs the trainer ten times more.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable

from sanctum.probe.backlog import Backlog
from sanctum.probe.copies import arrive
from sanctum.probe.launch import hang_up
from sanctum.telemetry import Backfill, Beat, Frame, Step
from sanctum.telemetry.frames import encode

WAKE_S = 0.05
BEAT_S = 1.0
BATCH_BYTES = 1 << 20
SEND_TIMEOUT_S = 30.0


class Sender:
    """Empties a backlog into a socket until told to stop or the other end has gone.

    `on_loss` is called once, on this thread, with a sentence when the recorder has gone; `complain`
    once, when a message cannot be encoded.
    """

    def __init__(
        self,
        backlog: Backlog,
        link: socket.socket,
        on_loss: Callable[[str], None],
        complain: Callable[[str], None],
    ) -> None:
        self._backlog = backlog
        self._link = link
        self._on_loss = on_loss
        self._complain = complain
        self._complained = False
        self._stop = threading.Event()
        self._beaten_at = 0.0
        self.sent = 0
        self.alive = True
        self._thread = threading.Thread(target=self._run, name="sanctum-probe", daemon=True)

    def start(self) -> None:
        """Begin sending."""
        self._link.settimeout(SEND_TIMEOUT_S)
        self._thread.start()

    def finish(self, within_s: float) -> bool:
        """Send what waits, at most `within_s` long, and hang up. True when all of it went."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(within_s)
        emptied = self.alive and not self._thread.is_alive()
        hang_up(self._link)
        return emptied

    def let_go(self) -> None:
        """In a forked child: close our copy of the socket without a word to the other end."""
        self.alive = False
        self._link.close()

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                time.sleep(WAKE_S)
                self._send_waiting()
            self._send_waiting(all_of_them=True)
        except Exception as error:
            self.alive = False
            self._backlog.forget()
            self._on_loss(f"the recorder has gone ({error})")

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
        now = time.monotonic()
        if now - self._beaten_at >= BEAT_S:
            self._beaten_at = now
            beat = Beat(self._backlog.queued_bytes, self.sent, self._backlog.lost, now)
            batch += self._encoded(beat)
        if batch:
            self._link.sendall(batch)

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
        return data
