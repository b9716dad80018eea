"""Watching the trainer's process: by pidfd where there is one, else by pid and start time.

Never by end-of-file: a forked worker may hold the socket long after the trainer has gone.
"""

from __future__ import annotations

import os
import selectors
from collections.abc import Callable

from sanctum.wire.processes import is_alive, started


class TrainerWatch:
    """Calls `on_death` once when the process has gone; `poll` must be called now and then."""

    def __init__(
        self, selector: selectors.BaseSelector, pid: int, on_death: Callable[[], None]
    ) -> None:
        self.pid = pid
        self.started = started(pid) or 0.0
        self._selector = selector
        self._on_death = on_death
        self._gone = False
        self._fd = _pidfd(pid)
        if self._fd is not None:
            selector.register(self._fd, selectors.EVENT_READ, lambda _: self._died())

    @property
    def is_alive(self) -> bool:
        """Whether the trainer's process runs."""
        return not self._gone

    def poll(self) -> None:
        """Look for the process where no pidfd tells; cheap."""
        if not self._gone and not is_alive(self.pid, self.started):
            self._died()

    def _died(self) -> None:
        if self._gone:
            return
        self._gone = True
        if self._fd is not None:
            self._selector.unregister(self._fd)
            os.close(self._fd)
        self._on_death()


def _pidfd(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None
