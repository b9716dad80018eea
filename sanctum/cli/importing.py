"""Importing: adapters speak to runs that write records at once, without a trainer or a recorder."""

from __future__ import annotations

from pathlib import Path
from typing import Unpack

from sanctum.probe.direct import direct
from sanctum.probe.hello import About, hello
from sanctum.probe.run import Run
from sanctum.recorder.offline import Offline


class Importing:
    """The records that one import makes; an `Opens` for adapters is its `open`.

    `replace` says that records of the same ids may go.
    """

    def __init__(self, *, replace: bool = False) -> None:
        self._replace = replace
        self._made: dict[str, Offline] = {}

    def open(self, run_id: str, time: float, **about: Unpack[About]) -> Run:
        """Begin a run or its next attempt. Raises UsageError for an id that is taken."""
        made = self._made.get(run_id)
        if made is None:
            made = self._made[run_id] = Offline(run_id, replace=self._replace)
        made.begin(hello(made.run_id, about), time)
        run = direct(made.run_id, made.take)
        run.at_time(time)
        run.record = str(made.record)
        return run

    @property
    def refused(self) -> int:
        """How many messages made no sense to the record."""
        return sum(made.refused for made in self._made.values())

    def finish(self) -> list[Path]:
        """Put every record in its place. Raises RecordError when there is nothing to be kept."""
        return [made.finish() for made in self._made.values()]

    def discard(self) -> None:
        """Leave nothing behind."""
        for made in self._made.values():
            made.discard()
