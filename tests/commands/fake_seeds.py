"""What a fake run answers of its seeds beside their rows: who waits, who is gone, whole lives."""

from __future__ import annotations

from typing import Any

from sanctum.model.answers import (
    Curve,
    Decision,
    Event,
    Grave,
    SeedLife,
    SeedRow,
    SeedsAnswer,
    Standing,
)
from sanctum.model.readings import LATE, NOT_MEASURED, Reading, number, reading

FORBIDDEN = {(2, "r0c0"): "cooldown"}
"""Seeds in HOLDING that a rule keeps from FOSSILIZE."""

WAITED = {(9, "r0c1"): (12, 0.004), (1, "r0c1"): (1, 0.031)}
"""For how many steps FOSSILIZE was legal, and what it gets now."""


def rules(env: int, slot: str, stage: str) -> dict[str, str | None]:
    """The mask of a slot."""
    if stage != "HOLDING":
        return {}
    return {"GERMINATE": "slot_taken", "CULL": None, "FOSSILIZE": FORBIDDEN.get((env, slot))}


def chosen(choice: str, rows: list[SeedRow], whole: SeedsAnswer) -> SeedsAnswer:
    """Ripe or stuck ones among some seeds."""
    if choice == "ripe":
        found = [row for row in rows if (row.env, row.slot) in WAITED]
        found.sort(key=lambda row: -(number(row.contribution) or 0.0))
        stands = [_ripe(*WAITED[row.env, row.slot]) for row in found]
        out = {"forbidden: cooldown": sum((row.env, row.slot) in FORBIDDEN for row in rows)}
        legality: Any = "slot"
    else:
        found = [row for row in rows if (row.env, row.slot) == (7, "r0c1")]
        stands = [Standing(reading(15), usual_steps=reading(2), usual_count=41) for _ in found]
        out, legality = {"short of time alone": 5, "with an open gate": 3}, ""
    count = len(found)
    return SeedsAnswer(whole.at, found, count, count, whole.stages, 0, stands, legality, out)


def _ripe(steps: int, probability: float) -> Standing:
    return Standing(reading(steps), reading(probability))


GRAVES = [
    Grave("norm", "CULL", 24, reading(9.5), reading(-0.31), 11),
    Grave("bottleneck", "CULL", 22, reading(21.5), reading(1.28), 20),
    Grave("norm", "gate blend stayed shut", 7, reading(16.0)),
    Grave("bottleneck", "gate blend stayed shut", 5, reading(16.0)),
    Grave("wide", "CULL", 5, reading(18.0), reading(0.5), 2),
    Grave("wide", "episode ended", 1, reading(4.0), NOT_MEASURED),
]

BORN, NOW = 2599, 1763776387.0


def life_events() -> list[Event]:
    """The life of seed 7.r0c1: it was born, let through three gates and kept back by the fourth."""
    blend = {"stage_steps": [6.0, 5.0], "trial_gain": [1.56, 0.5]}
    told: list[tuple[int, str, dict[str, Any]]] = [
        (BORN, "stage", {"from": "DORMANT", "to": "GERMINATED", "cause": "GERMINATE"}),
        (BORN, "stage", _through("sprout", "GERMINATED", "TRAINING", {"stage_steps": [1.0, 1.0]})),
        (2606, "stage", _through("blend", "TRAINING", "BLENDING", blend)),
        (2615, "stage", _through("hold", "BLENDING", "HOLDING", {"contribution": [0.12, 0.0]})),
        (2620, "gate", _refused(-0.39)),
        (2627, "gate", _refused(-0.94)),
    ]
    return [
        Event(200 + place, step, NOW, "info", kind, _text(data), 7, "r0c1", 1, data)
        for place, (step, kind, data) in enumerate(told)
    ]


def _through(gate: str, before: str, after: str, inputs: dict[str, list[float]]) -> dict[str, Any]:
    data = {"from": before, "to": after, "cause": f"gate {gate}", "blueprint": "adapter"}
    return data | {"gate": gate, "passed": True, "checks_failed": [], "inputs": inputs}


def _refused(adds: float) -> dict[str, Any]:
    return {
        "cause": "FOSSILIZE",
        "gate": "fossilize",
        "passed": False,
        "checks_failed": [f"contribution {adds:g} of 1"],
        "inputs": {"alpha": [1.0, 1.0], "contribution": [adds, 1.0]},
    }


def _text(data: dict[str, Any]) -> str:
    if "to" in data:
        return f"{data['from']} -> {data['to']} ({data['cause']})"
    return f"gate {data['gate']} keeps the seed in HOLDING: {data['checks_failed'][0]}"


def life_decisions() -> list[Decision]:
    """What the policy decided about it."""
    made = [(BORN, "GERMINATE", 0.064), (2620, "FOSSILIZE", 0.012), (2627, "FOSSILIZE", 0.009)]
    return [
        Decision(
            step, op, "r0c1", None, reading(chance), reading(0.2), reading(-0.02), False,
            return_5=LATE if step > 2626 else reading(0.1),
        )
        for step, op, chance in made
    ]  # fmt: skip


def lives() -> list[SeedLife]:
    """The seeds of the slot, the newest first."""
    return [
        SeedLife("adapter", BORN, None, "HOLDING", None, reading(-0.94)),
        SeedLife("norm", 2571, 2590, "BLENDING", "CULL", reading(-0.31)),
        SeedLife("wide", 2548, 2564, "TRAINING", "gate blend stayed shut"),
    ]


def gradient(steps: list[int]) -> Curve:
    """Its gradient health over time."""
    values: list[Reading] = [reading(0.94 - 0.02 * place) for place in range(len(steps))]
    return Curve("gradient_health", "0-1", "step", steps, values)


def changes(env: int, step: int) -> list[Event]:
    """What befell the slots of an environment of late: a seed in r0c2, but in env 7 another."""
    data = {"from": "DORMANT", "to": "GERMINATED", "cause": "GERMINATE", "blueprint": "adapter"}
    slot = "r0c0" if env == 7 else "r0c2"
    return [Event(300, step - 1, NOW, "info", "stage", _text(data), env, slot, 1, data)]
