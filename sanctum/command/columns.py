"""What several commands show alike: seeds, events, decisions, action shares, curves."""

from __future__ import annotations

import time

from sanctum.model.answers import At, Curve, Decision, Event, SeedRow, Verdict
from sanctum.model.readings import number
from sanctum.view.report import Column, Series

SEVERITIES: dict[str, Verdict] = {"warn": "warn", "error": "crit", "critical": "crit"}


def harms(seed: SeedRow) -> Verdict | None:
    """A seed whose contribution is below zero takes accuracy from its host."""
    value = number(seed.contribution)
    if value is None:
        return None
    return "ok" if value >= 0 else "warn"


SEEDS = (
    Column("stage", lambda s: s.stage, priority=0),
    Column("blueprint", lambda s: s.blueprint, priority=2),
    Column("alpha", lambda s: s.alpha, unit="0-1", digits=2),
    Column(
        "contribution", lambda s: s.contribution, unit="points", priority=0, digits=2, verdict=harms
    ),
    Column("improvement", lambda s: s.improvement, unit="points", priority=2, digits=2),
    Column("age", lambda s: s.age_steps, unit="steps", digits=0),
)
SEED = Column("seed", lambda s: f"{s.env}.{s.slot}", priority=0)
SLOT = Column("slot", lambda s: s.slot, priority=0)
GRADIENT = Column("gradient", lambda s: s.gradient_health, unit="0-1", priority=4, digits=2)


def gate(seed: SeedRow) -> str | None:
    """A seed's next gate in a word and a count: ``BLEND 2/3``; an absent input does not count."""
    if seed.gate is None or not seed.gate_inputs:
        return seed.gate
    passed = sum(one.passed is True for one in seed.gate_inputs)
    return f"{seed.gate} {passed}/{len(seed.gate_inputs)}"


GATE = Column("gate", gate, priority=3)


def place(event: Event) -> str | None:
    """Where an event happened: ``7.r0c1``, ``7``, or nowhere in particular."""
    if event.env is None:
        return event.slot
    return str(event.env) if event.slot is None else f"{event.env}.{event.slot}"


def when(moment: float, now: float | None) -> str:
    """The time of day, or month and day too when that is not the day of `now`."""
    local, today = time.localtime(moment), time.localtime(now)
    return time.strftime("%H:%M:%S" if local[:3] == today[:3] else "%m-%d %H:%M", local)


def events(at: At, *, placed: bool = True) -> tuple[Column, ...]:
    """Columns of events as of a moment; `placed` False when all are of one environment."""
    return (
        Column("step", lambda e: e.step, priority=0, digits=0),
        Column("time", lambda e: when(e.time, at.time), priority=3),
        Column(
            "severity",
            lambda e: e.severity,
            priority=0,
            verdict=lambda e: SEVERITIES.get(e.severity),
        ),
        Column("type", lambda e: e.type, priority=2),
        Column("where", place) if placed else SLOT,
        Column("text", lambda e: e.text, priority=0, flex=True),
    )


def op(decision: Decision) -> str | None:
    """What was decided in words: ``GERMINATE r0c1 conv_small``."""
    parts = (decision.action, decision.target, decision.blueprint)
    return " ".join(part for part in parts if part) or None


DECISIONS = (
    Column("step", lambda d: d.step, priority=0, digits=0),
    Column("action", op, priority=0),
    Column("probability", lambda d: d.probability, unit="0-1", priority=0, digits=3),
    Column("value", lambda d: d.value, unit="reward", digits=3),
    Column("reward", lambda d: d.reward, unit="reward", digits=3),
    Column("forced", lambda d: d.forced, priority=2),
)

SHARES = (
    Column("action", lambda a: a.action, priority=0),
    Column("share", lambda a: a.share, unit="0-1", priority=0, digits=3),
    Column("unforced_share", lambda a: a.unforced_share, unit="0-1", priority=0, digits=3),
    Column("opportunity_rate", lambda a: a.opportunity_rate, unit="0-1", priority=1, digits=3),
    Column("mean_probability", lambda a: a.mean_probability, unit="0-1", priority=0, digits=3),
)


def course(curve: Curve) -> Series:
    """A curve as a block of a report."""
    first, last = (curve.steps[0], curve.steps[-1]) if curve.steps else (None, None)
    return Series(curve.metric, tuple(curve.values), curve.unit, first, last, curve.clock)
