"""Names that only a whole row of an environment tells, such as its health: one row at a time."""

from __future__ import annotations

import numpy as np

from sanctum.record.finding.moments import Moments, Patience
from sanctum.record.finding.sources import Cells
from sanctum.record.finding.vectors import Vector, Words
from sanctum.record.finding.walk import OPEN, YES
from sanctum.record.moments import Scope, moved
from sanctum.record.questions.envs import all_rows, term


class RowByRow(Cells):
    """Slow: it reads the environment as of every row, as far as patience goes."""

    def __init__(
        self, of: Scope, moments: Moments, patience: Patience, env: int, name: str, words: Words
    ) -> None:
        super().__init__(moments, patience)
        self.kind = "word" if name == "health" else "number"
        self._of = of
        self._env = env
        self._name = name
        self._words = words

    def read(self, start: int, stop: int) -> Vector:
        """The reading as of each row."""
        data, state = [], []
        for step in self._moments.rows.steps(start, stop).tolist():
            self._patience.check()
            found = term(all_rows(moved(self._of, step), self._env)[0], self._name)
            state.append(OPEN if found is None else YES)
            if isinstance(found, str):
                data.append(float(self._words.code(found)))
            else:
                data.append(0.0 if found is None else float(found))
        return Vector(self.kind, np.array(data), np.array(state, np.int8))  # type: ignore[arg-type]
