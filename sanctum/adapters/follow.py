"""What is new in a file that somebody is writing, at each look; or in a pipe."""

from __future__ import annotations

import contextlib
import os
import select
import time
from pathlib import Path
from typing import BinaryIO

from sanctum.adapters.jsonl import GZIP, READ_BYTES, Foreign, check

TAIL_BYTES = 4096


class Growing:
    """The file at `path`, which need not be there yet; what was read once is not given again.

    A file that took its place (a log that was rotated) is read from its start once the earlier one
    holds nothing more, and so is one that was cut short. A longer copy of the same (rsync) is gone
    on with where the earlier one ended. `anew` counts how often it began from the start again.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.anew = 0
        self.ended = False
        self.read_bytes = 0
        self._file: BinaryIO | None = None
        self._tail = b""

    @property
    def is_there(self) -> bool:
        """Whether there was a file to be read."""
        return self._file is not None

    def look(self, wait_s: float = 0.0) -> bytes:
        """Some of what is new; nothing at its end for now. Raises Foreign, OSError."""
        if self._file is None and not self._open():
            return b""
        assert self._file is not None
        data = self._file.read(READ_BYTES)
        if not data and self._has_another():
            data = self._file.read(READ_BYTES)
        if data and self.read_bytes == 0:
            _check(data)
        self.read_bytes += len(data)
        self._tail = (self._tail + data)[-TAIL_BYTES:]
        return data

    def unchanged_s(self) -> float:
        """For how long nobody has written to it."""
        if self._file is None:
            return 0.0
        return max(0.0, time.time() - os.fstat(self._file.fileno()).st_mtime)

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()

    def _open(self) -> bool:
        with contextlib.suppress(FileNotFoundError):
            self._file = self.path.open("rb", buffering=0)
        return self._file is not None

    def _has_another(self) -> bool:
        """At the end of the file: whether there is another to be read, or the same from its start.

        A file that is gone may still be written to by who has it open.
        """
        assert self._file is not None
        here = os.fstat(self._file.fileno())
        try:
            there = self.path.stat()
        except FileNotFoundError:
            return False
        if (here.st_dev, here.st_ino) != (there.st_dev, there.st_ino):
            before, self._file = self._file, None
            before.close()
            if not self._open():
                return False
            if not self._goes_on():
                self._begin_anew()
            return True
        if here.st_size < self.read_bytes:
            self._begin_anew()
            return True
        return False

    def _goes_on(self) -> bool:
        """Whether the file begins with all that was read; it then stands behind that."""
        assert self._file is not None
        if os.fstat(self._file.fileno()).st_size < self.read_bytes:
            return False
        self._file.seek(self.read_bytes - len(self._tail))
        return self._file.read(len(self._tail)) == self._tail

    def _begin_anew(self) -> None:
        assert self._file is not None
        self._file.seek(0)
        self.read_bytes, self._tail = 0, b""
        self.anew += 1


class Pipe:
    """A pipe or a terminal, as `Growing`; `ended` once the other end is closed."""

    anew = 0
    is_there = True

    def __init__(self, file: BinaryIO) -> None:
        self.ended = False
        self.read_bytes = 0
        self._file = file

    def look(self, wait_s: float = 0.0) -> bytes:
        """What has come within `wait_s`; nothing when none has. Raises Foreign, OSError."""
        if self.ended or not select.select([self._file], [], [], wait_s)[0]:
            return b""
        data = os.read(self._file.fileno(), READ_BYTES)
        if data and self.read_bytes == 0:
            _check(data)
        self.read_bytes += len(data)
        self.ended = not data
        return data

    def unchanged_s(self) -> float:
        """Nobody knows; there is somebody at the other end."""
        return 0.0

    def close(self) -> None:
        """It is not ours."""


def _check(start: bytes) -> None:
    """Refuse what cannot be followed. Raises Foreign."""
    if start.startswith(GZIP):
        raise Foreign("gzipped, and so nothing is added to it")
    check(start)
