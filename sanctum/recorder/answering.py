"""`Answering`: the whole of `Queries`, a record's own answers and what is worked out from them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from sanctum.diagnosis.why import why
from sanctum.model.queries import Queries
from sanctum.model.replayed import ReplayAnswer
from sanctum.model.why import WhyAnswer
from sanctum.record.hall import Hall
from sanctum.record.record import Record
from sanctum.recorder.replaying import Replays, Source
from sanctum.wire.later import Later


class Answering:
    """Answers through `record`, the file at `path`, and by rooms beside it what that cannot alone.

    `replays` answers later once it works in a loop; until then it is waited for.
    """

    def __init__(self, record: Record, path: Path, hall: Hall | None = None) -> None:
        self._record = record
        self.replays = Replays(Source(record.scope, path, hall))

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

    def replay_run(
        self, env: int, at: str | None = None, hall: int | None = None, trust: bool = False
    ) -> ReplayAnswer | Later:
        """One decision evaluated again."""
        return self.replays.run(env, at, hall, trust)
