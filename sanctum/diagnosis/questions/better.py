"""Does another op bring more where it is legal, and the policy hardly takes it?"""

from __future__ import annotations

from sanctum.diagnosis import limits
from sanctum.diagnosis.asking import Asking
from sanctum.diagnosis.case import Case
from sanctum.diagnosis.words import briefly, gained, percent
from sanctum.model.decisions import HORIZONS
from sanctum.model.readings import Reading, number, reading
from sanctum.model.why import Evidence, Gain, Question

ASKING = Asking("better", "another op better?", "R05, R75")


def question(case: Case) -> Question:
    """An op that does better in the long run, was legal beside the subject, and is hardly tried."""
    if case.subject is None:
        return ASKING.unknown("no action was said", missing="run.step(actions={...})")
    if not any(number(each.mean) is not None for one in case.brought.ops for each in one.gains):
        return ASKING.unknown("reward: not measured", missing="run.step(reward=...)")
    evidence: list[Evidence] = []
    found: list[tuple[float, str, Gain]] = []
    for one in case.recent.ops:
        if one.action == case.subject:
            continue
        longest = judged(case, one.action)
        evidence += [
            _evidence(one.action, edge)
            for steps in HORIZONS
            if (edge := case.edge(one.action, steps)) is not None
        ]
        if longest is None:
            continue
        found.append((deviations(longest), one.action, longest))
        chance = tried(case, one.action)
        if _is_better(case, longest) and chance is not None and chance < _least(case):
            covered = case.covers({one.action})
            if covered >= limits.MOST:
                return ASKING.yes(
                    _short(one.action, longest),
                    *evidence,
                    claim=f"{one.action} brings {gained(longest)} more, and gets {percent(chance)}",
                )
    if not found:
        said = f"no other op was taken {limits.COUNT} times where it can be compared"
        return ASKING.unknown(said, *evidence)
    _, op, edge = max(found, key=lambda one: one[0])
    return ASKING.no(_short(op, edge), *evidence)


def _short(op: str, edge: Gain) -> str:
    return f"{op} {briefly(edge)} (limit {limits.SIGNIFICANT:g} se, n {edge.count:,})"


def judged(case: Case, op: str) -> Gain | None:
    """The edge of an op over the longest time that is known often enough; None: of none."""
    for steps in reversed(HORIZONS):
        edge = case.edge(op, steps)
        if edge is not None and edge.count >= limits.COUNT and number(edge.error) is not None:
            return edge
    return None


def deviations(edge: Gain) -> float:
    """How many standard errors an edge is from 0."""
    mean, error = number(edge.mean) or 0.0, number(edge.error) or 0.0
    return mean / error if error > 0 else 0.0 if mean == 0 else float("inf") * mean


def tried(case: Case, op: str) -> float | None:
    """What the policy gives an op now where it is legal, or else how often it takes it there."""
    one = case.now(op)
    if one is None:
        return None
    chance = number(one.probability)
    if chance is not None:
        return chance
    whole = case.recent.decisions if one.legal is None else one.legal
    return one.count / whole if whole else None


def spread(case: Case) -> Reading:
    """The standard deviation of the reward at the subject's decisions."""
    one = case.then(case.subject)
    return reading(None) if one is None else one.spread


def _least(case: Case) -> float:
    """The probability below which an op is hardly tried: less, where there are many ops."""
    return min(limits.UNDERUSED, limits.UNFAIR / max(len(case.ops), 1))


def _is_better(case: Case, edge: Gain) -> bool:
    """Whether it is more by enough, and not by chance."""
    least = limits.NOTICEABLE * (number(spread(case)) or 0.0)
    return (number(edge.mean) or 0.0) > least and deviations(edge) > limits.SIGNIFICANT


def _evidence(op: str, edge: Gain) -> Evidence:
    error = number(edge.error)
    note = "" if error is None else f"+- {error:.3g}"
    limit = f"> {limits.SIGNIFICANT:g} se"
    return Evidence(f"{op} after {edge.steps}", edge.mean, "reward", limit, edge.count, note)
