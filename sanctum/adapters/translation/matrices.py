"""Counterfactual matrices: accuracies with some seeds switched off, and what follows from them.

A seed's contribution is the accuracy with all seeds minus that with all but it. The synergy of two
seeds is f(11) - f(10) - f(01) + f(00); that of all of them is what the whole adds beyond the sum of
what each adds alone. What was not evaluated is absent.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from sanctum.adapters.translation.values import flag, number, word

STAND_IN_FROM = 5
"""From so many slots on the accuracy without any seed is not evaluated, but a stand-in."""


class Matrix:
    """The accuracies of one environment at one step, by the seeds that were switched on.

    Raises ValueError for masks that do not fit the slots.
    """

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.slots = [str(slot) for slot in data.get("slot_ids") or ()]
        self.strategy = word(data.get("strategy")) or "unavailable"
        self.repeated: list[tuple[frozenset[str], float]] = []
        self._accuracy: dict[frozenset[str], float] = {}
        for one in data.get("configs") or ():
            mask = [bool(flag(bit)) for bit in one.get("seed_mask") or ()]
            if len(mask) != len(self.slots):
                raise ValueError(f"a mask of {len(mask)} for {len(self.slots)} slots")
            accuracy = number(one.get("accuracy"))
            if accuracy is None:
                continue
            on = frozenset(itertools.compress(self.slots, mask))
            before = self._accuracy.get(on)
            if before is not None and before != accuracy:
                self.repeated.append((on, before))
            self._accuracy[on] = accuracy
        self.stand_in: float | None = None
        if len(self.slots) >= STAND_IN_FROM:
            self.stand_in = self._accuracy.pop(frozenset(), None)

    @property
    def contributions(self) -> dict[str, float]:
        """Points that each seed adds to the others, where the matrix tells."""
        every = self.of(*self.slots)
        found = {}
        for slot in self.slots:
            others = self.of(*(one for one in self.slots if one != slot))
            if every is not None and others is not None:
                found[slot] = every - others
        return found

    @property
    def pairs(self) -> dict[tuple[str, str], float]:
        """Points of synergy of each two seeds, where the matrix tells."""
        found = {}
        for a, b in itertools.combinations(self.slots, 2):
            parts = self.of(a, b), self.of(a), self.of(b), self.of()
            if None not in parts:
                both, one, other, none = (part or 0.0 for part in parts)
                found[a, b] = both - one - other + none
        return found

    @property
    def synergy(self) -> float | None:
        """Points that all seeds together add beyond the sum of each alone; None where unknown."""
        none, every = self.of(), self.of(*self.slots)
        alone = [self.of(slot) for slot in self.slots]
        if len(self.slots) < 2 or none is None or every is None or None in alone:
            return None
        return every - none - sum((one or 0.0) - none for one in alone)

    def of(self, *on: str) -> float | None:
        """The accuracy with these seeds on, percent."""
        return self._accuracy.get(frozenset(on))

    def data(self) -> dict[str, Any]:
        """The matrix as an event keeps it."""
        told: dict[str, Any] = {
            "slots": self.slots,
            "configs": [
                {"on": self._named(on), "accuracy": accuracy}
                for on, accuracy in self._accuracy.items()
            ],
            "strategy": self.strategy,
            "none": self.of(),
            "all": self.of(*self.slots),
            "contributions": self.contributions,
            "pairs": [{"slots": list(two), "synergy": one} for two, one in self.pairs.items()],
            "synergy": self.synergy,
        }
        if self.stand_in is not None:
            told["stand_in"] = self.stand_in
        if self.repeated:
            told["repeated"] = [
                {"on": self._named(on), "accuracy": one} for on, one in self.repeated
            ]
        return told

    def text(self) -> str:
        """A line for the timeline."""
        every = self.of(*self.slots)
        parts = [f"{slot} {points:+.2f}" for slot, points in self.contributions.items()]
        if not parts:
            parts = [f"{slot} alone {_percent(self.of(slot))}" for slot in self.slots]
        together = "" if self.synergy is None else f"; synergy {self.synergy:+.2f} points"
        return f"all on {_percent(every)}: {', '.join(parts)} points{together}"

    def _named(self, on: frozenset[str]) -> list[str]:
        return [slot for slot in self.slots if slot in on]


def _percent(accuracy: float | None) -> str:
    return "not measured" if accuracy is None else f"{accuracy:.2f}%"
