"""The life of a seed as a story: what was tried, by whom, what came of it and why, a line each.

Events of one step belong together: an action, the gate it met, the change of stage that followed.
What happened several times in a row is one line.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sanctum.command.readings import percent
from sanctum.model.answers import Decision, Event
from sanctum.model.readings import NOT_MEASURED, Reading, number
from sanctum.view.report import Column

STAGE, GATE, MORPHOLOGY, BIRTH = "stage", "gate", "morphology", "germinated"
REFUSED = "gate_refused"
"""A trainer's own line about what the event of a gate says with its inputs."""

CHANGE = "-> "
POLICY, TRAINER = "policy", "trainer"
ENDS = ("pruned", "fossilized", "rollback", "dying")
"""Types of events whose text says why a life took its turn."""


@dataclass(frozen=True, slots=True)
class Line:
    """What happened from `first` to `last`, so many times: the action, the outcome, the reason.

    `by` is who began it: the policy, a gate or the trainer; `probability` what the policy gave that
    op at the last of those decisions. `phases` are those of the action that were logged.
    """

    first: int
    last: int
    times: int = 1
    action: str | None = None
    outcome: str | None = None
    reason: str | None = None
    phases: str | None = None
    by: str | None = None
    probability: Reading = NOT_MEASURED

    @property
    def whom(self) -> str:
        """Who began it, with the probability of the choice: ``policy 24 %``."""
        known = number(self.probability) is not None
        return f"{self.by} {percent(self.probability)}" if known else self.by or ""

    @property
    def steps(self) -> str:
        """``215``, or ``215-223 x5`` where it happened five times."""
        if self.times == 1:
            return f"{self.first:,}"
        return f"{self.first:,}-{self.last:,} x{self.times}"


COLUMNS = (
    Column("steps", lambda one: one.steps, priority=0),
    Column("action", lambda one: one.action or "", priority=1),
    Column("by", lambda one: one.whom, priority=0),
    Column("outcome", lambda one: one.outcome or "", priority=0),
    Column("reason", lambda one: one.reason or "", priority=0, flex=True, least=10),
)
DETAIL = (
    Column("first_step", lambda one: one.first, digits=0),
    Column("last_step", lambda one: one.last, digits=0),
    Column("times", lambda one: one.times, digits=0),
    Column("phases", lambda one: one.phases),
    Column("whom", lambda one: one.by),
    Column("probability", lambda one: one.probability, unit="0-1"),
)


def told(events: Iterable[Event], decisions: Iterable[Decision] = ()) -> list[Line]:
    """The story that some events of a slot tell, oldest of them first.

    `decisions` about it say which of them the policy began.
    """
    made = {one.step: one for one in decisions}
    steps: dict[tuple[int, int], list[Event]] = {}
    for event in events:
        if event.step is not None:
            steps.setdefault((event.attempt, event.step), []).append(event)
    lines: list[Line] = []
    for (_, step), there in steps.items():
        line = _line(step, there)
        if line is None:
            continue
        line = _begun(line, made.get(step))
        if lines and _is_alike(lines[-1], line):
            again = dataclasses.replace(line, first=lines[-1].first, times=lines[-1].times + 1)
            lines[-1] = again
        else:
            lines.append(line)
    return lines


def last_life(events: Sequence[Event]) -> list[Event]:
    """The events from the last birth on; all of them where none is seen."""
    births = [place for place, one in enumerate(events) if _is_birth(one)]
    return list(events[births[-1] :] if births else events)


def outcomes(events: Iterable[Event], decisions: Iterable[Decision]) -> dict[int, str]:
    """What came of each decision about a slot, by its step, from events of all slots.

    Nothing is said of what changed no stage where nobody speaks of stages, or where the trainer
    says itself whether it was done.
    """
    by: dict[tuple[int, str | None], list[Event]] = {}
    for one in events:
        if one.step is not None:
            by.setdefault((one.step, one.slot), []).append(one)
    found: dict[int, str] = {}
    for decision in decisions:
        line = _line(decision.step, by.get((decision.step, decision.target), []))
        if decision.target is None:
            continue
        if line is not None and line.outcome is not None:
            found[decision.step] = _first(line.outcome)
        elif by and decision.executed is None and decision.success is None:
            found[decision.step] = "no change"
    return found


