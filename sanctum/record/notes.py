"""Notes: lines that a person puts on the timeline of a run."""

from __future__ import annotations

from pathlib import Path

from sanctum.model.answers import Event
from sanctum.record.moments import Scope
from sanctum.record.writer import Writer


def note_add(of: Scope, path: Path, writer: Writer | None, text: str) -> Event:
    """Put `text` on the timeline at the moment of `of`; gives the event as it was written."""
    raise NotImplementedError
