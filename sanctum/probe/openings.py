"""How adapters begin a run: they are given an `Opens`, and what stands behind it is the caller's.

Beside a live trainer that is `attached`; an importer writes a record with nobody to attach to.
"""

from __future__ import annotations

from typing import Protocol, Unpack
from weakref import WeakValueDictionary

from sanctum.probe.attach import begun
from sanctum.probe.hello import About, hello
from sanctum.probe.run import Run
from sanctum.telemetry import RunStarted

_begun: WeakValueDictionary[str, Run] = WeakValueDictionary()
"""The runs that adapters began in this process, by the id they asked for."""


class Opens(Protocol):
    """Begins the run `run_id`, or its next attempt when it was begun before; gives the `Run`.

    `time` is when it began, in seconds since the epoch, 0: now.
    """

    def __call__(self, run_id: str, time: float, **about: Unpack[About]) -> Run:
        """Begin."""


def attached(run_id: str, time: float, **about: Unpack[About]) -> Run:
    """A run of this process, as `sanctum.attach` gives it, beside others that it has."""
    return beside(hello(run_id, about), time)


def beside(header: RunStarted, time: float) -> Run:
    """The run of `header`; an earlier one that this process began under the same id ends."""
    wanted = header.run_id
    earlier = _begun.get(wanted)
    if earlier is not None:
        earlier.close()
    run = _begun[wanted] = begun(header)
    run.at_time(time)
    return run
