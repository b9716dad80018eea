"""`Hall`: the file that all runs of a task share, and the entries in it."""

from __future__ import annotations

from pathlib import Path

from sanctum.model.answers import HallAnswer, HallEntry
from sanctum.record.moments import Scope


class Hall:
    """The hall of fame of one task, in the file at `path`, which need not be there yet."""

    def __init__(self, path: Path, task: str) -> None:
        self.path = path
        self.task = task

    def list(self, worst: bool = False, limit: int | None = None) -> HallAnswer:
        """The best episodes, then what is pinned beyond them."""
        raise NotImplementedError

    def entry(self, rank: int) -> HallEntry:
        """One entry. Raises UsageError for a rank that is not there."""
        raise NotImplementedError

    def pin(self, rank: int, pinned: bool) -> HallEntry:
        """Keep an entry for good, or no longer."""
        raise NotImplementedError

    def export(self, rank: int, path: Path) -> HallEntry:
        """Write an entry as a record of its own."""
        raise NotImplementedError


def at_hall(hall: Hall, when: str, now: float) -> Scope:
    """The ground for a question at ``hall:2`` or ``hall:2:WHEN``."""
    raise NotImplementedError