def _first(outcome: str) -> str:
    """Of several changes in one step the first: ``-> CULLED`` of ``-> CULLED -> EMBARGOED``."""
    return f"{CHANGE}{outcome.split(CHANGE)[1]}".strip() if outcome.startswith(CHANGE) else outcome


def turns(lines: Sequence[Line], stages: Iterable[str]) -> Mapping[str, Line]:
    """The lines at which a life came to some stages for the first time, by stage."""
    found: dict[str, Line] = {}
    for stage in stages:
        for line in lines:
            if stage in (line.outcome or "").split():
                found.setdefault(stage, line)
    return found


def _begun(line: Line, decision: Decision | None) -> Line:
    """A line with who began it, if it can be told."""
    if line.action is None:
        return line
    if decision is not None and decision.action == line.action:
        return dataclasses.replace(line, by=POLICY, probability=decision.probability)
    return dataclasses.replace(line, by=GATE if line.action.startswith(GATE) else TRAINER)


def _is_birth(event: Event) -> bool:
    return event.type == STAGE and _is_born(event.data)


def _is_born(change: Mapping[str, Any]) -> bool:
    return change.get("to") == "GERMINATED"


def _is_alike(first: Line, second: Line) -> bool:
    """Whether two lines tell the same, but for the numbers of their reasons."""
    return (first.action, first.outcome) == (second.action, second.outcome)


def _line(step: int, events: list[Event]) -> Line | None:
    """What the events of one step tell together; None where they tell nothing."""
    by: dict[str, list[Event]] = {}
    for one in events:
        by.setdefault(one.type, []).append(one)
    morphology = by.get(MORPHOLOGY, [])
    changes = [one.data for one in by.get(STAGE, [])]
    gates = [one.data for one in by.get(GATE, [])]
    action = next((_text(one.data.get("operation")) for one in morphology), None)
    if action is None:
        causes = (_text(one.get("cause")) for one in (*changes, *gates))
        action = next((cause for cause in causes if cause), None)
    outcome = _changed(changes) or _held(gates) or _effect(morphology)
    reasons = [one.text for kind in ENDS for one in by.get(kind, [])]
    reasons += [_born(one) for one in by.get(BIRTH, [])] or _named(changes)
    reasons += [missing for one in (*gates, *changes) if (missing := _checks(one))]
    reasons += [why for one in morphology if (why := _refusal(one.data))]
    own = (STAGE, GATE, MORPHOLOGY, BIRTH, *ENDS, *((REFUSED,) if gates else ()))
    others = [one.text for one in events if one.type not in own]
    phases = [str(phase) for one in morphology for phase in one.data.get("phases") or []]
    if not (action or outcome or reasons or others):
        return None
    said = "; ".join([*reasons, *others]) or None
    return Line(step, step, 1, action, outcome, said, " > ".join(phases) or None)


def _changed(changes: list[dict[str, Any]]) -> str | None:
    return " ".join(f"{CHANGE}{one['to']}" for one in changes if one.get("to")) or None


def _born(event: Event) -> str:
    """What was germinated: ``norm, 33 parameters``."""
    blueprint, size = event.data.get("blueprint_id"), event.data.get("params")
    if blueprint is None or not isinstance(size, int):
        return event.text
    return f"{blueprint}, {size:,} parameters"


def _named(changes: list[dict[str, Any]]) -> list[str]:
    """The blueprint of a seed that is born, where no event of its own tells it."""
    return [str(one["blueprint"]) for one in changes if _is_born(one) and one.get("blueprint")]


def _held(gates: list[dict[str, Any]]) -> str | None:
    for gate in gates:
        if gate.get("passed") is False:
            return f"{gate.get('gate')} holds it back"
    return None


def _effect(morphology: list[Event]) -> str | None:
    for one in morphology:
        if one.data.get("approved") is False:
            return "refused"
        if "commit" in (one.data.get("phases") or []):
            return "done"
    return "no effect" if morphology else None


def _checks(gate: dict[str, Any]) -> str:
    """What a gate found missing, its words apart: ``insufficient training 1 of 10``."""
    failed = [str(one).replace("_", " ") for one in gate.get("checks_failed") or []]
    return ", ".join(failed)


def _refusal(action: dict[str, Any]) -> str:
    if action.get("approved") is not False:
        return ""
    why = [_text(action.get("reason")), _text(action.get("blocked"))]
    return ": ".join(dict.fromkeys(one for one in why if one))


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
