"""The thread that turns waiting event objects into Sanctum's words, out of the trainer's way.

It wakes 20 times a second and works a few milliseconds at a time: what it holds meanwhile is the
interpreter lock, which the trainer wants.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable

from sanctum.adapters.events import plain_event
from sanctum.adapters.hub import Hub
from sanctum.adapters.translation import Translator

WAKE_S = 0.05
WORK_S = 0.01
"""A fifth of a wake at most: 2,000 to 4,000 events a second, where a large run sends 200."""
LOOK_EVERY_S = 1.0


class Drain:
    """Empties `waiting` into `translator`; `lost` says how many events never got that far."""

    def __init__(
        self,
        waiting: deque[object],
        translator: Translator,
        hub: Hub,
        lost: Callable[[], int],
    ) -> None:
        self._waiting = waiting
        self._translator = translator
        self._hub = hub
        self._lost = lost
        self._looked_at = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sanctum-esper", daemon=True)
        self._worker = 0
        self.taken = 0
        self.busy_s = 0.0

    @property
    def is_current(self) -> bool:
        """Whether it is the caller's thread that translates, or did last."""
        return threading.get_ident() == self._worker

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def finish(self) -> None:
        """Stop the thread and translate what waits, in the caller's thread."""
        self._stop.set()
        self._thread.join()
        self._worker = threading.get_ident()
        while self._waiting:
            self._take(self._waiting.popleft())
        self._count_drops()

    def _run(self) -> None:
        self._worker = threading.get_ident()
        while not self._stop.wait(WAKE_S):
            try:
                self._turn()
            except Exception as error:  # the last resort: what comes next may do
                self._translator.refuse(f"{type(error).__name__}: {error}")
            self.busy_s = time.thread_time()

    def _turn(self) -> None:
        until = time.thread_time() + WORK_S
        while self._waiting:
            self._take(self._waiting.popleft())
            if time.thread_time() > until:
                break
        else:
            self._translator.idle()
        if time.monotonic() - self._looked_at >= LOOK_EVERY_S:
            self._looked_at = time.monotonic()
            self._count_drops()

    def _take(self, event: object) -> None:
        """Translate one event; whatever is wrong with it, the next one has its turn."""
        self.taken += 1
        try:
            self._translator.take(plain_event(event))
        except Exception as error:
            why = f"event {self.taken:,}: {type(error).__name__}: {error}"
            self._translator.refuse(why.splitlines()[0])

    def _count_drops(self) -> None:
        """Find the hub, and tell the run, once there is one, what it dropped."""
        dropped = None
        with contextlib.suppress(Exception):  # a hub of another version: that is not known
            if self._hub.look():
                dropped = self._hub.dropped
        lost = self._lost()
        if self._translator.runs and (dropped is not None or lost):
            self._translator.drop((dropped or 0) + lost)
