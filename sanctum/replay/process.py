"""The worker's process: its stdout kept for answers alone, its import path, its place among others.

All of this comes before torch and the trainer's code are imported.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import BinaryIO

from sanctum.model.jobs import GPUS, IMPORT_PATH

REPLAYING = "SANCTUM_REPLAYING"
"""The environment variable by which `sanctum.attach`, and every adapter, knows that it must not."""

NICE = 5
"""How far it stands back behind the trainer, which may want the same cores; as the recorder."""

_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
_LOOK_S = 1.0


def keep_stdout() -> BinaryIO:
    """The real stdout, for answers; whatever is printed from now on goes to stderr.

    Also what C code prints, and child processes: descriptor 1 itself is stderr then.
    """
    sys.stdout.flush()
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return answers


def keep_stdin() -> BinaryIO:
    """The real stdin, for jobs; who reads from stdin now finds it empty."""
    jobs = os.fdopen(os.dup(0), "rb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return jobs


def take_path() -> None:
    """Put the run's ``sys.path`` before what this process has beside it. Raises ValueError."""
    given = json.loads(os.environ.pop(IMPORT_PATH, "[]"))
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise ValueError(f"{IMPORT_PATH} is no JSON list of folders")
    # "" is the directory the trainer was started in, which is this process's too.
    sys.path[:] = list(dict.fromkeys([*given, *sys.path]))


def settle() -> None:
    """One thread, no GPU, behind the trainer; no run of its own; gone when the recorder is gone.

    Where memory runs out the kernel is to end this process, not the trainer.
    """
    os.environ.update(dict.fromkeys(GPUS, ""))
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    with contextlib.suppress(OSError):
        os.nice(max(0, NICE - os.nice(0)))
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    os.environ[REPLAYING] = "1"
    threading.Thread(target=_leave_with, args=(os.getppid(),), daemon=True).start()


def _leave_with(parent: int) -> None:
    """The end of stdin is seen between two jobs only, and a trainer's code may hang in one."""
    while os.getppid() == parent:
        time.sleep(_LOOK_S)
    os._exit(1)
