"""Who or what changed a seed's stage, as a sentence for its history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sanctum.adapters.translation.event import Action
from sanctum.adapters.translation.values import flag, word
from sanctum.adapters.translation.words import OPS

REBUILT = "the environment was rebuilt"
UNTOLD = "no event told of it"
DYING = "PRUNE: alpha falls to 0, the seed is dying"

_REASONS = {
    "scheduled_prune": "PRUNE, once alpha had fallen to 0",
    "governor_nan": "the governor: not a number",
    "governor_lobotomy": "the governor: the host collapsed",
    "governor_divergence": "the governor: the loss diverged",
    "governor_rollback": "the governor rolled the environment back",
}


def op_of(data: Mapping[str, Any]) -> str | None:
    """The op of the action that an event names as its cause; None: it came by itself."""
    index = Action(data.get("morphology_mutation_id")).op
    return OPS[index] if index is not None and index < len(OPS) else None


def of_stage(data: Mapping[str, Any], *, was_dying: bool) -> str:
    """Why a stage changed."""
    op = op_of(data)
    if op == "PRUNE" and data.get("to_stage") == "BLENDING":
        return DYING
    if op is not None:
        return op
    return "PRUNE, once alpha had fallen to 0" if was_dying else "by itself"


def of_pruning(data: Mapping[str, Any]) -> str:
    """Why a seed was removed."""
    reason = word(data.get("reason"))
    if reason is not None:
        return _REASONS.get(reason, reason)
    initiator = word(data.get("initiator")) or "policy"
    if initiator == "policy" and not flag(data.get("auto_pruned")):
        return op_of(data) or "PRUNE"
    return f"pruned by the {initiator}" if initiator != "policy" else "pruned automatically"
