"""Jobs for the worker, one after another; the worker is started for the first and ends when idle.

In the recorder's loop nothing waits: answers come later. Without a loop, `wait` looks after the
pipes itself until an answer is there.
"""

from __future__ import annotations

import selectors
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from sanctum.errors import DeadlinePassed, SanctumError
from sanctum.model.jobs import Done
from sanctum.recorder.replaying.plan import Plan
from sanctum.recorder.replaying.worker import Worker
from sanctum.wire.later import Later

IDLE_S = 60.0
LONGEST_S = 600.0
MOST_WAITING = 32
POLL_S = 0.2


@dataclass(eq=False, slots=True)
class _Task:
    """One question: what came of its jobs so far, and where its answer goes."""

    plan: Plan
    later: Later
    done: list[Done] = field(default_factory=list)


class Jobs:
    """Has plans computed, in turn. The loop's thread's; call `tick` now and then."""

    def __init__(self, selector: selectors.BaseSelector | None = None) -> None:
        self._own = selectors.DefaultSelector() if selector is None else None
        self._selector = selector or self._own or selectors.DefaultSelector()
        self._waiting: deque[_Task] = deque()
        self._task: _Task | None = None
        self._worker: Worker | None = None
        self._leaving: list[Worker] = []

    @property
    def worker(self) -> int | None:
        """The worker's process, while there is one."""
        return None if self._worker is None else self._worker.pid

    def ask(self, plan: Plan) -> Later:
        """Have a plan computed. Raises SanctumError when too many wait."""
        if len(self._waiting) >= MOST_WAITING:
            raise SanctumError(f"{MOST_WAITING} replays wait already", "ask again a little later")
        task = _Task(plan, Later(lambda: self._give_up(task)))
        self._waiting.append(task)
        self._next()
        return task.later

    def wait(self, later: Later, within_s: float) -> Any:
        """The answer, for those that have no loop. Raises DeadlinePassed, or what it raises."""
        found: list[Any] = []
        later.then(found.append)
        deadline = time.monotonic() + within_s
        while not found:
            if time.monotonic() >= deadline:
                later.cancel()
                raise DeadlinePassed(f"the replay was not done within {within_s:g} s")
            for key, events in self._selector.select(POLL_S):
                key.data(events)
            self.tick()
        if isinstance(found[0], Exception):
            raise found[0]
        return found[0]

    def tick(self) -> None:
        """End a worker that is idle or takes too long, and collect those that ended."""
        self._leaving = [one for one in self._leaving if not one.is_collected()]
        worker = self._worker
        if worker is None:
            return
        age_s = time.monotonic() - worker.since
        if worker.is_busy and age_s > LONGEST_S:
            self._stop()
            self._fail(SanctumError(f"the replay took longer than {LONGEST_S:g} s and was ended"))
        elif not worker.is_busy and (worker.is_gone or age_s > IDLE_S):
            self._dismiss()

    def close(self) -> None:
        """Give up everything and end the worker."""
        self._waiting.clear()
        self._task = None
        for worker in (*self._leaving, *([] if self._worker is None else [self._worker])):
            worker.close()
        self._leaving, self._worker = [], None
        if self._own is not None:
            self._own.close()

    def _next(self) -> None:
        """Give the worker the next job, if it has none."""
        while self._task is None and self._waiting:
            self._task = self._waiting.popleft()
            self._go_on()

    def _go_on(self) -> None:
        """The next job of the task, or its answer."""
        task = self._task
        assert task is not None
        try:
            if len(task.done) < len(task.plan.jobs):
                job = task.plan.jobs[len(task.done)]()
                self._worker_at(task).give(job)
                return
            answer = task.plan.finish(task.done)
        except Exception as error:
            answer = error
        self._task = None
        task.later.done(answer)

    def _worker_at(self, task: _Task) -> Worker:
        """The worker, at that task's place."""
        worker = self._worker
        if worker is not None and not (worker.is_there and worker.place == task.plan.place):
            self._dismiss()
            worker = None
        if worker is None:
            worker = self._worker = Worker(task.plan.place, self._selector, self._heard, self._died)
        return worker

    def _heard(self, done: Done) -> None:
        if self._task is not None:
            self._task.done.append(done)
            self._go_on()
        self._next()

    def _died(self, sentence: str) -> None:
        self._dismiss()
        self._fail(SanctumError(sentence, "ask again: another one is started"))

    def _fail(self, error: SanctumError) -> None:
        """The task cannot be done."""
        task, self._task = self._task, None
        if task is not None:
            task.later.done(error)
        self._next()

    def _give_up(self, task: _Task) -> None:
        """Nobody waits for a task any longer: the worker does not go on with it either."""
        if task is self._task:
            self._task = None
            self._stop()
        elif task in self._waiting:
            self._waiting.remove(task)
        self._next()

    def _stop(self) -> None:
        """Kill the worker, whatever it does."""
        if self._worker is not None:
            self._worker.kill()
        self._dismiss()

    def _dismiss(self) -> None:
        """Let the worker go; it is collected at a later tick."""
        if self._worker is not None:
            self._worker.end()
            self._leaving.append(self._worker)
            self._worker = None
