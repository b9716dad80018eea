"""How the live run is right now: what no row of the record can say."""

from __future__ import annotations

from collections.abc import Callable

from sanctum.model.answers import StacksAnswer
from sanctum.record.record import Pulse
from sanctum.record.writer import Writer
from sanctum.recorder.clock import Clock
from sanctum.recorder.ingest import Ingest
from sanctum.recorder.stacks import asked, held
from sanctum.recorder.trainer import TrainerWatch
from sanctum.recorder.witness import Witness


class LivePulse(Pulse):
    """The pulse of the trainer that this recorder listens to."""

    def __init__(self, ingest: Ingest, writer: Writer, clock: Clock) -> None:
        self._ingest = ingest
        self._writer = writer
        self._clock = clock
        self.trainer: TrainerWatch | None = None
        self.witness = Witness({})
        self.ask_probe: Callable[[], bool] = lambda: False

    def now(self) -> float:
        """The wall time, from a clock that does not jump."""
        return self._clock.now()

    def is_trainer_alive(self) -> bool:
        """Whether the trainer's process runs and has not said that it ended."""
        return self._ingest.ended is None and self.trainer is not None and self.trainer.is_alive

    def heard(self) -> float:
        """When the trainer last said something of the run."""
        return self._ingest.heard

    def usual_gap_s(self) -> float:
        """How long it usually says nothing between two steps."""
        return self._ingest.pace.usual_gap_s

    def held(self) -> str | None:
        """What holds the trainer's process, and what to do; of a file, that nothing comes."""
        header = self._ingest.header
        if header is not None and header.followed:
            found = held(header.trainer_pid) if header.trainer_pid else None
            return found or f"nothing new stands in {header.followed}"
        return None if self.trainer is None else held(self.trainer.pid)

    def stacks(self) -> StacksAnswer:
        """What the trainer's Python threads are doing now."""
        if self.trainer is None or not self.trainer.is_alive:
            return StacksAnswer(None, "gone", "the trainer's process is gone: run --traceback")
        if self._ingest.ended is not None:
            why = f"the run has ended ({self._ingest.ended}); its trainer is not asked any more"
            return StacksAnswer(None, "ended", why)
        header = self._ingest.header
        if header is not None and header.followed:
            pid = header.trainer_pid
            how = f": py-spy dump --pid {pid} asks it" if pid else ""
            return StacksAnswer(None, "followed", f"its file is followed, nobody is in it{how}")
        threads = self._ingest.threads
        return asked(self.trainer, self.witness, threads, self.ask_probe, self.now())

    def lost(self) -> int:
        """Readings the probe could not queue, and frames that made no sense."""
        return self._ingest.lost + self._ingest.refused

    def queued_bytes(self) -> int:
        """Bytes that wait in the trainer's process."""
        return self._ingest.queued_bytes

    def stopped(self) -> tuple[float, str] | None:
        """Since when and why nothing reaches the disk."""
        return self._writer.stopped
