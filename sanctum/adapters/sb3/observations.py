"""The observation space as features: numbers by name; what is too large, by four numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sanctum.adapters.sb3.library import spaces

Numbers = npt.NDArray[Any]
MOST_NUMBERS = 512
"""Numbers of an observation that are recorded as they are; of a larger part, a summary."""

SUMMARY = ("mean", "std", "min", "max")


@dataclass(frozen=True)
class Part:
    """One array of the observation: its key (None: all of it), its space, its features' names."""

    key: str | None
    space: spaces.Space[Any]
    names: list[str]
    is_summary: bool

    def values(self, observation: Any) -> Numbers:
        """The features (E, n) of a batch of observations."""
        array = np.asarray(observation if self.key is None else observation[self.key])
        flat = array.reshape(len(array), -1)
        if not self.is_summary:
            return flat
        numbers = flat.astype(np.float32, copy=False)
        return np.stack([numbers.mean(1), numbers.std(1), numbers.min(1), numbers.max(1)], axis=1)


@dataclass(frozen=True)
class Features:
    """All parts of the observation, in order."""

    parts: list[Part]

    @classmethod
    def of(cls, space: spaces.Space[Any]) -> Features:
        """The features of a space."""
        if not isinstance(space, spaces.Dict):
            return cls([_part(None, space, MOST_NUMBERS)])
        left, parts = MOST_NUMBERS, []
        for key, one in space.spaces.items():
            parts.append(_part(str(key), one, left))
            left -= 0 if parts[-1].is_summary else len(parts[-1].names)
        return cls(parts)

    @property
    def names(self) -> list[str]:
        """Of every feature."""
        return [name for part in self.parts for name in part.names]

    @property
    def summaries(self) -> list[str]:
        """The parts that are recorded by four numbers each."""
        return [part.key or "the observation" for part in self.parts if part.is_summary]

    def values(self, observation: Any) -> Numbers:
        """The features (E, F) of a batch of observations."""
        found = [part.values(observation) for part in self.parts]
        return found[0] if len(found) == 1 else np.concatenate(found, axis=1)


def _part(key: str | None, space: spaces.Space[Any], room: int) -> Part:
    count = int(np.prod(space.shape)) if space.shape else 1
    if count > room:
        stem = f"{key}." if key else ""
        return Part(key, space, [f"{stem}{word}" for word in SUMMARY], True)
    if key is None:
        return Part(key, space, [f"o{index}" for index in range(count)], False)
    names = [key] if count == 1 else [f"{key}.{index}" for index in range(count)]
    return Part(key, space, names, False)
