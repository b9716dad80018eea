"""A spot: what was said of one environment at exactly one vector step."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sanctum.model.readings import NOT_MEASURED, Absent, Reading, number, reading
from sanctum.record.cells import VALUE
from sanctum.record.columns import absent
from sanctum.record.reader import Reader

Floats = npt.NDArray[np.float64]


class Spot:
    """One environment's cells of one step, as far as `reader` sees them.

    What was said at another step is not here: it belongs to another decision.
    """

    def __init__(self, reader: Reader, attempt: int, step: int, env: int) -> None:
        found = reader.block_at(attempt, step)
        is_there = found is not None and int(found[0].steps[found[1]]) == step
        self._place = found if is_there else None
        self.env = env

    def values(self, name: str) -> Floats | Absent:
        """The numbers of a column here, one or several; else why there are none."""
        cells = None if self._place is None else self._place[0].cells(name)
        if cells is None or self._place is None:
            return NOT_MEASURED
        state = int(cells[1][self._place[1], self.env])
        if state != VALUE:
            why = absent(state)
            return why if isinstance(why, Absent) else NOT_MEASURED
        return np.asarray(cells[0][self._place[1], self.env], np.float64)

    def reading(self, name: str) -> Reading:
        """A single-valued column."""
        values = self.values(name)
        if isinstance(values, Absent):
            return values
        return reading(float(values[0])) if values.size == 1 else NOT_MEASURED

    def flag(self, name: str) -> bool | None:
        """A column of yes and no; None where it is absent."""
        value = number(self.reading(name))
        return None if value is None or value != value else value > 0.5

    def index(self, name: str) -> int | None:
        """A column of indices; None where it is absent."""
        value = number(self.reading(name))
        return None if value is None or not np.isfinite(value) else int(value)
