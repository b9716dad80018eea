"""Every replay that can be asked for, from the record's moment to the worker's answer."""

from __future__ import annotations

import selectors
from typing import Any

from sanctum.model.queries import SLOW_WITHIN_S
from sanctum.model.replayed import ReplayAnswer
from sanctum.record.questions.grounds import decision
from sanctum.recorder.replaying.case import Case, Source
from sanctum.recorder.replaying.jobs import Jobs
from sanctum.recorder.replaying.plan import Plan
from sanctum.recorder.replaying.run import replay_run
from sanctum.wire.later import Later


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

    def close(self) -> None:
        """End the worker, if any."""
        if self._jobs is not None:
            self._jobs.close()
            self._jobs = None

    def run(self, env: int, at: str | None, hall: int | None, trust: bool) -> ReplayAnswer | Later:
        """``replay.run``."""
        found: ReplayAnswer | Later = self._answer(replay_run(self._case(env, at, trust), hall))
        return found

    def _case(self, env: int, at: str | None, trust: bool) -> Case:
        of = self._source.scope(at)
        return Case(self._source, of, decision(of, env), trust)

    def _answer(self, plan: Plan) -> Any:
        if self._jobs is None:
            self._jobs = Jobs()
        later = self._jobs.ask(plan)
        return self._jobs.wait(later, SLOW_WITHIN_S) if self._waits else later
