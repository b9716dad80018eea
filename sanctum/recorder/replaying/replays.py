"""Every replay that can be asked for, from the record's moment to the worker's answer."""

from __future__ import annotations

import selectors
from typing import TypeVar

from sanctum.model.queries import SLOW_WITHIN_S
from sanctum.model.replayed import (
    FlipAnswer,
    ReplayAnswer,
    SaliencyAnswer,
    StretchAnswer,
    SweepAnswer,
    WhatIfAnswer,
)
from sanctum.record.questions.grounds import decision
from sanctum.recorder.replaying.case import Case, Source
from sanctum.recorder.replaying.changes import replay_sweep, replay_whatif
from sanctum.recorder.replaying.flip import replay_flip
from sanctum.recorder.replaying.jobs import Jobs
from sanctum.recorder.replaying.plan import Plan
from sanctum.recorder.replaying.run import replay_run
from sanctum.recorder.replaying.saliency import replay_saliency
from sanctum.recorder.replaying.stretch import case_of, replay_stretch
from sanctum.wire.later import Later

T = TypeVar("T")


class Replays:
    """Answers ``replay.*`` of one record. Within a loop its answers are `Later`.

    Before `work_in` they are waited for, as in a process that asks a record of its own.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._jobs: Jobs | None = None
        self._waits = True

    def work_in(self, selector: selectors.BaseSelector) -> Jobs:
        """Work in a loop with that selector; its ticks are the jobs'."""
        self._jobs, self._waits = Jobs(selector), False
        return self._jobs

    def run(self, env: int, at: str | None, hall: int | None, trust: bool) -> ReplayAnswer | Later:
        """``replay.run``."""
        return self._answer(replay_run(self._case(env, at, trust), hall), ReplayAnswer)

    def stretch(
        self, env: int, first: str, last: str, at: str | None, trust: bool
    ) -> StretchAnswer | Later:
        """``replay.stretch``."""
        case = case_of(self._source, env, first, last, at, trust)
        return self._answer(replay_stretch(case), StretchAnswer)

    def whatif(
        self, env: int, changes: dict[str, float], at: str | None, which: str, trust: bool
    ) -> WhatIfAnswer | Later:
        """``replay.whatif``."""
        plan = replay_whatif(self._case(env, at, trust), changes, which)
        return self._answer(plan, WhatIfAnswer)

    def sweep(
        self,
        env: int,
        feature: str,
        ends: tuple[float, float],
        count: int,
        at: str | None,
        which: str,
        trust: bool,
    ) -> SweepAnswer | Later:
        """``replay.sweep``."""
        plan = replay_sweep(self._case(env, at, trust), feature, *ends, count, which)
        return self._answer(plan, SweepAnswer)

    def flip(
        self, env: int, action: str | None, at: str | None, which: str, trust: bool
    ) -> FlipAnswer | Later:
        """``replay.flip``."""
        return self._answer(replay_flip(self._case(env, at, trust), action, which), FlipAnswer)

    def saliency(
        self, env: int, action: str | None, at: str | None, which: str, trust: bool
    ) -> SaliencyAnswer | Later:
        """``replay.saliency``."""
        plan = replay_saliency(self._case(env, at, trust), action, which)
        return self._answer(plan, SaliencyAnswer)

    def _case(self, env: int, at: str | None, trust: bool) -> Case:
        of = self._source.scope(at)
        return Case(self._source, of, decision(of, env), trust)

    def _answer(self, plan: Plan, kind: type[T]) -> T | Later:
        if self._jobs is None:
            self._jobs = Jobs()
        later = self._jobs.ask(plan)
        if not self._waits:
            return later
        found = self._jobs.wait(later, SLOW_WITHIN_S)
        assert isinstance(found, kind)
        return found
