"""Wall time from a clock that does not jump: both are read once, then only the monotonic one."""

from __future__ import annotations

import time


class Clock:
    """Wall times (seconds since the epoch) that only go forward."""

    def __init__(self) -> None:
        self._wall = time.time()
        self._monotonic = time.monotonic()

    def now(self) -> float:
        """The wall time now."""
        return self._wall + (time.monotonic() - self._monotonic)

    def at(self, monotonic: float) -> float:
        """The wall time of a reading of this machine's monotonic clock; now, if it is no such."""
        age = time.monotonic() - monotonic
        return self.now() - age if 0 <= age < 3600 else self.now()
