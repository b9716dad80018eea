"""How adapters begin a run: they are given an `Opens`, and what stands behind it is the caller's.

Beside a live trainer that is `attached`; an importer writes a record with nobody to attach to.
"""

from __future__ import annotations

from typing import Protocol, Unpack

from sanctum.probe.attach import attach
from sanctum.probe.hello import About
from sanctum.probe.run import Run


class Opens(Protocol):
    """Begins the run `run_id`, or its next attempt when it was begun before; gives the `Run`.

    `time` is when it began, in seconds since the epoch, 0: now.
    """

    def __call__(self, run_id: str, time: float, **about: Unpack[About]) -> Run:
        """Begin."""


def attached(run_id: str, time: float, **about: Unpack[About]) -> Run:
    """A run of this process, as `sanctum.attach` gives it. An earlier one of this process ends."""
    run = attach(run_id, **about)
    run.at_time(time)
    return run
