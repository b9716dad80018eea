"""Training in the background, out of reach of this terminal's Ctrl-C, with a shell beside it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import click

from sanctum.errors import NoSuchRun, SanctumError

POLL_S = 0.1


class TrainerEnded(SanctumError):
    """The trainer was over before its run began; its exit code is ours."""

    def __init__(self, exit_code: int, log: Path) -> None:
        said = [line.strip() for line in log.read_text(errors="replace").split("\n")]
        last = next((line for line in reversed(said) if line), "it said nothing")
        super().__init__(
            f"the trainer ended with exit code {exit_code}: {last}", f"all it said is in {log}"
        )
        self.exit_code = exit_code if exit_code > 0 else SanctumError.exit_code


def beside_a_shell(arguments: Sequence[str], *, within_s: float | None) -> int:
    """Run ``sanctum ARGUMENTS``, which train, in a session of its own; open the shell on the run.

    The run is waited for `within_s` seconds, None: for as long as the trainer lives. Training goes
    on when the shell is left. Gives the shell's exit code. Raises TrainerEnded, NoSuchRun.
    """
    from sanctum.shell import open_shell
    from sanctum.wire.places import home

    folder = home()
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / f"{arguments[0]}-{time.strftime('%m%d-%H%M%S')}.log"
    with log.open("wb") as said:
        child = subprocess.Popen(
            [sys.executable, "-m", "sanctum", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        recorded = _run_of(child, log, within_s)
    except (SanctumError, KeyboardInterrupt):
        child.terminate()
        raise
    code = open_shell(recorded)
    if child.poll() is None:
        click.echo(f"training goes on as process {child.pid}; to end it: kill -INT {child.pid}")
    return code


def _run_of(child: subprocess.Popen[bytes], log: Path, within_s: float | None) -> str:
    """The id of the run that a child records, once it can be found."""
    from sanctum.wire.places import run_files

    began = time.monotonic()
    while within_s is None or time.monotonic() - began < within_s:
        for file in run_files():
            if file.pid == child.pid and file.is_here:
                return file.run_id
        if child.poll() is not None:
            raise TrainerEnded(child.returncode, log)
        time.sleep(POLL_S)
    raise NoSuchRun("the trainer's run was not found in time", f"what it said is in {log}")
