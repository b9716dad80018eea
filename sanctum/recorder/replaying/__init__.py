"""Replay, the recorder's side: which decision, which weights, and a worker that evaluates them."""

from sanctum.recorder.replaying.case import Source
from sanctum.recorder.replaying.replays import Replays

__all__ = ["Replays", "Source"]
