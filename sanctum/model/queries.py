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
    ) -> SeedsAnswer:
        """Live seeds ranked by `sort`; those whose reading is absent come last."""

    def blueprints_list(self, at: str | None = None) -> BlueprintsAnswer:
        """What became of the seeds so far, by blueprint and in all."""

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
