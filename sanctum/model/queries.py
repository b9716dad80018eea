"""Every question, as one Protocol: the record implements it, the wire carries it, rules ask it.

A method ``envs_list`` is the RPC method ``envs.list``. `at` is a moment as a person types it:
``live`` (or None), ``1200``, ``-50``, ``u41``, ``-5m``, ``14:05:30``, ``hall:2``. Methods raise
UsageError for what is out of range and NoDataYet for what the run has not said.
"""

from __future__ import annotations

from typing import Protocol

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
from sanctum.model.replayed import (
    FlipAnswer,
    ReplayAnswer,
    SaliencyAnswer,
    StretchAnswer,
    SweepAnswer,
    WhatIfAnswer,
)
from sanctum.model.why import OutcomesAnswer, WhyAnswer

SLOW = frozenset(
    {
        "replay_run",
        "replay_stretch",
        "replay_whatif",
        "replay_sweep",
        "replay_flip",
        "replay_saliency",
    }
)
"""Methods that a worker answers: they get `SLOW_WITHIN_S` unless another time is asked for."""

SLOW_WITHIN_S = 60.0

WRITING = frozenset({"note_add"})
"""Methods that change the record each time they are called: never asked twice."""


class Queries(Protocol):
    """The questions a record can answer, as of any moment."""

    def run_read(self, at: str | None = None) -> RunAnswer:
        """The header, how the run is, clocks, throughput, telemetry lost, the record's size."""

    def envs_list(
        self,
        at: str | None = None,
        where: str | None = None,
        sort: str = "env",
        limit: int | None = None,
    ) -> EnvsAnswer:
        """One row an environment; `sort` is a column's name, ``-`` before it for largest first."""

    def env_read(self, env: int, at: str | None = None) -> EnvAnswer:
        """One environment in full."""

    def policy_read(
        self, at: str | None = None, env: int | None = None, window: int | None = None
    ) -> PolicyAnswer:
        """Policy readings; the action distribution over the last `window` steps."""

    def rewards_read(
        self, at: str | None = None, env: int | None = None, window: int | None = None
    ) -> RewardsAnswer:
        """Reward components over the last `window` steps, and the identity's residual."""

    def seeds_list(
        self,
        at: str | None = None,
        sort: str = "-contribution",
        limit: int | None = None,
        stage: str | None = None,
        env: int | None = None,
        choice: str | None = None,
    ) -> SeedsAnswer:
        """Live seeds ranked by `sort`; those whose reading is absent come last.

        `choice` is ``ripe`` (those that FOSSILIZE may take and that add to their host, the most
        first) or ``stuck`` (those that their gate keeps although their time has come, the longest
        first), in an order of their own.
        """

    def blueprints_list(
        self, at: str | None = None, graveyard: bool = False, env: int | None = None
    ) -> BlueprintsAnswer:
        """What became of the seeds so far, by blueprint and in all; in `env` alone where named.

        `graveyard`: those that ended, too, by blueprint and reason.
        """

    def seed_read(self, env: int, slot: str, at: str | None = None) -> SeedAnswer:
        """One slot of one environment: its seed, its curves, its lifecycle."""

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
        """The newest events at or above `severity`; `since` is a moment, `id` that of one event."""

    def series_read(
        self,
        metric: str,
        at: str | None = None,
        env: int | None = None,
        last: int | None = None,
        points: int = 200,
        since: str | None = None,
    ) -> Curve:
        """One metric over steps (per environment, or their mean) or over updates.

        The last so many of them, or from the moment `since` on.
        """

    def condition_check(
        self, condition: str, env: int | None = None, at: str | None = None
    ) -> ConditionAnswer:
        """Whether a condition holds at a moment: of the policy, or of one environment."""

    def vitals_read(self, at: str | None = None) -> VitalsAnswer:
        """The machine, the throughput and the telemetry."""

    def condition_find(
        self,
        condition: str,
        env: int | None = None,
        at: str | None = None,
        newest: bool = False,
        limit: int | None = 20,
    ) -> FindAnswer:
        """When a condition became true and stopped: the oldest stretches, or the `newest`."""

    def episodes_list(
        self,
        at: str | None = None,
        env: int | None = None,
        sort: str = "step",
        limit: int | None = 20,
    ) -> EpisodesAnswer:
        """Episodes that have ended, `sort` as of envs; the last `limit` of that order."""

    def note_add(self, text: str, at: str | None = None) -> Event:
        """Put a line on the timeline, at a step of the past or now."""

    def hall_list(self, worst: bool = False, limit: int | None = None) -> HallAnswer:
        """The hall of fame of the run's task; `worst`: the largest fall from peak to end first."""

    def hall_read(self, rank: int) -> HallEntry:
        """One entry."""

    def hall_pin(self, rank: int, pinned: bool = True) -> HallEntry:
        """Keep an entry even when ten better ones come (or no longer)."""

    def hall_export(self, rank: int, path: str, force: bool = False) -> HallEntry:
        """Write an entry as a record of its own, which opens like any run; over a file: `force`."""

    def trainer_stacks(self) -> StacksAnswer:
        """What every Python thread of the trainer is doing now."""

    def decision_read(self, env: int, at: str | None = None) -> DecisionAnswer:
        """What the policy saw and did for one environment at its newest decision by `at`."""

    def outcomes_read(
        self, at: str | None = None, env: int | None = None, window: int | None = None
    ) -> OutcomesAnswer:
        """What each op brought over the last `window` steps, and what forbade it."""

    def why_read(
        self,
        at: str | None = None,
        env: int | None = None,
        action: str | None = None,
        slot: str | None = None,
        negated: bool = False,
    ) -> WhyAnswer:
        """Why the policy takes an op (by default the one it takes most), or why it does not."""

    def metric_read(self, name: str, at: str | None = None) -> MetricAnswer:
        """What a metric is, when it is worth a warning, and what it is now."""

    def replay_run(
        self, env: int, at: str | None = None, hall: int | None = None, trust: bool = False
    ) -> ReplayAnswer:
        """One decision evaluated again with the weights of then, of now and of a hall entry.

        `trust` runs the factory of a record that was not written here by this user.
        """

    def replay_stretch(
        self, env: int, first: str, last: str, at: str | None = None, trust: bool = False
    ) -> StretchAnswer:
        """Every decision from moment `first` to `last`, then and now."""

    def replay_whatif(
        self,
        env: int,
        changes: dict[str, float],
        at: str | None = None,
        which: str = "then",
        trust: bool = False,
    ) -> WhatIfAnswer:
        """The probabilities with some features changed."""

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
    ) -> SweepAnswer:
        """The probabilities with one feature taken through a range."""

    def replay_flip(
        self,
        env: int,
        action: str | None = None,
        at: str | None = None,
        which: str = "then",
        trust: bool = False,
    ) -> FlipAnswer:
        """The smallest change of a single feature that makes the policy choose otherwise."""

    def replay_saliency(
        self,
        env: int,
        action: str | None = None,
        at: str | None = None,
        which: str = "then",
        trust: bool = False,
    ) -> SaliencyAnswer:
        """Which features carried the log-probability of an op (by default of the one taken)."""
