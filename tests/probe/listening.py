"""A run whose other end is this process: what a recorder would hear."""

from __future__ import annotations

import socket
import tempfile
import threading
from pathlib import Path

import numpy as np

from sanctum.probe.backlog import Backlog
from sanctum.probe.run import Run
from sanctum.probe.sender import Sender
from sanctum.telemetry import Beat, RunEnded
from sanctum.telemetry.arrays import unpack
from sanctum.telemetry.frames import FrameReader
from sanctum.telemetry.signs import TAKEN


class Listener:
    """Holds the far end of the socket and everything that came through it."""

    def __init__(self, limit_bytes: int = 1 << 26) -> None:
        ours, self.far = socket.socketpair()
        self.said: list[str] = []
        self._folder = tempfile.TemporaryDirectory(prefix="sanctum-listening-")
        self.run = Run("demo", Backlog(limit_bytes), self.said.append)
        self.sender = Sender(self.run._backlog, ours, self.said.append, self.said.append)

    def start(self) -> Run:
        self.run._listen(self.sender, str(Path(self._folder.name) / "demo.db"))
        self._frames = []
        self._ear = threading.Thread(target=self._listen)
        self._ear.start()
        return self.run

    def heard(self):
        """Everything said, heartbeats left out; closes the run."""
        self.close()
        return [frame for frame in self._frames if not isinstance(frame, Beat)]

    def close(self) -> None:
        self.run.close()
        self._ear.join(10)
        self.far.close()
        self._folder.cleanup()

    def _listen(self) -> None:
        reader = FrameReader()
        while data := self.far.recv(65536):
            found = list(reader.feed(data))
            self._frames += found
            if any(isinstance(frame, RunEnded) for frame in found):
                self.far.sendall(TAKEN)


def values(array):
    """What an array on the wire holds; masked cells as a masked array."""
    found, states = unpack(array)
    return found if states is None else np.ma.masked_array(found, states == 2)
