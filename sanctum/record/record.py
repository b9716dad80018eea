"""`Record`: every question of the `Queries` protocol, answered from one record."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from sanctum.errors import NoDataYet, UsageError
from sanctum.model.answers import (
    BlueprintsAnswer,
    ConditionAnswer,
    Curve,
    EnvAnswer,
    EnvsAnswer,
    EpisodesAnswer,
    Event,
    EventsAnswer,
    FindAnswer,
    HallAnswer,
    HallEntry,
    PolicyAnswer,
    RewardsAnswer,
    RunAnswer,
    SeedAnswer,
    SeedsAnswer,
    StacksAnswer,
    Vital,
    VitalsAnswer,
)
from sanctum.model.decisions import DecisionAnswer
from sanctum.model.explained import MetricAnswer
from sanctum.model.why import OutcomesAnswer
from sanctum.record.hall import Hall, at_hall
from sanctum.record.moments import Scope, scope, within
from sanctum.record.notes import note_add
from sanctum.record.pulse import Pulse
from sanctum.record.questions.blueprints import blueprints_list
from sanctum.record.questions.condition import condition_check
from sanctum.record.questions.decision import decision_read
from sanctum.record.questions.env import env_read
from sanctum.record.questions.envs import envs_list
from sanctum.record.questions.episodes import episodes_list
from sanctum.record.questions.events import events_list
from sanctum.record.questions.find import condition_find
from sanctum.record.questions.metric import metric_read
from sanctum.record.questions.outcomes import outcomes_read
from sanctum.record.questions.policy import policy_read
from sanctum.record.questions.rewards import rewards_read
from sanctum.record.questions.run import run_read, with_gaps
from sanctum.record.questions.seed import seed_read
from sanctum.record.questions.seeds import seeds_list
from sanctum.record.questions.series import series_read
from sanctum.record.questions.vitals import vitals_read
from sanctum.record.reader import Reader
from sanctum.record.writer import Writer

__all__ = ["Pulse", "Record"]


class Record:
    """Implements `Queries`, but for what has to be worked out from several: why, and replays.

    `machine` reads the vitals of a live run's machine; None in a file. `hall` is the hall of fame
    of the run's task; None where there is none. `writer` is the record's, while it is written.
    """

    def __init__(
        self,
        reader: Reader,
        path: Path,
        pulse: Pulse | None = None,
        machine: Callable[[], list[Vital]] | None = None,
        hall: Hall | None = None,
        writer: Writer | None = None,
    ) -> None:
        self._reader = reader
        self._path = path
        self._pulse = pulse or Pulse()
        self._machine = machine
        self._hall = hall
        self._writer = writer

    def run_read(self, at: str | None = None) -> RunAnswer:
        """The header, how the run is, clocks, throughput, telemetry lost, the record's size."""
        return run_read(self._scope(at), self._path, self._pulse)

    def envs_list(
        self,
        at: str | None = None,
        where: str | None = None,
        sort: str = "env",
        limit: int | None = None,
    ) -> EnvsAnswer:
        """One row an environment."""
        return envs_list(self._scope(at), where, sort, _positive(limit))

    def env_read(self, env: int, at: str | None = None) -> EnvAnswer:
        """One environment in full."""
        return env_read(self._scope(at), env)

    def policy_read(
        self, at: str | None = None, env: int | None = None, window: int | None = None
    ) -> PolicyAnswer:
        """Policy readings and the action distribution."""
        return policy_read(self._scope(at), env, _positive(window))

    def rewards_read(
        self, at: str | None = None, env: int | None = None, window: int | None = None
    ) -> RewardsAnswer:
        """Reward components and the identity's residual."""
        return rewards_read(self._scope(at), env, _positive(window))

    def seeds_list(
        self,
        at: str | None = None,
        sort: str = "-contribution",
        limit: int | None = None,
        stage: str | None = None,
        env: int | None = None,
        choice: str | None = None,
    ) -> SeedsAnswer:
        """Live seeds ranked."""
        return seeds_list(self._scope(at), sort, _positive(limit), stage, env, choice)

    def blueprints_list(
        self, at: str | None = None, graveyard: bool = False, env: int | None = None
    ) -> BlueprintsAnswer:
        """What became of the seeds."""
        return blueprints_list(self._scope(at), graveyard, env)

    def seed_read(self, env: int, slot: str, at: str | None = None) -> SeedAnswer:
        """One slot of one environment."""
        return seed_read(self._scope(at), env, slot)

    def events_list(
        self,
        at: str | None = None,
        severity: str | None = None,
        type: str | None = None,
        env: int | None = None,
        since: str | None = None,
        limit: int | None = 20,
        slot: str | None = None,
        id: int | None = None,
    ) -> EventsAnswer:
        """The newest events that match."""
        of = self._scope(at)
        return events_list(of, severity, type, env, since, _positive(limit), slot, id)

    def series_read(
        self,
        metric: str,
        at: str | None = None,
        env: int | None = None,
        last: int | None = None,
        points: int = 200,
        since: str | None = None,
    ) -> Curve:
        """One metric over time."""
        of = self._scope(at)
        start = None if since is None else within(of, since)
        curve = series_read(of, metric, env, _positive(last), points, start)
        return msgspec.structs.replace(curve, at=of.at)

    def condition_check(
        self, condition: str, env: int | None = None, at: str | None = None
    ) -> ConditionAnswer:
        """Whether a condition holds."""
        return condition_check(self._scope(at), self._pulse, condition, env)

    def vitals_read(self, at: str | None = None) -> VitalsAnswer:
        """The machine, the throughput and the telemetry."""
        return vitals_read(self._scope(at), self._pulse, self._machine)

    def condition_find(
        self,
        condition: str,
        env: int | None = None,
        at: str | None = None,
        newest: bool = False,
        limit: int | None = 20,
    ) -> FindAnswer:
        """When a condition became true and stopped."""
        return condition_find(self._scope(at), condition, env, newest, _positive(limit))

    def episodes_list(
        self,
        at: str | None = None,
        env: int | None = None,
        sort: str = "step",
        limit: int | None = 20,
    ) -> EpisodesAnswer:
        """Episodes that have ended."""
        return episodes_list(self._scope(at), env, sort, _positive(limit))

    def note_add(self, text: str, at: str | None = None) -> Event:
        """Put a line on the timeline."""
        return note_add(self._scope(at), self._path, self._writer, text)

    def hall_list(self, worst: bool = False, limit: int | None = None) -> HallAnswer:
        """The hall of fame of the run's task."""
        return self._hall_of_task().list(worst, _positive(limit))

    def hall_read(self, rank: int) -> HallEntry:
        """One entry."""
        return self._hall_of_task().entry(rank)

    def hall_pin(self, rank: int, pinned: bool = True) -> HallEntry:
        """Keep an entry even when ten better ones come (or no longer)."""
        return self._hall_of_task().pin(rank, pinned)

    def hall_export(self, rank: int, path: str, force: bool = False) -> HallEntry:
        """Write an entry as a record of its own."""
        return self._hall_of_task().export(rank, Path(path), force)

    def trainer_stacks(self) -> StacksAnswer:
        """What every Python thread of the trainer is doing now."""
        return self._pulse.stacks()

    def decision_read(self, env: int, at: str | None = None) -> DecisionAnswer:
        """What the policy saw and did at one decision."""
        return decision_read(self._scope(at), env)

    def outcomes_read(
        self, at: str | None = None, env: int | None = None, window: int | None = None
    ) -> OutcomesAnswer:
        """What each op brought, and what forbade it."""
        return outcomes_read(self._scope(at), env, _positive(window))

    def metric_read(self, name: str, at: str | None = None) -> MetricAnswer:
        """What a metric is and what it is now."""
        return metric_read(self._scope(at), name)

    def scope(self, at: str | None) -> Scope:
        """The ground of a moment, for what is worked out from it elsewhere."""
        return self._scope(at)

    def _hall_of_task(self) -> Hall:
        if self._hall is None:
            raise NoDataYet("this record has no hall of fame beside it")
        return self._hall

    def _scope(self, at: str | None) -> Scope:
        if at is not None and at.strip().startswith("hall:"):
            return at_hall(self._hall_of_task(), at.strip(), self._pulse.now())
        now = self._pulse.now()
        return with_gaps(scope(self._reader, at, live=self._pulse.is_trainer_alive(), now=now), at)


def _positive(count: int | None) -> int | None:
    if count is not None and count < 1:
        raise UsageError(f"a limit of {count}: 1 is the least")
    return count
