"""The course of a run as scalars say it: from (tag, value, step) to updates, columns and episodes.

Scalars come one by one, and those of one step belong together: a row of columns and its episodes
are held back until the step is over, an update until the next one begins or nothing comes for a
while.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

import numpy as np

from sanctum.adapters.boards.tags import LENGTH, RETURN, UPDATE, tag_of
from sanctum.probe.run import Run


class _Last(NamedTuple):
    """The newest reading of a tag that was on the run's clock: its step, writer and time."""

    step: int
    writer: int
    time: float


class Course:
    """Tells a run what scalars say. One thread's at a time.

    The run's clock is the largest step so far. A tag whose steps go back begins the next attempt; a
    tag that was behind from the start counts something else (epochs, episodes of an evaluation) and
    is put where the run was when it was said. Writers are numbered by the caller: one that writes
    beside another cannot set the clock back.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self.counts: Counter[str] = Counter()
        self.renamed: dict[str, str] = {}
        self.attempts = 1
        self.step: int | None = None
        self._row: dict[str, float] = {}
        self._has_row = False
        self._update: dict[str, float] = {}
        self._update_step: int | None = None
        self._update_names: set[str] = set()
        self._updates: list[int] = []
        self._ended: dict[str, list[float]] = {RETURN: [], LENGTH: []}
        self._episodes: list[int] = []
        self._last: dict[str, _Last] = {}
        self._apart: set[tuple[str, int]] = set()
        self._began: dict[int, float] = {}

    @property
    def updates(self) -> int:
        """The number of the newest update; 0 before the first."""
        return len(self._updates)

    @property
    def episodes(self) -> int:
        """How many episodes have ended in this attempt."""
        return len(self._episodes)

    @property
    def holds(self) -> bool:
        """Whether something is held back."""
        return bool(self._row or self._update or any(self._ended.values()))

    def begin_writer(self, writer: int, time: float) -> None:
        """Another writer begins at `time`."""
        self._began.setdefault(writer, time)

    def go_back(self, step: int) -> None:
        """The script says itself that it goes on from `step`: what was said beyond is void."""
        if self.step is not None and step <= self.step:
            self._next_attempt(step)

    def scalar(
        self, tag: str, value: float, step: int | None, time: float, writer: int = 0
    ) -> None:
        """One reading. Without a `step` it is of the newest; `time` is since the epoch."""
        name, kind = tag_of(tag)
        if name != tag:
            self.renamed.setdefault(tag, name)
        if step is None or step < 0:
            step = self.step or 0
        self._tell_time(tag, step, time, writer)
        if kind == UPDATE:
            self.counts["scalar of an update"] += 1
            self._join_update(name, value, step)
            return
        self.counts["scalar of a step"] += 1
        if (tag, writer) in self._apart:
            self._tell_apart(tag, value, step)
        elif kind in self._ended:
            self._ended[kind].append(value)
        elif name in self._row:
            self.counts["scalar overtaken by another of its step"] += 1
        self._row[name] = value

    def settle(self) -> None:
        """Tell all that is held back: its step is over."""
        self.tell()
        self._tell_episodes()

    def tell(self) -> None:
        """Tell what is held back of rows and updates; more of them may come."""
        if self._row:
            self._tell_row()
        if self._update:
            self._tell_update()

    def _tell_time(self, tag: str, step: int, time: float, writer: int) -> None:
        """Move the clock, or find out why it does not move."""
        if self.step is None or step > self.step:
            self.settle()
            self.step, self._has_row = step, False
        elif step < self.step:
            if (tag, writer) in self._apart or not self._went_back(tag, step, writer):
                self._apart.add((tag, writer))
                self.run.at_time(time)
                return
            self._next_attempt(step)
        self._apart.discard((tag, writer))
        self._last[tag] = _Last(step, writer, time)
        self.run.at_time(time)

    def _went_back(self, tag: str, step: int, writer: int) -> bool:
        """Whether a tag has been further on, as said by a writer that this one comes after."""
        last = self._last.get(tag)
        if last is None or step >= last.step:
            return False
        return writer == last.writer or last.time <= self._began.get(writer, 0.0)

    def _next_attempt(self, step: int) -> None:
        """The run went back to `step`; what it had done by then it has done."""
        self.settle()
        self.attempts += 1
        self.step, self._has_row = step, False
        self._updates = [one for one in self._updates if one < step]
        self._episodes = [one for one in self._episodes if one < step]
        self._update_step = None
        self._last, self._apart = {}, set()

    def _join_update(self, name: str, value: float, step: int) -> None:
        """A reading joins the update in hand, or begins the next."""
        if step != self._update_step or name in self._update_names:
            if self._update:
                self._tell_update()
            self._update_step, self._update_names = step, set()
            self._updates.append(self.step or 0)
        self._update_names.add(name)
        self._update[name] = value

    def _tell_apart(self, tag: str, value: float, step: int) -> None:
        """A reading on a clock of its own keeps its own step in an event."""
        self.counts["scalar on a clock of its own"] += 1
        self.run.message(
            f"{tag} {value:.6g} at its own step {step}",
            severity="debug",
            type="reading",
            data={"tag": tag, "value": value, "step": step},
        )

    def _tell_row(self) -> None:
        row, self._row, self._has_row = self._row, {}, True
        columns: dict[str, Any] = {name: np.array([value]) for name, value in row.items()}
        self.run.step(self.step or 0, **columns)

    def _tell_update(self) -> None:
        if not self._has_row:
            self._tell_row()
        said: dict[str, Any] = self._update
        self._update = {}
        self.run.update(len(self._updates), **said)

    def _tell_episodes(self) -> None:
        """Episodes that ended at this step: the k-th return goes with the k-th length."""
        returns, lengths = self._ended[RETURN], self._ended[LENGTH]
        for index in range(max(len(returns), len(lengths))):
            self._episodes.append(self.step or 0)
            length = lengths[index] if index < len(lengths) else np.nan
            self.run.episode(
                0,
                len(self._episodes),
                step=self.step,
                episode_return=returns[index] if index < len(returns) else None,
                length=int(length) if np.isfinite(length) else None,
            )
        self._ended = {RETURN: [], LENGTH: []}
