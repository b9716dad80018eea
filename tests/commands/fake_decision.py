"""What a fake run answers when asked ``decision``."""

from __future__ import annotations

from typing import Any

from sanctum.errors import NoDataYet
from sanctum.model.answers import Component, Decision, EnvAnswer
from sanctum.model.decisions import (
    Ahead,
    DecisionAnswer,
    Feature,
    Head,
    HeadOption,
    Neighbour,
)
from sanctum.model.readings import LATE, MASKED, NonFinite, Reading, reading

SEEN = (
    # name, value, mean, standard deviation
    ("r0c1.contribution", -0.094, 0.283, 0.121),
    ("trend", -0.010, 0.114, 0.062),
    ("r0c1.age", 0.484, 0.192, 0.171),
    ("live_seeds", 0.667, 0.401, 0.214),
    ("accuracy", 0.561, 0.743, 0.188),
    ("growth", 0.210, 0.196, 0.061),
    ("progress", 0.422, 0.497, 0.288),
)
OPS = (
    # name, probability, logit, the rule that forbids it
    ("WAIT", 0.931, 2.514, None),
    ("GERMINATE", 0.064, -0.164, None),
    ("CULL", 0.005, -2.713, None),
    ("FOSSILIZE", 0.0, 1.208, "not_improving"),
)
NEAR = (
    # environment, step, distance, op, slot, what it brought in 1, 5 and 20 steps
    (3, 2629, 0.412, "GERMINATE", "r0c2", 0.011, 0.204, 0.915),
    (12, 2410, 0.447, "GERMINATE", "r0c0", -0.042, 0.163, 0.871),
    (7, 2377, 0.503, "CULL", "r0c1", 0.006, 0.039, 0.402),
    (0, 1981, 0.688, "GERMINATE", "r0c2", -0.040, 0.097, 0.664),
    (14, 2218, 0.694, "CULL", "r0c0", 0.001, -0.051, 0.118),
)


class FakeDecision:
    """A part of `FakeQueries`."""

    def decision_read(self, env: int, at: str | None = None) -> DecisionAnswer:
        self._ask("decision", env=env, at=at)  # type: ignore[attr-defined]
        whole: EnvAnswer = self.env_read(env, at)  # type: ignore[attr-defined]
        if not whole.decisions:
            raise NoDataYet(
                f"no decision of env {env} was recorded", "run.step(actions=...) records them"
            )
        one = max(whole.decisions, key=lambda decision: decision.step)
        components = [] if whole.rewards is None else whole.rewards.components
        return answer(whole, one, env, components)


def answer(whole: EnvAnswer, one: Decision, env: int, parts: list[Component]) -> DecisionAnswer:
    """The newest decision of a rich run."""
    return DecisionAnswer(
        whole.at,
        env,
        one.step,
        one,
        heads=[
            Head("op", [option(*row, one.action) for row in OPS], one.action, reading(0.21), False),
            Head("slot", [HeadOption(slot, MASKED) for slot in ("r0c0", "r0c1", "r0c2")]),
        ],
        features=[feature(*row) for row in SEEN],
        value=one.value,
        next_value=LATE,
        reward=one.reward,
        advantage=LATE,
        episode_return=LATE,
        components=parts,
        ahead=ahead(None, None, None),
        neighbours=[
            Neighbour(env, step, far, op, slot, reading(sums[0]), ahead(*sums))
            for env, step, far, op, slot, *sums in NEAR
        ],
        searched=2907,
        first_step=582,
        last_step=one.step - 1,
        policy_version=41,
        seeds=whole.seeds,
        units=whole.units,
    )


def option(
    name: str, probability: float, logit: float, rule: str | None, chosen: Any
) -> HeadOption:
    said = reading(probability), reading(logit)
    return HeadOption(name, *said, legal=rule is None, rule=rule, chosen=name == chosen)


def feature(name: str, value: float, mean: float, spread: float) -> Feature:
    away: Reading = reading((value - mean) / spread) if spread else NonFinite("inf")
    return Feature(name, reading(value), reading(mean), reading(spread), away)


def ahead(*sums: float | None) -> list[Ahead]:
    """What 1, 5 and 20 steps brought; None is still to come."""
    told = zip((1, 5, 20), sums, strict=True)
    return [Ahead(steps, LATE if brought is None else reading(brought)) for steps, brought in told]
