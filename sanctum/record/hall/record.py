"""A hall's own file, opened as a run is: what names no moment is asked of its best episode."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sanctum.errors import UsageError
from sanctum.model.answers import Event
from sanctum.record.hall.file import task_of
from sanctum.record.hall.hall import Hall
from sanctum.record.hall.moment import at_hall
from sanctum.record.moments import Scope
from sanctum.record.reader import Reader
from sanctum.record.record import Record
from sanctum.record.schema import lay

_BEST = "hall:1"
_NOW = ("", "live", "now")


class HallRecord(Record):
    """Implements `Queries`: no moment, or ``live``, is ``hall:1``; ``-50`` is ``hall:1:-50``."""

    def __init__(self, path: Path) -> None:
        self.own_hall = Hall(path, task_of(path))
        self.own_hall.list()
        nothing = sqlite3.connect(":memory:", isolation_level=None)
        lay(nothing, page_bytes=512)
        super().__init__(Reader(nothing), path, hall=self.own_hall)

    def note_add(self, text: str, at: str | None = None) -> Event:
        """Refused: an entry is as its run was. Raises UsageError."""
        raise UsageError("the hall of fame takes no notes", "put one on the timeline of a run")

    def _scope(self, at: str | None) -> Scope:
        when = (at or "").strip()
        if when in _NOW:
            when = _BEST
        elif not when.startswith("hall:"):
            when = f"{_BEST}:{when}"
        return at_hall(self.own_hall, when, self._pulse.now())
