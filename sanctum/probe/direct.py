"""A `Run` whose words go straight to a function: for importers, which have no trainer to spare."""

from __future__ import annotations

from collections.abc import Callable

from sanctum.probe.backlog import Backlog
from sanctum.probe.copies import arrive
from sanctum.probe.run import Run, say
from sanctum.probe.saves import Saves
from sanctum.probe.sender import Sender
from sanctum.telemetry import Backfill, Frame, Step


def direct(run_id: str, take: Callable[[Frame], None]) -> Run:
    """A run that hands every frame to `take`, in the caller's thread; nothing waits, nothing is
    left out, and what `take` raises reaches the caller of ``close`` and nobody else.
    """
    run = Run(run_id, _Straight(take), say)
    run._sender = _Nobody()
    run._saves = Saves(run._put, run._not_kept, run._say_skipped, at_once=True)
    return run


class _Straight(Backlog):
    """A backlog that keeps nothing."""

    def __init__(self, take: Callable[[Frame], None]) -> None:
        super().__init__()
        self._hand_over = take

    def put(self, frame: Frame, used_bytes: int = 0) -> None:
        if isinstance(frame, Step):
            arrive(frame.columns)
            arrive(frame.matrices)
        elif isinstance(frame, Backfill):
            arrive(frame.columns)
        self._hand_over(frame)


class _Nobody(Sender):
    """In place of the thread that sends: there is nothing to send."""

    def __init__(self) -> None:
        self.alive = True

    def finish(self, within_s: float) -> bool:
        return True

    def let_go(self) -> None:
        self.alive = False
