"""The reference trainer as a child process, for the benches."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def command(run_id: str, updates: int, *, attached: bool) -> list[str]:
    """The command line of a training run."""
    words = [sys.executable, "-m", "sanctum", "train", "ppo", "--updates", str(updates)]
    return [*words, "--run-id", run_id, "--seed", "1", *([] if attached else ["--no-record"])]


@contextmanager
def training(run_id: str, home: str, updates: int = 100_000) -> Iterator[subprocess.Popen[bytes]]:
    """A live run; killed at the end. Ready once it has reported a few steps."""
    environment = {**os.environ, "SANCTUM_HOME": home, "SANCTUM_LINGER_S": "1"}
    with Path(os.devnull).open("wb") as nowhere:
        process = subprocess.Popen(
            command(run_id, updates, attached=True), stderr=nowhere, env=environment
        )
    try:
        os.environ["SANCTUM_HOME"] = home
        _await_steps(run_id)
        yield process
    finally:
        process.kill()
        process.wait()


def _await_steps(run_id: str) -> None:
    from sanctum.errors import SanctumError
    from sanctum.wire.client import open_run

    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            connection = open_run(run_id)
            update = connection.queries().run_read().last_update
            connection.close()
            if update is not None:
                return
        except SanctumError:
            pass
        time.sleep(0.2)
    raise TimeoutError("the run did not make an update in two minutes")
