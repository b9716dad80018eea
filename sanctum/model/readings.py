"""A number that was measured, is not finite, or is absent, and why: never a bare float.

JSON encoders turn nan into null, and null into anything; so a reading is one of three Structs, told
apart by ``is``.
"""

from __future__ import annotations

import math
from typing import Literal

import msgspec

NonFiniteKind = Literal["nan", "inf", "-inf"]
AbsentWhy = Literal["not measured", "masked", "late", "dropped"]


class Measured(msgspec.Struct, frozen=True, tag_field="is", tag="value", omit_defaults=True):
    """A finite number, the vector steps since it was measured, and whether that is too many."""

    value: float
    age_steps: int = 0
    stale: bool = False


class NonFinite(msgspec.Struct, frozen=True, tag_field="is", tag="nonfinite", omit_defaults=True):
    """A measured nan or infinity."""

    kind: NonFiniteKind
    age_steps: int = 0


class Absent(msgspec.Struct, frozen=True, tag_field="is", tag="absent"):
    """Nothing to show, and why: never sent, had no meaning, not there yet, or dropped for room."""

    why: AbsentWhy


Reading = Measured | NonFinite | Absent

NOT_MEASURED = Absent("not measured")
MASKED = Absent("masked")
LATE = Absent("late")
DROPPED = Absent("dropped")


def reading(value: float | None, age_steps: int = 0, stale: bool = False) -> Reading:
    """A reading of a plain number; None is *not measured*."""
    if value is None:
        return NOT_MEASURED
    if math.isfinite(value):
        return Measured(float(value), age_steps, stale)
    if math.isnan(value):
        return NonFinite("nan", age_steps)
    return NonFinite("inf" if value > 0 else "-inf", age_steps)


def number(one: Reading | None) -> float | None:
    """The number of a reading, nan and infinities included; None when absent."""
    if isinstance(one, Measured):
        return one.value
    if isinstance(one, NonFinite):
        return float(one.kind)
    return None
