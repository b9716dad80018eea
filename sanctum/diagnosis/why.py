"""``why.read``: the chain of questions, stopped at the first that is answered with yes."""

from __future__ import annotations

from sanctum.model.queries import Queries
from sanctum.model.why import WhyAnswer


def why(
    queries: Queries,
    at: str | None = None,
    env: int | None = None,
    action: str | None = None,
    slot: str | None = None,
    negated: bool = False,
) -> WhyAnswer:
    """Why the policy takes an op, by default the one it takes most; `negated`: why it does not."""
    raise NotImplementedError
