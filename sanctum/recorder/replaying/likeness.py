"""How far a change of a feature is: in standard deviations of what was seen before the decision."""

from __future__ import annotations

import math

import numpy as np

from sanctum.model.readings import MASKED, NOT_MEASURED, Reading, reading
from sanctum.record.questions.decision.sight import Sight
from sanctum.recorder.replaying.case import Case


class Likeness:
    """Means and spreads by feature over the vector steps before a decision, of all environments.

    `least` and `greatest` are what each feature was then, nan of one that was never finite. `steps`
    says which those are; None before the first one.
    """

    def __init__(self, case: Case) -> None:
        seen = case.grounds.observation(0).astype(np.float64)
        sight = Sight(case.of, int(case.grounds.steps[0]), seen)
        self.mean, self.spread = sight.mean, sight.spread
        self.least, self.greatest = sight.span()
        self.steps: str | None = None
        if sight.first_step is not None and sight.last_step is not None:
            self.steps = f"steps {sight.first_step:,} to {sight.last_step:,}"

    @property
    def moving(self) -> int:
        """How many features did not always have the same value."""
        return int((np.isfinite(self.spread) & (self.spread > 0)).sum())

    def distance(self, feature: int, change: float) -> Reading:
        """A change in standard deviations; of a feature that never moved it has no meaning."""
        spread = float(self.spread[feature])
        if math.isnan(spread):
            return NOT_MEASURED
        return reading(change / spread) if spread > 0 else MASKED
