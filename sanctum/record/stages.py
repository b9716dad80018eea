"""Which stages mean what: a slot that is empty, a seed that has ended, a seed that lives."""

from __future__ import annotations

EMPTY = frozenset({"DORMANT", "EMPTY", "UNKNOWN"})
ENDED = frozenset({"CULLED", "PRUNED", "EMBARGOED", "RESETTING", "COOLDOWN"})


def is_alive(stage: str) -> bool:
    """Whether a seed in `stage` takes part: neither an empty slot nor the remains of one."""
    return stage.upper() not in EMPTY and stage.upper() not in ENDED
