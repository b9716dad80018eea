"""``decision.read``: one decision: what the policy saw, what was legal, what came of it."""

from sanctum.record.questions.decision.read import decision_read

__all__ = ["decision_read"]
