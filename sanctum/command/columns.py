"""What several commands show alike: seeds, events, decisions, action shares, curves."""

from __future__ import annotations

import math
import operator
import time
from collections.abc import Iterable, Mapping, Sequence

from sanctum.command.readings import times
from sanctum.model.answers import (
    ActionShare,
    At,
    Choice,
    Curve,
    Decision,
    Event,
    SeedRow,
    Verdict,
)
from sanctum.model.readings import number
from sanctum.view.report import Column, Fact, Series, Table

LIVING = frozenset({"GERMINATED", "TRAINING", "BLENDING", "HOLDING"})
SEVERITIES: dict[str, Verdict] = {"warn": "warn", "error": "crit", "critical": "crit"}


def harms(seed: SeedRow) -> Verdict | None:
    """A seed whose contribution is below zero takes accuracy from its host; nan spoils it."""
    value = number(seed.contribution)
    if value is None:
        return None
    if not math.isfinite(value):
        return "crit"
    return "ok" if value >= 0 else "warn"


def is_empty(seed: SeedRow) -> bool:
    """Whether its slot holds no seed: nothing is known of it but a word."""
    return seed.blueprint is None and number(seed.alpha) is None and number(seed.age_steps) is None


def urgency(seed: SeedRow) -> int:
    """Where a seed stands when not all can be shown: those that harm, those that live, the rest."""
    if harms(seed) in ("crit", "warn"):
        return 0
    return 1 if seed.gate_inputs or seed.stage.upper() in LIVING else 2


SEED = Column("seed", lambda s: f"{s.env}.{s.slot}", priority=0)
SLOT = Column("slot", lambda s: s.slot, priority=0)
STAGE = Column("stage", lambda s: s.stage, priority=0)
BLUEPRINT = Column("blueprint", lambda s: s.blueprint, priority=2)
ALPHA = Column("alpha", lambda s: s.alpha, digits=2)
CONTRIBUTION = Column(
    "contribution", lambda s: s.contribution, unit="points", priority=0, digits=2, verdict=harms
)
IMPROVEMENT = Column("improvement", lambda s: s.improvement, unit="points", priority=3, digits=2)
AGE = Column("age", lambda s: s.age_steps, digits=0)
TARGET = Column("target", lambda s: s.alpha_target, priority=1, digits=2)
TO_GO = Column("to_go", lambda s: s.alpha_to_go_steps, priority=1, digits=0)
STAGE_STEPS = Column("stage_steps", lambda s: s.stage_steps, priority=2, digits=0)
PARAMETERS = Column("parameters", lambda s: s.parameters, priority=2, digits=0)
GRADIENT = Column("gradient", lambda s: s.gradient_health, priority=4, digits=2)


def gate(seed: SeedRow) -> str | None:
    """A seed's next gate in a word and a count: ``BLEND 2/3``; an absent input does not count."""
    if seed.gate is None or not seed.gate_inputs:
        return seed.gate
    passed = sum(one.passed is True for one in seed.gate_inputs)
    return f"{seed.gate} {passed}/{len(seed.gate_inputs)}"


GATE = Column("gate", gate, priority=3)


def place(event: Event) -> str:
    """Where an event happened: ``7.r0c1``, ``7``, or in the run as a whole."""
    if event.env is None:
        return event.slot or "run"
    return str(event.env) if event.slot is None else f"{event.env}.{event.slot}"


def when(moment: float, now: float | None) -> str:
    """The time of day, or month and day too when that is not the day of `now`."""
    local, today = time.localtime(moment), time.localtime(now)
    return time.strftime("%H:%M:%S" if local[:3] == today[:3] else "%m-%d %H:%M", local)


ATTEMPT = Column("attempt", lambda e: e.attempt, priority=0, digits=0)


def events(at: At, rows: Iterable[Event], typed: bool = True) -> tuple[Column, ...]:
    """Columns of events, as of a moment; `typed` False when all are of one type.

    The attempt stands first where one of them is of an earlier attempt than the moment.
    """
    resumed = any(one.attempt != at.attempt for one in rows)
    columns = (
        *((ATTEMPT,) if resumed else ()),
        Column("step", lambda e: e.step, priority=0, digits=0),
        Column("time", lambda e: when(e.time, at.time), priority=3),
        Column("severity", lambda e: e.severity, priority=0),
        Column("type", lambda e: e.type, priority=2, flex=True, least=10),
        Column("where", place),
        Column("text", lambda e: e.text, priority=0, flex=True, least=28),
    )
    return tuple(one for one in columns if typed or one.name != "type")


