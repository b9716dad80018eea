"""Starting a reader: the process that answers questions about a recorded run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from sanctum.errors import RecordError

_started: list[subprocess.Popen[bytes]] = []
"""Readers that outlive the question; collected when another is started."""


def start_reader(record: Path) -> None:
    """Start a reader on `record` and wait until it listens. Raises RecordError with its reason."""
    root = str(Path(__file__).resolve().parents[2])
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    if not root.endswith(("site-packages", "dist-packages")):
        paths = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
        environment["PYTHONPATH"] = os.pathsep.join([*paths, root])
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "sanctum.recorder", "--read", str(record.absolute())],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env=environment,
    )
    _started[:] = [one for one in _started if one.poll() is None]
    _started.append(process)
    assert process.stdout is not None
    with process.stdout as said:
        line = said.readline()
    if not line:
        raise RecordError(f"no recorder could be started on {record}")
    answer = json.loads(line)
    if "error" in answer:
        raise RecordError(answer["error"], answer.get("hint"))
