"""``decision.read``: one decision: what the policy saw, what was legal, what came of it."""

from __future__ import annotations

from sanctum.model.decisions import DecisionAnswer
from sanctum.record.moments import Scope


def decision_read(of: Scope, env: int) -> DecisionAnswer:
    """Answer it as of the moment."""
    raise NotImplementedError
