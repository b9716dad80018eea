"""Rows: the vector steps of an attempt up to a moment, counted from 0, and the blocks they lie in.

A search looks at all of them; it reads the tables of blocks once, and a block's own steps and times
only where they are asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sanctum.record.blocks import DROPPED, SEALED, UNWRITTEN, Block, Rows, Steps, Times
from sanctum.record.cells import unsqueeze
from sanctum.record.reader import Reader
from sanctum.record.sealed import SealedBlock


@dataclass(frozen=True, slots=True)
class Stretch:
    """One block's part: `start` is its first row among all, `count` how many of its rows count.

    `stored` is how many rows its chunks have; `open` is the block itself where they do not do: it
    has none yet, or some of its cells are hidden.
    """

    id: int
    start: int
    count: int
    stored: int
    first_step: int
    last_step: int
    open: Block | None = None


class AllRows:
    """The rows of `attempt` from the block that holds step `first` on, up to step `last`.

    `count` of them; before those of `breaks` others are missing that were dropped.
    """

    def __init__(self, reader: Reader, attempt: int, last: int, first: int = 0) -> None:
        self.reader = reader
        self.attempt = attempt
        self.envs = reader.envs(attempt)
        self._steps: dict[int, Steps] = {}
        self.stretches: list[Stretch] = []
        start = 0
        for id, stored, from_step, to_step in reader.rows(
            "SELECT id, rows, first_step, last_step FROM blocks WHERE attempt = ?"
            f" AND first_step <= ? AND last_step >= ? AND sealed = {SEALED} ORDER BY first_step",
            attempt,
            last,
            first,
        ):
            seen = reader.veil(int(id), attempt, int(from_step), int(to_step))
            ends = int(from_step), int(to_step)
            one = Stretch(int(id), start, int(stored), int(stored), *ends, seen)
            if to_step > last:
                count = int(np.searchsorted(self._steps_of(one), last, "right"))
                one = Stretch(one.id, start, count, one.stored, one.first_step, last, seen)
            self.stretches.append(one)
            start += one.count
        block = reader.open
        if block is not None and block.attempt == attempt and block.rows:
            count = int(np.searchsorted(block.steps, last, "right"))
            if count and block.steps[count - 1] >= first:
                ends = int(block.steps[0]), int(block.steps[count - 1])
                seen = reader.veiled(block)
                self.stretches.append(Stretch(block.id, start, count, count, *ends, seen))
                start += count
        self.count = start
        self.breaks = self._broken(last)
        self.starts: Rows = np.array([one.start for one in self.stretches], np.int64)

    def place(self, row: int) -> int:
        """The index of the stretch that holds a row."""
        return int(np.searchsorted(self.starts, row, "right")) - 1

    def step(self, row: int) -> int:
        """The step of a row."""
        one = self.stretches[self.place(row)]
        return int(self.steps_of(one)[row - one.start])

    def time(self, row: int) -> float:
        """The wall time of a row."""
        one = self.stretches[self.place(row)]
        return float(self.times_of(one)[row - one.start])

    def steps(self, start: int, stop: int) -> Steps:
        """The steps of the rows of some stretches, by index."""
        parts = [self.steps_of(one) for one in self.stretches[start:stop]]
        return np.concatenate(parts) if parts else np.zeros(0, np.int64)

    def rows_at(self, steps: Steps) -> Rows:
        """For each step the row at or before it; the first row for what is earlier."""
        if not self.stretches:
            return np.zeros(steps.size, np.int64)
        firsts = np.array([one.first_step for one in self.stretches], np.int64)
        places = np.maximum(np.searchsorted(firsts, steps, "right") - 1, 0)
        found = np.zeros(steps.size, np.int64)
        for place in np.unique(places):
            one, chosen = self.stretches[place], places == place
            within = np.searchsorted(self.steps_of(one), steps[chosen], "right") - 1
            found[chosen] = one.start + np.maximum(within, 0)
        return found

    def steps_of(self, one: Stretch) -> Steps:
        """The steps of the rows of a stretch."""
        return self._steps_of(one)[: one.count]

    def times_of(self, one: Stretch) -> Times:
        """The wall times of the rows of a stretch."""
        if one.open is not None:
            return one.open.times[: one.count]
        ((data,),) = self.reader.rows("SELECT times FROM blocks WHERE id = ?", one.id)
        return np.frombuffer(unsqueeze(data), np.float64)[: one.count]

    def _broken(self, last: int) -> Rows:
        """The rows before which others were that the record does not hold any more."""
        gone = self.reader.rows(
            "SELECT first_step FROM blocks WHERE attempt = ?"
            f" AND sealed IN ({DROPPED}, {UNWRITTEN}) AND first_step <= ?",
            self.attempt,
            last,
        )
        firsts = np.array([one.first_step for one in self.stretches], np.int64)
        after = np.searchsorted(firsts, [int(step) for (step,) in gone], "right")
        starts = np.array([one.start for one in self.stretches], np.int64)
        return np.unique(starts[after[(after > 0) & (after < firsts.size)]])

    def _veil(self) -> None:
        """Take the newest blocks as the reader sees them, where it hides what was said later."""
        for place in range(len(self.stretches) - 1, -1, -1):
            one = self.stretches[place]
            found = self.reader.block_at(self.attempt, one.last_step)
            if found is None or isinstance(found[0], SealedBlock):
                return
            self.stretches[place] = replace(one, open=found[0])

    def _steps_of(self, one: Stretch) -> Steps:
        if one.open is not None:
            return one.open.steps
        if one.last_step - one.first_step + 1 == one.count == one.stored:
            return np.arange(one.first_step, one.last_step + 1)
        known = self._steps.get(one.id)
        if known is None:
            ((data,),) = self.reader.rows("SELECT steps FROM blocks WHERE id = ?", one.id)
            known = self._steps[one.id] = np.frombuffer(unsqueeze(data), np.int64)
        return known
