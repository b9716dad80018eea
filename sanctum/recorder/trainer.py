"""Watching the trainer's process: by pidfd where there is one, else by pid and start time.

Never by end-of-file: a forked worker may hold the socket long after the trainer has gone.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import selectors
import signal
import struct
from collections.abc import Callable

from sanctum.wire.processes import exit_code, is_alive, started

_INFO_BYTES = 64
_GET_INFO = (3 << 30) | (_INFO_BYTES << 16) | (0xFF << 8) | 11
"""PIDFD_GET_INFO, for the first 64 bytes of `struct pidfd_info`."""

_EXIT, _EXIT_AT = 1 << 3, 60


class TrainerWatch:
    """Calls `on_death` once when the process has gone; `poll` must be called now and then."""

    def __init__(
        self,
        selector: selectors.BaseSelector,
        pid: int,
        started_at: float,
        on_death: Callable[[], None],
    ) -> None:
        self.pid = pid
        self.started = started_at or started(pid) or 0.0
        self._selector = selector
        self._on_death = on_death
        self._gone = False
        self._fd = _pidfd(pid)
        if started(pid) not in (None, self.started):
            self._fd = None  # the number is another process's by now
        if self._fd is not None:
            selector.register(self._fd, selectors.EVENT_READ, lambda _: self._died())

    @property
    def is_alive(self) -> bool:
        """Whether the trainer's process runs."""
        return not self._gone

    def is_there(self) -> bool:
        """Look now whether that very process is there: its number cannot be another's if so."""
        return not self._gone and is_alive(self.pid, self.started)

    def poll(self) -> None:
        """Look for the process where no pidfd tells; cheap."""
        if not self._gone and not is_alive(self.pid, self.started):
            self._died()

    def status(self) -> int | None:
        """The wait status it left with; None where that is not known (yet).

        The kernel tells it of a process that was waited for by its parent (Linux 6.15 on), and of
        one that was not. Between the two it may be asked again.
        """
        if self._fd is None:
            return None
        for tell in (self._collected, lambda: exit_code(self.pid, self.started), self._collected):
            found = tell()
            if found is not None:
                return found
        return None

    def send(self, number: int) -> bool:
        """Send a signal to that very process, whatever has its number by now; False: it is gone."""
        try:
            if self._fd is not None:
                signal.pidfd_send_signal(self._fd, number)
            elif is_alive(self.pid, self.started):
                os.kill(self.pid, number)
        except OSError:
            return False
        return True

    def _collected(self) -> int | None:
        assert self._fd is not None
        held = bytearray(_INFO_BYTES)
        struct.pack_into("Q", held, 0, _EXIT)
        with contextlib.suppress(OSError):
            fcntl.ioctl(self._fd, _GET_INFO, held)
            if struct.unpack_from("Q", held)[0] & _EXIT:
                return int(struct.unpack_from("i", held, _EXIT_AT)[0])
        return None

    def _died(self) -> None:
        if self._gone:
            return
        self._gone = True
        if self._fd is not None:
            self._selector.unregister(self._fd)
        self._on_death()


def _pidfd(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None
