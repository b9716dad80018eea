"""Where the names of a condition come from: cells by row, scalars by update, or the moment itself.

`tape` says what a name is counted back by ("for 3"): rows of cells, updates, or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, Protocol

import numpy as np

from sanctum.record.blocks import Rows
from sanctum.record.cells import NOT_MEASURED, VALUE, States
from sanctum.record.finding.bounds import Range, anything
from sanctum.record.finding.moments import Moments, Patience
from sanctum.record.finding.vectors import Codes, Vector, Words, numbers
from sanctum.record.finding.walk import NO, OPEN, UNNAMED, YES
from sanctum.record.stages import is_alive
from sanctum.record.track import Extent, Flags, Floats, Track

Tape = Literal["rows", "updates", "moment"]
BATCH = 64
"""Stretches that are looked at together."""


class Source(Protocol):
    """The readings of one name."""

    kind: str
    tape: Tape

    def read(self, start: int, stop: int) -> Vector:
        """Those of the stretches `start` to `stop`: in a search by steps, from rows."""

    def full(self) -> Vector:
        """All of its tape."""

    def range(self, count: int) -> Range:
        """What may be found in each of `count` stretches."""


class Cells:
    """Readings from cells: subclasses read them; all of them are put together when asked for."""

    kind = "number"
    tape: Tape = "rows"

    def __init__(self, moments: Moments, patience: Patience) -> None:
        self._moments = moments
        self._patience = patience
        self._full: Vector | None = None

    def read(self, start: int, stop: int) -> Vector:
        """The readings of some stretches."""
        raise NotImplementedError

    def full(self) -> Vector:
        """The readings of all rows."""
        if self._full is None:
            parts = []
            count = len(self._moments.rows.stretches)
            for start in range(0, count, BATCH):
                self._patience.check()
                stop = min(start + BATCH, count)
                first, last = self._moments.rows.stretches[start], stop - 1
                end = self._moments.rows.stretches[last]
                parts.append(spread(self.read(start, stop), end.start + end.count - first.start))
            self._full = joined(parts, self.kind)
        return self._full

    def range(self, count: int) -> Range:
        """Nothing is known."""
        return anything(count, self.kind)


class Absent(Cells):
    """A name that is known and was never measured."""

    def read(self, start: int, stop: int) -> Vector:
        """Nothing."""
        return numbers(np.zeros(1), np.full(1, OPEN, np.int8))


class Cell(Cells):
    """A column of one environment."""

    def __init__(self, moments: Moments, patience: Patience, track: Track) -> None:
        super().__init__(moments, patience)
        self._track = track

    def read(self, start: int, stop: int) -> Vector:
        """What it last said as of each row."""
        values, states = self._track.read(start, stop)
        return numbers(values, there(states))

    def range(self, count: int) -> Range:
        """From its least to its greatest value."""
        return ranged(self._track.extent(), 0.0)


class Mean(Cell):
    """The mean of a column over the environments that have a reading."""

    def read(self, start: int, stop: int) -> Vector:
        """The mean as of each row."""
        values, states = self._track.read(start, stop)
        return numbers(*means(values, states == VALUE))

    def range(self, count: int) -> Range:
        """A mean lies between the extremes, but for rounding."""
        return ranged(self._track.extent(), 1e-9)


class Coded(Cells):
    """A column of one environment whose numbers stand for words."""

    kind = "word"

    def __init__(
        self,
        moments: Moments,
        patience: Patience,
        track: Track,
        named: Callable[[float], str | None],
        words: Words,
    ) -> None:
        super().__init__(moments, patience)
        self._track = track
        self._named = named
        self._words = words

    def read(self, start: int, stop: int) -> Vector:
        """The word as of each row."""
        values, states = self._track.read(start, stop)
        known = (states == VALUE) & np.isfinite(values)
        distinct, place = np.unique(values, return_inverse=True)
        named = [self._named(float(one)) if np.isfinite(one) else None for one in distinct]
        codes = np.array([-1 if one is None else self._words.code(one) for one in named])
        data = codes[place] if codes.size else np.zeros(0, np.int64)
        state = np.where(known & (data >= 0), np.int8(YES), np.int8(OPEN))
        return Vector("word", data, state)


class Seeds(Cells):
    """How many seeds are alive: as was said, or counted from the stages of the slots.

    Of a name of its own (`said_since` a row), the count stands in only before it was first said.
    """

    def __init__(
        self,
        moments: Moments,
        patience: Patience,
        track: Track,
        stages: list[Track],
        words: Mapping[int, str],
        *,
        since: int | None,
        said_since: int | None,
    ) -> None:
        super().__init__(moments, patience)
        self._track = track
        self._stages = stages
        self._alive = np.array([one for one, word in words.items() if is_alive(word)], np.float64)
        self._since = since
        self._said_since = said_since

    def read(self, start: int, stop: int) -> Vector:
        """The count as of each row."""
        values, states = self._track.read(start, stop)
        first = self._moments.rows.stretches[start].start
        row = np.arange(first, first + states.size)
        count = np.zeros(states.size)
        for stage in self._stages:
            codes, marks = stage.read(start, stop)
            count += (marks == VALUE) & np.isin(np.floor(codes), self._alive)
        silent = states == NOT_MEASURED
        if self._said_since is not None:
            silent &= row < self._said_since
        counted = silent & (False if self._since is None else row >= self._since)
        state = np.where(counted, np.int8(YES), there(states))
        return numbers(np.where(counted, count, values), state)


class Scalar:
    """A scalar of the policy's updates."""

    kind = "number"
    tape: Tape = "updates"

    def __init__(self, moments: Moments, values: Floats, state: Codes) -> None:
        self._moments = moments
        self._full = numbers(values, state)

    def full(self) -> Vector:
        """Its value by update."""
        return self._full

    def read(self, start: int, stop: int) -> Vector:
        """Its newest value as of each row."""
        first, last = self._moments.span(start, stop)
        return picked(self._full, self._moments.update[first:last])

    def range(self, count: int) -> Range:
        """Nothing is known."""
        return anything(count)


