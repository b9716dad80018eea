"""A case: what was asked about, and the record's answers about it, each asked once."""

from __future__ import annotations

import copy
import math
from functools import cached_property

from sanctum.errors import NoDataYet, UsageError, did_you_mean
from sanctum.model.answers import PolicyAnswer, PolicyReading, RewardsAnswer, RunAnswer
from sanctum.model.queries import Queries
from sanctum.model.readings import NOT_MEASURED, Reading, number, reading
from sanctum.model.why import Gain, Outcome, OutcomesAnswer

ROLLOUTS, ROLLOUT_STEPS, DECISIONS, MOST_DECISIONS = 2, 64, 256, 1 << 15
"""What the policy does *now*: the last rollouts (so long where nobody says), decisions at least
and at most."""
LONGER = 4
"""How many times longer is more than a while."""
HEAD = "op"


class Case:
    """What the questions are asked about: the policy, in one environment or in all.

    `subject` is the op to be explained; None where there is none: actions are continuous, or were
    never said. `recent` is what the policy does now, `brought` what ops were seen to bring.
    """

    def __init__(
        self,
        queries: Queries,
        at: str | None = None,
        env: int | None = None,
        action: str | None = None,
    ) -> None:
        self.queries = queries
        self.at = at
        self.env = env
        self.run: RunAnswer = queries.run_read(at=at)
        self.asked = None if action is None else self._named(action)

    @cached_property
    def ops(self) -> list[str]:
        """The options of the head whose choice is the action."""
        heads = self.run.header.actions
        return heads.get(HEAD) or next(iter(heads.values()), [])

    @cached_property
    def window(self) -> int:
        """How many vector steps are what the policy does now."""
        envs = 1 if self.env is not None else max(self.run.header.envs, 1)
        rollouts = ROLLOUTS * (self.run.header.rollout_steps or ROLLOUT_STEPS)
        least, most = math.ceil(DECISIONS / envs), max(MOST_DECISIONS // envs, 1)
        return min(max(rollouts, least), most)

    @cached_property
    def recent(self) -> OutcomesAnswer:
        """What the policy does now."""
        return self.queries.outcomes_read(at=self.at, env=self.env, window=self.window)

    @cached_property
    def longer(self) -> OutcomesAnswer:
        """What the policy has done for some time."""
        return self.queries.outcomes_read(at=self.at, env=self.env, window=LONGER * self.window)

    @cached_property
    def brought(self) -> OutcomesAnswer:
        """What ops brought, in all environments, as far back as it takes."""
        return self.queries.outcomes_read(at=self.at)

    @cached_property
    def policy(self) -> PolicyAnswer:
        """The readings of the last update, and the action distribution."""
        return self.queries.policy_read(at=self.at, env=self.env, window=self.window)

    @cached_property
    def rewards(self) -> RewardsAnswer | None:
        """The reward and its components; None before the first step."""
        try:
            return self.queries.rewards_read(at=self.at, env=self.env, window=self.window)
        except NoDataYet:
            return None

    @cached_property
    def subject(self) -> str | None:
        """The op to be explained: that asked about; what most decisions are; what does nothing."""
        if self.asked is not None:
            return self.asked
        taken = sorted(self.recent.ops, key=lambda one: -one.count)
        if not taken or not taken[0].count:
            return None
        idle = self.recent.rival
        if 2 * taken[0].count > self.recent.decisions or idle is None:
            return taken[0].action
        return idle if any(one.action == idle and one.count for one in taken) else taken[0].action

    def facing(self, op: str) -> Case:
        """The same case with another subject; what was asked of the record is kept."""
        other = copy.copy(self)
        other.asked = op
        for name in ("subject", "free", "free_share"):
            other.__dict__.pop(name, None)
        return other

    @property
    def who(self) -> str:
        """Whom it is about, for a sentence's end: empty, or `` in env 7``."""
        return "" if self.env is None else f" in env {self.env}"

    def now(self, op: str | None) -> Outcome | None:
        """What the policy does with an op now; None where nobody says."""
        return next((one for one in self.recent.ops if one.action == op), None)

    def then(self, op: str | None) -> Outcome | None:
        """What an op was seen to bring."""
        return next((one for one in self.brought.ops if one.action == op), None)

    @cached_property
    def free(self) -> int:
        """How many of the subject's decisions now were not forced, or not known to be."""
        one = self.now(self.subject)
        return 0 if one is None else one.count - (one.forced or 0)

    @cached_property
    def free_share(self) -> float | None:
        """The subject's share of the unforced decisions; None where no decision is known."""
        whole = self.recent.decisions - (self.recent.forced or 0)
        if not self.recent.decisions:
            return None
        return self.free / whole if whole else 0.0

    def covers(self, ops: set[str]) -> float:
        """At which share of the subject's unforced decisions one of these ops was legal.

        All where there are no masks; none where there are and nobody says what they are.
        """
        one = self.now(self.subject)
        if one is None or not self.free:
            return 0.0
        if one.legal is None:
            return 1.0 if one.forced is None else 0.0
        there = sum(each.count for each in one.beside if ops.intersection(each.ops))
        return there / self.free

    def edge(self, op: str, steps: int) -> Gain | None:
        """By how much an op did better than the subject over so many steps; None: not known.

        Outcomes compare with their rival; where that is not the subject, by way of it.
        """
        mine, its = self._edge(self.subject, steps), self._edge(op, steps)
        if mine is None or its is None:
            return None
        if op == self.brought.rival:
            return Gain(steps, _minus(mine.mean), mine.error, mine.count)
        if self.subject == self.brought.rival:
            return its
        value = number(its.mean), number(mine.mean)
        errors = number(its.error), number(mine.error)
        if None in value or None in errors:
            return None
        mean = reading((value[0] or 0.0) - (value[1] or 0.0))
        error = math.hypot(errors[0] or 0.0, errors[1] or 0.0)
        return Gain(steps, mean, reading(error), min(its.count, mine.count))

    def _edge(self, op: str | None, steps: int) -> Gain | None:
        if op == self.brought.rival:
            return Gain(steps, reading(0.0), reading(0.0), 1 << 62)
        one = self.then(op)
        found = [] if one is None else [each for each in one.edges if each.steps == steps]
        return found[0] if found and number(found[0].mean) is not None else None

    def metric(self, name: str) -> Reading:
        """A metric of the last update that said it; not measured where none did."""
        one = self.of_update.get(name)
        return NOT_MEASURED if one is None else one.value

    @cached_property
    def of_update(self) -> dict[str, PolicyReading]:
        """The readings of the last updates, by name."""
        return {one.name: one for one in self.policy.readings if number(one.value) is not None}

    def course(self, metric: str, updates: int) -> list[float]:
        """A metric over the last updates, oldest first; empty where it was never said."""
        try:
            curve = self.queries.series_read(metric, at=self.at, last=updates)
        except (NoDataYet, UsageError):
            return []
        if curve.clock != "update":
            return []
        return [value for one in curve.values if (value := number(one)) is not None]

    def _named(self, action: str) -> str:
        """An op by its name in any case. Raises UsageError with the nearest ones."""
        known = {op.upper(): op for op in self.ops}
        if action.upper() in known:
            return known[action.upper()]
        if not known:
            raise UsageError(
                f"no action '{action}': {self.run.header.run_id} names no actions",
                "why, without one, says what is known",
            )
        hint = did_you_mean(action.upper(), list(known)) or f"there are {', '.join(self.ops)}"
        raise UsageError(f"no action '{action}'", hint)


def _minus(one: Reading) -> Reading:
    value = number(one)
    return one if value is None else reading(-value)
