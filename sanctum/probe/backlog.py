"""The queue between the training thread and the sender: bounded in bytes, and what gives way first.

Matrices are refused above half of the bound, weights above three quarters, step columns above nine
tenths; starts, seeds, updates, episodes, messages and ends are never refused. What was refused is
kept as `Gap`s, one per stretch, until the sender fetches them.
"""

from __future__ import annotations

import threading
from collections import deque

from sanctum.probe.copies import size_of
from sanctum.telemetry import Backfill, Frame, Gap, PolicySaved, Step

LIMIT_BYTES = 64 * 1024 * 1024
MATRICES, WEIGHTS, COLUMNS = "matrices", "weights", "columns"
_FULL_AT = {MATRICES: 0.5, WEIGHTS: 0.75, COLUMNS: 0.9}


class Backlog:
    """Frames in order. `put` is the trainer's, from any thread; `take` and `gaps` the sender's."""

    def __init__(self, limit_bytes: int = LIMIT_BYTES) -> None:
        self._frames: deque[tuple[Frame, int]] = deque()
        self._limits = {what: int(limit_bytes * share) for what, share in _FULL_AT.items()}
        self._open: dict[str, Gap] = {}
        self._closed: deque[Gap] = deque()
        self._putting = threading.Lock()
        self._put_bytes = 0
        self._taken_bytes = 0
        self.lost = 0

    @property
    def queued_bytes(self) -> int:
        """Bytes of array data that wait."""
        return self._put_bytes - self._taken_bytes

    def put(self, frame: Frame, used_bytes: int = 0) -> None:
        """Append a frame, or the part of it that there is room for."""
        with self._putting:
            self._put(frame, used_bytes)

    def miss(self, step: int, count: int) -> None:
        """Note readings of a step that a device could not hand over in time."""
        self.lost += count
        self._closed.append(
            Gap(COLUMNS, step, step, count, "pinned memory was full, or a graph was being captured")
        )

    def __len__(self) -> int:
        return len(self._frames)

    def forget(self) -> None:
        """Nobody will take what waits: all of it is lost."""
        while self.take() is not None:
            self.lost += 1

    def take(self) -> Frame | None:
        """The oldest frame, or None."""
        try:
            frame, used_bytes = self._frames.popleft()
        except IndexError:
            return None
        self._taken_bytes += used_bytes
        return frame

    def gaps(self, *, all_of_them: bool = False) -> list[Gap]:
        """The gaps that are over (or all, at the end)."""
        if all_of_them:
            with self._putting:
                self._close_gaps()
        found = []
        while self._closed:
            found.append(self._closed.popleft())
        return found

    def _put(self, frame: Frame, used_bytes: int) -> None:
        queued = self._put_bytes - self._taken_bytes
        if queued > self._limits[MATRICES]:
            if isinstance(frame, Step):
                if frame.matrices:
                    used_bytes -= sum(size_of(one) for one in frame.matrices.values())
                    frame.matrices = {}
                    self._note(MATRICES, frame.step)
                if queued > self._limits[COLUMNS]:
                    self._note(COLUMNS, frame.step)
                    return
            elif isinstance(frame, PolicySaved) and queued > self._limits[WEIGHTS]:
                self._note(WEIGHTS, frame.step or 0)
                return
            elif isinstance(frame, Backfill) and queued > self._limits[COLUMNS]:
                self._note(COLUMNS, frame.first_step)
                return
        elif self._open:
            self._close_gaps()
        self._put_bytes += used_bytes
        self._frames.append((frame, used_bytes))

    def _note(self, what: str, step: int) -> None:
        self.lost += 1
        gap = self._open.get(what)
        if gap is None:
            self._open[what] = Gap(what, step, step, 1, "the probe's queue was full")
        else:
            gap.first_step, gap.last_step = min(gap.first_step, step), max(gap.last_step, step)
            gap.count += 1

    def _close_gaps(self) -> None:
        while self._open:
            self._closed.append(self._open.popitem()[1])
