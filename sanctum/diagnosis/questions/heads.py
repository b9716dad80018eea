"""Have ops, or heads, died: never tried, so that nothing can be learned of them?"""

from __future__ import annotations

from sanctum.diagnosis import limits
from sanctum.diagnosis.asking import Asking
from sanctum.diagnosis.case import Case
from sanctum.diagnosis.questions.better import deviations, judged, tried
from sanctum.diagnosis.questions.telemetry import PROBABILITIES
from sanctum.diagnosis.words import briefly, counted, listed, percent
from sanctum.model.readings import number, reading
from sanctum.model.why import Evidence, Question

ASKING = Asking("heads", "ops died out?", "R07, R14")


def question(case: Case) -> Question:
    """Ops that are legal and next to never taken, though nobody knows that they bring less.

    Where one op is nearly all that is left it is not enough that others were tried once: they have
    to be worse.
    """
    if case.subject is None:
        return ASKING.unknown("no action was said", missing="run.step(actions={...})")
    if case.recent.forced is not None and not any(one.legal for one in case.recent.ops):
        return ASKING.unknown("masks: not measured", missing="run.step(masks={...})")
    rare: dict[str, float] = {}
    evidence = []
    for one in case.recent.ops:
        chance = tried(case, one.action)
        open_at = case.recent.decisions if one.legal is None else one.legal
        if one.action == case.subject or chance is None or open_at < limits.COUNT:
            continue
        limit = f">= {limits.RARE:g}"
        evidence.append(Evidence(f"p({one.action})", reading(chance), "0-1", limit, open_at))
        if chance < limits.RARE:
            rare[one.action] = chance
    collapsed = _collapsed(case)
    heads = [Evidence(f"entropy.{one}", case.metric(f"entropy.{one}"), "0-1") for one in collapsed]
    if not evidence:
        if not case.recent.decisions:
            return ASKING.unknown("probabilities: not measured", missing=PROBABILITIES)
        said = f"no other op was legal {limits.COUNT} times"
        return ASKING.no(said, *heads)
    untried = [op for op in rare if _tries(case, op) < limits.COUNT]
    if untried and case.covers(set(untried)) >= limits.MOST:
        parts = [f"{op} gets {percent(rare[op])}" for op in untried]
        said = f"{listed(parts)} (limit {percent(limits.RARE)})"
        claim = f"{listed(parts)} where legal: hardly ever tried, so what it brings is unknown"
        return ASKING.yes(said, *evidence, *heads, claim=claim)
    given_up = [op for op in rare if not _is_worse(case, op)]
    is_alone = (case.free_share or 0.0) > limits.NEARLY_ALL_OF_IT
    if is_alone and given_up and case.covers(set(given_up)) >= limits.MOST:
        parts = [f"{op} gets {percent(rare[op])}" for op in given_up]
        shown = judged(case, given_up[0])
        brought = "" if shown is None else f": {briefly(shown)}, n {shown.count:,}"
        said = f"{listed(parts)} (limit {percent(limits.RARE)})"
        claim = f"{listed(parts)} where legal, yet nothing shows {given_up[0]} to be worse{brought}"
        return ASKING.yes(said, *evidence, *heads, claim=claim)
    if rare:
        parts = [f"{op} {percent(chance)}" for op, chance in rare.items()]
        return ASKING.no(f"rare: {listed(parts)}, but tried often before", *evidence, *heads)
    least = min(evidence, key=lambda one: number(one.value) or 0.0)
    said = f"the rarest: {least.name} {percent(number(least.value) or 0.0)}"
    said += f" (limit {percent(limits.RARE)}, n {least.count or 0:,})"
    if collapsed:
        said += f"; {counted(len(collapsed), 'head')} certain: {listed(collapsed)}"
    return ASKING.no(said, *evidence, *heads)


def _is_worse(case: Case, op: str) -> bool:
    """Whether it brings less than the subject, by more than chance."""
    edge = judged(case, op)
    return edge is not None and deviations(edge) < -limits.TENDING


def _tries(case: Case, op: str) -> int:
    """How often it was taken in what was looked at."""
    one = case.then(op)
    return 0 if one is None else one.count


def _collapsed(case: Case) -> list[str]:
    """Heads other than that of the ops whose entropy has been next to nothing for some updates."""
    found = []
    for head in list(case.run.header.actions)[1:]:
        value = number(case.metric(f"entropy.{head}"))
        if value is not None and value < limits.DEAD_HEAD:
            course = case.course(f"entropy.{head}", limits.IN_A_ROW)
            if course and max(course) < limits.DEAD_HEAD:
                found.append(head)
    return found
