"""Starting the recorder again: how often, how long to wait between, and what is said of it."""

from __future__ import annotations

import socket
import threading
import time
from collections import deque
from collections.abc import Callable

from sanctum.errors import SanctumError

MOST, WITHIN_S = 5, 600.0
WAITS_S = (0.0, 1.0, 2.0, 4.0, 8.0)


class GivenUp(Exception):
    """Nobody records any more, and why; a sentence."""


class Restarts:
    """At most `MOST` recorders within `WITHIN_S`, each started by `launch`; None: never another.

    Used on the sender's thread only. `say` is told once of each recorder that died.
    """

    def __init__(
        self, launch: Callable[[], socket.socket] | None, say: Callable[[str], None]
    ) -> None:
        self._launch = launch
        self._say = say
        self._tries: deque[float] = deque(maxlen=MOST)
        self.under_way = False

    def link(self, lost: OSError, stop: threading.Event) -> socket.socket:
        """A socket to another recorder after one was `lost`; while `stop` is set without a pause.

        Raises GivenUp.
        """
        why = f"the recorder has gone ({lost.strerror or lost})"
        if self._launch is None:
            raise GivenUp(why)
        self.under_way = True
        try:
            return self._started(why, self._launch, stop)
        finally:
            self.under_way = False

    def _started(
        self, why: str, launch: Callable[[], socket.socket], stop: threading.Event
    ) -> socket.socket:
        for wait_s in WAITS_S:
            if len(self._tries) == MOST and time.monotonic() - self._tries[0] < WITHIN_S:
                raise GivenUp(f"{why}, after {MOST} others in {WITHIN_S / 60:.0f} minutes")
            stop.wait(wait_s)
            self._tries.append(time.monotonic())
            try:
                link = launch()
            except SanctumError as error:
                why = f"{why.partition(';')[0]}; {error.sentence}"
                continue
            self._say(f"{why.partition(';')[0]} and was started again; the record marks the gap")
            return link
        raise GivenUp(why)
