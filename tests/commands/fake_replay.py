"""What a fake run answers when asked ``replay``: a small linear policy, really evaluated.

Its mask forbids CULL. u20's weights acted at every step; those of now (u41) like GERMINATE more.
"""

from __future__ import annotations

import math
from typing import Any

from sanctum.errors import UsageError, did_you_mean
from sanctum.model.answers import At
from sanctum.model.readings import NOT_MEASURED, Reading, reading
from sanctum.model.replayed import (
    Change,
    Evaluation,
    Flip,
    FlipAnswer,
    HeadAgain,
    OptionAgain,
    OptionMoved,
    ReplayAnswer,
    SaliencyAnswer,
    Salient,
    StretchAnswer,
    StretchRow,
    SweepAnswer,
    SweepPoint,
    WhatIfAnswer,
)

OPS = ("WAIT", "GERMINATE", "CULL", "FOSSILIZE")
LEGAL = (True, True, False, True)
FEATURES = {"accuracy": 0.561, "growth": 0.21, "live_seeds": 0.3333, "r0c1.alpha": 1.0, "loss": 0.5}
SPREAD = {"accuracy": 0.08, "growth": 0.3, "live_seeds": 0.25, "r0c1.alpha": 0.4, "loss": 0.2}
PULL = {
    "accuracy": (2.0, -1.5, 0.0, 1.0),
    "growth": (1.0, -0.5, 0.0, 0.0),
    "live_seeds": (0.5, -3.0, 1.0, 0.5),
    "r0c1.alpha": (0.0, 0.0, 0.0, 0.4),
    "loss": (0.0, 0.0, 0.0, 0.0),
}
BIAS = {"then": (0.0, 1.6, 0.0, -0.5), "now": (0.0, 3.2, 0.0, -0.5), "hall:2": (1.0, 0.0, 0.0, 0.0)}
UPDATES = {"then": 20, "now": 41, "hall:2": 33}
STEP, TOOK = 2630, "WAIT"
REACH = 3.0


def chances(features: dict[str, float], which: str) -> list[float]:
    logits = [
        bias + sum(features[name] * PULL[name][op] for name in PULL)
        for op, bias in enumerate(BIAS[which])
    ]
    weights = [math.exp(one) if LEGAL[op] else 0.0 for op, one in enumerate(logits)]
    return [one / sum(weights) for one in weights]


def chosen(found: list[float]) -> str:
    return OPS[max(range(len(OPS)), key=found.__getitem__)]


def worth(features: dict[str, float], which: str) -> Reading:
    return reading(0.2 + features["accuracy"] / 4 + UPDATES[which] / 1000)


def _evaluation(which: str) -> Evaluation:
    before, again = chances(FEATURES, "then"), chances(FEATURES, which)
    slips = 3.1e-8 if which == "then" else 0.0
    options = [
        OptionAgain(op, legal, reading(was), reading(now + slips * (op == "WAIT")))
        for op, legal, was, now in zip(OPS, LEGAL, before, again, strict=True)
    ]
    apart = max(abs(a - b) for a, b in zip(before, again, strict=True)) + slips
    slot = HeadAgain("slot", [OptionAgain("r0c0", True, NOT_MEASURED, reading(1.0))])
    return Evaluation(
        which,
        UPDATES[which],
        which == "then",
        apart < 1e-5,
        reading(apart),
        "probabilities",
        chosen(again),
        worth(FEATURES, which),
        worth(FEATURES, "then"),
        [HeadAgain("op", options), slot],
        "float32",
        value_difference=reading(0.0),
    )


def _step(when: str) -> int:
    if when == "live":
        return STEP
    return STEP + int(when) if when.startswith("-") else int(when)


