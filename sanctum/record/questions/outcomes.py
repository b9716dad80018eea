"""``outcomes.read``: what each op brought over a window, and what forbade it."""

from __future__ import annotations

from sanctum.model.why import OutcomesAnswer
from sanctum.record.moments import Scope


def outcomes_read(of: Scope, env: int | None, window: int | None) -> OutcomesAnswer:
    """Answer it as of the moment."""
    raise NotImplementedError
