"""A sender whose recorder goes: another end of a socket stands for the next recorder."""

from __future__ import annotations

import socket
import threading

import pytest

from sanctum.errors import SanctumError
from sanctum.probe import restarts
from sanctum.probe.backlog import Backlog
from sanctum.probe.restarts import GivenUp, Restarts
from sanctum.probe.run import Run
from sanctum.probe.sender import Sender
from sanctum.telemetry import Beat, RunEnded, Step
from sanctum.telemetry.frames import FrameReader
from sanctum.telemetry.signs import ALIVE, LEAVING, TAKEN


class Recorders:
    """Far ends of sockets, one after another; `refuse` is how many starts fail first."""

    def __init__(self, monkeypatch, refuse=0):
        monkeypatch.setattr(restarts, "WAITS_S", (0.0, 0.0, 0.0))
        self.said, self.refuse = [], refuse
        self.started = threading.Event()
        ours, self.far = socket.socketpair()
        again = Restarts(self._launch, self.said.append)
        self.run = Run("demo", Backlog(), self.said.append)
        self.sender = Sender(self.run._backlog, ours, self.said.append, self.said.append, again)
        self.run._listen(self.sender, "demo.db")

    def _launch(self):
        if self.refuse:
            self.refuse -= 1
            raise SanctumError("no room for a process")
        ours, self.far = socket.socketpair()
        self.started.set()
        return ours

    def die(self):
        self.started.clear()
        self.far.close()
        assert self.started.wait(10)

    def heard_to_the_end(self, ack=True):
        """What the newest recorder is told until the run is over, heartbeats left out."""
        reader, frames = FrameReader(), []
        closing = threading.Thread(target=self.run.close)
        closing.start()
        while not any(isinstance(one, RunEnded) for one in frames):
            frames += reader.feed(self.far.recv(65536))
        if ack:
            self.far.sendall(ALIVE + TAKEN)
            closing.join(10)
            self.far.close()
        return [one for one in frames if not isinstance(one, Beat)], closing


@pytest.fixture
def recorders(monkeypatch):
    return Recorders(monkeypatch)


def test_frames_wait_while_another_recorder_is_started_and_none_is_counted_as_lost(recorders):
    recorders.die()
    recorders.run.step(1, accuracy=[1.0])
    recorders.run.update(3, entropy=0.5)
    frames, _ = recorders.heard_to_the_end()
    assert [type(one).__name__ for one in frames] == ["Step", "Update", "RunEnded"]
    assert (recorders.run.lost, recorders.run.recording) == (0, False)
    (said,) = recorders.said
    assert said.startswith("the recorder has gone (")
    assert said.endswith("and was started again; the record marks the gap")


def test_a_start_that_fails_is_tried_again(monkeypatch):
    recorders = Recorders(monkeypatch, refuse=2)
    recorders.die()
    recorders.run.step(1, accuracy=[1.0])
    frames, _ = recorders.heard_to_the_end()
    assert isinstance(frames[0], Step)
    assert len(recorders.said) == 1


def test_an_end_that_was_not_confirmed_is_said_to_the_next_recorder(recorders):
    frames, closing = recorders.heard_to_the_end(ack=False)
    recorders.die()
    again = FrameReader()
    (end,) = [one for one in again.feed(recorders.far.recv(65536)) if isinstance(one, RunEnded)]
    assert end == frames[-1]
    recorders.far.sendall(TAKEN)
    closing.join(10)
    assert not closing.is_alive()
    assert "did not confirm" not in " ".join(recorders.said)
    recorders.far.close()


def test_when_none_can_be_started_it_is_said_once_and_what_is_lost_is_counted(monkeypatch):
    recorders = Recorders(monkeypatch, refuse=99)
    recorders.far.close()
    recorders.sender._thread.join(10)
    before = recorders.run.lost
    recorders.run.step(2, accuracy=[1.0])
    recorders.run.message("hello?")
    assert recorders.run.lost == before + 2
    recorders.run.close()
    (said,) = recorders.said
    assert said.endswith("; no room for a process")
    assert recorders.run._backlog.queued_bytes == 0


def test_a_recorder_that_says_it_leaves_is_not_replaced(recorders):
    recorders.far.sendall(LEAVING)
    recorders.sender._thread.join(10)
    assert recorders.said == ["the recorder was told to end"]
    assert not recorders.run.recording
    recorders.far.close()


def test_there_is_an_end_to_starting_again():
    pairs = []

    def launch():
        pairs.append(socket.socketpair())
        return pairs[-1][0]

    found, gone = Restarts(launch, lambda _: None), threading.Event()
    gone.set()
    for _ in range(restarts.MOST):
        found.link(OSError("gone"), gone)
    with pytest.raises(GivenUp, match="after 5 others in 10 minutes"):
        found.link(OSError("gone"), gone)
    for pair in pairs:
        for one in pair:
            one.close()
