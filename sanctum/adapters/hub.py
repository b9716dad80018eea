"""Esper's hub, seen from one of its back ends: how much it dropped, and room for a burst.

The hub gives each back end a queue of 100 events and drops what does not fit; one epoch of 16
environments can bring 150 at once. The hub is looked up among the loaded modules, never imported.
"""

from __future__ import annotations

import contextlib
import queue
import sys
from typing import Any

MODULES = ("esper.nissa.output", "esper.nissa")
ROOM = 20_000
"""Events that the hub may hold for us: some 65 MB of Esper's usual mixture."""


class Hub:
    """The hub that holds `backend`; found once it does."""

    def __init__(self, backend: object) -> None:
        self._backend = backend
        self._hub: Any = None
        self._worker: Any = None
        self.roomy = False

    def look(self) -> bool:
        """Find the hub, unless it is found; then make room in its queues. Whether it is known."""
        if self._hub is None:
            self._hub = self._found()
        if self._worker is None and self._hub is not None:
            workers = list(getattr(self._hub, "_backend_workers", ()))
            mine = (one for one in workers if getattr(one, "_backend", None) is self._backend)
            self._worker = next(mine, None)
            if self._worker is not None:
                self.roomy = all([_widen(self._hub), _widen(self._worker)])
        return self._hub is not None

    @property
    def dropped(self) -> int | None:
        """Events that never reached the back end, so far; None where the hub does not tell."""
        if self._hub is None:
            return None
        before = self._told("get_health_snapshot").get("hub_dropped_events")
        if before is None:
            before = getattr(self._hub, "_dropped_events", None)
        stats = getattr(self._worker, "get_stats", None)
        if callable(stats):
            ours = stats()
        else:
            ours = self._told("get_backend_stats").get(type(self._backend).__name__, {})
        after = ours.get("dropped_events")
        if before is None and after is None:
            return None
        return int(before or 0) + int(after or 0)

    def flush(self, within_s: float) -> None:
        """Wait until the hub has handed over what it holds, if it can be waited for."""
        flush = getattr(self._hub, "flush", None)
        if callable(flush):
            with contextlib.suppress(Exception):
                flush(timeout=within_s)

    def _found(self) -> Any:
        """The hub of this process, if our back end is one of its own."""
        for name in MODULES:
            module = sys.modules.get(name)
            hub = getattr(module, "_global_hub", None)
            if hub is not None and self._backend in getattr(hub, "_backends", ()):
                return hub
        return None

    def _told(self, method: str) -> dict[str, Any]:
        found = getattr(self._hub, method, None)
        answer = found() if callable(found) else {}
        return answer if isinstance(answer, dict) else {}


def _widen(holder: object) -> bool:
    """Let the queue of a hub or a worker hold `ROOM` events. False where it is not as known."""
    held = getattr(holder, "_queue", None)
    if not isinstance(held, queue.Queue):
        return False
    with held.mutex:
        if 0 < held.maxsize < ROOM:
            held.maxsize = ROOM
    return True
