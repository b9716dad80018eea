"""Starting the recorder: a process of its own session, on the other end of a socket pair."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sanctum.errors import SanctumError
from sanctum.probe.witness import Witness
from sanctum.telemetry import RunStarted
from sanctum.telemetry.frames import encode

READY_WITHIN_S = 15.0
_started: list[subprocess.Popen[bytes]] = []
_ROOT = str(Path(__file__).resolve().parents[2])


class RecorderFailed(SanctumError):
    """The recorder could not be started."""


@dataclass(frozen=True, slots=True)
class Link:
    """A started recorder: our end of the pair, the id the run was given, its record, a remark.

    `pid_started` is when the recorder says this process started, to be told to the next one.
    """

    socket: socket.socket
    run_id: str
    record: str
    note: str
    pid_started: float


def launch(header: RunStarted, witness: Witness | None = None) -> Link:
    """Start a recorder for the run of `header` and wait until it has opened the record.

    It inherits the files of `witness`. Blocks for as long as a Python process takes to start, at
    most `READY_WITHIN_S`. Raises RecorderFailed.
    """
    try:
        hello = encode(header)
        ours, theirs = socket.socketpair()
    except Exception as error:
        raise RecorderFailed(f"the recorder could not be started: {error}") from error
    with theirs, tempfile.TemporaryFile() as complaints:
        try:
            _start(theirs, complaints, witness)
        except OSError as error:
            ours.close()
            raise RecorderFailed(f"the recorder could not be started: {error}") from error
        theirs.close()
        try:
            return _greet(ours, hello)
        except (OSError, ValueError, KeyError, TypeError) as error:
            ours.close()
            complaints.seek(0)
            last = complaints.read().decode(errors="replace").strip().splitlines()[-1:]
            raise RecorderFailed(
                f"the recorder did not start: {last[0] if last else error or 'it said nothing'}"
            ) from error


def _start(theirs: socket.socket, complaints: IO[bytes], witness: Witness | None) -> None:
    """The process; those that were started before and have ended are collected."""
    _started[:] = [one for one in _started if one.poll() is None]
    command = [sys.executable, "-P", "-m", "sanctum.recorder"]
    command += ["--ingest-fd", str(theirs.fileno())]
    inherited: tuple[int, ...] = (theirs.fileno(),)
    if witness is not None:
        command += ["--witness", witness.argument]
        inherited += witness.fds
    _started.append(
        subprocess.Popen(
            command,
            pass_fds=inherited,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=complaints,
            start_new_session=True,
            env=_environment(),
        )
    )


def _greet(link: socket.socket, hello: bytes) -> Link:
    link.settimeout(READY_WITHIN_S)
    link.sendall(hello)
    line = bytearray()
    while not line.endswith(b"\n"):
        data = link.recv(1)
        if not data:
            raise ValueError("it ended at once")
        line += data
    answer = json.loads(line)
    if "error" in answer:
        raise ValueError(answer["error"])
    note, began = answer.get("note", ""), float(answer.get("pid_started", 0.0))
    return Link(link, answer["run_id"], answer["record"], note, began)


def _environment() -> dict[str, str]:
    """The trainer's, without its devices; an uninstalled checkout stays importable."""
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    if not _ROOT.endswith(("site-packages", "dist-packages")):
        paths = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
        environment["PYTHONPATH"] = os.pathsep.join([*paths, _ROOT])
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        environment[name] = "1"
    return environment


def hang_up(link: socket.socket) -> None:
    """Close our end; harmless when it is closed."""
    with contextlib.suppress(OSError):
        link.shutdown(socket.SHUT_RDWR)
    link.close()
