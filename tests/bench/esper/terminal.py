"""Bytes that a shell writes to a terminal of 160x50 while somebody works at a human pace."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pexpect

from tests.bench.esper.table import Line

EVERY_S = 3.0
WORK = (
    "overwatch",
    "envs",
    "env 1",
    "brain",
    "actions 1",
    "rewards 1",
    "seeds top",
    "events --severity warn",
    "vitals",
    "run",
)
LIVE_S = 20.0


def measured(path: Path, *, seconds: float) -> list[Line]:
    """A row about the shell, on a run that goes on meanwhile."""
    words = [sys.executable, "-m", "tests.bench.esper.trainer", str(path), "--attach", "shown"]
    trainer = subprocess.Popen(
        [*words, "--epochs", "1000000", "--rest", "0.65"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        shell = pexpect.spawn(
            sys.executable,
            ["-m", "sanctum", "shell", "shown", "--wait", f"{LIVE_S:.0f}s"],
            env={**os.environ, "TERM": "xterm-256color"},
            dimensions=(50, 160),
            timeout=LIVE_S,
        )
        shell.expect("shown[^>]*>")
        time.sleep(2)
        written = _work(shell, seconds)
        shell.close(force=True)
    finally:
        trainer.kill()
        trainer.wait()
    return [
        Line(
            f"bytes to a 160x50 terminal in {seconds:.0f} s of work, a command every 3 s",
            f"{written:,} B, {written / seconds / 1e3:.2f} kB/s",
            "15,301,871 B in 30 s, 510 kB/s",
        )
    ]


def _work(shell: pexpect.spawn, seconds: float) -> int:
    written = 0
    began = time.monotonic()
    typed = 0
    while (now := time.monotonic() - began) < seconds:
        if now >= typed * EVERY_S:
            shell.send(WORK[typed % len(WORK)] + "\r")
            typed += 1
        try:
            written += len(shell.read_nonblocking(1 << 16, timeout=0.1))
        except pexpect.TIMEOUT:
            continue
    return written
