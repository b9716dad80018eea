"""Sight: an observation among those before it: each feature's mean and spread, and who is near.

Numbers are taken as differences from the observation in question, in float32: where they are small,
which is where it counts, nothing is lost however large the numbers themselves are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sanctum.model.decisions import Feature
from sanctum.model.readings import NOT_MEASURED, Reading, reading
from sanctum.record.blocks import Block
from sanctum.record.cells import VALUE, States, Values
from sanctum.record.moments import Scope
from sanctum.record.questions.decision.spot import Floats

OBSERVATION = "observation"
MEAN_STEPS = 2048
"""Vector steps before a decision that its features are compared with."""

SEARCH_STEPS = 3072
"""Vector steps before a decision among which its neighbours are looked for: as many as fit into the
blocks that a reader keeps, so that the second question is answered from memory.
"""

MOST_NUMBERS = 2**23
"""Numbers looked at, at most: of wide observations it is fewer steps."""

MOST_FEATURES = 1024

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Observations (rows, envs, features) of rows of a block, with their states (rows, envs)."""

    block: Block
    rows: slice
    values: Values
    states: States


class Sight:
    """What was seen at a step, beside the observations of all environments at the steps before.

    `before` are those, oldest first. `mean` and `spread` are by feature over the last `MEAN_STEPS`
    vector steps of them, `first_step`..`last_step`; nan of a feature that was never finite. The
    spread of one that was always the same is exactly 0.
    """

    def __init__(self, of: Scope, step: int, seen: Floats) -> None:
        self.seen = seen
        self._origin = np.where(np.isfinite(seen), seen, 0.0)
        self.before = _before(of, step, seen.size)
        self.first_step: int | None = None
        self.last_step: int | None = None
        self.mean, self.spread = self._likeness()

    def features(self, names: Sequence[str]) -> list[Feature]:
        """The features, those furthest from their mean first; what is not finite before them all.

        One that was always the same is infinitely far when it is another now, and 0 when it is not.
        `names` may be fewer than there are. Of more than `MOST_FEATURES` those nearest their mean
        are left out.
        """
        with np.errstate(all="ignore"):
            away = (self.seen - self.mean) / self.spread
        away[(self.spread == 0) & (self.seen == self.mean)] = 0.0
        far = np.where(np.isnan(away), -1.0, np.abs(away))
        order = np.lexsort((-far, np.isfinite(self.seen)))
        return [
            Feature(
                names[place] if place < len(names) else f"feature {place}",
                reading(float(self.seen[place])),
                _known(self.mean[place]),
                _known(self.spread[place]),
                _known(away[place]),
            )
            for place in order[:MOST_FEATURES].tolist()
        ]

    def distances(self, stretch: Stretch, rows: Indices, envs: Indices) -> Floats:
        """How far some observations of a stretch are: root mean square over standard deviations.

        Features that were always the same, or are not finite here, are left out; nan where none is
        left, and for an observation with one that is not finite.
        """
        with np.errstate(all="ignore"):
            usable = np.isfinite(self.seen) & (self.spread > 0)
            scale = np.where(usable, 1 / self.spread, 0.0).astype(np.float32)
            apart = _apart(stretch.values[rows, envs], self._origin)
            apart[:, ~usable] = 0
            apart *= scale
            squares = np.einsum("ij,ij->i", apart, apart, dtype=np.float64)
            return np.asarray(np.sqrt(squares / int(usable.sum())))

    def span(self) -> tuple[Floats, Floats]:
        """Least and greatest by feature over the same steps; nan of one that was never finite."""
        least = np.full(self.seen.size, np.inf)
        greatest = -least
        for one in self._near():
            values = one.astype(np.float64)
            least = np.fmin(least, np.where(np.isfinite(values), values, np.inf).min(axis=0))
            greatest = np.fmax(greatest, np.where(np.isfinite(values), values, -np.inf).max(axis=0))
        never = least > greatest
        return np.where(never, np.nan, least), np.where(never, np.nan, greatest)

    def _near(self) -> Iterator[Values]:
        """The observations of the last `MEAN_STEPS` vector steps, (observations, features)."""
        left = MEAN_STEPS
        for one in reversed(self.before):
            if left <= 0:
                return
            rows = min(left, one.values.shape[0])
            there = one.states[-rows:] == VALUE
            if there.any():
                steps = one.block.steps[one.rows][-rows:]
                self.first_step = int(steps[0])
                self.last_step = int(steps[-1]) if self.last_step is None else self.last_step
                yield one.values[-rows:][there]
            left -= rows

    @np.errstate(all="ignore")
    def _likeness(self) -> tuple[Floats, Floats]:
        """Mean and spread by feature."""
        parts = [_apart(one, self._origin) for one in self._near()]
        if not parts:
            return np.full(self.seen.size, np.nan), np.full(self.seen.size, np.nan)
        count = sum(np.isfinite(one).sum(axis=0) for one in parts)
        mean = sum(map(_added, parts)) / count
        centre = mean.astype(np.float32)
        squares = sum(_added((one - centre) ** 2) for one in parts)
        return self._origin + mean, np.sqrt(squares / count)


def _before(of: Scope, step: int, width: int) -> list[Stretch]:
    """The observations of the steps before one, oldest first, no more than may be looked at."""
    attempt = of.attempt.attempt
    most = max(1, min(SEARCH_STEPS, MOST_NUMBERS // max(1, of.header.envs * width)))
    first = of.reader.steps_back(attempt, step, most)
    found = []
    for block, rows in of.reader.pieces(attempt, first, step - 1):
        cells = block.cells(OBSERVATION)
        if cells is not None and cells[0].shape[2] == width:
            found.append(Stretch(block, rows, cells[0][rows], cells[1][rows]))
    return found


def _apart(values: Values, origin: Floats) -> npt.NDArray[np.float32]:
    """Differences from `origin`, (observations, features); wide kinds are not rounded before."""
    kind = np.float32 if np.can_cast(values.dtype, np.float32) else np.float64
    return np.asarray(values.astype(kind, copy=False) - origin.astype(kind), np.float32)


def _added(values: npt.NDArray[np.float32]) -> Floats:
    """The sum of what is finite, by feature."""
    kept = values if np.isfinite(values).all() else np.where(np.isfinite(values), values, 0)
    return np.asarray(np.add.reduce(kept, axis=0, dtype=np.float64))


def _known(value: float) -> Reading:
    """A reading; nan stands for what nothing was seen of."""
    return NOT_MEASURED if value != value else reading(float(value))
