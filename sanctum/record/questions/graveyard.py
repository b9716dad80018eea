"""The graveyard: seeds that were removed or lost, by blueprint and reason, and what they added."""

from __future__ import annotations

from sanctum.model.answers import Grave
from sanctum.model.readings import reading
from sanctum.record.questions.fates import Dead, Tally


def graves(told: Tally) -> list[Grave]:
    """Those that ended without having been kept, the most frequent first."""
    every = [
        _grave(blueprint, reason, dead)
        for blueprint, fates in told.ended.items()
        for reason, dead in fates.dead.items()
    ]
    return sorted(every, key=lambda one: (-one.count, one.blueprint, one.reason))


def _grave(blueprint: str, reason: str, dead: Dead) -> Grave:
    age = reading(dead.age_steps / dead.count)
    return Grave(blueprint, reason, dead.count, age, dead.adds.mean, dead.adds.count)
