"""A track: one single-valued column over many blocks, of one environment or of all, read in bulk.

What is known of a chunk without reading it (its extremes, how much is absent) says where a search
need not look.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sanctum.record.carry import unpack_carry
from sanctum.record.cells import (
    MASKED_CELL,
    NOT_MEASURED,
    States,
    unpack_one,
    unpack_states,
    unpack_values,
)
from sanctum.record.rows import AllRows, Stretch

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
_AT_ONCE = 32
"""Blocks whose chunks are fetched by one query."""


@dataclass(frozen=True, slots=True)
class Extent:
    """What may be found in each stretch: every finite value is from `low` to `high`.

    Where low is above high there is none. `odd` says that some value may be nan or infinite, `gaps`
    that some may be absent.
    """

    low: Floats
    high: Floats
    odd: Flags
    gaps: Flags


class _Chunk(NamedTuple):
    """What the file says of a chunk beside its cells; `gone` that these gave way to newer data."""

    env0: int
    envs: int
    low: float | None
    high: float | None
    nonfinite: int
    absent: int
    gone: int


class _Blob(NamedTuple):
    """A chunk as it is stored."""

    env0: int
    envs: int
    dtype: str
    states: bytes | None
    data: bytes


class Track:
    """A column of `env`, or of all environments when that is None.

    Values are float64 and states as cells have them: (rows,) of one environment, (rows, envs) of
    all. A column that has several values a cell was never said.
    """

    def __init__(self, rows: AllRows, name: str, env: int | None) -> None:
        self.rows = rows
        self.name = name
        self.env = env
        self._places = {one.id: place for place, one in enumerate(rows.stretches)}
        found = rows.reader.rows("SELECT id FROM columns WHERE name = ?", name)
        self._column = int(found[0][0]) if found else None
        self._chunks = self._listed()

    def first_row(self) -> int | None:
        """The first row by which any environment had said something of it; None: none ever did."""
        for place, one in enumerate(self.rows.stretches):
            if place == 0 and self._carried(one, None) is not None:
                return 0
            if one.open is None and place not in self._chunks:
                continue
            _, states = self._decoded(one, self._blobs(place, place + 1, None).get(place, []), None)
            said = (states != NOT_MEASURED).any(axis=1)
            if said.any():
                return one.start + int(said.argmax())
        return None

    def extent(self) -> Extent:
        """What may be found where, without reading a cell."""
        count = len(self.rows.stretches)
        low, high = np.full(count, -np.inf), np.full(count, np.inf)
        odd, gaps = np.ones(count, np.bool_), np.ones(count, np.bool_)
        hull: _Hull | None = (-np.inf, np.inf, True)
        if count and self._carried(self.rows.stretches[0], self.env) is None:
            hull = None
        for place, one in enumerate(self.rows.stretches):
            if one.open is not None:
                continue
            chunks = self._chunks_of(place)
            here = _hull(chunks)
            envs = self.rows.envs if self.env is None else 1
            is_whole = sum(min(one.envs, envs) for one in chunks) == envs
            is_whole = is_whole and not any(one.absent or one.gone for one in chunks)
            hull = here if is_whole else _joined(here, hull)
            gaps[place] = not is_whole
            low[place], high[place], odd[place] = hull or (np.inf, -np.inf, False)
        return Extent(low, high, odd, gaps)

    def read(self, start: int, stop: int) -> tuple[Floats, States]:
        """What was last said as of each row of the stretches `start` to `stop`."""
        return self._read(start, stop, filled=True)

    def cells(self, start: int, stop: int) -> tuple[Floats, States]:
        """What was said in each row of the stretches `start` to `stop`."""
        return self._read(start, stop, filled=False)

    def _read(self, start: int, stop: int, *, filled: bool) -> tuple[Floats, States]:
        shape = (0, self.rows.envs) if self.env is None else (0,)
        values, states = [np.zeros(shape)], [np.zeros(shape, np.uint8)]
        for first in range(start, stop, _AT_ONCE):
            last = min(first + _AT_ONCE, stop)
            blobs = self._blobs(first, last, self.env)
            for place in range(first, last):
                one = self.rows.stretches[place]
                part = self._decoded(one, blobs.get(place, []), self.env)
                if filled:
                    part = self._filled(one, *part)
                values.append(part[0])
                states.append(part[1])
        return np.concatenate(values), np.concatenate(states)

    def _filled(self, one: Stretch, values: Floats, states: States) -> tuple[Floats, States]:
        """Where nothing was said, what was said last."""
        silent = states == NOT_MEASURED
        if not silent.any():
            return values, states
        index = np.arange(one.count).reshape((-1,) + (1,) * (states.ndim - 1))
        last = np.maximum.accumulate(np.where(silent, -1, index), axis=0)
        found = np.take_along_axis(values, np.maximum(last, 0), axis=0)
        marks = np.take_along_axis(states, np.maximum(last, 0), axis=0)
        before = last < 0
        if before.any():
            carried = self._carried(one, self.env)
            if carried is not None:
                found = np.where(before, carried[0], found)
                marks = np.where(before, carried[1], marks)
        return found, marks

    def _carried(self, one: Stretch, env: int | None) -> tuple[Floats, States] | None:
        """What was last said before a block; None when no environment had said anything."""
        if one.open is not None:
            latest = one.open.carried(self.name)
        else:
            ((data,),) = self.rows.reader.rows("SELECT carry FROM blocks WHERE id = ?", one.id)
            latest = unpack_carry(data).get(self.name)
        if latest is None or latest.values.shape[1] != 1 or latest.steps.max() < 0:
            return None
        wanted = slice(None) if env is None else env
        return latest.values[wanted, 0].astype(np.float64), latest.states[wanted]

    def _decoded(self, one: Stretch, blobs: list[_Blob], env: int | None) -> tuple[Floats, States]:
        """The cells of one stretch as they were said."""
        wanted = slice(None) if env is None else env
        if one.open is not None:
            found = one.open.cells(self.name)
            if found is not None and found[0].shape[2] == 1:
                values, states = found[0][: one.count, wanted, 0], found[1][: one.count, wanted]
                return values.astype(np.float64), states.copy()
            blobs = []
        shape = (one.stored,) if env is not None else (one.stored, self.rows.envs)
        values, states = np.zeros(shape), np.full(shape, NOT_MEASURED, np.uint8)
        for blob in blobs:
            marks = unpack_states(blob.states, (blob.envs, one.stored))
            if not blob.data:
                gone = slice(blob.env0, blob.env0 + blob.envs)
                states[(...,) if env is not None else (slice(None), gone)] = MASKED_CELL
                continue
            if env is not None:
                cells = unpack_one(blob.data, blob.dtype, blob.envs, one.stored, env - blob.env0)
                if cells is not None:
                    values, states = cells.astype(np.float64), marks[env - blob.env0]
                continue
            several = unpack_values(blob.data, blob.dtype, blob.envs, one.stored)
            if several.shape[1] == 1:
                values[:, blob.env0 : blob.env0 + blob.envs] = several[:, 0].T
                states[:, blob.env0 : blob.env0 + blob.envs] = marks.T
        return values[: one.count], states[: one.count]

    def _chunks_of(self, place: int) -> list[_Chunk]:
        every = self._chunks.get(place, [])
        if self.env is None:
            return every
        return [one for one in every if one.env0 <= self.env < one.env0 + one.envs]

    def _listed(self) -> dict[int, list[_Chunk]]:
        """What the file says of each stretch's chunks; one query."""
        found: dict[int, list[_Chunk]] = {}
        if self._column is not None and self._places:
            for block, *rest in self.rows.reader.rows(
                "SELECT block, env0, envs, low, high, nonfinite, absent, length(data) = 0"
                " FROM chunks"
                " WHERE column = ? AND block BETWEEN ? AND ?",
                self._column,
                min(self._places),
                max(self._places),
            ):
                if block in self._places:
                    found.setdefault(self._places[block], []).append(_Chunk(*rest))
        return found

    def _blobs(self, start: int, stop: int, env: int | None) -> dict[int, list[_Blob]]:
        """The chunks of some stretches that hold `env` (None: any)."""
        ids = [one.id for one in self.rows.stretches[start:stop]]
        found: dict[int, list[_Blob]] = {}
        if self._column is not None and ids:
            for block, *rest in self.rows.reader.rows(
                "SELECT block, env0, envs, dtype, states, data FROM chunks"
                " WHERE column = ? AND block BETWEEN ? AND ?"
                " AND (? IS NULL OR (env0 <= ? AND env0 + envs > ?))",
                self._column,
                min(ids),
                max(ids),
                *(env, env, env),
            ):
                if block in self._places:
                    found.setdefault(self._places[block], []).append(_Blob(*rest))
        return found


_Hull = tuple[float, float, bool]
"""Least and greatest finite value, and whether some value is nan or infinite."""


def _hull(chunks: list[_Chunk]) -> _Hull | None:
    lows = [one.low for one in chunks if one.low is not None]
    highs = [one.high for one in chunks if one.high is not None]
    odd = any(one.nonfinite for one in chunks)
    if any(one.gone for one in chunks):
        return -np.inf, np.inf, True
    if not lows and not odd:
        return None
    return min(lows, default=np.inf), max(highs, default=-np.inf), odd


def _joined(one: _Hull | None, other: _Hull | None) -> _Hull | None:
    if one is None or other is None:
        return one or other
    return min(one[0], other[0]), max(one[1], other[1]), one[2] or other[2]
