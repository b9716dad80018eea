"""Readings out of JSON that Python wrote: numbers that came as text, lists in brackets, nulls.

None is *not measured* throughout; NaN and the infinities are values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

_WORDS = {"true": 1.0, "false": 0.0}
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|nan|inf)", re.I)
_TENSOR = re.compile(r"(?:tensor|array)\(\s*([^,\]\)]+)")


def number(value: Any) -> float | None:
    """A number; numpy's and torch's come as their text. None where there is none."""
    if type(value) is float:
        return value
    if value is None:
        return None
    if isinstance(value, int | float):
        try:
            return float(value)
        except OverflowError:
            return float("inf") if value > 0 else float("-inf")
    if isinstance(value, str):
        return _spelled(value.strip())
    return None


def numbers(value: Any) -> list[float | None]:
    """A list of numbers, which may have come as ``"[1 2]"`` or ``"[True False]"``."""
    if isinstance(value, list | tuple):
        return [number(one) for one in value]
    if isinstance(value, str):
        inside = value.strip().removeprefix("tensor(").removeprefix("array(")
        words = re.split(r"[\s,]+", inside.strip("[]() \n"))
        return [_spelled(one) for one in words if one and not one.startswith("dtype")]
    return []


def whole(value: Any) -> int | None:
    """A whole number, exact however large it is; None where there is none."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        return value
    if isinstance(value, str) and re.fullmatch(r"[-+]?\d+", value.strip()):
        return int(value)
    found = number(value)
    if found is None or found != found or found in (float("inf"), float("-inf")):
        return None
    return int(found) if found == int(found) else None


def flag(value: Any) -> bool | None:
    """Yes or no; None where neither was said."""
    if isinstance(value, bool):
        return value
    found = number(value)
    return None if found is None or found != found else bool(found)


def word(value: Any) -> str | None:
    """A text that is not empty."""
    return value if isinstance(value, str) and value else None


def mapping(value: Any) -> Mapping[str, Any]:
    """An object, or an empty one."""
    return value if isinstance(value, Mapping) else {}


def seconds(value: Any) -> float | None:
    """A time as seconds since the epoch, from ISO 8601 or a datetime; None where it is neither."""
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value).timestamp()
        except ValueError:
            return None
    if isinstance(value, datetime):
        return value.timestamp()
    return number(value)


def exact(value: Any) -> str | None:
    """A number of 64 bits as text: as a float it would lose its last digits."""
    found = whole(value)
    return word(value) if found is None else str(found)


def others(data: Mapping[str, Any], known: frozenset[str]) -> dict[str, float]:
    """The numbers among fields that are not `known`: a newer Esper's."""
    return {
        name: found
        for name in data.keys() - known
        if not isinstance(data[name], str) and (found := number(data[name])) is not None
    }


def told(data: Mapping[str, Any]) -> dict[str, Any]:
    """What an event's data say, without what is null."""
    return {name: value for name, value in data.items() if value is not None}


def _spelled(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        pass
    known = _WORDS.get(text.lower())
    if known is not None:
        return known
    tensor = _TENSOR.match(text)
    if tensor and _NUMBER.fullmatch(tensor.group(1).strip()):
        return float(tensor.group(1))
    return None
