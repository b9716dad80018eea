"""The smallest change of one feature after which a policy chooses otherwise.

For each feature and direction: a grid finds the first stretch in which the choice changes, halving
makes it tight, and a look at points on the way there finds what the grid stepped over. In the end
the change is evaluated as any decision is: all of it flips the choice, nine tenths of it do not.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from sanctum.model.jobs import FindFlips, FlipFound, FlipsFound
from sanctum.replay.asking import Asked
from sanctum.replay.choices import Choices, Indices, Numbers
from sanctum.replay.refusals import Refused

Flags = npt.NDArray[np.bool_]

GRID = (np.arange(1, 41) / 40) ** 2
"""Shares of the reach, closer together where changes are small."""

SHARE = 0.9
"""Of a change that is given, as much does not flip the choice."""

ON_THE_WAY = np.linspace(0, SHARE, 65)[1:]
ROUNDS = 8
TIGHT = 1e-4
"""How much of a change may be too much, before it is put in a short number."""

ROUNDED = 0.02
"""How much larger it may become by that."""

FEW_STEPS = 16
"""Of float32: of a change that is no larger, nine tenths are no number of their own."""


def flips(job: FindFlips, asked: Asked) -> FlipsFound:
    """Every feature that can flip the choice alone, the smallest change in spreads first.

    A feature whose spread is 0 or not a number never moved in the record: no change of it is small,
    and it is not searched. None is found where `wanted` is the choice already. Raises Refused.
    """
    choices = Choices(asked, job.head)
    if len(job.spread) != len(choices.row):
        raise Refused("bad_job", f"{len(job.spread)} spreads of {len(choices.row)} features")
    if job.wanted is not None and not 0 <= job.wanted < choices.options:
        raise Refused("bad_job", f"{job.head} has no option {job.wanted}")
    legal = asked.masks.get(job.head)
    if job.wanted is not None and legal is not None and not legal[0, job.wanted]:
        raise Refused(
            "illegal", "the mask forbids it, and a change of the observation leaves the mask as is"
        )
    found = _Search(choices, np.array(job.spread, np.float64), job.wanted).found(job.reach)
    return FlipsFound(choices.choice, choices.probability, found)


class _Search:
    """Lines through one row: each a feature, a direction; along it, changes in spreads."""

    def __init__(self, choices: Choices, spread: Numbers, wanted: int | None) -> None:
        self._choices, self._spread, self._wanted = choices, spread, wanted
        self._row = choices.row.astype(np.float64)
        moves = np.flatnonzero(np.isfinite(spread) & (spread > 0) & np.isfinite(self._row))
        self._features = np.repeat(moves, 2)
        self._scale = spread[self._features] * np.tile([1.0, -1.0], len(moves))

    def found(self, reach: float) -> list[FlipFound]:
        """What flips within `reach`, smallest change first."""
        if self._wanted == self._choices.choice or not len(self._features):
            return []
        lines, low, high = self._first(np.arange(len(self._features)), reach * GRID)
        low, high = self._tightened(lines, low, high)
        for _ in range(ROUNDS):
            earlier, low_now, high_now = self._first(lines, high[:, None] * ON_THE_WAY)
            if not len(earlier):
                break
            at = np.searchsorted(lines, earlier)
            low[at], high[at] = self._tightened(earlier, low_now, high_now)
        best: dict[int, FlipFound] = {}
        for index in np.argsort(high, kind="stable"):
            feature = int(self._features[lines[index]])
            if feature not in best:
                settled = self._settled(feature, float(high[index] * self._scale[lines[index]]))
                if settled is not None:
                    best[feature] = settled
        return sorted(best.values(), key=self._distance)

    def _first(self, lines: Indices, changes: Numbers) -> tuple[Indices, Numbers, Numbers]:
        """The lines that flip at one of `changes` (n,) or (lines, n); there, and just before."""
        changes = np.broadcast_to(changes, (len(lines), np.shape(changes)[-1]))
        flipped = self._flips(np.repeat(lines, changes.shape[1]), changes.reshape(-1))
        flipped = flipped.reshape(changes.shape)
        any_, first = flipped.any(1), flipped.argmax(1)
        rows = np.arange(len(lines))
        before = np.where(first > 0, changes[rows, first - 1], 0.0)
        return lines[any_], before[any_], changes[rows, first][any_]

    def _tightened(self, lines: Indices, low: Numbers, high: Numbers) -> tuple[Numbers, Numbers]:
        """Bounds of where the choice changes, so near that the upper one is the change."""
        low, high = low.copy(), high.copy()
        while len(wide := np.flatnonzero(self._wide(lines, low, high))):
            middle = (low[wide] + high[wide]) / 2
            flipped = self._flips(lines[wide], middle)
            high[wide[flipped]], low[wide[~flipped]] = middle[flipped], middle[~flipped]
        return low, high

    def _wide(self, lines: Indices, low: Numbers, high: Numbers) -> Flags:
        """Whether there is a float32 between the bounds, and they are not near enough."""
        between = self._value(lines, (low + high) / 2)
        distinct = (between != self._value(lines, low)) & (between != self._value(lines, high))
        wide: Flags = distinct & (high - low > TIGHT * high)
        return wide

    def _flips(self, lines: Indices, changes: Numbers) -> Flags:
        values = self._value(lines, changes).astype(np.float64)
        return self._is_flip(self._choices.at(self._features[lines], values))

    def _value(self, lines: Indices, changes: Numbers) -> npt.NDArray[np.float32]:
        with np.errstate(over="ignore"):
            moved = self._row[self._features[lines]] + changes * self._scale[lines]
            return np.asarray(moved, np.float32)

    def _is_flip(self, choice: Indices) -> Flags:
        other = (choice >= 0) & (choice != self._choices.choice)
        flips: Flags = other if self._wanted is None else choice == self._wanted
        return flips

    def _settled(self, feature: int, change: float) -> FlipFound | None:
        """A change that holds when it is evaluated as any decision is; None: there is none."""
        before = float(self._row[feature])
        few = FEW_STEPS * float(np.spacing(np.float32(abs(before))))
        for value in _values(before, change):
            choice, probability = self._choices.alone(feature, value)
            if not self._is_flip(np.array([choice]))[0]:
                continue
            less, _ = self._choices.alone(feature, before + SHARE * (value - before))
            if not self._is_flip(np.array([less]))[0] or abs(change) <= few:
                return FlipFound(feature, value, choice, probability)
        return None

    def _distance(self, found: FlipFound) -> float:
        moved = abs(found.value - self._row[found.feature])
        return float(moved / self._spread[found.feature])


def _values(before: float, change: float) -> Iterator[float]:
    """`before` and a change about as large, or a little larger: as short a number as can be.

    Short, so that the value is the same for whom it is printed and who types it.
    """
    exact = before + change
    away = math.ceil if change > 0 else math.floor
    size = math.floor(math.log10(abs(exact))) if exact else 0
    for digits in range(1, 10):
        step = 10.0 ** (size - digits + 1)
        for rounding in (round, away):
            value = float(f"{rounding(exact / step) * step:.{digits}g}")
            moved = (value - before) / change
            if 1 - 2 * TIGHT <= moved <= 1 + ROUNDED:
                yield value
    for more in (1.0, 1 + TIGHT, 1 + 10 * TIGHT, 1 + ROUNDED):
        yield float(np.float32(before + more * change))
