"""Trainers as processes of their own, each with its own record directory, and asking their runs."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sanctum.errors import SanctumError
from sanctum.wire import starting
from sanctum.wire.client import Connection, open_run
from sanctum.wire.places import read_run_file

WITHIN_S = 20.0
HELLO = """
import os, signal, sys, time
import numpy as np
import sanctum

run = sanctum.attach(sys.argv[1], task="t", envs=2, actions={"op": ["WAIT", "GROW"]}, slots=["a"])

def steps(first, count):
    for step in range(first, first + count):
        run.step(step, accuracy=np.full(2, float(step)), actions={"op": np.zeros(2, int)})

def settled():
    while run._backlog.queued_bytes or len(run._backlog):
        time.sleep(0.01)
    time.sleep(0.1)

def ready():
    settled()
    print("ready", run.run_id, flush=True)

def forever():
    ready()
    while True:
        time.sleep(0.05)
"""


class Home:
    """A record directory of one test, and the processes it started."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: list[subprocess.Popen[str]] = []

    def train(self, script: str, run_id: str = "demo") -> subprocess.Popen[str]:
        """A trainer that attaches as `run_id` and then runs `script`."""
        path = self.folder / f"trainer{len(self.processes)}.py"
        path.write_text(HELLO + script)
        process = subprocess.Popen(
            [sys.executable, str(path), run_id],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.processes.append(process)
        return process

    def file(self, run_id: str = "demo"):
        return read_run_file(self.folder / "runs" / f"{run_id}.json")

    def end_all(self) -> None:
        for process in self.processes:
            process.kill()
            process.communicate()
        for path in (self.folder / "runs").glob("*.json"):
            file = read_run_file(path)
            if file is not None and file.has_recorder:
                with contextlib.suppress(OSError):
                    os.kill(file.recorder, signal.SIGTERM)
                until(lambda file=file: not file.has_recorder)
        for reader in starting._started:
            reader.terminate()
            reader.wait(WITHIN_S)


def ready(process: subprocess.Popen[str]) -> str:
    """Wait until a trainer says so; the id its run was given."""
    assert process.stdout is not None
    line = process.stdout.readline().split()
    assert line[:1] == ["ready"], process.communicate()
    return line[1]


def until(what, within_s: float = WITHIN_S):
    """Poll until `what()` is true, and give that."""
    deadline = time.monotonic() + within_s
    while True:
        with contextlib.suppress(SanctumError):
            if found := what():
                return found
        if time.monotonic() > deadline:
            pytest.fail(f"not within {within_s} s")
        time.sleep(0.02)


@contextlib.contextmanager
def asking(run_id: str = "demo"):
    """The questions of a run, over a connection of our own."""
    connection: Connection = open_run(run_id, timeout_s=10)
    try:
        yield connection.queries()
    finally:
        connection.close()


def state(run_id: str = "demo"):
    with asking(run_id) as ask:
        return ask.run_read().state