class OfMoment:
    """What a moment says of itself: its step, its update, the number of an environment."""

    kind = "number"
    tape: Tape = "moment"

    def __init__(self, moments: Moments, reading: Callable[[Moments], Vector]) -> None:
        self._moments = moments
        self._reading = reading
        self._full: Vector | None = None

    def full(self) -> Vector:
        """Its value at each moment."""
        if self._full is None:
            self._full = self._reading(self._moments)
        return self._full

    def read(self, start: int, stop: int) -> Vector:
        """Its value as of each row."""
        return taken(self.full(), slice(*self._moments.span(start, stop)))

    def range(self, count: int) -> Range:
        """Nothing is known."""
        return anything(count)


class Step(OfMoment):
    """The vector step."""

    def __init__(self, moments: Moments) -> None:
        super().__init__(moments, lambda of: numbers(of.steps.astype(np.float64)))

    def read(self, start: int, stop: int) -> Vector:
        """The step of each row."""
        return numbers(self._moments.rows.steps(start, stop).astype(np.float64))

    def range(self, count: int) -> Range:
        """From the first to the last of each stretch."""
        ends = [(one.first_step, one.last_step) for one in self._moments.rows.stretches]
        low, high = np.array(ends, np.float64).T
        known = anything(count)
        state = known.state.copy()
        state[OPEN] = False
        return Range(low, high, np.zeros(count, np.bool_), state)


def there(states: States) -> Codes:
    """YES where a cell is a value, else OPEN."""
    return np.where(states == VALUE, np.int8(YES), np.int8(OPEN))


def taken(of: Vector, which: slice) -> Vector:
    """A part of a vector; what stands for all moments stays as it is."""
    data = of.data if of.data.size == 1 else of.data[which]
    state = of.state if of.state.size == 1 else of.state[which]
    return Vector(of.kind, data, state)


def spread(of: Vector, count: int) -> Vector:
    """A vector with a value for each of `count` moments."""
    data, state = np.broadcast_to(of.data, count), np.broadcast_to(of.state, count)
    return Vector(of.kind, data, state)


def picked(of: Vector, places: Rows) -> Vector:
    """The values at those places; absent where a place is below 0."""
    missing = places < 0
    if not of.data.size:
        return numbers(np.zeros(places.size), np.full(places.size, OPEN, np.int8))
    index = np.maximum(places, 0)
    data = of.data if of.data.size == 1 else of.data[index]
    state = of.state if of.state.size == 1 else of.state[index]
    return Vector(of.kind, data, np.where(missing, np.int8(OPEN), state))


def joined(parts: list[Vector], kind: str) -> Vector:
    """Vectors one after the other."""
    if not parts:
        return Vector(kind, np.zeros(0), np.zeros(0, np.int8))  # type: ignore[arg-type]
    data = np.concatenate([one.data for one in parts])
    return Vector(parts[0].kind, data, np.concatenate([one.state for one in parts]))


def ranged(of: Extent, slack: float) -> Range:
    """What a column's chunks say of its readings, a little wider where they are rounded."""
    low, high = of.low, of.high
    if slack:
        greatest = np.maximum(np.abs(low), np.abs(high))
        room = slack * np.where(np.isfinite(greatest), greatest, 0.0)
        low, high = low - room, high + room
    empty = of.low > of.high
    low = np.where(of.odd, -np.inf, np.where(empty, np.inf, low))
    high = np.where(of.odd, np.inf, np.where(empty, -np.inf, high))
    state = np.zeros((4, low.size), np.bool_)
    state[YES] = of.odd | ~empty
    state[OPEN] = of.gaps
    assert not state[[NO, UNNAMED]].any()
    return Range(low, high, of.odd, state)


@np.errstate(all="ignore")
def means(values: Floats, measured: Flags) -> tuple[Floats, Codes]:
    """By row the mean of the values that are measured, added up as numpy adds them up alone."""
    counts = measured.sum(axis=1)
    envs = values.shape[1]
    found = np.zeros(counts.size)
    for count in np.unique(counts):
        rows = counts == count
        if count == envs:
            found[rows] = np.ascontiguousarray(values[rows]).mean(axis=1)
        elif count:
            packed = values[rows][measured[rows]].reshape(-1, count)
            found[rows] = packed.mean(axis=1)
    return found, np.where(counts > 0, np.int8(YES), np.int8(OPEN))