def last_event(events: list[Event], at: At) -> Fact:
    """The newest of some events in a line."""
    if not events:
        return Fact("last event", "none")
    one = events[-1]
    when = [] if one.step is None else [f"step {one.step:,}"]
    when += [] if one.attempt == at.attempt else [f"attempt {one.attempt}"]
    return Fact("last event", one.severity, note=": ".join([*when, one.text]))


def op(decision: Decision) -> str | None:
    """What was decided in words: ``GERMINATE r0c1 conv_small``."""
    parts = (decision.action, decision.target, decision.blueprint)
    return " ".join(part for part in parts if part) or None


def done(decision: Decision) -> str | None:
    """What came of a choice: yes, no, or the op that was executed in its place."""
    if decision.executed is not None and decision.executed != decision.action:
        return f"as {decision.executed}"
    return None if decision.success is None else "yes" if decision.success else "no"


_DONE = Column("done", done, priority=1)
_CHOSEN = (
    Column("step", lambda d: d.step, priority=0, digits=0),
    Column("action", op, priority=0),
    Column("probability", lambda d: times(d.probability, 100), unit="percent", digits=1),
)


def decisions(rows: Sequence[Decision], empty: str, units: Mapping[str, str]) -> Table:
    """Decisions as a table, one a row; whether they were done stands there where that was said.

    `units` are those of the run that differ from the catalogue's.
    """
    columns = (
        *_CHOSEN,
        Column("value", lambda d: d.value, unit=units.get("value", ""), digits=3),
        Column("reward", lambda d: d.reward, digits=3),
        Column("forced", lambda d: d.forced, priority=2),
    )
    is_said = any(done(one) is not None for one in rows)
    shown, detail = ((*columns, _DONE), ()) if is_said else (columns, (_DONE,))
    return Table(shown, rows, empty=empty, detail=detail)


FOLLOWED = (
    Column("reward", lambda d: d.reward, digits=3),
    Column("return_5", lambda d: d.return_5, digits=3),
    Column("forced", lambda d: d.forced),
    Column("entropy", lambda d: d.entropy, unit="0-1"),
    _DONE,
)
"""What followed a decision, and how free it was."""


def outcomes(
    rows: Sequence[Decision], came: Mapping[int, str], empty: str, units: Mapping[str, str]
) -> Table:
    """Decisions with what came of each, where that can be told: by its step, or what was done.

    Where nothing came of any, what they brought stands in its place.
    """

    def outcome(one: Decision) -> str:
        if one.step in came:
            return came[one.step]
        told = done(one)
        if told is None or (told == "yes" and one.target is None):
            return "forced" if one.forced else ""
        return {"yes": "done", "no": "not done"}.get(told, told)

    columns = (
        *_CHOSEN,
        Column("value", lambda d: d.value, unit=units.get("value", ""), digits=3),
        Column("reward", lambda d: d.reward, digits=3),
    )
    came_of = Column("outcome", outcome, priority=0, flex=True, least=8)
    brought, *rest = FOLLOWED[1:]
    shown, hidden = (came_of, brought) if any(map(outcome, rows)) else (brought, came_of)
    return Table((*columns, shown), rows, empty=empty, detail=(hidden, *rest))


def choices(found: Sequence[Choice]) -> Table:
    """What each head chose in one decision."""
    return Table(
        (
            Column("head", lambda c: c.head, priority=0),
            Column("option", lambda c: c.option, priority=0),
            Column("probability", lambda c: times(c.probability, 100), unit="percent", digits=1),
            Column("entropy", lambda c: c.entropy, unit="0-1", digits=3),
            Column("forced", lambda c: c.forced, priority=2),
        ),
        found,
        title="heads",
        empty="heads: not measured",
    )


def shares(rows: Sequence[ActionShare]) -> tuple[Column, ...]:
    """The four readings of how often each op is taken; those nobody measured give way first."""

    def reading(name: str) -> Column:
        said = any(number(getattr(row, name)) is not None for row in rows)
        get = operator.attrgetter(name)
        return Column(name, lambda a: times(get(a), 100), "percent", 1 if said else 3, digits=1)

    return (
        Column("action", lambda a: a.action, priority=0),
        Column("share", lambda a: times(a.share, 100), unit="percent", priority=0, digits=1),
        *map(reading, ("unforced_share", "opportunity_rate", "mean_probability")),
    )


def course(curve: Curve, name: str) -> Series:
    """A curve as a block of a report, under the name it has there."""
    first, last = (curve.steps[0], curve.steps[-1]) if curve.steps else (None, None)
    unit = "" if curve.unit == name else curve.unit
    return Series(name, tuple(curve.values), unit, first, last, curve.clock)
