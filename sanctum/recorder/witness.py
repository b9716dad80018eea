"""The trainer's files of last words: what ``faulthandler`` wrote in it when a signal came.

The trainer's probe opened them (`sanctum.probe.witness`); this process inherited them, so they
outlive the trainer. What is in them is the trainer's text.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass

FATAL, ASKED = "fatal", "asked"
MOST_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Witness:
    """The files by name: of signals (``SIGTERM``), of crashes, of stacks that were asked for.

    `signal` is the number that asks for stacks where the interpreter lock is held; None: none does.
    """

    files: dict[str, int]
    signal: int | None = None

    def text(self, name: str) -> str:
        """What is in a file; empty where there is none."""
        return self.since(name, 0)

    def since(self, name: str, start: int) -> str:
        """What is in a file from byte `start` on."""
        fd = self.files.get(name)
        if fd is None:
            return ""
        with contextlib.suppress(OSError):
            return os.pread(fd, MOST_BYTES, start).decode(errors="replace")
        return ""

    def size(self, name: str) -> int:
        """How many bytes are in a file."""
        with contextlib.suppress(OSError, KeyError):
            return os.fstat(self.files[name]).st_size
        return 0

    def empty(self, name: str) -> None:
        """Take away what was written before."""
        with contextlib.suppress(OSError, KeyError):
            os.ftruncate(self.files[name], 0)

    def last(self) -> str | None:
        """The signal whose file was written to last, if any was; not what was asked for."""
        told = [name for name in self.files if name != ASKED and self.size(name)]
        return max(told, key=self._written, default=None)

    def _written(self, name: str) -> int:
        with contextlib.suppress(OSError):
            return os.fstat(self.files[name]).st_mtime_ns
        return 0


def witness(argument: str | None) -> Witness:
    """The files that the trainer's probe names on the command line; none where it had no means."""
    if not argument:
        return Witness({})
    try:
        said = json.loads(argument)
        return Witness({str(name): int(fd) for name, fd in said["files"].items()}, said["signal"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return Witness({})
