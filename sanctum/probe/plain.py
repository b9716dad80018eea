"""What a trainer says as plain values that every encoder takes: text, numbers, lists, objects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

MAX_INT = 2**63


def text(value: Any) -> str:
    """`value` as text that can be written as UTF-8; file names may hold bytes that cannot."""
    return str(value).encode("utf-8", "replace").decode()


def import_path(value: str | Callable[..., Any] | None) -> str | None:
    """``module:function``, as it was given or of the function itself."""
    if value is None or isinstance(value, str):
        return None if value is None else text(value)
    return text(f"{value.__module__}:{value.__qualname__}")


def scalar(value: Any) -> float | None:
    """A number, or None; tensors of one element will do."""
    return None if value is None else float(value)


def setting(value: Any) -> str | int | float | bool | None:
    """`value` as one number or text of a run's configuration."""
    found = plain(value)
    return found if found is None or isinstance(found, str | int | float | bool) else text(value)


def plain(value: Any) -> Any:
    """`value` as text, numbers, lists and objects; whatever is none of these as its text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return text(value)
    if isinstance(value, Mapping):
        return {text(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, int) or hasattr(value, "__index__"):
        try:
            number = int(value)
        except (TypeError, ValueError, OverflowError):
            return text(value)
        return number if -MAX_INT <= number < MAX_INT else text(value)
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError, RuntimeError):
        return text(value)
