"""Frozen runs, answered by hand-written fakes: one rich, one bare, one that died, one just born.

The rich run is sick on purpose: its policy hardly ever does anything but WAIT, env 7 has stalled,
env 11 lost its loss to nan, and readings are absent, masked or old here and there.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sanctum.command import Moment
from sanctum.errors import ConditionError, NoDataYet, UsageError
from sanctum.model.answers import (
    ActionReward,
    ActionShare,
    At,
    Attempt,
    Blueprint,
    BlueprintsAnswer,
    Component,
    ConditionAnswer,
    Curve,
    Decision,
    EnvAnswer,
    EnvRow,
    EnvsAnswer,
    Episode,
    EpisodesAnswer,
    Event,
    EventsAnswer,
    FindAnswer,
    GateInput,
    Header,
    Health,
    Lost,
    PolicyAnswer,
    PolicyReading,
    RewardsAnswer,
    RunAnswer,
    RunState,
    SeedAnswer,
    SeedRow,
    SeedsAnswer,
    Size,
    Stretch,
    Vital,
    VitalsAnswer,
)
from sanctum.model.readings import (
    LATE,
    MASKED,
    NOT_MEASURED,
    Measured,
    NonFinite,
    Reading,
    number,
    reading,
)
from tests.commands import fake_seeds
from tests.commands.fake_decision import FakeDecision
from tests.commands.fake_hall import FakeHall
from tests.commands.fake_metric import FakeMetric
from tests.commands.fake_replay import FakeReplay
from tests.commands.fake_why import FakeWhy

ENVS, STEP, UPDATE = 16, 2630, 41
SLOTS = ["r0c0", "r0c1", "r0c2"]
NOW = 1763776387.0  # 2025-11-22 01:53:07 UTC
AT = At(STEP, UPDATE, NOW, live=True)
HEADER = Header(
    "demo-3",
    "digits",
    ENVS,
    actions={"op": ["WAIT", "GERMINATE", "CULL", "FOSSILIZE"]},
    slots=SLOTS,
    blueprints=["norm", "adapter", "gated", "bottleneck", "wide"],
    rollout_steps=64,
    planned_updates=200,
    planned_steps=12800,
    pid=48113,
    host="node-17",
    argv=["sanctum", "train", "ppo", "--updates", "200", "--run-id", "demo-3"],
    started=NOW - 1042.0,
)
COURSE = [41.2, 44.0, 47.1, 49.9, 52.0, 53.8, 55.1, 55.9, 56.2, 56.3, 56.3, 56.2, 56.3, 56.1]


def _health(env: int) -> Health:
    sick = {
        7: Health("stalled", "no new best for 41 steps", "warn"),
        11: Health("non-finite", "loss is nan", "crit"),
        14: Health("degraded", "6.4 points below its best", "warn"),
    }
    well = Health("steady", "best 3 steps ago", "ok"), Health("rising", "a new best now", "ok")
    return sick.get(env, well[env % 3 == 0])


def _row(env: int) -> EnvRow:
    accuracy = 74.0 + (env * 37 % 16) * 1.1
    best = accuracy + 0.3 * (env % 3)
    if env == 7:
        accuracy, best = 56.1, 56.3
    if env == 14:
        best = accuracy + 6.4
    seeds = [f"{slot}:{seed.stage}" for slot in SLOTS for seed in SEEDS if _is(seed, env, slot)]
    action, target = {3: ("GERMINATE", "r0c2"), 9: ("FOSSILIZE", "r0c1")}.get(env, ("WAIT", None))
    return EnvRow(
        env,
        _health(env),
        age_steps=3 if env == 12 else 0,
        episode=reading(40 + env % 2),
        env_step=reading((STEP + 4 * env) % 64),
        accuracy=reading(accuracy),
        best_accuracy=reading(best),
        loss=NonFinite("nan") if env == 11 else reading(1.9 - accuracy / 60),
        reward=reading(0.004 * (env - 6)),
        value=reading(0.21 - env / 100),
        entropy=MASKED if env == 5 else reading(0.11 + env / 400),
        active_seeds=reading(len(seeds)),
        seeds=seeds,
        action=action,
        target=target,
        columns={"val_loss": reading(2.0 - accuracy / 60), "growth": reading(1.21)},
    )


def _is(seed: SeedRow, env: int, slot: str) -> bool:
    return (seed.env, seed.slot) == (env, slot)


def _seed(env: int, slot: str, stage: str, blueprint: str, age: int, adds: Reading) -> SeedRow:
    alpha = {"TRAINING": 0.0, "BLENDING": 0.5, "GERMINATED": 0.0}.get(stage, 1.0)
    gates = {
        "GERMINATED": ("sprout", [("stage_steps", 0.0, 1.0)]),
        "TRAINING": ("blend", [("stage_steps", 4.0, 5.0), ("trial_gain", None, 0.5)]),
        "BLENDING": ("hold", [("alpha", 0.5, 1.0), ("contribution", number(adds), 0.0)]),
        "HOLDING": ("fossilize", [("alpha", 1.0, 1.0), ("contribution", number(adds), 1.0)]),
    }
    gate, inputs = gates.get(stage, (None, []))
    return SeedRow(
        env,
        slot,
        stage,
        blueprint,
        alpha=reading(alpha),
        alpha_target=reading(1.0),
        age_steps=reading(age),
        stage_steps=reading(age // 2),
        parameters=reading(35 * (env + 1)),
        contribution=adds,
        improvement=reading(0.35 * age / 4) if age > 4 else NOT_MEASURED,
        gradient_health=MASKED if stage == "FOSSILIZED" else reading(0.94 - env / 50),
        rules=fake_seeds.rules(env, slot, stage),
        alpha_to_go_steps=reading(3) if stage == "BLENDING" else NOT_MEASURED,
        gate=gate,
        gate_inputs=[
            GateInput(name, reading(value), reading(needed), value is not None and value >= needed)
            if value is not None
            else GateInput(name, NOT_MEASURED, reading(needed), None)
            for name, value, needed in inputs
        ],
    )


SEEDS = [
    _seed(0, "r0c0", "FOSSILIZED", "bottleneck", 52, reading(6.25)),
    _seed(1, "r0c1", "HOLDING", "gated", 33, reading(4.06)),
    _seed(2, "r0c0", "HOLDING", "wide", 35, reading(3.75)),
    _seed(3, "r0c0", "BLENDING", "adapter", 14, reading(1.56)),
    _seed(3, "r0c1", "TRAINING", "gated", 6, NOT_MEASURED),
    _seed(7, "r0c1", "HOLDING", "adapter", 31, reading(-0.94)),
    _seed(8, "r0c2", "BLENDING", "norm", 12, reading(-0.31)),
    _seed(9, "r0c1", "HOLDING", "bottleneck", 29, reading(5.31)),
    _seed(12, "r0c0", "GERMINATED", "wide", 0, LATE),
    _seed(15, "r0c1", "TRAINING", "norm", 5, NOT_MEASURED),
]


def _blueprint(
    name: str, *counts: int, success: Reading, lifespan: float, recent: int
) -> Blueprint:
    adds = reading(lifespan / 10)
    blends, age = reading(0.5), reading(lifespan)
    return Blueprint(name, *counts, success, blends, age, adds, recent, counts[0] - 1)


BLUEPRINTS = [
    _blueprint(
        "bottleneck", 41, 2, 12, 27, 0, 30, success=reading(12 / 39), lifespan=21.5, recent=41
    ),
    _blueprint("norm", 33, 2, 0, 31, 0, 14, success=reading(0.0), lifespan=11.25, recent=33),
    _blueprint("wide", 9, 2, 1, 5, 1, 4, success=reading(1 / 6), lifespan=18.0, recent=9),
    _blueprint("gated", 2, 2, 0, 0, 0, 1, success=MASKED, lifespan=0.0, recent=2),
]
BLUEPRINTS_IN_ALL = _blueprint(
    "all", 85, 8, 13, 63, 1, 49, success=reading(13 / 76), lifespan=16.0, recent=85
)

_TELLING = [
    (1811, "warn", "episode", 7, None, "episode 27 ended 4.1 points below its best"),
    (2411, "info", "seed.stage", 9, "r0c1", "BLENDING -> HOLDING (gate hold passed)"),
    (2550, "info", "seed.stage", 7, "r0c1", "BLENDING -> HOLDING (gate hold passed)"),
    (2560, "warn", "policy", None, None, "entropy 0.128 below 0.3 for 3 updates"),
    (2589, "warn", "env.stalled", 7, None, "no gain in accuracy for 25 steps; best 56.3 %"),
    (2611, "error", "env.diverged", 11, None, "loss is nan; rollback to step 2,600 was refused"),
    (2624, "info", "update", None, None, "update 41: 64 steps, 16 minibatches"),
    (2629, "info", "seed.stage", 3, "r0c2", "DORMANT -> GERMINATED by GERMINATE"),
]
EVENTS = [
    Event(i, step, NOW - (STEP - step) * 0.4, severity, kind, text, env, slot)
    for i, (step, severity, kind, env, slot, text) in enumerate(
        [(n * 100, "info", "update", None, None, f"update {n}: 64 steps") for n in range(1, 18)]
        + _TELLING
    )
]

_POLICY: list[tuple[str, Reading, str, str, str | None, str, Reading]] = [
    (
        "entropy",
        reading(0.118),
        "0-1",
        "health",
        "warn",
        "warn < 0.3, crit < 0.1",
        reading(0.124),
    ),
    ("clip_fraction", reading(0.041), "0-1", "health", "ok", "warn > 0.25, crit > 0.3", LATE),
    (
        "approx_kl",
        reading(0.0031),
        "nats",
        "health",
        "ok",
        "warn < -1e-06, warn > 0.02, crit > 0.03",
        reading(0.0042),
    ),
    ("policy_loss", reading(-0.0121), "", "losses", None, "", reading(-0.0135)),
    ("value_loss", reading(0.0872), "", "losses", None, "", reading(0.0913)),
    ("entropy_loss", reading(-0.00118), "", "losses", None, "", reading(-0.00124)),
    ("grad_norm", reading(0.412), "", "vitals", "ok", "warn > 50, crit > 100", reading(0.398)),
    ("learning_rate", reading(0.000795), "", "vitals", None, "", reading(0.0008)),
    (
        "explained_variance",
        reading(-0.08),
        "0-1",
        "vitals",
        "crit",
        "warn < 0.3, crit < 0",
        reading(0.04),
    ),
    ("skipped_minibatches", reading(0), "count", "vitals", "ok", "warn > 0", reading(0)),
    ("advantage_mean", reading(0.0021), "reward", "advantages", None, "", reading(0.0018)),
    (
        "advantage_std",
        reading(0.213),
        "reward",
        "advantages",
        "ok",
        "warn < 0.1, crit < 0.001",
        reading(0.22),
    ),
    ("ratio_max", reading(1.82), "x", "ratio", "ok", "warn > 2, crit > 5", reading(1.7)),
    ("entropy.op", reading(0.09), "0-1", "heads", "crit", "warn < 0.3, crit < 0.1", NOT_MEASURED),
    ("entropy.slot", reading(0.71), "0-1", "heads", "ok", "warn < 0.3, crit < 0.1", MASKED),
    ("entropy.blueprint", MASKED, "0-1", "heads", None, "warn < 0.3, crit < 0.1", MASKED),
]


def _aged(one: Reading) -> Reading:
    return Measured(one.value, STEP - 2624) if isinstance(one, Measured) else one


READINGS = [
    PolicyReading(name, _aged(value), unit, group, "", verdict, limits, 0, previous)  # type: ignore[arg-type]
    for name, value, unit, group, verdict, limits, previous in _POLICY
]

_COMPONENTS = (
    # name, last of env 3 as the trainer sent it, mean, spread, sign
    ("accuracy_gain", 0.03125, 0.0141, 0.0512, 1),
    ("contribution", 0.015594482421875, 0.0118, 0.0094, 1),
    ("rent", 0.0021209716796875, 0.0019, 0.0006, -1),
    ("action_cost", 0.0500030517578125, 0.0008, 0.0061, -1),
    ("shaping", 0.0096893310546875, 0.0011, 0.0182, 1),
    ("terminal_bonus", 0.0, 0.0007, 0.0204, 1),
)


def _rewards(env: int | None, missing: float = 0.0) -> RewardsAnswer:
    whole = sum(mean for _, _, mean, _, _ in _COMPONENTS)
    parts = [
        Component(
            n,
            reading(last),
            reading(mean),
            reading(sd),
            reading(mean / whole),
            sign,
            episode=NOT_MEASURED if env is None else reading(34 * mean),
        )
        for n, last, mean, sd, sign in _COMPONENTS
    ]
    last = sum(sign * last for _, last, _, _, sign in _COMPONENTS) + missing
    mean = sum(sign * mean for _, _, mean, _, sign in _COMPONENTS)
    earned = NOT_MEASURED if env is None else reading(34 * mean)
    total = Component(
        "total", reading(last), reading(mean), reading(0.0581), reading(1.0), episode=earned
    )
    actions = [
        ActionReward(action, count, reading(mean), {"rent": reading(0.002), "shaping": late})
        for action, count, mean, late in (
            ("WAIT", 59, 0.0264, reading(0.0)),
            ("GERMINATE", 4, -0.0312, reading(0.021)),
            ("FOSSILIZE", 1, 0.0811, NOT_MEASURED),
        )
    ]
    worst = reading(missing or 1.2e-9)
    first = STEP - 63
    rows = 64 * (ENVS if env is None else 1)
    return RewardsAnswer(AT, env, parts, total, reading(missing), worst, first, STEP, rows, actions)


_ACTIONS = [
    # action, count, unforced, legal, mean probability
    ("WAIT", 934, 361, 1024, 0.913),
    ("GERMINATE", 61, 61, 402, 0.071),
    ("CULL", 0, 0, 188, 0.004),
    ("FOSSILIZE", 29, 29, 97, 0.031),
]


def _shares(scale: int = 1) -> list[ActionShare]:
    return [
        ActionShare(
            action,
            count // scale,
            reading(count / 1024),
            free // scale,
            reading(free / 451),
            legal // scale,
            reading(count / legal),
            reading(probability),
        )
        for action, count, free, legal, probability in _ACTIONS
    ]


VITALS = VitalsAnswer(
    AT,
    [
        Vital("gpu", NOT_MEASURED, "percent", None, "no GPU here (NVML Shared Library Not Found)"),
        Vital("trainer cpu", reading(99.2), "percent", None, "of one core"),
        Vital("trainer memory", reading(612.5), "MiB"),
        Vital("cpu", reading(97.0), "percent", None, "of 2 cores"),
        Vital("memory", reading(91.4), "percent", "warn", "of 15.6 GiB"),
        Vital("steps_per_s", reading(38.2), "steps/s", "ok"),
        Vital("steps_per_s_run", reading(40.6), "steps/s"),
        Vital("last telemetry", reading(0.3), "s", "ok"),
        Vital("telemetry lost", reading(2), "count", "warn", "matrices, queue full"),
    ],
)


class FakeQueries(FakeHall, FakeDecision, FakeWhy, FakeReplay, FakeMetric):
    """The rich run."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def _ask(self, question: str, **given: Any) -> None:
        self.asked.append((question, {k: v for k, v in given.items() if v is not None}))

    def _known(self, env: int | None) -> None:
        if env is not None and not 0 <= env < ENVS:
            raise UsageError(f"there is no environment {env}", f"they are 0 to {ENVS - 1}")

    def note_add(self, text: str, at: str | None = None) -> Event:
        self._ask("note", text=text, at=at)
        return Event(99, STEP if at is None else int(at), NOW, "info", "note", text)

    def run_read(self, at: str | None = None) -> RunAnswer:
        self._ask("run", at=at)
        return RunAnswer(
            AT,
            HEADER,
            RunState("live", since_s=0.3),
            "/home/ada/.local/state/sanctum/runs/demo-3.sanctum",
            3_481_600,
            recording=True,
            first_step=1,
            last_step=STEP,
            last_update=UPDATE,
            episodes=640,
            events=len(EVENTS),
            steps_per_s=reading(38.2),
            steps_per_s_run=reading(40.6),
            lost=[Lost("matrices", 801, 816, 2, "queue full")],
            lost_count=2,
            sizes=[
                Size("columns", 2_457_600, 2630, 1, STEP),
                Size("matrices", 819_200, 2614, 1, STEP),
                Size("updates", 61_440, 41, 64, 2624),
                Size("seeds", 102_400, 1911, 3, 2629),
                Size("events", 40_960, len(EVENTS), 100, 2629),
            ],
            attempts=[Attempt(1, 48113, HEADER.started, 1, STEP, "running")],
        )

    def envs_list(
        self,
        at: str | None = None,
        where: str | None = None,
        sort: str = "env",
        limit: int | None = None,
    ) -> EnvsAnswer:
        self._ask("envs", at=at, where=where, sort=sort, limit=limit)
        rows, unknown = [_row(env) for env in range(ENVS)], 0
        if where is not None:
            found = re.fullmatch(r"(\w+) < ([\d.]+)", where)
            if found is None:
                raise ConditionError(f"'{where}' is not a condition")
            judged = [(number(getattr(row, found[1])), row) for row in rows]
            unknown = sum(value is None or value != value for value, _ in judged)
            rows = [row for value, row in judged if value is not None and value < float(found[2])]
        if sort.lstrip("-") != "env":
            name = sort.lstrip("-")
            rows.sort(key=lambda row: number(getattr(row, name)) or 0.0, reverse=sort[0] == "-")
        return EnvsAnswer(AT, rows[:limit], len(rows[:limit]), len(rows), unknown)

    def env_read(self, env: int, at: str | None = None) -> EnvAnswer:
        self._ask("env", env=env, at=at)
        self._known(env)
        decisions = [
            Decision(
                STEP - age,
                "GERMINATE" if age == 1 else "WAIT",
                "r0c2" if age == 1 else None,
                "adapter" if age == 1 else None,
                reading(0.064 if age == 1 else 0.931),
                reading(0.2 - age / 100),
                LATE if age == 0 else reading(0.01 * age),
                age == 5,
            )
            for age in range(8)
        ]
        steps = list(range(STEP - 13, STEP + 1))
        row = _row(env)
        rise = (number(row.accuracy) or 0.0) - COURSE[-1]
        points = [reading(value + rise) for value in COURSE]
        curve = Curve("accuracy", "percent", "step", steps, points)
        seeds = [seed for seed in SEEDS if seed.env == env]
        seeds += [SeedRow(env, "r0c2", "DORMANT")] if env == 7 else []
        events = [event for event in EVENTS if event.env == env]
        return EnvAnswer(
            AT,
            row,
            seeds,
            decisions,
            _rewards(env),
            curve,
            events,
            episode_first_step=STEP - 33,
            changes=fake_seeds.changes(env, STEP),
        )

    def policy_read(
        self, at: str | None = None, env: int | None = None, window: int | None = None
    ) -> PolicyAnswer:
        self._ask("policy", at=at, env=env, window=window)
        self._known(env)
        scale = 1 if env is None else ENVS
        first = STEP - (window or 64) + 1
        return PolicyAnswer(
            AT, READINGS, _shares(scale), 1024 // scale, 451 // scale, first, STEP, 2624, 2.4, env
        )

    def rewards_read(
        self, at: str | None = None, env: int | None = None, window: int | None = None
    ) -> RewardsAnswer:
        self._ask("rewards", at=at, env=env, window=window)
        self._known(env)
        return _rewards(env)

    def seeds_list(
        self,
        at: str | None = None,
        sort: str = "-contribution",
        limit: int | None = None,
        stage: str | None = None,
        env: int | None = None,
        choice: str | None = None,
    ) -> SeedsAnswer:
        self._ask("seeds", at=at, sort=sort, limit=limit, stage=stage, env=env)
        self._known(env)
        rows = [s for s in SEEDS if stage in (None, s.stage) and env in (None, s.env)]
        stages = {"DORMANT": ENVS * len(SLOTS) - len(SEEDS)}
        for one in SEEDS:
            stages[one.stage] = stages.get(one.stage, 0) + 1
        name, sign = sort.lstrip("-"), -1 if sort[0] == "-" else 1
        ranked = [(number(getattr(one, name)), one) for one in rows]
        absent = [one for value, one in ranked if value is None]
        known = sorted(
            ((value, one) for value, one in ranked if value is not None),
            key=lambda pair: sign * pair[0],
        )
        rows = [one for _, one in known] + absent
        found = SeedsAnswer(AT, rows[:limit], len(rows[:limit]), len(rows), stages, len(absent))
        return found if choice is None else fake_seeds.chosen(choice, rows, found)

    def seed_read(self, env: int, slot: str, at: str | None = None) -> SeedAnswer:
        self._ask("seed", env=env, slot=slot, at=at)
        self._known(env)
        if slot not in SLOTS:
            raise UsageError(f"there is no slot '{slot}'", f"they are {', '.join(SLOTS)}")
        row = next((one for one in SEEDS if _is(one, env, slot)), None)
        if env == 8 and slot == "r0c0":
            return SeedAnswer(AT, env, slot, SeedRow(8, slot, "DORMANT"), None, None, [])
        if row is None:
            return SeedAnswer(AT, env, slot, None, None, None, [])
        steps = list(range(STEP - 7, STEP + 1))
        last = number(row.alpha) or 0.0
        steady = row.stage != "BLENDING"
        alpha = [reading(last if steady else last * i / 7) for i in range(8)]
        now = number(row.contribution)
        adds: list[Reading] = [NOT_MEASURED, NOT_MEASURED]
        adds += [NOT_MEASURED if now is None else reading(now + 0.4 * (i - 5)) for i in range(6)]
        events = [one for one in EVENTS if one.env == env and one.slot == slot]
        is_told = (env, slot) == (7, "r0c1")
        return SeedAnswer(
            AT,
            env,
            slot,
            row,
            Curve("alpha", "0-1", "step", steps, alpha),
            Curve("contribution", "points", "step", steps, adds),
            fake_seeds.life_events() if is_told else events,
            gradient=fake_seeds.gradient(steps),
            decisions=fake_seeds.life_decisions() if is_told else [],
            lives=fake_seeds.lives() if is_told else [],
            lives_count=3 if is_told else 0,
        )

    def blueprints_list(
        self, at: str | None = None, graveyard: bool = False, env: int | None = None
    ) -> BlueprintsAnswer:
        self._ask("blueprints", at=at, env=env)
        graves = fake_seeds.GRAVES if graveyard else []
        return BlueprintsAnswer(AT, BLUEPRINTS, BLUEPRINTS_IN_ALL, graves)

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
        self._ask("events", at=at, severity=severity, type=type, env=env, since=since, limit=limit)
        self._known(env)
        order = ["debug", "info", "warn", "error", "critical"]
        rows = [e for e in EVENTS if env in (None, e.env) and slot in (None, e.slot)]
        rows = [e for e in rows if id in (None, e.id)]
        types = dict(Counter(e.type for e in rows).most_common())
        rows = [e for e in rows if type in (None, e.type)]
        counts: dict[str, int] = {}
        for one in rows:
            counts[one.severity] = counts.get(one.severity, 0) + 1
        least = order.index(severity or "debug")
        rows = [e for e in rows if order.index(e.severity) >= least]
        shown = rows[-limit:] if limit else rows
        return EventsAnswer(AT, shown, len(shown), len(rows), counts, types)

    def series_read(
        self,
        metric: str,
        at: str | None = None,
        env: int | None = None,
        last: int | None = None,
        points: int = 200,
        since: str | None = None,
    ) -> Curve:
        self._ask("series", metric=metric, at=at, env=env, last=last)
        steps = list(range(STEP - 13, STEP + 1))
        rise = (number(_row(env or 0).loss) or 0.7) - COURSE[0] / 50
        values: list[Reading] = [reading(rise + value / 50) for value in reversed(COURSE)]
        if env == 11:
            values[-3:] = [NonFinite("nan")] * 3
        return Curve(metric, "nats", "step", steps, values)

    def condition_check(
        self, condition: str, env: int | None = None, at: str | None = None
    ) -> ConditionAnswer:
        self._ask("check", condition=condition, env=env, at=at)
        return ConditionAnswer(AT, condition, True)

    def vitals_read(self, at: str | None = None) -> VitalsAnswer:
        self._ask("vitals", at=at)
        return VITALS

    def condition_find(
        self,
        condition: str,
        env: int | None = None,
        at: str | None = None,
        newest: bool = False,
        limit: int | None = 20,
    ) -> FindAnswer:
        self._ask("find", condition=condition, env=env, at=at, newest=newest, limit=limit)
        self._known(env)
        if condition.startswith("never"):
            return FindAnswer(AT, condition, env, "step", [], 0, 0, 0, STEP, STEP)
        clock, scale = ("update", 1) if env is None else ("step", 64)
        every = [
            Stretch(
                scale * (first + 1) - 1,
                None if last is None else scale * (last + 1) - 1,
                64 * (first + 1) - 1,
                None if last is None else 64 * (last + 1) - 1,
                scale * count,
                NOW - (UPDATE - first) * 25.6,
                {condition.split()[0]: value},
            )
            for first, last, count, value in (
                (4, 6, 3, reading(0.283)),
                (17, 17, 1, reading(0.297)),
                (29, None, 12, NonFinite("nan")),
            )
        ]
        shown = every[-limit:] if newest and limit else every[:limit]
        moments = UPDATE if env is None else STEP
        return FindAnswer(
            AT, condition, env, clock, shown, len(shown), len(every), 16 * scale, 3, moments
        )

    def episodes_list(
        self,
        at: str | None = None,
        env: int | None = None,
        sort: str = "step",
        limit: int | None = 20,
    ) -> EpisodesAnswer:
        self._ask("episodes", at=at, env=env, sort=sort, limit=limit)
        self._known(env)
        rows = [
            Episode(
                one % ENVS if env is None else env,
                39 + one // ENVS,
                STEP - 4 * (22 - one),
                STEP - 4 * (22 - one) - 63,
                NOW - (22 - one) * 1.6,
                NOT_MEASURED if one == 20 else reading(80.0 + one % 7),
                reading(82.5 + one % 7),
                reading(3.1 + one / 8),
                64,
                "complete" if one % 5 else None,
                truncated=one % 5 == 0,
                numbers={"fossilized": reading(one % 3)},
            )
            for one in range(6, 22)
        ]
        return EpisodesAnswer(AT, rows[-(limit or 16) :], min(limit or 16, 16), 640)


