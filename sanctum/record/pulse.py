"""The pulse of a run: what only the process beside a live trainer knows."""

from __future__ import annotations

import time

from sanctum.model.answers import StacksAnswer


class Pulse:
    """Of a recorded run: nobody is there, nothing is under way. A live recorder overrides all."""

    def now(self) -> float:
        """The wall time."""
        return time.time()

    def is_trainer_alive(self) -> bool:
        """Whether the trainer's process runs and has not said that it ended."""
        return False

    def is_heard(self) -> bool:
        """Whether somebody records what the trainer says."""
        return True

    def unheard(self) -> str | None:
        """Why nobody could hear how the run ended; None when somebody did or that is not known."""
        return None

    def held(self) -> str | None:
        """What holds the trainer's process, and what to do; None when nothing does that is seen."""
        return None

    def heard(self) -> float:
        """When the trainer last said something of the run."""
        return 0.0

    def usual_gap_s(self) -> float:
        """How long it usually says nothing between two steps; 0: not known."""
        return 0.0

    def lost(self) -> int:
        """Readings that did not arrive, as counted by the probe and the recorder."""
        return 0

    def queued_bytes(self) -> int:
        """Bytes that wait in the trainer's process."""
        return 0

    def stacks(self) -> StacksAnswer:
        """What the trainer's Python threads are doing now."""
        return StacksAnswer(None, "gone", "no trainer of this run is there to be asked")

    def stopped(self) -> tuple[float, str] | None:
        """Since when and why nothing reaches the disk."""
        return None