class FakeReplay:
    """A part of `FakeQueries`."""

    def _ask(self, question: str, **given: Any) -> None:
        """What was asked is written down by the whole."""

    def _known(self, env: int | None) -> None:
        """Whether there is such an environment is known by the whole."""

    def _about(self, env: int, at: str | None) -> tuple[At, int]:
        self._known(env)
        step = int(at) if at is not None and at.isdecimal() else STEP
        return At(step, 41, 1763776387.0, live=at is None), step

    def _weights(self, which: str) -> int:
        if which not in UPDATES:
            raise UsageError(f"'{which}' names no weights", "then, now, or hall:K")
        return UPDATES[which]

    def _action(self, action: str | None) -> int | None:
        if action is None:
            return None
        if action.upper() not in OPS:
            raise UsageError(f"there is no action '{action}'", did_you_mean(action.upper(), OPS))
        if not LEGAL[OPS.index(action.upper())]:
            raise UsageError(f"{action.upper()} was not legal at that decision")
        return OPS.index(action.upper())

    def replay_run(
        self, env: int, at: str | None = None, hall: int | None = None, trust: bool = False
    ) -> ReplayAnswer:
        self._ask("replay", env=env, at=at, hall=hall, trust=trust or None)
        here, step = self._about(env, at)
        names = ["then", "now", *([] if hall is None else [f"hall:{hall}"])]
        found = [_evaluation(name) for name in names if name in UPDATES]
        absent = {name: "entry holds no weights" for name in names if name not in UPDATES}
        kept = [0, 1, 2, 4, 8, 16, *range(20, 42)]
        return ReplayAnswer(
            here, env, step, TOOK, TOOK, found, absent, kept, factory="tamiyo.policy:from_weights"
        )

    def replay_stretch(
        self, env: int, first: str, last: str, at: str | None = None, trust: bool = False
    ) -> StretchAnswer:
        self._ask("stretch", env=env, first=first, last=last, at=at, trust=trust or None)
        here, _ = self._about(env, at)
        start, end = _step(first), _step(last)
        rows = []
        for step in range(start, end + 1):
            seen = {**FEATURES, "live_seeds": (step % 4) / 3}
            was, now = chances(seen, "then"), chances(seen, "now")
            taken = "GERMINATE" if step % 7 == 0 else chosen(was)
            place = OPS.index(taken)
            differs = chosen(was) != chosen(now)
            rows.append(
                StretchRow(
                    step,
                    taken,
                    20,
                    reading(was[place]),
                    reading(was[place]),
                    reading(now[place]),
                    chosen(was),
                    chosen(now),
                    reading(2.2e-8),
                    True,
                    differs,
                    True,
                )
            )
        disagreements = sum(row.disagrees for row in rows)
        count = len(rows)
        return StretchAnswer(
            here, env, start, end, 41, rows, count, count, disagreements, reading(2.2e-8)
        )

    def replay_whatif(
        self,
        env: int,
        changes: dict[str, float],
        at: str | None = None,
        which: str = "then",
        trust: bool = False,
    ) -> WhatIfAnswer:
        self._ask("whatif", env=env, changes=changes, at=at, which=which)
        here, step = self._about(env, at)
        update = self._weights(which)
        for name in changes:
            if name not in FEATURES:
                raise UsageError(f"there is no feature '{name}'", did_you_mean(name, FEATURES))
        moved = {**FEATURES, **changes}
        before, after = chances(FEATURES, which), chances(moved, which)
        return WhatIfAnswer(
            here,
            env,
            step,
            which,
            update,
            [
                Change(name, FEATURES[name], to, reading((to - FEATURES[name]) / SPREAD[name]))
                for name, to in changes.items()
            ],
            "op",
            [
                OptionMoved(op, legal, reading(was), reading(now))
                for op, legal, was, now in zip(OPS, LEGAL, before, after, strict=True)
            ],
            chosen(before),
            chosen(after),
            worth(FEATURES, which),
            worth(moved, which),
        )

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
        self._ask("sweep", env=env, feature=feature, low=low, high=high, count=count, which=which)
        here, step = self._about(env, at)
        update = self._weights(which)
        points = []
        for place in range(count):
            value = low + (high - low) * place / (count - 1)
            seen = {**FEATURES, feature: value}
            found = chances(seen, which)
            points.append(
                SweepPoint(value, list(map(reading, found)), chosen(found), worth(seen, which))
            )
        recorded = FEATURES[feature]
        return SweepAnswer(
            here, env, step, which, update, feature, recorded, "op", list(OPS), points
        )

    def replay_flip(
        self,
        env: int,
        action: str | None = None,
        at: str | None = None,
        which: str = "then",
        trust: bool = False,
    ) -> FlipAnswer:
        self._ask("flip", env=env, action=action, at=at, which=which)
        here, step = self._about(env, at)
        update, wanted = self._weights(which), self._action(action)
        before = chances(FEATURES, which)
        choice = chosen(before)
        found = []
        for name, value in FEATURES.items():
            tries = (
                float(f"{value + sign * share * REACH * SPREAD[name] / 300:.4g}")
                for share in range(1, 301)
                for sign in (1, -1)
            )
            for one in tries:
                after = chances({**FEATURES, name: one}, which)
                now = chosen(after)
                if now != choice and wanted in (None, OPS.index(now)):
                    away = (one - value) / SPREAD[name]
                    seen = [reading(value + side * 2.5 * SPREAD[name]) for side in (-1, 1)]
                    found.append(Flip(name, value, one, away, now, max(after), *seen))
                    break
        found.sort(key=lambda flip: abs(flip.distance))
        return FlipAnswer(
            here,
            env,
            step,
            which,
            update,
            "op",
            choice,
            max(before),
            None if wanted is None else OPS[wanted],
            found,
            len(FEATURES),
            REACH,
        )

    def replay_saliency(
        self,
        env: int,
        action: str | None = None,
        at: str | None = None,
        which: str = "then",
        trust: bool = False,
    ) -> SaliencyAnswer:
        self._ask("saliency", env=env, action=action, at=at, which=which)
        here, step = self._about(env, at)
        update = self._weights(which)
        place = self._action(action)
        place = OPS.index(TOOK) if place is None else place
        mean = {name: value - SPREAD[name] / 2 for name, value in FEATURES.items()}
        ends = [math.log(chances(seen, which)[place]) for seen in (mean, FEATURES)]
        found = []
        for name, value in FEATURES.items():
            integrated, gradient = 0.0, 0.0
            for share in range(201):
                seen = {
                    one: mean[one] + (FEATURES[one] - mean[one]) * share / 200 for one in FEATURES
                }
                odds = chances(seen, which)
                expected = sum(p * PULL[name][op] for op, p in enumerate(odds))
                gradient = PULL[name][place] - expected
                weight = (0.5 if share in (0, 200) else 1.0) / 200
                integrated += weight * gradient * (value - mean[name])
            found.append(Salient(name, value, mean[name], gradient * value, integrated))
        found.sort(key=lambda one: -abs(one.integrated))
        total, difference = sum(one.integrated for one in found), ends[1] - ends[0]
        return SaliencyAnswer(
            here,
            env,
            step,
            which,
            update,
            "op",
            OPS[place],
            found,
            ends[1],
            ends[0],
            total,
            reading(abs(total - difference) / abs(difference)),
            200,
            "the mean observation of the 1,024 decisions before it",
        )
