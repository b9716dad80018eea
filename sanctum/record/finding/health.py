"""The age and the health of one environment at every row; `sanctum.record.health` is one moment's.

An environment's health rests on its last 64 rows, so these are looked at together with each.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from sanctum.record.carry import unpack_carry
from sanctum.record.cells import NOT_MEASURED, VALUE, States
from sanctum.record.finding.moments import Moments, Patience
from sanctum.record.finding.sources import Cells, there
from sanctum.record.finding.vectors import Vector, Words, numbers
from sanctum.record.finding.walk import OPEN, YES
from sanctum.record.health import (
    DEGRADED_POINTS,
    LOOK_BACK_STEPS,
    NEW_STEPS,
    SILENT_AFTER_STEPS,
    STALLED_STEPS,
)
from sanctum.record.track import Flags, Floats, Track

Places = npt.NDArray[np.int64]
AT_ONCE = 8192
"""Rows that are judged together, each with those before it."""
_WORDS = (*("non-finite", "silent", "unknown", "new", "degraded", "stalled", "rising", "steady"),)


class Ages(Cells):
    """How many steps ago an environment last said anything, of the columns in `own`."""

    def __init__(self, moments: Moments, patience: Patience, env: int, own: list[str]) -> None:
        super().__init__(moments, patience)
        self._env = env
        self._own = own
        self._tracks = [Track(moments.rows, name, env) for name in own]

    def read(self, start: int, stop: int) -> Vector:
        """The age as of each row; absent before it said anything."""
        steps = self._moments.rows.steps(start, stop)
        said = np.zeros(steps.size, np.bool_)
        for track in self._tracks:
            if said.all():
                break
            said |= track.cells(start, stop)[1] != NOT_MEASURED
        newest = np.maximum.accumulate(np.where(said, steps, self._before(start)))
        state = np.where(newest >= 0, np.int8(YES), np.int8(OPEN))
        return numbers((steps - newest).astype(np.float64), state)

    def _before(self, place: int) -> int:
        """The step at which it last said something before a block; -1 for never."""
        one = self._moments.rows.stretches[place]
        if one.open is not None:
            found = [one.open.carried(name) for name in self._own]
        else:
            ((data,),) = self._moments.rows.reader.rows(
                "SELECT carry FROM blocks WHERE id = ?", one.id
            )
            carry = unpack_carry(data)
            found = [carry.get(name) for name in self._own]
        return max((int(one.steps[self._env]) for one in found if one is not None), default=-1)


class Healths(Cells):
    """The word for an environment's health."""

    kind = "word"

    def __init__(self, moments: Moments, patience: Patience, ages: Ages, words: Words) -> None:
        super().__init__(moments, patience)
        self._ages = ages
        self._codes = np.array([words.code(word) for word in _WORDS])

    def read(self, start: int, stop: int) -> Vector:
        """The word as of each row."""
        broken = np.zeros(0, np.bool_)
        accuracy: States | None = None
        for name in ("loss", "reward", "value", "accuracy"):
            values, states = self._track(name).read(start, stop)
            odd = (states == VALUE) & ~np.isfinite(values)
            broken, accuracy = (broken | odd if broken.size else odd), states
        age, began = self._ages.read(start, stop), self._track("env_step").read(start, stop)
        by_course = self._by_course(start, stop)
        choices = [
            (broken, 0),
            ((age.state == YES) & (age.data > SILENT_AFTER_STEPS), 1),
            (accuracy != VALUE, 2),
            ((began[1] == VALUE) & (began[0] < NEW_STEPS), 3),
        ]
        found = np.select([where for where, _ in choices], [word for _, word in choices], by_course)
        return Vector("word", self._codes[found], np.full(1, YES, np.int8))

    def _by_course(self, start: int, stop: int) -> Places:
        """The word that the last accuracies of the episode give, by row."""
        rows = self._moments.rows
        first = rows.stretches[start].start
        place = rows.place(max(first - LOOK_BACK_STEPS + 1, 0))
        skipped = first - rows.stretches[place].start
        accuracy, states = self._track("accuracy").cells(place, stop)
        episode, said = self._track("episode").cells(place, stop)
        best, known = self._track("best_accuracy").read(start, stop)
        best = np.where((there(known) == YES) & np.isfinite(best), best, -np.inf)
        measured = (states == VALUE) & np.isfinite(accuracy)
        found = []
        for at in range(skipped, accuracy.size, AT_ONCE):
            self._patience.check()
            end = min(at + AT_ONCE, accuracy.size)
            span = slice(max(at - LOOK_BACK_STEPS + 1, 0), end)
            found.append(
                _judged(
                    accuracy[span],
                    measured[span],
                    _same(episode[span], said[span] == VALUE),
                    best[at - skipped : end - skipped],
                )
            )
        return np.concatenate(found)

    def _track(self, name: str) -> Track:
        return Track(self._moments.rows, name, self._ages._env)


def _windows(values: npt.NDArray[Any], fill: object) -> npt.NDArray[Any]:
    """Each value with those before it, oldest first: (rows, LOOK_BACK_STEPS)."""
    before = np.full(LOOK_BACK_STEPS - 1, fill, values.dtype)
    return sliding_window_view(np.concatenate([before, values]), LOOK_BACK_STEPS)


def _same(episode: Floats, said: Flags) -> Flags:
    """For each row, which of the last rows are of the episode it is in: (rows, LOOK_BACK_STEPS).

    All of them where no episode was said.
    """
    spoken, number = _windows(said, False), _windows(episode, 0.0)
    last = LOOK_BACK_STEPS - 1 - spoken[:, ::-1].argmax(axis=1)
    current = np.take_along_axis(number, last[:, None], axis=1)
    silent = ~spoken.any(axis=1, keepdims=True)
    return np.asarray((spoken & (number == current)) | silent, np.bool_)


def _judged(accuracy: Floats, measured: Flags, same: Flags, best: Floats) -> Places:
    """The places in `_WORDS` for the last rows, as many as there are of `best`."""
    count = best.size
    course = _windows(measured, False)[-count:] & same[-count:]
    values = np.where(course, _windows(accuracy, 0.0)[-count:], -np.inf)
    size = course.sum(axis=1)
    last = LOOK_BACK_STEPS - 1 - course[:, ::-1].argmax(axis=1)
    now = np.take_along_axis(values, last[:, None], axis=1)[:, 0]
    top = values.argmax(axis=1)
    greatest = np.take_along_axis(values, top[:, None], axis=1)[:, 0]
    since = (course & (np.arange(LOOK_BACK_STEPS) > top[:, None])).sum(axis=1)
    beaten = best > greatest + 1e-6
    greatest, since = np.where(beaten, best, greatest), np.where(beaten, size, since)
    with np.errstate(invalid="ignore"):
        fallen = greatest - now > DEGRADED_POINTS
    return np.select([size < 2, fallen, since >= STALLED_STEPS, since == 0], [3, 4, 5, 6], 7)
