"""One event of Esper's, with what every translation of it needs read out once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sanctum.adapters.translation.values import mapping, seconds, whole, word
from sanctum.adapters.translation.words import SEVERITIES

_OF_SEED = re.compile(r"env(\d+)_seed_")
_ACTION = re.compile(r"morph-b(\d+)-e(\d+)-env(\d+)-(.+)-op(\d+)")


class Event:
    """`env` and `slot` are None where the event names none; `time` where it has none that is known.

    `kind` is its type, for an ANALYTICS_SNAPSHOT with what it is a snapshot of. Raises ValueError
    for what is no event.
    """

    __slots__ = (
        "data",
        "env",
        "group",
        "kind",
        "message",
        "raw",
        "severity",
        "slot",
        "time",
        "type",
    )

    def __init__(self, raw: Mapping[str, Any]) -> None:
        kind = word(raw.get("event_type"))
        if kind is None:
            raise ValueError("it has no event_type")
        data = raw.get("data")
        if data is not None and not isinstance(data, Mapping):
            raise ValueError(f"the data of {kind} are no object")
        self.raw = raw
        self.type = self.kind = kind
        self.data: Mapping[str, Any] = data or {}
        if kind == "ANALYTICS_SNAPSHOT":
            self.kind = f"{kind}/{word(self.data.get('kind')) or '?'}"
        self.time = seconds(raw.get("timestamp"))
        self.group = word(raw.get("group_id")) or ""
        self.slot = word(self.data.get("slot_id")) or word(raw.get("slot_id"))
        self.severity = SEVERITIES.get(str(raw.get("severity") or "info").lower(), "info")
        self.message = word(raw.get("message")) or ""
        self.env = whole(self.data.get("env_id"))
        if self.env is None or self.env < 0:
            self.env = _env_of_seed(raw.get("seed_id") or self.data.get("seed_id"))


class Action:
    """What the id of a morphology action tells: the round from 0, the inner epoch from 1, the op.

    `op` is None where nothing is known of the action.
    """

    __slots__ = ("epoch", "op", "round")

    def __init__(self, id: Any) -> None:
        found = _ACTION.match(id) if isinstance(id, str) else None
        self.round = int(found.group(1)) if found else None
        self.epoch = int(found.group(2)) if found else None
        self.op = int(found.group(5)) if found else None


def nested(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object within the data, or an empty one."""
    return mapping(data.get(name))


def _env_of_seed(id: Any) -> int | None:
    found = _OF_SEED.search(id) if isinstance(id, str) else None
    return int(found.group(1)) if found else None
