"""What is in each slot of each environment, as far as events have told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sanctum.adapters.translation.words import EMPTY


@dataclass
class Seed:
    """A seed as it is remembered between events; None where nothing was said.

    `born_accuracy` is its host's accuracy when it germinated, percent. `is_dying` says that the
    policy pruned it and that its alpha falls.
    """

    stage: str
    blueprint: str | None = None
    parameters: int | None = None
    born_accuracy: float | None = None
    alpha_target: float | None = None
    is_dying: bool = False


class Slots:
    """The seeds of one group, by environment and slot. An empty slot has none."""

    def __init__(self) -> None:
        self._seeds: dict[tuple[int, str], Seed] = {}

    def get(self, env: int, slot: str) -> Seed | None:
        """The seed in a slot, its remains included; None: the slot is empty."""
        return self._seeds.get((env, slot))

    def of(self, env: int) -> Iterator[tuple[str, Seed]]:
        """The seeds of an environment, by slot."""
        return iter([(slot, seed) for (one, slot), seed in self._seeds.items() if one == env])

    def germinate(self, env: int, slot: str, seed: Seed) -> None:
        """A new seed."""
        self._seeds[env, slot] = seed

    def enter(self, env: int, slot: str, stage: str) -> Seed:
        """The seed of a slot goes to a stage; one that was never heard of is made up."""
        seed = self._seeds.get((env, slot)) or Seed(stage)
        seed.stage = stage
        if stage in EMPTY:
            self._seeds.pop((env, slot), None)
        else:
            self._seeds[env, slot] = seed
        return seed

    def clear(self, env: int) -> list[str]:
        """Empty all slots of an environment; gives those that were not."""
        gone = [slot for slot, _ in self.of(env)]
        for slot in gone:
            del self._seeds[env, slot]
        return gone
