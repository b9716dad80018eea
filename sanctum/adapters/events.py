"""Esper's event objects as the plain dicts of its JSON lines; nothing of Esper is imported.

Objects are only read: other consumers of the hub are given the same ones.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any

ENVELOPE = ("event_id", "seed_id", "slot_id", "epoch", "group_id", "message", "severity")
DEEPEST = 8
MOST_ELEMENTS = 4096
"""Larger arrays are not telemetry: they are named by their type and shape."""
LONGEST_TEXT = 1000

_PLAIN = frozenset({type(None), bool, int, float, str})


def plain_event(event: object) -> dict[str, Any]:
    """An event in the shape of one line of Esper's JSONL; dicts of that shape are taken as well.

    Raises TypeError for what is no event, and for a payload that cannot be read.
    """
    if isinstance(event, Mapping):
        found: dict[str, Any] = {str(key): plain(value) for key, value in event.items()}
        kind = event.get("event_type")
    else:
        kind = getattr(event, "event_type", None)
        found = {name: plain(getattr(event, name, None)) for name in ENVELOPE}
        found["timestamp"] = plain(getattr(event, "timestamp", None))
        found["data"] = _payload(getattr(event, "data", None), 0)
    if isinstance(kind, Enum):
        kind = kind.name
    if not isinstance(kind, str):
        raise TypeError(f"a {type(event).__name__} is no event: it has no event_type")
    found["event_type"] = kind
    return found


def plain(value: object, depth: int = 0) -> Any:
    """A value as JSON would hold it, but nan stays nan.

    Enums of numbers and words give these, others their names; numbers of numpy and torch become
    Python's, datetimes ISO texts. A tensor on a device is left out: to read it would wait for it.
    """
    kind = type(value)
    if kind in _PLAIN:
        return value
    if depth > DEEPEST:
        return kind.__name__
    if isinstance(value, list | tuple | set | frozenset):
        return [one if type(one) in _PLAIN else plain(one, depth + 1) for one in value]
    if isinstance(value, dict | Mapping):
        return {
            key if type(key) is str else str(_key(key)): (
                one if type(one) in _PLAIN else plain(one, depth + 1)
            )
            for key, one in value.items()
        }
    if isinstance(value, Enum):
        return value.value if isinstance(value, int | str) else value.name
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, int | float | str):
        return next(base(value) for base in (int, float, str) if isinstance(value, base))
    if hasattr(value, "tolist"):
        return _numbers(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _payload(value, depth + 1)
    try:
        return str(value)[:LONGEST_TEXT]
    except Exception:  # somebody's __str__: the rest of the event is worth having
        return kind.__name__


def _key(key: object) -> object:
    return (key.value if isinstance(key, int | str) else key.name) if isinstance(key, Enum) else key


def _payload(payload: object, depth: int) -> Any:
    """A payload as its own ``to_dict`` tells it, for that is what the JSONL holds; else its fields.

    Its fields are read one by one: ``dataclasses.asdict`` would copy all that hangs on them.
    """
    if isinstance(payload, Mapping) or payload is None:
        return plain(payload, depth)
    to_dict = getattr(payload, "to_dict", None)
    if callable(to_dict):
        with contextlib.suppress(Exception):  # it may have fields all the same
            return plain(to_dict(), depth)
    if dataclasses.is_dataclass(payload) and not isinstance(payload, type):
        names = _fields(type(payload))
        return {name: plain(getattr(payload, name, None), depth + 1) for name in names}
    raise TypeError(f"a {type(payload).__name__} is no payload: it has neither to_dict nor fields")


@functools.cache
def _fields(kind: Any) -> tuple[str, ...]:
    return tuple(one.name for one in dataclasses.fields(kind))


def _numbers(value: Any) -> Any:
    """An array or a number of numpy's or torch's; of many elements its type and shape."""
    device = getattr(value, "device", None)
    if getattr(device, "type", "cpu") != "cpu":
        return None
    shape = tuple(getattr(value, "shape", ()))
    count = 1
    for length in shape:
        count *= length
    if count > MOST_ELEMENTS:
        return f"{type(value).__name__}{list(shape)}"
    return value.detach().tolist() if hasattr(value, "detach") else value.tolist()
