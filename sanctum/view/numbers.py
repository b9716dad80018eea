"""Numbers, ages, sizes and times as people read them; ASCII only."""

from __future__ import annotations

import math
import time

from sanctum.model.readings import Absent, Measured, NonFinite
from sanctum.view.values import Value

_LONG = 1e15
"""From here on a number is written with an exponent, whatever its decimals."""


def number(value: float, digits: int | None = None) -> str:
    """`value` with `digits` decimals, or three significant ones; nan and inf spelled out.

    Only zero is written as zero: what `digits` would round away gets an exponent. An int keeps all
    its digits.
    """
    if isinstance(value, int):
        if not digits or abs(value) >= _LONG:
            return f"{value:,}"
        return f"{float(value):,.{digits}f}"
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    if value == 0:
        value = 0.0  # no minus sign
    if abs(value) >= _LONG:
        return f"{value:.2e}"
    if digits is not None:
        text = f"{value:,.{digits}f}"
        if value != 0 and float(text.replace(",", "")) == 0:
            return f"{value:.1e}"
        return text
    if value == int(value):
        return f"{int(value):,}"
    if 1e-3 <= abs(value) < 1e5:
        decimals = max(0, 3 - 1 - math.floor(math.log10(abs(value))))
        return f"{value:,.{min(decimals, 5)}f}"
    return f"{value:.2e}"


def cell(value: Value, digits: int | None = None) -> str:
    """A cell as text: the number, or the word that says why there is none."""
    text = body(value, digits)
    return f"{text} stale" if isinstance(value, Measured) and value.stale else text


def body(value: Value, digits: int | None = None) -> str:
    """`cell` without its ``stale``."""
    if value is None:
        return "-"
    if isinstance(value, Measured):
        return number(value.value, digits)
    if isinstance(value, NonFinite):
        return value.kind
    if isinstance(value, Absent):
        return "-" if value.why == "not measured" else value.why
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    return number(value, digits)


def finite(value: Value) -> float | int | None:
    """The number in a cell, stale or not; None for words, absences, nan and infinities."""
    if isinstance(value, Measured):
        value = value.value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if isinstance(value, int) or math.isfinite(value) else None


def size(used_bytes: float) -> str:
    """Bytes in the largest binary unit that keeps them above one: ``1.4 MiB``."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(used_bytes) < 1024:
            return f"{used_bytes:.0f} {unit}" if unit == "B" else f"{used_bytes:.1f} {unit}"
        used_bytes /= 1024
    return f"{used_bytes:.1f} TiB"


def duration(seconds: float) -> str:
    """Seconds as ``0.4s``, ``12s``, ``3m20s``, ``2h05m``, ``3d4h``."""
    if seconds < 10:
        return f"{max(seconds, 0):.1f}s"
    whole = int(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    if whole < 86400:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
    return f"{whole // 86400}d{whole % 86400 // 3600}h"


def clock(moment: float) -> str:
    """A local time of day, with the date when it is not today's."""
    local = time.localtime(moment)
    today = time.localtime()
    shape = "%H:%M:%S" if local[:3] == today[:3] else "%Y-%m-%d %H:%M:%S"
    return time.strftime(shape, local)
