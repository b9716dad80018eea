"""The aftermath of a decision: the reward that came, the value after it, what it was credited with.

It is looked up in all that the record knows by now, whatever moment was asked about: who looks at a
decision of the past wants to know what came of it, and nothing here had a part in it.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from sanctum.model.decisions import HORIZONS, Ahead
from sanctum.model.readings import LATE, MASKED, NOT_MEASURED, Reading, reading
from sanctum.record.ahead import ENDINGS, Flags, endings
from sanctum.record.cells import VALUE
from sanctum.record.columns import Columns, absent
from sanctum.record.moments import Scope
from sanctum.record.questions.decision.spot import Spot

RETURNS = ("returns", "return")
"""The names by which a return is filled in."""


class Aftermath:
    """What followed the decision of one environment at `step`."""

    def __init__(self, of: Scope, env: int, step: int) -> None:
        self._reader = of.reader.whole
        self._attempt = of.attempt.attempt
        self._not_yet = NOT_MEASURED if of.attempt.ended is not None else LATE
        self._env = env
        self._step = step
        self._spot = Spot(self._reader, self._attempt, step, env)
        self._newest = (self._reader.span(self._attempt) or (step, step))[1]
        last = self._reader.steps_on(self._attempt, step, max(HORIZONS)) or self._newest
        self._rows = self._reader.window(("reward", *ENDINGS), self._attempt, step, last)

    @property
    def reward(self) -> Reading:
        """The reward of the step."""
        return self._spot.reading("reward")

    @property
    def ahead(self) -> list[Ahead]:
        """What the next steps brought, this one the first of them."""
        return [Ahead(steps, self._brought(steps)) for steps in HORIZONS]

    @property
    def next_value(self) -> Reading:
        """What the critic expected at the next step; masked where the episode ended before."""
        if self._ended[:1].any():
            return MASKED
        if self._rows.steps.size < 2:
            return self._not_yet if self._spot.reading("value") != NOT_MEASURED else NOT_MEASURED
        if self._following < 2:
            return NOT_MEASURED
        after = Spot(self._reader, self._attempt, int(self._rows.steps[1]), self._env)
        return after.reading("value")

    @property
    def advantage(self) -> Reading:
        """How much better it was than expected, as an update saw it."""
        return self._credited("advantage")

    @property
    def episode_return(self) -> Reading:
        """The return that an update reckoned with."""
        return self._credited(*RETURNS)

    def _credited(self, *names: str) -> Reading:
        """What is filled in later, under one of some names; late while that is to be expected."""
        said = [name for name in names if name in self._reader.column_names()]
        if not said:
            return NOT_MEASURED
        found = self._spot.reading(said[0])
        if found != NOT_MEASURED:
            return found
        newest = Columns(self._reader, self._attempt, self._newest).step_of(said[0], self._env)
        return self._not_yet if newest is not None and newest < self._step else NOT_MEASURED

    @cached_property
    def _ended(self) -> Flags:
        """Whether each row ends the episode."""
        return endings(self._reader, self._attempt, self._rows)[:, self._env]

    @cached_property
    def _following(self) -> int:
        """How many rows there are until one is missing between two."""
        apart = np.diff(self._rows.steps)
        missing = np.flatnonzero(apart > apart.min()) if apart.size else apart
        return int(missing[0]) + 1 if missing.size else int(self._rows.steps.size)

    def _brought(self, steps: int) -> Reading:
        cells = self._rows.cells.get("reward")
        if cells is None:
            return NOT_MEASURED
        ends = np.flatnonzero(self._ended[: self._following])
        needed = min(steps, int(ends[0]) + 1) if ends.size else steps
        if needed > self._following:
            return self._not_yet if self._following == self._rows.steps.size else NOT_MEASURED
        states = cells[1][:needed, self._env]
        if (states != VALUE).any():
            return absent(int(states[states != VALUE][0]))
        with np.errstate(invalid="ignore"):
            return reading(float(cells[0][:needed, self._env].astype(np.float64).sum()))
