"""Epochs, environments and decisions that did not come: gaps, said once a stretch."""

from __future__ import annotations

from sanctum.adapters.translation.row import Row
from sanctum.adapters.translation.telling import Telling


class Missing:
    """Watches the rows of one group as they end.

    At low levels of telemetry no epoch is told of: there none is missing.
    """

    def __init__(self, telling: Telling) -> None:
        self._telling = telling
        self._tells = self._decides = False
        self._before: tuple[int, int, int] | None = None
        self._open: tuple[str, int, int, int] | None = None

    def ended(self, row: Row) -> None:
        """Nothing more of this row will come."""
        self.last(row)
        self._decides = self._decides or bool(row.decided)
        silent = sorted(set(range(row.envs)) - row.heard) if row.heard else []
        undecided: list[int] = []
        if self._decides:
            undecided = sorted(row.heard - row.decided - row.rolled_back)
        parts = []
        if silent:
            parts.append(f"no EPOCH_COMPLETED of {named(silent)}")
        if undecided:
            parts.append(f"no last_action of {named(undecided)} and no rollback that explains it")
        if not parts:
            self.close()
            return
        self._stretch("; ".join(parts), row.step, len(silent) + len(undecided))

    def last(self, row: Row) -> None:
        """This row is the newest, of which more may have been to come."""
        self._tells = self._tells or bool(row.heard)
        before, self._before = self._before, None
        if before is not None and self._tells:
            self.skipped(*before)

    def skipped(self, first: int, last: int, envs: int) -> None:
        """No event of these steps came; before any epoch was told of, the next row decides."""
        if not self._tells:
            self._before = first, last, envs
            return
        self.close()
        epochs = last - first + 1
        what = "an epoch" if epochs == 1 else f"{epochs} epochs"
        self._say(f"no event of {what} came", first, last, epochs * envs)

    def close(self) -> None:
        """Say the stretch that is open."""
        if self._open is not None:
            self._say(*self._open)
            self._open = None

    def _stretch(self, reason: str, step: int, count: int) -> None:
        if self._open is not None and self._open[0] == reason and self._open[2] == step - 1:
            _, first, _, before = self._open
            self._open = reason, first, step, before + count
            return
        self.close()
        self._open = reason, step, step, count

    def _say(self, reason: str, first: int, last: int, count: int) -> None:
        run = self._telling.run
        self._telling.say(lambda: run.gap("columns", first, last, count, reason))


def named(envs: list[int]) -> str:
    """Environments, as a sentence names them."""
    numbers = ", ".join(str(env) for env in envs[:8])
    more = f" and {len(envs) - 8} more" if len(envs) > 8 else ""
    return f"environment{'s' if len(envs) > 1 else ''} {numbers}{more}"
