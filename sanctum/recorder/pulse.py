"""How the live run is right now: what no row of the record can say."""

from __future__ import annotations

from sanctum.record.record import Pulse
from sanctum.record.writer import Writer
from sanctum.recorder.clock import Clock
from sanctum.recorder.ingest import Ingest
from sanctum.recorder.trainer import TrainerWatch


class LivePulse(Pulse):
    """The pulse of the trainer that this recorder listens to."""

    def __init__(self, ingest: Ingest, writer: Writer, clock: Clock) -> None:
        self._ingest = ingest
        self._writer = writer
        self._clock = clock
        self.trainer: TrainerWatch | None = None

    def now(self) -> float:
        """The wall time, from a clock that does not jump."""
        return self._clock.now()

    def is_trainer_alive(self) -> bool:
        """Whether the trainer's process runs and has not said that it ended."""
        return self._ingest.ended is None and self.trainer is not None and self.trainer.is_alive

    def heard(self) -> float:
        """When the trainer last said something of the run."""
        return self._ingest.heard

    def lost(self) -> int:
        """Readings the probe could not queue, and frames that made no sense."""
        return self._ingest.lost + self._ingest.refused

    def queued_bytes(self) -> int:
        """Bytes that wait in the trainer's process."""
        return self._ingest.queued_bytes

    def stopped(self) -> tuple[float, str] | None:
        """Since when and why nothing reaches the disk."""
        return self._writer.stopped
