"""Inside the trainer: copies a few arrays, never blocks it, never raises into it."""

from sanctum.probe.attach import attach
from sanctum.probe.run import Run

__all__ = ["Run", "attach"]
