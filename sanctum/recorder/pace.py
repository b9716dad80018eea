"""How long a trainer usually takes from step to step, so that a slow one is not called silent."""

from __future__ import annotations

from collections import deque

STEPS = 512


class Pace:
    """The gaps between the last `STEPS` steps, by the times at which they happened."""

    def __init__(self) -> None:
        self._gaps: deque[float] = deque(maxlen=STEPS)
        self._step: int | None = None
        self._at = 0.0

    def step(self, step: int, time: float) -> None:
        """A step happened at `time`; what is said again of one is no step."""
        if self._step is not None and step == self._step:
            return
        if self._step is not None and step > self._step:
            self._gaps.append(time - self._at)
        self._step, self._at = step, time

    @property
    def usual_gap_s(self) -> float:
        """The longest gap but one, since a single one may be an accident; 0: not known."""
        return max(0.0, sorted(self._gaps)[-2]) if len(self._gaps) > 1 else 0.0
