"""The moments of a search: every vector step, or every policy update, up to the one it is asked of.

Each moment has a row (the vector step it sees) and an update (the newest by then), so that what is
counted by the one clock can be looked up from the other.
"""

from __future__ import annotations

import functools
import time
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from sanctum.errors import UsageError
from sanctum.record.blocks import Rows, Steps
from sanctum.record.finding.vectors import Codes
from sanctum.record.finding.walk import OPEN, YES
from sanctum.record.moments import Scope
from sanctum.record.questions.series import scalars
from sanctum.record.rows import AllRows
from sanctum.record.track import Floats

Clock = Literal["step", "update"]
SEARCH_WITHIN_S = 1.5


class Patience:
    """How long a search may take; others wait for their answers meanwhile."""

    def __init__(self) -> None:
        self._until = time.monotonic() + SEARCH_WITHIN_S

    def check(self) -> None:
        """Raise UsageError when the time is over."""
        if time.monotonic() > self._until:
            raise UsageError(
                "the search takes too long to be answered in time",
                "search less: up to an earlier moment (--at), fewer names, a smaller 'for'",
            )


@dataclass(frozen=True, slots=True)
class UpdateRow:
    """One policy update: its row in the file, number, step, time and data; when it was said."""

    id: int
    number: int
    step: int | None
    time: float
    data: bytes
    said: int


class Updates:
    """The policy updates of an attempt up to a moment, by when they came; read when needed."""

    def __init__(self, of: Scope) -> None:
        self._of = of

    @functools.cached_property
    def rows(self) -> list[UpdateRow]:
        """All of them."""
        of = self._of
        found = of.reader.rows(
            f"SELECT id, number, step, time, data, {of.reader.said('updates')} FROM updates"
            " WHERE attempt = ? AND id <= ? ORDER BY id",
            of.attempt.attempt,
            of.update_id,
        )
        return [UpdateRow(*row) for row in found]

    @functools.cached_property
    def _said(self) -> list[tuple[dict[str, float | None], list[str]]]:
        return [scalars(row.data) for row in self.rows]

    @functools.cached_property
    def names(self) -> set[str]:
        """Every scalar that was said or masked in one of them."""
        return set().union(*(one for said in self._said for one in said))

    def scalar(self, name: str) -> tuple[Floats, Codes, npt.NDArray[np.bool_]]:
        """A scalar by update: values, whether they are there, and whether it was spoken of."""
        every = [values.get(name) for values, _ in self._said]
        there = np.array([one is not None for one in every], np.bool_)
        spoken = [name in values or name in masked for values, masked in self._said]
        numbers = np.array([0.0 if one is None else one for one in every], np.float64)
        state = np.where(there, np.int8(YES), np.int8(OPEN))
        return numbers, state, np.array(spoken, np.bool_)

    def numbers(self) -> Floats:
        """Their numbers."""
        return np.array([row.number for row in self.rows], np.float64)

    def newest(self, steps: Steps) -> Rows:
        """For each step the place of the newest update by then; -1 where there was none."""
        timed = [place for place, row in enumerate(self.rows) if row.step is not None]
        untimed = [place for place, row in enumerate(self.rows) if row.step is None]
        found = np.full(steps.size, untimed[-1] if untimed else -1, np.int64)
        if timed:
            at = np.array([self.rows[place].step for place in timed], np.int64)
            known = np.maximum(at, [self.rows[place].said for place in timed])
            newest = np.argsort(at, kind="stable")
            rank = np.empty(at.size, np.int64)
            rank[newest] = np.arange(at.size)
            order = np.argsort(known, kind="stable")
            best = np.maximum.accumulate(rank[order])
            last = np.searchsorted(known[order], steps, "right") - 1
            place = np.array(timed)[newest][best[np.maximum(last, 0)]]
            found = np.where(last >= 0, place, found)
        return found


class Moments:
    """What is searched: `count` moments by `clock`, in order."""

    def __init__(self, clock: Clock, rows: AllRows, updates: Updates) -> None:
        self.clock: Clock = clock
        self.rows = rows
        self.updates = updates
        self.count = rows.count if clock == "step" else len(updates.rows)

    @functools.cached_property
    def row(self) -> Rows:
        """For each moment its row; the first one for what was earlier."""
        if self.clock == "step":
            return np.arange(self.count)
        steps = [-1 if one.step is None else one.step for one in self.updates.rows]
        return self.rows.rows_at(np.array(steps, np.int64))

    @functools.cached_property
    def update(self) -> Rows:
        """For each moment the place of its update; -1 before the first."""
        if self.clock == "update":
            return np.arange(self.count)
        return self.updates.newest(self.steps)

    @functools.cached_property
    def steps(self) -> Steps:
        """For each moment its vector step."""
        every = self.rows.steps(0, len(self.rows.stretches))
        if self.clock == "step":
            return every
        return every[self.row] if every.size else np.full(self.count, -1, np.int64)

    def span(self, start: int, stop: int) -> tuple[int, int]:
        """First and last moment (exclusive) of the stretches `start` to `stop`; by steps only."""
        last = self.rows.stretches[stop - 1]
        return self.rows.stretches[start].start, last.start + last.count
