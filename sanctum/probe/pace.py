"""How often weights may be saved: so often that it costs the trainer less than 1 % of its time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SHARE = 0.01
"""What saving may cost, as a share of the time since the run began."""

CREDIT_S = 0.1
"""What it may cost in any case: in the first seconds a share of the time is nothing."""

Clock = Callable[[], float]


class Pace:
    """Adds up what saves cost, and says whether another may be made. From any thread.

    The cost is the time for which a save keeps a processor busy: in the call, on the training
    thread, and on the writing thread, which may take the trainer's processor and does hold its
    interpreter. `clock` is the time of the run, `work` that of a thread; `is_free` lets all pass.
    """

    def __init__(
        self,
        clock: Clock = time.monotonic,
        work: Clock = time.thread_time,
        *,
        is_free: bool = False,
    ) -> None:
        self._clock, self._work = clock, work
        self._is_free = is_free
        self._adding = threading.Lock()
        self._began = clock()
        self.spent_s = 0.0
        self.saves = 0

    @property
    def cost_s(self) -> float:
        """What one save costs, on average."""
        return self.spent_s / max(self.saves, 1)

    @property
    def allows(self) -> bool:
        """Whether one more keeps the cost below its share; the first one always may be made."""
        if self._is_free or not self.saves:
            return True
        budget_s = CREDIT_S + SHARE * (self._clock() - self._began)
        return self.spent_s + self.cost_s <= budget_s

    def begin(self) -> None:
        """One more save is made."""
        self.saves += 1

    @contextmanager
    def working(self) -> Iterator[None]:
        """While this thread works on a save."""
        began = self._work()
        try:
            yield
        finally:
            self._add(self._work() - began)

    def _add(self, seconds: float) -> None:
        with self._adding:
            self.spent_s += seconds
