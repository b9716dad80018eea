"""Were these decisions forced, and by which rule?

A policy that has filled its slots is forced to wait by what it did itself: that explains nothing. A
mask is the cause where it forbids what could be done.
"""

from __future__ import annotations

from sanctum.diagnosis import limits
from sanctum.diagnosis.asking import Asking
from sanctum.diagnosis.case import Case
from sanctum.diagnosis.words import percent
from sanctum.model.readings import reading
from sanctum.model.why import Evidence, Outcome, Question

ASKING = Asking("mask", "does a mask forbid everything else", "R02, R03")
CALL = "run.step(masks={...}, mask_rules={...})"


def question(case: Case) -> Question:
    """The share of the subject's decisions at which a rule denied it any beginning."""
    one = case.now(case.subject)
    if one is None or not one.count:
        return ASKING.unknown("no action was said", missing="run.step(actions={...})")
    if one.forced is None:
        return ASKING.unknown("masks: not measured", missing=CALL)
    forced = Evidence(
        "forced", reading(one.forced / one.count), "0-1", "context", one.count, "one legal op"
    )
    if one.denied is None:
        return _by_count(case, one, forced)
    denied = Evidence(
        "denied",
        reading(one.denied / one.count),
        "0-1",
        f"<= {limits.MOST:g}",
        one.count,
        "; ".join(f"{rule} {count:,}" for rule, count in one.denied_by.items()),
    )
    what = next(iter(one.denied_by), "")
    if one.denied > limits.MOST * one.count:
        of = f"{one.denied:,} of {one.count:,} {case.subject}s"
        return ASKING.yes(f"'{what}' forbids it at {of} that had room for it", denied, forced)
    own = f"{percent(one.forced, one.count)} of {one.count:,} {case.subject}s forced"
    if not one.forced:
        return ASKING.no(f"none of {one.count:,} {case.subject}s was forced", denied, forced)
    if not one.denied:
        return ASKING.no(f"{own}, by what was done before{_rules(case)}", denied, forced)
    return ASKING.no(f"{own}; '{what}' denies {percent(one.denied, one.count)}", denied, forced)


def _by_count(case: Case, one: Outcome, forced: Evidence) -> Question:
    """Where nobody can tell why they were forced, that most were is enough."""
    share = (one.forced or 0) / one.count
    said = f"{percent(share)} of {one.count:,} {case.subject}s had no other legal op"
    if share > limits.MOST:
        return ASKING.yes(f"{said}; which rule is not said", forced)
    return ASKING.no(said, forced)


def _rules(case: Case) -> str:
    """The rule that forbids the ops most often that begin something; empty where none is said."""
    rules = [
        (count, rule, one.action)
        for one in case.recent.ops
        if one.action != case.subject
        for rule, count in one.rules.items()
    ]
    begins = [one for one in rules if one[2] == _first_tried(case)]
    return f" ({max(begins)[1]})" if begins else ""


def _first_tried(case: Case) -> str | None:
    """The other op that is taken most."""
    others = [one for one in case.recent.ops if one.action != case.subject and one.count]
    return max(others, key=lambda one: one.count).action if others else None
