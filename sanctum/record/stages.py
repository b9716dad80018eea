"""Which stages mean what: a slot that is empty, a seed that has ended, a seed that lives."""

from __future__ import annotations

import functools

EMPTY = frozenset({"DORMANT", "EMPTY", "UNKNOWN"})
ENDED = frozenset({"CULLED", "PRUNED", "EMBARGOED", "RESETTING", "COOLDOWN"})
BLENDING, HOLDING, FOSSILIZED = "BLENDING", "HOLDING", "FOSSILIZED"

CODED = ("stage", "blueprint", "gate")
"""Fields of a seed that are words."""


def is_coded(column: str) -> bool:
    """Whether the numbers of a column stand for words: ``seed/r0c1/stage``."""
    parts = column.split("/")
    return len(parts) == 3 and parts[0] == "seed" and parts[2] in CODED


@functools.lru_cache(256)
def is_alive(stage: str) -> bool:
    """Whether a seed in `stage` takes part: neither an empty slot nor the remains of one."""
    return stage.upper() not in EMPTY and stage.upper() not in ENDED
