"""The features of an observation by name, as `decision` names them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sanctum.errors import UsageError, did_you_mean

_NAMED = 6


class Features:
    """Names of so many features; those without one are numbered."""

    def __init__(self, names: Sequence[str], count: int) -> None:
        self.names = [
            names[place] if place < len(names) else f"feature {place}" for place in range(count)
        ]

    def place(self, name: str) -> int:
        """Which one is called so; one without a name by its number. Raises UsageError."""
        if name in self.names:
            return self.names.index(name)
        if name.isdecimal() and f"feature {int(name)}" in self.names:
            return self.names.index(f"feature {int(name)}")
        hint = did_you_mean(name, self.names) or f"there are {listed(self.names)}"
        raise UsageError(f"there is no feature '{name}'", hint)

    def odd(self, observation: npt.NDArray[np.float32]) -> list[str]:
        """The names of those that are not finite."""
        return [self.names[place] for place in np.flatnonzero(~np.isfinite(observation))]


def listed(names: Sequence[str]) -> str:
    """A few of them, and how many more there are."""
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
