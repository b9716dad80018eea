"""Episodes of each environment: counted here, since not every environment says them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sanctum.telemetry import Array
from sanctum.telemetry.arrays import NOT_MEASURED, pack


@dataclass(frozen=True, slots=True)
class Ended:
    """One finished episode, as `Run.episode` is told of it."""

    env: int
    episode: int
    episode_return: float | None
    length: int | None
    terminated: bool
    truncated: bool
    success: float | None

    @property
    def outcome(self) -> str | None:
        """In a word, where the environment says whether it succeeded."""
        return None if self.success is None else ("success" if self.success else "failure")


class Episodes:
    """Counts steps and rewards. `fresh` are the environments that have just begun an episode.

    Of an episode that was under way when the counting began, neither is known.
    """

    def __init__(self, fresh: npt.NDArray[np.bool_]) -> None:
        self._known = fresh.copy()
        self._returns = np.zeros(len(fresh))
        self._env_step = np.zeros(len(fresh), np.int64)
        self.episode = np.zeros(len(fresh), np.int64)

    @property
    def env_step(self) -> npt.NDArray[np.int64] | Array:
        """The step within each environment's episode, from 0."""
        if self._known.all():
            return self._env_step
        return pack(self._env_step, np.where(self._known, 0, NOT_MEASURED).astype(np.uint8))

    def step(
        self,
        reward: npt.NDArray[Any],
        done: npt.NDArray[np.bool_],
        infos: Sequence[dict[str, Any]],
    ) -> Iterator[Ended]:
        """One vector step has been made: the episodes that ended with it.

        What a `Monitor` counted goes before what was counted here.
        """
        self._returns += reward
        self._env_step += 1
        if not done.any():
            return
        for env in np.flatnonzero(done).tolist():
            info = infos[env]
            counted = (
                {"r": self._returns[env], "l": self._env_step[env]} if self._known[env] else {}
            )
            counted |= info.get("episode") or {}
            truncated = bool(info.get("TimeLimit.truncated", False))
            success = info.get("is_success")
            yield Ended(
                env,
                int(self.episode[env]),
                float(counted["r"]) if "r" in counted else None,
                int(counted["l"]) if "l" in counted else None,
                terminated=not truncated,
                truncated=truncated,
                success=None if success is None else float(success),
            )
        self.episode[done] += 1
        self._returns[done] = 0
        self._env_step[done] = 0
        self._known |= done
