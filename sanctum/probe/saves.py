"""Saves of a run's weights: at their pace, and the one that was left out last made up for.

The training thread's, but for what `Policies` does with a copy.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sanctum.probe.copies import NoRoom
from sanctum.probe.pace import SHARE, Pace
from sanctum.probe.policies import Policies, saving
from sanctum.telemetry import PolicySaved


@dataclass(slots=True)
class LeftOut:
    """A save that was left out by plan. `weights` gives them while they are there."""

    frame: PolicySaved
    about: dict[str, Any]
    weights: Callable[[], Any]


class Saves:
    """Has weights copied and written, where `pace` allows it.

    `put` and `failed` are those of `Policies`; `say` is told in a sentence when the first save is
    left out. A module that was left out is not kept alive, a mapping of tensors is until the next.
    """

    def __init__(
        self,
        put: Callable[[PolicySaved], None],
        failed: Callable[[PolicySaved, Exception], None],
        say: Callable[[str], None],
        *,
        at_once: bool = False,
        pace: Pace | None = None,
    ) -> None:
        self.pace = pace or Pace(is_free=at_once)
        self.skipped = 0
        self._policies = Policies(put, failed, at_once=at_once, pace=self.pace)
        self._failed = failed
        self._say = say
        self._left_out: LeftOut | None = None

    def save(
        self, frame: PolicySaved, weights: Any, about: dict[str, Any], run_id: str, folder: Path
    ) -> None:
        """Copy weights and have them written into `folder`, or leave them out by plan.

        Raises TypeError for what holds no weights.
        """
        self._left_out = None
        if self.pace.allows:
            self._save(frame, weights, about, run_id, folder)
            return
        self._left_out = LeftOut(frame, about, _reference(weights))
        self.skipped += 1
        if self.skipped == 1:
            self._say(
                f"the weights of update {frame.update} were not saved: a save takes"
                f" {1000 * self.pace.cost_s:.3g} ms, and saving is held to {100 * SHARE:g} % of the"
                " time; some of the next are left out too"
            )

    def left_out_at(self, update: int, step: int | None) -> LeftOut | None:
        """The newest save, if it was left out and nothing was learned or decided since.

        `update` and `step` are the newest that were said.
        """
        one, self._left_out = self._left_out, None
        if one is None or update > one.frame.update:
            return None
        is_as_it_was = (-1 if step is None else step) <= (
            -1 if one.frame.step is None else one.frame.step
        )
        return one if is_as_it_was else None

    def make_up(self, one: LeftOut, run_id: str, folder: Path) -> None:
        """Save what was left out, whatever it costs, if it is still there."""
        weights = one.weights()
        if weights is not None:
            self._save(one.frame, weights, one.about, run_id, folder)

    def finish(self, within_s: float) -> bool:
        """Write what waits, at most `within_s` long; False: something is left."""
        return self._policies.finish(within_s)

    def _save(
        self, frame: PolicySaved, weights: Any, about: dict[str, Any], run_id: str, folder: Path
    ) -> None:
        _get_ready()
        self.pace.begin()
        with self.pace.working():
            try:
                if self._policies.is_busy:
                    raise NoRoom("earlier ones wait for the disk")
                one = saving(frame, weights, about)
            except NoRoom as error:
                self._failed(frame, error)
            else:
                self._policies.save(run_id, folder, one)


def _get_ready() -> None:
    """Load what copies tensors: to do that once is not what a save costs."""
    if "torch" in sys.modules:
        from sanctum.probe.tensors import kept  # noqa: F401


def _reference(weights: Any) -> Callable[[], Any]:
    if isinstance(weights, Mapping):
        return lambda: weights
    try:
        return weakref.ref(weights)
    except TypeError:
        return lambda: None
