"""Is the reward flat, so that nothing can be learned from it?

One component that makes most of the reward is said beside it: it hides the others only where it
decides against an op, which the question of the cost asks.
"""

from __future__ import annotations

from sanctum.diagnosis import limits
from sanctum.diagnosis.asking import Asking
from sanctum.diagnosis.case import Case
from sanctum.diagnosis.words import counted, percent, said
from sanctum.model.answers import Component
from sanctum.model.readings import number
from sanctum.model.why import Evidence, Question

ASKING = Asking("reward", "reward flat?", "R06, R57")


def question(case: Case) -> Question:
    """The spread of the reward and of what 20 steps bring; how often that is nothing."""
    recent = case.recent
    spread, returns = number(recent.reward_spread), number(recent.return_spread)
    if spread is None:
        return ASKING.unknown("reward: not measured", missing="run.step(reward=...)")
    silent = number(recent.no_reward)
    count, limit = recent.decisions, f">= {limits.FLAT:g}"
    evidence = [
        Evidence("reward_spread", recent.reward_spread, "reward", limit, count),
        Evidence("return_spread", recent.return_spread, "reward", limit, count, "over 20 steps"),
        Evidence("no_reward", recent.no_reward, "0-1", f"<= {limits.SILENT:g}", count),
    ]
    top = _largest(case)
    if top is not None:
        limit = f"<= {limits.DOMINATES:g}"
        evidence.append(Evidence(f"share of {top.name}", top.share, "0-1", limit, count))
    if count < limits.COUNT:
        few = f"{counted(count, 'decision')} are too few to tell (limit {limits.COUNT})"
        return ASKING.unknown(few, *evidence)
    if spread < limits.FLAT and (returns is None or returns < limits.FLAT):
        words = f"it hardly varies: sd {said(recent.reward_spread)} a step"
        return ASKING.yes(f"{words}, {said(recent.return_spread)} over 20", *evidence)
    if silent is not None and silent > limits.SILENT:
        words = f"nothing comes within 20 steps of {percent(silent)} of {count:,} decisions"
        if silent == 1.0 or _is_stuck(case):
            return ASKING.yes(words, *evidence)
        return ASKING.no(f"{words}, yet {case.subject} is not all", *evidence, verdict="warn")
    words = f"sd {said(recent.reward_spread)}"
    if spread < limits.FLAT:
        words += f" a step, {said(recent.return_spread)} over 20"
    words += f" (limit {limits.FLAT:g}, n {count:,})"
    if top is None:
        return ASKING.no(words, *evidence)
    share = number(top.share) or 0.0
    if share > limits.DOMINATES:
        words += f"; {percent(share)} {top.name}"
    return ASKING.no(words, *evidence, verdict="warn" if share > limits.DOMINATES else "ok")


def _is_stuck(case: Case) -> bool:
    """Whether one op dominates: a reward that comes seldom is not to blame where none does."""
    share = case.free_share
    return share is None or share > limits.DOMINANT


def _largest(case: Case) -> Component | None:
    """The component with the largest share."""
    parts = [] if case.rewards is None else case.rewards.components
    known = [one for one in parts if number(one.share) is not None and one.inside is None]
    return max(known, key=lambda one: number(one.share) or 0.0, default=None)
