"""What a cell of a report may hold, and why a cell may be empty."""

from __future__ import annotations

import math

from sanctum.model.readings import Absent, Measured, NonFinite, Reading

Value = Reading | float | int | str | bool | None


def absence(value: Value) -> str | None:
    """Why `value` cannot be shown as a plain number: not measured, masked, late, stale, nan, inf,
    -inf; None when it can.
    """
    if value is None:
        return "not measured"
    if isinstance(value, Absent):
        return value.why
    if isinstance(value, NonFinite):
        return value.kind
    if isinstance(value, Measured):
        return "stale" if value.stale else None
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")
    return None


def plain(value: Value) -> float | int | str | bool | None:
    """`value` as JSON may hold it: None wherever `absence` has a reason."""
    if absence(value) is not None:
        return None
    if isinstance(value, Measured):
        return value.value
    assert not isinstance(value, Absent | NonFinite)
    return value


def age_steps(value: Value) -> int | None:
    """The age of a reading in vector steps; None for what has none."""
    return value.age_steps if isinstance(value, Measured | NonFinite) else None
