"""Answers of a record that was never made: what a case is put together of, one part at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from sanctum.errors import UsageError
from sanctum.model.answers import (
    ActionShare,
    At,
    Component,
    Curve,
    Header,
    PolicyAnswer,
    PolicyReading,
    RewardsAnswer,
    RunAnswer,
    RunState,
    SeedAnswer,
    SeedRow,
    SeedsAnswer,
)
from sanctum.model.readings import MASKED, NOT_MEASURED, reading
from sanctum.model.why import Gain, Outcome, OutcomesAnswer, Price, Together

ROLLOUTS = 256
"""The longest window of what the policy does now: some rollouts, of one environment."""
OPS = ["WAIT", "GERMINATE", "CULL", "FOSSILIZE"]
AT = At(999, 20, 1.0, True)
HEADER = Header(
    "made",
    "digits",
    16,
    actions={"op": OPS},
    slots=["r0c0", "r0c1"],
    rollout_steps=64,
    planned_updates=40,
)
COLUMNS = ["action/op", "mask/op", "probability/op", "reward", "reward/cost", "value"]
READINGS = {
    "learning_rate": 3e-4,
    "grad_norm": 0.5,
    "approx_kl": 0.004,
    "entropy": 0.4,
    "explained_variance": 0.7,
    "return_std": 2.0,
    "skipped_minibatches": 0.0,
    "minibatches": 16.0,
}


def gain(steps: int, mean: float, error: float = 0.05, count: int = 200) -> Gain:
    return Gain(steps, reading(mean), reading(error), count)


def edges(*means: float, error: float = 0.05, count: int = 200) -> list[Gain]:
    """Over 1, 5 and 20 steps."""
    return [gain(n, one, error, count) for n, one in zip((1, 5, 20), means, strict=False)]


def outcome(action: str, count: int, legal: int | None = 1000, **more: Any) -> Outcome:
    """An op that was taken so often; healthy unless said otherwise."""
    about: dict[str, Any] = {
        "gains": edges(0.2, 1.0, 4.0),
        "probability": reading(count / legal) if legal else MASKED,
        "forced": 0,
        "denied": 0,
        "spread": reading(0.3),
    }
    if action != "WAIT":
        about["edges"] = edges(-0.02, -0.03, -0.04)
        about["edge_components"] = {"cost": reading(-0.05)}
    return Outcome(action, count, legal, **(about | more))


HEALTHY = {
    "WAIT": outcome("WAIT", 600, beside=[Together(OPS[1:], 500), Together(["CULL"], 100)]),
    "GERMINATE": outcome("GERMINATE", 250),
    "CULL": outcome("CULL", 100),
    "FOSSILIZE": outcome("FOSSILIZE", 50),
}


def outcomes(ops: Mapping[str, Outcome] = HEALTHY, **more: Any) -> OutcomesAnswer:
    """The ops of 1,000 decisions."""
    made = sum(one.count for one in ops.values())
    about: dict[str, Any] = {
        "forced": sum(one.forced or 0 for one in ops.values()),
        "reward_spread": reading(0.3),
        "masked": made,
        "no_reward": reading(0.0),
        "value": reading(2.0),
        "entropy": reading(0.4),
        "rival": "WAIT" if "WAIT" in ops else None,
        "return_spread": reading(1.5),
        "top_env": 3,
        "top_share": reading(0.1),
        "steps": 64,
    }
    return OutcomesAnswer(
        AT, None, 936, 999, decisions=made, ops=list(ops.values()), **(about | more)
    )


def with_op(ops: Mapping[str, Outcome], action: str, **more: Any) -> dict[str, Outcome]:
    """The same with something else about one op."""
    return {**ops, action: msgspec.structs.replace(ops[action], **more)}


def priced(component: str, *means: float) -> Price:
    return Price(component, edges(*means))


class Made:
    """Implements what the questions ask of `Queries`; every part can be replaced.

    `recent` is answered where a window is named, `longer` where it is one of many rollouts,
    `brought` where none is. `courses` are metrics
    over the last updates.
    """

    def __init__(self, **parts: Any) -> None:
        self.recent: OutcomesAnswer = parts.pop("recent", outcomes())
        self.longer: OutcomesAnswer = parts.pop("longer", self.recent)
        self.brought: OutcomesAnswer = parts.pop("brought", self.recent)
        self.readings: dict[str, float] = {**READINGS, **parts.pop("readings", {})}
        self.courses: dict[str, list[float]] = parts.pop("courses", {})
        self.state: RunState = parts.pop("state", RunState("live", 0.1))
        self.header: Header = parts.pop("header", HEADER)
        self.columns: list[str] = parts.pop("columns", COLUMNS)
        self.updates: int = parts.pop("updates", 20)
        self.update_step: int = parts.pop("update_step", 959)
        self.components: list[Component] = parts.pop("components", [component("cost", -0.02, 0.3)])
        self.seeds: SeedsAnswer = parts.pop("seeds", SeedsAnswer(AT, [], 0, 0, legality="slot"))
        self.rows: dict[str, SeedRow | None] = parts.pop("rows", {})
        self.asked: list[str] = []
        assert not parts

    def run_read(self, at: str | None = None) -> RunAnswer:
        self.asked.append("run")
        return RunAnswer(
            AT,
            self.header,
            self.state,
            "made.db",
            0,
            True,
            0,
            999,
            self.updates,
            columns=self.columns,
        )

    def outcomes_read(
        self, at: str | None = None, env: int | None = None, window: int | None = None
    ) -> OutcomesAnswer:
        self.asked.append("outcomes" if window is None else "now")
        if window is None:
            return self.brought
        return self.longer if window > ROLLOUTS else self.recent

    def policy_read(
        self, at: str | None = None, env: int | None = None, window: int | None = None
    ) -> PolicyAnswer:
        readings = [
            PolicyReading(name, reading(value), "", "", "", None, "", 0)
            for name, value in self.readings.items()
        ]
        absent = NOT_MEASURED
        shares = [
            ActionShare(one.action, one.count, absent, 0, absent, one.legal or 0, absent, absent)
            for one in self.recent.ops
        ]
        made = self.recent.decisions
        return PolicyAnswer(AT, readings, shares, made, made, 936, 999, self.update_step)

    def rewards_read(
        self, at: str | None = None, env: int | None = None, window: int | None = None
    ) -> RewardsAnswer:
        total = component("total", 0.2, 1.0)
        absent = NOT_MEASURED
        return RewardsAnswer(AT, env, self.components, total, absent, absent, 936, 999, 64)

    def seeds_list(self, choice: str | None = None, **asked: Any) -> SeedsAnswer:
        assert choice == "ripe"
        return self.seeds

    def seed_read(self, env: int, slot: str, at: str | None = None) -> SeedAnswer:
        if slot not in self.header.slots:
            raise UsageError(f"no slot '{slot}'")
        return SeedAnswer(AT, env, slot, self.rows.get(slot), None, None, [])

    def series_read(self, metric: str, last: int | None = None, **asked: Any) -> Curve:
        if metric not in self.courses and metric not in self.readings:
            raise UsageError(f"no metric '{metric}'")
        values = self.courses.get(metric, [self.readings.get(metric, 0.0)] * 5)[-(last or 5) :]
        return Curve(metric, "", "update", list(range(len(values))), [reading(v) for v in values])


def component(name: str, mean: float, share: float) -> Component:
    return Component(name, reading(mean), reading(mean), reading(0.1), reading(share))
