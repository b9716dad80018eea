"""A Moment: the questions, bound to a run and to when. What a command asks."""

from __future__ import annotations

from typing import Any, cast

from sanctum.command.gaps import Heard, notes
from sanctum.errors import SanctumError
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
    VitalsAnswer,
)
from sanctum.model.decisions import DecisionAnswer
from sanctum.model.explained import MetricAnswer
from sanctum.model.queries import Queries
from sanctum.model.replayed import (
    FlipAnswer,
    ReplayAnswer,
    SaliencyAnswer,
    StretchAnswer,
    SweepAnswer,
    WhatIfAnswer,
)
from sanctum.model.why import OutcomesAnswer, WhyAnswer


class Moment:
    """One run at one moment; each method asks one question as of it.

    `at` is None for now; `run_id` names the run in reports. Errors of the answering side come
    through as they are.
    """

    def __init__(self, queries: Queries, at: str | None = None, run_id: str | None = None) -> None:
        self._heard = queries if isinstance(queries, Heard) else Heard(queries)
        self._queries = cast(Queries, self._heard)
        self.at = at
        self.run_id = run_id

    def to(self, at: str | None) -> Moment:
        """Another moment of the same run."""
        return Moment(self._queries, None if at == "live" else at, self.run_id)

    def gaps(self) -> tuple[str, ...]:
        """What is missing from all that was answered so far, for a report's notes."""
        return notes(self._heard.answers)

    def run(self) -> RunAnswer:
        """The header, how the run is, its clocks and its record."""
        return self._queries.run_read(at=self.at)

    def envs(
        self, *, where: str | None = None, sort: str = "env", limit: int | None = None
    ) -> EnvsAnswer:
        """One row an environment."""
        return self._queries.envs_list(at=self.at, where=where, sort=sort, limit=limit)

    def env(self, env: int) -> EnvAnswer:
        """One environment in full."""
        return self._queries.env_read(env, at=self.at)

    def policy(self, *, env: int | None = None, window: int | None = None) -> PolicyAnswer:
        """Policy readings and the action distribution."""
        return self._queries.policy_read(at=self.at, env=env, window=window)

    def rewards(self, *, env: int | None = None, window: int | None = None) -> RewardsAnswer:
        """Reward components and the identity's residual."""
        return self._queries.rewards_read(at=self.at, env=env, window=window)

    def seeds(
        self,
        *,
        sort: str = "-contribution",
        limit: int | None = None,
        stage: str | None = None,
        env: int | None = None,
        choice: str | None = None,
    ) -> SeedsAnswer:
        """Live seeds, ranked; or those that are ripe or stuck."""
        return self._queries.seeds_list(
            at=self.at, sort=sort, limit=limit, stage=stage, env=env, choice=choice
        )

    def blueprints(self, *, graveyard: bool = False, env: int | None = None) -> BlueprintsAnswer:
        """What became of the seeds so far; those that ended by reason, too."""
        return self._queries.blueprints_list(at=self.at, graveyard=graveyard, env=env)

    def seed(self, env: int, slot: str) -> SeedAnswer:
        """One slot of one environment."""
        return self._queries.seed_read(env, slot, at=self.at)

    def events(
        self,
        *,
        severity: str | None = None,
        type: str | None = None,
        env: int | None = None,
        since: str | None = None,
        limit: int | None = 20,
        slot: str | None = None,
    ) -> EventsAnswer:
        """The newest events that match."""
        return self._queries.events_list(
            at=self.at, severity=severity, type=type, env=env, since=since, limit=limit, slot=slot
        )

    def event(self, id: int) -> Event | None:
        """One event; None when there was none of that id by then."""
        found = self._queries.events_list(at=self.at, id=id).rows
        return found[0] if found else None

    def series(
        self,
        metric: str,
        *,
        env: int | None = None,
        last: int | None = None,
        points: int = 200,
        since: str | None = None,
    ) -> Curve:
        """One metric over time."""
        return self._queries.series_read(
            metric, at=self.at, env=env, last=last, points=points, since=since
        )

    def check(self, condition: str, *, env: int | None = None) -> ConditionAnswer:
        """Whether a condition holds."""
        return self._queries.condition_check(condition, env=env, at=self.at)

    def vitals(self) -> VitalsAnswer:
        """The machine, the throughput and the telemetry."""
        return self._queries.vitals_read(at=self.at)

    def find(
        self,
        condition: str,
        *,
        env: int | None = None,
        newest: bool = False,
        limit: int | None = 20,
    ) -> FindAnswer:
        """When a condition became true and stopped."""
        return self._queries.condition_find(
            condition, env=env, at=self.at, newest=newest, limit=limit
        )

    def episodes(
        self, *, env: int | None = None, sort: str = "step", limit: int | None = 20
    ) -> EpisodesAnswer:
        """Episodes that have ended."""
        return self._queries.episodes_list(at=self.at, env=env, sort=sort, limit=limit)

    def note(self, text: str) -> Event:
        """Put a line on the timeline."""
        return self._queries.note_add(text, at=self.at)

    def hall(self, *, worst: bool = False, limit: int | None = None) -> HallAnswer:
        """The hall of fame of the run's task; the same at any moment."""
        return self._queries.hall_list(worst=worst, limit=limit)

    def hall_entry(self, rank: int) -> HallEntry:
        """One entry of the hall of fame."""
        return self._queries.hall_read(rank)

    def hall_pin(self, rank: int, *, pinned: bool = True) -> HallEntry:
        """Keep an entry for good, or no longer."""
        return self._queries.hall_pin(rank, pinned=pinned)

    def hall_export(self, rank: int, path: str, *, force: bool = False) -> HallEntry:
        """Write an entry as a record of its own, at an absolute path; over a file with `force`."""
        return self._queries.hall_export(rank, path, force)

    def stacks(self) -> StacksAnswer:
        """What every Python thread of the trainer is doing now."""
        return self._queries.trainer_stacks()

    def decision(self, env: int) -> DecisionAnswer:
        """What the policy saw and did at the newest decision."""
        return self._queries.decision_read(env, at=self.at)

    def outcomes(self, *, env: int | None = None, window: int | None = None) -> OutcomesAnswer:
        """What each op brought, and what forbade it."""
        return self._queries.outcomes_read(at=self.at, env=env, window=window)

    def why(
        self,
        *,
        env: int | None = None,
        action: str | None = None,
        slot: str | None = None,
        negated: bool = False,
    ) -> WhyAnswer:
        """Why the policy takes an op, or why it does not."""
        return self._queries.why_read(
            at=self.at, env=env, action=action, slot=slot, negated=negated
        )

    def metric(self, name: str) -> MetricAnswer:
        """What a metric is and what it is now."""
        return self._queries.metric_read(name, at=self.at)

    def replay(self, env: int, *, hall: int | None = None, trust: bool = False) -> ReplayAnswer:
        """One decision evaluated again."""
        return self._queries.replay_run(env, at=self.at, hall=hall, trust=trust)

    def replay_stretch(
        self, env: int, first: str, last: str, *, trust: bool = False
    ) -> StretchAnswer:
        """Every decision of a stretch, then and now."""
        return self._queries.replay_stretch(env, first, last, at=self.at, trust=trust)

    def what_if(
        self, env: int, changes: dict[str, float], *, which: str = "then", trust: bool = False
    ) -> WhatIfAnswer:
        """The probabilities with some features changed."""
        return self._queries.replay_whatif(env, changes, at=self.at, which=which, trust=trust)

    def sweep(
        self,
        env: int,
        feature: str,
        low: float,
        high: float,
        count: int,
        *,
        which: str = "then",
        trust: bool = False,
    ) -> SweepAnswer:
        """The probabilities with one feature taken through a range."""
        return self._queries.replay_sweep(
            env, feature, low, high, count, at=self.at, which=which, trust=trust
        )

    def flip(
        self, env: int, action: str | None = None, *, which: str = "then", trust: bool = False
    ) -> FlipAnswer:
        """The smallest change of a single feature that flips the choice."""
        return self._queries.replay_flip(env, action, at=self.at, which=which, trust=trust)

    def saliency(
        self, env: int, action: str | None = None, *, which: str = "then", trust: bool = False
    ) -> SaliencyAnswer:
        """Which features carried an op."""
        return self._queries.replay_saliency(env, action, at=self.at, which=which, trust=trust)


class _Unreachable:
    """Queries of a run that cannot be asked."""

    def __init__(self, why: SanctumError) -> None:
        self._why = why

    def __getattr__(self, method: str) -> Any:
        raise self._why


def unreachable(why: SanctumError) -> Moment:
    """A moment of no run, for a command that may do without; every question raises `why`."""
    return Moment(cast(Queries, _Unreachable(why)))
