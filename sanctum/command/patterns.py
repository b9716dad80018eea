"""Patterns in the last ops of an environment that a person would call odd.

The limits are Esper's: of the last twelve ops eight WAITs in a row although something could be
begun, two seeds removed right after they were germinated, four changes of the target of alpha.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from sanctum.model.answers import Decision, SeedRow

LAST = 12
WAITS, THRASHES, OSCILLATIONS = 8, 2, 4
TRAINING = ("GERMINATED", "TRAINING")
REMOVAL = ("PRUNE", "CULL")


def patterns(decisions: Sequence[Decision], seeds: Sequence[SeedRow], free: int) -> list[str]:
    """The patterns of the newest decisions, a sentence each; `free` slots are empty."""
    return list(_found(decisions[-LAST:], seeds, free))


def _found(last: Sequence[Decision], seeds: Sequence[SeedRow], free: int) -> Iterator[str]:
    waits = len(list(itertools.takewhile(_waited, reversed(last))))
    is_training = any(seed.stage.upper() in TRAINING for seed in seeds)
    if waits >= WAITS and free and not is_training:
        slots = "a slot is empty" if free == 1 else f"{free} slots are empty"
        yield f"STUCK: {waits} times WAIT, unforced, while {slots} and nothing trains"
    acts = [one.action for one in last if one.action not in (None, "WAIT", "ADVANCE")]
    thrashes = sum(
        first == "GERMINATE" and then in REMOVAL for first, then in itertools.pairwise(acts)
    )
    if thrashes >= THRASHES:
        yield f"THRASH: {thrashes} of the last seeds were removed as soon as they were germinated"
    changes = sum(one.action == "SET_ALPHA_TARGET" for one in last)
    if changes >= OSCILLATIONS:
        yield f"ALPHA_OSC: the target of alpha was set {changes} times in {len(last)} ops"


def _waited(one: Decision) -> bool:
    return one.action == "WAIT" and not one.forced
