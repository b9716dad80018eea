"""The row of the current step: begun by what belongs to a later one, and what is then missing."""

from __future__ import annotations

from collections.abc import Callable

from sanctum.adapters.translation.missing import Missing
from sanctum.adapters.translation.row import Row
from sanctum.adapters.translation.shape import Shape
from sanctum.adapters.translation.telling import Telling

FARTHEST_ROUNDS = 1000
"""So many rounds are not lost between one event and the next: their number is wrong."""


class Backwards(Exception):
    """The steps go back: another attempt has begun, and nothing announced it."""


class Rows:
    """One row after another. `on_step` is called as a row ends, `on_round` as a round does."""

    def __init__(
        self,
        telling: Telling,
        shape: Shape,
        on_step: Callable[[], None],
        on_round: Callable[[], None],
    ) -> None:
        self._telling = telling
        self._shape = shape
        self._missing = Missing(telling)
        self._on_step = on_step
        self._on_round = on_round

    @property
    def newest(self) -> Row | None:
        """The row of the current step; None before the first."""
        return self._telling.row

    def of(self, step: int | None) -> Row:
        """The row of a step, None: of the current one.

        A later step ends the row before. Raises Backwards for a step of an earlier round,
        ValueError for one of an earlier epoch.
        """
        row, first = self._telling.row, self._shape.step(self._shape.first_round, 1)
        if row is not None and (step is None or step == row.step):
            return row
        step = first if step is None else step
        if row is not None and step < row.step:
            if step // self._shape.epochs < row.step // self._shape.epochs:
                raise Backwards
            raise ValueError(f"its epoch {step % self._shape.epochs + 1} is over")
        before = first if row is None else row.step
        if step - before > FARTHEST_ROUNDS * self._shape.epochs:
            raise ValueError(f"round {step // self._shape.epochs + 1} is too far ahead")
        self._end(row, first, step)
        return self._telling.begin(step)

    def close(self, *, is_finished: bool) -> None:
        """No row follows; of a run that is finished the last one should be complete."""
        row = self._telling.row
        if row is not None:
            (self._missing.ended if is_finished else self._missing.last)(row)
        self._missing.close()

    def _end(self, row: Row | None, first: int, step: int) -> None:
        """The row ends, for `step` begins."""
        self._on_step()
        if row is not None:
            self._missing.ended(row)
            first = row.step + 1
        if step > first and (row is not None or self._shape.is_known):
            self._missing.skipped(first, step - 1, self._shape.envs)
        if row is not None and step // self._shape.epochs > row.step // self._shape.epochs:
            self._missing.close()
            self._on_round()
