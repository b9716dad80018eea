"""An interpreter that answers a recorder's jobs as it is told to, without torch."""

from __future__ import annotations

import sys
from pathlib import Path

from sanctum.model.jobs import Evaluate, Matrix, Policy, Rows
from sanctum.recorder.replaying.place import Place
from sanctum.recorder.replaying.plan import Plan

SCRIPT = """#!{python}
import os, signal, sys, time
from sanctum.model.jobs import Evaluated, framed, job_of, unframed

while (data := unframed(sys.stdin.buffer)) is not None:
    job = job_of(data)
    said = dict(job.policies[0].about)
    if "say" in said:
        print(said["say"], file=sys.stderr, flush=True)
    if "exit" in said:
        sys.exit(said["exit"])
    if "signal" in said:
        os.kill(os.getpid(), said["signal"])
    if "garbage" in said:
        os.write(1, b"\\xff" * 64)
    if "sleep" in said:
        time.sleep(said["sleep"])
    sys.stdout.buffer.write(framed(Evaluated([], str(os.getpid()), str(job.policies[0].update))))
    sys.stdout.buffer.flush()
"""


def place(folder: Path) -> Place:
    """A place whose interpreter is that script."""
    path = folder / "python"
    if not path.exists():
        path.write_text(SCRIPT.format(python=sys.executable))
        path.chmod(0o755)
    return Place(str(path), str(folder), (str(folder),))


def job(update: int = 0, size: int = 0, **said) -> Evaluate:
    """A job that the script understands; `size` bytes of weights come with it."""
    nothing = Rows(Matrix((0, 0), b""))
    return Evaluate([Policy(update, "a:b", b"x" * size, said)], [nothing])


def plan(at: Place, *jobs: Evaluate) -> Plan:
    """A plan whose answer is the updates that the script saw, and its process."""
    made = [lambda one=one: one for one in jobs]
    return Plan(at, made, lambda done: [(int(one.device), int(one.dtype)) for one in done])
