"""``condition.find``: when a condition became true and stopped, over updates or one environment."""

from __future__ import annotations

from sanctum.model.answers import FindAnswer
from sanctum.record.moments import Scope


def condition_find(
    of: Scope,
    condition: str,
    env: int | None = None,
    newest: bool = False,
    limit: int | None = 20,
) -> FindAnswer:
    """The stretches over which `condition` held, up to the moment."""
    raise NotImplementedError