class BareQueries(FakeQueries):
    """A run that says accuracy and loss of one environment, and nothing else."""

    entries = ()

    def run_read(self, at: str | None = None) -> RunAnswer:
        header = Header("bare", "custom", 1, pid=7, started=NOW - 60)
        state = RunState("live", since_s=0.1)
        sizes = [Size("columns", 4096, 10, 1, 10)]
        return RunAnswer(At(10, None, NOW, True), header, state, "/r/bare", 4096, True, sizes=sizes)

    def envs_list(
        self,
        at: str | None = None,
        where: str | None = None,
        sort: str = "env",
        limit: int | None = None,
    ) -> EnvsAnswer:
        row = EnvRow(0, Health("unknown", ""), 0, accuracy=reading(50.0), loss=Measured(0.7))
        return EnvsAnswer(At(10, None, NOW, True), [row], 1, 1)

    def env_read(self, env: int, at: str | None = None) -> EnvAnswer:
        here = self.envs_list()
        return EnvAnswer(here.at, here.rows[0], [], [], None, None, [])

    def policy_read(
        self, at: str | None = None, env: int | None = None, window: int | None = None
    ) -> PolicyAnswer:
        return PolicyAnswer(At(10, None, NOW, True), [], [], 0, None, None, None)

    def rewards_read(
        self, at: str | None = None, env: int | None = None, window: int | None = None
    ) -> RewardsAnswer:
        total = Component("total", *[NOT_MEASURED] * 4)
        here = At(10, None, NOW, True)
        return RewardsAnswer(here, env, [], total, NOT_MEASURED, NOT_MEASURED, None, None, 0)

    def seeds_list(
        self,
        at: str | None = None,
        sort: str = "-contribution",
        limit: int | None = None,
        stage: str | None = None,
        env: int | None = None,
        choice: str | None = None,
    ) -> SeedsAnswer:
        return SeedsAnswer(At(10, None, NOW, True), [], 0, 0)

    def blueprints_list(
        self, at: str | None = None, graveyard: bool = False, env: int | None = None
    ) -> BlueprintsAnswer:
        none = Blueprint("all", success=MASKED, lifespan=MASKED, contribution=MASKED)
        return BlueprintsAnswer(At(10, None, NOW, True), [], none)

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
        return EventsAnswer(At(10, None, NOW, True), [], 0, 0)

    def series_read(
        self,
        metric: str,
        at: str | None = None,
        env: int | None = None,
        last: int | None = None,
        points: int = 200,
        since: str | None = None,
    ) -> Curve:
        raise NoDataYet(f"{metric} was not recorded")

    def vitals_read(self, at: str | None = None) -> VitalsAnswer:
        return VitalsAnswer(At(10, None, NOW, True), [])


class DiedQueries(FakeQueries):
    """The rich run after its trainer was killed, or failed with an exception."""

    def __init__(self, state: RunState | None = None) -> None:
        super().__init__()
        self.state = state or RunState(
            "died", since_s=7384.0, why="the process is gone (killed by signal 9)"
        )

    def run_read(self, at: str | None = None) -> RunAnswer:
        whole = super().run_read(at)
        kept = {name: getattr(whole, name) for name in whole.__struct_fields__}
        here = At(STEP, UPDATE, NOW, live=False)
        return RunAnswer(**{**kept, "at": here, "state": self.state, "recording": False})


class FakeSession:
    """The few things `inspect_command` asks of a session."""

    settings: Mapping[str, str] = {}

    def __init__(self, queries: FakeQueries) -> None:
        self.queries = queries
        self.found: str | None = None

    def remember(self, found: str) -> None:
        self.found = found

    def remembered(self) -> str | None:
        return self.found

    def moment(
        self, run: str | None = None, at: str | None = None, timeout_s: float | None = None
    ) -> Moment:
        return Moment(self.queries, at)

    def runs(self) -> Sequence[Any]:
        return []
