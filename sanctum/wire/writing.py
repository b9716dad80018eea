"""Which process writes a file: whoever has it open to write, of those this user may look at."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from sanctum.wire.processes import is_alive, started


class Process(NamedTuple):
    """A process by its number and when it started; its command line, and the folder it is in."""

    pid: int
    started: float
    argv: list[str]
    directory: str

    @property
    def is_alive(self) -> bool:
        """Whether that very process still runs."""
        return is_alive(self.pid, self.started)


def writer_of(path: Path) -> Process | None:
    """The process that has the file at `path` open to write, the oldest of several; None: nobody.

    Only Linux tells, and only of processes of the same user.
    """
    try:
        wanted = path.stat()
        numbers = [int(one.name) for one in Path("/proc").iterdir() if one.name.isdecimal()]
    except OSError:
        return None
    file = (wanted.st_dev, wanted.st_ino)
    found = [_process(pid) for pid in numbers if pid != os.getpid() and _writes(pid, file)]
    there = [one for one in found if one is not None]
    return min(there, key=lambda one: (one.started, one.pid), default=None)


def _writes(pid: int, file: tuple[int, int]) -> bool:
    try:
        descriptors = list(Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False
    return any(_is_open_to_write(one, file) for one in descriptors)


def _is_open_to_write(descriptor: Path, file: tuple[int, int]) -> bool:
    try:
        found = descriptor.stat()
        if (found.st_dev, found.st_ino) != file:
            return False
        about = (descriptor.parents[1] / "fdinfo" / descriptor.name).read_text()
    except OSError:
        return False
    flags = next((line.split()[1] for line in about.splitlines() if line.startswith("flags:")), "0")
    return int(flags, 8) & os.O_ACCMODE != os.O_RDONLY


def _process(pid: int) -> Process | None:
    at = started(pid)
    if at is None:
        return None
    try:
        argv = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
        directory = str(Path(f"/proc/{pid}/cwd").readlink())
    except OSError:
        argv, directory = [], ""
    return Process(pid, at, [one for one in argv if one], directory)
