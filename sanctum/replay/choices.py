"""What a policy would choose if one feature of a row were another: many such questions at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from sanctum.replay.asking import Asked
from sanctum.replay.refusals import Refused

MOST_NUMBERS = 1 << 20
"""Features in one batch; larger ones are asked in parts."""

Numbers = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]


class Choices:
    """The most probable option of a head, of one row; of equals, the first.

    Raises Refused when the row as it is cannot be asked.
    """

    def __init__(self, asked: Asked, head: str) -> None:
        if len(asked) != 1:
            raise Refused("bad_job", f"{len(asked)} rows, where one is questioned")
        self._asked, self._head = asked, head
        self.row = asked.observation[0].numpy()
        chances = self._chances(self.row[None])
        if not np.isfinite(chances).all():
            raise Refused("policy", f"the probabilities of {head} are not all numbers")
        self.options = chances.shape[1]
        self.choice, self.probability = int(chances[0].argmax()), float(chances[0].max())

    def at(self, features: Indices, values: Numbers) -> Indices:
        """The choices (m,) with feature `features[i]` at `values[i]`, each in a row of its own.

        -1 where the policy cannot be asked: it fails there, or what it gives is no number.
        """
        found = np.empty(len(features), np.int64)
        size = max(1, MOST_NUMBERS // len(self.row))
        for start in range(0, len(features), size):
            part = slice(start, start + size)
            found[part] = self._batch(features[part], values[part])
        return found

    def alone(self, feature: int, value: float) -> tuple[int, float]:
        """The choice and its probability, asked as one row: as a decision is evaluated.

        In a batch the last bits may differ, which is enough where two options are nearly equal.
        """
        changed = self.row[None].copy()
        changed[0, feature] = value
        try:
            chances = self._chances(changed)[0]
        except Refused:
            return -1, 0.0
        if not np.isfinite(chances).all():
            return -1, 0.0
        return int(chances.argmax()), float(chances.max())

    def _batch(self, features: Indices, values: Numbers) -> Indices:
        rows = np.repeat(self.row[None], len(features), axis=0)
        with np.errstate(over="ignore"):
            rows[np.arange(len(rows)), features] = values
        try:
            chances = self._chances(rows)
        except Refused:
            # A value that a policy cannot take (an index out of range) fails its whole batch.
            if len(features) == 1:
                return np.array([-1])
            half = len(features) // 2
            first = self._batch(features[:half], values[:half])
            return np.concatenate([first, self._batch(features[half:], values[half:])])
        return np.where(np.isfinite(chances).all(1), chances.argmax(1), -1)

    def _chances(self, rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        with torch.no_grad():
            found = self._asked.probabilities(torch.from_numpy(rows), self._head)
        chances: npt.NDArray[np.float32] = found.float().numpy()
        return chances
