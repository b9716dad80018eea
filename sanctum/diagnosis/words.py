"""Numbers within sentences."""

from __future__ import annotations

import math

from sanctum.model.readings import Measured, NonFinite, Reading, number
from sanctum.model.why import Gain


def percent(part: float, whole: float = 1.0) -> str:
    """A share as percent: ``58 %``."""
    if not whole:
        return "0 %"
    share = 100 * part / whole
    if 0 < share < 0.5:
        return "<1 %"
    return "over 99 %" if 99.5 <= share < 100 else f"{share:.0f} %"


def plain(value: float) -> str:
    """A number with as many digits as it deserves: ``0.07``, ``12.4``."""
    if not math.isfinite(value):
        return str(value)
    size = abs(value)
    if size < 1e-12:
        return "0"
    if size >= 100 or value == int(value):
        return f"{value:,.0f}"
    if size < 0.001:
        return f"{value:.1e}"
    return f"{value:.1f}" if size >= 10 else f"{value:.2f}" if size >= 0.1 else f"{value:.3f}"


def signed(value: float) -> str:
    """A number with its sign: ``+0.28``."""
    return f"{'+' if value > 0 else ''}{plain(value)}"


def said(one: Reading) -> str:
    """A reading in a sentence; an absent one by the word why."""
    value = number(one)
    if isinstance(one, Measured) and value is not None:
        return plain(value)
    return one.kind if isinstance(one, NonFinite) else getattr(one, "why", "not measured")


def gained(one: Gain) -> str:
    """What steps brought: ``-0.23 +- 0.05 over 20 steps``."""
    value, error = number(one.mean), number(one.error)
    if value is None:
        return "not measured"
    spread = "" if error is None else f" +- {plain(error)}"
    return f"{signed(value)}{spread} " + (
        "at once" if one.steps == 1 else f"over {one.steps} steps"
    )


def briefly(one: Gain) -> str:
    """The same for a narrow place: ``-0.23+-0.05 in 20``."""
    value, error = number(one.mean) or 0.0, number(one.error)
    return f"{signed(value)}{'' if error is None else f'+-{plain(error)}'} in {one.steps}"


def spans(edges: list[Gain]) -> str:
    """What steps brought after several times: ``-0.10, -0.15, -0.23+-0.05 in 1, 5, 20``."""
    means = [signed(number(one.mean) or 0.0) for one in edges]
    error = number(edges[-1].error) if edges else None
    if error is not None:
        means[-1] += f"+-{plain(error)}"
    return f"{', '.join(means)} in {', '.join(str(one.steps) for one in edges)}"


def counted(count: int, one: str) -> str:
    """A count with its noun: ``1 step``, ``2,048 decisions``."""
    return f"{count:,} {one}{'' if count == 1 else 's'}"


def listed(words: list[str], most: int = 3) -> str:
    """Some words in a sentence: ``a, b and 2 more``."""
    if len(words) > most:
        return f"{', '.join(words[:most])} and {len(words) - most} more"
    return ", ".join(words)
