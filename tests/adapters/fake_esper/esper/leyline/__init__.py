"""Events: an envelope with an enum for its type, and slotted payloads."""

from __future__ import annotations

import dataclasses
import enum
import json
import uuid
from datetime import UTC, datetime
from typing import Any

NAMES = """TRAINING_STARTED CHECKPOINT_LOADED EPOCH_COMPLETED COUNTERFACTUAL_MATRIX_COMPUTED
ANALYTICS_SNAPSHOT SEED_GERMINATED SEED_GATE_EVALUATED SEED_STAGE_CHANGED SEED_FOSSILIZED
SEED_PRUNED MORPHOLOGY_CAUSAL_LOG PHASE_PROFILE_COMPLETED EPISODE_OUTCOME PPO_UPDATE_COMPLETED
BATCH_EPOCH_COMPLETED PLATEAU_DETECTED DEGRADATION_DETECTED IMPROVEMENT_DETECTED
PERFORMANCE_DEGRADATION ALLOCATOR_STATS TAMIYO_INITIATED GOVERNOR_ROLLBACK
REWARD_HACKING_SUSPECTED GRADIENT_ANOMALY RATIO_EXPLOSION_DETECTED RATIO_COLLAPSE_DETECTED
VALUE_COLLAPSE_DETECTED GRADIENT_PATHOLOGY_DETECTED NUMERICAL_INSTABILITY_DETECTED
TOPOLOGY_MANIFEST_RECORDED MEMORY_WARNING"""

TelemetryEventType = enum.Enum("TelemetryEventType", {one: one.lower() for one in NAMES.split()})


@dataclasses.dataclass
class TelemetryEvent:
    """What the hub carries: mutable, with a typed payload in `data`."""

    event_type: Any
    event_id: str = dataclasses.field(default_factory=lambda: str(uuid.uuid4()))
    timestamp: datetime = dataclasses.field(default_factory=lambda: datetime.now(UTC))
    seed_id: str | None = None
    slot_id: str | None = None
    epoch: int | None = None
    group_id: str = "default"
    message: str = ""
    data: Any = None
    severity: str = "info"


_classes: dict[tuple[str, ...], type] = {}


def _to_dict(self: Any) -> dict[str, Any]:
    return {name: getattr(self, name) for name in self.__slots__}


def payload(fields: dict[str, Any]) -> Any:
    """A frozen, slotted payload of these fields; a ``kind`` gives it a ``to_dict`` of its own."""
    names = tuple(fields)
    if names not in _classes:
        own = {"to_dict": _to_dict} if "kind" in fields else {}
        made = dataclasses.make_dataclass("Payload", names, namespace=own, frozen=True, slots=True)
        _classes[names] = made
    held = {name: tuple(one) if isinstance(one, list) else one for name, one in fields.items()}
    return _classes[names](**held)


def event_of(line: str | bytes) -> TelemetryEvent:
    """The event object that would be written as this JSON line."""
    told = json.loads(line)
    told["event_type"] = TelemetryEventType[told["event_type"]]
    told["timestamp"] = datetime.fromisoformat(told["timestamp"])
    told["data"] = None if told["data"] is None else payload(told["data"])
    return TelemetryEvent(**told)
