"""The logger's scalars: each is said with one update, the last update's too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sanctum.adapters.sb3.library import KVWriter

LEARNED = "train/"
"""Scalars of what was learned last stand in the logger until it is dumped, a rollout later."""


class Scalars(KVWriter):
    """An output of the logger that collects what is dumped; `take` gives it for one update.

    `on_dump` is called after each dump.
    """

    def __init__(self, on_dump: Callable[[], None] = lambda: None) -> None:
        self._on_dump = on_dump
        self._waiting: dict[str, float] = {}
        self._said: dict[str, float] = {}

    def write(
        self,
        key_values: dict[str, Any],
        key_excluded: dict[str, tuple[str, ...]],
        step: int = 0,
    ) -> None:
        """The logger is dumped: all it holds, but what `take` saw in it before."""
        for key, value in numbers(key_values).items():
            if key not in self._said or not _is_same(self._said[key], value):
                self._waiting[key] = value
        self._said = {}
        self._on_dump()

    def close(self) -> None:
        """Nothing to close."""

    def take(self, held: Mapping[str, Any], *, all_of_them: bool = False) -> dict[str, float]:
        """What was dumped since the last time, and what the logger holds of the newest learning.

        With `all_of_them` everything that the logger holds, since no dump will come.
        """
        found, self._waiting = self._waiting, {}
        now = {
            key: value
            for key, value in numbers(held).items()
            if all_of_them or key.startswith(LEARNED)
        }
        self._said = now
        return {**found, **now}


def numbers(values: Mapping[str, Any]) -> dict[str, float]:
    """Those that are a number; texts, pictures and histograms are left out."""
    found = {}
    for key, value in values.items():
        if isinstance(value, str) or value is None:
            continue
        try:
            found[str(key)] = float(value)
        except (TypeError, ValueError, RuntimeError, OverflowError):
            continue
    return found


def _is_same(one: float, other: float) -> bool:
    return one == other or (one != one and other != other)
