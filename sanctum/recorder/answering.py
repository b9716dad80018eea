"""`Answering`: the whole of `Queries`, a record's own answers and what is worked out from them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from sanctum.diagnosis.why import why
from sanctum.model.queries import Queries
from sanctum.model.replayed import (
    FlipAnswer,
    ReplayAnswer,
    SaliencyAnswer,
    StretchAnswer,
    SweepAnswer,
    WhatIfAnswer,
)
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

    def replay_stretch(
        self, env: int, first: str, last: str, at: str | None = None, trust: bool = False
    ) -> StretchAnswer | Later:
        """Every decision of a stretch, then and now."""
        return self.replays.stretch(env, first, last, at, trust)

    def replay_whatif(
        self,
        env: int,
        changes: dict[str, float],
        at: str | None = None,
        which: str = "then",
        trust: bool = False,
    ) -> WhatIfAnswer | Later:
        """The probabilities with some features changed."""
        return self.replays.whatif(env, changes, at, which, trust)

    def replay_sweep(
        self,
        env: int,
        feature: str,
        low: float,
        high: float,
        count: int,
        at: str | None = None,
        which: str = "then",
        trust: bool = False,
    ) -> SweepAnswer | Later:
        """The probabilities with one feature taken through a range."""
        return self.replays.sweep(env, feature, (low, high), count, at, which, trust)

    def replay_flip(
        self,
        env: int,
        action: str | None = None,
        at: str | None = None,
        which: str = "then",
        trust: bool = False,
    ) -> FlipAnswer | Later:
        """The smallest change of a single feature that flips the choice."""
        return self.replays.flip(env, action, at, which, trust)

    def replay_saliency(
        self,
        env: int,
        action: str | None = None,
        at: str | None = None,
        which: str = "then",
        trust: bool = False,
    ) -> SaliencyAnswer | Later:
        """Which features carried an op."""
        return self.replays.saliency(env, action, at, which, trust)
