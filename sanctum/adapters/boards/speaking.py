"""A script's scalars told to its run as they are said; what `SummaryWriter` has of Sanctum."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from sanctum.adapters.boards.course import Course
from sanctum.adapters.boards.reading import KIND, settings_in, tell_text
from sanctum.adapters.boards.settings import planned_steps
from sanctum.probe import endings
from sanctum.probe.run import Run, say

IDLE_S = 1.0
SOURCE_EVERY_S = 5.0
PATIENCE_S = 1.0


class Speaker:
    """Speaks for one script to one run, whatever its writers and threads; never raises.

    What it holds back is told a second or two after it was said, and when the run ends. In a forked
    child it says nothing.
    """

    def __init__(self, run: Run, log_dir: str) -> None:
        self.run = run
        self.log_dir = log_dir
        self.failed = 0
        self._why = ""
        self._has_said_over = False
        self._course = Course(run)
        self._lock = threading.RLock()
        self._pid = os.getpid()
        self._said_at = self._sourced_at = time.monotonic()
        self._elsewhere: Counter[str] = Counter()
        self._ended = threading.Event()
        run.before_end(self._last_words)
        threading.Thread(target=self._look_after, name="sanctum-board", daemon=True).start()

    @property
    def is_over(self) -> bool:
        """Whether the run has ended, or this is another process."""
        return self._ended.is_set() or self._pid != os.getpid()

    def scalar(self, tag: Any, value: Any, step: Any, walltime: Any) -> None:
        """One scalar; whatever `float` takes is one."""
        self._speak(self._scalar, tag, value, step, walltime)

    def text(self, tag: Any, text: Any, step: Any) -> None:
        """A text: settings where it is a table of them, else an event."""
        self._speak(self._text, tag, text, step)

    def settings(self, settings: Mapping[str, Any]) -> None:
        """Settings of the run."""
        self._speak(self._settings, settings)

    def elsewhere(self, kind: str) -> None:
        """Something was said that only TensorBoard shows."""
        self._elsewhere[kind] += 1

    def go_back(self, step: Any) -> None:
        """The script goes on from `step` after a crash."""
        self._speak(lambda: self._course.go_back(int(step)))

    def tell(self) -> None:
        """Tell what is held back."""
        self._speak(self._tell)

    def close(self) -> None:
        """The script has no more to say: finished, or failed where an exception is under way."""
        if not self.is_over:
            self.run._end(*endings.how_it_failed(*sys.exc_info()))

    def _speak(self, what: Callable[..., None], *about: Any) -> None:
        """One thread at a time; what fails is counted, and said once."""
        if self.is_over:
            self._say_over()
            return
        if not self._lock.acquire(timeout=PATIENCE_S):
            self._fail("another thread kept the writer for a second")
            return
        try:
            what(*about)
        except Exception as error:
            self._fail(f"{type(error).__name__}: {error}")
        finally:
            self._lock.release()

    def _fail(self, why: str) -> None:
        self.failed += 1
        if self.failed == 1:
            self._why = f"a reading was left out: {why}"
            say(f"sanctum: {self._why}; more are counted, not said")

    def _say_over(self) -> None:
        """Once, in the process of the run: what is said now is not recorded."""
        if self._pid == os.getpid() and not self._has_said_over:
            self._has_said_over = True
            say(f"sanctum: run {self.run.run_id} is over; what is written now is not recorded")

    def _scalar(self, tag: Any, value: Any, step: Any, walltime: Any) -> None:
        self._said_at = time.monotonic()
        when = time.time() if walltime is None else float(walltime)
        number = None if step is None else int(step)
        self._course.scalar(str(tag), float(value), number, when)

    def _text(self, tag: Any, text: Any, step: Any) -> None:
        settings = settings_in(str(tag), str(text))
        if settings:
            self._settings(settings)
        else:
            tell_text(self.run, str(tag), str(text), None if step is None else int(step))

    def _settings(self, settings: Mapping[str, Any]) -> None:
        self.run.configure(settings, planned_steps=planned_steps(settings))

    def _tell(self) -> None:
        self._course.tell()
        self._tell_source()

    def _tell_source(self) -> None:
        self._sourced_at = time.monotonic()
        counts = {**self._course.counts, **self._elsewhere}
        refused = [self._why] if self.failed else []
        self.run.source(KIND, "live", counts=counts, refused=refused, refused_count=self.failed)

    def _look_after(self) -> None:
        """On a thread of its own: what is held back is not held for long."""
        while not self._ended.wait(IDLE_S):
            now = time.monotonic()
            if self._course.holds and now - self._said_at > IDLE_S:
                self._speak(self._course.tell)
            if now - self._sourced_at > SOURCE_EVERY_S:
                self._speak(self._tell_source)

    def _last_words(self) -> None:
        self._speak(self._course.settle)
        self._speak(self._tell_source)
        self._ended.set()
