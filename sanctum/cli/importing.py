"""Importing: adapters speak to runs that write records at once, without a trainer or a recorder."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Unpack

from sanctum.errors import RecordError, SanctumError
from sanctum.probe.direct import direct
from sanctum.probe.hello import About, hello
from sanctum.probe.run import Run
from sanctum.recorder.offline import Made, Offline
from sanctum.wire.places import Origin


class Importing:
    """The records that one import makes; an `Opens` for adapters is its `open`.

    `replace` says that records of the same ids may go; `origin` is what they are made from.
    """

    def __init__(self, *, replace: bool = False, origin: Origin | None = None) -> None:
        self._replace = replace
        self._origin = origin
        self._made: dict[str, Offline] = {}
        self._failed: SanctumError | None = None
        logging.getLogger("sanctum").addHandler(logging.NullHandler())  # errors are sentences here

    def open(self, run_id: str, time: float, **about: Unpack[About]) -> Run:
        """Begin a run or its next attempt. Raises UsageError for an id that is taken."""
        made = self._made.get(run_id)
        if made is None:
            try:
                made = Offline(run_id, replace=self._replace, origin=self._origin)
            except SanctumError as error:
                self._failed = error
                raise
            self._made[run_id] = made
        made.begin(hello(made.run_id, about), time)
        run = direct(made.run_id, made.take)
        run.at_time(time)
        run.record = str(made.record)
        return run

    @property
    def runs(self) -> list[str]:
        """The ids of the runs, in the order they began."""
        return [made.run_id for made in self._made.values()]

    @property
    def refused(self) -> int:
        """How many messages made no sense to the record."""
        return sum(made.refused for made in self._made.values())

    def check(self) -> None:
        """Go no further: raises what `open` raised, RecordError when the disk takes nothing."""
        if self._failed is not None:
            raise self._failed
        for made in self._made.values():
            if made.trouble is not None:
                raise RecordError(f"{made.record} cannot be written: {made.trouble}")

    def finish(self) -> list[Made]:
        """Put every record in its place. Raises RecordError when there is nothing to be kept."""
        if not self._made:
            raise RecordError("nothing was imported")
        return [made.finish() for made in self._made.values()]

    def discard(self) -> None:
        """Leave nothing behind of what is not finished."""
        for made in self._made.values():
            made.discard()


@contextmanager
def importing(*, replace: bool = False, origin: Origin | None = None) -> Iterator[Importing]:
    """An import, of which nothing is left behind unless it was finished."""
    made = Importing(replace=replace, origin=origin)
    try:
        yield made
    finally:
        made.discard()
