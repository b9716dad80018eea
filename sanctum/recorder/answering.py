"""`Answering`: the whole of `Queries`, a record's own answers and what is worked out from them."""

from __future__ import annotations

from typing import Any, cast

from sanctum.diagnosis.why import why
from sanctum.model.queries import Queries
from sanctum.model.why import WhyAnswer


class Answering:
    """Answers through `record`, and by rooms beside it what that cannot know alone."""

    def __init__(self, record: Any) -> None:
        self._record = record

    def __getattr__(self, method: str) -> Any:
        return getattr(self._record, method)

    def why_read(
        self,
        at: str | None = None,
        env: int | None = None,
        action: str | None = None,
        slot: str | None = None,
        negated: bool = False,
    ) -> WhyAnswer:
        """Why the policy takes an op, or why it does not."""
        return why(cast(Queries, self._record), at, env, action, slot, negated)
